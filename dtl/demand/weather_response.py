"""How the load of a feeder follows the temperature: a linear model with bends, fitted to its own year.

    load = level by hour of the clock and type of day + for each part of the day: slope * T + bends,

with T the mean of the temperature now and over the last 24 hours, and bends ``max(T - knot, 0)`` at fixed knots well
inside of what was observed. Outside of the observed temperatures the outermost slopes go on in a straight line: a
polynomial would run away there. Ridge regression (Hoerl and Kennard 1970) on standardised bends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import Calendar

Real = NDArray[np.float64]

KNOTS_C = (-8.0, 0.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0)
"""Temperatures at which slopes may bend [degree C]."""
INSIDE = 0.05
"""Share of the hours that must lie on either side of a knot, so that outermost slopes rest on data."""
PARTS = 6
"""Parts of the day that have slopes of their own."""
RIDGE = 1e-2
"""Penalty, per observation."""
LEAST = 0.2
"""Smallest load under other weather, as part of that of the measured weather."""


@dataclass(frozen=True)
class Response:
    """A fitted response.

    Attributes
    ----------
    knots_c
        Bends that were used.
    level
        Level by type of day and hour, shape (2, 24), in the unit of the load.
    slopes
        Slope and bends by part of the day, shape (parts, 1 + knots).
    r2
        Share of the variance that it explains.
    low_c, high_c
        Observed temperatures T: outside of them the answer is a continuation.
    """

    knots_c: tuple[float, ...]
    level: Real
    slopes: Real
    r2: float
    low_c: float
    high_c: float

    def load(self, temp_c: Real, calendar: Calendar, timezone: str) -> Real:
        """Load under temperatures of a year, shape (8760,)."""
        hour = calendar.clock_hour(timezone).astype(np.int64)
        weekend = (calendar.weekday >= 5).astype(np.int64)
        bends = _bends(felt(temp_c), self.knots_c)
        return np.asarray(self.level[weekend, hour] + (bends * self.slopes[_part(hour)]).sum(axis=1), np.float64)

    def ratio(self, temp_c: Real, other_c: Real, calendar: Calendar, timezone: str) -> Real:
        """Load under other temperatures over that under those measured, shape (8760,); 1 where they are alike."""
        before, after = (self.load(t, calendar, timezone) for t in (temp_c, other_c))
        floor = 0.05 * max(float(np.abs(before).mean()), 1e-12)
        return np.asarray(np.maximum(after, LEAST * np.maximum(before, floor)) / np.maximum(before, floor), np.float64)

    def beyond(self, temp_c: Real) -> NDArray[np.bool_]:
        """Hours whose temperature lies outside of what was observed."""
        t = felt(temp_c)
        return np.asarray((t < self.low_c - 1e-9) | (t > self.high_c + 1e-9), np.bool_)


def felt(temp_c: Real) -> Real:
    """Mean of the temperature now and over the last 24 hours, of a year that repeats itself, shape (8760,)."""
    both = np.concatenate([temp_c[-24:], temp_c]).astype(np.float64)
    total = np.concatenate([[0.0], np.cumsum(both)])
    day = (total[25:] - total[1:-24]) / 24.0
    return np.asarray(0.5 * (temp_c + day), np.float64)


def fit(load: Real, temp_c: Real, calendar: Calendar, timezone: str) -> Response:
    """The response of a load to the temperature of its year, shape (8760,) both."""
    t = felt(temp_c)
    low, high = np.quantile(t, [INSIDE, 1.0 - INSIDE])
    knots = tuple(k for k in KNOTS_C if low < k < high)
    hour = calendar.clock_hour(timezone).astype(np.int64)
    weekend = (calendar.weekday >= 5).astype(np.int64)
    cell = weekend * 24 + hour
    count = np.bincount(cell, minlength=48).astype(np.float64)
    bends, part = _bends(t, knots), _part(hour)
    columns = np.zeros((len(t), PARTS * bends.shape[1]))
    for p in range(PARTS):
        columns[part == p, p * bends.shape[1] : (p + 1) * bends.shape[1]] = bends[part == p]
    centre = np.stack([np.bincount(cell, weights=c, minlength=48) for c in columns.T]) / np.maximum(count, 1.0)
    own = columns - centre[:, cell].T
    mean = np.bincount(cell, weights=load, minlength=48) / np.maximum(count, 1.0)
    rest = load - mean[cell]
    scale = np.maximum(own.std(axis=0), 1e-9)
    own = own / scale
    solved = np.linalg.solve(own.T @ own + RIDGE * len(t) * np.eye(own.shape[1]), own.T @ rest)
    slopes = solved / scale
    left = rest - own @ solved
    level = (mean - slopes @ centre).reshape(2, 24)
    variance = float(((load - load.mean()) ** 2).sum())
    r2 = 1.0 - float((left**2).sum()) / variance if variance > 0.0 else 0.0
    return Response(knots, level, slopes.reshape(PARTS, -1), r2, float(t.min()), float(t.max()))


def _part(hour: NDArray[np.int64]) -> NDArray[np.int64]:
    return hour * PARTS // 24


def _bends(t: Real, knots: tuple[float, ...]) -> Real:
    return np.stack([t, *(np.maximum(t - k, 0.0) for k in knots)], axis=1)
