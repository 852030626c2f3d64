"""Where a series changes: optimal partition into levels or slopes, the model chosen by a rule from the series itself.

Noise around levels or slopes: partitions are refined from none on, each change paying C log n times the long-run
variance of what the partition leaves (inflated by (1 + r) / (1 - r) for autocorrelation r), until none pays any more;
level or slope by the Bayesian criterion of the prewhitened rest. If the rest is still strongly autocorrelated, the
series is a smooth one (a trend that bends, not a level with noise): then each change of slope must explain
SMOOTH log n / n of the variance. Optimal partition as in [1]_, penalty in the spirit of [2]_.

References
----------
.. [1] B. Jackson et al., An algorithm for optimal partitioning of data on an interval, IEEE SPL 12 (2005) 105-108.
.. [2] R. Killick, P. Fearnhead, I. Eckley, Optimal detection of changepoints, JASA 107 (2012) 1590-1598.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.tsa.seasonal import STL  # type: ignore[import-untyped]

from dtl.learning.insight import NotEnough

Array = NDArray[np.float64]
Cost = Callable[[NDArray[np.int64], int], Array]

C = 2.5
SMOOTH = 0.5
ROUGH = 0.5
"""Autocorrelation of the rest above which levels with noise are not the right picture."""
LEAST = 12
HAMPEL = 4.0
"""Distance from the running median, in its deviations, beyond which a single value is an outlier."""
SEASONAL = 0.3
"""Strength of season (share of variance) above which it is taken off."""


@dataclass(frozen=True)
class Changes:
    """Where a series changes; ``at`` are first samples of new segments."""

    at: list[int]
    model: str
    """level | slope | smooth."""


def changes(values: Array, period: int = 1) -> Changes | NotEnough:
    """Changes of an evenly spaced series; ``period`` samples make a season (1: none). Missing values are bridged."""
    y = np.asarray(values, float)
    known = np.isfinite(y)
    if known.sum() < LEAST:
        return NotEnough(f"{int(known.sum())} values, {LEAST} are needed")
    if known.mean() < 0.5:
        return NotEnough(f"{100 * (1 - known.mean()):.0f} % of the values are missing")
    y = np.interp(np.arange(len(y)), np.flatnonzero(known), y[known])
    if np.ptp(y) <= 1e-12 * max(np.abs(y).max(), 1e-300):
        return NotEnough("the series never changes")
    y = without_outliers(deseasoned(y, period))
    z = (y - y.mean()) / y.std()
    least = max(3, min(6, len(z) // 10))
    found = [(*_refined(z, slope, least), slope) for slope in (False, True)]
    at, _, rest, slope = min(found, key=lambda f: f[1])
    if rest <= ROUGH:
        return Changes(at, "slope" if slope else "level")
    return Changes(_partition(_slopes(z), len(z), SMOOTH * np.log(len(z)), least), "smooth")


def deseasoned(y: Array, period: int) -> Array:
    """The series without its season (STL, robust), where there are three seasons and they are strong."""
    if period < 2 or len(y) < 3 * period:
        return y
    parts = STL(y, period=period, robust=True).fit()
    season, rest = np.asarray(parts.seasonal), np.asarray(parts.resid)
    total = (season + rest).var()
    return y - season if total > 0 and 1 - rest.var() / total > SEASONAL else y


def without_outliers(y: Array) -> Array:
    """The series with single values far off the running median of seven replaced by it (Hampel)."""
    median = pd.Series(y).rolling(7, center=True).median()
    off = (pd.Series(y) - median).abs()
    local = 1.4826 * off.rolling(7, center=True).median()
    far = (off > HAMPEL * np.maximum(local, 1.4826 * off.median())).to_numpy()
    return np.where(far, median, y)


def _levels(y: Array) -> Cost:
    one, two = (np.concatenate([[0.0], np.cumsum(v)]) for v in (y, y * y))

    def cost(start: NDArray[np.int64], end: int) -> Array:
        return np.asarray(two[end] - two[start] - (one[end] - one[start]) ** 2 / (end - start))

    return cost


def _slopes(y: Array) -> Cost:
    x = np.arange(len(y)) / len(y)
    sums = [np.concatenate([[0.0], np.cumsum(v)]) for v in (x, x * x, y, y * y, x * y)]

    def cost(start: NDArray[np.int64], end: int) -> Array:
        n = end - start
        sx, sxx, sy, syy, sxy = (s[end] - s[start] for s in sums)
        vx, vy, both = sxx - sx * sx / n, syy - sy * sy / n, sxy - sx * sy / n
        explained = np.where(vx > 1e-12, both * both / np.maximum(vx, 1e-12), 0.0)
        return np.asarray(np.maximum(vy - explained, 0.0))

    return cost


def _partition(cost: Cost, n: int, penalty: float, least: int) -> list[int]:
    """The partition of least cost, each change paying the penalty."""
    best, last = np.full(n + 1, np.inf), np.zeros(n + 1, int)
    best[0] = -penalty
    for end in range(least, n + 1):
        start = np.arange(end - least + 1)
        total = best[start] + cost(start, end) + penalty
        last[end] = int(total.argmin())
        best[end] = total[last[end]]
    at, end = [], int(last[n])
    while end > 0:
        at.append(end)
        end = int(last[end])
    return sorted(at)


def _refined(z: Array, slope: bool, least: int) -> tuple[list[int], float, float]:
    """Changes, Bayesian criterion and autocorrelation of the rest."""
    n, per_segment = len(z), 2 if slope else 1
    cost, at = (_slopes if slope else _levels)(z), list[int]()
    for _ in range(10):
        rest = _rest(z, at, slope)
        r = _autocorrelation(rest)
        variance = float((rest**2).sum()) / max(n - per_segment * (len(at) + 1), 1)
        more = _partition(cost, n, C * np.log(n) * variance * (1 + r) / (1 - r), least)
        if len(more) <= len(at):
            break
        at = more
    rest = _rest(z, at, slope)
    r = _autocorrelation(rest)
    white = float(np.mean((rest[1:] - r * rest[:-1]) ** 2))
    return at, n * np.log(white + 1e-12) + (per_segment + 1) * (len(at) + 1) * np.log(n), r


def _rest(z: Array, at: list[int], slope: bool) -> Array:
    rest = np.empty(len(z))
    for start, end in pairwise([0, *at, len(z)]):
        part, x = z[start:end], np.arange(end - start)
        line = np.polyval(np.polyfit(x, part, 1), x) if slope and end - start > 2 else part.mean()
        rest[start:end] = part - line
    return rest


def _autocorrelation(rest: Array) -> float:
    total = float((rest**2).sum())
    return float(np.clip((rest[1:] * rest[:-1]).sum() / total, 0.0, 0.95)) if total > 0 else 0.0
