"""Stamps of readings as UTC minutes, whole columns at a time, with what daylight saving does to them.

Where clocks go back an hour of labels occurs twice; where they go forward an hour of labels does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl.sources.ami_loose import viewed
from dtl.sources.stamps import SERIAL, civil

FIRST, LAST = 1990, 2060
"""Years that a reading may have."""
NEVER = np.iinfo(np.int64).min
"""Stands for a stamp that cannot be read."""
DAY, FORTNIGHT, QUARTER = 1440, 14 * 1440, 15
"""Minutes; since 1990 no clock changed twice within 14 days, nor at other times than quarters of an hour."""
UNIX = {"unix_s": 1, "unix_ms": 1000}
"""Formats of stamps that count from 1970 in UTC, and their ticks in a second."""
EXCEL, EXCEL_1970, ROUNDED = "excel", 25569 * DAY, 0.1
"""The format of serial numbers of Excel, the minute at which 1970 begins, and what rounding may add [min]."""
LAST_SECOND = 59
"""A stamp with this second names the last second of its interval in place of the end."""
PER_MINUTE = {"s": 60, "ms": 60_000}

Ints = NDArray[np.int64]


class Moments(NamedTuple):
    """UTC minutes of stamps; ``later`` is how many minutes later the label occurs again (0: once), ``gap`` marks
    labels that no clock showed; all of shape (n,)."""

    minute: Ints
    later: NDArray[np.int16]
    gap: NDArray[np.bool_]


@dataclass(frozen=True)
class Zone:
    """A clock as its changes: at UTC minute ``at[k]`` the offset goes from ``before[k]`` to ``before[k + 1]`` [min]."""

    at: Ints
    before: Ints

    def moments(self, civil: Ints, ends: bool) -> Moments:
        """The instants of civil minutes, shape (n,), n > 0.

        With ``ends`` a label that clocks jumped from, as 02:00, is the end of the last interval before the jump.
        """
        later, gap = np.zeros(len(civil), np.int16), np.zeros(len(civil), np.bool_)
        if not len(self.at):
            return Moments(civil - self.before[0] if self.before[0] else civil, later, gap)
        old, new = self.before[:-1], self.before[1:]
        low, high = self.at + np.minimum(old, new), self.at + np.maximum(old, new)
        first, last = (np.searchsorted(high, civil.min(), "right"), np.searchsorted(low, civil.max(), "right"))
        minute = civil - self.before[first]
        for k in range(int(first), int(last)):
            near = (civil >= low[k]) & (civil < high[k])
            if old[k] > new[k]:
                later[near] = old[k] - new[k]
            else:
                gap |= near & (civil != low[k]) if ends else near
            minute[civil >= high[k]] -= new[k] - old[k]
        return Moments(minute, later, gap)


@lru_cache(maxsize=8)
def zone_of(word: str, timezone: str) -> Zone:
    """The clock that a source names: local, standard, UTC or a zone; ``timezone`` is that of the study."""
    if word == "UTC":
        return Zone(np.zeros(0, np.int64), np.zeros(1, np.int64))
    zone = ZoneInfo(timezone if word in ("local", "standard") else word)
    if word == "standard":
        shown = (datetime(2025, month, 1, 12, tzinfo=zone).utcoffset() for month in (1, 7))
        offset = min(one or timedelta() for one in shown)
        return Zone(np.zeros(0, np.int64), np.array([offset.total_seconds() // 60], np.int64))
    first = int(datetime(FIRST - 1, 12, 31, tzinfo=UTC).timestamp()) // 60
    days = range(first, first + (LAST - FIRST + 2) * 366 * DAY, FORTNIGHT)
    at, before = [], [_offset(zone, days[0])]
    for day in days:
        if _offset(zone, day + FORTNIGHT) != before[-1]:
            low, high = day, day + FORTNIGHT
            while high - low > QUARTER:
                middle = low + (high - low) // (2 * QUARTER) * QUARTER
                low, high = (middle, high) if _offset(zone, middle) == before[-1] else (low, middle)
            at.append(high)
            before.append(_offset(zone, high))
    return Zone(np.array(at, np.int64), np.array(before, np.int64))


def _offset(zone: ZoneInfo, minute: int) -> int:
    offset = datetime.fromtimestamp(minute * 60, UTC).astimezone(zone).utcoffset()
    return int((offset or timedelta()).total_seconds() // 60)


def minutes(stamps: pa.Array, form: str, last: bool = False) -> tuple[Ints, NDArray[np.bool_] | None]:
    """Minutes since 1970 of stamps, and which of them are UTC (None: none is); `NEVER` where there is no stamp.

    Stamps are times, days, or texts of the format ``form`` (ISO 8601 where it is empty; ``unix_s`` and ``unix_ms``
    count from 1970, ``excel`` counts days). Hour 24 is the end of a day. With ``last`` the last second of a minute
    stands for the minute; otherwise a stamp within a minute is none.
    """
    if pa.types.is_dictionary(stamps.type):
        values, utc = minutes(stamps.dictionary, form, last)
        index = stamps.indices.fill_null(0).to_numpy(zero_copy_only=False)
        found = values[index] if len(values) else np.full(len(index), NEVER)
        found = np.where(stamps.indices.is_valid().to_numpy(zero_copy_only=False), found, NEVER)
        return found, None if utc is None else utc[index]
    if pa.types.is_timestamp(stamps.type) or pa.types.is_date(stamps.type):
        zoned = pa.types.is_timestamp(stamps.type) and stamps.type.tz is not None
        if pa.types.is_date(stamps.type) or stamps.type.unit not in PER_MINUTE:
            stamps = stamps.cast(pa.timestamp("ms", stamps.type.tz if zoned else None), False)
        per_minute = PER_MINUTE[stamps.type.unit]
        plain = stamps.view(pa.int64()) if not stamps.null_count else stamps.view(pa.int64()).fill_null(NEVER)
        ticks = viewed(plain)
        whole = ticks // per_minute
        split = whole * per_minute != ticks
        if last and split.any():
            split &= ticks - whole * per_minute < LAST_SECOND * per_minute // 60
        if stamps.null_count or split.any():
            whole = np.where((ticks == NEVER) | split, NEVER, whole)
        return whole, np.ones(len(whole), np.bool_) if zoned else None
    texts = pc.cast(stamps, pa.string()).dictionary_encode()
    pairs = [_parsed(t, form, last) for t in texts.dictionary.to_pylist()]
    values = np.array([p[0] for p in pairs] or [NEVER], np.int64)
    index = texts.indices.fill_null(0).to_numpy(zero_copy_only=False)
    found = np.where(texts.indices.is_valid().to_numpy(zero_copy_only=False), values[index], NEVER)
    if not any(p[1] for p in pairs):
        return found, None
    return found, np.array([p[1] for p in pairs], np.bool_)[index]


def counted(
    days: pa.Array, numbers: pa.Array, zone: Zone, form: str, step: int, ends: bool
) -> tuple[Ints, NDArray[np.bool_]]:
    """Start of intervals of ``step`` minutes that are numbered from 1 in their day, as UTC minutes, and which are none.

    Numbers count from midnight in order of time: a day on which clocks go back has an hour of them more. So do hours
    and minutes since midnight, ``01:00`` to ``25:00``, at the end of an interval or, unless ``ends``, at its start.
    """
    day, _ = minutes(days, form)
    number = pc.cast(numbers, pa.string()).dictionary_encode()
    words = [w.strip() for w in number.dictionary.to_pylist()]
    known = np.array([_number(w, step, ends) for w in words] or [0], np.int64)
    count = np.where(number.indices.is_valid().to_numpy(zero_copy_only=False),
                     known[number.indices.fill_null(0).to_numpy(zero_copy_only=False)], 0)  # fmt: skip
    never = (day == NEVER) | (count < 1) | (day % DAY != 0)
    some = np.where(never, 0, day)
    start = zone.moments(some, False).minute + (count - 1) * step
    never |= start >= zone.moments(some + DAY, False).minute
    return np.where(never, 0, start), never


def _number(word: str, step: int, ends: bool) -> int:
    """The number of an interval in its day, from 1; 0 for none."""
    if word.isdecimal() and len(word) < 5:
        return int(word)
    hour, colon, minute = word.partition(":")
    if not (colon and hour.isdecimal() and len(hour) < 3 and minute.isdecimal() and len(minute) == 2):
        return 0
    number, rest = divmod(60 * int(hour) + int(minute), step)
    return 0 if rest or int(minute) > 59 else number + (not ends)


@lru_cache(maxsize=200_000)
def _parsed(text: str, form: str, last: bool = False) -> tuple[int, bool]:
    """Minutes since 1970 of a text, and whether it states its offset; `NEVER` for no stamp."""
    text = text.strip()
    if form in UNIX:
        seconds, rest = divmod(int(text), UNIX[form]) if text.isdecimal() else (0, 1)
        whole = not rest and not seconds % 60 and FIRST <= 1970 + seconds // 31_556_952 <= LAST
        return (seconds // 60, True) if whole else (NEVER, False)
    if form == EXCEL:
        return _of_excel(text)
    try:
        when = civil(text, form)
    except ValueError:
        return NEVER, False
    within = (when.second or when.microsecond) and not (last and when.second == LAST_SECOND)
    if not FIRST <= when.year <= LAST or within:
        return NEVER, False
    zoned = when.tzinfo is not None
    total = int((when if zoned else when.replace(tzinfo=UTC)).timestamp() // 60)
    return total, zoned


def _of_excel(text: str) -> tuple[int, bool]:
    """Minutes of a serial number of Excel: days of its own clock since 1900, whose fraction is rounded."""
    if not SERIAL.fullmatch(text):
        return NEVER, False
    exact = float(text) * DAY
    whole = round(exact)
    good = abs(exact - whole) <= ROUNDED and FIRST <= 1900 + float(text) / 365.25 <= LAST
    return (whole - EXCEL_1970, False) if good else (NEVER, False)
