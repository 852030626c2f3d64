"""The module ``disaggregate``: solar generation behind meters, its capacity, and the load without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dtl import tables as contracts
from dtl.learning import series, sun_columns
from dtl.learning.insight import REFUSED, Cell, Insight, LearnResult, NotEnough, not_enough
from dtl.learning.solar_split import Split, split

MODULE = "disaggregate"


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Insights by meter from ``readings``, ``register`` and ``weather``, and the table ``behind_meter``.

    ``spec``: ``what``, ``timezone``; optional ``points`` (feeder -> weather point).
    """
    rows = [
        Insight(MODULE, f"{what}_refused", text=f"{what} behind meters is not told apart", verdict=REFUSED)
        for what in spec.get("what", ["solar"])
        if what != "solar"
    ]
    metered = series.metered(tables)
    if not metered:
        return LearnResult([*rows, not_enough(MODULE, "no readings of any meter")])
    feeders = {}
    if "meters" in tables:
        feeders = {r["meter"]: r["feeder"] for r in tables["meters"].select(["meter", "feeder"]).to_pylist()}
    proxies = sun_columns.generation_meters(tables, metered)
    parts: list[pa.Table] = []
    for meter, kwh in sorted(metered.items()):
        if meter in proxies:
            continue
        feeder = feeders.get(meter, "")
        found = _one(kwh, [metered[p] for p in proxies], tables, feeder, spec)
        if isinstance(found, NotEnough):
            evidence = [Cell("readings", meter, "kwh")]
            rows.append(not_enough(MODULE, found.why, feeder=feeder, kind="meter", element=meter, evidence=evidence))
            continue
        rows += _said(feeder, meter, found, kwh)
        if found.since >= 0:
            parts.append(_table(meter, found, kwh))
    return LearnResult(rows, {"behind_meter": contracts.concat("behind_meter", parts)})


def _one(
    kwh: pd.Series, proxies: list[pd.Series], tables: Mapping[str, pa.Table], feeder: str, spec: Mapping[str, Any]
) -> Split | NotEnough:
    if len(kwh) < 3:
        return NotEnough(f"{len(kwh)} readings")
    index = pd.DatetimeIndex(kwh.index)
    if proxies:
        columns = pd.concat([-p / _hours(p) for p in proxies], axis=1).sort_index()
    else:
        point = series.point(tables, feeder, spec)
        given = sun_columns.planes(tables["weather"], point) if point else None
        if given is None:
            return NotEnough("neither generation of a metered plant nor global irradiance is given")
        columns = given
    local = index.tz_convert(spec.get("timezone", "UTC"))
    days = local.tz_localize(None).normalize()
    hour = local.hour.to_numpy() + local.minute.to_numpy() / 60
    sun = sun_columns.on(columns, index)
    return split(kwh.to_numpy(float) / _hours(kwh), sun, hour, (days - days[0]).days.to_numpy())


def _hours(kwh: pd.Series) -> float:
    """Length of an interval [h]."""
    return float((kwh.index[1] - kwh.index[0]) / pd.Timedelta("1h"))


def _said(feeder: str, meter: str, found: Split, kwh: pd.Series) -> list[Insight]:
    evidence = [Cell("readings", meter, "kwh")]
    if found.since < 0:
        text = "no sign of the sun: the lowest loads of bright hours are not below those of the night"
        return [Insight(MODULE, "solar_capacity_kw", 0.0, "kW", text, feeder, "", "meter", meter, evidence=evidence)]
    energy = float(np.nansum(found.solar_kw)) * _hours(kwh)
    sign = "the meter exports" if found.exports else "the sun pulls the lowest loads down, though nothing is exported"
    first = kwh.index[0] + pd.Timedelta(days=found.since)
    since = f"; since {first:%Y-%m-%d}" if found.since > 0 else ""
    text = f"{sign}; highest generation that the sun suggests{since}"
    links = [*evidence, Cell("behind_meter", meter, "solar_kw")]
    said = f"generation over {len(kwh) * _hours(kwh) / 24:.0f} days"
    return [
        Insight(MODULE, "solar_capacity_kw", found.capacity_kw, "kW", text, feeder, "", "meter", meter, evidence=links),
        Insight(MODULE, "solar_kwh", energy, "kWh", said, feeder, "", "meter", meter, evidence=links),
    ]


def _table(meter: str, found: Split, kwh: pd.Series) -> pa.Table:
    known = np.isfinite(kwh.to_numpy(float))
    columns = {
        "meter": [meter] * int(known.sum()),
        "start": kwh.index[known].to_pydatetime(),
        "solar_kw": found.solar_kw[known],
        "solar_kw_p05": found.low_kw[known],
        "solar_kw_p95": found.high_kw[known],
    }
    return contracts.frame("behind_meter", columns)
