"""What the method ``drive`` says of each criterion alone: the plant at which it would fail if the others did not count.

In the extreme hours every criterion has its reach from two plants at the answer to all of them; near its own answer, in
the hours that are nearest to deciding it, it is asked twice more. No criterion reaches farther than the power flow has
a solution, which is halved down in the most extreme hour. The criterion that decides a site has the answer of the site,
which was tried in many more hours, and no other that counts has less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.placements import Single
from dtl.powerflow.grounding import HIGHEST_PU, LOWEST_PU

Real = NDArray[np.float64]
Ints = NDArray[np.int64]


_KEPT, _ROUNDS = 3, 2
"""Hours in which a criterion is asked near its answer, and how often."""
_HALVINGS = 8
"""Times that the span between a plant that has a solution and one that has none is halved, in its logarithm."""


@dataclass
class Reach:
    """Reach of some criteria [kW] with their rows, shape (criteria, pairs), of pairs of site and hour.

    ``lost`` marks pairs that have no solution, whose reach is the largest plant that has one.
    """

    kw: Real
    row: Ints
    lost: NDArray[np.bool_]


def inside(pu: Real) -> NDArray[np.bool_]:
    """Which columns of voltages lie within the band of what counts as a solution."""
    return np.asarray((pu.min(axis=0, initial=1.0) >= LOWEST_PU) & (pu.max(axis=0, initial=1.0) <= HIGHEST_PU))


def reaches(grid: Grid, which: Ints, site: Ints, hour: Ints, kw: Real, pre_existing: str) -> Reach:
    """The reach of some criteria of the power flow (their numbers), by two plants of which one is ``kw``."""
    count = len(grid.places)
    plants = Single(np.arange(count), count, 1.0, np.ones(count, np.int64))
    found = Reach(np.full((len(which), len(site)), np.inf), np.zeros((len(which), len(site)), np.int64),
                  np.zeros(len(site), np.bool_))  # fmt: skip
    halves = grid.values(plants, site, 0.5 * kw, hour)  # type: ignore[arg-type]
    wholes = grid.values(plants, site, kw, hour)  # type: ignore[arg-type]
    for (at, near, solid), (_, far, good) in zip(halves, wholes, strict=True):
        for i, number in enumerate(which.tolist()):
            if len(grid.rules[number].rows):
                share, row = grid.rules[number].reach((near, far), grid.base, hour[at], pre_existing)
                found.kw[i, at], found.row[i, at] = share * kw[at], row
        lost = at[~(good & solid)]
        found.lost[lost] = True
        found.kw[:, lost] = np.where(solid, 0.5, 0.25)[~(good & solid)] * kw[lost]
    return found


def solvable(grid: Grid, hour: int, least: Real, top: float) -> Real:
    """The largest plant of each site that has a solution in an hour [kW], between one that has one and the largest."""
    count = len(grid.places)
    plants = Single(np.arange(count), count, 1.0, np.ones(count, np.int64))
    low, high, asked = least.copy(), np.full(count, top), np.full(count, top)
    for _ in range(_HALVINGS + 1):
        site = np.flatnonzero(low < high)
        if not len(site):
            break
        good = np.zeros(count, np.bool_)
        for at, now, solid in grid.values(plants, site, asked[site], np.full(len(site), hour)):
            good[site[at]] = solid & inside(now.pu)
        low[site] = np.where(good, asked, low)[site]
        high[site] = np.where(good, high, asked)[site]
        asked = np.sqrt(low * high)
    return low


@dataclass
class Alone:
    """Capacity of every site by every criterion alone [kW], its row and hour, shape (criteria, sites)."""

    kw: Real
    row: Ints
    hour: Ints
    lost: NDArray[np.bool_]


def alone(grid: Grid, hours: Ints, decided: tuple[Real, Ints, Ints, Ints], top: float, pre_existing: str) -> Alone:
    """The criteria one by one, asked in some hours; ``decided`` is the answer to all: kW, criterion, row and hour."""
    kw_of_all, criterion, row_of_all, hour_of_all = decided
    count, rules = len(grid.places), np.arange(len(grid.rules))
    every, shape = np.arange(count), (len(grid.criteria) - 1, count)
    made = Alone(np.full(shape, top), np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.bool_))
    site, hour = (x.ravel() for x in np.meshgrid(every, hours, indexing="ij"))
    least = np.clip(kw_of_all, 1e-5 * top, top)
    first = reaches(grid, rules, site, hour, least[site], pre_existing)
    most = solvable(grid, int(hours[0]), least, top)
    for i in rules.tolist():
        asked = np.flatnonzero(criterion != i)  # the criterion that decides has the answer of the site
        if not len(asked):
            continue
        by_hour = first.kw[i].reshape(count, len(hours))[asked]
        nearest = np.argsort(by_hour, axis=1, kind="stable")[:, :_KEPT]
        kept = nearest.shape[1]
        site, hour, guess = np.repeat(asked, kept), hours[nearest].ravel(), by_hour.min(axis=1)
        for _ in range(_ROUNDS):
            kw = np.repeat(np.clip(guess, 1e-5 * top, most[asked]), kept)
            last = reaches(grid, np.array([i]), site, hour, kw, pre_existing)
            best = last.kw[0].reshape(nearest.shape).argmin(axis=1) + np.arange(len(asked)) * kept
            guess = last.kw[0, best]
        made.kw[i, asked], made.row[i, asked] = guess, last.row[0, best]
        made.hour[i, asked], made.lost[i, asked] = hour[best], last.lost[best]
    for i, linear in enumerate(grid.linear, len(rules)):
        if len(linear.limit):
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = np.where(linear.weight > 0, np.maximum(linear.limit, 0.0)[:, None] / linear.weight, np.inf)
            made.row[i] = reach.argmin(axis=0)
            made.kw[i] = reach[made.row[i], every]
    beyond = (made.kw > most) & (most < top)
    made.lost[: len(rules)] |= beyond[: len(rules)]
    made.kw[: len(rules)] = np.minimum(made.kw, most)[: len(rules)]
    dead = (kw_of_all == 0.0) & (criterion == shape[0])
    made.kw[:, dead], made.lost[:, dead], made.hour[:, dead] = 0.0, True, hour_of_all[dead]
    made.kw = np.minimum(np.maximum(made.kw, np.minimum(kw_of_all, top)), top)
    own = criterion < shape[0]
    for values, told in ((made.kw, kw_of_all), (made.row, row_of_all), (made.hour, hour_of_all)):
        values[criterion[own], every[own]] = told[own]
    made.lost[criterion[own], every[own]] = False
    return made
