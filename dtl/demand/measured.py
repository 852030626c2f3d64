"""SCADA as hourly means on the calendar of a study: time-weighted, of good values only, nothing filled."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS, Calendar

Floats = NDArray[np.float64]
COMPLETE = 0.75
"""Share of an hour that good values must cover."""
HOLDS_S = 7 * 86_400
"""A state that was written once holds until the next, but no longer than this [s]."""


def hourly(rows: pa.Table, year: int, timezone: str) -> Floats:
    """Hourly means of one series of the table ``scada`` in a year, (8760,), NaN where an hour is not covered.

    Parameters
    ----------
    rows
        Rows of one source, feeder, device, quantity and phases.
    year, timezone
        The calendar: local standard time, interval start, without 29 February.
    """
    good = pc.and_(pc.equal(rows["quality"].cast(pa.string()), "good"), pc.is_valid(rows["value"]))
    order = pc.sort_indices(rows["start"])
    rows, good = rows.take(order), np.asarray(good.take(order), bool)
    start = rows["start"].cast(pa.int64()).to_numpy()
    step = rows["interval_min"].to_numpy().astype(np.int64) * 60
    if not len(start):
        return np.full(HOURS, np.nan)
    until = np.append(start[1:], start[-1] + HOLDS_S)
    end = np.where(step > 0, start + step, np.minimum(until, start + HOLDS_S))
    zero = _start(year, timezone)
    days = 366 if Calendar(year).is_leap else 365
    total, covered = _weighted(start[good] - zero, end[good] - zero, rows["value"].to_numpy()[good], 24 * days)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(covered >= COMPLETE * 3600, total / covered, np.nan)
    return np.delete(mean, np.s_[59 * 24 : 60 * 24]) if days == 366 else mean


def _weighted(start: NDArray[np.int64], end: NDArray[np.int64], value: Floats, hours: int) -> tuple[Floats, Floats]:
    """Value times seconds, and seconds, of each hour; a value that lasts longer is laid upon all hours it covers."""
    total, covered = np.zeros(hours), np.zeros(hours)
    edges = np.arange(hours + 1) * 3600
    first = np.clip(start, 0, edges[-1])
    last = np.clip(end, 0, edges[-1])
    keep = last > first
    first, last, value = first[keep], last[keep], value[keep]
    begin, stop = first // 3600, (last - 1) // 3600
    spans = stop - begin + 1
    owner = np.repeat(np.arange(len(first)), spans)
    hour = np.repeat(begin, spans) + np.arange(int(spans.sum())) - np.repeat(np.cumsum(spans) - spans, spans)
    seconds = np.minimum(last[owner], edges[hour + 1]) - np.maximum(first[owner], edges[hour])
    np.add.at(total, hour, seconds * value[owner])
    np.add.at(covered, hour, seconds.astype(np.float64))
    return total, covered


def _start(year: int, timezone: str) -> int:
    """The instant at which a year begins in local standard time [s since 1970 UTC]."""
    zone = ZoneInfo(timezone)
    offsets = [datetime(year, month, 1, 12, tzinfo=zone).utcoffset() for month in (1, 7)]
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp() - min(o for o in offsets if o is not None).total_seconds())
