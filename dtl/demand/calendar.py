"""The hours of a study year: 8,760 of them, in local standard time, each named by its start.

Hour 0 is 1 January 00:00. Of a leap year 29 February is dropped. Civil time, the time on the clock with daylight
saving, is translated at the border: only words that people write in a study (`peak_hours`, `at`) are civil.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)

HOURS = 8760
DEFAULT_YEAR = 2025
"""Year whose calendar holds when a study measures none."""

_DAYS_PER_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True)
class Calendar:
    """The calendar of a year; every array has one value per hour, shape (8760,).

    The hours may be cut into steps of ``step_min``, numbered through the year; without a word a step is an hour.
    """

    year: int = DEFAULT_YEAR
    step_min: int = 60
    """Length of a step [min], which divides an hour."""

    @property
    def per_hour(self) -> int:
        """Steps of an hour."""
        return 60 // self.step_min

    def hours_of(self, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        """The hour of the year that each step lies in."""
        return steps // self.per_hour

    def steps_of(self, hours: NDArray[np.int64]) -> NDArray[np.int64]:
        """All steps of some hours, in the order of the hours."""
        return (self.per_hour * hours[:, None] + np.arange(self.per_hour)).ravel()

    def held(self, hourly: NDArray[Real]) -> NDArray[Real]:
        """Values of hours as values of steps: each step has that of its hour, so that energies are the same."""
        return np.repeat(hourly, self.per_hour, axis=-1) if self.per_hour > 1 else hourly

    @cached_property
    def month(self) -> NDArray[np.int64]:
        """Month, 1 to 12."""
        return np.repeat(np.arange(1, 13), [24 * d for d in _DAYS_PER_MONTH])

    @cached_property
    def hour(self) -> NDArray[np.int64]:
        """Hour of the day, 0 to 23."""
        return np.tile(np.arange(24), 365)

    @cached_property
    def day(self) -> NDArray[np.int64]:
        """Day of the year without 29 February, 0 to 364."""
        return np.repeat(np.arange(365), 24)

    @cached_property
    def weekday(self) -> NDArray[np.int64]:
        """Day of the week, 0 for Monday; in a leap year it jumps by two after 28 February."""
        days = self._first_day + np.arange(365)
        if self.is_leap:
            days[59:] += 1
        return np.repeat(days % 7, 24)

    def clock_hour(self, timezone: str) -> NDArray[np.float64]:
        """Hour of the day on the clock of `timezone`, daylight saving included, 0 to 23."""
        return np.asarray((self.hour + np.repeat(_shifts(self.year, timezone), 24)) % 24.0)

    @property
    def is_leap(self) -> bool:
        """Whether the year has a 29 February, which is left out here."""
        return self.year % 4 == 0 and (self.year % 100 != 0 or self.year % 400 == 0)

    @property
    def _first_day(self) -> int:
        return datetime(self.year, 1, 1).weekday()

    def index(self, standard: datetime) -> int:
        """Hour of the year that holds a naive local standard time.

        Raises
        ------
        ValueError
            It lies in another year or on 29 February.
        """
        if standard.year != self.year or (standard.month, standard.day) == (2, 29):
            raise ValueError(f"{standard:%Y-%m-%d %H:%M} is no hour of the study year {self.year}")
        days = sum(_DAYS_PER_MONTH[: standard.month - 1]) + standard.day - 1
        return 24 * days + standard.hour

    def start(self, index: int) -> datetime:
        """Naive local standard time at which an hour of the year starts."""
        day, hour = divmod(index, 24)
        skip = 1 if self.is_leap and day >= 59 else 0
        return datetime(self.year, 1, 1) + timedelta(days=day + skip, hours=hour)

    def civil(self, index: int, timezone: str) -> datetime:
        """Civil time in `timezone` at which an hour of the year starts, with its offset."""
        standard = self.start(index)
        return (standard - _standard_offset(self.year, timezone)).replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))

    def index_of_civil(self, civil: datetime, timezone: str) -> int:
        """Hour of the year that holds a naive civil time; of a time that occurs twice, the first.

        Raises
        ------
        ValueError
            The time does not exist (the clock jumped over it), or as `index`.
        """
        return self.index(self.standard(civil, timezone))

    def standard(self, civil: datetime, timezone: str) -> datetime:
        """Naive local standard time of a naive civil time; ValueError where the clock jumped over it."""
        zone = ZoneInfo(timezone)
        instant = civil.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) != civil:
            raise ValueError(f"{civil:%Y-%m-%d %H:%M} does not exist in {timezone}: the clock jumps over it")
        return instant.replace(tzinfo=None) + _standard_offset(self.year, timezone)


@cache
def _shifts(year: int, timezone: str) -> tuple[float, ...]:
    """By how much the clock is ahead of standard time at noon of each day of a calendar [h]."""
    calendar = Calendar(year)
    noons = range(12, HOURS, 24)
    ahead = (calendar.civil(noon, timezone).replace(tzinfo=None) - calendar.start(noon) for noon in noons)
    return tuple(shift.total_seconds() / 3600.0 for shift in ahead)


@cache
def _standard_offset(year: int, timezone: str) -> timedelta:
    zone = ZoneInfo(timezone)
    moments = (datetime(year, month, 1, 12, tzinfo=zone) for month in (1, 7))
    return min(offset for offset in (m.utcoffset() for m in moments) if offset is not None)
