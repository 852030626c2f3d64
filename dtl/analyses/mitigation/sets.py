"""Sets of measures that are solved together: the value of a set is what the power flow says, never a sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from dtl.analyses.mitigation.measure import Measure, together
from dtl.analyses.mitigation.money import ChoiceError, Work, choose, fronts

Set = tuple[int, ...]
"""Positions of measures, ascending."""
Value = Callable[[Set], float | None]
"""What a set removes; None where it cannot be done or has no solution."""

FEW = 5
"""Measures up to which every set is solved."""
TRIALS = 120
"""Sets of one group that are solved at most, in the hours of the sample."""
_BUDGETS = 6


class Tried:
    """Sets that were solved, each once, and how many more may be."""

    def __init__(self, measures: Sequence[Measure], costs: Sequence[float], value: Value, most: int = TRIALS) -> None:
        self.measures, self.costs = measures, costs
        self._value, self._most = value, most
        self.values: dict[Set, float] = {(): 0.0}
        self.failed: set[Set] = set()

    @property
    def full(self) -> bool:
        """Whether no more sets may be solved."""
        return len(self.values) + len(self.failed) > self._most

    def of(self, some: Set) -> float | None:
        """The value of a set; None where it excludes itself, fails, or too many were solved."""
        some = tuple(sorted(some))
        if some in self.values:
            return self.values[some]
        if some in self.failed or self.full or not together(self.measures[i] for i in some):
            return None
        found = self._value(some)
        if found is None:
            self.failed.add(some)
            return None
        self.values[some] = found
        return found

    def cost(self, some: Set) -> float:
        """What a set costs."""
        return float(sum(self.costs[i] for i in some))


def search(tried: Tried, base: Set = ()) -> list[Set]:
    """The sets of which none is beaten by a cheaper one that removes as much; all of them hold the measures of `base`.

    With few measures every set is solved. With more, sets grow by the measure that removes most per cost next to those
    that are in, lose what no longer helps, and are joined by the choices that are exact for some budgets as far as
    values add up.
    """
    others = [i for i in range(len(tried.measures)) if i not in base]
    useful = [i for i in others if (tried.of((i,)) or 0.0) > 0.0]
    tried.of(base)
    if len(useful) <= FEW:
        for count in range(1, len(useful) + 1):
            for some in combinations(useful, count):
                tried.of((*base, *some))
    else:
        chosen = [(*base, *s) for s in _knapsacks(tried, useful)]
        _pruned(tried, _grown(tried, useful, base), base)
        for some in chosen:
            tried.of(some)
    return undominated(tried, [s for s in tried.values if set(base) <= set(s)])


def undominated(tried: Tried, sets: Sequence[Set]) -> list[Set]:
    """The sets that no other one beats in cost and value, cheapest first; of equals the one of fewest measures."""
    if not sets:
        return []
    order = sorted(sets, key=lambda s: (tried.cost(s), -tried.values[s], len(s), s))
    points = np.array([[tried.cost(s), -tried.values[s]] for s in order])
    front = fronts(points)
    found: dict[tuple[float, float], Set] = {}
    for s, number, point in zip(order, front, points.tolist(), strict=True):
        if number == 0:
            found.setdefault((point[0], point[1]), s)
    return list(found.values())


def _knapsacks(tried: Tried, useful: Sequence[int]) -> list[Set]:
    """The choices that are best as far as values add up, under some budgets; what excludes itself is one place."""
    places = _places(tried, useful)
    works = [Work(places[i], str(i), tried.costs[i], max(tried.values.get((i,), 0.0), 0.0)) for i in useful]
    total = sum(w.cost for w in works)
    found = dict[Set, None]()
    for k in range(1, _BUDGETS + 1):
        try:
            chosen = choose(works, total * (k / _BUDGETS) ** 2)
        except ChoiceError:
            continue
        found[tuple(sorted(useful[i] for i in chosen.taken))] = None
    return [s for s in found if s]


def _places(tried: Tried, useful: Sequence[int]) -> dict[int, str]:
    """One name for all measures that set a thing in common, over any number of steps."""
    name = {i: str(i) for i in useful}
    for i, j in combinations(useful, 2):
        if name[i] != name[j] and not together((tried.measures[i], tried.measures[j])):
            old, new = name[j], name[i]
            name = {k: new if v == old else v for k, v in name.items()}
    return name


def _grown(tried: Tried, useful: Sequence[int], grown: Set) -> Set:
    """The set that grows by what removes most per cost; what was worth less before is looked at later."""
    bound = {i: tried.values.get((i,), 0.0) for i in useful}
    while bound and not tried.full:
        order = sorted(bound, key=lambda i: (-_ratio(bound[i], tried.costs[i]), i))
        best, gain = -1, 0.0
        for i in order:
            if best >= 0 and _ratio(bound[i], tried.costs[i]) <= _ratio(gain, tried.costs[best]):
                break
            value = tried.of((*grown, i))
            if value is None:
                bound[i] = 0.0
                continue
            bound[i] = value - (tried.of(grown) or 0.0)
            if bound[i] > 0.0 and (best < 0 or _ratio(bound[i], tried.costs[i]) > _ratio(gain, tried.costs[best])):
                best, gain = i, bound[i]
        if best < 0:
            break
        grown = tuple(sorted((*grown, best)))
        bound = {i: b for i, b in bound.items() if i not in grown and b > 0.0}
    return grown


def _pruned(tried: Tried, some: Set, base: Set) -> Set:
    """The set without measures that it does not miss, dearest first; those of `base` stay."""
    value = tried.of(some)
    for i in sorted(set(some) - set(base), key=lambda i: (-tried.costs[i], i)):
        without = tuple(j for j in some if j != i)
        found = tried.of(without) if value is not None else None
        if found is not None and value is not None and found >= value - 1e-9:
            some, value = without, found
    return some


def _ratio(value: float, cost: float) -> float:
    return value / max(cost, 1e-9)
