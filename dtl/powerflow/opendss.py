"""The year in OpenDSS: quasi-static power flows hour after hour, read out as blocks of voltages and load powers.

Each step costs one solution and one copy of the node voltages; the powers of loads and generators come from the engine
in one call each, the currents of the sources too. Everything else is computed from the voltages, block by block
(`dtl.powerflow.flows`). There is no meter and no monitor. Loads follow shapes in memory shared with the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dtl.demand.demand import Demand, Drive
from dtl.errors import NotConverged, SolveError
from dtl.network.feeder import Feeder, Generator, Load
from dtl.powerflow import circuit as circuits
from dtl.powerflow import dss, engine, names
from dtl.powerflow.circuit import Circuit
from dtl.powerflow.inverters import PLANT, Engine, Tally, inverters
from dtl.powerflow.operate import Operator, closed

TOLERANCE = 1e-6
"""Largest change of a node's voltage in the last iteration [pu]."""
MAX_ITERATIONS = 100
MAX_CONTROL_ITERATIONS = 100
MAX_ROUNDS = 10
"""Times that taps and steps may act on settled inverters in one hour."""

_BLOCK_VALUES = 150_000
"""Complex voltages of one block, which keeps a block in the processor's cache and far below the memory ceiling."""
_NAMED_HOURS = 12
_CLOSER = 1e-3
"""Part of the tolerance to which an hour is solved again whose power does not add up."""


@dataclass(frozen=True)
class Block:
    """Some consecutive solved steps, which are hours unless the study says otherwise; steps last.

    Attributes
    ----------
    hours
        Numbers of the steps in the year, shape (hours,).
    voltages
        Node voltages, ground first, shape (nodes, hours) [V].
    load_kva, generator_kva
        Power into each load, and into each generator and storage (negative when it gives), shape (loads, hours).
    source_a
        Current into each conductor of the first terminal of each source, shape (conductors, hours) [A].
    positions, taps
        Number of the position of each mover of the circuit, shape (movers, hours), and tap of each regulator.
    tap_steps
        Tap steps that each regulator took, shape (regulators, hours).
    control_iterations
        Control iterations used, shape (hours,).
    opened, dead
        Elements of the circuit that are open, and nodes without supply, in all steps of the block.
    """

    hours: NDArray[np.int64]
    voltages: NDArray[np.complex128]
    load_kva: NDArray[np.complex128]
    generator_kva: NDArray[np.complex128]
    source_a: NDArray[np.complex128]
    positions: NDArray[np.int64]
    taps: NDArray[np.int64]
    tap_steps: NDArray[np.int64]
    control_iterations: NDArray[np.int64]
    opened: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    dead: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


class Year:
    """A feeder compiled in the engine and ready to be solved through hours of the year."""

    def __init__(
        self,
        feeder: Feeder,
        demand: Demand,
        *,
        controls_active: bool = True,
        tolerance: float = TOLERANCE,
        held: Circuit | None = None,
    ) -> None:
        """``held`` is the circuit of this feeder without movers, where the engine holds it and nothing followed yet."""
        self.feeder = closed(driven(feeder, demand), demand.operated)
        self.controls_active = controls_active
        self.control_limit_hits: list[tuple[int, tuple[str, ...]]] = []
        self.repeated_hours = 0
        self.tolerance = tolerance
        self._step_min = demand.step_min
        self._profiles = demand.profiles  # the engine reads this memory
        if held is None:
            engine.load(dss.write(self.feeder))
        self._held = engine.held()
        follow(self.feeder, demand)
        self.circuit = held or at_no_load(self.feeder, controls_active=controls_active)
        if held is not None:
            solve_without_load()
        engine.load_settings(mode="yearly", stepsize=f"{self._step_min}m", number=1,
                             maxcontroliter=MAX_CONTROL_ITERATIONS)  # fmt: skip
        self._settle()
        self._operator = Operator(self.feeder, self.circuit, demand.operated)
        built_anew = demand.operated is not None or any(c.control for c in feeder.capacitors)
        engine.reuse_factors(controls_active and not built_anew)
        self._voltages = engine.Voltages()
        self._loads = engine.Batch("load")
        self._generators = (engine.Batch("generator"), engine.Batch("storage"))
        self._sources = engine.Batch("vsource")
        self._regulators = engine.Batch("regcontrol")
        self._source_rows = first_terminals(self.feeder)
        self.tally = Tally()
        self.inverters = inverters(self.feeder, self.circuit.node)
        self._responding = Engine(self.feeder, demand, self.inverters) if self.inverters is not None else None

    def blocks(self, hours: Sequence[int]) -> Iterator[Block]:
        """Solve the steps in their order and yield them block by block.

        Raises
        ------
        NotConverged
            Some hours of a block have no solution; the message names them.
        SolveError
            The engine fails.
        Replaced
            Another circuit was loaded since.
        """
        engine.require(self._held)
        size = max(8, min(512, _BLOCK_VALUES // len(self.circuit.nodes)))
        taps = self._taps()
        positions = self._see(taps)
        for position, stretch in self._operator.stretches(hours):
            self._operator.to(position)
            for start in range(0, len(stretch), size):
                engine.command("reset eventlog")
                block, taps, positions = self._block(stretch[start : start + size], taps, positions)
                block = replace(block, opened=self._operator.opened[position], dead=self._operator.dead[position])
                block.voltages[block.dead] = 0.0
                yield block

    def repeat(self, block: Block, columns: NDArray[np.int64]) -> None:
        """Solve some hours of the last block again, closer and with their controls held, and put the answers into it.

        Raises
        ------
        NotConverged
            One of them has no solution at the closer tolerance.
        """
        engine.require(self._held)
        self.repeated_hours += len(columns)
        engine.load_settings(controlmode="off", tolerance=self.tolerance * _CLOSER)
        failed = []
        for column in columns:
            self._hold(block, int(column))
            engine.set_step(int(block.hours[column]), self._step_min)
            if engine.solve() or not engine.converged():
                failed.append(int(block.hours[column]))
            self._voltages.read(block.voltages[:, column])
            block.voltages[block.dead, column] = 0.0
            block.load_kva[:, column] = self._loads.powers()
            block.source_a[:, column] = self._sources.currents()[self._source_rows]
            if len(block.generator_kva):
                block.generator_kva[:, column] = np.concatenate([g.powers() for g in self._generators])
        if failed:
            raise NotConverged(no_solution(failed, self._step_min))
        self._hold(block, len(block.hours) - 1)
        self._settle()

    def _settle(self) -> None:
        engine.load_settings(
            controlmode="static" if self.controls_active else "off",
            tolerance=self.tolerance,
            maxiterations=MAX_ITERATIONS,
        )

    def _hold(self, block: Block, column: int) -> None:
        engine.set_taps(block.taps[:, column])
        for mover, position in zip(self.circuit.movers, block.positions[:, column], strict=True):
            if not len(mover.regulators):
                engine.set_steps_on(mover.full_name.partition(".")[2], list(mover.position)[position])

    def _taps(self) -> NDArray[np.int32]:
        return self._regulators.integers(b"TapNum").copy()

    def _see(self, taps: NDArray[np.int32]) -> list[int]:
        return [
            mover.see(
                tuple(taps[mover.regulators].tolist())
                if len(mover.regulators)
                else engine.steps_on(mover.full_name.partition(".")[2])
            )
            for mover in self.circuit.movers
        ]

    def _block(
        self, hours: Sequence[int], taps: NDArray[np.int32], positions: list[int]
    ) -> tuple[Block, NDArray[np.int32], list[int]]:
        engine.require(self._held)
        size = len(hours)
        voltages = np.empty((size, len(self.circuit.nodes)), np.complex128)
        loads = np.empty((size, self._loads.size), np.complex128)
        generators = np.empty((size, sum(g.size for g in self._generators)), np.complex128)
        sources = np.empty((size, len(self._source_rows)), np.complex128)
        at = np.empty((size, len(self.circuit.movers)), np.int64)
        tap = np.empty((size, len(taps)), np.int64)
        steps = np.zeros((size, len(taps)), np.int64)
        iterations = np.empty(size, np.int64)
        failed: list[int] = []
        for i, hour in enumerate(hours):
            number, iterations[i] = self._step(hour)
            if number:
                self._judge(number, hour)
            if not engine.converged():
                failed.append(hour)
            self._voltages.read(voltages[i])
            loads[i] = self._loads.powers()
            sources[i] = self._sources.currents()[self._source_rows]
            if generators.shape[1]:
                generators[i] = np.concatenate([g.powers() for g in self._generators])
            if iterations[i] > 1:
                now = self._taps()
                steps[i] = np.abs(now - taps)
                taps, positions = now, self._see(now)
            at[i], tap[i] = positions, taps
        if failed:
            raise NotConverged(no_solution(failed, self._step_min))
        block = Block(
            hours=np.asarray(hours, np.int64),
            voltages=np.ascontiguousarray(voltages.T),
            load_kva=loads.T,
            generator_kva=generators.T,
            source_a=np.ascontiguousarray(sources.T),
            positions=np.ascontiguousarray(at.T),
            taps=np.ascontiguousarray(tap.T),
            tap_steps=steps.T,
            control_iterations=iterations,
        )
        return block, taps, positions

    def _step(self, hour: int) -> tuple[int, int]:
        """Solve an hour: number of the engine's message, and most control iterations of a round.

        Inverters are faster than taps and steps: they settle with those held, then controls act, until none does.
        """
        engine.set_step(hour, self._step_min)
        if self._responding is None:
            number = engine.solve()
            return number, engine.control_iterations()
        most, number = 1, 0
        for _ in range(MAX_ROUNDS if self.controls_active else 1):
            if self.controls_active:
                engine.load_settings(controlmode="off")
            message = self._respond(self._responding, hour)
            if not self.controls_active:
                return message, 1
            engine.load_settings(controlmode="static")
            engine.set_step(hour, self._step_min)
            number = engine.solve()
            most = max(most, engine.control_iterations())
            if number or engine.control_iterations() <= 1:
                break
        else:
            inverters = tuple(PLANT + name for name in self._responding.of.names)
            self.control_limit_hits.append((hour, (*inverters, *self._acting(hour))))
        return number, most

    def _respond(self, own: Engine, hour: int) -> int:
        found, message = own.settle(hour, self._voltages, self.tolerance, own.seen)
        self.tally.add(np.array([hour]), own.of, own.available_kw(hour), found)
        if found.hunting.any():
            self.control_limit_hits.append((hour, self.tally.hunting[hour]))
        return message

    def _judge(self, number: int, hour: int) -> None:
        if number != engine.CONTROL_LIMIT:
            raise SolveError(f"{named(hour, self._step_min)}: OpenDSS: {engine.message()} (#{number})")
        engine.resume()
        last = tuple(f"ControlIter={MAX_CONTROL_ITERATIONS - k}," for k in (1, 2))
        self.control_limit_hits.append((hour, self._acting(hour, last)))

    def _acting(self, hour: int, iterations: tuple[str, ...] = ("",)) -> tuple[str, ...]:
        """The devices that acted in an hour, in some of its control iterations."""
        at, minute = divmod((hour + 1) * self._step_min, 60)
        when = tuple(f"Hour={at}, Sec={60 * minute}, {word}" for word in iterations)
        acting = {e.partition("Element=")[2].partition(",")[0] for e in engine.events() if e.startswith(when)}
        return tuple(sorted(a.lower() for a in acting))


def driven(feeder: Feeder, demand: Demand) -> Feeder:
    """The feeder with its loads and generators at factor 1 of their profiles."""
    drives = demand.drives
    loads = tuple(
        p.model_copy(update={"kw": drives[p.name].kw, "kvar": drives[p.name].kvar}) if p.name in drives else p
        for p in feeder.loads
    )
    plants = tuple(
        p.model_copy(update={"kw": demand.plants[p.name].kw, "kvar": demand.plants[p.name].kvar})
        if p.name in demand.plants
        else p
        for p in feeder.generators
    )
    return feeder.model_copy(update={"loads": loads, "generators": plants})


@cache
def _upright(count: int) -> NDArray[np.float32]:
    """The angle that a source turns by in each hour: none [degree]; kept, since the engine reads its memory."""
    return np.zeros(count, np.float32)


def follow(feeder: Feeder, demand: Demand) -> None:
    """Let loads, generators and measured sources in the engine follow their profiles in yearly mode."""
    for i, source in enumerate(feeder.sources):
        if (pu := demand.heads.get(source.name)) is not None:
            engine.share_shape(f"head{i}", pu, _upright(len(pu)), demand.step_min)
            engine.command(f"edit {names.source(i, source.name)} yearly=head{i}")
    shapes: dict[tuple[str, str], str] = {}
    parts: list[tuple[str, Load | Generator, Drive | None]]
    parts = [("load", p, demand.drives.get(p.name)) for p in feeder.loads]
    parts += [("generator", g, demand.plants.get(g.name)) for g in feeder.generators]
    for kind, part, drive in parts:
        if not part.enabled or drive is None:
            continue
        pair = (drive.kw_profile, drive.kvar_profile)
        if pair not in shapes:
            shapes[pair] = f"drive{len(shapes)}"
            kw, kvar = (demand.profiles[p] for p in pair)
            engine.share_shape(shapes[pair], kw, kvar, demand.step_min)
        engine.command(f"edit {names.element(kind, part.name)} yearly={shapes[pair]} status=variable")


def at_no_load(feeder: Feeder, *, controls_active: bool = True) -> Circuit:
    """Solve the circuit in the engine without load and read its arrays; SolveError when there is no such solution.

    Without active controls no element of the circuit is a mover.
    """
    solve_without_load()
    return circuits.read(feeder, controls_active=controls_active)


def solve_without_load() -> None:
    """Solve the circuit in the engine without load; SolveError when there is no such solution."""
    engine.load_settings(mode="snapshot", controlmode="off", loadmult=0, maxiterations=MAX_ITERATIONS)
    number = engine.solve()
    if number:
        raise SolveError(f"OpenDSS finds no voltages without load: {engine.message()} (#{number})")
    engine.load_settings(loadmult=1)


def first_terminals(feeder: Feeder) -> NDArray[np.int64]:
    """Which of the engine's currents of all sources are those of their first terminals."""
    rows: list[int] = []
    start = 0
    for source in feeder.sources:
        rows += range(start, start + source.phases)
        start += 2 * source.phases
    return np.array(rows, np.int64)


def named(step: int, step_min: int) -> str:
    """A step in words: ``hour 17``, or ``hour 17:45`` where steps are shorter than an hour."""
    hour, minute = divmod(step * step_min, 60)
    return f"hour {hour}" if step_min == 60 else f"hour {hour}:{minute:02}"


def no_solution(steps: Sequence[int], step_min: int = 60) -> str:
    """The message of `NotConverged` for some steps."""
    unit = "hours" if step_min == 60 else "steps"
    more = f" and {len(steps) - _NAMED_HOURS} more {unit}" if len(steps) > _NAMED_HOURS else ""
    told = ", ".join(named(step, step_min).removeprefix("hour ") for step in steps[:_NAMED_HOURS])
    return (
        f"the power flow did not converge within {MAX_ITERATIONS} iterations at tolerance {TOLERANCE:g} "
        f"in hour {told}{more}: check loads, impedances and voltages of the feeder"
    )
