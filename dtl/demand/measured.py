"""SCADA as hourly means: time-weighted, of good values only, nothing filled; and which device of a feeder is its head.

All that compare with SCADA ask here: the demand, the calibration and the modules that learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.calendar import Calendar

Floats = NDArray[np.float64]
COMPLETE = 0.75
"""Share of an hour that good values must cover."""
HOLDS_S = 7 * 86_400
"""A state that was written once holds until the next, but no longer than this [s]."""
LEAST_H = 24 * 7
"""Common hours in which two devices are compared: a week."""


def hourly(rows: pa.Table, year: int, timezone: str) -> Floats:
    """Hourly means of one series of the table ``scada`` in a year, (8760,), NaN where an hour is not covered.

    Parameters
    ----------
    rows
        Rows of one feeder, device, quantity and phases.
    year, timezone
        The calendar: local standard time, interval start, without 29 February.
    """
    days = 366 if Calendar(year).is_leap else 365
    mean = means(rows, _start(year, timezone), 24 * days)
    return np.delete(mean, np.s_[59 * 24 : 60 * 24]) if days == 366 else mean


def means(rows: pa.Table, zero: int, hours: int) -> Floats:
    """Means of one series by hour after `zero` [s since 1970 UTC], shape (hours,), NaN where an hour is not covered.

    A value of an interval counts for its interval, one of an event until the next value, good or not, but no longer
    than `HOLDS_S`. A moment that several sources give counts once, by a good value if one has it.
    """
    good = pc.and_(
        pc.equal(rows["quality"].cast(pa.string()), "good"), pc.is_finite(pc.fill_null(rows["value"], np.nan))
    )
    good = np.asarray(good, bool)
    start = rows["start"].cast(pa.timestamp("s", tz="UTC")).cast(pa.int64()).to_numpy()
    order = np.lexsort((~good, start))
    order = order[np.diff(start[order], prepend=np.iinfo(np.int64).min) != 0]
    start, good, value = start[order], good[order], rows["value"].to_numpy()[order]
    step = rows["interval_min"].to_numpy().astype(np.int64)[order] * 60
    until = np.append(start[1:], start[-1:] + HOLDS_S)
    end = np.where(step > 0, start + step, np.minimum(until, start + HOLDS_S))
    total, covered = _weighted(start[good] - zero, end[good] - zero, value[good], hours)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(covered >= COMPLETE * 3600, total / covered, np.nan)


def series(rows: pa.Table) -> Iterator[tuple[str, str, str, pa.Table]]:
    """Device, quantity, phases and rows of each series of one feeder, in order."""
    keys = ("device", "quantity", "phases")
    plain = {k: rows[k].cast(tables.TEXT) for k in keys}
    known = pa.table(plain).group_by(list(keys)).aggregate([]).to_pylist() if rows.num_rows else []
    for device, quantity, phases in sorted((r["device"], r["quantity"], r["phases"]) for r in known):
        one = zip(plain.values(), (device, quantity, phases), strict=True)
        mask = [pc.equal(column, word) for column, word in one]
        yield device, quantity, phases, rows.filter(pc.and_(mask[0], pc.and_(mask[1], mask[2])))


def powers(rows: pa.Table, quantity: str, hourly_of: Callable[[pa.Table], Floats]) -> dict[str, Floats]:
    """``kw`` or ``kvar`` of all phases by device of one feeder; `hourly_of` makes hours of the rows of a series."""
    rows = rows.filter(pc.equal(rows["quantity"].cast(tables.TEXT), quantity))
    parts: dict[str, dict[str, Floats]] = {}
    for device, _, phases, own in series(rows):
        parts.setdefault(device, {})[phases] = hourly_of(own)
    found = {device: of_all_phases(by_phase) for device, by_phase in parts.items()}
    return {device: values for device, values in found.items() if np.isfinite(values).any()}


def of_all_phases(by_phase: Mapping[str, Floats]) -> Floats:
    """The total, whose key is empty, where it is measured; else the sum of the phases in the hours that have all.

    Hours without the total have the sum where each of the three phases is a series, as two may be only some of them.
    """
    single = [values for phases, values in by_phase.items() if len(phases) == 1]
    total = by_phase.get("")
    if total is None:
        summed: Floats = np.stack(single or list(by_phase.values())).sum(axis=0)
        return summed
    return np.where(np.isfinite(total), total, np.stack(single).sum(axis=0)) if len(single) == 3 else total


def head_of(kw: Mapping[str, Floats]) -> str | None:
    """The device at the head of a feeder, by the hourly power of each [kW]; None without any.

    It is the one with the larger mean power in the hours that both measure; where these are less than a week, the one
    that measures more hours, of as many the one with the larger mean.
    """
    found: str | None = None
    for device in sorted(kw):
        if found is None or _above(kw[device], kw[found]):
            found = device
    return found


def _above(values: Floats, other: Floats) -> bool:
    own, its = np.isfinite(values), np.isfinite(other)
    if (both := own & its).sum() >= LEAST_H:
        return bool(values[both].mean() > other[both].mean())
    return (int(own.sum()), float(values[own].mean())) > (int(its.sum()), float(other[its].mean()))


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
