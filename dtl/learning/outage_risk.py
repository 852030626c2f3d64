"""The module ``outage_risk``: interruptions to come by feeder, and which days bring many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]

from dtl import tables as contracts
from dtl.learning import asset_ages, stress_cases
from dtl.learning.daily_weather import daily
from dtl.learning.insight import Cell, Insight, LearnResult, NotEnough, not_enough
from dtl.learning.outage_counts import CountTest, count_test
from dtl.learning.outage_days import BackTest, aligned, back_test, brier_skill, features
from dtl.learning.outage_rates import rates
from dtl.plural import many

MODULE = "outage_risk"
LEAST_DAYS, LEAST_EVENTS = 365, 10
"""Days of record and interruptions below which no rate is given."""
RECENT_DAYS, DRIFT_PRIOR = 730, 20.0
"""Window of the base rate [days], and interruptions that must be seen in it before it counts half."""


def learn(spec: Mapping[str, Any], tables: Mapping[str, pa.Table]) -> LearnResult:
    """Insights of days, feeders, assets and cases, and the tables ``stress`` and ``outage_days``.

    ``tables``: ``outages``, ``steps``, ``served``, ``weather``, ``assets``, ``links``, ``transformer_duty``.
    ``spec``: ``horizon_days``, ``timezone``, ``seed``, and what `stress_cases.told` asks of it.
    """
    rows = (
        tables["outages"].select(["feeder", "day", "planned", "refused"]).to_pandas() if "outages" in tables else None
    )
    if rows is None or rows.empty:
        return LearnResult([not_enough(MODULE, "no source gives interruptions")])
    kept = rows[(rows["refused"] == "") & (rows["planned"] != True)]  # noqa: E712  (missing is neither)
    span = pd.date_range(pd.Timestamp(rows["day"].min()), pd.Timestamp(rows["day"].max()))
    if len(span) < LEAST_DAYS or len(kept) < LEAST_EVENTS:
        there = f"{many(len(kept), 'unplanned interruptions')} over {many(len(span), 'days')}"
        text = f"{there}; {LEAST_EVENTS} over {LEAST_DAYS} are needed"
        return LearnResult([not_enough(MODULE, text)])
    feeders = sorted(set(tables["served"]["feeder"].to_pylist()) | {str(f) for f in kept["feeder"] if f})
    day = pd.to_datetime(kept["day"])
    counts = (
        pd.crosstab(day, kept["feeder"].astype(str)).reindex(span, fill_value=0).reindex(columns=feeders, fill_value=0)
    )
    horizon = int(spec.get("horizon_days", 365))
    told = _ahead(counts, horizon)
    total = day.value_counts().reindex(span, fill_value=0)
    aged = asset_ages.ages(tables)
    stressed = stress_cases.told(tables, spec, aged)
    days = _days(total, tables, spec)
    rows = [*told, *_tested(counts), *days.rows, *asset_ages.told(aged, horizon), *stressed.rows]
    return LearnResult(rows, {**stressed.tables, **days.tables})


def _ahead(counts: pd.DataFrame, horizon: int) -> list[Insight]:
    """Expected interruptions of each feeder over the horizon, at the level of the last 24 months."""
    events, days = counts.sum().to_numpy(float), len(counts)
    prior = rates(events, np.full(len(events), float(days)))
    drift = _drift(counts)
    span = horizon * drift
    mean, low, high = prior.ahead(events, np.full(len(events), float(days)), span)
    rows = []
    for i, feeder in enumerate(counts.columns):
        text = (
            f"{mean[i]:.1f} unplanned interruptions expected in {horizon} days, 90 % interval {low[i]:.0f} to "
            f"{high[i]:.0f}; {events[i]:.0f} in {days} days of record, level of the last 24 months x {drift:.2f}"
        )
        cells = [Cell("outages", "", "feeder")]
        rows.append(Insight(MODULE, "interruptions_ahead", float(mean[i]), "1", text, feeder, evidence=cells))
        rows.append(Insight(MODULE, "interruptions_ahead_high", float(high[i]), "1", text, feeder, evidence=cells))
    return rows


def _drift(counts: pd.DataFrame) -> float:
    """Rate of the last 24 months over that of the record, drawn to 1 where few interruptions are in them."""
    recent = counts.tail(RECENT_DAYS)
    expected = float(counts.to_numpy().sum()) * len(recent) / len(counts)
    return (float(recent.to_numpy().sum()) + DRIFT_PRIOR) / (expected + DRIFT_PRIOR)


def _tested(counts: pd.DataFrame) -> list[Insight]:
    """What would have been said a year before the end of the record, and what came."""
    before, after = counts.iloc[:-365], counts.iloc[-365:]
    if len(before) < LEAST_DAYS or before.to_numpy().sum() < LEAST_EVENTS:
        return [
            not_enough(
                MODULE, f"{len(counts)} days of record, a back-test of a year needs {LEAST_DAYS + 365}", kind="model"
            )
        ]
    events, days = before.sum().to_numpy(float), np.full(before.shape[1], float(len(before)))
    mean, low, high = rates(events, days).ahead(events, days, 365 * _drift(before))
    came = after.sum().to_numpy(float)
    held = float(((came >= low) & (came <= high)).mean())
    text = (
        f"the last year, told from the years before: {mean.sum():.0f} interruptions expected, {came.sum():.0f} came; "
        f"{100 * held:.0f} % of feeders within their 90 % interval"
    )
    cell = [Cell("outages", "", "day")]
    ratio = float(mean.sum() / came.sum()) if came.sum() else None
    return [
        Insight(MODULE, "expected_over_observed", ratio, "1", text, kind="model", evidence=cell),
        Insight(MODULE, "interval_held_pct", 100 * held, "%", text, kind="model", evidence=cell),
    ]


def _days(total: pd.Series, tables: Mapping[str, pa.Table], spec: Mapping[str, Any]) -> LearnResult:
    """How well weather tells the interruptions of days and the days with many, on years that no model saw."""
    if "weather" not in tables or not tables["weather"].num_rows:
        return LearnResult([not_enough(MODULE, "no weather is given, so days are not told apart", kind="day")])
    weather = daily(tables["weather"], str(spec.get("timezone", "UTC")))
    shared = total.index.intersection(weather.index)
    span = total.index[(total.index >= shared.min()) & (total.index <= shared.max())] if len(shared) else shared
    weather, counts, there = weather.reindex(span), total.loc[span].astype(float), span.isin(shared)
    if there.sum() < LEAST_DAYS:
        text = f"weather and interruptions share {there.sum()} days, {LEAST_DAYS} are needed"
        return LearnResult([not_enough(MODULE, text, kind="day")])
    known, seed = features(weather, counts)[there], int(spec.get("seed", 0))
    counts = counts[there]
    busy, by_day = back_test(known, counts, seed=seed), count_test(known, counts, seed=seed)
    told = [not_enough(MODULE, busy.why, kind="day")] if isinstance(busy, NotEnough) else _score(busy)
    if isinstance(by_day, NotEnough):
        rows = [*told, not_enough(MODULE, by_day.why, kind="day_count"), *_gusts(weather)]
        return LearnResult(rows)
    return LearnResult([*told, *_counted(by_day), *_gusts(weather)], {"outage_days": _table(by_day)})


def _counted(found: CountTest) -> list[Insight]:
    """What the back-test of counts by day says of itself."""
    explained, came, expected = found.explained, float(found.came.sum()), float(found.expected.sum())
    text = (
        f"interruptions by day, from models of earlier years alone: of {len(found.came)} days' deviance from their "
        f"mean {100 * explained:.0f} % is explained; {expected:.0f} were expected and {came:.0f} came, the last month "
        f"at {found.level.iloc[-1]:.2f} of the level of the years before"
    )
    if explained <= 0:
        text += "; weather and season tell them no better than their mean does"
    cells = [Cell("outage_days", "", "expected"), Cell("outages", "", "day"), Cell("weather", "", "gust_m_s")]
    return [
        Insight(MODULE, "day_count_deviance_pct", 100 * explained, "%", text, kind="day_count", evidence=cells),
        Insight(MODULE, "day_count_expected_over_observed", expected / came, "1", text, kind="day_count",
                evidence=cells),
    ]  # fmt: skip


def _table(found: CountTest) -> pa.Table:
    columns = {
        "day": [day.date() for day in pd.DatetimeIndex(found.came.index)],
        "interruptions": found.came.astype(int).tolist(),
        "expected": found.expected.tolist(),
        "level": found.level.tolist(),
    }
    return contracts.frame("outage_days", columns)


def _score(found: BackTest) -> list[Insight]:
    busy, chance, least = found.busy.to_numpy(float), np.asarray(found.chance, np.float64), found.least
    if not 0 < busy.sum() < len(busy):
        text = f"of {len(busy)} days that were predicted {busy.sum():.0f} had {least} or more: one class only"
        return [not_enough(MODULE, text, kind="day")]
    auc, skill = float(roc_auc_score(busy, chance)), brier_skill(chance, busy, found.usual)
    text = (
        f"days with {least} or more interruptions, from models of earlier years alone: AUC {auc:.2f}, Brier skill "
        f"{skill:.2f} over the rate of the years before; in {len(busy)} days {chance.sum():.0f} were expected and "
        f"{busy.sum():.0f} came"
    )
    if skill <= 0:
        text += "; weather tells these days no better than the rate does"
    cells = [Cell("outages", "", "day"), Cell("weather", "", "gust_m_s")]
    return [
        Insight(MODULE, "busy_day_auc", auc, "1", text, kind="day", evidence=cells),
        Insight(MODULE, "busy_day_brier_skill", skill, "1", text, kind="day", evidence=cells),
    ]


def _gusts(weather: pd.DataFrame) -> list[Insight]:
    if weather[["gust_max", "wind_max"]].dropna().empty:
        return []
    moved = aligned(weather["gust_max"], weather["wind_max"])[1]
    if not moved:
        return []
    text = f"gusts are below the wind of their day and fit it {abs(moved)} days apart: they were moved by {moved} days"
    cell = [Cell("weather", "", "gust_m_s")]
    return [Insight(MODULE, "gusts_moved_days", moved, "d", text, kind="day", evidence=cell)]
