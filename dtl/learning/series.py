"""Series for learning out of the tables of what is given: hourly load of feeders and meters, weather by hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

GOOD = ("good", "measured", "estimated", "")
BRIDGED_H = 3
"""Gaps of the temperature that are bridged by a straight line [h]; longer ones stay missing."""


def heads(tables: Mapping[str, pa.Table]) -> dict[str, pd.Series]:
    """Hourly mean load by feeder from SCADA [kW], indexed by UTC start, nan where missing or not good.

    Where several devices of a feeder give kW, the one with most values stands for it.
    """
    if "scada" not in tables:
        return {}
    rows = tables["scada"].select(["feeder", "device", "quantity", "phases", "start", "value", "quality"]).to_pandas()
    rows = rows[(rows["quantity"].astype(str) == "kw") & rows["quality"].astype(str).isin(GOOD)]
    found: dict[str, pd.Series] = {}
    for feeder, own in rows.groupby("feeder", observed=True):
        counts = own.groupby("device").size()
        device = sorted(counts.index, key=lambda d: (-counts[d], str(d)))[0]
        found[str(feeder)] = hourly(_of_all_phases(own[own["device"] == device]))
    return found


def _of_all_phases(rows: pd.DataFrame) -> pd.Series:
    """The total where it is given, else the sum of the phases where all are."""
    phases = rows["phases"].astype(str)
    total = rows[phases == ""]
    if len(total):
        return total.set_index("start")["value"]
    return rows.groupby("start")["value"].sum(min_count=phases.nunique())


def metered(tables: Mapping[str, pa.Table]) -> dict[str, pd.Series]:
    """Energy of each interval by meter [kWh] from the readings, indexed by UTC start, on their own regular grid."""
    if "readings" not in tables:
        return {}
    rows = tables["readings"].select(["meter", "start", "kwh"]).to_pandas()
    found = {}
    for meter, own in rows.groupby("meter", observed=True):
        series = own.set_index("start")["kwh"].astype(float).sort_index()
        found[str(meter)] = regular(series[~series.index.duplicated()])
    return found


def regular(series: pd.Series) -> pd.Series:
    """The series on the grid of its most frequent step, nan in its gaps."""
    if len(series) < 3:
        return series
    steps = pd.Series(series.index[1:] - series.index[:-1])
    step = steps.mode().iloc[0]
    return series.reindex(pd.date_range(series.index[0], series.index[-1], freq=step))


def hourly(series: pd.Series) -> pd.Series:
    """Mean of each hour, nan in gaps, from the first hour to the last."""
    return series.astype(float).sort_index().resample("h").mean()


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
