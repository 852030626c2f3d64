"""An early warning of growth: the weeks of the last year, without weather, against a ramp that began in any of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dtl.learning.insight import NotEnough

Array = NDArray[np.float64]
REFERENCE_WEEKS, WATCHED_WEEKS = 104, 52
"""Weeks from which the usual load is learned, and weeks after them that are watched."""
LEAST_WATCHED, LEAST_SHARE = 2, 0.8
"""Weeks that must be watched, and share of the reference's days that must be known."""
LIMIT = 4.5
"""Height of the statistic that raises the alarm [standard deviations].

White noise passes it in 1.9 of 100 years of a feeder, the usual load and its deviation being fitted.
"""
FELT_H = 6.0
"""Time in which buildings follow the air [h]."""
KNOTS = (0.1, 0.3, 0.5, 0.7, 0.9)
TURNS = 8


@dataclass(frozen=True)
class Watch:
    """What was seen in the weeks that were watched."""

    weekly: Array
    """Logarithm of each watched week's load over the usual one, empty weeks missing."""
    deviation: float
    """Standard deviation of such a week in the reference."""
    first: pd.Timestamp
    """Begin of the first watched week."""
    alarm: int | None
    """The watched week, from 0, at whose end growth is beyond chance; None if there is none."""


def watch(
    load: pd.Series, temp: pd.Series, holiday: NDArray[np.bool_], reference: int | None = None
) -> Watch | NotEnough:
    """Watch hourly loads under hourly temperatures; both by UTC hours on one index, ``holiday`` by hour.

    ``reference``: number of the week in which the watch begins; if left out, the last year is watched.
    """
    days, x = _days(load, temp, holiday)
    weeks = len(days) // 7
    start = max(weeks - WATCHED_WEEKS, REFERENCE_WEEKS) if reference is None else reference
    if weeks < start + LEAST_WATCHED or start < REFERENCE_WEEKS:
        return NotEnough(f"{weeks} weeks of load, a watch needs {REFERENCE_WEEKS} before it and {LEAST_WATCHED} in it")
    usual = slice(7 * (start - REFERENCE_WEEKS), 7 * start)
    known = np.isfinite(days) & np.isfinite(x).all(axis=1) & (days > 0)
    if known[usual].mean() < LEAST_SHARE or not known[7 * start :].any():
        return NotEnough(
            f"load or temperature is missing, or flows back, on {100 * (1 - known[usual].mean()):.0f} % of the days"
        )
    if np.ptp(days[usual][known[usual]]) <= 1e-9 * days[usual][known[usual]].max():
        return NotEnough("the load never changes")
    rest = np.full(len(days), np.nan)
    own = np.flatnonzero(known)
    inside = own[(own >= usual.start) & (own < usual.stop)]
    y = np.log(days[own])
    rest[own] = y - x[own] @ _fitted(x[inside], np.log(days[inside]))
    whole = rest[: 7 * weeks].reshape(weeks, 7)
    few = np.isfinite(whole).sum(axis=1) < 4
    weekly = np.where(few, np.nan, np.nansum(whole, axis=1) / np.maximum(np.isfinite(whole).sum(axis=1), 1))
    before = weekly[start - REFERENCE_WEEKS : start]
    before = before[np.isfinite(before)]
    deviation = float(before.std(ddof=min(4, len(before) - 1)))
    first = load.index[0].floor("D") + pd.Timedelta(weeks=start)
    return Watch(weekly[start:], deviation, first, _alarm(weekly[start:] / max(deviation, 1e-9)))


def _days(load: pd.Series, temp: pd.Series, holiday: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Mean load of each day, nan where less than 20 hours are known, and what it is explained by, shape (days, n).

    Degrees above five knots of the hours' temperatures, and of the smoothed ones that buildings feel, weekday, holiday
    and two waves of the year.
    """
    rows = pd.DataFrame({"load": load, "temp": temp.reindex(load.index), "holiday": holiday.astype(float)})
    felt = rows["temp"].ewm(alpha=1 - float(np.exp(-1 / FELT_H))).mean()
    parts = {"one": pd.Series(1.0, rows.index), "holiday": rows["holiday"]}
    for name, series in (("air", rows["temp"]), ("felt", felt)):
        parts[name] = series
        for share in KNOTS:
            parts[f"{name} {share}"] = (series - float(series.quantile(share))).clip(lower=0)
    table = pd.DataFrame(parts).resample("D").mean()
    days = rows["load"].resample("D").mean().where(rows["load"].resample("D").count() >= 20)
    index = pd.DatetimeIndex(table.index)
    turn = 2 * np.pi * np.arange(len(index)) / 365.25
    weekday = [(index.day_of_week == d).astype(float) for d in range(1, 7)]
    waves = [f(k * turn) for k in (1, 2) for f in (np.sin, np.cos)]
    return days.to_numpy(float), np.column_stack([table.to_numpy(float), *weekday, *waves])


def _fitted(x: Array, y: Array) -> Array:
    """Weights by Huber's regression."""
    weight: Array = np.ones(len(y))
    b: Array = np.zeros(x.shape[1])
    with threadpool_limits(1):
        for _ in range(TURNS):
            root = np.sqrt(weight)
            b = np.asarray(np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0], np.float64)
            off = np.abs(y - x @ b)
            weight = np.minimum(1.0, 1.345 * 1.4826 * float(np.median(off)) / np.maximum(off, 1e-12))
    return b


def _alarm(weeks: Array) -> int | None:
    """First week at which a ramp that began in any week before it stands out (generalised likelihood ratio).

    Lorden 1971, Annals of Mathematical Statistics 42: with weeks of deviation 1 and a ramp t = 1, 2, ... the statistic
    is sum(t x) / sqrt(sum(t^2)), the largest over all begins.
    """
    for week in range(1, len(weeks)):
        for begin in range(week):
            own = weeks[begin : week + 1]
            ramp = np.where(np.isfinite(own), np.arange(1.0, len(own) + 1), 0.0)
            if float((np.nan_to_num(own) * ramp).sum()) > LIMIT * float(np.sqrt((ramp**2).sum())):
                return week
    return None
