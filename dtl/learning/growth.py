"""The module ``growth``: where load grows, by how much, since when it changed, and what it will be."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from statsmodels.tsa.arima.model import ARIMA  # type: ignore[import-untyped]
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dtl.learning import series, transfers
from dtl.learning.early_warning import Watch, watch
from dtl.learning.insight import Cell, Insight, LearnResult, NotEnough, not_enough
from dtl.learning.transfers import Head, Step
from dtl.learning.trend import Trend, daily, trend

MODULE = "growth"
ARIMA_WEEKS = 156
"""Length of record from which an ARIMA model of the weeks gives the trend to come; before, the slope does."""


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Insights by feeder from ``scada`` and ``weather``; ``spec``: ``horizon_years``, ``timezone``, ``holidays``."""
    loads = series.heads(tables)
    if not loads:
        return LearnResult([not_enough(MODULE, "no SCADA series of kW of any feeder")])
    rows: list[Insight] = []
    heads: dict[str, Head] = {}
    trends: dict[str, Trend] = {}
    for feeder, load in sorted(loads.items()):
        temp = series.temperature(tables, feeder, spec)
        holiday = series.holidays(pd.DatetimeIndex(load.index), spec)
        days = None if temp is None else daily(load, temp, holiday)
        found = NotEnough("no weather point is known for the feeder") if days is None else trend(days)
        if temp is None or days is None or isinstance(found, NotEnough):
            why = found.why if isinstance(found, NotEnough) else ""
            rows.append(not_enough(MODULE, why, feeder=feeder, evidence=[Cell("scada", feeder, "value")]))
            continue
        heads[feeder], trends[feeder] = Head(load, temp, series.irradiance(tables, feeder, spec), holiday, days), found
    steps = transfers.named({f: transfers.steps(found, heads[f].days) for f, found in trends.items()})
    for feeder, head in heads.items():
        rows += _grown(feeder, head, trends[feeder], steps[feeder], loads, int(spec.get("horizon_years", 10)))
    return LearnResult(rows + [_step(feeder, step) for feeder, own in sorted(steps.items()) for step in own])


def _grown(
    feeder: str, head: Head, found: Trend, steps: Sequence[Step], loads: Mapping[str, pd.Series], horizon: int
) -> list[Insight]:
    """What is said of one feeder, its transfers taken out."""
    moved = [step for step in steps if step.other]
    load, still = head.load, found
    if moved:
        load = transfers.without(head, steps, loads)
        told = trend(daily(load, head.temp, head.holiday))
        if isinstance(told, NotEnough):
            return [not_enough(MODULE, told.why, feeder=feeder, evidence=[Cell("scada", feeder, "value")])]
        still = told
    out = "".join(f"; transfer opposite to {step.other} taken out: {step.text}" for step in moved)
    seen = watch(load, head.temp, head.holiday, sun=head.sun)
    return [*_said(feeder, still, horizon, out), _warned(feeder, seen, out)]


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


def _said(feeder: str, found: Trend, horizon: int, out: str) -> list[Insight]:
    evidence = [Cell("scada", feeder, "value"), Cell("weather", feeder, "temp_c")]
    weeks = int(np.isfinite(found.weekly).sum())
    yearly, from_, to = (100 * float(np.expm1(slope)) for slope in (found.growth, found.low, found.high))
    band = f"95 % band {from_:+.1f} to {to:+.1f} % per year; {weeks} weeks without weather{out}"
    sure = "grows" if found.low > 0 else "falls" if found.high < 0 else "no growth beyond chance"
    low, mid, high = ahead(found, horizon)
    text = f"load in {horizon} years over today's: P10 {low:.2f}, P50 {mid:.2f}, P90 {high:.2f}{out}"
    return [
        Insight(MODULE, "growth_pct_per_year", yearly, "%", f"{sure}; {band}", feeder, evidence=evidence),
        Insight(MODULE, "warning", float(found.low > 0), "1", f"{sure}; {band}", feeder, evidence=evidence),
        Insight(MODULE, "load_factor_ahead", mid, "1", text, feeder, evidence=evidence),
    ]


def _warned(feeder: str, found: Watch | NotEnough, out: str) -> Insight:
    """Whether the load left its usual level, and since when it is known; `out` tells the transfers taken out."""
    cells = [Cell("scada", feeder, "value"), Cell("weather", feeder, "temp_c")]
    if isinstance(found, NotEnough):
        return not_enough(MODULE, found.why, feeder=feeder, kind="watch", evidence=cells)
    cells += [Cell("weather", feeder, "ghi_w_m2")] if found.sun else []
    last = found.weekly[np.isfinite(found.weekly)][-4:]
    level = f"the last weeks are {100 * float(last.mean()):+.1f} % off the usual load" if len(last) else ""
    without = "" if found.sun else ", the sun is not known"
    spread = f"a usual week deviates by {100 * found.deviation:.1f} %{without}"
    if found.alarm is None:
        text = f"no growth beyond chance in {len(found.weekly)} weeks that were watched; {level}; {spread}{out}"
        return Insight(MODULE, "growth_alarm", 0.0, "1", text, feeder, kind="watch", evidence=cells)
    day = found.first + pd.Timedelta(weeks=found.alarm + 1)
    text = f"growth is beyond chance since {day:%Y-%m-%d}; {level}; {spread}{out}"
    return Insight(MODULE, "growth_alarm", 1.0, "1", text, feeder, kind="watch", evidence=cells)


def _step(feeder: str, step: Step) -> Insight:
    text = f"{f'transfer, opposite to {step.other}' if step.other else 'step'}: {step.text}"
    cell = [Cell("scada", feeder, "value")]
    day = f"{step.week:%Y-%m-%d}"
    return Insight(MODULE, "step_pct", 100 * step.size, "%", text, feeder, "", "week", day, None, cell)
