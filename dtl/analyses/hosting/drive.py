"""The method ``drive``: capacities of all sites from the response to two plants, without a search.

A streamlined method in the manner of EPRI's DRIVE; it is ours, and compatible with no product. The squares of voltages
and of currents are nearly quadratic in the power of a plant (currents and voltages are nearly linear in it), so with
the state without plants two answers give the whole curve of every element, and each limit its power, in the hour that
was solved and, from where the element stands without plants, in all others (`dtl.analyses.hosting.drive_reach`).

Then some sites, drawn from all kinds of answers, are tried in every judged hour. The hours in which they fail are tried
at all sites, and what fails there is asked again. A second draw repeats that. The table says how many sites were tried
in how many hours; what was not tried is an estimate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.answers import ALL, Row, counted, place_and_hour
from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.drive_alone import Alone, alone, inside
from dtl.analyses.hosting.drive_reach import Across
from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.placements import Single
from dtl.analyses.hosting.search import deciding_hours
from dtl.analyses.hosting.sites import Of

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

PART = 0.002
"""The first plant, part of the largest that is tried."""
SAFE = 0.98
"""What an answer is multiplied by, for what quadratics and untried hours leave."""
CHECKS = 2
_BEGINNING = 2
"""Hours, besides the most extreme ones, in which every site is asked with the first plant."""
_COMPARED = 4_000_000_000
"""Triples of site, element and hour that are compared with a limit; what is above it leaves out hours."""
_FEWEST = 24
"""Hours that are never left out."""
_TRIED, _TRIED_VALUES, _TRIED_SITES, _TRIED_HOURS = 12 * 576, 6_000_000, 4, 576
"""What a check tries: so many pairs of site and hour, fewer where a pair has so many voltages that all have more than
the second number, but so many sites; and at most so many hours."""
_JOINING = 3
"""Most hours that a check adds."""


class Judged(NamedTuple):
    """Which criteria count, what a violation means that is there without the plant, and the seed of the check."""

    counts: NDArray[np.bool_]
    pre_existing: str
    seed: int = 0


@dataclass
class Estimate:
    """Capacity of each site [kW], its criterion, row and hour, shape (sites,) each; and what was tried of them.

    ``tried`` says which answers were tried in ``tried_hours`` of the judged hours and passed.
    """

    kw: Real
    criterion: Ints
    row: Ints
    hour: Ints
    tried: NDArray[np.bool_]
    tried_hours: int = 0

    def lower(self, site: Ints, kw: Real, where: tuple[Ints, Ints, Ints]) -> None:
        """Take in answers that are lower than those known, of pairs of site and hour."""
        order = np.argsort(-kw, kind="stable")
        order = order[kw[order] < self.kw[site[order]]]
        self.kw[site[order]] = kw[order]
        for mine, found in zip((self.criterion, self.row, self.hour), where, strict=True):
            mine[site[order]] = found[order]


def drive(case: Case, words: Mapping[str, Any], of: Of) -> list[Row]:
    """The rows of the method for one kind of plant: of each site the answer to all criteria, then to each alone."""
    del words
    grid = case.grid(of)
    top = float(case.words["up_to_kw"])
    begun = grid.solves
    judged = Judged(counted(grid, case.words), str(case.words["pre_existing"]))
    found = estimate(grid, top, judged)
    decided = (found.kw, found.criterion, found.row, found.hour)
    single = alone(grid, asked_hours(grid), decided, top, judged.pre_existing)
    made = [
        row
        for i in range(len(grid.places))
        for row in (_row(grid, found, i, top), *(_alone(grid, found, single, c, i, top) for c in range(len(single.kw))))
    ]
    return [r | {"solves": grid.solves - begun} for r in made]


def _alone(grid: Grid, found: Estimate, single: Alone, criterion: int, i: int, top: float) -> Row:
    """The row of one criterion of a site."""
    stuck = criterion < len(grid.rules) and bool(single.lost[criterion, i])
    failing = len(grid.criteria) - 1 if stuck else criterion
    own = Estimate(
        single.kw[criterion], np.full(len(grid.places), failing), single.row[criterion], single.hour[criterion],
        found.tried, found.tried_hours,
    )  # fmt: skip
    return _row(grid, own, i, top) | {"criterion": grid.criteria[criterion]}


def _row(grid: Grid, found: Estimate, i: int, top: float) -> Row:
    place, criterion = grid.places[i], int(found.criterion[i])
    open_ = bool(found.kw[i] >= top)
    kw = top if open_ else float(SAFE * found.kw[i])
    name, element = grid.criteria[criterion], "" if open_ else grid.name_of(criterion, int(found.row[i]))
    hour = None if open_ else grid.hour_of(criterion, int(found.hour[i]))
    word = name.replace("_", " ") + place_and_hour(element, hour)
    said = f"at least {kw:g} kW" if open_ else f"about {kw:.0f} kW, limited by {word}"
    whole = "this bus among them" if found.tried[i] else "not this one"
    said += f"; an estimate: {int(found.tried.sum())} of {len(found.kw)} buses were tried in {found.tried_hours} "
    said += "hours" if grid.calendar.per_hour == 1 else "steps"
    return {
        "mode": "single", "bus": place.bus, "criterion": ALL, "phases": place.label, "kv_ll": place.kv_ll,
        "hc_kw": kw, "hc_kw_mean": kw, "hc_kw_p5": kw, "hc_kw_p50": kw, "hc_kw_p95": kw, "at_least": open_,
        "limiting_factor": "" if open_ else name, "limiting_element": "" if open_ else element, "limiting_hour": hour,
        "pre_existing": bool(grid.existing().any()), "mc_iterations": 1, "hours": grid.judged_h,
        "hours_checked": found.tried_hours // grid.calendar.per_hour if found.tried[i] else 0, "engine": grid.engine,
        "verdict": f"{said}, {whole}",
    }  # fmt: skip


def estimate(grid: Grid, top: float, judged: Judged) -> Estimate:
    """The capacity of each site of a grid, up to a largest plant [kW]."""
    count, hours = len(grid.places), asked_hours(grid)
    every, none = np.arange(count), np.zeros(count, np.int64)
    found = Estimate(np.full(count, top), none.copy(), none.copy(), none.copy(), np.zeros(count, np.bool_))
    _reached(grid, found, every, hours, None, judged, top)
    _screened(grid, found, judged)
    if len(outside := np.flatnonzero(~inside(grid.base.pu))):  # without any plant, so that no plant passes
        found.lower(every, np.zeros(count), (none + len(grid.criteria) - 1, none, none + outside[0]))
        return found
    for number in range(CHECKS):
        _check(grid, found, top, judged, number)
    return found


def asked_hours(grid: Grid) -> Ints:
    """The hours in which every site is asked, that of least room for most plants first."""
    first, rows = _first(grid), sum(len(r.rows) for r in grid.rules)
    most = max(_FEWEST, _COMPARED // max(1, rows * len(grid.places)))
    found = np.arange(len(grid.hours)) if len(grid.hours) <= most else deciding_hours(grid, most)
    return np.array(list(dict.fromkeys([*first, *found[grid.sun[found] > 0.0].tolist()])), np.int64)


def _first(grid: Grid) -> list[int]:
    """The hours of most power back to the head for plants, in the sun for those that follow it, of most load else."""
    total = -grid.base.back_kw[: len(grid.feeder.sources)].sum(axis=0)
    if grid.of == "pv" and (grid.sun > 0.0).any():
        sizes = (4.0 * np.abs(total).max(), np.abs(total).mean())
        return [int(np.where(grid.sun > 0.0, total - size * grid.sun, np.inf).argmin()) for size in sizes]
    return [int((-total if grid.of == "load" else total).argmin())]


def _reached(
    grid: Grid, found: Estimate, site: Ints, hours: Ints, begun: tuple[Ints, Real] | None, judged: Judged, top: float
) -> None:
    """Take in what stops some sites in some hours, asked from an hour and a power [kW] of each on, or a small plant."""
    which = np.flatnonzero(judged.counts[: len(grid.rules)])
    if not len(which):
        return
    across = Across(grid, [grid.rules[i] for i in which.tolist()], hours, judged.pre_existing)
    last = across.settled(site, *(begun or _begun(grid, across, site, top)), np.full(len(site), top))
    criterion = np.where(last.lost, len(grid.criteria) - 1, which[last.rule])
    found.lower(site, last.kw, (criterion, np.where(last.lost, 0, last.row), last.hour))


def _begun(grid: Grid, across: Across, site: Ints, top: float) -> tuple[Ints, Real]:
    """For each site the hour, of those that decide most, in which a small plant tells of the least one that stops."""
    hours = dict.fromkeys([*_first(grid), *deciding_hours(grid, _BEGINNING).tolist()])
    asked = [h for h in hours if grid.sun[h] > 0.0] or [next(iter(hours))]
    small = np.full(len(site), PART * top)
    own = np.stack([across.asked(site, np.full(len(site), h), small).own.min(axis=0) for h in asked])
    least = own.min(axis=0)
    return np.array(asked, np.int64)[own.argmin(axis=0)], np.where(np.isfinite(least), least, small)


def _screened(grid: Grid, found: Estimate, judged: Judged) -> None:
    """Take in the criteria that need no power flow."""
    every = np.arange(len(grid.places))
    for i, linear in enumerate(grid.linear, len(grid.rules)):
        if judged.counts[i] and len(linear.limit):
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = np.where(linear.weight > 0, np.maximum(linear.limit, 0.0)[:, None] / linear.weight, np.inf)
            row = reach.argmin(axis=0)
            found.lower(every, reach[row, every], (np.full(len(every), i), row, np.zeros_like(row)))


def _check(grid: Grid, found: Estimate, top: float, judged: Judged, number: int) -> None:
    """Try some sites in all hours, then all sites in the hours in which those fail; ask again what fails."""
    rng = np.random.default_rng([judged.seed, number])
    hours = np.arange(len(grid.hours))
    if len(hours) > _TRIED_HOURS:
        hours = np.sort(rng.choice(len(hours), _TRIED_HOURS, replace=False))
    pairs = max(_TRIED_SITES * len(hours), min(_TRIED, _TRIED_VALUES // len(grid.base.pu)))
    some = _drawn(found, pairs // len(hours), rng)
    if not len(some):
        return
    site, hour = (x.ravel() for x in np.meshgrid(some, hours, indexing="ij"))
    over = _excess(grid, found, site, hour, judged).reshape(len(some), -1)
    failing = over > 0.0
    found.tried[some], found.tried_hours = ~failing.any(axis=1), len(hours)
    times = failing.sum(axis=0)
    joined = hours[np.argsort(-times, kind="stable")[: min(_JOINING, int((times > 0).sum()))]]
    every = np.setdiff1d(np.arange(len(found.kw)), some)
    site, hour = (x.ravel() for x in np.meshgrid(every, joined, indexing="ij"))
    others = _excess(grid, found, site, hour, judged).reshape(len(every), len(joined))
    for sites, excess, at in ((some, over, hours), (every, others, joined)):
        mine = np.flatnonzero(excess.max(axis=1, initial=0.0) > 0.0)
        if len(mine):
            before, worst = found.kw.copy(), at[excess[mine].argmax(axis=1)]
            wider = np.union1d(asked_hours(grid), worst)
            _reached(grid, found, sites[mine], wider, (worst, found.kw[sites[mine]]), judged, top)
            found.tried &= found.kw == before


def _drawn(found: Estimate, most: int, rng: np.random.Generator) -> Ints:
    """Sites whose answer was not tried yet: one of each of equal parts of all, in the order of criterion and answer."""
    left = np.flatnonzero(~found.tried)
    left = left[np.lexsort((found.kw[left], found.criterion[left]))]
    parts = np.array_split(left, min(len(left), most)) if len(left) else []
    return np.array(sorted(int(rng.choice(p)) for p in parts), np.int64)


def _excess(grid: Grid, found: Estimate, site: Ints, hour: Ints, judged: Judged) -> Real:
    """The largest excess of pairs of site and hour at the answer that is printed."""
    count = len(grid.places)
    plants = Single(np.arange(count), count, 1.0, np.ones(count, np.int64))
    excess, _ = grid.judge(plants, site, SAFE * found.kw[site], hour)  # type: ignore[arg-type]
    flows = [i for i in range(len(excess)) if judged.counts[i] and not grid.screened(i)]
    return np.asarray(excess[flows].max(axis=0, initial=-np.inf))
