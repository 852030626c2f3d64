"""The rows of the table ``hosting``, made from what a search found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.criteria import NO_SOLUTION
from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.judged import FLEXIBILITY
from dtl.analyses.hosting.placements import Placements
from dtl.analyses.hosting.search import Found

Row = dict[str, Any]

ALL = "all"
"""The criterion of the row that counts all criteria."""
UNITS = {"overvoltage": "pu", "undervoltage": "pu", "voltage_deviation": "pu", "regulator_deviation": "pu",
         "thermal": "%", "unbalance": "%"}  # fmt: skip


def counted(grid: Grid, words: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Which criteria the row ``all`` counts."""
    left_out = FLEXIBILITY if words["operational_flexibility"] == "both" else ""
    return np.array([c != left_out for c in grid.criteria], np.bool_)


def rows(
    grid: Grid, placements: Placements, found: Found, placement: int, words: Mapping[str, Any], about: Row
) -> list[Row]:
    """A row for each criterion of one placement, and first the one that counts all of them."""
    existing = grid.existing()
    lowest = int(np.where(counted(grid, words), found.level[:, placement], np.iinfo(np.int64).max).min())
    first = [c for c in np.flatnonzero(counted(grid, words)).tolist() if found.level[c, placement] == lowest]
    failing = [c for c in first if not _open(placements, found, c, placement)]
    made = [_row(grid, placements, found, (failing or first)[0], placement, existing, about) | {"criterion": ALL}]
    for i, criterion in enumerate(grid.criteria[:-1]):
        made.append(_row(grid, placements, found, i, placement, existing, about) | {"criterion": criterion})
    made[0]["pre_existing"] = bool(existing.any())
    return made


def _open(placements: Placements, found: Found, criterion: int, placement: int) -> bool:
    """Whether nothing failed up to the highest level."""
    stuck = found.stuck[criterion, placement]
    return bool(found.level[criterion, placement] >= placements.most[placement] and not stuck)


def _row(
    grid: Grid, placements: Placements, found: Found, i: int, p: int, existing: NDArray[np.bool_], about: Row
) -> Row:
    level = np.array([found.level[i, p]])
    at = np.array([p])
    kw = float(placements.total_kw(at, level)[0])
    at_least = _open(placements, found, i, p)
    step = 0.0 if at_least else float(placements.total_kw(at, np.minimum(level + 1, placements.most[p]))[0]) - kw
    row: Row = about | {
        "hc_kw": kw,
        "hc_kw_mean": kw,
        "hc_kw_p5": kw,
        "hc_kw_p50": kw,
        "hc_kw_p95": kw,
        "step_kw": step,
        "at_least": at_least,
        "limiting_factor": "",
        "limiting_element": "",
        "pre_existing": bool(existing[i]),
        "mc_iterations": 1,
        "hours": grid.judged_h,
        "engine": grid.engine,
    }
    if at_least:
        return row | {"verdict": f"at least {kw:g} kW: nothing fails up to the largest plant tried"}
    criterion = int(found.criterion[i, p])
    hour = grid.hour_of(criterion, int(found.hour[i, p]))
    name = grid.criteria[criterion]
    limit = grid.limit_of(criterion, int(found.row[i, p]))
    value = None if limit is None else limit + _sign(grid, criterion) * float(found.excess[i, p])
    element = grid.name_of(criterion, int(found.row[i, p]))
    row |= {
        "limiting_factor": name,
        "limiting_element": element,
        "limiting_hour": hour,
        "limiting_value": value,
        "limiting_limit": limit,
    }
    return row | {"verdict": verdict(kw, step, name, element, hour, bool(found.stuck[i, p]), bool(existing[i]))}


def _sign(grid: Grid, criterion: int) -> float:
    return grid.rules[criterion].sign if criterion < len(grid.rules) else 1.0


def place_and_hour(element: str, hour: int | None) -> str:
    """Where and when a criterion fails, in words; screens have no hour."""
    return (f" at {element}" if element else "") + (f" in hour {hour}" if hour is not None else "")


def verdict(
    kw: float, step: float, criterion: str, element: str, hour: int | None, stuck: bool, existing: bool
) -> str:  # fmt: skip
    """The answer in words."""
    word = criterion.replace("_", " ")
    where = place_and_hour(element, hour)
    if stuck:
        return f"0 kW: {word}{where} fails without any plant, and the study counts that"
    if criterion == NO_SOLUTION:
        return f"{kw:g} kW; one step of {step:g} kW more has no solution within 0.8 to 1.2 pu in hour {hour}"
    before = ", where it fails without the plant, too, and gets worse" if existing and kw == 0 else ""
    return f"{kw:g} kW; {step:g} kW more fails by {word}{where}{before}"
