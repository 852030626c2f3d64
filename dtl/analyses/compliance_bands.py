"""Voltage bands of grid codes, bus by bus, over the steps of a case: extremes, and the share of every week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.compliance_codes import Clause
from dtl.analyses.compliance_grid import State
from dtl.analyses.hours import stamp
from dtl.network.feeder import Bus
from dtl.powerflow.hour_means import HourMeans
from dtl.powerflow.loading import Peak

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Row = dict[str, Any]

WEEK_H = 168
WEEKS = 52
"""Whole weeks of a year from 1 January; the last day belongs to the last of them."""


class Bands:
    """Takes in solved steps and judges every bus by every band that holds at its nominal voltage.

    A code that names an interval is judged by the means of it, phase by phase (root of the mean square, as IEC
    61000-4-30 joins intervals), where steps are shorter; else by the means that the steps are.

    Parameters
    ----------
    agreed
        Factor by which a voltage per nominal becomes one per agreed voltage, of each bus.
    start
        Where the phases of each bus begin among the judged voltages of a state.
    step_min
        Length of a step [min]; 0 for the states of a snapshot, which have no length.
    """

    def __init__(
        self, clauses: Sequence[Clause], buses: Sequence[Bus], agreed: Real, drop_pct: float, step_min: int, start: Ints
    ) -> None:
        self._clauses = [c for c in clauses if c.what == "voltage_band"]
        self._buses, self._start = buses, start
        self._agreed = agreed
        limits = _limits(self._clauses, buses, drop_pct)
        lengths = [max(c.mean_min, step_min) if step_min else 0 for c in self._clauses]
        self._share = {
            length: _Share(limits[:, [i for i, own in enumerate(lengths) if own == length]], length)
            for length in sorted(set(lengths))
        }
        self._at = [(self._share[n], lengths[:i].count(n)) for i, n in enumerate(lengths)]
        self._joined = {n: HourMeans(n // step_min) for n in self._share if step_min and n > step_min}

    def add(self, state: State) -> None:
        """Take in some steps."""
        for length, share in self._share.items():
            if length not in self._joined:
                share.add(state.hours, state.bus_low * self._agreed[:, None], state.bus_high * self._agreed[:, None])
                continue
            steps, square = self._joined[length].add(state.hours, state.pu**2)
            if len(steps):
                low, high = (f.reduceat(np.sqrt(square), self._start, axis=0) for f in (np.minimum, np.maximum))
                share.add(steps, low * self._agreed[:, None], high * self._agreed[:, None])

    def rows(self) -> Iterator[Row]:
        """A verdict of every bus by every band."""
        for clause, (share, i) in zip(self._clauses, self._at, strict=True):
            for j in np.flatnonzero(np.isfinite(share.limits[1, i])).tolist():
                judged = share.judged(clause, i, j)
                if judged is None:
                    why = f"no whole interval of {share.length} minutes was solved"
                    yield unjudged(clause, "bus", self._buses[j].name, why, "pu")
                else:
                    yield {**about(clause), "kind": "bus", "element": self._buses[j].name, **judged}


class _Share:
    """Intervals of one length: the extremes of each bus, and how many of each week leave each band.

    ``limits`` has the shape (2, bands, buses) [pu], nan where a band does not hold.
    """

    def __init__(self, limits: Real, length: int) -> None:
        self.limits, self.length = limits, length
        buses = limits.shape[2]
        self._low, self._high = Peak(buses), Peak(buses)
        self._out = np.zeros((WEEKS, *limits.shape[1:]), np.int64)
        self._seen = np.zeros(WEEKS, np.int64)
        self._week = WEEK_H * 60 // (length or 60)
        self.word = f"{length}-minute means" if length not in (0, 60) else "hours" if length else "states"

    def add(self, intervals: Ints, low: Real, high: Real) -> None:
        """Take in lowest and highest voltages of buses, shape (buses, intervals)."""
        self._low.add_lowest(low, intervals)
        self._high.add(high, intervals)
        week = np.minimum(intervals // self._week, WEEKS - 1)
        np.add.at(self._seen, week, 1)
        for i in range(self.limits.shape[1]):
            out = (low < self.limits[0, i][:, None]) | (high > self.limits[1, i][:, None])
            for w in np.unique(week):
                self._out[w, i] += out[:, week == w].sum(axis=1)

    def judged(self, clause: Clause, i: int, j: int) -> Row | None:
        """What a bus is judged by a band; None where no interval was taken in."""
        if not self._seen.any():
            return None
        whole = self._seen >= self._week
        least, most = float(self.limits[0, i, j]), float(self.limits[1, i, j])
        if clause.share < 100.0 and self.length and whole.any():
            kept = 100.0 * (1.0 - self._out[whole, i, j] / self._seen[whole])
            worst = int(np.flatnonzero(whole)[kept.argmin()])
            value = float(kept.min())
            text = (
                f"worst of {whole.sum()} weeks, from {stamp(worst * WEEK_H)}: share of the "
                f"{self.word if self.length != 60 else 'hourly means'} from {least:g} to {most:g} pu"
            )
            if clause.mean_min and self.length > clause.mean_min:
                text += f"; the code counts {clause.mean_min}-minute means, which vary more"
            return verdict("%", value, clause.share, at_least=True) | self._begins(worst * self._week) | {"text": text}
        low, high = -float(self._low.value[j]), float(self._high.value[j])
        below = least > 0 and low - least < most - high
        value, limit = (low, least) if below else (high, most)
        at = self._low.hour[j] if below else self._high.hour[j]
        judged = f"{low:.4f} to {high:.4f} pu over the {self.word}, {least:g} to {most:g} allowed"
        why = f"fewer {self.word} than a week has" if self.length else "states have no week"
        short = f"; {why}, so every one is judged" if clause.share < 100.0 else ""
        return verdict("pu", value, limit, at_least=below) | self._begins(int(at)) | {"text": judged + short}

    def _begins(self, interval: int) -> Row:
        return moment(interval, self.length or 60)


def _limits(clauses: Sequence[Clause], buses: Sequence[Bus], drop_pct: float) -> Real:
    """Lowest and highest voltage of each clause at each bus [pu]; nan where it does not hold, the first one counts."""
    limits = np.full((2, len(clauses), len(buses)), np.nan)
    for i, clause in enumerate(clauses):
        for j, bus in enumerate(buses):
            if clause.holds(bus.kv_ll) and not any(
                other.holds(bus.kv_ll) and other.range == clause.range and other.code == clause.code
                for other in clauses[:i]
            ):
                limits[:, i, j] = clause.lowest(bus, drop_pct), clause.high_pu
    return limits


def moment(step: int, step_min: int) -> Row:
    """Hour of the year in which a step begins, and the minute of it where steps are shorter than an hour."""
    hour, minute = divmod(step * step_min, 60)
    return {"hour": hour, "minute": None if step_min == 60 else minute}


def about(clause: Clause) -> Row:
    """What every verdict of a clause says."""
    return {
        "code": clause.code, "what": clause.what, "range": clause.range, "clause": clause.clause,
        "confirmed_by": clause.confirmed_by, "hour": None, "minute": None, "text": "",
    }  # fmt: skip


def verdict(unit: str, value: float, limit: float, *, at_least: bool = False) -> Row:
    """Value, limit, margin and verdict; what equals the limit keeps it."""
    margin = value - limit if at_least else limit - value
    return {
        "unit": unit, "value": value, "limit": limit, "margin": margin,
        "verdict": "complies" if margin >= -1e-9 else "violates",
    }  # fmt: skip


def unjudged(clause: Clause, kind: str, element: str, why: str, unit: str = "") -> Row:
    """A verdict that says why there is none."""
    missing = {"unit": unit, "value": None, "limit": clause.at_most or None, "margin": None, "verdict": "not_assessed"}
    return {**about(clause), **missing, "kind": kind, "element": element, "text": why}
