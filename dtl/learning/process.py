"""A Gaussian process of a smooth function without noise: Matern 5/2, length scales by their posterior mode.

Mean and variance are those of the largest likelihood at given length scales (Rasmussen and Williams 2006, 2.7 and 5.4);
length scales have log-normal priors, so that few points do not make them wild (Hvarfner et al. 2024).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.optimize import minimize

Array = NDArray[np.float64]
ROOT5 = math.sqrt(5.0)
PRIOR, SPREAD = 0.5, 1.0
"""Median of the length scales in one dimension, which grows with the root of their number; spread of its logarithm."""
LIMITS = (math.log(0.03), math.log(30.0))
NUGGET = 1e-8
STEPS = 60
LEAST = 1e-18


class Process:
    """The process through some points of the unit cube, shape (n, d), and their values, shape (n,).

    ``length``: logarithms of the length scales, found from those of ``near``, if given, and from their prior.
    """

    def __init__(self, points: Array, values: Array, near: Array | None = None) -> None:
        self.points = points
        self._middle, self._unit = float(values.mean()), float(values.std()) or 1.0
        self._y = (values - self._middle) / self._unit
        self._square = (points[:, None, :] - points[None, :, :]) ** 2
        size = points.shape[1]
        self._prior = math.log(PRIOR) + 0.5 * math.log(size)
        starts = [np.full(size, self._prior), near if near is not None else np.full(size, math.log(0.3))]
        found = [
            minimize(self._cost, np.clip(s, *LIMITS), jac=True, bounds=[LIMITS] * size, method="L-BFGS-B",
                     options={"maxiter": STEPS})
            for s in starts
        ]  # fmt: skip
        best = min(found, key=lambda f: f.fun)
        self.length: Array = np.asarray(best.x, np.float64)
        self.cost = float(best.fun) + len(values) * math.log(self._unit)
        """Minus the logarithm of the posterior density, up to a constant, in the unit of the values."""
        self._settle()

    @property
    def best(self) -> float:
        """The lowest value, in the unit of `at`."""
        return float(self._y.min())

    def plain(self, value: float) -> float:
        """A value of `at` in the unit of the values."""
        return value * self._unit + self._middle

    def at(self, asked: Array) -> tuple[Array, Array]:
        """Means and standard deviations at some points, shape (m, d), standardised."""
        k, _ = self._correlation((asked[:, None, :] - self.points[None]) ** 2)
        spread = self._variance * (1.0 - ((k @ self._inverse) * k).sum(axis=1))
        return self._mean + k @ self._weights, np.sqrt(np.maximum(spread, LEAST))

    def slopes(self, x: Array) -> tuple[float, float, Array, Array]:
        """Mean and standard deviation at one point, and their gradients."""
        apart = x - self.points
        k, slope = self._correlation(apart**2)
        change = -(slope[:, None] * apart) * np.exp(-2 * self.length)
        solved = self._inverse @ k
        spread = math.sqrt(max(self._variance * (1.0 - float(solved @ k)), LEAST))
        mean = self._mean + float(k @ self._weights)
        return mean, spread, self._weights @ change, -self._variance * (solved @ change) / spread

    def _correlation(self, square: Array, length: Array | None = None) -> tuple[Array, Array]:
        """Correlations of squared distances by dimension, and minus their slopes over half the scaled square."""
        r = np.sqrt(np.maximum(square @ np.exp(-2 * (self.length if length is None else length)), 0.0))
        fall = np.exp(-ROOT5 * r)
        return (1 + ROOT5 * r + 5 / 3 * r * r) * fall, 5 / 3 * (1 + ROOT5 * r) * fall

    def _cost(self, length: Array) -> tuple[float, Array]:
        """Minus the logarithm of the posterior density of some length scales, and its gradient."""
        n = len(self._y)
        r, slope = self._correlation(self._square, length)
        try:
            lower = np.linalg.cholesky(r + NUGGET * np.eye(n))
        except np.linalg.LinAlgError:
            return 1e10, np.zeros_like(length)
        inverse = cho_solve((lower, True), np.eye(n))
        mean = float(inverse.sum(axis=1) @ self._y) / float(inverse.sum())
        weights = inverse @ (self._y - mean)
        variance = max(float((self._y - mean) @ weights) / n, 1e-12)
        away = (length - self._prior) / SPREAD
        cost = 0.5 * n * math.log(variance) + float(np.log(np.diag(lower)).sum()) + 0.5 * float(away @ away)
        inner = (inverse - np.outer(weights, weights) / variance) * slope
        gradient = 0.5 * np.einsum("ij,ijk->k", inner, self._square) * np.exp(-2 * length)
        return cost, gradient + away / SPREAD

    def _settle(self) -> None:
        n = len(self._y)
        r, _ = self._correlation(self._square)
        lower = np.linalg.cholesky(r + NUGGET * np.eye(n))
        self._inverse: Array = cho_solve((lower, True), np.eye(n))
        self._mean = float(self._inverse.sum(axis=1) @ self._y) / float(self._inverse.sum())
        self._weights: Array = self._inverse @ (self._y - self._mean)
        self._variance = max(float((self._y - self._mean) @ self._weights) / n, 1e-12)
