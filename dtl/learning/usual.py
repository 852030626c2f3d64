"""What a meter usually reads: the median of like days around, by time of day, with the spread of the like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

AROUND_DAYS = 35
"""Days before and after that tell what is usual: long enough for ten Sundays, short enough for the season."""
LEAST_DAYS = 3


@dataclass(frozen=True)
class Usual:
    """Median and spread (mean absolute deviation) of each interval; shape (days, steps)."""

    median: Array
    spread: Array


def usual(values: Array, kind: NDArray[np.int64], trusted: NDArray[np.bool_]) -> Usual:
    """What is usual on every day, the day itself left out.

    Parameters
    ----------
    values : shape (days, steps of a day); nan where missing.
    kind : kind of each day, e.g. 0 working day, 1 Saturday, 2 Sunday or holiday.
    trusted : shape of values; what is not trusted is not looked at.
    """
    seen = np.where(trusted, values, np.nan)
    median = np.full(values.shape, np.nan)
    number = np.arange(len(values))
    everything = _median(seen)
    for day in number:
        for reach in (AROUND_DAYS, len(values)):
            like = (kind == kind[day]) & (np.abs(number - day) <= reach) & (number != day)
            lack = ~np.isfinite(median[day])
            enough = np.isfinite(seen[like]).sum(0) >= LEAST_DAYS
            fill = lack & enough
            if fill.any():
                median[day, fill] = median_of(seen[like][:, fill])
            if not lack.any():
                break
    median = np.where(np.isfinite(median), median, everything)
    deviation = np.abs(seen - median)
    floor = 0.02 * np.nanmedian(np.abs(median)) + 1e-9
    spread = np.empty_like(median)
    for k in np.unique(kind):
        own = kind == k
        local = _median(deviation[own]) * 1.4426
        # the spread of neighbouring times steadies that of a single one
        spread[own] = (np.roll(local, 1) + 2 * local + np.roll(local, -1)) / 4
    return Usual(median, np.maximum(np.where(np.isfinite(spread), spread, floor), floor))


def _median(values: Array) -> Array:
    """Median by column; that of all where a column has none."""
    whole = np.nanmedian(values) if np.isfinite(values).any() else 0.0
    has = np.isfinite(values).any(0)
    found = np.full(values.shape[1], whole)
    if has.any():
        found[has] = median_of(values[:, has])
    return found


def median_of(values: Array) -> Array:
    """Median of each column without its nan; every column has a value."""
    ordered = np.sort(values, axis=0)
    count = np.isfinite(values).sum(axis=0)
    column = np.arange(values.shape[1])
    return np.asarray((ordered[(count - 1) // 2, column] + ordered[count // 2, column]) / 2.0)
