"""Series for learning out of the tables of what is given: hourly load of feeders and meters, weather by hour."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dtl.demand.measured import head_of, means, powers
from dtl.tables import TEXT

PART = 0.1
"""Share of a meter's time that intervals of a length must make up to count."""
BRIDGED_H = 3
"""Gaps of the temperature that are bridged by a straight line [h]; longer ones stay missing."""


def heads(tables: Mapping[str, pa.Table]) -> dict[str, pd.Series]:
    """Hourly mean load by feeder from SCADA [kW], indexed by UTC start, nan where missing or not good.

    Hours, phases and the device at the head are those of `dtl.demand.measured`.
    """
    if "scada" not in tables:
        return {}
    rows = tables["scada"]
    rows = rows.filter(pc.equal(rows["quantity"].cast(TEXT), "kw"))
    feeders = rows["feeder"].cast(TEXT)
    found: dict[str, pd.Series] = {}
    for feeder in sorted(pc.unique(feeders).to_pylist()):
        own = rows.filter(pc.equal(feeders, feeder))
        first, last = _span(own)
        by_device = powers(own, "kw", partial(means, zero=first * 3600, hours=last - first + 1))
        if (device := head_of(by_device)) is not None:
            begin, end = _span(own.filter(pc.equal(own["device"].cast(TEXT), device)))
            zero = pd.Timestamp(begin * 3600, unit="s", tz="UTC")
            hours = pd.date_range(zero, periods=end - begin + 1, freq="h", unit="s", name="start")
            found[feeder] = pd.Series(by_device[device][begin - first : end - first + 1], hours)
    return found


def _span(rows: pa.Table) -> tuple[int, int]:
    """The first and the last hour of which there is a row [h since 1970 UTC]."""
    starts = pc.min_max(rows["start"].cast(pa.timestamp("s", tz="UTC")).cast(pa.int64())).as_py()
    return starts["min"] // 3600, starts["max"] // 3600


def metered(tables: Mapping[str, pa.Table]) -> dict[str, pd.Series]:
    """Energy of each interval by meter [kWh] from the readings, indexed by UTC start, on their own regular grid.

    A meter that was read in intervals of several lengths has the longest that makes up a `PART` of its time: shorter
    ones are added up where they fill one, longer ones are left out.
    """
    if "readings" not in tables:
        return {}
    rows = tables["readings"].select(["meter", "start", "kwh", "interval_min"]).to_pandas()
    found = {}
    for meter, own in rows.groupby("meter", observed=True):
        series = _finite(own.set_index("start")["kwh"]).sort_index()
        lengths = own.groupby("interval_min")["interval_min"].sum()
        if len(lengths) > 1:
            series = _of_one_length(own, int(lengths.index[lengths >= PART * lengths.sum()].max()))
        found[str(meter)] = regular(series[~series.index.duplicated()])
    return found


def _of_one_length(rows: pd.DataFrame, length_min: int) -> pd.Series:
    """Energy by interval of one length, nan where what was read does not fill it."""
    rows = rows[rows["interval_min"] <= length_min].drop_duplicates("start")
    begin = rows["start"].dt.floor(f"{length_min}min")
    sums = rows.assign(kwh=_finite(rows["kwh"])).groupby(begin)
    read = sums["interval_min"].sum().where(sums["kwh"].count() == sums.size())
    return sums["kwh"].sum().where(read == length_min)


def regular(series: pd.Series) -> pd.Series:
    """The series on the grid of its most frequent step, nan in its gaps; a stamp off the grid goes to the nearest."""
    if len(series) < 3:
        return series
    index = pd.DatetimeIndex(series.index)
    step = pd.Series(index[1:] - index[:-1]).mode().iloc[0]
    usual = index[0] + pd.Series((index - index[0]) % step).mode().iloc[0]
    place = ((index - usual) / step).to_numpy().round().astype(np.int64)
    placed = pd.Series(series.to_numpy(), place)
    on_grid = placed[~placed.index.duplicated()].reindex(range(place[0], place[-1] + 1))
    return on_grid.set_axis(pd.date_range(usual + place[0] * step, periods=len(on_grid), freq=step))


def hourly(series: pd.Series) -> pd.Series:
    """Mean of each hour, nan in gaps and where a value is not finite, from the first hour to the last."""
    return _finite(series).sort_index().resample("h").mean()


def _finite(series: pd.Series) -> pd.Series:
    known = series.astype(float)
    return known.where(np.isfinite(known))


def point(tables: Mapping[str, pa.Table], feeder: str, spec: Mapping[str, Any]) -> str:
    """The weather point of a feeder: by ``spec["points"]``, its own name, or the only one; empty if there is none."""
    if "weather" not in tables:
        return ""
    points = sorted(str(p) for p in tables["weather"]["point"].unique().to_pylist())
    named = str(spec.get("points", {}).get(feeder) or feeder)
    return named if named in points else points[0] if len(points) == 1 else ""


def temperature(tables: Mapping[str, pa.Table], feeder: str, spec: Mapping[str, Any]) -> pd.Series | None:
    """Hourly temperature of the weather point of a feeder [degree C]; None where there is no such point."""
    found = _weather(tables, feeder, spec, "temp_c")
    return None if found is None else found.interpolate(limit=BRIDGED_H, limit_area="inside")


def irradiance(tables: Mapping[str, pa.Table], feeder: str, spec: Mapping[str, Any]) -> pd.Series | None:
    """Hourly global irradiance of the weather point of a feeder [W/m2]; None where there is no such point."""
    return _weather(tables, feeder, spec, "ghi_w_m2")


def _weather(tables: Mapping[str, pa.Table], feeder: str, spec: Mapping[str, Any], column: str) -> pd.Series | None:
    name = point(tables, feeder, spec)
    if not name:
        return None
    rows = tables["weather"].select(["point", "start", column]).to_pandas()
    own = rows[rows["point"].astype(str) == name].drop_duplicates("start")
    return hourly(own.set_index("start")[column])


def holidays(index: pd.DatetimeIndex, spec: Mapping[str, Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether the local day of each hour is among ``spec["holidays"]`` (ISO dates)."""
    days = set(spec.get("holidays", ()))
    local = index.tz_convert(spec.get("timezone", "UTC"))
    return np.asarray(pd.Index(local.strftime("%Y-%m-%d")).isin(days))
