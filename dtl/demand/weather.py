"""The weather of one point on the calendar of a study: 8,760 hours of a year, short gaps filled by a declared rule.

The rule: up to three hours that lack in a row are interpolated linearly, of precipitation none; each filled hour is
counted. Longer gaps stay NaN and are listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS, Calendar
from dtl.errors import SolveError

Floats = NDArray[np.float32]

FIELDS = (
    "temp_c", "humidity_pct", "wind_m_s", "ghi_w_m2", "dni_w_m2", "dhi_w_m2", "precipitation_mm", "pressure_hpa",
    "snow_m", "gust_m_s",
)  # fmt: skip
FILL_H = 3
"""Most hours in a row that are interpolated [h]."""
NEVER = ("precipitation_mm",)
"""Fields that are never filled: between two dry hours it may have rained."""
HOUR_S = 3600


@dataclass(frozen=True)
class Weather:
    """The weather of a point in a year, in local standard time, interval start.

    ``fields`` holds (8760,) float32 by name, NaN where nothing is known; ``filled`` how many hours were interpolated;
    ``missing`` the hours of the year that are not known. ``basis`` is ``year``, or ``typical`` for a file whose months
    come from several years.
    """

    source: str
    point: str
    latitude_deg: float
    longitude_deg: float
    year: int
    basis: str
    fields: Mapping[str, Floats]
    filled: Mapping[str, int]
    missing: Mapping[str, tuple[int, ...]]

    def needed(self, name: str) -> Floats:
        """A field without missing hours.

        Raises
        ------
        SolveError
            Hours lack; the text says how many and which is the first.
        """
        lacking = self.missing.get(name, ())
        if name not in self.fields or len(lacking) == HOURS:
            raise SolveError(f"the weather of {self.point} in {self.year} has no {name}")
        if lacking:
            first = Calendar(self.year).start(lacking[0])
            raise SolveError(f"the weather of {self.point} in {self.year} lacks {len(lacking)} hours of {name}, the "
                             f"first at {first:%Y-%m-%d %H:%M} standard time; get them")  # fmt: skip
        return self.fields[name]


def weather(table: pa.Table, source: str, point: str, year: int, timezone: str) -> Weather | None:
    """The weather of a point in a year; None where the table has no hour of it.

    Parameters
    ----------
    table
        A table ``weather``.
    source, point
        As in the table.
    year
        Year of the calendar. A file that has each calendar hour but once, over several years, is a typical year and
        holds for every year; its 29 February, if any, is dropped.
    timezone
        Zone of the study; its standard time is that of the answer.
    """
    own = _of(table, source, point)
    if not own.num_rows:
        return None
    local = _local(own, timezone, year)
    basis, offset = "year", _seconds(year)
    days = 366 if Calendar(year).is_leap else 365
    at = (local - offset) // HOUR_S
    if not np.any((at >= 0) & (at < 24 * days)):
        if not _typical(local):
            return None
        basis, days = "typical", 365
        at = _of_year(local)
    fields, filled, missing = dict[str, Floats](), dict[str, int](), dict[str, tuple[int, ...]]()
    inside = (at >= 0) & (at < 24 * days)
    leap = days == 366
    for name in FIELDS:
        values = np.full(24 * days, np.nan, np.float32)
        values[at[inside]] = own[name].to_numpy()[inside]
        whole, count = (values, 0) if name in NEVER else fill(values)
        if leap:
            whole = np.delete(whole, np.s_[59 * 24 : 60 * 24])
        fields[name], filled[name] = whole, count
        missing[name] = tuple(np.flatnonzero(np.isnan(whole)).tolist())
    place = own.slice(0, 1).to_pylist()[0]
    return Weather(source, point, place["latitude_deg"], place["longitude_deg"], year, basis, fields, filled, missing)


def years(table: pa.Table, source: str, point: str, timezone: str, *, least_h: int = 8000) -> list[int]:
    """The years of which a point has temperatures of at least `least_h` hours, in local standard time."""
    own = _of(table, source, point)
    own = own.filter(pc.is_valid(own["temp_c"]))
    if not own.num_rows:
        return []
    last = datetime.fromtimestamp(own["start"].cast(pa.int64())[-1].as_py(), UTC).year
    year = _local(own, timezone, last).astype("M8[s]").astype("M8[Y]").astype(np.int64) + 1970
    found, counts = np.unique(year, return_counts=True)
    return [int(y) for y, n in zip(found, counts, strict=True) if n >= least_h]


def fill(values: Floats, most_h: int = FILL_H) -> tuple[Floats, int]:
    """Values with gaps of at most `most_h` hours interpolated linearly, and how many were; gaps at the ends stay."""
    empty = np.isnan(values)
    if not empty.any() or empty.all():
        return values, 0
    edges = np.diff(np.concatenate([[0], empty.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    short = np.zeros(len(values), bool)
    for start, end in zip(starts, ends, strict=True):
        if end - start <= most_h and start > 0 and end < len(values):
            short[start:end] = True
    hours = np.arange(len(values))
    whole = values.copy()
    whole[short] = np.interp(hours[short], hours[~empty], values[~empty])
    return whole, int(short.sum())


def _of(table: pa.Table, source: str, point: str) -> pa.Table:
    plain = {n: table[n].cast(pa.string()) for n in ("source", "point")}
    return table.filter(pc.and_(pc.equal(plain["source"], source), pc.equal(plain["point"], point)))


def _local(table: pa.Table, timezone: str, year: int) -> NDArray[np.int64]:
    """Starts in local standard time, as seconds since 1970 of a clock without a zone.

    The standard time is that of the year that is asked for: zones have changed theirs, and months of a typical year
    lie before and after that.
    """
    start = table["start"].cast(pa.int64()).to_numpy()
    zone = ZoneInfo(timezone)
    offsets = [datetime(year, month, 1, 12, tzinfo=zone).utcoffset() for month in (1, 7)]
    return np.asarray(start + int(min(o for o in offsets if o is not None).total_seconds()), np.int64)


def _seconds(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _of_year(local: NDArray[np.int64]) -> NDArray[np.int64]:
    """Hour of a year of 365 days of each start, -1 on 29 February."""
    moment = local.astype("M8[s]")
    year = moment.astype("M8[Y]")
    day = (moment.astype("M8[D]") - year.astype("M8[D]")).astype(np.int64)
    number = year.astype(np.int64) + 1970
    leap = (number % 4 == 0) & ((number % 100 != 0) | (number % 400 == 0))
    hour = (local % 86_400) // HOUR_S + 24 * (day - (leap & (day > 59)))
    return np.asarray(np.where(leap & (day == 59), -1, hour), np.int64)


def _typical(local: NDArray[np.int64]) -> bool:
    """Whether each hour of the calendar stands at most once, they are a year, and they come from several years."""
    _, counts = np.unique(local.astype("M8[s]").astype("M8[Y]"), return_counts=True)
    if int(np.sum(counts >= 600)) < 2:
        return False
    hour = _of_year(local)
    hour = hour[hour >= 0]
    return len(hour) >= 8000 and len(np.unique(hour)) >= len(hour) - 24
