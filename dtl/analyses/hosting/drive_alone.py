"""What the method ``drive`` says of each criterion alone: the plant at which it would fail if the others did not count.

In the extreme hours every criterion has its reach from two plants, between the answer to all of them and the largest
that has a solution; near its own answer, in the hours that are nearest to deciding it, it is asked until two answers
agree. No criterion reaches farther than the power flow has a solution in the most extreme hour. The criterion that
decides a site has the answer of the site, which was tried in many more hours, and no other that counts has less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.placements import Single
from dtl.analyses.hosting.rule import Rule
from dtl.powerflow.grounding import HIGHEST_PU, LOWEST_PU

Real = NDArray[np.float64]
Ints = NDArray[np.int64]


_KEPT, _ASKED = 3, 4
"""Hours in which a criterion is asked near its answer, and how often at most."""
_BRACKETED, _GROWTH = 8, 10.0
"""Times that the largest plant with a solution is asked for, and how much larger it may be than the one before."""
_SETTLED = 0.02
"""Part by which two answers may differ of which the last one counts."""
_SMALLEST = 1e-5
"""The smallest plant that is asked, part of the largest."""


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


def reaches(grid: Grid, rules: Sequence[Rule], site: Ints, hour: Ints, kw: Real, pre_existing: str) -> Reach:
    """The reach of some criteria of the power flow, by two plants of which one is ``kw``."""
    count = len(grid.places)
    plants = Single(np.arange(count), count, 1.0, np.ones(count, np.int64))
    found = Reach(np.full((len(rules), len(site)), np.inf), np.zeros((len(rules), len(site)), np.int64),
                  np.zeros(len(site), np.bool_))  # fmt: skip
    halves = grid.values(plants, site, 0.5 * kw, hour)  # type: ignore[arg-type]
    wholes = grid.values(plants, site, kw, hour)  # type: ignore[arg-type]
    for (at, near, solid), (_, far, good) in zip(halves, wholes, strict=True):
        for i, rule in enumerate(rules):
            if len(rule.rows):
                share, row = rule.reach((near, far), grid.base, hour[at], pre_existing)
                found.kw[i, at], found.row[i, at] = share * kw[at], row
        lost = at[~(good & solid)]
        found.lost[lost] = True
        found.kw[:, lost] = np.where(solid, 0.5, 0.25)[~(good & solid)] * kw[lost]
    return found


def solvable(grid: Grid, hour: int, least: Real, top: float) -> Real:
    """The largest plant of each site that has a solution in an hour [kW], up to the largest that is tried.

    The voltage that leaves the band of solutions is a criterion as any other, asked until two answers agree; where
    they do not, the answer is halved, in its logarithm, between a plant that has a solution and one that has none.
    """
    every = np.arange(len(grid.base.pu))
    high_pu, low_pu = np.full(len(every), HIGHEST_PU), np.full(len(every), -LOWEST_PU)
    band = [Rule("", lambda x: x.pu, every, (), high_pu), Rule("", lambda x: x.pu, every, (), low_pu, sign=-1.0)]
    low, high, asked = np.minimum(least, top), np.full(len(least), np.inf), np.minimum(least, top)
    site = np.arange(len(least))
    for _ in range(_BRACKETED):
        found = reaches(grid, band, site, np.full(len(site), hour), asked[site], "counts")
        now, then = asked[site], np.minimum(found.kw.min(axis=0), top)
        beyond = found.lost | (then < now)
        high[site[beyond]] = now[beyond]
        low[site[~beyond]] = now[~beyond]
        settled = ~found.lost & (np.abs(then - now) <= _SETTLED * now)
        low[site[settled]] = then[settled]
        then = np.minimum(then, _GROWTH * now)
        between = (then > low[site]) & (then < high[site])
        asked[site] = np.where(between, then, np.sqrt(low[site] * np.minimum(high[site], top)))
        site = site[~settled]
        if not len(site):
            break
    return low


@dataclass
class Alone:
    """Capacity of every site by every criterion alone [kW], its row and hour, shape (criteria, sites)."""

    kw: Real
    row: Ints
    hour: Ints
    lost: NDArray[np.bool_]


def _near(
    grid: Grid, rule: Rule, hours: Ints, asked: Ints, by_hour: Real, most: Real, pre_existing: str
) -> tuple[Real, Ints, Ints, NDArray[np.bool_]]:
    """A criterion asked at some sites near its reach by hour, in the hours of least: its reach, row, hour and loss."""
    count, every = len(asked), np.arange(len(asked))
    guess, row, hour = by_hour.min(axis=1), np.zeros(count, np.int64), hours[by_hour.argmin(axis=1)]
    lost = np.zeros(count, np.bool_)
    nearest = np.argsort(by_hour, axis=1, kind="stable")[:, :_KEPT]
    for _ in range(_ASKED):
        kept, now = nearest.shape[1], np.clip(guess[every], _SMALLEST * most[every], most[every])
        at = hours[nearest].ravel()
        last = reaches(grid, [rule], np.repeat(asked[every], kept), at, np.repeat(now, kept), pre_existing)
        best = last.kw[0].reshape(-1, kept).argmin(axis=1) + np.arange(len(every)) * kept
        guess[every], row[every], hour[every], lost[every] = (
            last.kw[0, best],
            last.row[0, best],
            at[best],
            last.lost[best],
        )
        moved = np.abs(np.minimum(guess[every], most[every]) - now) > _SETTLED * now
        every, nearest = every[moved], nearest[moved]
        if not len(every):
            break
    return guess, row, hour, lost


def alone(grid: Grid, hours: Ints, decided: tuple[Real, Ints, Ints, Ints], top: float, pre_existing: str) -> Alone:
    """The criteria one by one, asked in some hours; ``decided`` is the answer to all: kW, criterion, row and hour."""
    kw_of_all, criterion, row_of_all, hour_of_all = decided
    count, shape = len(grid.places), (len(grid.criteria) - 1, len(grid.places))
    every = np.arange(count)
    made = Alone(np.full(shape, top), np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.bool_))
    least = np.clip(kw_of_all, _SMALLEST * top, top)
    most = solvable(grid, int(hours[0]), least, top)
    site, hour = (x.ravel() for x in np.meshgrid(every, hours, indexing="ij"))
    first = reaches(grid, grid.rules, site, hour, np.sqrt(least * most)[site], pre_existing)
    for i, rule in enumerate(grid.rules):
        by_hour = first.kw[i].reshape(count, len(hours))
        asked = np.flatnonzero(criterion != i)
        if len(asked):  # the criterion that decides has the answer of the site
            found = _near(grid, rule, hours, asked, by_hour[asked], most[asked], pre_existing)
            made.kw[i, asked], made.row[i, asked], made.hour[i, asked], made.lost[i, asked] = found
    for i, linear in enumerate(grid.linear, len(grid.rules)):
        if len(linear.limit):
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = np.where(linear.weight > 0, np.maximum(linear.limit, 0.0)[:, None] / linear.weight, np.inf)
            made.row[i] = reach.argmin(axis=0)
            made.kw[i] = reach[made.row[i], every]
    beyond = (made.kw > most) & (most < top)
    made.lost[: len(grid.rules)] |= beyond[: len(grid.rules)]
    made.kw[: len(grid.rules)] = np.minimum(made.kw, most)[: len(grid.rules)]
    dead = (kw_of_all == 0.0) & (criterion == shape[0])
    made.kw[:, dead], made.lost[:, dead], made.hour[:, dead] = 0.0, True, hour_of_all[dead]
    made.kw = np.minimum(np.maximum(made.kw, np.minimum(kw_of_all, top)), top)
    own = criterion < shape[0]
    for values, told in ((made.kw, kw_of_all), (made.row, row_of_all), (made.hour, hour_of_all)):
        values[criterion[own], every[own]] = told[own]
    made.lost[criterion[own], every[own]] = False
    return made
