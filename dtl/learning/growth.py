"""The module ``growth``: where load grows, by how much, since when it changed, and what it will be."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from statsmodels.tsa.arima.model import ARIMA  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dtl.learning import series
from dtl.learning.changepoints import changes
from dtl.learning.early_warning import Watch, watch
from dtl.learning.insight import Cell, Insight, LearnResult, NotEnough, not_enough
from dtl.learning.trend import Array, Trend, daily, trend

MODULE = "growth"
STEP = 0.05
"""Change of level across the edge of a segment that is called a step [share]; a bend has none."""
EDGE_WEEKS = 4
TRANSFER_WEEKS = 4
ARIMA_WEEKS = 156
"""Length of record from which an ARIMA model of the weeks gives the trend to come; before, the slope does."""


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Insights by feeder from ``scada`` and ``weather``; ``spec``: ``horizon_years``, ``timezone``, ``holidays``."""
    loads = series.heads(tables)
    if not loads:
        return LearnResult([not_enough(MODULE, "no SCADA series of kW of any feeder")])
    rows: list[Insight] = []
    steps: dict[str, list[tuple[int, float, float]]] = {}
    first: dict[str, pd.Timestamp] = {}
    for feeder, load in sorted(loads.items()):
        temp = series.temperature(tables, feeder, spec)
        index = pd.DatetimeIndex(load.index)
        days = None if temp is None else daily(load, temp, series.holidays(index, spec))
        found = NotEnough("no weather point is known for the feeder") if days is None else trend(days)
        if isinstance(found, NotEnough):
            rows.append(not_enough(MODULE, found.why, feeder=feeder, evidence=[Cell("scada", feeder, "value")]))
            continue
        rows += _said(feeder, found, int(spec.get("horizon_years", 10)))
        if temp is not None:
            sun = series.irradiance(tables, feeder, spec)
            rows.append(_warned(feeder, watch(load, temp, series.holidays(index, spec), sun=sun)))
        steps[feeder], first[feeder] = _steps(found), index[0]
    return LearnResult(rows + _changes(steps, first))


def ahead(found: Trend, years: int) -> tuple[float, float, float]:
    """P10, P50 and P90 of the mean load in so many years, over that of today."""
    known = found.weekly[np.isfinite(found.weekly)]
    if len(known) >= ARIMA_WEEKS:
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")
            fits = [ARIMA(found.weekly, order=(p, 1, 1), trend="t").fit() for p in (0, 1, 2)]
            best = min(fits, key=lambda f: float(f.aicc)).get_forecast(round(52.18 * years))
            table = np.asarray(best.conf_int(alpha=0.2))[-1]
            middle = float(np.asarray(best.predicted_mean)[-1])
        now = float(np.median(known[-26:]))
        low, mid, high = float(table[0]) - now, middle - now, float(table[1]) - now
    else:
        low, mid, high = (years * (found.growth + q * (found.high - found.low) / 3.92) for q in (-1.2816, 0, 1.2816))
    return float(np.exp(low)), float(np.exp(mid)), float(np.exp(high))


def _said(feeder: str, found: Trend, horizon: int) -> list[Insight]:
    evidence = [Cell("scada", feeder, "value"), Cell("weather", feeder, "temp_c")]
    weeks = int(np.isfinite(found.weekly).sum())
    yearly, from_, to = (100 * float(np.expm1(slope)) for slope in (found.growth, found.low, found.high))
    band = f"95 % band {from_:+.1f} to {to:+.1f} % per year; {weeks} weeks without weather"
    sure = "grows" if found.low > 0 else "falls" if found.high < 0 else "no growth beyond chance"
    low, mid, high = ahead(found, horizon)
    text = f"load in {horizon} years over today's: P10 {low:.2f}, P50 {mid:.2f}, P90 {high:.2f}"
    return [
        Insight(MODULE, "growth_pct_per_year", yearly, "%", f"{sure}; {band}", feeder, evidence=evidence),
        Insight(MODULE, "warning", float(found.low > 0), "1", f"{sure}; {band}", feeder, evidence=evidence),
        Insight(MODULE, "load_factor_ahead", mid, "1", text, feeder, evidence=evidence),
    ]


def _warned(feeder: str, found: Watch | NotEnough) -> Insight:
    """Whether the load left its usual level, and since when it is known."""
    cells = [Cell("scada", feeder, "value"), Cell("weather", feeder, "temp_c")]
    if isinstance(found, NotEnough):
        return not_enough(MODULE, found.why, feeder=feeder, kind="watch", evidence=cells)
    cells += [Cell("weather", feeder, "ghi_w_m2")] if found.sun else []
    last = found.weekly[np.isfinite(found.weekly)][-4:]
    level = f"the last weeks are {100 * float(last.mean()):+.1f} % off the usual load" if len(last) else ""
    without = "" if found.sun else ", the sun is not known"
    spread = f"a usual week deviates by {100 * found.deviation:.1f} %{without}"
    if found.alarm is None:
        text = f"no growth beyond chance in {len(found.weekly)} weeks that were watched; {level}; {spread}"
        return Insight(MODULE, "growth_alarm", 0.0, "1", text, feeder, kind="watch", evidence=cells)
    day = found.first + pd.Timedelta(weeks=found.alarm + 1)
    text = f"growth is beyond chance since {day:%Y-%m-%d}; {level}; {spread}"
    return Insight(MODULE, "growth_alarm", 1.0, "1", text, feeder, kind="watch", evidence=cells)


def _steps(found: Trend) -> list[tuple[int, float, float]]:
    """Week, size [share] and mean load before it of every step of level."""
    said = changes(found.weekly)
    if isinstance(said, NotEnough):
        return []
    known: Array = found.weekly
    steps = []
    for at in said.at:
        before, after = np.nanmedian(known[max(at - EDGE_WEEKS, 0) : at]), np.nanmedian(known[at : at + EDGE_WEEKS])
        size = float(np.exp(after - before) - 1)
        if abs(size) >= STEP:
            steps.append((at, size, found.kw * float(np.exp(before - np.nanmedian(known[-52:])))))
    return steps


def _changes(steps: Mapping[str, list[tuple[int, float, float]]], first: Mapping[str, pd.Timestamp]) -> list[Insight]:
    """A row per step; a transfer where another feeder makes the opposite step within a month."""
    rows = []
    for feeder, own in sorted(steps.items()):
        for week, size, kw in own:
            day = first[feeder] + pd.Timedelta(weeks=week)
            others = [
                other
                for other, theirs in sorted(steps.items())
                for w, s, k in theirs
                if other != feeder
                and abs((first[other] + pd.Timedelta(weeks=w) - day).days) <= 7 * TRANSFER_WEEKS
                and abs(s * k + size * kw) < 0.3 * abs(size * kw)
            ]
            kind = f"transfer, opposite to {others[0]}" if others else "step"
            text = f"{kind}: {100 * size:+.0f} % ({size * kw:+,.0f} kW) in the week of {day:%Y-%m-%d}"
            cell = [Cell("scada", feeder, "value")]
            rows.append(
                Insight(MODULE, "step_pct", 100 * size, "%", text, feeder, "", "week", f"{day:%Y-%m-%d}", None, cell)
            )
    return rows
