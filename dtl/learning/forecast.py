"""The module ``forecast``: load of each feeder under weather, its response to heat and cold, and the coming days.

Where the weather table reaches beyond the load, the coming days use it; where it ends, the same days of each past year
stand for it, and the quantiles are those of all these years together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dtl import tables as contracts
from dtl.learning import load_model, series, weather_load
from dtl.learning.insight import Cell, Insight, LearnResult, NotEnough, not_enough
from dtl.learning.load_model import LEVELS, LoadModel
from dtl.plural import many

MODULE = "forecast"
TAIL = 0.05
"""Share of the hottest, and of the coldest, hours in which the response to one degree is stated."""


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Insights by feeder from the tables ``scada`` and ``weather``, and the table ``load_forecast``.

    ``spec``: ``horizon_h``, ``seed``, ``timezone``; optional ``points`` (feeder -> weather point) and ``holidays``.
    """
    loads = series.heads(tables)
    if not loads:
        return LearnResult([not_enough(MODULE, "no SCADA series of kW of any feeder")])
    rows: list[Insight] = []
    coming: list[dict[str, Any]] = []
    for feeder, load in sorted(loads.items()):
        temp = series.temperature(tables, feeder, spec)
        if temp is None:
            rows.append(not_enough(MODULE, "no weather point is known for the feeder", feeder=feeder))
            continue
        index = pd.DatetimeIndex(load.index)
        x = _design(index, temp, spec)
        model = load_model.fit(x, load.to_numpy(), int(spec.get("seed", 0)))
        if isinstance(model, NotEnough):
            evidence = [Cell("scada", feeder, "value")]
            rows.append(not_enough(MODULE, model.why, feeder=feeder, evidence=evidence))
            continue
        rows += _said(feeder, model, index, temp, spec)
        ahead = _ahead(model, index, temp, spec)
        rows += _peak(feeder, ahead)
        coming += [{"feeder": feeder} | row for row in ahead]
    return LearnResult(rows, {"load_forecast": contracts.frame("load_forecast", coming)})


def response(
    model: LoadModel, index: pd.DatetimeIndex, temp: pd.Series, spec: Mapping[str, Any], shift_c: float
) -> Any:
    """Change of the load of each hour when all hours are warmer by ``shift_c`` [unit of the fitted load]."""
    warm, as_was = (model.ensemble.base.predict(_design(index, temp + d, spec)) for d in (shift_c, 0.0))
    return warm - as_was


def _design(index: pd.DatetimeIndex, temp: pd.Series, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Design of some hours, with the weather of the week before them where it is known."""
    week = pd.date_range(index[0] - pd.Timedelta("7D"), index[-1], freq="h")
    holiday = series.holidays(week, spec)
    known = temp.reindex(week)
    x = weather_load.design(week.tz_localize(None).to_numpy(), known.to_numpy(), holiday, spec.get("timezone", "UTC"))
    return x.iloc[len(week) - len(index) :].reset_index(drop=True)


def _said(
    feeder: str, model: LoadModel, index: pd.DatetimeIndex, temp: pd.Series, spec: Mapping[str, Any]
) -> list[Insight]:
    """How good the model is, and what a degree more does on the hottest and coldest hours."""
    evidence = [Cell("scada", feeder, "value"), Cell("weather", feeder, "temp_c")]
    share = 100.0 * model.typical / abs(model.ensemble.mean) if model.ensemble.mean else float("nan")
    told = (
        f"mean relative error of hours left out of the fit in blocks of {load_model.BLOCK_DAYS} days, hours of little "
        f"load weigh much; the errors are {share:.1f} % of the mean load; {model.days:.0f} days fitted"
    )
    rows = [Insight(MODULE, "left_out_mape_pct", model.left_out_mape_pct, "%", told, feeder, evidence=evidence)]
    rise = response(model, index, temp, spec, 1.0)
    known = temp.reindex(index).to_numpy()
    for name, word, end in (("hot", "hottest", 1 - TAIL), ("cold", "coldest", TAIL)):
        at = np.nanquantile(known, end)
        part = known >= at if name == "hot" else known <= at
        kw = float(np.nanmean(rise[part]))
        text = f"{kw:+.1f} kW per degree warmer in the {100 * TAIL:.0f} % {word} hours, beyond {at:.0f} degree C"
        rows.append(Insight(MODULE, f"kw_per_degree_{name}", kw, "kW/K", text, feeder, evidence=evidence))
    return rows


def _ahead(model: LoadModel, index: pd.DatetimeIndex, temp: pd.Series, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of ``load_forecast`` for the hours that follow the load."""
    hours = int(spec.get("horizon_h", 168))
    future = pd.date_range(index[-1] + pd.Timedelta("1h"), periods=hours, freq="h")
    known = temp.reindex(future)
    weathers = {"given": temp} if known.notna().all() else _years(temp, future)
    answers = [model.predict(_design(future, weather, spec)) for weather in weathers.values()]
    if not answers:
        return []
    load = np.mean([a.load for a in answers], axis=0)
    pooled = np.quantile(np.concatenate([a.quantiles for a in answers], axis=1), LEVELS, axis=1)
    outside = np.mean([a.extrapolated for a in answers], axis=0) >= 0.5
    basis = "given" if "given" in weathers else many(len(answers), "past years")
    return [
        {
            "start": moment.to_pydatetime(),
            "kw": load[i],
            "kw_p05": pooled[4, i],
            "kw_p50": pooled[49, i],
            "kw_p95": pooled[94, i],
            "weather": basis,
            "extrapolated": bool(outside[i]),
        }
        for i, moment in enumerate(future)
    ]


def _years(temp: pd.Series, future: pd.DatetimeIndex) -> dict[str, pd.Series]:
    """The temperature of the same weeks of each past year, moved to the future; years with gaps are left out."""
    found = {}
    for back in range(1, 31):
        span = pd.Timedelta(days=364 * back)
        moved = temp.copy()
        moved.index = moved.index + span
        week = pd.date_range(future[0] - pd.Timedelta("7D"), future[-1], freq="h")
        if moved.reindex(week).notna().all():
            found[str(back)] = moved
    return found


def _peak(feeder: str, ahead: list[dict[str, Any]]) -> list[Insight]:
    if not ahead:
        why = "no weather of the coming days is given, and no past year covers them"
        return [not_enough(MODULE, why, feeder=feeder, kind="horizon")]
    top = max(ahead, key=lambda r: float(r["kw_p50"]))
    text = (
        f"{top['kw_p50']:,.0f} kW (90 % interval {top['kw_p05']:,.0f} to {top['kw_p95']:,.0f}) at "
        f"{top['start']:%Y-%m-%d %H:%M} UTC; weather: {top['weather']}"
    )
    if any(r["extrapolated"] for r in ahead):
        text += (
            "; some hours are hotter or colder than all that was fitted, there the load continues in a straight line"
        )
    cell = Cell("load_forecast", f"{feeder} {top['start'].isoformat()}", "kw_p50")
    return [Insight(MODULE, "coming_peak_kw", float(top["kw_p50"]), "kW", text, feeder, evidence=[cell])]
