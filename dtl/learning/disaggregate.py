"""The module ``disaggregate``: solar generation behind meters, its capacity, and the load without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dtl import tables as contracts
from dtl.learning import series, sun_columns
from dtl.learning.insight import Cell, Insight, LearnResult, NotEnough, not_enough
from dtl.learning.solar_split import Split, split
from dtl.plural import many

MODULE = "disaggregate"


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Insights by meter from ``readings``, ``register`` and ``weather``, and the table ``behind_meter``.

    ``spec``: ``timezone``; optional ``points`` (feeder -> weather point).
    """
    rows: list[Insight] = []
    metered = series.metered(tables)
    if not metered:
        return LearnResult([not_enough(MODULE, "no readings of any meter")])
    feeders = {}
    if "meters" in tables:
        feeders = {r["meter"]: r["feeder"] for r in tables["meters"].select(["meter", "feeder"]).to_pylist()}
    proxies = sun_columns.generation_meters(tables, metered)
    parts: list[pa.Table] = []
    suns = _Suns([metered[p] for p in proxies], metered, tables, spec)
    for meter, kwh in sorted(metered.items()):
        if meter in proxies:
            continue
        feeder = feeders.get(meter, "")
        found = _one(kwh, suns.columns(feeder), spec)
        if isinstance(found, NotEnough):
            evidence = [Cell("readings", meter, "kwh")]
            rows.append(not_enough(MODULE, found.why, feeder=feeder, kind="meter", element=meter, evidence=evidence))
            continue
        rows += _said(feeder, meter, found, kwh)
        if found.since >= 0:
            parts.append(_table(meter, found, kwh))
    return LearnResult(rows, {"behind_meter": contracts.concat("behind_meter", parts)})


class _Suns:
    """What the sun gave in the time of the readings, found once for each weather point."""

    def __init__(
        self, proxies: list[pd.Series], metered: Mapping[str, pd.Series], tables: Mapping[str, pa.Table],
        spec: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self._tables, self._spec = tables, spec
        self._of_plants = pd.concat([-p / _hours(p) for p in proxies], axis=1).sort_index() if proxies else None
        known = [s for s in metered.values() if len(s)]
        day = pd.Timedelta("1D")
        self._span = (min(s.index[0] for s in known) - day, max(s.index[-1] for s in known) + day) if known else None
        self._of_points: dict[str, pd.DataFrame | None] = {"": None}

    def columns(self, feeder: str) -> pd.DataFrame | None:
        """Of metered plants where there are some, else of the weather point of the feeder; None without either."""
        if self._of_plants is not None:
            return self._of_plants
        point = series.point(self._tables, feeder, self._spec)
        if point not in self._of_points and self._span is not None:
            self._of_points[point] = sun_columns.planes(self._tables["weather"], point, *self._span)
        return self._of_points.get(point)


def _one(kwh: pd.Series, columns: pd.DataFrame | None, spec: Mapping[str, Any]) -> Split | NotEnough:
    if len(kwh) < 3:
        return NotEnough(many(len(kwh), "readings"))
    if columns is None:
        return NotEnough("neither generation of a metered plant nor global irradiance is given")
    index = pd.DatetimeIndex(kwh.index)
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
    read, days = int(kwh.notna().sum()), len(kwh) * _hours(kwh) / 24
    part = "" if read == len(kwh) else f", in the {100 * read / len(kwh):.3g} % of the intervals that were read"
    said = f"generation over {days:.0f} days{part}"
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
