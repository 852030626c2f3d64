"""What works cost and spare over years, and which of them to choose under a budget; pure, no power flow.

The choice is a 0/1 knapsack with at most one option per place, solved exactly by HiGHS. It adds the values of works as
each was measured alone: whether the chosen set together does what its sum promises is for a power flow to tell.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

_CLOSE = 1e-9
"""Relative difference up to which two sums are equal."""
_FINE = 1e4
"""Largest coefficient of what is made smallest: HiGHS stops at a gap of 1e-6 in it, whatever is asked."""


class ChoiceError(Exception):
    """No set of works fulfils what is asked; one line of text with the reason."""


@dataclass(frozen=True)
class Work:
    """One option at one place, with its cost and what it removes, both as measured on its own."""

    place: str
    option: str
    cost: float
    value: float


@dataclass(frozen=True)
class Choice:
    """Positions of the chosen works, in their order, with their sums."""

    taken: tuple[int, ...]
    cost: float
    value: float


def recovery(rate: float, years: float) -> float:
    """Capital recovery factor: the yearly payment that repays 1 with interest in so many years."""
    return 1.0 / years if rate == 0 else rate / -math.expm1(-years * math.log1p(rate))


def present(yearly: float, rate: float, years: float) -> float:
    """Value today of the same payment at the end of each year."""
    return yearly / recovery(rate, years)


def choose(works: Sequence[Work], budget: float, must: Collection[str] = (), never: Collection[str] = ()) -> Choice:
    """The works of the highest value within the budget, at most one per place; of equal value the cheapest.

    `must` are places of which one work is taken in any case, `never` are places that are left alone. A work that
    removes nothing is taken only where its place must have one.

    Raises
    ------
    ChoiceError
        A cost or value is no number, a place that must have a work has none, or these alone exceed the budget.
    """
    _check(works, budget, must, never)
    useful = [i for i, w in enumerate(works) if w.place not in never and (w.value > 0 or w.place in must)]
    may = [i for i in useful if _fits(works[i].cost, budget)]
    if dear := sorted(set(must) - {works[i].place for i in may}):
        raise ChoiceError(f"{dear[0]} must have a work, and each costs more than the budget of {budget:.12g}")
    if not may:
        return Choice((), 0.0, 0.0)
    some = [works[i] for i in may]
    cost, value = np.array([w.cost for w in some]), np.array([w.value for w in some])
    rules = _places(some, must)
    best = _within(-value, cost, budget, rules)
    if best is None:
        raise ChoiceError(f"the works that must be taken cost more than the budget of {budget:.12g}")
    gained = math.fsum(value[best])
    if gained > 0:
        size = gained
        cheaper = _within(cost, cost, budget, [*rules, LinearConstraint(value / size, 1.0 - _CLOSE, np.inf)])
        if cheaper is not None and math.fsum(value[cheaper]) >= gained * (1.0 - _CLOSE):
            best = cheaper if math.fsum(cost[cheaper]) < math.fsum(cost[best]) else best
    return _choice(works, [may[i] for i in best])


def greedy(works: Sequence[Work], budget: float) -> Choice:
    """The step of the best value per cost first while it fits: the habit of the trade, shown beside `choose` only.

    A step is a work at a place that has none, or a better one instead of that which was taken there.
    """
    options: dict[str, list[int]] = {}
    for i, work in enumerate(works):
        options.setdefault(work.place, []).append(i)
    at: dict[str, Work] = dict.fromkeys(options, Work("", "", 0.0, 0.0))
    taken: dict[str, int] = {}
    steps: list[tuple[float, float, int, int, Work]] = []
    number = itertools.count()

    def offer(place: str) -> None:
        now = at[place]
        for i in options[place]:
            cost, value = works[i].cost - now.cost, works[i].value - now.value
            if value > 0:
                heapq.heappush(steps, (-value / cost if cost > 0 else -math.inf, cost, i, next(number), now))

    for place in options:
        offer(place)
    spent = 0.0
    while steps:
        _, cost, i, _, since = heapq.heappop(steps)
        place = works[i].place
        if at[place] is since and _fits(spent + cost, budget):
            at[place], taken[place] = works[i], i
            spent += cost
            offer(place)
    return _choice(works, list(taken.values()))


def fronts(points: Real) -> Ints:
    """Number of the front of each point by non-dominated sort, 0 the Pareto front; every column is better when lower.

    A point that another one dominates stands on a later front than that one; equal points share a front.
    """
    no_worse = np.all(points[:, None, :] <= points[None, :, :], axis=2)
    dominates = np.asarray(no_worse & ~no_worse.T, dtype=np.bool_)
    front = np.full(len(points), -1, np.int64)
    number = 0
    while (left := front < 0).any():
        front[left & ~dominates[left].any(axis=0)] = number
        number += 1
    return front


def regret(worth: Real) -> Real:
    """Largest regret of each choice (rows): what the best choice of a future (columns) is worth more than it."""
    return np.asarray((worth.max(axis=0) - worth).max(axis=1), dtype=np.float64)


def _check(works: Sequence[Work], budget: float, must: Collection[str], never: Collection[str]) -> None:
    if not math.isfinite(budget) or budget < 0:
        raise ChoiceError(f"a budget of {budget} is none")
    for work in works:
        if not math.isfinite(work.cost) or work.cost < 0 or not math.isfinite(work.value):
            raise ChoiceError(f"{work.place}: {work.option} has cost {work.cost} and value {work.value}")
    if both := sorted(set(must) & set(never)):
        raise ChoiceError(f"{both[0]} must have a work and is to be left alone")
    if lacking := sorted(set(must) - {w.place for w in works}):
        raise ChoiceError(f"{lacking[0]} must have a work, and there is none for it")


def _places(works: Sequence[Work], must: Collection[str]) -> list[LinearConstraint]:
    names = sorted({w.place for w in works})
    at = np.array([[float(w.place == name) for w in works] for name in names])
    return [LinearConstraint(at, [float(name in must) for name in names], np.ones(len(names)))]


def _within(aim: Real, cost: Real, budget: float, rules: list[LinearConstraint]) -> list[int] | None:
    """Positions that make the aim smallest; a set that only the solver's tolerance lets pass is cut off."""
    size = budget or 1.0
    scale = (float(np.abs(aim).max()) or 1.0) / _FINE
    rules = [*rules, LinearConstraint(cost / size, -np.inf, budget / size)]
    while True:
        found = milp(aim / scale, integrality=np.ones(len(aim)), bounds=Bounds(0, 1), constraints=rules,
                     options={"mip_rel_gap": 0.0})  # fmt: skip
        if found.x is None:
            return None
        taken = np.flatnonzero(found.x > 0.5)
        if _fits(math.fsum(cost[taken]), budget):
            return [int(i) for i in taken]
        cut = np.zeros(len(aim))
        cut[taken] = 1.0
        rules.append(LinearConstraint(cut, -np.inf, len(taken) - 1.0))


def _fits(cost: float, budget: float) -> bool:
    return cost <= budget * (1.0 + _CLOSE)


def _choice(works: Sequence[Work], taken: Sequence[int]) -> Choice:
    order = tuple(sorted(taken))
    return Choice(order, math.fsum(works[i].cost for i in order), math.fsum(works[i].value for i in order))
