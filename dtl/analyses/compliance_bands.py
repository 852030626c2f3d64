"""Voltage bands of grid codes, bus by bus, over the hours of a case: extremes, and the share of every week."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.compliance_codes import Clause
from dtl.analyses.compliance_grid import State
from dtl.network.feeder import Bus
from dtl.powerflow.loading import Peak

Real = NDArray[np.float64]
Row = dict[str, Any]

WEEK_H = 168
WEEKS = 52
"""Whole weeks of a year from 1 January; the last day belongs to the last of them."""


class Bands:
    """Takes in solved hours and judges every bus by every band that holds at its nominal voltage.

    ``agreed`` is the factor by which a voltage per nominal becomes one per agreed voltage, of each bus.
    """

    def __init__(
        self, clauses: Sequence[Clause], buses: Sequence[Bus], agreed: Real, drop_pct: float, step_min: int
    ) -> None:
        self._clauses = [c for c in clauses if c.what == "voltage_band"]
        self._buses, self._agreed, self._step_min = buses, agreed, step_min
        self._low, self._high = Peak(len(buses)), Peak(len(buses))
        shape = (len(self._clauses), len(buses))
        self._limits = np.full((2, *shape), np.nan)
        for i, clause in enumerate(self._clauses):
            for j, bus in enumerate(buses):
                if clause.holds(bus.kv_ll) and not any(
                    other.holds(bus.kv_ll) and other.range == clause.range and other.code == clause.code
                    for other in self._clauses[:i]
                ):
                    self._limits[:, i, j] = clause.lowest(bus, drop_pct), clause.high_pu
        self._out = np.zeros((WEEKS, *shape), np.int64)
        self._seen = np.zeros(WEEKS, np.int64)

    def add(self, state: State) -> None:
        """Take in some hours."""
        low, high = state.bus_low * self._agreed[:, None], state.bus_high * self._agreed[:, None]
        self._low.add_lowest(low, state.hours)
        self._high.add(high, state.hours)
        week = np.minimum(state.hours // WEEK_H, WEEKS - 1)
        np.add.at(self._seen, week, 1)
        for i in range(len(self._clauses)):
            out = (low < self._limits[0, i][:, None]) | (high > self._limits[1, i][:, None])
            for w in np.unique(week):
                self._out[w, i] += out[:, week == w].sum(axis=1)

    def rows(self) -> Iterator[Row]:
        """A verdict of every bus by every band; a feeder's row where a code holds at no bus."""
        for i, clause in enumerate(self._clauses):
            for j in np.flatnonzero(np.isfinite(self._limits[1, i])).tolist():
                yield {**about(clause), "kind": "bus", "element": self._buses[j].name, **self._judged(i, j)}

    def _judged(self, i: int, j: int) -> Row:
        clause = self._clauses[i]
        whole = self._seen >= WEEK_H
        if clause.share < 100.0 and whole.any():
            kept = 100.0 * (1.0 - self._out[whole, i, j] / self._seen[whole])
            worst = int(np.flatnonzero(whole)[kept.argmin()])
            value = float(kept.min())
            text = (
                f"worst of {whole.sum()} weeks, from hour {worst * WEEK_H}: share of the {self._step_min}-minute means "
                f"from {self._limits[0, i, j]:g} to {self._limits[1, i, j]:g} pu; the code counts 10-minute means, "
                f"which vary more"
            )
            return verdict("%", value, clause.share, at_least=True) | {"hour": worst * WEEK_H, "text": text}
        low, high = -float(self._low.value[j]), float(self._high.value[j])
        least, most = float(self._limits[0, i, j]), float(self._limits[1, i, j])
        below = least > 0 and low - least < most - high
        value, limit = (low, least) if below else (high, most)
        hour = self._low.hour[j] if below else self._high.hour[j]
        judged = f"{low:.4f} to {high:.4f} pu over the hours, {least:g} to {most:g} allowed"
        short = "; fewer hours than a week, so every interval is judged" if clause.share < 100.0 else ""
        return verdict("pu", value, limit, at_least=below) | {"hour": int(hour), "text": judged + short}


def about(clause: Clause) -> Row:
    """What every verdict of a clause says."""
    return {
        "code": clause.code, "what": clause.what, "range": clause.range, "clause": clause.clause,
        "confirmed_by": clause.confirmed_by, "hour": None, "text": "",
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
