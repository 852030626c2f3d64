"""The search for the largest level that passes: exact on its steps, with few hours solved for most levels.

A level passes when no criterion fails in any judged hour. The search climbs by doubling from the first step until a
level fails, halves the gap between the last that passed and the first that failed, and does so in the few hours that
decide. Then every answer is tried in all other hours; an hour in which it fails joins the deciding ones. What is left
passes in every hour, and the level above fails in the hour that is named. Between two levels tried, failing is taken
to be for good: a criterion that fails and recovers within one doubling would be missed. Where it may recover, as among
random plants on all phases, every level is tried in the deciding hours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.grid import Grid, Worst
from dtl.analyses.hosting.placements import Placements

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

_BEGINNING = 4
"""Hours besides the most extreme ones with which a search begins."""
_JOINING = 12
"""Most hours that join the deciding ones at a time."""
_STRIDE = 5
"""Levels that are tried together where each must be."""
_CHECKED = 60_000
"""Columns that are checked before what they taught is taken in."""


@dataclass(frozen=True)
class Found:
    """What a search found, by criterion and placement, shape (criteria, placements) each.

    ``level`` passes; ``level + 1`` fails at ``row`` in ``hour`` by ``excess``, unless ``level`` is the highest. In
    placements whose criteria fail without any plant, level 0 does not pass either: ``stuck``.
    """

    level: Ints
    hour: Ints
    row: Ints
    criterion: Ints
    excess: Real
    stuck: NDArray[np.bool_]


class _State:
    def __init__(self, criteria: int, most: Ints, counted: NDArray[np.bool_] | None) -> None:
        self._counted = counted
        shape = (1 if counted is not None else criteria, len(most))
        self.criterion = np.broadcast_to(np.arange(shape[0])[:, None], shape).copy()
        self.low = np.zeros(shape, np.int64)
        self.high = np.broadcast_to(most + 1, shape).copy()
        self.hour, self.row = np.full(shape, -1), np.zeros(shape, np.int64)
        self.excess = np.full(shape, -np.inf)
        self.checked = np.full(shape, -1)

    def seen(self, worst: Worst) -> Worst:
        """What was found, by the criteria of the search."""
        return worst if self._counted is None else worst.together(self._counted)

    def fails(self, excess: Real) -> NDArray[np.bool_]:
        """Which criteria of the search fail, by those of the grid."""
        if self._counted is None:
            return excess > 0.0
        return np.asarray((excess[self._counted] > 0.0).any(axis=0, keepdims=True))

    def learn(self, placement: Ints, level: Ints, worst: Worst) -> None:
        """Take in what some pairs gave, which must be sorted by falling level."""
        worst = self.seen(worst)
        for k in range(len(placement)):
            p, n = placement[k], level[k]
            bad = (worst.excess[:, k] > 0.0) & (n < self.high[:, p])
            self.high[bad, p] = n
            self.hour[bad, p], self.row[bad, p] = worst.hour[bad, k], worst.row[bad, k]
            self.criterion[bad, p] = worst.criterion[bad, k]
            self.excess[bad, p] = worst.excess[bad, k]

    def give_up(self, placement: Ints, level: Ints, worst: Worst) -> None:
        """Let every criterion fail where there is no solution: nothing can be judged there."""
        last = len(worst.excess) - 1
        for k in np.flatnonzero(worst.excess[last] > 0.0):
            p, higher = placement[k], self.high[:, placement[k]] > level[k]
            self.high[higher, p], self.hour[higher, p] = level[k], worst.hour[last, k]
            self.row[higher, p], self.criterion[higher, p], self.excess[higher, p] = 0, last, worst.excess[last, k]

    def passed(self, placement: Ints, level: Ints) -> None:
        """Raise the lower ends to the pairs that did not fail."""
        for p, n in zip(placement, level, strict=True):
            good = (n > self.low[:, p]) & (n < self.high[:, p])
            self.low[good, p] = n


def search(grid: Grid, placements: Placements, together: NDArray[np.bool_] | None = None) -> Found:
    """Search all placements, by each criterion alone; or once, by the criteria that ``together`` counts."""
    every = np.arange(len(grid.hours))
    deciding = deciding_hours(grid, _BEGINNING)
    state = _State(len(grid.criteria), placements.most, together)
    zero = state.seen(grid.worst(placements, np.zeros(1, np.int64), np.zeros(1, np.int64), every))
    stuck = np.broadcast_to(zero.excess > 0.0, state.low.shape).copy()
    state.high[stuck] = 0
    for name in ("hour", "row", "excess", "criterion"):
        getattr(state, name)[stuck] = np.broadcast_to(getattr(zero, name), stuck.shape)[stuck]
    fresh = deciding
    while len(fresh):
        if placements.steady:
            _climb(grid, placements, state, fresh)
            _halve(grid, placements, state, deciding)
        else:
            _walk(grid, placements, state, fresh)
        fresh = _check(grid, placements, state, np.setdiff1d(every, deciding))
        deciding = np.union1d(deciding, fresh)
    return Found(np.where(stuck, 0, state.low), state.hour, state.row, state.criterion, state.excess, stuck)


def deciding_hours(grid: Grid, most: int = 16) -> Ints:
    """The hours with which to begin: of least and most load, and where most elements are nearest to a limit."""
    total = -grid.base.back_kw[: len(grid.feeder.sources)].sum(axis=0)
    found = {int(total.argmin()), int(total.argmax())}
    near = [np.zeros(0, np.int64)]
    for rule in grid.rules:
        if len(rule.rows) and not rule.change:
            room = rule.excess(grid.base, grid.base, grid.pre_existing)
            found.add(int(room.max(axis=0).argmax()))
            near.append(room.argmax(axis=1)[np.isfinite(room.max(axis=1))])
    hour, count = np.unique(np.concatenate(near), return_counts=True)
    found |= set(hour[np.argsort(-count, kind="stable")][:most].tolist())
    return np.array(sorted(found), np.int64)


def _climb(grid: Grid, placements: Placements, state: _State, hours: Ints) -> None:
    """Double the level of every placement until all its criteria failed or its highest level passed."""
    state.low[state.low >= state.high] = 0
    open_ = np.flatnonzero((state.high > 1).any(axis=0))
    level = np.ones(len(open_), np.int64)
    while len(open_):
        worst = grid.worst(placements, open_, level, hours)
        state.learn(open_, level, worst)
        state.give_up(open_, level, worst)
        state.passed(open_, level)
        top = np.minimum(state.high[:, open_].max(axis=0) - 1, placements.most[open_])
        more = level < top
        level = np.minimum(2 * level, np.maximum(placements.most[open_], 1))[more]
        open_ = open_[more]


def _walk(grid: Grid, placements: Placements, state: _State, hours: Ints) -> None:
    """Try every level in turn, some at a time, until one fails."""
    first = 1
    while True:
        open_ = np.flatnonzero((state.high > first).any(axis=0) & (placements.most >= first))
        if not len(open_):
            break
        last = np.minimum(first + _STRIDE - 1, placements.most[open_])
        pairs = [
            (n, p) for p, end in zip(open_.tolist(), last.tolist(), strict=True) for n in range(end, first - 1, -1)
        ]
        level, placement = np.array(pairs, np.int64).T
        worst = grid.worst(placements, placement, level, hours)
        state.learn(placement, level, worst)
        state.give_up(placement, level, worst)
        first += _STRIDE
    state.low = np.maximum(state.high - 1, 0)


def _halve(grid: Grid, placements: Placements, state: _State, hours: Ints) -> None:
    while True:
        criterion, placement = np.nonzero(state.high - state.low > 1)
        if not len(placement):
            return
        middle = (state.low[criterion, placement] + state.high[criterion, placement]) // 2
        pairs = _pairs(placement, middle)
        worst = grid.worst(placements, *pairs, hours)
        state.learn(*pairs, worst)
        state.give_up(*pairs, worst)
        state.passed(*pairs)


def _check(grid: Grid, placements: Placements, state: _State, hours: Ints) -> Ints:
    """Try every new answer in further hours; those in which most fail, of which each is the worst of some answer.

    An answer that stands since the check before, when these hours were among those tried, is not tried again.
    """
    before = state.low.copy()
    answers = (state.low > 0) & (state.low < state.high)
    new = answers & (state.low != state.checked)
    if not len(hours) or not new.any():
        return np.zeros(0, np.int64)
    at_once = max(1, _CHECKED // len(hours))
    some = np.flatnonzero(new.any(axis=0))
    for first in range(0, len(some), at_once):
        few = some[first : first + at_once]
        _check_some(grid, placements, state, hours, few, np.where(new, before, 0)[:, few])
    state.checked[new] = before[new]
    broken = answers & (state.high <= before)
    if not broken.any():
        return np.zeros(0, np.int64)
    hour, count = np.unique(state.hour[broken], return_counts=True)
    return np.sort(hour[np.argsort(-count, kind="stable")][:_JOINING])


def _check_some(grid: Grid, placements: Placements, state: _State, hours: Ints, some: Ints, low: Ints) -> None:
    """The check of the answers ``low`` of some placements, shape (criteria, some), from the highest down.

    An hour in which a criterion passes at a higher level is not tried again for it at a lower one.
    """
    levels = [np.unique(low[:, i])[::-1] for i in range(len(some))]
    failed = np.zeros((*low.shape, len(hours)), np.bool_)
    for rank in range(max(len(found) for found in levels)):
        here = [i for i, found in enumerate(levels) if rank < len(found) and found[rank] > 0]
        mask = np.zeros((len(here), len(hours)), np.bool_)
        level = np.array([levels[i][rank] for i in here], np.int64)
        for k, i in enumerate(here):
            mask[k] = True if rank == 0 else failed[low[:, i] == level[k], i].any(axis=0)
        pair, hour = np.nonzero(mask)
        if not len(pair):
            continue
        at = np.array(here)[pair]
        excess, row = grid.judge(placements, some[at], level[pair], hours[hour])
        bad = state.fails(excess)
        failed[:, at, hour] |= bad | (excess[-1] > 0.0)
        starts = np.flatnonzero(np.diff(pair, prepend=-1))
        worst = Worst.of_runs(excess, row, hours[hour], starts)
        placement = some[np.array(here)[pair[starts]]]
        state.learn(placement, level[pair[starts]], worst)
        state.give_up(placement, level[pair[starts]], worst)


def _pairs(placement: Ints, level: Ints) -> tuple[Ints, Ints]:
    """The distinct pairs, by falling level."""
    both = np.unique(np.stack([-level, placement]), axis=1)
    return both[1], -both[0]
