"""The method ``drive``: capacities of all sites from the response to two plants, without a search.

A streamlined method in the manner of EPRI's DRIVE; it is ours, and compatible with no product. In a few extreme hours
each site is solved with two plants, and once in all hours at the answer. The squares of voltages and of currents are
nearly quadratic in the power of a plant (currents and voltages are nearly linear in it), so with the state without
plants two answers give the whole curve of every element, and each limit its power. The two plants are placed anew at
half of and at the answer once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.answers import ALL, Row, counted
from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.placements import Single
from dtl.analyses.hosting.search import deciding_hours
from dtl.analyses.hosting.sites import Of

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

PART = 0.02
"""The first of the two plants, part of the largest that is tried."""
ROUNDS = 3
_JOINING = 24
SAFE = 0.98
"""What an answer is multiplied by, for the hours that were not solved."""


def drive(case: Case, words: Mapping[str, Any], of: Of) -> list[Row]:
    """The rows of the method for one kind of plant, one for each site."""
    del words
    grid = case.grid(of)
    top = float(case.words["up_to_kw"])
    begun = grid.solves
    count = len(grid.places)
    judged = Judged(counted(grid, case.words), str(case.words["pre_existing"]))
    answer, factor, row, hour = estimate(grid, np.full(count, PART * top), top, judged)
    made = []
    for i, place in enumerate(grid.places):
        open_ = bool(answer[i] >= top)
        kw = top if open_ else float(SAFE * answer[i])
        name, element = grid.criteria[factor[i]], grid.name_of(int(factor[i]), int(row[i]))
        word = f"{name.replace('_', ' ')} at {element} in hour {grid.hours[hour[i]]}"
        made.append(
            {
                "mode": "single", "bus": place.bus, "criterion": ALL, "phases": place.label, "kv_ll": place.kv_ll,
                "hc_kw": kw, "hc_kw_mean": kw, "hc_kw_p5": kw, "hc_kw_p50": kw, "hc_kw_p95": kw, "at_least": open_,
                "limiting_factor": "" if open_ else name, "limiting_element": "" if open_ else element,
                "limiting_hour": None if open_ else int(grid.hours[hour[i]]),
                "pre_existing": bool(grid.existing().any()), "mc_iterations": 1, "hours": len(grid.hours),
                "engine": grid.engine,
                "verdict": f"at least {kw:g} kW" if open_ else f"about {kw:.0f} kW, limited by {word}; an estimate",
            }
        )  # fmt: skip
    return [r | {"solves": grid.solves - begun} for r in made]


class Judged(NamedTuple):
    """Which criteria count, and what a violation means that is there without the plant."""

    counts: NDArray[np.bool_]
    pre_existing: str


def estimate(grid: Grid, first_kw: Real, top: float, judged: Judged) -> tuple[Real, Ints, Ints, Ints]:
    """Capacity [kW] of each site with its criterion, row and hour, from two plants around a first guess.

    Answers are tried once in all hours; those in which most fail join the extreme ones, and the estimate is repeated.
    """
    guess, hours = first_kw, deciding_hours(grid)
    for last in (False, True):
        for _ in range(ROUNDS):
            answer, *where = _once(grid, guess, top, judged, hours)
            guess = np.clip(answer, 1e-3 * top, top)
        if not last:
            hours = np.union1d(hours, _missed(grid, SAFE * answer, judged))
    return answer, *where  # type: ignore[return-value]


def _missed(grid: Grid, kw: Real, judged: Judged) -> Ints:
    """The hours in which most estimates fail."""
    count = len(kw)
    plants = Single(np.arange(count), count, 1.0, np.full(count, 1, np.int64))
    worst = grid.worst(plants, np.arange(count), kw, np.arange(len(grid.hours)))  # type: ignore[arg-type]
    failing = worst.hour[(worst.excess > 0.0) & judged.counts[:, None]]
    hour, times = np.unique(failing, return_counts=True)
    return np.asarray(hour[np.argsort(-times, kind="stable")][:_JOINING])


def _once(grid: Grid, guess: Real, top: float, judged: Judged, hours: Ints) -> tuple[Real, Ints, Ints, Ints]:
    count = len(guess)
    best = np.full(count, top)
    where = np.zeros((3, count), np.int64)
    plants = Single(np.arange(count), count, 1.0, np.full(count, 1, np.int64))
    every = np.arange(count)
    for hour in hours.tolist():
        near = grid.values(plants, every, 0.5 * guess, int(hour))  # type: ignore[arg-type]
        far = grid.values(plants, every, guess, int(hour))  # type: ignore[arg-type]
        base = grid.base.of(np.array([hour]))
        for i, rule in enumerate(grid.rules):
            if not len(rule.rows) or not judged.counts[i]:
                continue
            reach = _reach(rule, base, near, far, guess, judged.pre_existing)
            row = reach.argmin(axis=0)
            kw = reach[row, every]
            better = kw < best
            best = np.where(better, kw, best)
            where[:, better] = np.stack([np.full(count, i), row, np.full(count, hour)])[:, better]
    for i, linear in enumerate(grid.linear, len(grid.rules)):
        if not judged.counts[i]:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(linear.weight > 0, linear.limit[:, None] / linear.weight, np.inf)
        row = reach.argmin(axis=0)
        better = reach[row, every] < best
        best = np.where(better, reach[row, every], best)
        where[:, better] = np.stack([np.full(count, i), row, np.zeros(count, np.int64)])[:, better]
    return np.maximum(best, 0.0), where[0], where[1], where[2]


def _reach(rule: Any, base: Any, near: Any, far: Any, kw: Real, pre_existing: str) -> Real:
    """Power at which each row meets its limit [kW], shape (rows, sites): the first root of its quadratic."""
    power = rule.power
    v0, v1, v2 = (np.broadcast_to(rule.value(x)[rule.rows], (len(rule.rows), len(kw))) for x in (base, near, far))
    if rule.change:
        limits = [v0 + rule.limit[:, None], v0 - rule.limit[:, None]]
        reach = np.minimum(_root(v0, v1, v2, limits[0], kw, power, 1.0), _root(v0, v1, v2, limits[1], kw, power, -1.0))
        return np.asarray(reach)
    limit = rule.sign * np.broadcast_to(rule.limit[:, None], v0.shape)
    over = rule.sign * v0 > rule.limit[:, None]
    if pre_existing == "only_if_worse":
        limit = np.where(over, v0 + rule.sign * rule.worse, limit)
    reach = _root(v0, v1, v2, limit, kw, power, rule.sign)
    return np.where(over, np.inf if pre_existing == "ignored" else reach if pre_existing != "counts" else 0.0, reach)


def _root(v0: Real, v1: Real, v2: Real, limit: Real, kw: Real, power: float, sign: float) -> Real:
    s0, s1, s2, top = (sign * np.sign(x) * np.abs(x) ** power for x in (v0, v1, v2, limit))
    a = 2.0 * (s2 - 2.0 * s1 + s0)
    b = 4.0 * s1 - 3.0 * s0 - s2
    c = s0 - top
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(b * b - 4.0 * a * c)
        q = -0.5 * (b + np.where(b >= 0, root, -root))
        both = np.stack([q / a, c / q])
    both = np.where(np.isfinite(both) & (both > 0), both, np.inf)
    return np.asarray(both.min(axis=0) * kw)
