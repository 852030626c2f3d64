"""Rows of days with a column for each interval: when each column begins, in files of 24 and of 25 hours of columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SourceError
from dtl.sources.ami_clock import Ints, Zone

DAY = 1440


class Begins(NamedTuple):
    """UTC minutes, minutes to the second time of the label, and which columns have no interval that day; (n, width)."""

    start: Ints
    later: NDArray[np.int16]
    gap: NDArray[np.bool_]


def begins(
    file: str, zone: Zone, day: Ints, good: NDArray[np.bool_] | None, values: NDArray[np.float64], step: int
) -> Begins:
    """When the columns of each row begin; ``day`` is the civil midnight [min], ``good`` the rows that have one.

    Where there are 25 hours of columns they count from midnight in order of time. But where the columns of one hour are
    empty on every day of 24 hours, and the last are not, these are the second pass of the hour that occurs twice.

    Raises
    ------
    SourceError
        On days of 24 hours values stand in 25, and no hour is empty.
    """
    count, width = values.shape
    j = np.arange(width) * step
    if width <= DAY // step:
        return _by_clock(zone, day, j)
    midnight = zone.moments(np.concatenate([day, day + DAY]), False).minute.reshape(2, count)
    usual = (midnight[1] - midnight[0] == DAY) & (True if good is None else good)
    start = midnight[0][:, None] + j
    found = Begins(start, np.zeros(start.shape, np.int16), start >= midnight[1][:, None])
    second = _second_pass(file, values[usual], 60 // step)
    if second is None:
        return found
    shorter = (midnight[1] - midnight[0] <= DAY)[:, None]
    clock = _by_clock(zone, day, np.where(j > second * step, j - 60, j))
    clock.gap[:, second : second + 60 // step] = True
    return Begins(
        np.where(shorter, clock.start, found.start),
        np.where(shorter, clock.later, found.later),
        np.where(shorter, clock.gap, found.gap),
    )


def _by_clock(zone: Zone, day: Ints, j: Ints) -> Begins:
    shape = (len(day), len(j))
    found = zone.moments((day[:, None] + j).ravel(), False)
    return Begins(found.minute.reshape(shape), found.later.reshape(shape), found.gap.reshape(shape))


def _second_pass(file: str, values: NDArray[np.float64], hour: int) -> int | None:
    """The first of the columns that are empty, else zero, on all days of 24 hours; None where the last ones are."""
    for used in (~np.isnan(values), np.nan_to_num(values) != 0):
        if not len(used) or 2 * used[:, -hour:].any(axis=1).sum() <= len(used):
            return None
        empty = np.flatnonzero(~used.any(axis=0))
        if len(empty) == hour and empty[-1] - empty[0] == hour - 1:
            return int(empty[0])
    raise SourceError(
        f"{file}: on days of 24 hours values stand in 25 hours of columns, and no hour of them is empty on all; "
        "leave columns that are no interval, as a total, out of the pattern of `intervals`"
    )
