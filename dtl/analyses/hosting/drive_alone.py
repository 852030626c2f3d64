"""What the method ``drive`` says of each criterion alone: the plant at which it would fail if the others did not count.

Every criterion has its reach from two plants between the answer to all of them and the largest that has a solution, and
is then asked near its own answer, in the hour that decides, until two answers agree. No criterion reaches farther than
the power flow has a solution in the most extreme hour. The criterion that decides a site has the answer of the site,
which was tried, and no other that counts has less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.drive_reach import SETTLED, SMALLEST, Across
from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.rule import Rule
from dtl.powerflow.grounding import HIGHEST_PU, LOWEST_PU

Real = NDArray[np.float64]
Ints = NDArray[np.int64]


_BRACKETED, _GROWTH = 8, 10.0
"""Times that the largest plant with a solution is asked for, and how much larger it may be than the one before."""
_HASTY = 25
"""Iterations of the power flow after which such a plant has no solution: what needs more is near to having none."""
_FARTHEST = 3.0
"""How far beyond the largest plant with a solution a first answer may lie that is asked again."""


def inside(pu: Real) -> NDArray[np.bool_]:
    """Which columns of voltages lie within the band of what counts as a solution."""
    return np.asarray((pu.min(axis=0, initial=1.0) >= LOWEST_PU) & (pu.max(axis=0, initial=1.0) <= HIGHEST_PU))


def solvable(grid: Grid, hour: int, least: Real, top: float) -> Real:
    """The largest plant of each site that has a solution in an hour [kW], up to the largest that is tried.

    The voltage that leaves the band of solutions is a criterion as any other, asked until two answers agree; where
    they do not, the answer is halved, in its logarithm, between a plant that has a solution and one that has none.
    """
    every = np.arange(len(grid.base.pu))
    high_pu, low_pu = np.full(len(every), HIGHEST_PU), np.full(len(every), -LOWEST_PU)
    band = [Rule("", lambda x: x.pu, every, (), high_pu), Rule("", lambda x: x.pu, every, (), low_pu, sign=-1.0)]
    across = Across(grid, band, np.array([hour]), "counts")
    low, high, asked = np.minimum(least, top), np.full(len(least), np.inf), np.minimum(least, top)
    site = np.arange(len(least))
    for _ in range(_BRACKETED):
        found = across.asked(site, np.full(len(site), hour), asked[site], _HASTY)
        now, then = asked[site], np.minimum(found.kw.min(axis=0), top)
        beyond = found.lost | (then < now)
        high[site[beyond]] = now[beyond]
        low[site[~beyond]] = now[~beyond]
        settled = ~found.lost & (np.abs(then - now) <= SETTLED * now)
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


def alone(grid: Grid, hours: Ints, decided: tuple[Real, Ints, Ints, Ints], top: float, pre_existing: str) -> Alone:
    """The criteria one by one, asked in some hours; ``decided`` is the answer to all: kW, criterion, row and hour."""
    kw_of_all, criterion, row_of_all, hour_of_all = decided
    count, shape = len(grid.places), (len(grid.criteria) - 1, len(grid.places))
    every = np.arange(count)
    made = Alone(np.full(shape, top), np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.bool_))
    least = np.clip(kw_of_all, SMALLEST * top, top)
    most = solvable(grid, int(hours[0]), least, top)
    across = Across(grid, grid.rules, hours, pre_existing)
    kw, hour = _begun(across, int(hours[0]), least, most)
    for i, rule in enumerate(grid.rules):
        asked = np.flatnonzero((criterion != i) & (kw[i] < _FARTHEST * most))
        if len(asked):  # the criterion that decides has the answer of the site
            one = Across(grid, [rule], hours, pre_existing)
            last = one.settled(asked, hour[i, asked], kw[i, asked], most[asked])
            made.kw[i, asked], made.row[i, asked], made.hour[i, asked], made.lost[i, asked] = (
                last.kw, last.row, last.hour, last.lost,
            )  # fmt: skip
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


def _begun(across: Across, hour: int, least: Real, most: Real) -> tuple[Real, Ints]:
    """First answers of each criterion [kW] and their hours, shape (criteria, sites), by a plant between two others.

    Where it tells of none in reach, the largest plant is asked: what a plant relieves before its power flows back, as a
    transformer at the head, is told to bear any by a plant that is still small.
    """
    first = across.asked(np.arange(len(most)), np.full(len(most), hour), np.sqrt(least * most))
    kw, at = first.kw.copy(), first.hour.copy()
    site = np.flatnonzero((kw >= _FARTHEST * most).any(axis=0))
    large = across.asked(site, np.full(len(site), hour), most[site])
    beyond = kw[:, site] >= _FARTHEST * most[site]
    kw[:, site] = np.where(beyond, large.kw, kw[:, site])
    at[:, site] = np.where(beyond, large.hour, at[:, site])
    return kw, at
