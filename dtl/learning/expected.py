"""Minimising a costly function by expected improvement under a Gaussian process (Jones, Schonlau, Welch 1998)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import erfcx, log_ndtr, ndtr
from scipy.stats import qmc

from dtl.learning.process import Process

Array = NDArray[np.float64]
Slope = Callable[[Array], tuple[float, Array]]
ANYWHERE, NEARBY = 512, 256
"""Candidates in the whole box, and about the best point so far."""
STEPS = (0.1, 0.02, 0.004)
"""Spread of the candidates about the best point, in widths of the box."""
FAILED = 1e6
"""Cost of a point at which the function has no finite value."""
WARP = 0.3
"""What is added to values, over their median above the lowest, before their logarithm is taken."""
LAST_SHARE, WORTH = 0.2, 1e-5
"""Share of the budget, its end, that goes to the lowest mean, as long as that promises this part of the median."""
CLIMBS, CLIMB, SAME = 4, 60, 1e-7
"""Climbs from the best candidates, their steps, and the distance below which a point was already tried."""
HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Best:
    """``x``, shape (d,), and its value; all points tried, shape (n, d), and their values; how many of them failed."""

    x: Array
    value: float
    tried: Array
    values: Array
    failed: int


def minimise(
    cost: Callable[[Array], float], low: Sequence[float], high: Sequence[float], budget: int, seed: int
) -> Best:
    """The best of at most `budget` values in the box; the same seed gives the same points.

    Starts from d + 2 points of a Latin hypercube; then each point has the highest expected improvement. The last fifth
    of the points has the lowest mean, as long as that promises anything.
    """
    floor, width = np.asarray(low, np.float64), np.asarray(high, np.float64) - np.asarray(low, np.float64)
    size = len(floor)
    rng = np.random.default_rng(seed)
    points = qmc.LatinHypercube(size, rng=rng).random(min(size + 2, budget))
    told = np.asarray([_finite(cost(floor + width * u)) for u in points], np.float64)
    near: Array | None = None
    while len(told) < budget:
        last = len(told) >= budget - int(LAST_SHARE * budget)
        point, near = _next(points, told, last, rng, near)
        points = np.vstack([points, point])
        told = np.append(told, _finite(cost(floor + width * point)))
    best = int(np.argmin(told))
    tried = floor + width * points
    return Best(tried[best], float(told[best]), tried, told, int((told >= FAILED).sum()))


def _finite(value: float) -> float:
    return float(value) if math.isfinite(value) else FAILED


def _next(points: Array, told: Array, last: bool, rng: np.random.Generator, near: Array | None) -> tuple[Array, Array]:
    """The next point in the unit cube, and the length scales of the process that chose it."""
    size, best = points.shape[1], points[int(np.argmin(told))]
    known = np.where(told >= FAILED, told[told < FAILED].max(initial=0.0), told)
    model, scale = _process(points, known, near)
    nearby = best + rng.normal(0, rng.choice(STEPS, (NEARBY, 1)), (NEARBY, size))
    asked = np.vstack([qmc.Sobol(size, rng=rng).random(ANYWHERE), np.clip(nearby, 0, 1)])
    mean, spread = model.at(asked)
    point: Array | None = None
    if last:
        starts = np.vstack([best, asked[np.argsort(mean, kind="stable")[:CLIMBS]]])
        lowest, value = _climbed(lambda x: model.slopes(x)[::2], starts)
        if scale(model.plain(model.best)) - scale(model.plain(value)) > WORTH * float(np.median(known) - known.min()):
            point = lowest
    if point is None:
        score = np.log(spread) + log_gain((model.best - mean) / spread)
        point, _ = _climbed(_loss(model), asked[np.argsort(-score, kind="stable")[:CLIMBS]])
    if np.abs(points - point).max(axis=1).min() < SAME:
        point = np.clip(best + rng.normal(0, STEPS[0] / 10, size), 0, 1)
    return np.asarray(point, np.float64), model.length


def _climbed(loss: Slope, starts: Array) -> tuple[Array, float]:
    """The lowest point that L-BFGS-B reaches from some, and its value."""
    bounds = [(0.0, 1.0)] * starts.shape[1]
    found = [minimize(loss, s, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": CLIMB}) for s in starts]
    best = min(found, key=lambda f: f.fun)
    return np.asarray(best.x, np.float64), float(best.fun)


def _loss(model: Process) -> Slope:
    """Minus the logarithm of the expected improvement at a point, with its gradient."""

    def loss(x: Array) -> tuple[float, Array]:
        mean, spread, of_mean, of_spread = model.slopes(x)
        score = (model.best - mean) / spread
        value = math.log(spread) + float(log_gain(np.array([score]))[0])
        below = math.exp(min(float(log_ndtr(score)) - value, 50.0))
        density = math.exp(min(-0.5 * score * score - HALF_LOG_2PI - value, 50.0))
        return -value, below * of_mean - density * of_spread

    return loss


def log_gain(score: Array) -> Array:
    """Logarithm of the expected improvement over the standard deviation, exact far from any improvement [1]_.

    References
    ----------
    .. [1] S. Ament et al., Unexpected improvements to expected improvement for Bayesian optimization, NeurIPS 2023.
    """
    found = np.empty_like(score)
    near = score > -1.0
    z = score[near]
    found[near] = np.log(np.exp(-0.5 * z * z - HALF_LOG_2PI) + z * ndtr(z))
    z = score[~near]
    tail = np.log(np.maximum(erfcx(-z / math.sqrt(2)) * np.abs(z), 1e-300)) + 0.5 * math.log(math.pi / 2)
    with np.errstate(divide="ignore"):
        exact = np.log(-np.expm1(np.minimum(tail, -1e-16)))
    found[~near] = -0.5 * z * z - HALF_LOG_2PI + np.where(z < -1e5, -2 * np.log(-z), exact)
    return found


def _process(points: Array, known: Array, near: Array | None) -> tuple[Process, Callable[[float], float]]:
    """The likelier process, of the values or of logarithms above the lowest, and how its values become plain ones."""
    lowest = float(known.min())
    size = float(np.median(known)) - lowest or float(known.std()) or 1.0
    raised = (known - lowest) / size + WARP
    plain, warped = Process(points, known, near), Process(points, np.log(raised), near)
    if plain.cost <= warped.cost + float(np.log(raised * size).sum()):
        return plain, float
    return warped, lambda value: lowest + size * (math.exp(value) - WARP)
