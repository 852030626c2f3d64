"""Growth of a feeder: weekly energy without weather and calendar, its robust slope, and an early warning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import theilslopes
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dtl.learning.changepoints import C
from dtl.learning.insight import NotEnough

Array = NDArray[np.float64]

LEAST_WEEKS = 94
"""Shortest record: below 1.8 years growth cannot be told from the season."""
STEP_WEEKS, MOST_STEPS = 6, 5
MOST_TIMES = 8.0
"""Highest load of a week over the lowest, without weather and the twentieth part of the weeks at both ends; what is
above is a unit or a constant that changed."""


@dataclass(frozen=True)
class Trend:
    """Weekly energy without weather, and its growth."""

    weekly: Array
    """Logarithm of the week's mean load over what weather and calendar make of it; growth is still in it."""
    growth: float
    """Slope of the logarithm per year, Theil-Sen; expm1 of it is the growth per year."""
    low: float
    high: float
    """Its 95 % band, widened for autocorrelation."""


def daily(load: pd.Series, temp: pd.Series, holiday: NDArray[np.bool_]) -> pd.DataFrame:
    """Mean load and temperature by UTC day of hourly series; days with less than 20 hours are missing."""
    rows = pd.DataFrame({"load": load, "temp": temp.reindex(load.index), "holiday": holiday.astype(float)})
    days = rows.resample("D")
    mean = days.mean()
    few = days[["load", "temp"]].count() < 20
    return mean.mask(few.any(axis=1))


def trend(days: pd.DataFrame) -> Trend | NotEnough:
    """The growth of rows of `daily`, or why there is none to tell."""
    known = days.dropna()
    if len(known) < 7 * LEAST_WEEKS:
        return NotEnough(
            f"{len(known) // 7} weeks of {len(days) // 7} have load and temperature (20 hours of a day), {LEAST_WEEKS} "
            "are needed to tell growth from season"
        )
    if len(known) < len(days) / 2:
        return NotEnough(f"load or temperature is missing on {100 * (1 - len(known) / len(days)):.0f} % of the days")
    if (known["load"] <= 0).mean() > 0.01:
        return NotEnough("the load is zero or flows back on more than 1 % of the days: it has no growth in per cent")
    if np.ptp(known["load"]) <= 1e-9 * known["load"].max():
        return NotEnough("the load never changes")
    known = known[known["load"] > 0]
    if float(np.ptp(known["temp"])) < 2.0:
        return NotEnough(f"the temperature varies by {np.ptp(known['temp']):.1f} degree C only")
    first = days.index[0]
    years = ((known.index - first).days / 365.25).to_numpy(float)
    rest = _without_weather(known, years)
    week = ((known.index - first).days // 7).to_numpy()
    weekly = pd.Series(rest).groupby(week).median().reindex(range(int(week.max()) + 1)).to_numpy()
    number = np.flatnonzero(np.isfinite(weekly))
    times = float(np.exp(np.ptp(np.quantile(weekly[number], (0.05, 0.95)))))
    if times > MOST_TIMES:
        return NotEnough(f"without weather the load of some weeks is {times:,.0f} times that of others: a unit or a "
                         "constant changed, or another load is measured")  # fmt: skip
    slope, middle, low, high = theilslopes(weekly[number], number / 52.18, 0.95)
    left = weekly[number] - middle - slope * number / 52.18
    r = _autocorrelation(left)
    wider = np.sqrt((1 + r) / (1 - r))
    return Trend(weekly, float(slope), float(slope - (slope - low) * wider), float(slope + (high - slope) * wider))


def _without_weather(known: pd.DataFrame, years: Array) -> Array:
    """Logarithm of the load without weather and calendar, growth left in."""
    x, y = design(known, years), np.log(known["load"].to_numpy())
    weight, plain = np.ones(len(y)), x.shape[1]
    with threadpool_limits(1):
        x = np.column_stack([x, _steps(x, y)])
        for _ in range(10):
            root = np.sqrt(weight)[:, None]
            b = np.linalg.lstsq(x * root, y * root[:, 0], rcond=None)[0]
            off = np.abs(y - x @ b)
            scale = 1.4826 * np.median(off) + 1e-12
            weight = np.minimum(1.0, 1.345 * scale / np.maximum(off, 1e-12))
    return np.asarray(y - x[:, 2:plain] @ b[2:plain], np.float64)


def design(known: pd.DataFrame, years: Array) -> Array:
    """Columns that explain the logarithm of daily loads: one, years, then weather, calendar and season."""
    temp, weekday = known["temp"].to_numpy(), pd.DatetimeIndex(known.index).day_of_week.to_numpy()
    knots = np.quantile(temp, (0.1, 0.3, 0.5, 0.7, 0.9))
    parts = [temp, *(np.maximum(temp - k, 0) for k in knots), *((weekday == d).astype(float) for d in range(6))]
    parts.append(known["holiday"].to_numpy())
    lagged = known["temp"].shift(1).bfill().to_numpy()
    parts += [lagged, np.maximum(lagged - knots[3], 0), np.maximum(knots[1] - lagged, 0)]
    parts += [f(k * 2 * np.pi * years) for k in (1, 2, 3) for f in (np.sin, np.cos)]
    return np.column_stack([np.ones(len(years)), years - years.mean(), *parts])


def _steps(x: Array, y: Array) -> Array:
    """Steps of level that the season would else take for its own; columns of 0 and 1, the most certain first.

    A step is taken while it explains more than the penalty of `changepoints` on the rest; it stays in the weeks.
    """
    n, found = len(y), np.empty((len(y), 0))
    candidates = (np.arange(n)[:, None] >= np.arange(STEP_WEEKS * 7, n - STEP_WEEKS * 7, 7)).astype(float)
    while found.shape[1] < MOST_STEPS and candidates.shape[1]:
        q = np.linalg.qr(np.column_stack([x, found]))[0]
        rest, free = y - q @ (q.T @ y), candidates - q @ (q.T @ candidates)
        gain = (free.T @ rest) ** 2 / np.maximum((free**2).sum(0), 1e-6)
        best = int(gain.argmax())
        left = rest - free[:, best] * (free[:, best] @ rest) / (free[:, best] ** 2).sum()
        r = _autocorrelation(left)
        if gain[best] < C * np.log(n) * left.var() * (1 + r) / (1 - r):
            break
        found = np.column_stack([found, candidates[:, best]])
    return found


def _autocorrelation(rest: Array) -> float:
    total = float((rest**2).sum())
    return float(np.clip((rest[1:] * rest[:-1]).sum() / total, 0.0, 0.9)) if total > 0 else 0.0
