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
from dtl.errors import NotConverged, SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import batch_kernels, dss, engine
from dtl.powerflow.batch_network import network
from dtl.powerflow.batch_ports import pairs, ports
from dtl.powerflow.inverters import Inverters, Response, Tally, inverters, settle
from dtl.powerflow.lanes import LANES
from dtl.powerflow.opendss import MAX_ITERATIONS, TOLERANCE, Block, at_no_load, driven, no_solution

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_BLOCK_VALUES = 150000
"""Complex voltages of one block, as in `dtl.powerflow.opendss`."""
_FEW_PROFILES = 8
_FITTED = 96
_WORTH_A_GUESS = 10 * _FITTED
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
        self._near = np.unique(net.sources.indices)
        self._source_y = net.sources[:, self._near].toarray()
        self._pairs = pairs(at, place)
        self._ports = (at.owner, at.share, at.base_v, at.bounds, at.curves, at.exponents, at.drop_out)

    def across(self, volts: Complex) -> Complex:
        """Voltages across the ports [V], shape (ports, columns), from those of the nodes."""
        return np.asarray(volts[self.ports.nodes[:, 0]] - volts[self.ports.nodes[:, 1]])

    def solve(
        self,
        kw: Real,
        kvar: Real,
        tolerance: float = TOLERANCE,
        guess: Real | None = None,
        *,
        with_power: bool = True,
        iterations: int = MAX_ITERATIONS,
    ) -> tuple[Complex, Complex, Complex, Real]:
        """Solve all columns.

        Parameters
        ----------
        kw, kvar
            Power of each owner at rated voltage, generators positive when they give, shape (owners, columns).
        tolerance
            Largest change of the voltage across a port in the last iteration [pu].
        guess
            Voltages across the ports to begin with [V], real and imaginary parts, shape (ports, 2, columns); those
            without load if not given. It changes the number of iterations, and the answer within the tolerance.
        with_power
            Whether the powers of the owners are asked for; else there are none.
        iterations
            Most iterations; a column that needs more has no solution.

        Returns
        -------
        tuple
            Node voltages [V], ground first, shape (nodes, columns); power into each owner [kVA], shape (owners,
            columns); current into each conductor of the sources [A]; and the last change of a port's voltage [pu],
            shape (columns,): a column whose change is not below the tolerance has no solution.
        """
        columns = kw.shape[1]
        volts = np.empty((len(self.circuit.nodes), columns), np.complex128)
        power = np.empty((len(kw) if with_power else 0, columns), np.complex128)
        steps, change = np.empty(columns, np.int64), np.empty(columns)
        begin = np.empty((0, columns)) if guess is None else _whole(guess.reshape(-1, columns), 1.0)
        batch_kernels.fixed_point(
            *self._network, self._pairs, self._ports, _whole(kw, 1e3), _whole(kvar, 1e3), begin, tolerance,
            iterations, volts, power, steps, change,
        )  # fmt: skip
        drop = volts[self._near] - self.network.no_load_v[self._near, None]
        source = self._source_y @ drop + self.network.no_load_a[:, None]
        power *= 1e-3
        self.steps = steps
        return volts, power, source, change


def _whole(values: Real, factor: float) -> Real:
    """Values times a factor in whole runs of columns, the last one repeated; the values themselves where they are."""
    rows, columns = values.shape
    if factor == 1.0 and columns % LANES == 0:
        return np.ascontiguousarray(values)
    out = np.empty((rows, -(-columns // LANES) * LANES))
    np.multiply(values, factor, out=out[:, :columns])
    out[:, columns:] = out[:, columns - 1 : columns]
    return out


class BatchYear:
    """A feeder ready to be solved through hours of the year, as `dtl.powerflow.opendss.Year`, with controls frozen."""

    controls_active = False

    def __init__(self, feeder: Feeder, demand: Demand, *, tolerance: float = TOLERANCE) -> None:
        if demand.heads:
            raise SolveError("the head voltage follows a measurement; use engine auto or opendss")
        self.feeder = driven(feeder, demand)
        self.repeated_hours = 0
        self._tolerance = tolerance
        self._step_min = demand.step_min
        self._guess: Guess | None = None
        engine.load(dss.write(self.feeder))
        self.held = engine.held()
        """The number of its circuit in the engine; 0 once a reference uses it."""
        self.batch = Batch(self.feeder)
        self.circuit = self.batch.circuit
        self._taps = engine.Batch("regcontrol").integers(b"TapNum").astype(np.int64)
        self._powers = Powers(self.feeder, demand, self.batch.ports.owners)
        self.inverters = inverters(self.feeder, self.circuit.node)
        self.tally = Tally()

    def blocks(self, hours: Sequence[int]) -> Iterator[Block]:
        """Solve the hours and yield them block by block.

        Raises
        ------
        NotConverged
            Some hours of a block have no solution; the message names them.
        """
        size = max(8, min(512, _BLOCK_VALUES // len(self.circuit.nodes)))
        size = max(1, size // LANES) * LANES
        every = np.asarray(hours, np.int64)
        self._guess = Guess(self.batch, self._powers, every) if len(every) >= _WORTH_A_GUESS else None
        for start in range(0, len(every), size):
            yield self._block(every[start : start + size], self._tolerance, self._guess)

    def repeat(self, block: Block, columns: NDArray[np.int64]) -> None:
        """Solve some hours of a block again, closer, and put the answers into it; NotConverged as in `blocks`."""
        self.repeated_hours += len(columns)
        again = self._block(block.hours[columns], self._tolerance * _CLOSER)
        for name in ("voltages", "load_kva", "generator_kva", "source_a"):
            getattr(block, name)[:, columns] = getattr(again, name)

    @property
    def control_limit_hits(self) -> list[tuple[int, tuple[str, ...]]]:
        """Hours in which inverters did not settle, and which."""
        return sorted(self.tally.hunting.items())

    def powers(self, hours: NDArray[np.int64]) -> tuple[Real, Real]:
        """Active [kW] and reactive power [kvar] of loads, generators and storages in some hours, as `Batch.solve`."""
        return self._settled(hours, self._tolerance)[:2]

    def voltages(self, hours: NDArray[np.int64]) -> Complex:
        """Node voltages in some hours [V], ground first, solved as in `blocks`; NotConverged as there."""
        return self._block(hours, self._tolerance, self._guess).voltages

    def _block(self, hours: NDArray[np.int64], tolerance: float, guess: Guess | None = None) -> Block:
        begin = guess.at(hours) if guess is not None else None
        kw, kvar, begin = self._settled(hours, tolerance, begin)
        volts, power, source, change = self.batch.solve(kw, kvar, tolerance, begin)
        lost = ~(change <= tolerance)
        if lost.any():
            raise NotConverged(no_solution(hours[lost].tolist(), self._step_min))
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

    def _settled(
        self, hours: NDArray[np.int64], tolerance: float, begin: Real | None = None
    ) -> tuple[Real, Real, Real | None]:
        """Powers in some hours, as `Batch.solve`, with inverters at their characteristics, and a guess of voltages."""
        kw, kvar = self._powers.at(hours)
        if self.inverters is None:
            return kw, kvar, begin
        rows = self.batch.ports.loads + self.inverters.row
        found = at_equilibrium(self.batch, self.inverters, kw, kvar, tolerance, begin)
        self.tally.add(hours, self.inverters, kw[rows], found)
        kw[rows], kvar[rows] = found.kw, found.kvar
        return kw, kvar, begin


def at_equilibrium(
    batch: Batch, of: Inverters, kw: Real, kvar: Real, tolerance: float, begin: Real | None = None
) -> Response:
    """What inverters do in some columns of `Batch.solve`, whose powers `kw` have them at what is available."""
    rows = batch.ports.loads + of.row
    across = None if begin is None else begin.copy()

    def volts_at(active: Real, reactive: Real, columns: NDArray[np.int64]) -> Complex:
        nonlocal across
        watts, vars_ = kw[:, columns], kvar[:, columns]
        watts[rows], vars_[rows] = active, reactive
        guess = None if across is None else np.ascontiguousarray(across[:, :, columns])
        volts, *_ = batch.solve(watts, vars_, tolerance, guess)
        found = batch.across(volts)
        both = np.stack([found.real, found.imag], axis=1)
        if across is None:
            across = both
        else:
            across[:, :, columns] = both
        return volts

    return settle(of, kw[rows], volts_at, tolerance)


class Guess:
    """Voltages across the ports as a quadratic function of the profiles, fitted to some solved hours.

    Where few profiles drive all loads, the state of an hour is a smooth function of their values. The fit saves the
    first iterations; what it misses, the iteration mends.
    """

    def __init__(self, batch: Batch, powers: Powers, hours: NDArray[np.int64]) -> None:
        factors = powers.factors(hours)
        self._powers = powers
        self._fit: Real | None = None
        if not 0 < len(factors) - 1 <= _FEW_PROFILES:
            return
        by_load = np.argsort(factors.sum(axis=0), kind="stable")
        some = hours[by_load[np.linspace(0, len(hours) - 1, _FITTED).astype(np.int64)]]
        volts, *_, change = batch.solve(*powers.at(some))
        if not (change <= TOLERANCE).all():
            return
        across = batch.across(volts)
        both = np.stack([across.real, across.imag], axis=1).reshape(-1, len(some))
        self._fit = np.asarray(both @ np.linalg.pinv(self._features(some)).T, np.float64)

    def at(self, hours: NDArray[np.int64]) -> Real | None:
        """The guess for some hours, shape (ports, 2, hours), or None where there is no fit."""
        if self._fit is None:
            return None
        return np.asarray(self._fit @ self._features(hours).T).reshape(-1, 2, len(hours))

    def _features(self, hours: NDArray[np.int64]) -> Real:
        factors = self._powers.factors(hours)
        pairs = np.triu_indices(len(factors))
        return np.ascontiguousarray((factors[pairs[0]] * factors[pairs[1]]).T)


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
            drive = (demand.drives if key[0] == "load" else demand.plants).get(key[1])
            if drive is not None:
                for side, profile in enumerate((drive.kw_profile, drive.kvar_profile)):
                    self._row[side, i] = rows.setdefault(profile, len(rows))
        self._profiles = [demand.profiles[name] for name in list(rows)[1:]]

    def factors(self, hours: NDArray[np.int64]) -> Real:
        """Factor 1, then the values of the profiles in some hours, shape (1 + profiles, hours)."""
        factor = np.ones((len(self._profiles) + 1, len(hours)))
        for i, profile in enumerate(self._profiles, 1):
            factor[i] = profile[hours]
        return factor

    def at(self, hours: NDArray[np.int64]) -> tuple[Real, Real]:
        """Active [kW] and reactive power [kvar] at rated voltage in some hours, shape (owners, hours) each."""
        factor = self.factors(hours)
        return factor[self._row[0]] * self._kw[:, None], factor[self._row[1]] * self._kvar[:, None]
