"""Values of a model that follow measurements best, and which of them the measurements tell.

Nothing here knows a network: a function from values to what is seen, and what is seen, go in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from dtl.learning.expected import minimise
from dtl.learning.knobs import Knob
from dtl.learning.seen import DROP_SIGMA
from dtl.learning.twin import Told

Array = NDArray[np.float64]
Values = Mapping[Knob, float]
HUBER = 3.0
MISSED, LOST = 10.0, 1000.0
"""Residuals [standard deviations]: of a value that the model has no place for, and of a model without a solution."""
STEP = 0.01
"""Step of finite differences, in widths of the allowed range."""
SURE = 6.0
"""Least difference of half the squared residuals by which one phase is told from another: odds of 400 to 1."""
ROUNDS = 3
WIDE = 0.5
"""Part of its allowed range that an interval must not reach."""
TOGETHER = 0.9
"""Correlation from which on two values are not told apart."""
CLOSE = 1e-3
MOST_SEARCHED = 8
LEAST_BLOCKS = 3
TURNS = 3
LAGS = 2


@dataclass(frozen=True)
class Found:
    """A value with its 95 % interval; ``why`` says why it stays as it was, empty where the measurements tell it."""

    value: float
    low: float
    high: float
    why: str = ""
    at_bound: bool = False


@dataclass
class Fit:
    """The values by knob, residual scale by group, number of solved models and how many of them had no solution.

    ``smooth``: least squares from the model's own values find the same as the search.
    """

    found: dict[Knob, Found]
    scale: dict[str, float] = field(default_factory=dict)
    solved: int = 0
    failed: int = 0
    smooth: bool = True


@dataclass
class Problem:
    """What is sought: knobs, the function that simulates, and what is seen.

    ``simulate`` gives values in the order of ``told``, nan where the model has none, or None without a solution;
    ``lag`` what is to be added to them near some values, too rough to be searched over.
    """

    knobs: Sequence[Knob]
    simulate: Callable[[Values], Array | None]
    told: Told
    seed: int = 0
    lag: Callable[[Values], Array] | None = None
    scale: dict[str, float] = field(default_factory=dict)
    more: Array | None = None
    solved: int = 0
    failed: int = 0

    def residuals(self, values: Values) -> Array:
        """Differences of measured values over their standard deviations; then what is hidden, over its own."""
        simulated = self.simulate(values)
        self.solved += 1
        told = self.told
        sigma = told.sigma * np.array([self.scale.get(str(g), 1.0) for g in told.group])
        lost = simulated is None
        self.failed += lost
        apart = np.full(len(told.value), np.nan) if simulated is None else simulated - told.value
        apart = apart if self.more is None else apart + self.more
        apart, hidden = _less_hidden(apart, told, sigma)
        r = np.where(np.isnan(apart), LOST if lost else MISSED, apart / sigma)[np.isfinite(told.value)]
        return np.concatenate([r, np.full(len(hidden), LOST) if lost else hidden])

    def prior(self, values: Values) -> Array:
        """Differences from what was known before, over their standard deviations."""
        return np.array([(values[k] - k.before) / k.prior for k in self.knobs if not k.choices])

    def cost(self, values: Values) -> float:
        """Half of Huber's loss of the residuals, with what was known before."""
        return huber(np.concatenate([self.residuals(values), self.prior(values)]))


def huber(r: Array) -> float:
    """Half the sum of Huber's loss."""
    size = np.abs(r)
    return 0.5 * float(np.where(size <= HUBER, size**2, 2 * HUBER * size - HUBER**2).sum())


def _less_hidden(apart: Array, told: Told, sigma: Array) -> tuple[Array, Array]:
    """Differences without what nobody measures and is not sought, and that itself over its standard deviation.

    That is by lane the drop between buses and meters at the largest load, and by regulator and hour where it stands in
    its band: random effects, at the values that fit best near what is assumed (ridge regressions, in turns).
    """
    weight = np.where(np.isfinite(apart) & np.isfinite(told.value), 1.0 / sigma**2, 0.0)
    left = np.nan_to_num(apart)
    metered, zoned = told.share > 0.0, told.zone >= 0
    lanes = int(told.lane.max(initial=-1)) + 1
    kinds, zone = np.unique(told.zone[zoned], return_inverse=True)
    first, band = np.zeros(lanes), np.ones(len(kinds))
    first[told.lane[metered]] = told.drop[metered]
    band[zone] = told.band[zoned]
    drop, offset = first.copy(), np.zeros(len(kinds))
    base = np.bincount(told.lane, weight * told.share**2, lanes) + DROP_SIGMA**-2
    sums = np.bincount(zone, weight[zoned], len(kinds)) + band**-2.0
    for _ in range(TURNS):
        rest = left - _placed(offset, zone, zoned)
        drop = (np.bincount(told.lane, weight * told.share * rest, lanes) + first / DROP_SIGMA**2) / base
        rest = left - drop[told.lane] * told.share
        offset = np.bincount(zone, (weight * rest)[zoned], len(kinds)) / sums
    hidden = [((drop - first) / DROP_SIGMA)[np.unique(told.lane[metered])], offset / band]
    return apart - drop[told.lane] * told.share - _placed(offset, zone, zoned), np.concatenate(hidden)


def _placed(offset: Array, zone: NDArray[np.int64], zoned: NDArray[np.bool_]) -> Array:
    """The offset of each value, 0 of those behind no regulator."""
    found = np.zeros(len(zoned))
    found[zoned] = offset[zone]
    return found


def _owners(told: Told) -> list[NDArray[np.int64]]:
    """The week or element, and the lane, of each residual."""
    here = np.isfinite(told.value)
    metered = np.unique(told.lane[told.share > 0.0])
    kinds, at = np.unique(told.zone[told.zone >= 0], return_index=True)
    block, lane = told.block[told.zone >= 0][at], np.full(len(kinds), -1)
    return [np.concatenate([told.block[here], np.full(len(metered), -1), block]),
            np.concatenate([told.lane[here], metered, lane])]  # fmt: skip


def fit(problem: Problem, budget: int) -> Fit:
    """The values that follow best, with those left as they were that nothing tells, as `Found` says.

    Phases first, at values that least squares find; then expected improvement, and least squares from its best point
    and from the model's values; then phases again. What the measurements do not tell goes back, and the rest is fitted
    anew.
    """
    now: dict[Knob, float] = {k: k.before for k in problem.knobs}
    told: dict[Knob, Found] = {}
    smooth = True
    for number in range(ROUNDS):
        live = [k for k in problem.knobs if k not in told]
        now |= {k: k.before for k in told if told[k].why}
        free = [k for k in live if not k.choices]
        now = _polished(problem, now, free)
        problem.scale = _scales(problem, now)
        if number == 0:
            now = _phases(problem, now, [k for k in live if k.choices])
            now, smooth = _searched(problem, now, free, budget)
            now = _phases(problem, now, [k for k in live if k.choices])
        now = _rounded(problem, now, free)
        lost = {k: f for k, f in _judged(problem, now, free).items() if f.why}
        if not lost:
            break
        told |= lost
    free = [k for k in problem.knobs if not k.choices and k not in told]
    now = _refined(problem, now | {k: k.before for k in told if told[k].why}, free)
    told |= _judged(problem, now, free)
    told |= _phases_told(problem, now, [k for k in problem.knobs if k.choices])
    return Fit({k: told[k] for k in problem.knobs}, dict(problem.scale), problem.solved, problem.failed, smooth)


def _polished(problem: Problem, start: Values, free: Sequence[Knob]) -> dict[Knob, float]:
    """The minimum that robust least squares reach from some values."""
    if not free:
        return dict(start)
    low, width = _box(free)

    def at(z: Array) -> dict[Knob, float]:
        return {**start, **dict(zip(free, (low + width * z).tolist(), strict=True))}

    def apart(z: Array) -> Array:
        return np.concatenate([problem.residuals(at(z)), problem.prior(at(z))])

    z0 = np.clip((np.array([start[k] for k in free]) - low) / width, 1e-6, 1 - 1e-6)
    found = least_squares(apart, z0, lambda z: _slopes(apart, z), bounds=(0.0, 1.0), loss="huber", f_scale=HUBER,
                          xtol=1e-5, ftol=1e-6, max_nfev=12)  # fmt: skip
    return at(found.x)


def _slopes(apart: Callable[[Array], Array], z: Array) -> Array:
    """Finite differences, inwards at the upper half of the range."""
    base, columns = apart(z), []
    for i in range(len(z)):
        h = STEP if z[i] < 0.5 else -STEP
        moved = z.copy()
        moved[i] += h
        columns.append((apart(moved) - base) / h)
    return np.stack(columns, axis=1)


def _refined(problem: Problem, now: dict[Knob, float], free: Sequence[Knob]) -> dict[Knob, float]:
    """The minimum with what the smooth model leaves out, which is computed anew where that leads."""
    for _ in range(LAGS if problem.lag is not None else 0):
        assert problem.lag is not None
        problem.more = problem.lag(now)
        if not problem.more.any():
            break
        now = _rounded(problem, _polished(problem, now, free), free)
    return now


def _box(free: Sequence[Knob]) -> tuple[Array, Array]:
    low = np.array([k.low for k in free])
    return low, np.array([k.high for k in free]) - low


def _searched(
    problem: Problem, now: dict[Knob, float], every: Sequence[Knob], budget: int
) -> tuple[dict[Knob, float], bool]:
    """The better of what is there and of a search over the whole box, polished; and whether both are the same.

    The search takes the knobs that move the measurements most; without a budget there is none.
    """
    if not every or not budget:
        return now, True
    free = list(every)
    low, width = _box(free)
    if len(free) > MOST_SEARCHED:
        z = (np.array([now[k] for k in free]) - low) / width
        moved = np.linalg.norm(
            _slopes(lambda x: problem.residuals({**now, **dict(zip(free, low + width * x, strict=True))}), z), axis=0
        )
        free = [free[i] for i in sorted(np.argsort(-moved)[:MOST_SEARCHED])]
        low, width = _box(free)

    def cost(x: Array) -> float:
        return problem.cost({**now, **dict(zip(free, x.tolist(), strict=True))})

    best = minimise(cost, low.tolist(), (low + width).tolist(), budget, problem.seed)
    other = _polished(problem, {**now, **dict(zip(free, best.x.tolist(), strict=True))}, every)
    apart = max(abs(other[k] - now[k]) / (k.high - k.low) for k in every)
    better = problem.cost(other) < problem.cost(now) - CLOSE
    return (other if better else now), bool(apart < 10 * CLOSE or not better)


def _scales(problem: Problem, now: Values) -> dict[str, float]:
    """By group how much larger the residuals are than their standard deviations say, at least 1."""
    group = problem.told.group[np.isfinite(problem.told.value)]
    r = problem.residuals(now)[: len(group)]
    found = {}
    for name in sorted(set(group.tolist())):
        own = np.abs(r[group == name])
        old = problem.scale.get(name, 1.0)
        found[name] = max(1.0, old * 1.4826 * float(np.median(own))) if len(own) > 8 else old
    return found


def _rounded(problem: Problem, now: dict[Knob, float], free: Sequence[Knob]) -> dict[Knob, float]:
    """Whole numbers where values must be; the others are polished again."""
    whole = {k: float(np.clip(round(now[k]), k.low, k.high)) for k in free if k.whole}
    if all(now[k] == v for k, v in whole.items()):
        return now
    return _polished(problem, {**now, **whole}, [k for k in free if not k.whole])


def _judged(problem: Problem, now: Values, free: Sequence[Knob]) -> dict[Knob, Found]:
    """The values with their intervals, from the measurements alone, and why some are not told."""
    if not free:
        return {}
    low, width = _box(free)
    z = np.clip((np.array([now[k] for k in free]) - low) / width, 0.0, 1.0)

    def apart(x: Array) -> Array:
        return problem.residuals({**now, **dict(zip(free, (low + width * x).tolist(), strict=True))})

    base, slopes = apart(z), _slopes(apart, z)
    root = np.sqrt(np.where(np.abs(base) > HUBER, HUBER / np.maximum(np.abs(base), 1e-12), 1.0))
    slopes, base = slopes * root[:, None], base * root
    spread, correlation = _spread(slopes, base, problem.told)
    found = {}
    for i, knob in enumerate(free):
        value, reach = now[knob], 1.96 * spread[i] * width[i]
        at_bound = bool(z[i] < CLOSE or z[i] > 1 - CLOSE) and not (knob.whole and knob.low < value < knob.high)
        partner = int(np.argmax(np.where(np.arange(len(free)) == i, 0.0, np.abs(correlation[i]))))
        why = ""
        if 2 * reach >= WIDE * width[i]:
            why = "the data cannot tell it"
            if abs(correlation[i, partner]) > TOGETHER and partner != i:
                why += f" apart from {free[partner].name}"
        elif at_bound:
            why = f"it lies at the edge of the allowed range, {knob.low:g} to {knob.high:g}"
        found[knob] = Found(value, max(value - reach, knob.low), min(value + reach, knob.high), why, at_bound)
    return found


def _spread(slopes: Array, base: Array, told: Told) -> tuple[Array, Array]:
    """Standard deviations, in widths of the ranges, and correlations.

    The larger of that of the curvature, and of leaving out one week, or one lane, after the other, to first order
    (infinitesimal jackknife, Efron 1982): residuals of a week and of a place are alike.
    """
    know = slopes.T @ slopes + np.eye(slopes.shape[1])
    cov = np.linalg.inv(know)
    deviation = np.sqrt(np.diag(cov))
    correlation = cov / np.outer(deviation, deviation)
    variance = np.diag(cov)
    for owner in _owners(told):
        kinds, index = np.unique(owner, return_inverse=True)
        if len(kinds) < LEAST_BLOCKS:
            continue
        score = np.zeros((len(kinds), slopes.shape[1]))
        np.add.at(score, index, slopes * base[:, None])
        moved = (score - score.mean(axis=0)) @ cov
        n = len(kinds)
        variance = np.maximum(variance, n / (n - 1) * (moved**2).sum(axis=0))
    return np.sqrt(variance), correlation


def _phases(problem: Problem, now: dict[Knob, float], choices: Sequence[Knob]) -> dict[Knob, float]:
    """The best phase of each lateral with the others held, one after the other, until none changes."""
    cost = problem.cost(now) if choices else 0.0
    for _ in range(ROUNDS):
        before = dict(now)
        for knob in choices:
            for value in knob.choices:
                if value != now[knob] and (other := problem.cost({**now, knob: value})) < cost - SURE:
                    now, cost = {**now, knob: value}, other
        if now == before:
            break
    return now


def _phases_told(problem: Problem, now: Values, choices: Sequence[Knob]) -> dict[Knob, Found]:
    """By lateral whether another phase is worse enough than the one that it has."""
    if not choices:
        return {}
    cost = problem.cost(now)
    found = {}
    for knob in choices:
        others = {v: problem.cost({**now, knob: v}) - cost for v in knob.choices if v != now[knob]}
        value, gap = min(others.items(), key=lambda item: item[1])
        why = "" if gap >= SURE else f"the data cannot tell it from phase {'ABC'[int(value) - 1]}"
        found[knob] = Found(now[knob], now[knob], now[knob], why)
    return found
