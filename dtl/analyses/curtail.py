"""The cheapest curtailment of plants that keeps every limit, hour by hour.

In every hour with a violation that turning plants down can cure, a linear programme (scipy's HiGHS) chooses what is
not taken of each plant: least cost, subject to voltages and loadings linear in it. Their slopes are finite differences
of the power flow in that hour, or in the hour nearest to it by generation where hours times plants are too many. The
answer is solved again and the programme repeated from there, with slopes that tell what it changed, until every limit
holds in the power flow itself and no cheaper answer does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from dtl.analyses.compliance_grid import Grid, State
from dtl.network.feeder import Generator

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

ROUNDS = 12
"""Times that the programme is repeated at most."""
CLOSE = 1e-3
"""Part of its cost by which another round must make an answer cheaper."""
NEAR = 0.05
"""Distance to a limit within which it is part of the programme [pu; of the limit for loadings]."""
SPARE = 2e-6
"""What the programme leaves to a limit, so that the tolerance of the power flow does not break it."""
KEPT = 1e-6
"""How far beyond a limit counts as kept."""
SLOPES = 60_000
"""Hours times plants up to which every hour has slopes of its own, where there are no more hours than:"""
OWN_HOURS = 300
_TOGETHER = 64
"""Hours that are searched together, each with slopes of its own in memory."""
_STEP = 0.05
"""Part of its power by which a plant is turned down for its slope."""


@dataclass(frozen=True)
class Curtailment:
    """What is not taken, shape (plants, hours) [kW], in the hours that had a violation.

    ``before``, ``least`` and ``after`` are the worst excess of each hour without curtailment, with all plants off, and
    with what was chosen [pu, or part of the limit of a loading]; ``why`` names what was worst before, of
    each kind of limit.
    """

    hours: Ints
    available_kw: Real
    kw: Real
    before: Real
    least: Real
    after: Real
    why: list[str]

    @property
    def cured(self) -> NDArray[np.bool_]:
        """Whether every limit that curtailment can keep is kept, by hour."""
        return np.asarray(self.after <= KEPT)


def curtail(grid: Grid, hours: Ints, plants: Sequence[Generator], cost: Real) -> Curtailment:
    """The cheapest curtailment in some hours, each with a violation; ``cost`` is that of a kWh of each plant."""
    rows = grid.rows(plants)
    available = grid.available(hours, rows)
    first = _excess(grid, hours, rows, np.ones_like(available))
    off = _excess(grid, hours, rows, np.zeros_like(available))
    curable = off <= KEPT
    kw, now = np.zeros_like(available), first.copy()
    todo = np.flatnonzero(((first > KEPT) & curable).any(axis=0))
    slopes = _Slopes(grid, hours[todo], rows, available[:, todo]) if len(todo) else None
    for start in range(0, len(todo), _TOGETHER):
        some = todo[start : start + _TOGETHER]
        searches = [_Search(slopes.of(int(hours[j])), first[:, j], available[:, j], cost, curable[:, j])
                    for j in some if slopes is not None]  # fmt: skip
        for _ in range(ROUNDS):
            open_ = [i for i, one in enumerate(searches) if not one.done]
            if not open_:
                break
            asked = np.stack([searches[i].next() for i in open_], axis=1)
            at = some[open_]
            share = 1.0 - np.divide(asked, available[:, at], out=np.zeros_like(asked), where=available[:, at] > 0)
            found = _excess(grid, hours[at], rows, share)
            for k, i in enumerate(open_):
                searches[i].learn(asked[:, k], found[:, k])
        for j, one in zip(some, searches, strict=True):
            kw[:, j], now[:, j] = one.kw, one.excess
    names = _names(grid)
    return Curtailment(
        hours, available, kw, first.max(axis=0), off.max(axis=0), np.where(curable, now, -np.inf).max(axis=0),
        [_why(names, first[:, j]) for j in range(len(hours))],
    )  # fmt: skip


class _Search:
    """The search of one hour: programmes around what was solved last, until the cheapest one keeps its limits.

    Slopes at full power are not those near a limit, so a first answer may take too much as well as too little; after
    every solution they are mended so that they tell what it changed (Broyden's update). ``kw`` and ``excess`` are the
    cheapest answer that keeps every limit, or the last one while none does.
    """

    def __init__(self, slope: Real, excess: Real, available: Real, cost: Real, curable: NDArray[np.bool_]) -> None:
        self._slope, self._available, self._cost, self._curable = slope.copy(), available, cost, curable
        self._at, self._now = np.zeros(len(available)), excess
        self.kw, self.excess, self._best, self.done = self._at, excess, np.inf, False

    def next(self) -> Real:
        """The programme's answer."""
        return _cheapest(self._slope, self._at, self._now, self._available, self._cost, self._curable)

    def learn(self, kw: Real, excess: Real) -> None:
        """Take in what the power flow says of an answer."""
        moved = kw - self._at
        if far := float(moved @ moved):
            self._slope += np.outer(excess - self._now - self._slope @ moved, moved / far)
        self._at, self._now = kw, excess
        spent = float(self._cost @ kw)
        if (excess[self._curable] <= KEPT).all():
            self.done = spent >= (1.0 - CLOSE) * self._best or not far
            if spent < self._best:
                self._best, self.kw, self.excess = spent, kw, excess
            self.done |= float(self._cost @ np.abs(self.next() - kw)) <= CLOSE * spent
        elif self._best == np.inf:
            self.kw, self.excess = kw, excess


def _why(names: Sequence[str], excess: Real) -> str:
    """The worst voltage that is too high, that is too low, and the worst loading, of those that are beyond a limit."""
    worst: dict[str, int] = {}
    for i in np.flatnonzero(excess > KEPT).tolist():
        kind = names[i].split(" at ")[0] if " at " in names[i] else "loading"
        if kind not in worst or excess[i] > excess[worst[kind]]:
            worst[kind] = i
    return "; ".join(names[i] for i in worst.values())


def _excess(grid: Grid, hours: Ints, rows: Ints, share: Real) -> Real:
    """How far every voltage and loading is beyond its limit, shape (limits, hours); negative within."""
    parts = []
    for start in range(0, len(hours), grid.size):
        part = slice(start, start + grid.size)
        state = grid.solve(hours[part], *grid.powers(hours[part], rows, share[:, part]))
        parts.append(_beyond(grid, state))
    return np.concatenate(parts, axis=1)


def _beyond(grid: Grid, state: State) -> Real:
    voltages, over = grid.measured.voltages, grid.measured.over_pct[:, None]
    high, low = voltages.high_pu[:, None], voltages.low_pu[:, None]
    return np.concatenate([state.bus_high - high, low - state.bus_low, (state.load_pct - over) / over])


def _names(grid: Grid) -> list[str]:
    buses = [b.name for b in grid.measured.buses]
    loads = [f"{kind} {name} overloaded" for kind, name in grid.measured.elements]
    return [f"voltage high at {b}" for b in buses] + [f"voltage low at {b}" for b in buses] + loads


class _Slopes:
    """Change of every excess per kW curtailed of each plant, in the hours asked for or in those nearest to them."""

    def __init__(self, grid: Grid, hours: Ints, rows: Ints, available: Real) -> None:
        self._grid, self._rows = grid, rows
        total = available.sum(axis=0)
        order = np.argsort(total, kind="stable")
        count = max(1, min(len(hours), OWN_HOURS, SLOPES // max(1, len(rows))))
        chosen = order[np.unique(np.linspace(0, len(hours) - 1, count).round().astype(np.int64))]
        levels = total[chosen]
        at = np.abs(levels[None, :] - total[:, None]).argmin(axis=1)
        exact = {int(hours[c]): i for i, c in enumerate(chosen)}
        self._of = {int(h): exact.get(int(h), int(at[k])) for k, h in enumerate(hours)}
        self._hours = hours[chosen]
        self._known: dict[int, Real] = {}

    def of(self, hour: int) -> Real:
        """Shape (limits, plants)."""
        at = self._of[hour]
        if at not in self._known:
            if len(self._known) > 64:
                self._known.clear()
            self._known[at] = self._made(int(self._hours[at]))
        return self._known[at]

    def _made(self, hour: int) -> Real:
        grid, n = self._grid, len(self._rows)
        hours = np.full(n + 1, hour)
        share = np.ones((n, n + 1))
        share[np.arange(n), np.arange(n)] -= _STEP
        kw = _STEP * grid.available(hours[:1], self._rows)[:, 0]
        found = _excess(grid, hours, self._rows, share)
        change = found[:, :n] - found[:, n:]
        return np.asarray(np.divide(change, kw, out=np.zeros_like(change), where=kw > 0))


def _cheapest(slope: Real, kw: Real, excess: Real, available: Real, cost: Real, curable: NDArray[np.bool_]) -> Real:
    """One programme; what was chosen before where it has no solution."""
    near = np.flatnonzero(curable & (excess > -NEAR))
    n = len(kw)
    beyond = excess[near] + SPARE - slope[near] @ kw
    penalty = 1e4 * float(cost.max()) * max(1.0, float(available.sum()))
    a = np.hstack([slope[near], -np.ones((len(near), 1))])
    bounds: list[tuple[float, Any]] = [(0.0, float(p)) for p in available] + [(0.0, None)]
    found = linprog(np.append(cost, penalty), A_ub=a, b_ub=-beyond, bounds=bounds, method="highs")
    return np.asarray(found.x[:n]) if found.status == 0 else kw
