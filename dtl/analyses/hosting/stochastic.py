"""The method ``stochastic``: random deployments of plants, each grown until a criterion fails.

A deployment gives every customer a plant of random size in a random order. Level after level more are connected, so
each level holds the one before (EPRI 1026640's scheme). The capacity of a deployment is the total of the last level
that passes in all judged hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.answers import ALL, Row, counted
from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.placements import Nested, deployments
from dtl.analyses.hosting.search import Found, search
from dtl.analyses.hosting.sites import Of

Real = NDArray[np.float64]

LEVELS = 20
CLOSE = 0.05
"""Half width of the 95 % confidence interval of the median, part of it, up to which a study has converged."""


def stochastic(case: Case, words: Mapping[str, Any], of: Of) -> list[Row]:
    """The rows of the method for one kind of plant: the feeder, and every bus with a customer."""
    if not case.customers:
        return [nobody()]
    grid, count = case.customer_grid(of), words["placements"]
    seed = [case.study, grid.feeder.id, words["seed"]]
    placements = deployments(len(case.customers), count, words["kw_each"], seed)
    begun = grid.solves
    found = search(grid, placements, counted(grid, case.words))
    same = {"mode": "distributed", "criterion": ALL, "solves": grid.solves - begun, "engine": grid.engine}
    feeder = _feeder(grid, placements, found)
    return [feeder | same, *(row | same for row in _buses(grid, placements, found))]


def nobody() -> Row:
    """The row of a feeder without a customer."""
    return {
        "mode": "distributed", "bus": "", "criterion": ALL, "phases": "", "at_least": False, "limiting_factor": "",
        "limiting_element": "", "pre_existing": False, "mc_iterations": 0, "hours": 0, "solves": 0, "engine": "",
        "verdict": "no answer: the feeder has no load, so that there is no customer to have a plant",
    }  # fmt: skip


def _spread(values: Real) -> Row:
    p5, p50, p95 = np.percentile(values, [5.0, 50.0, 95.0])
    return {
        "hc_kw": float(values.mean()),
        "hc_kw_mean": float(values.mean()),
        "hc_kw_p5": float(p5),
        "hc_kw_p50": float(p50),
        "hc_kw_p95": float(p95),
        "mc_iterations": len(values),
        "standard_error_kw": float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else None,
    }


def _feeder(grid: Grid, placements: Nested, found: Found) -> Row:
    every = np.arange(len(placements.most))
    level = found.level[0]
    kw = placements.total_kw(every, level)
    full = (level >= placements.most) & ~found.stuck[0]
    levels = np.linspace(0.0, max(float(kw.max()) * 1.05, 1.0), LEVELS + 1)[1:]
    share = ((kw[None, :] < levels[:, None]) & ~full[None, :]).mean(axis=1)
    half = median_half_width(kw)
    median = float(np.median(kw))
    converged = bool(half <= CLOSE * median) if median > 0 else bool(half == 0)
    factor, element, hour = _limiting(grid, found, ~full)
    said = f"median {median:.0f} kW of {len(kw)} random deployments, 95 % confidence +- {half:.0f} kW"
    said += "" if converged else ": not converged, more placements are needed"
    if full.any():
        said += f"; in {int(full.sum())} deployments nothing fails with a plant at every customer"
    return _spread(kw) | {
        "bus": "", "phases": "", "at_least": bool(full.all()), "limiting_factor": factor, "limiting_element": element,
        "limiting_hour": hour, "pre_existing": bool(grid.existing().any()), "converged": converged,
        "levels_kw": levels.tolist(), "violation_share": share.tolist(), "hours": grid.judged_h, "verdict": said,
    }  # fmt: skip


def _limiting(grid: Grid, found: Found, failed: NDArray[np.bool_]) -> tuple[str, str, int | None]:
    """The criterion, the element and the hour that stop most deployments."""
    if not failed.any():
        return "", "", None
    which = np.flatnonzero(failed)
    criterion = Counter(found.criterion[0, which].tolist()).most_common(1)[0][0]
    of = [i for i in which if found.criterion[0, i] == criterion]
    (row, hour), _ = Counter((int(found.row[0, i]), int(found.hour[0, i])) for i in of).most_common(1)[0]
    return grid.criteria[criterion], grid.name_of(criterion, row), grid.hour_of(criterion, hour)


def median_half_width(values: Real) -> float:
    """Half of the distribution-free 95 % confidence interval of the median, from order statistics."""
    n = len(values)
    spread = 0.98 * n**0.5
    low, high = max(0, int(np.floor(n / 2 - spread))), min(n - 1, int(np.ceil(n / 2 + spread)))
    ordered = np.sort(values)
    return float(ordered[high] - ordered[low]) / 2.0


def _buses(grid: Grid, placements: Nested, found: Found) -> list[Row]:
    """What stands at each bus when the deployments are at their capacity."""
    level = found.level[0]
    kw = np.where(placements.rank <= level, placements.size_kw, 0.0)
    failed = (level < placements.most) | found.stuck[0]
    factor, element, hour = _limiting(grid, found, failed)
    by_bus: dict[str, list[int]] = {}
    for i, place in enumerate(grid.places):
        by_bus.setdefault(place.bus, []).append(i)
    made = []
    for bus, at in by_bus.items():
        spread = _spread(kw[at].sum(axis=0))
        labels = sorted({c for i in at for c in grid.places[i].label})
        made.append(
            spread | {
                "bus": bus, "phases": "".join(labels), "kv_ll": grid.places[at[0]].kv_ll, "at_least": not failed.any(),
                "limiting_factor": factor, "limiting_element": element, "limiting_hour": hour,
                "pre_existing": bool(grid.existing().any()), "hours": grid.judged_h,
                "verdict": f"mean {spread['hc_kw_mean']:.1f} kW stand here when the feeder is at its capacity",
            }
        )  # fmt: skip
    return made
