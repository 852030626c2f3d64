"""An early warning of growth: the weeks of the last year, without weather, against a ramp that began in any of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import nnls
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dtl.learning.insight import NotEnough

Array = NDArray[np.float64]
REFERENCE_WEEKS, WATCHED_WEEKS = 104, 52
"""Weeks from which the usual load is learned, and weeks after them that are watched."""
LEAST_WATCHED, LEAST_SHARE = 2, 0.8
"""Weeks that must be watched, and share of the reference's days that must be known."""
LIMIT = 4.0
"""Height of the statistic that raises the alarm [standard deviations].

White noise passes it in 1.1 of 100 years of a feeder, the usual load and its deviation being fitted (3.85: in 2);
heads, whose rest is not quite white, in 1 of 126 years without growth (3.75: in 4).
"""
PARTS, LEAST_HOURS = 6, 2
"""Parts of a day, each with a usual load of its own, and known hours that each of them needs."""
FELT_H = 6.0
"""Time in which buildings follow the air [h]."""
KNOTS = (0.1, 0.3, 0.5, 0.7, 0.9)
TURNS, SHRINK = 8, 0.1


@dataclass(frozen=True)
class Watch:
    """What was seen in the weeks that were watched."""

    weekly: Array
    """Each watched week's load over the usual one, less one; empty weeks missing."""
    deviation: float
    """Standard deviation of such a week in the reference."""
    first: pd.Timestamp
    """Begin of the first watched week."""
    alarm: int | None
    """The watched week, from 0, at whose end growth is beyond chance; None if there is none."""
    sun: bool
    """Whether irradiance is among what explains the usual load."""


def watch(
    load: pd.Series,
    temp: pd.Series,
    holiday: NDArray[np.bool_],
    reference: int | None = None,
    sun: pd.Series | None = None,
) -> Watch | NotEnough:
    """Watch hourly loads under hourly temperatures; both by UTC hours on one index, ``holiday`` by hour.

    ``reference``: number of the week in which the watch begins; if left out, the last year is watched. ``sun``: global
    irradiance [W/m2] by UTC hours; it is left out where less than `LEAST_SHARE` of the days have it.
    """
    parts, x, lit = days(load, temp, holiday, sun)
    weeks = len(parts) // 7
    start = max(weeks - WATCHED_WEEKS, REFERENCE_WEEKS) if reference is None else reference
    if weeks < start + LEAST_WATCHED or start < REFERENCE_WEEKS:
        return NotEnough(f"{weeks} weeks of load, a watch needs {REFERENCE_WEEKS} before it and {LEAST_WATCHED} in it")
    whole, number = parts.mean(axis=1), np.arange(len(parts)) // 7
    known = np.isfinite(whole) & np.isfinite(x).all(axis=1) & (whole > 0)
    inside = known & (number >= start - REFERENCE_WEEKS) & (number < start)
    share = float(inside.sum()) / (7 * REFERENCE_WEEKS)
    if share < LEAST_SHARE or not known[number >= start].any():
        return NotEnough(f"load or temperature is missing, or flows back, on {100 * (1 - share):.0f} % of the days")
    if np.ptp(whole[inside]) <= 1e-9 * whole[inside].max():
        return NotEnough("the load never changes")
    with threadpool_limits(1):
        rest = np.where(known, over_usual(parts, x, inside), np.nan)
        first, end = 7 * (start - REFERENCE_WEEKS), 7 * weeks
        weekly = by_week(rest[first:end, None])[:, 0]
        shared = doubt(x[inside], by_week(np.where(np.isfinite(rest), x.T, np.nan).T[first:end]))
        at = np.flatnonzero(np.isfinite(weekly))
        before, late = at[at < REFERENCE_WEEKS], at[at >= REFERENCE_WEEKS]
        free = max(float((1 - np.diag(shared)[before]).sum()), 1.0)
        deviation = float(np.sqrt((weekly[before] ** 2).sum() / free))
        seen, week = weekly[late] / max(deviation, 1e-9), late - REFERENCE_WEEKS
        over = highest(seen[:, None], week, shared[np.ix_(late, late)])[:, 0] > LIMIT
    begin = load.index[0].floor("D") + pd.Timedelta(weeks=start)
    alarm = int(week[over.argmax()]) if over.any() else None
    return Watch(weekly[REFERENCE_WEEKS:], deviation, begin, alarm, lit)


def days(
    load: pd.Series, temp: pd.Series, holiday: NDArray[np.bool_], sun: pd.Series | None = None
) -> tuple[Array, Array, bool]:
    """Mean load of the parts of each day, nan where hours are missing, (days, PARTS); what explains it, (days, n).

    Degrees above five knots of the hours' temperatures, and of the smoothed ones that buildings feel, weekday, holiday,
    two waves of the year, and irradiance with a wave of the year; and whether irradiance is among them.
    """
    rows = pd.DataFrame({"load": load, "temp": temp.reindex(load.index), "holiday": holiday.astype(float)})
    felt = rows["temp"].ewm(alpha=1 - float(np.exp(-1 / FELT_H))).mean()
    columns = {"one": pd.Series(1.0, rows.index), "holiday": rows["holiday"]}
    for name, series in (("air", rows["temp"]), ("felt", felt)):
        columns[name] = series
        for share in KNOTS:
            columns[f"{name} {share}"] = (series - float(series.quantile(share))).clip(lower=0)
    table = pd.DataFrame(columns).resample("D").mean()
    index = pd.DatetimeIndex(table.index)
    turn = 2 * np.pi * np.arange(len(index)) / 365.25
    x = [table.to_numpy(float), *((index.day_of_week == d).astype(float) for d in range(1, 7))]
    x += [f(k * turn) for k in (1, 2) for f in (np.sin, np.cos)]
    light = np.full(len(index), np.nan) if sun is None else sun.resample("D").mean().reindex(index).to_numpy(float)
    lit = bool(np.isfinite(light).mean() >= LEAST_SHARE)
    if lit:
        x += [light, light * np.sin(turn), light * np.cos(turn)]
    groups = rows["load"].groupby(np.asarray(rows.index.hour * PARTS // 24)).resample("D")
    parts = groups.mean().where(groups.count() >= LEAST_HOURS).unstack(level=0).reindex(index)
    return parts.to_numpy(float), np.column_stack(x), lit


def over_usual(parts: Array, x: Array, inside: NDArray[np.bool_]) -> Array:
    """Load of each day over the usual one that was fitted on the days `inside`, less one; the parts of a day weighted.

    Weights make the deviation least among those that are not negative: hours whose customers or roofs vary most count
    least, and a growth in all hours is told from what is left.
    """
    usual = x @ np.column_stack([_fitted(x[inside], part) for part in parts[inside].T])
    off, mean = (parts - usual)[inside], usual[inside].mean(axis=0)
    scatter = np.cov(off.T)
    scatter = (1 - SHRINK) * scatter + SHRINK * np.diag(np.diag(scatter))
    scatter /= float(np.trace(scatter)) or 1.0
    root = np.linalg.cholesky(scatter + 1e-12 * np.eye(PARTS)).T
    sure = 1e3
    weight = nnls(np.vstack([root, sure * mean / mean.max()]), np.append(np.zeros(PARTS), sure))[0]
    level = usual @ weight
    return np.asarray(
        np.where(level > 0, (parts - usual) @ weight / np.where(level > 0, level, 1.0), np.nan), np.float64
    )


def by_week(values: Array) -> Array:
    """Means of weeks of seven rows, nan where less than four are known."""
    weeks = values.reshape(-1, 7, values.shape[1])
    count = np.isfinite(weeks).sum(axis=1)
    return np.asarray(np.where(count < 4, np.nan, np.nansum(weeks, axis=1) / np.maximum(count, 1)), np.float64)


def doubt(x: Array, weeks: Array) -> Array:
    """Covariance of what is said of weeks whose x are given, fitted on days ``x`` [squared deviation of a week]."""
    size = np.abs(x).max(axis=0)
    size[size == 0] = 1.0
    share = np.nan_to_num(weeks / size) @ np.linalg.pinv(x / size, rcond=1e-10)
    return np.asarray(7 * share @ share.T, np.float64)


def _fitted(x: Array, y: Array) -> Array:
    """Weights by Huber's regression."""
    weight: Array = np.ones(len(y))
    b: Array = np.zeros(x.shape[1])
    for _ in range(TURNS):
        root = np.sqrt(weight)
        b = np.asarray(np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0], np.float64)
        off = np.abs(y - x @ b)
        weight = np.minimum(1.0, 1.345 * 1.4826 * float(np.median(off)) / np.maximum(off, 1e-12))
    return b


def highest(weeks: Array, number: NDArray[np.int64], shared: Array) -> Array:
    """The statistic of each week: how far the likeliest ramp that began before it stands out (likelihood ratio).

    Lorden 1971, Annals of Mathematical Statistics 42. Rests ``weeks`` of shape (known weeks, series) [deviations] have
    the covariance 1 + ``shared``, by whose root they and the ramps are divided: a week is then held only against
    what weeks before it do not say already. ``number``: of each week, from 0.
    """
    root = np.linalg.cholesky(np.eye(len(number)) + shared)
    rests = solve_triangular(root, weeks, lower=True)
    found = np.full(weeks.shape, -np.inf)
    for begin in range(int(number[-1])):
        ramp = solve_triangular(root, np.maximum(number - begin + 1.0, 0.0), lower=True)
        size = np.sqrt(np.cumsum(ramp**2))
        after = number > begin
        own = np.cumsum(ramp[:, None] * rests, axis=0)[after] / np.maximum(size, 1e-12)[after, None]
        found[after] = np.maximum(found[after], own)
    return found
