"""Held circuits ready to be solved for any powers of their plants: by the batch engine, or one by one by OpenDSS."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.held import Held
from dtl.analyses.hosting.sites import Of, Site, name_of, with_plants
from dtl.demand.demand import Demand
from dtl.powerflow import batch_ports, dss, engine, names
from dtl.powerflow.batch import Batch, Powers, at_equilibrium
from dtl.powerflow.circuit import Circuit
from dtl.powerflow.inverters import Engine, inverters
from dtl.powerflow.opendss import MAX_ITERATIONS, TOLERANCE, Block, at_no_load, driven, first_terminals, follow

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


_SWEEPS = 4
"""Sweeps after which loads have answered a plant."""
_ROUNDING = 1e-7
"""Tolerance of OpenDSS where it does not come to rest at a closer one: beside a large plant rounding alone moves a
voltage by some 1e-9 pu from one iteration to the next, for ever [pu]."""
_REMEMBERED = 5_000_000
"""Voltages across ports without plants, and powers without them, that are kept for all hours."""


class Solver(Protocol):
    """A held circuit that can be solved; ``name`` is the engine's."""

    name: str
    circuit: Circuit

    def solve(self, hours: Ints, kw: Real, iterations: int = MAX_ITERATIONS) -> tuple[Block, Flags]:
        """Solve some columns: the hour of each, and the power of the plants [kW], shape (sites, columns).

        What needs more iterations has no solution.
        Returns the solved block, without powers of loads and plants, and which of its columns have a solution.
        """


def solver(held: Held, demand: Demand, places: list[Site], of: Of, reference: float | None = None) -> Solver:
    """The batch engine where it knows all loads and generators, else OpenDSS; OpenDSS for a reference."""
    if reference is not None:
        return OneByOne(held, demand, places, of, reference)
    if demand.heads or batch_ports.unported(held.feeder):
        return OneByOne(held, demand, places, of)
    return Columns(held, demand, places, of)


class Columns:
    """All columns at once."""

    name = "batch"

    def __init__(self, held: Held, demand: Demand, places: list[Site], of: Of) -> None:
        feeder = driven(with_plants(held.feeder, places, of), demand)
        engine.load(dss.write(feeder))
        self._batch = Batch(feeder)
        self.circuit = self._batch.circuit
        self._inverters = inverters(feeder, self.circuit.node)
        owners = self._batch.ports.owners
        self._powers = Powers(feeder, demand, owners)
        row = {key: i for i, key in enumerate(owners)}
        self._hours, count = held.hours, len(held.hours)
        self._given = self._powers.at(held.hours) if len(owners) * count <= _REMEMBERED else None
        kept = len(self._batch.ports.nodes) * count <= _REMEMBERED
        self._known = np.full((len(self._batch.ports.nodes), 2, count if kept else 0), np.nan)
        kind = "load" if of == "load" else "generator"
        self._rows = np.array([row[kind, name_of(i)] for i in range(len(places))], np.int64)
        order = np.argsort(self._batch.ports.owner, kind="stable")
        self._first_port = order[np.searchsorted(self._batch.ports.owner[order], self._rows)]

    def response(self, hour: int, some: Ints, kw: Real | None = None) -> tuple[Complex, Complex, Complex, Real]:
        """How the network answers some plants, each alone, in one sweep of the iteration begun without them.

        ``kw`` are powers near to which it is asked, so that loads answer the plants, too; else it is the first answer,
        the loads drawing what they draw without. Returns the voltages of the nodes without plants [V], their change by
        the current that one kilowatt has at the voltage without plants [V], shape (nodes, some), that of the plant's
        own voltage over what it is without [-], shape (some,), and the relative drop that all loads cause there.
        """
        at = np.array([hour])
        watts, reactive = self._powers.at(at)
        across = self._batch.across(
            self._batch.solve(watts, reactive, TOLERANCE, self._begin(np.searchsorted(self._hours, at)))[0]
        )
        kw = np.ones(len(some)) if kw is None else kw
        power = np.repeat(watts, len(some) + 1, axis=1)
        power[self._rows[some], np.arange(len(some))] = kw
        reactive = np.repeat(reactive, power.shape[1], axis=1)
        guess = np.repeat(across, power.shape[1], axis=1)
        first = self._first_port[some]
        begun = np.ones(len(some), np.complex128)
        for _ in range(1 if (kw == 1.0).all() else _SWEEPS):
            begun = guess[first, np.arange(len(some))] / across[first, 0]
            volts, *_ = self._batch.solve(power, reactive, np.inf, np.stack([guess.real, guess.imag], axis=1))
            guess = self._batch.across(volts)
        change = (volts[:, :-1] - volts[:, -1:]) * (begun.conj() / kw)
        own = self._batch.across(change)[first, np.arange(len(some))] / across[first, 0]
        empty = self._batch.across(self._batch.network.no_load_v[:, None])[first, 0]
        return volts[:, -1], change, own, np.abs(empty / across[first, 0]) - 1.0

    def solve(self, hours: Ints, kw: Real, iterations: int = MAX_ITERATIONS) -> tuple[Block, Flags]:
        """As `Solver.solve`."""
        at = np.searchsorted(self._hours, hours)
        watts, reactive = (
            self._powers.at(hours) if self._given is None else (np.take(x, at, axis=1) for x in self._given)
        )
        watts[self._rows] = kw
        begin = self._begin(at)
        if self._inverters is not None:
            mine = self._batch.ports.loads + self._inverters.row
            found = at_equilibrium(self._batch, self._inverters, watts, reactive, TOLERANCE, begin)
            watts[mine], reactive[mine] = found.kw, found.kvar
        volts, power, source, change = self._batch.solve(
            watts, reactive, TOLERANCE, begin, with_power=False, iterations=iterations
        )
        if self._known.shape[2] and not kw.any():
            across = self._batch.across(volts)
            self._known[:, 0, at], self._known[:, 1, at] = across.real, across.imag
        return _block(hours, volts, power, power, source), np.asarray(change <= TOLERANCE)

    def _begin(self, at: Ints) -> Real | None:
        """The voltages without plants in some of the circuit's hours, where they are known for all of them."""
        if not self._known.size:
            return None
        begin = np.take(self._known, at, axis=2)
        return None if np.isnan(begin[0, 0]).any() else begin


class OneByOne:
    """One column after the other by OpenDSS; the reference, and the way for feeders that the batch engine refuses."""

    name = "opendss"

    def __init__(self, held: Held, demand: Demand, places: list[Site], of: Of, tolerance: float = TOLERANCE) -> None:
        feeder = driven(with_plants(held.feeder, places, of), demand)
        self._profiles = demand.profiles  # the engine reads this memory
        self._text, self._feeder, self._demand, self._tolerance = dss.write(feeder), feeder, demand, tolerance
        self._words = [names.element("load" if of == "load" else "generator", name_of(i)) for i in
                       range(len(places))]  # fmt: skip
        self.circuit = self._compile()
        self._rows = first_terminals(feeder)

    def _compile(self) -> Circuit:
        engine.load(self._text)
        follow(self._feeder, self._demand)
        circuit = at_no_load(self._feeder, controls_active=False)
        engine.load_settings(
            mode="yearly", stepsize=f"{self._demand.step_min}m", number=1, controlmode="off", tolerance=self._tolerance,
            maxiterations=MAX_ITERATIONS,
        )  # fmt: skip
        return circuit

    def solve(self, hours: Ints, kw: Real, iterations: int = MAX_ITERATIONS) -> tuple[Block, Flags]:
        """As `Solver.solve`; the circuit is compiled anew, since others may have used the engine meanwhile."""
        self._compile()
        engine.load_settings(maxiterations=iterations)
        size = len(hours)
        volts = np.empty((size, len(self.circuit.nodes)), np.complex128)
        loads, sources = engine.Batch("load"), engine.Batch("vsource")
        givers = [engine.Batch(word) for word in ("generator", "storage")]
        read = engine.Voltages()
        of = inverters(self._feeder, self.circuit.node)
        responding = None if of is None else Engine(self._feeder, self._demand, of)
        taken = np.empty((size, loads.size), np.complex128)
        given = np.empty((size, sum(g.size for g in givers)), np.complex128)
        source = np.empty((size, len(self._rows)), np.complex128)
        good, now = np.zeros(size, np.bool_), np.zeros(len(self._words))
        for i, hour in enumerate(hours):
            for site in np.flatnonzero(kw[:, i] != now):
                engine.command(f"edit {self._words[site]} kw={kw[site, i]:.12g} kvar=0")
            now = kw[:, i].copy()
            engine.set_step(int(hour), self._demand.step_min)
            message = engine.solve() if responding is None else responding.settle(int(hour), read, self._tolerance)[1]
            good[i] = message == 0 and engine.converged()
            if not good[i] and responding is None and self._tolerance < _ROUNDING:
                engine.load_settings(tolerance=_ROUNDING)
                good[i] = engine.solve() == 0 and engine.converged()
                engine.load_settings(tolerance=self._tolerance)
            read.read(volts[i])
            taken[i] = loads.powers()
            source[i] = sources.currents()[self._rows]
            if given.shape[1]:
                given[i] = np.concatenate([g.powers() for g in givers])
        return _block(hours, np.ascontiguousarray(volts.T), taken.T, given.T, source.T), good


def _block(
    hours: Ints, volts: NDArray[np.complex128], loads: NDArray[np.complex128], givers: NDArray[np.complex128],
    source: NDArray[np.complex128],
) -> Block:  # fmt: skip
    count = len(hours)
    none, ones = np.zeros((0, count), np.int64), np.ones(count, np.int64)
    return Block(hours, volts, loads, givers, np.ascontiguousarray(source), none, none, none, ones)
