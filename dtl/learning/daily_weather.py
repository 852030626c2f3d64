"""Weather by local day: of the record, and of the year of a case under its layers of weather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from dtl.learning.insight import NotEnough
from dtl.scenarios.weather import LENGTH_H, return_level
from dtl.spec.year_checks import LEAST_YEARS

DAILY = {
    "wind_max": ("wind_m_s", "max"),
    "wind_mean": ("wind_m_s", "mean"),
    "gust_max": ("gust_m_s", "max"),
    "rain": ("precipitation_mm", "sum"),
    "temp_max": ("temp_c", "max"),
    "temp_min": ("temp_c", "min"),
    "humidity": ("humidity_pct", "mean"),
    "snow": ("snow_m", "max"),
}
"""Columns of a day by the column of the table ``weather`` and how its hours are taken together."""
TEMPERATURES = ("temp_max", "temp_min")
PART = 0.75
"""Share of the hours of a usual day from which on a day is known."""
WHOLE = 360
"""Days with a temperature from which a year of weather is whole."""


def daily(weather: pa.Table, timezone: str) -> pd.DataFrame:
    """Weather by local day, the mean of all points; a day of which nothing is known has no row.

    A value is missing where a point has fewer than `PART` of the hours that it has on its usual day: half a day has
    another extreme and less rain. Columns that no source gives are missing on every day.
    """
    names = sorted({column for column, _ in DAILY.values()})
    rows = weather.select(["point", "start", *names]).to_pandas()
    local = rows["start"].dt.tz_convert(timezone).dt.tz_localize(None).dt.normalize()
    groups = rows.groupby([rows["point"].astype(str), local.rename("day")])
    counts = groups[names].count()
    usual = counts.where(counts > 0).groupby(level=0).transform("median")
    whole = counts >= (PART * usual).fillna(1.0)
    found = {name: groups[column].agg(how).where(whole[column]) for name, (column, how) in DAILY.items()}
    return pd.DataFrame(found).groupby("day").mean().dropna(how="all")


def of_year(days: pd.DataFrame, year: int) -> pd.DataFrame | NotEnough:
    """The 365 days of a year of the record, 29 February left out."""
    index = pd.DatetimeIndex(days.index)
    own = days[(index.year == year) & ~((index.month == 2) & (index.day == 29))]
    if len(own) < WHOLE or own["temp_max"].notna().sum() < WHOLE:
        return NotEnough(f"the weather of {year} is known on {int(own['temp_max'].notna().sum())} days")
    return own


def under(
    days: pd.DataFrame, year: int, layers: Sequence[Mapping[str, Any]], peak_day: int | None = None
) -> pd.DataFrame | NotEnough:
    """The days of `year` under layers of kind weather, in the order of their names.

    An event brings the whole weather of its days, with wind and rain, as the load takes over their temperatures
    (`dtl.scenarios.weather`); ``shift_c`` and a return level move temperatures alone. ``peak_day``: the day of the
    year, from 0, of the highest load, for events that are put onto the peak week.
    """
    own = of_year(days, year)
    for layer in sorted(layers, key=lambda each: str(each["name"])):
        if isinstance(own, NotEnough):
            return own
        own = _with(days, own, layer, peak_day)
    return own


def _with(
    days: pd.DataFrame, own: pd.DataFrame, layer: Mapping[str, Any], peak_day: int | None
) -> pd.DataFrame | NotEnough:
    own, shift, event = own.copy(), float(layer.get("shift_c") or 0.0), layer.get("event")
    if event is None:
        own[list(TEMPERATURES)] += shift
        return own
    taken = _event(days, layer)
    if isinstance(taken, NotEnough):
        return taken
    start, rows = taken
    rows = rows.copy()
    rows[list(TEMPERATURES)] += shift
    onto = str(layer.get("onto", "same_dates"))
    if event == "year" or onto == "whole_year":
        at = range(len(own))
    else:
        first = start if onto == "same_dates" or peak_day is None else peak_day // 7 * 7 if len(rows) == 7 else peak_day
        at = range(min(first, len(own) - len(rows)), min(first, len(own) - len(rows)) + len(rows))
    own.iloc[list(at)] = rows.to_numpy()[[k % len(rows) for k in range(len(at))]]
    return own


def _event(days: pd.DataFrame, layer: Mapping[str, Any]) -> tuple[int, pd.DataFrame] | NotEnough:
    """Number of the first day in its year, and the days of an event, raised to its return level where one is asked."""
    kind, every = str(layer["event"]), layer.get("return_years")
    if every is None:
        own = of_year(days, int(layer["of"]))
        return own if isinstance(own, NotEnough) else _extreme(own, kind)
    found = []
    for year in sorted(set(pd.DatetimeIndex(days.index).year)):
        own = of_year(days, year)
        if not isinstance(own, NotEnough):
            found.append(_extreme(own, kind))
    if len(found) < LEAST_YEARS:
        return NotEnough(f"a return level needs {LEAST_YEARS} whole years of weather, there are {len(found)}")
    sign = -1.0 if kind.startswith("coldest") else 1.0
    means = pd.Series([sign * float(_middle(rows).mean()) for _, rows in found])
    start, rows = found[int(means.to_numpy().argmax())]
    rows = rows.copy()
    rows[list(TEMPERATURES)] += sign * (return_level(means.to_numpy(float), float(every)) - float(means.max()))
    return start, rows


def _middle(rows: pd.DataFrame) -> pd.Series:
    return rows[list(TEMPERATURES)].mean(axis=1)


def _extreme(own: pd.DataFrame, kind: str) -> tuple[int, pd.DataFrame]:
    """The hottest or coldest days of a year, or all of it."""
    if kind == "year":
        return 0, own
    length = LENGTH_H[kind] // 24
    mean = _middle(own).interpolate(limit_direction="both").rolling(length).mean().to_numpy(float)[length - 1 :]
    start = int((-mean if kind.startswith("coldest") else mean).argmax())
    return start, own.iloc[start : start + length]
