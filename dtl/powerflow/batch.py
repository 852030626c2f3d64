"""The year in one factored matrix: many hours at a time, exact to the tolerance, for circuits in which nothing moves.

With ``Y`` the admittance matrix without loads, ``V0`` the voltages without load and ``I(V)`` the currents of loads and
generators, every hour solves

    V = V0 - Y^-1 I(V)

by fixed-point iteration (current injection: Garcia et al. 2000, IEEE Trans. Power Systems 15(2); the same equation as
OpenDSS's normal solution). ``Y`` is assembled from the primitive admittances that OpenDSS computes for the circuit, so
that both engines have one model of lines, transformers, capacitors and sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dtl.demand.demand import Demand
from dtl.errors import NotConverged
from dtl.network.feeder import Feeder
from dtl.powerflow import batch_kernels, dss, engine
from dtl.powerflow.batch_network import network
from dtl.powerflow.batch_ports import ports
from dtl.powerflow.opendss import MAX_ITERATIONS, TOLERANCE, Block, at_no_load, driven, no_solution

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_BLOCK_VALUES = 150_000
"""Complex voltages of one block, as in `dtl.powerflow.opendss`."""
_CLOSER = 1e-3
"""Part of the tolerance to which an hour is solved again whose power does not add up."""


class Batch:
    """A circuit ready to be solved for any powers of its loads and generators; the engine must hold it, without load.

    ``owners`` are its loads, then its generators and storages, in the order of the rows of the powers.
    """

    def __init__(self, feeder: Feeder) -> None:
        self.circuit = at_no_load(feeder, controls_active=False)
        self.ports = ports(feeder, self.circuit.node)
        self.network = network(feeder, self.circuit, self.ports.nodes.ravel())
        net, at = self.network, self.ports
        place = np.append(len(net.position), net.position)
        self._no_load = np.zeros(len(place), np.complex128)
        self._no_load[net.position] = net.no_load_v[1:]
        self._network = (
            net.active,
            (net.lower.start, net.lower.column, net.lower.re, net.lower.im),
            (net.upper.start, net.upper.column, net.upper.re, net.upper.im),
            np.ascontiguousarray(net.pivot.real),
            np.ascontiguousarray(net.pivot.imag),
            net.position,
            self._no_load,
        )
        self._ports = (
            place[at.nodes], at.owner, at.share, at.base_v, at.bounds, at.curves, at.exponents, at.drop_out, at.special,
        )  # fmt: skip

    def solve(self, kw: Real, kvar: Real, tolerance: float = TOLERANCE) -> tuple[Complex, Complex, Complex, Real]:
        """Solve all columns.

        Parameters
        ----------
        kw, kvar
            Power of each owner at rated voltage, generators positive when they give, shape (owners, columns).
        tolerance
            Largest change of the voltage across a port in the last iteration [pu].

        Returns
        -------
        tuple
            Node voltages [V], ground first, shape (nodes, columns); power into each owner [kVA], shape (owners,
            columns); current into each conductor of the sources [A]; and the last change of a port's voltage [pu],
            shape (columns,): a column whose change is not below the tolerance has no solution.
        """
        columns = kw.shape[1]
        volts = np.empty((len(self.circuit.nodes), columns), np.complex128)
        power = np.empty((len(kw), columns), np.complex128)
        steps, change = np.empty(columns, np.int64), np.empty(columns)
        guess = np.empty((0, 0), np.complex128)
        batch_kernels.fixed_point(
            *self._network, *self._ports, 1e3 * kw, 1e3 * kvar, guess, tolerance, MAX_ITERATIONS,
            volts, power, steps, change,
        )  # fmt: skip
        drop = volts - self.network.no_load_v[:, None]
        source = self.network.sources @ drop + self.network.no_load_a[:, None]
        power *= 1e-3
        self.steps = steps
        return volts, power, source, change


class BatchYear:
    """A feeder ready to be solved through hours of the year, as `dtl.powerflow.opendss.Year`, with controls frozen."""

    controls_active = False

    def __init__(self, feeder: Feeder, demand: Demand, *, tolerance: float = TOLERANCE) -> None:
        self.feeder = driven(feeder, demand)
        self.control_limit_hits: list[tuple[int, tuple[str, ...]]] = []
        self.repeated_hours = 0
        self._tolerance = tolerance
        engine.load(dss.write(self.feeder))
        self.batch = Batch(self.feeder)
        self.circuit = self.batch.circuit
        self._taps = engine.Batch("regcontrol").integers(b"TapNum").astype(np.int64)
        self._powers = Powers(self.feeder, demand, self.batch.ports.owners)

    def blocks(self, hours: Sequence[int]) -> Iterator[Block]:
        """Solve the hours and yield them block by block.

        Raises
        ------
        NotConverged
            Some hours of a block have no solution; the message names them.
        """
        size = max(8, min(512, _BLOCK_VALUES // len(self.circuit.nodes)))
        size = max(1, size // batch_kernels.LANES) * batch_kernels.LANES
        for start in range(0, len(hours), size):
            yield self._block(np.asarray(hours[start : start + size], np.int64), self._tolerance)

    def repeat(self, block: Block, columns: NDArray[np.int64]) -> None:
        """Solve some hours of a block again, closer, and put the answers into it; NotConverged as in `blocks`."""
        self.repeated_hours += len(columns)
        again = self._block(block.hours[columns], self._tolerance * _CLOSER)
        for name in ("voltages", "load_kva", "generator_kva", "source_a"):
            getattr(block, name)[:, columns] = getattr(again, name)

    def _block(self, hours: NDArray[np.int64], tolerance: float) -> Block:
        volts, power, source, change = self.batch.solve(*self._powers.at(hours), tolerance)
        lost = ~(change <= tolerance)
        if lost.any():
            raise NotConverged(no_solution(hours[lost].tolist()))
        loads, count = self.batch.ports.loads, len(hours)
        return Block(
            hours=hours,
            voltages=volts,
            load_kva=power[:loads],
            generator_kva=power[loads:],
            source_a=source,
            positions=np.zeros((0, count), np.int64),
            taps=np.repeat(self._taps[:, None], count, axis=1),
            tap_steps=np.zeros((len(self._taps), count), np.int64),
            control_iterations=np.ones(count, np.int64),
        )


class Powers:
    """The power of every load, generator and storage of a feeder through the hours of the year."""

    def __init__(self, feeder: Feeder, demand: Demand, owners: Sequence[tuple[str, str]]) -> None:
        fields = {"load": "loads", "generator": "generators", "storage": "storages"}
        parts = {(kind, p.name): p for kind, field in fields.items() for p in getattr(feeder, field)}
        self._kw, self._kvar = np.zeros(len(owners)), np.zeros(len(owners))
        rows: dict[str, int] = {"": 0}
        self._row = np.zeros((2, len(owners)), np.int64)
        for i, key in enumerate(owners):
            if key[0] == "storage":
                continue  # idle
            self._kw[i], self._kvar[i] = parts[key].kw, parts[key].kvar
            drive = demand.drives.get(key[1]) if key[0] == "load" else None
            if drive is not None:
                for side, profile in enumerate((drive.kw_profile, drive.kvar_profile)):
                    self._row[side, i] = rows.setdefault(profile, len(rows))
        self._profiles = [demand.profiles[name] for name in list(rows)[1:]]

    def at(self, hours: NDArray[np.int64]) -> tuple[Real, Real]:
        """Active [kW] and reactive power [kvar] at rated voltage in some hours, shape (owners, hours) each."""
        factor = np.ones((len(self._profiles) + 1, len(hours)))
        for i, profile in enumerate(self._profiles, 1):
            factor[i] = profile[hours]
        return factor[self._row[0]] * self._kw[:, None], factor[self._row[1]] * self._kvar[:, None]
