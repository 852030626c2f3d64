"""Minimising a costly function by expected improvement under a Gaussian process (Jones, Schonlau, Welch 1998)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import norm, qmc
from sklearn.gaussian_process import GaussianProcessRegressor  # type: ignore[import-untyped]
from sklearn.gaussian_process.kernels import ConstantKernel, Matern  # type: ignore[import-untyped]
from sklearn.preprocessing import PowerTransformer  # type: ignore[import-untyped]

Array = NDArray[np.float64]
ANYWHERE, NEARBY = 1500, 800
"""Candidates in the whole box, and about the best point so far."""
STEPS = (0.1, 0.02, 0.004)
"""Spread of the candidates about the best point, in widths of the box."""
FAILED = 1e6
"""Cost of a point at which the function has no finite value."""
NOISE = 1e-6
LAST_SHARE = 0.2
"""Share of the budget, its end, that goes to the lowest mean."""
CLIMB, SAME = 20, 1e-6
"""Steps of the climb from the best candidate, and the distance below which a point was already tried."""


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

    Starts from 2 d + 2 points of a Latin hypercube; then each point has the highest expected improvement, the last
    fifth of them the lowest mean, under a Matern 5/2 process with a length scale per dimension.
    """
    floor, width = np.asarray(low, np.float64), np.asarray(high, np.float64) - np.asarray(low, np.float64)
    size = len(floor)
    rng = np.random.default_rng(seed)
    points = qmc.LatinHypercube(size, rng=rng).random(min(2 * size + 2, budget))
    told = np.asarray([_finite(cost(floor + width * u)) for u in points], np.float64)
    while len(told) < budget:
        point = _next(points, told, len(told) >= (1 - LAST_SHARE) * budget, rng, seed)
        points = np.vstack([points, point])
        told = np.append(told, _finite(cost(floor + width * point)))
    best = int(np.argmin(told))
    tried = floor + width * points
    return Best(tried[best], float(told[best]), tried, told, int((told >= FAILED).sum()))


def _finite(value: float) -> float:
    return float(value) if math.isfinite(value) else FAILED


def _next(points: Array, told: Array, last: bool, rng: np.random.Generator, seed: int) -> Array:
    """The next point in the unit cube: the best of random candidates, climbed from by L-BFGS-B."""
    model, values = _process(points, told, seed)
    size, best = points.shape[1], points[int(np.argmin(told))]

    def loss(asked: Array) -> Array:
        mean, spread = model.predict(np.atleast_2d(asked), return_std=True)
        if last:
            return np.asarray(mean, np.float64)
        gain = values.min() - mean
        score = gain / np.maximum(spread, 1e-12)
        return np.asarray(-np.log(np.maximum(gain * norm.cdf(score) + spread * norm.pdf(score), 1e-300)), np.float64)

    nearby = best + rng.normal(0, rng.choice(STEPS, (NEARBY, 1)), (NEARBY, size))
    asked = np.vstack([rng.random((ANYWHERE, size)), np.clip(nearby, 0, 1)])
    start = asked[int(np.argmin(loss(asked)))]
    climbed = minimize(lambda x: float(loss(x)[0]), start, bounds=[(0, 1)] * size, options={"maxiter": CLIMB})
    point = np.asarray(climbed.x if climbed.fun <= loss(start)[0] else start, np.float64)
    if np.linalg.norm(points - point, axis=1).min() < SAME:
        point = np.clip(best + rng.normal(0, STEPS[-1], size), 0, 1)
    return np.asarray(point, np.float64)


def _process(points: Array, told: Array, seed: int) -> tuple[GaussianProcessRegressor, Array]:
    """The process, and the values it sees: by the power of Yeo and Johnson, so high walls do not drown valleys."""
    known = np.where(told >= FAILED, told[told < FAILED].max(initial=0.0), told)
    spread = float(known.std())
    even = (known - known.mean()) / spread if spread > 0 else np.zeros(len(known))
    values = PowerTransformer().fit_transform(even[:, None])[:, 0] if spread > 0 else even
    kernel = ConstantKernel(1.0, (1e-2, 1e3)) * Matern(np.full(points.shape[1], 0.3), (0.05, 5.0), nu=2.5)
    model = GaussianProcessRegressor(kernel, alpha=NOISE, n_restarts_optimizer=1, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(points, values)
    return model, np.asarray(values, np.float64)
