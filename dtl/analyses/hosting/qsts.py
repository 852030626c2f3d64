"""The method ``qsts``: bus by bus through all hours, with some hours of violation allowed.

An hour, or a shorter step of the study for its length, counts when any criterion fails in it. It is taken to fail at
every larger plant, too, so that each step of the search solves only the hours that are still undecided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.answers import ALL, Row, counted
from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.placements import Single
from dtl.analyses.hosting.sites import Of

Ints = NDArray[np.int64]


def qsts(case: Case, words: Mapping[str, Any], of: Of) -> list[Row]:
    """The rows of the method for one kind of plant, one for each site."""
    grid = case.grid(of)
    step, allowed = words["tolerance_kw"], int(words["hours_allowed_h"] * grid.calendar.per_hour)
    count = len(grid.places)
    placements = Single(np.arange(count), count, step, np.full(count, int(case.words["up_to_kw"] // step), np.int64))
    begun = grid.solves
    made = [_site(grid, placements, i, allowed, counted(grid, case.words)) for i in range(count)]
    solves = grid.solves - begun
    return [row | {"solves": solves} for row in made]


def _site(grid: Grid, placements: Single, site: int, allowed: int, which: NDArray[np.bool_]) -> Row:
    fails = _Fails(grid, placements, site, which)
    low, level, most = 0, 1, int(placements.most[site])
    good, bad = np.arange(len(grid.hours)), np.zeros(0, np.int64)
    while True:
        new = fails.among(good, level)
        if len(bad) + len(new) > allowed:
            high = level
            break
        low, bad, good = level, np.union1d(bad, new), np.setdiff1d(good, new)
        if level == most:
            return _row(grid, placements, site, low, bad, None, None)
        level = min(2 * level, most)
    open_ = new
    while high - low > 1:
        middle = (low + high) // 2
        now = fails.among(open_, middle)
        if len(bad) + len(now) > allowed:
            high, open_ = middle, now
        else:
            low, bad, open_ = middle, np.union1d(bad, now), np.setdiff1d(open_, now)
    last = fails.among(open_, high)
    return _row(grid, placements, site, low, bad, last, fails)


class _Fails:
    """Which hours fail at a site; ``criterion`` and ``element`` are of the last that did."""

    def __init__(self, grid: Grid, placements: Single, site: int, which: NDArray[np.bool_]) -> None:
        self._grid, self._placements, self._site, self._which = grid, placements, site, which
        self.criterion, self.element = -1, ""

    def among(self, hours: Ints, level: int) -> Ints:
        """The hours that fail at a level."""
        if not len(hours):
            return hours
        same = np.full(len(hours), self._site), np.full(len(hours), level)
        excess, row = self._grid.judge(self._placements, *same, hours)
        bad = (excess > 0.0) & self._which[:, None]
        if bad.any():
            self.criterion, at = (int(x[0]) for x in np.nonzero(bad))
            self.element = self._grid.name_of(self.criterion, int(row[self.criterion, at]))
        return np.asarray(hours[bad.any(axis=0)])


def _row(
    grid: Grid, placements: Single, site: int, level: int, bad: Ints, last: Ints | None, fails: _Fails | None
) -> Row:  # fmt: skip
    place, kw = grid.places[site], level * placements.step_kw
    criterion = grid.criteria[fails.criterion] if fails is not None else ""
    element = fails.element if fails is not None else ""
    hour = None if fails is None or last is None or not len(last) else grid.hour_of(fails.criterion, int(last[0]))
    bad_h, new_h = (len(x) / grid.calendar.per_hour for x in (bad, () if last is None else last))
    said = f"{kw:g} kW with {bad_h:g} of {grid.judged_h} hours in violation"
    if last is None:
        said = f"at least {said}: the largest plant tried"
    else:
        said += f"; {placements.step_kw:g} kW more adds {new_h:g}, the first by {criterion.replace('_', ' ')}"
    return {
        "mode": "single", "bus": place.bus, "criterion": ALL, "phases": place.label, "kv_ll": place.kv_ll,
        "hc_kw": kw, "hc_kw_mean": kw, "hc_kw_p5": kw, "hc_kw_p50": kw, "hc_kw_p95": kw,
        "step_kw": placements.step_kw if last is not None else 0.0, "at_least": last is None,
        "limiting_factor": criterion, "limiting_element": element,
        "limiting_hour": hour,
        "pre_existing": bool(grid.existing().any()), "mc_iterations": 1, "hours_violated": bad_h,
        "hours": grid.judged_h, "engine": grid.engine, "verdict": said,
    }  # fmt: skip
