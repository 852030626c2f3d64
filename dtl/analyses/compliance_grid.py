"""What a judge of grid codes looks at: voltages and loadings of solved steps, and a circuit whose plants can turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.errors import NotConverged, SolveError
from dtl.network.feeder import Feeder, Generator
from dtl.powerflow import batch_ports, dss, engine, head
from dtl.powerflow.batch import Batch, Powers, at_equilibrium
from dtl.powerflow.circuit import Circuit
from dtl.powerflow.flows import FlowMeter
from dtl.powerflow.inverters import inverters
from dtl.powerflow.limits import ratings, summer
from dtl.powerflow.opendss import TOLERANCE, Block, driven, no_solution
from dtl.powerflow.voltages import Voltages

Real = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class State:
    """Solved steps, steps last.

    Attributes
    ----------
    hours
        Numbers of the steps in the year; hours where a step is one.
    pu
        Judged voltages, phase by phase [pu of nominal].
    bus_low, bus_high
        Lowest and highest of each bus.
    load_pct
        Loading of each series element, of the rating in force; 0 without a rating.
    kw
        Active power through each series element, away from the head.
    """

    hours: Ints
    pu: Real
    bus_low: Real
    bus_high: Real
    load_pct: Real
    kw: Real


class Measured:
    """Reads blocks of a circuit as states; ``elements`` and ``buses`` name their rows."""

    def __init__(self, feeder: Feeder, circuit: Circuit, calendar: Calendar, spec: Mapping[str, Any]) -> None:
        seen = head.view(feeder)
        step_h = spec["step_min"] / 60.0
        self._meter = FlowMeter(feeder, circuit, seen)
        self.elements = [circuit.elements[i] for i in self._meter.series]
        self.voltages = Voltages(feeder, circuit, seen, spec["limits"], spec["secondary"], step_h)
        self.buses = self.voltages.buses
        self.bus_of_row = np.array(self.voltages.bus_of_row, np.int64)
        self._ratings = ratings(feeder, self.elements, spec["limits"], step_h)
        self.over_pct = self._ratings.over_pct
        self._calendar, self._limits = calendar, spec["limits"]

    def of(self, block: Block) -> State:
        """The state of a block."""
        pu, low, high = self.voltages.per_unit(block.voltages)
        flows = self._meter.flows(block)
        warm = summer(self._calendar, block.hours, self._limits).astype(np.int64)
        rated = (self._ratings.seasons * self._ratings.amps_per_unit)[warm].T
        return State(block.hours, pu, low, high, flows.amps * (100.0 / rated), flows.kw)


class Grid:
    """A circuit with its controls held, in which generators can be turned down or taken out.

    Raises
    ------
    SolveError
        The batch engine does not know a load or generator of the feeder.
    """

    def __init__(self, feeder: Feeder, demand: Demand, calendar: Calendar, spec: Mapping[str, Any]) -> None:
        if why := "the head voltage follows a measurement" if demand.heads else batch_ports.unported(feeder):
            raise SolveError(f"its plants cannot be turned: {why}")
        self.feeder = driven(feeder, demand)
        engine.load(dss.write(self.feeder))
        self._batch = Batch(self.feeder)
        self._inverters = inverters(self.feeder, self._batch.circuit.node)
        self._powers = Powers(self.feeder, demand, self._batch.ports.owners)
        self.measured = Measured(self.feeder, self._batch.circuit, calendar, spec)
        self._row = {key: i for i, key in enumerate(self._batch.ports.owners)}

    def rows(self, plants: Sequence[Generator]) -> Ints:
        """Rows of some generators among the powers."""
        return np.array([self._row["generator", p.name] for p in plants], np.int64)

    def powers(self, hours: Ints, rows: Ints | None = None, share: Real | None = None) -> tuple[Real, Real]:
        """Powers of all loads and generators in some hours, inverters at their characteristics [kW, kvar].

        ``share`` is the part of its available power that each generator of ``rows`` gives, shape (rows, hours).
        """
        kw, kvar = self._powers.at(hours)
        if rows is not None and share is not None:
            kw[rows] *= share
            kvar[rows] *= share
        if self._inverters is not None:
            own = self._batch.ports.loads + self._inverters.row
            found = at_equilibrium(self._batch, self._inverters, kw, kvar, TOLERANCE)
            kw[own], kvar[own] = found.kw, found.kvar
        return kw, kvar

    def available(self, hours: Ints, rows: Ints) -> Real:
        """Power that generators could give, shape (rows, hours) [kW]."""
        return np.maximum(self._powers.at(hours)[0][rows], 0.0)

    def solve(self, hours: Ints, kw: Real, kvar: Real) -> State:
        """The state of some columns; NotConverged where one has no solution."""
        volts, power, source, change = self._batch.solve(kw, kvar, TOLERANCE)
        lost = ~(change <= TOLERANCE)
        if lost.any():
            raise NotConverged(no_solution(hours[lost].tolist()))
        loads, none = self._batch.ports.loads, np.zeros((0, len(hours)), np.int64)
        ones = np.ones(len(hours), np.int64)
        return self.measured.of(Block(hours, volts, power[:loads], power[loads:], source, none, none, none, ones))

    @property
    def size(self) -> int:
        """Columns that are solved together."""
        return max(32, min(512, 300_000 // len(self._batch.circuit.nodes)) // 32 * 32)


def without(feeder: Feeder, plants: Sequence[Generator]) -> Feeder:
    """The feeder without some generators."""
    gone = {p.name for p in plants}
    return feeder.model_copy(update={"generators": tuple(g for g in feeder.generators if g.name not in gone)})
