"""Programs executed inside the power flow: what an element carries without them, who gives way, and what that brings.

An execution is solved before and after. In between, the effect of one kW of every group of members on the currents of
the watched element and on its power is measured by the power flow itself, the least (or otherwise shared) relief is
found, and found again with what the power flow then says is missing, until the target is met or the pool is empty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.errors import NotConverged, SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import head
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.choose import choose
from dtl.powerflow.limits import summer
from dtl.powerflow.opendss import Block, Year, named
from dtl.powerflow.reduce import Reduction
from dtl.scenarios.context import Context
from dtl.scenarios.dispatch import Pool, given_way, pool, shares
from dtl.scenarios.flexibility import HEAD, Execution, executions, members, sections, watched
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State, assumption

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

ROUNDS = 10
"""Power flows of an execution, at most, before what is left is called not reached."""
CLOSE = 1e-3
"""Part of a target within which it is reached."""


@dataclass(frozen=True)
class Seen:
    """What flows through the watched element: power towards the loads [kW], currents and their limits [A], hours last.

    Each current is that of one conductor; ``limit_a`` at 100 % of the rating is infinite where nothing is rated.
    """

    kw: Real
    amps: Real
    limit_a: Real

    @property
    def pct(self) -> Real:
        """Loading of the element [% of its rating], 0 without one."""
        return np.asarray((100.0 * self.amps / self.limit_a).max(axis=0))


def respond(state: State, context: Context, spec: Mapping[str, Any]) -> tuple[State, list[dict[str, Any]]]:
    """The state in which all programs have been executed, and a row for each execution.

    Raises
    ------
    SolveError
        A program or a member is not there, or the power flow fails.
    """
    judged = np.arange(context.steps) if spec["hours"] == "all" else np.unique(spec["hours"]).astype(np.int64)
    rows = []
    for execution in executions(state, context.steps):
        steps = np.intersect1d(execution.steps, judged)
        buses = members(execution.program, state, context)
        if len(steps) and buses:
            state, row = _Run(execution, buses, state, context, spec).done(steps)
            rows.append(row)
    for row in rows:
        told = [(k, row[k], unit) for k, unit in _TOLD.items() if row[k] not in ("", None)]
        state = state.assuming(
            row["layer"], *(assumption(f"{row['program']}: {k}", v, u, "power flow") for k, v, u in told)
        )
        if row["reason"]:
            state = state.noting(f"program '{row['program']}': {row['reason']}")
    return state, rows


_TOLD = {
    "element": "", "hours": "h executed", "hours_reached": "h", "shed_kwh": "kWh",
    "delivered_kw": "kW at the worst hour", "before_pct": "%", "after_pct": "%", "before_pf": "", "after_pf": "",
    "reason": "",
}  # fmt: skip


class _Run:
    """One execution of a program."""

    def __init__(
        self, execution: Execution, buses: set[str], state: State, context: Context, spec: Mapping[str, Any]
    ) -> None:
        self._execution, self._program, self._buses = execution, execution.program, buses
        self._state, self._context, self._spec = state, context, spec
        self._element = watched(self._program, buses, state, context)
        words = self._program.words
        self._sheds, self._share = str(words.get("sheds", "load")), str(words.get("share", "optimal"))
        self._over = float(words["when"]["transformer_pct"]) if words.get("when") else math.inf

    def done(self, steps: Ints) -> tuple[State, dict[str, Any]]:
        """The state after the execution in some steps, and its row."""
        before = self._measured(self._state, steps)
        if not self._execution.forced:
            if not np.isfinite(before.limit_a).any():
                what = " ".join(w for w in self._element if w)
                raise SolveError(f"program '{self._program.name}': {what} has no rating, so 'transformer_pct' says "
                                 "nothing; name the 'transformer' of the members' area, or execute it by an "
                                 "action")  # fmt: skip
            over = before.pct > self._over
            steps, before = steps[over], _taken(before, over)
        if not len(steps):
            return self._state, _row(self._execution, self._element, steps, self._context.step_min)
        floor = float(self._program.words.get("floor_kw", 0.0))
        found = pool(self._state, sections(self._buses, self._element, self._state), self._sheds, floor, steps)
        kvar, factors = self._corrected(steps)
        state, kw, after = self._relieved(found, kvar, steps, before)
        return state, self._told(steps, found, kw, before, after, factors)

    def _relieved(self, found: Pool, kvar: Real, steps: Ints, before: Seen) -> tuple[State, Real, Seen]:
        kw = np.zeros(found.kw.shape)
        state = self._given(found, kw, kvar, steps)
        after = self._measured(state, steps)
        missing = self._missing(before, after)
        if not len(found.at) or (missing <= 0.0).all():
            return state, kw, after
        most = np.minimum(
            np.maximum(-before.kw if self._sheds == "generation" else before.kw, 0.0), found.kw.sum(axis=0)
        )
        effect = self._effect(found, kvar, steps, int(missing.max(axis=0).argmax()))
        need = missing.copy()
        for tried in range(ROUNDS):
            kw = shares(found, need, effect, self._share, most)
            state = self._given(found, kw, kvar, steps)
            after = self._measured(state, steps)
            missing = self._missing(before, after)
            spare = kw.sum(axis=0) < most * (1.0 - CLOSE)
            worst = missing.max(axis=0)
            close = self._close(after)
            if not (((worst > close) & spare) | ((worst < -close) & (kw.sum(axis=0) > 0.0))).any():
                break
            need += missing * np.where(
                missing > 0.0, 1.0 + tried / 2.0, 1.0
            )  # a tap that moved took back what was given
        return state, kw, after

    def _missing(self, before: Seen, now: Seen) -> Real:
        """What is missing of each target: the currents above their limit [A], and the relief [kW]."""
        sign = -1.0 if self._sheds == "generation" else 1.0
        least = float(self._program.min_power_kw)
        relief = least - sign * (before.kw - now.kw) if least > 0.0 else np.full(len(now.kw), -1.0)
        limit = now.limit_a * self._over / 100.0
        above = np.where(np.isfinite(limit), now.amps - limit, -1.0)
        return np.concatenate([above, relief[None, :]])

    def _close(self, now: Seen) -> Real:
        limit = np.where(np.isfinite(now.limit_a), now.limit_a, 1.0).max(axis=0)
        return np.asarray(CLOSE * np.minimum(limit, max(float(self._program.min_power_kw), 1.0)))

    def _effect(self, found: Pool, kvar: Real, steps: Ints, worst: int) -> Real:
        """What one kW less of each group does in the worst step, shape (targets, groups).

        Taps and steps are held: the effect of the members is asked for, not that of a tap.
        """
        one = steps[worst : worst + 1]
        part = Pool(found.kw[:, worst : worst + 1], found.kvar_per_kw[:, worst : worst + 1], found.group, found.rank,
                    found.at)  # fmt: skip
        moved = kvar[:, worst : worst + 1]
        start = self._measured(self._given(part, np.zeros(part.kw.shape), moved, one), one, frozen=True)
        columns = []
        for group in range(int(found.group.max()) + 1):
            kw = np.where((found.group == group)[:, None], 0.05 * part.kw, 0.0)
            tried = float(kw.sum())
            seen = self._measured(self._given(part, kw, moved, one), one, frozen=True) if tried else start
            gone = (self._missing(start, start) - self._missing(start, seen))[:, 0] / max(tried, 1e-9)
            columns.append(gone)
        return np.stack(columns, axis=1)

    def _given(self, found: Pool, kw: Real, kvar: Real, steps: Ints) -> State:
        return given_way(self._state, self._program.name, found, kw, kvar, steps, self._sheds)

    def _corrected(self, steps: Ints) -> tuple[Real, tuple[Real, Real]]:
        """What the members' loads take less of reactive power to reach the target, and the factors before and after."""
        state = self._state
        mine = np.array([bus in self._buses for bus in state.buses], np.bool_)
        parts = [c for c in state.components.values() if c.carrier in ("load", "added")]
        kw, kvar = (np.zeros((len(mine), len(steps))) for _ in range(2))
        for c in parts:
            for total, power in ((kw, c.kw), (kvar, c.kvar)):
                total[mine] += power.scale[mine, None] * power.shapes[power.row[mine]][:, steps]
        active, reactive = kw.sum(axis=0), kvar.sum(axis=0)
        most = np.abs(active) * math.tan(math.acos(self._program.target_pf))
        less = np.sign(reactive) * np.maximum(np.abs(reactive) - most, 0.0)
        size = np.abs(kvar).sum(axis=0)
        change = -less * np.divide(np.abs(kvar), size, out=np.zeros(kvar.shape), where=size > 0.0)
        return change, (_factor(active, reactive), _factor(active, reactive - less))

    def _measured(self, state: State, steps: Ints, *, frozen: bool = False) -> Seen:
        """What the watched element carries in some steps; `frozen`: with taps and steps as the model has them."""
        feeder, demand = realise(state)
        feeder, _ = head.served(feeder)
        hours, active = steps.tolist(), self._spec["controls"] == "active" and not frozen
        year: Year | BatchYear
        try:
            words = {**self._spec, "controls": "active" if active else "frozen"}
            name, _ = choose(feeder, len(hours), words, operated=demand.operated is not None)
            year = BatchYear(feeder, demand) if name == "batch" else Year(feeder, demand, controls_active=active)
            return self._read(feeder, year, list(year.blocks(hours)))
        except NotConverged:
            year = Year(feeder, demand, controls_active=active)
            return self._read(feeder, year, list(year.blocks(hours)))

    def _read(self, feeder: Feeder, year: Year | BatchYear, blocks: Sequence[Block]) -> Seen:
        calendar, limits = self._context.calendar, self._spec["limits"]
        view = head.view(feeder, year.feeder)
        reduction = Reduction(year.feeder, year.circuit, view, calendar, self._spec, self._context.step_min / 60.0)
        seen = []
        for block in blocks:
            if self._element == HEAD:
                kw = reduction.source_power(block).real.sum(axis=0)
                seen.append(Seen(kw, np.zeros((1, len(kw))), np.full((1, len(kw)), np.inf)))
                continue
            row = reduction.series.index(self._element)
            flows, rated = reduction.meter.flows(block), reduction.ratings
            season = summer(calendar, block.hours, limits).astype(np.int64)
            amps = _conductors(year, row, reduction, block)
            limit = rated.seasons[season, row] * rated.amps_per_unit[row]
            seen.append(Seen(flows.kw[row], amps if amps is not None else flows.amps[row][None, :],
                             np.broadcast_to(limit, (1 if amps is None else len(amps), len(block.hours)))))  # fmt: skip
        kw, amps, limit = (np.concatenate([getattr(s, k) for s in seen], axis=-1) for k in ("kw", "amps", "limit_a"))
        return Seen(kw, amps, limit)

    def _told(
        self, steps: Ints, found: Pool, kw: Real, before: Seen, after: Seen, factors: tuple[Real, Real]
    ) -> dict[str, Any]:
        missing = self._missing(before, after)
        failed = (missing > np.concatenate([CLOSE * after.limit_a, np.full((1, len(steps)), CLOSE * max(
            float(self._program.min_power_kw), 1.0))])).any(axis=0)  # fmt: skip
        worst = int(missing.max(axis=0).argmax()) if failed.any() else int(np.abs(before.kw).argmax())
        reason = ""
        if failed.any():
            lacks = f"{missing[-1, worst]:.4g} kW of relief" if missing[-1, worst] > 0 else (
                f"{after.pct[worst]:.4g} % of the rating are left, above {self._over:g} %")  # fmt: skip
            step_min = self._context.step_min
            unit = "hours" if step_min == 60 else f"steps of {step_min} min"
            reason = (f"the target is missed in {int(failed.sum())} of {len(steps)} {unit}; "
                      f"{named(int(steps[worst]), step_min)}: "
                      f"{lacks}; {kw[:, worst].sum():.4g} of the pool's {found.kw[:, worst].sum():.4g} kW "
                      "are shed")  # fmt: skip
        hours = self._context.step_min / 60.0
        return _row(self._execution, self._element, steps, self._context.step_min) | {
            "hours_reached": float((~failed).sum()) * hours,
            "shed_kwh": float(kw.sum()) * hours,
            "shed_kw": float(kw[:, worst].sum()),
            "pool_kw": float(found.kw[:, worst].sum()),
            "delivered_kw": abs(float(before.kw[worst] - after.kw[worst])),
            "worst_hour": int(steps[worst]) * self._context.step_min // 60,
            "before_kw": float(before.kw[worst]),
            "after_kw": float(after.kw[worst]),
            "before_pct": float(before.pct[worst]),
            "after_pct": float(after.pct[worst]),
            "before_pf": float(factors[0][worst]),
            "after_pf": float(factors[1][worst]),
            "reached": not bool(failed.any()),
            "reason": reason,
        }


def _conductors(year: Year | BatchYear, row: int, reduction: Reduction, block: Block) -> Real | None:
    """Currents of the phases of a series element at its first terminal [A]; None of one that moves."""
    circuit = year.circuit
    element = int(reduction.meter.series[row])
    stop = np.append(circuit.phase_start[1:], len(circuit.phase_rows))[element]
    rows = circuit.phase_rows[circuit.phase_start[element] : stop]
    if (rows >= circuit.admittance.shape[0]).any():
        return None
    if element in block.opened:
        return np.zeros((len(rows), len(block.hours)))
    return np.asarray(np.abs(circuit.admittance[rows] @ block.voltages), np.float64)


def _taken(seen: Seen, which: NDArray[Any]) -> Seen:
    return Seen(seen.kw[which], seen.amps[:, which], seen.limit_a[:, which])


def _factor(kw: Real, kvar: Real) -> Real:
    size = np.hypot(kw, kvar)
    return np.divide(np.abs(kw), size, out=np.ones(len(kw)), where=size > 0.0)


def _row(execution: Execution, element: tuple[str, str], steps: Ints, step_min: int) -> dict[str, Any]:
    program = execution.program
    empty = dict.fromkeys(("shed_kwh", "shed_kw", "pool_kw", "delivered_kw", "before_kw", "after_kw", "before_pct",
                           "after_pct", "before_pf", "after_pf", "hours_reached"), 0.0)  # fmt: skip
    return empty | {
        "layer": program.layer,
        "program": program.name,
        "number": program.number,
        "executed": "by an action" if execution.forced else "by its condition",
        "element": " ".join(w for w in element if w),
        "first_hour": int(execution.steps[0]) * step_min // 60,
        "hours": len(steps) * step_min / 60.0,
        "worst_hour": None,
        "min_power_kw": program.min_power_kw,
        "target_pf": program.target_pf,
        "reached": True,
        "reason": "",
    }
