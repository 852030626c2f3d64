"""How far plants reach in all hours from two answers in one: the quadratics that the method ``drive`` asks.

With the state of an hour without plants, two solved plants give the curve of every element there. In another hour the
curve begins where the element is without plants, with the same bend and a slope in proportion (`kernels.across`). So a
plant near its answer, solved in the hour that decides, tells of all hours which is the next to ask, until none is told
to stop it earlier; what counts is the least answer of an hour in which it was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.placements import Single
from dtl.analyses.hosting.rule import Rule
from dtl.powerflow.opendss import MAX_ITERATIONS

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SMALLEST = 1e-5
"""The smallest plant that is asked, part of the largest."""
SETTLED = 0.02
"""Part by which two answers may differ of which the last one counts."""
_NEAR = 0.05
"""Part by which an answer may differ from the plant that was asked, to count."""
_ASKED = 8
"""How often a plant is asked at most."""


@dataclass
class Reach:
    """Reach of some criteria [kW] with their rows and hours, shape (criteria, plants).

    ``own`` and ``mine`` are reach and row in the hour in which each was asked. ``lost`` marks plants that have no
    solution, whose reach is the largest that has one.
    """

    kw: Real
    row: Ints
    hour: Ints
    own: Real
    mine: Ints
    lost: Flags


@dataclass
class Settled:
    """The first of some criteria at which plants stop: their power [kW], its number, row and hour, shape (plants,).

    ``lost`` marks plants that stop where there is no solution.
    """

    kw: Real
    rule: Ints
    row: Ints
    hour: Ints
    lost: Flags

    def take(self, some: Ints, which: Flags, values: tuple[Real, Ints, Ints, Ints]) -> None:
        """Take in power, criterion, row and hour of those among some plants that are marked."""
        for mine, told in zip((self.kw, self.rule, self.row, self.hour), values, strict=True):
            mine[some[which]] = told[which]


class Across:
    """Some criteria of a grid in some of its hours."""

    def __init__(self, grid: Grid, rules: Sequence[Rule], hours: Ints, pre_existing: str) -> None:
        self._grid, self._rules, self._hours, self._pre_existing = grid, list(rules), hours, pre_existing
        self._light = np.asarray(grid.sun[hours], np.float64)
        self._there = [r.without(grid.base, hours) for r in self._rules]

    def asked(self, site: Ints, hour: Ints, kw: Real, iterations: int = MAX_ITERATIONS) -> Reach:
        """The reach of each criterion in all hours, by two plants in one hour each, of which one is ``kw``."""
        grid, count, shape = self._grid, len(self._grid.places), (len(self._rules), len(site))
        plants = Single(np.arange(count), count, 1.0, np.ones(count, np.int64))
        lost = np.zeros(len(site), np.bool_)
        none = np.zeros(shape, np.int64)
        found = Reach(np.full(shape, np.inf), none, none.copy(), np.full(shape, np.inf), none.copy(), lost)
        halves = grid.values(plants, site, 0.5 * kw, hour, iterations)  # type: ignore[arg-type]
        wholes = grid.values(plants, site, kw, hour, iterations)  # type: ignore[arg-type]
        for (at, near, solid), (_, far, good) in zip(halves, wholes, strict=True):
            sun = np.asarray(grid.sun[hour[at]], np.float64)
            for i, rule in enumerate(self._rules):
                if len(rule.rows):
                    first = np.ascontiguousarray(rule.without(grid.base, hour[at]).T)
                    there = (self._there[i], self._light)
                    share, row, when, own, mine = rule.across((near, far), first, sun, there, self._pre_existing)
                    found.own[i, at], found.mine[i, at] = own * kw[at], mine
                    found.kw[i, at], found.row[i, at], found.hour[i, at] = share * kw[at], row, self._hours[when]
            dark = at[~(good & solid)]
            found.lost[dark] = True
            found.own[:, dark] = found.kw[:, dark] = np.where(solid, 0.5, 0.25)[~(good & solid)] * kw[dark]
            found.hour[:, dark] = hour[dark]
        return found

    def settled(self, site: Ints, hour: Ints, kw: Real, most: Real) -> Settled:
        """What stops some plants, each asked near its answer in the hour that decides until two answers agree.

        ``hour`` and ``kw`` are where to begin, ``most`` [kW] the largest plant of each that is asked.
        """
        count = len(site)
        none = np.zeros(count, np.int64)
        found = Settled(np.full(count, np.inf), none.copy(), none.copy(), hour.copy(), np.zeros(count, np.bool_))
        if not self._rules:
            return found
        every, now, at = np.arange(count), np.clip(kw, SMALLEST * most, most), hour.copy()
        visited, light, dark = np.full((count, _ASKED), -1), np.zeros(count), np.full(count, np.inf)
        for n in range(_ASKED):
            last, each, asked = self.asked(site[every], at[every], now[every]), np.arange(len(every)), now[every]
            light[every] = np.where(last.lost, light[every], np.maximum(light[every], asked))
            dark[every] = np.where(last.lost, np.minimum(dark[every], asked), dark[every])
            told, own = last.kw.argmin(axis=0), last.own.argmin(axis=0)
            least, mine, when = last.kw[told, each], last.own[own, each], last.hour[told, each]
            inside = np.clip(mine, SMALLEST * most[every], most[every])
            near = ~last.lost & (np.abs(inside - asked) <= _NEAR * asked)
            found.take(every, near & (mine < found.kw[every]), (mine, own, last.mine[own, each], at[every]))
            visited[every, n] = at[every]
            again = (visited[every] == when[:, None]).any(axis=1)
            done = near & (again | (least >= (1.0 - SETTLED) * found.kw[every]))
            if n == _ASKED - 1:
                never = ~done & np.isinf(found.kw[every])
                found.take(every, never, (mine, own, last.mine[own, each], at[every]))
            stays = again | (mine * (1.0 - SETTLED) <= least)
            then = np.where(stays, inside, np.clip(least, SMALLEST * most[every], most[every]))
            between = np.sqrt(np.maximum(light[every], SMALLEST * most[every]) * dark[every])
            now[every] = np.where((then < dark[every]) | (light[every] >= dark[every]), then, between)
            at[every] = np.where(stays, at[every], when)
            every = every[~done]
            if not len(every):
                break
        found.lost = found.kw >= dark
        found.kw = np.where(found.lost, np.where(light < dark, light, 0.5 * dark), found.kw)
        return found
