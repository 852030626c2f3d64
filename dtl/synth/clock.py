"""The steps of the meter data: UTC inside, the customers' civil time for habits and labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from dtl.synth.settings import Settings

Times = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]


def midnight_utc(day: date, zone: str) -> datetime:
    """The instant at which a local day begins."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Equal steps from an instant on; a step is named by its start."""

    start: datetime
    steps: int
    step_min: int
    zone: str

    @property
    def utc(self) -> Times:
        """(T,) start of each step, UTC, to the minute."""
        first = np.datetime64(self.start.replace(tzinfo=None), "m")
        return first + np.arange(self.steps) * np.timedelta64(self.step_min, "m")

    @property
    def end_utc(self) -> Times:
        """(T,) end of each step, UTC."""
        return self.utc + np.timedelta64(self.step_min, "m")

    @property
    def local(self) -> Times:
        """(T,) start of each step in civil time; one hour occurs twice in autumn."""
        return to_local(self.utc, self.zone)

    @property
    def hour(self) -> Floats:
        """(T,) hours since local midnight at the middle of each step."""
        local = self.local + np.timedelta64(self.step_min, "m") / 2
        hours: Floats = (local - local.astype("M8[D]")) / np.timedelta64(1, "h")
        return hours

    @property
    def weekend(self) -> npt.NDArray[np.bool_]:
        """(T,) whether the local day is a Saturday or Sunday."""
        weekend: npt.NDArray[np.bool_] = (self.local.astype("M8[D]").astype(np.int64) + 3) % 7 >= 5
        return weekend

    @property
    def years(self) -> Floats:
        """(T,) years since the first step, for growth."""
        return np.arange(self.steps) * self.step_min / (60.0 * 8766.0)


def to_local(utc: Times, zone: str) -> Times:
    """Civil time of instants of any resolution up to the minute."""
    tz = ZoneInfo(zone)
    hours = utc.astype("M8[h]")
    unique, where = np.unique(hours, return_inverse=True)
    shift = [datetime.fromtimestamp(int(h) * 3600, UTC).astimezone(tz).utcoffset() for h in unique.astype(np.int64)]
    minutes = np.array([int((s.total_seconds() if s else 0.0) // 60) for s in shift], dtype="m8[m]")
    local: Times = utc.astype("M8[m]") + minutes[where]
    return local


def clock(settings: Settings) -> Clock:
    """All steps of the meter data."""
    return _between(settings.start, settings.end, settings)


def before(settings: Settings) -> Clock:
    """The steps of SCADA that come before the meter data."""
    return _between(settings.heads_start, settings.start, settings)


def heads(settings: Settings) -> Clock:
    """All steps of SCADA: those before the meter data and those of it."""
    return _between(settings.heads_start, settings.end, settings)


def _between(first: date, last: date, settings: Settings) -> Clock:
    """The steps from the begin of a local day to that of another."""
    start, end = (midnight_utc(day, settings.zone) for day in (first, last))
    return Clock(
        start, int((end - start).total_seconds() // (60 * settings.step_min)), settings.step_min, settings.zone
    )


def months(whole: Clock) -> Iterator[tuple[int, Clock]]:
    """The steps in pieces of at most a local calendar month, each with the number of its first step."""
    month = whole.local.astype("M8[M]")
    edges = [0, *(np.flatnonzero(month[1:] != month[:-1]) + 1).tolist(), whole.steps]
    for first, last in pairwise(edges):
        begin = whole.utc[first].astype(datetime).replace(tzinfo=UTC)
        yield first, Clock(begin, last - first, whole.step_min, whole.zone)
