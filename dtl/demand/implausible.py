"""Readings that no service carries: single spikes, stretches that are multiplied, and meters in another unit.

Utilities check readings before they are used (validation, estimation and editing) against the meter's own usual and its
service. Here both must speak at once, since a real peak is what a study looks for: only readings above the rating of
the transformer, and above `LEAST_KW`, are looked at. Of these

- a *spike* is `SPIKE` times the meter's usual weekly peak, lasts an hour at most, and is above twice what the meter
  draws on all but a few days: a car that charges comes back;
- a *multiplied* stretch has peaks of `SPIKE` times that peak, and lowest readings of `TIMES` times the usual lowest,
  for a day at least and three weeks at most, and usual readings after it. In the middle it is 10, 100 or 1,000 times
  the usual of the time of day, and it varies as the meter varies otherwise: cars and heaters add to what runs at night
  anyway, and what runs for a season has a size and a shape of its own.

A meter that draws more than `UNIT` times the rating most of the time is left out as a whole: it reads in another unit,
or has a multiplier that it should not have, and no usual of its own could tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNIT = 10.0
"""Multiple of its rating that no transformer carries all the time: half of a meter's readings above it are in another
unit."""
LEAST_DAYS = 1
"""Days of readings that tell a unit."""
LEAST_KW = 20.0
"""Below this no reading is doubted, however small its transformer [kW]: a house with a car draws so much."""
SPIKE, SPIKE_MIN, SPIKE_DAYS = 4.0, 60, 5
"""Least multiple of the usual weekly peak, longest time [min], and on how many days half of it is usual."""
TIMES, STRETCH_MIN, LONGEST_MIN = 6.0, 24 * 60, 21 * 24 * 60
"""Least multiple of the usual lowest readings, and shortest and longest time of a multiplied stretch [min]."""
EDGE = 3.0
"""Multiple of the usual of its time of day from which on a reading at the edge of a stretch belongs to it."""
NEAR, VARIES = 1.5, 0.5
"""Greatest factor between how many times the usual a multiplied stretch is and a power of ten; least part of the usual
spread, between the quartiles of the logarithm, that it has."""
AFTER_DAYS = 7
"""So many days after a stretch tell whether the meter is as usual again."""
LEAST_WEEKS = 4
"""Weeks of readings that tell a usual peak."""
DAY_MIN, WEEK_MIN = 24 * 60, 7 * 24 * 60

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Implausible:
    """A run of readings that is left out."""

    meter: str
    kind: str
    """``spike``, ``multiplied`` or ``unit``."""
    start: int
    """Of the first [UTC minutes since 1970]."""
    end: int
    """Of the last."""
    count: int
    kwh: float
    """Of all of them."""
    kw: float
    """Of the highest."""


def implausible(
    readings: Iterable[tuple[list[str], Ints, Ints, Ints, Reals]], most_kw: Mapping[str, float]
) -> list[Implausible]:
    """Find them in readings that have energy, sorted by meter and start.

    Parameters
    ----------
    readings
        Batches: names of meters, then per reading the position of its meter there, start and length [min], energy
        [kWh]. A meter may go on in the next batch.
    most_kw
        What the service of a meter carries [kW]; others are not looked at.
    """
    found: list[Implausible] = []
    name, parts = "", list[tuple[Ints, Ints, Reals]]()

    def close() -> None:
        if name in most_kw and parts:
            start, minutes, kwh = (np.concatenate(column) for column in zip(*parts, strict=True))
            found.extend(_of_meter(name, start, minutes, kwh, max(most_kw[name], LEAST_KW)))

    for names, code, start, minutes, kwh in readings:
        edge = np.flatnonzero(np.diff(code)) + 1
        for first, last in zip(np.concatenate([[0], edge]), np.append(edge, len(code)), strict=True):
            if first == last:
                continue
            if names[code[first]] != name:
                close()
                name, parts = names[code[first]], []
            parts.append((start[first:last], minutes[first:last], kwh[first:last]))
    close()
    return found


def _of_meter(name: str, start: Ints, minutes: Ints, kwh: Reals, most: float) -> list[Implausible]:
    size = np.abs(kwh) * 60 / minutes
    if size.max() <= most:
        return []
    drawn = size[size > 0]
    if minutes.sum() >= LEAST_DAYS * DAY_MIN and len(drawn) and np.median(drawn) > UNIT * most:
        end = int((start + minutes)[-1])
        return [Implausible(name, "unit", int(start[0]), end, len(size), float(kwh.sum()), float(size.max()))]
    usual = _usual_peak(start, minutes, size)
    if usual is None or size.max() <= SPIKE * usual:
        return []
    runs = [("multiplied", *run) for run in _multiplied(start, minutes, size, usual, most)]
    rest = np.ones(len(size), bool)
    for _, first, last in runs:
        rest[first:last] = False
    runs += [("spike", *run) for run in _spikes(start, minutes, np.where(rest, size, 0.0), usual, most)]
    return [
        Implausible(
            name, kind, int(start[first]), int((start + minutes)[last - 1]), last - first,
            float(kwh[first:last].sum()), float(size[first:last].max()),
        )
        for kind, first, last in sorted(runs, key=lambda run: run[1])
    ]  # fmt: skip


def _usual_peak(start: Ints, minutes: Ints, size: Reals) -> float | None:
    """The median of the peaks of the weeks that are at least half there; None where these are too few."""
    week = (start - start[0]) // WEEK_MIN
    there = np.bincount(week, minutes) >= WEEK_MIN / 2
    peak = np.zeros(len(there))
    np.maximum.at(peak, week, size)
    return float(np.median(peak[there])) if there.sum() >= LEAST_WEEKS else None


def _spikes(start: Ints, minutes: Ints, size: Reals, usual: float, most: float) -> list[tuple[int, int]]:
    found = []
    for first, last in _runs(size > max(most, SPIKE * usual)):
        high = size > size[first:last].max() / 2
        while first and high[first - 1]:
            first -= 1
        while last < len(size) and high[last]:
            last += 1
        days = len(np.unique(start[high] // DAY_MIN))
        if minutes[first:last].sum() <= SPIKE_MIN and days < SPIKE_DAYS:
            found.append((first, last))
    return sorted(set(found))


def _multiplied(start: Ints, minutes: Ints, size: Reals, usual: float, most: float) -> list[tuple[int, int]]:
    width = STRETCH_MIN // int(np.median(minutes))
    if len(size) < 2 * width:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(size, width)
    low = np.partition(windows, width // 4, axis=1)[:, width // 4]
    base = float(np.median(low))
    hot = (low > TIMES * base) & (base > 0) & (windows.max(axis=1) > SPIKE * usual)
    slot = (start % DAY_MIN) // int(np.median(minutes))
    day = np.array([np.median(size[slot == s]) if (slot == s).any() else 0.0 for s in range(int(slot.max()) + 1)])
    above = size > EDGE * day[slot]
    found: list[tuple[int, int]] = []
    for begin, end in _runs(hot):
        first, last = begin, end + width - 1
        while first < last and not above[first]:
            first += 1
        while last > first and not above[last - 1]:
            last -= 1
        if found and first <= found[-1][1] + width:
            found[-1] = found[-1][0], max(last, found[-1][1])
        elif first < last:
            found.append((first, last))
    times = size / np.where(day[slot] > 0, day[slot], np.nan)
    return [
        (first, last)
        for first, last in found
        if size[first:last].max() > most
        and STRETCH_MIN / 2 <= start[last - 1] - start[first] <= LONGEST_MIN
        and _power_of_ten(times[first:last])
        and _spread(size[first:last]) >= VARIES * _spread(np.delete(size, np.s_[first:last]))
        and _usual_again(times[last : last + AFTER_DAYS * width])
    ]


def _usual_again(times: Reals) -> bool:
    return bool(np.isfinite(times).any()) and float(np.nanmedian(times)) < EDGE


def _power_of_ten(times: Reals) -> bool:
    """Whether readings are the usual ones of their time of day times 10, 100 or 1,000, in the middle."""
    power = float(np.log10(np.nanmedian(times))) if np.nanmax(times, initial=0.0) > 0 else 0.0
    return round(power) in (1, 2, 3) and abs(power - round(power)) <= np.log10(NEAR)


def _spread(size: Reals) -> float:
    """The logarithm of the upper over the lower quartile."""
    low, high = np.quantile(size[size > 0], [0.25, 0.75]) if (size > 0).any() else (1.0, 1.0)
    return float(np.log(high / low))


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last (exclusive) index of each run that is true."""
    edge = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edge[::2], edge[1::2], strict=True)]
