"""What is said of reliability under stress: rows by case, from the record, the weather of the case and its loading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dtl import tables as contracts
from dtl.learning import stress, stress_rates, transformer_duty
from dtl.learning.asset_ages import Ages
from dtl.learning.daily_weather import daily, of_year, under
from dtl.learning.insight import Cell, Insight, LearnResult, NotEnough, not_enough
from dtl.network.served import Served
from dtl.plural import many

MODULE, KIND = "outage_risk", "scenario"
WORDS = {"saifi": ("SAIFI", "1", 2), "saidi": ("SAIDI", "min", 0)}
"""Index, unit and digits in sentences."""


def told(tables: Mapping[str, pa.Table], spec: Mapping[str, Any], found_ages: Ages | NotEnough) -> LearnResult:
    """Insights by case, and the table ``stress``; ``spec``: ``cases``, ``definitions``, ``measured_year``."""
    outages, year = tables["outages"], spec.get("measured_year")
    if not spec.get("cases") or year is None:
        return LearnResult([not_enough(MODULE, "the study has no cases", kind=KIND)])
    if "weather" not in tables or not tables["weather"].num_rows or "steps" not in tables:
        return LearnResult([not_enough(MODULE, "no weather is given, so no case can be told from another", kind=KIND)])
    days = daily(tables["weather"], str(spec.get("timezone", "UTC")))
    base = of_year(days, int(year))
    if isinstance(base, NotEnough):
        return LearnResult([not_enough(MODULE, base.why, kind=KIND)])
    listed = pd.to_datetime(pd.Series(outages["day"].to_pylist()))
    found = stress.events(outages, tables["steps"])
    served = Served(tables["served"].to_pylist()).customers("", int(year))
    made = stress.record(found, days, (listed.min(), listed.max()), served, int(spec.get("seed", 0)))
    if isinstance(made, NotEnough):
        return LearnResult([not_enough(MODULE, made.why, kind=KIND)])
    worn = _worn(tables, spec, found_ages, int(year), listed.max())
    asked, rows = _asked(days, worn, int(year), spec)
    known = {case: len(made.compared(base, ask.days)[0]) for case, ask in asked.items()}
    for case in [c for c, days_known in known.items() if days_known < stress_rates.KNOWN_SHARE * len(base)]:
        why = f"{case}: all of {', '.join(made.scale.names)} are known on {known[case]} of {len(base)} days"
        rows.append(not_enough(MODULE, why, kind=KIND, element=case))
        del asked[case]
    changes = made.changes(base, asked) if asked else {}
    for case, of in changes.items():
        lost = _lost(made, len(base) - known[case])
        beyond = made.scale.beyond(asked[case].days)
        rows += [_said(case, word, change, beyond, lost) for word, change in of.items()]
    rows += _model(made)
    cells = [
        {"case": case, "metric": f"{word}_min" if word == "saidi" else word, "before": c.before, "expected": c.after,
         "change": c.change, "low": c.low, "high": c.high, "of_weather": c.of_weather, "of_loading": c.of_loading,
         "of_age": c.of_age}
        for case, of in changes.items() for word, c in of.items()
    ]  # fmt: skip
    return LearnResult(rows, {"stress": contracts.frame("stress", cells)} if cells else {})


def _worn(
    tables: Mapping[str, pa.Table], spec: Mapping[str, Any], found: Ages | NotEnough, year: int, end: pd.Timestamp
) -> dict[str, tuple[float, float, float]]:
    """By case the factors of failures of equipment by loading and by age, and the spread of the latter's logarithm."""
    ahead = {c["case"]: max(float((c["year"] or year) - year), 0.0) for c in spec["cases"]}
    loads: dict[str, float] = {}
    if "transformer_duty" in tables:
        first = next((c["case"] for c in spec["cases"] if c["scenario"] == "base"), "")
        built = {} if isinstance(found, NotEnough) else _built(tables, found)
        duty = tables["transformer_duty"].to_pandas()
        loads = transformer_duty.factors(duty, built, end, ahead, first)
    rows = tables["outages"].select(["kind", "cause"]).to_pandas().astype(str)
    own = rows[rows["cause"] == "equipment"]
    share = ((own["kind"] == "transformer").sum() + 0.5) / (len(own) + 1)
    aged = {case: (1.0, 0.0) if isinstance(found, NotEnough) else found.factor(years) for case, years in ahead.items()}
    return {case: (1 + share * (loads.get(case, 1.0) - 1), *aged[case]) for case in ahead}


def _built(tables: Mapping[str, pa.Table], found: Ages) -> dict[tuple[str, str], pd.Timestamp]:
    """Day of installation of the transformers of the model, by feeder and element."""
    links = tables["links"].select(["feeder", "kind", "element", "asset"]).to_pandas().astype(str)
    units = found.assets[found.assets["kind"] == "transformer"]
    days = dict(zip(units["asset"], units["built"], strict=True))
    own = links[(links["kind"] == "transformer") & (links["element"] != "")]
    return {(f, e): days[a] for f, e, a in own[["feeder", "element", "asset"]].itertuples(index=False) if a in days}


def _asked(
    days: pd.DataFrame, worn: Mapping[str, tuple[float, float, float]], year: int, spec: Mapping[str, Any]
) -> tuple[dict[str, stress.Ask], list[Insight]]:
    """What each case asks of the record; of a case whose weather is not known, the reason."""
    asked, rows = {}, []
    for case in spec["cases"]:
        layers = spec.get("definitions", {}).get(case["scenario"], {}).get("layers", {})
        own = [{**words, "name": name} for name, words in layers.items() if words.get("kind") == "weather"]
        got = under(days, year, own)
        if isinstance(got, NotEnough):
            rows.append(not_enough(MODULE, f"{case['case']}: {got.why}", kind=KIND, element=case["case"]))
        elif own or worn[case["case"]] != (1.0, 1.0, 0.0):
            asked[case["case"]] = stress.Ask(got, *worn[case["case"]])
    return asked, rows


def _lost(made: stress.Record, of_year: int) -> str:
    """How many days are left out because a stress is not known, in words; empty if none is."""
    counts = [f"{many(n, 'days')} of {what}" for n, what in ((made.left_out, "the record"), (of_year, "the year")) if n]
    return f"; left out, as {' or '.join(made.scale.names)} is not known: {' and '.join(counts)}" if counts else ""


def _said(case: str, word: str, found: stress.Change, beyond: int, lost: str) -> Insight:
    name, unit, digits = WORDS[word]
    of = [f"{what} {value:+.{digits}f}" for what, value in
          (("weather", found.of_weather), ("loading", found.of_loading), ("age", found.of_age))]  # fmt: skip
    after = f"{found.after:.{digits}f}{' min' if unit == 'min' else ''} a year"
    text = (
        f"{name} of {after} expected in place of {found.before:.{digits}f}; 90 % interval of the change "
        f"{found.low:+.{digits}f} to {found.high:+.{digits}f}; {', '.join(of)}"
        f"{' (nothing replaced)' if found.of_age else ''}; major event days are counted"
    )
    if beyond:
        text += f"; on {beyond} days the weather is worse than any of the record, which stands for it"
    text += lost
    cells = [Cell("stress", f"{case} {word}", "change"), Cell("outages", "", "day"), Cell("weather", "", "gust_m_s")]
    metric = "saidi_change_min" if word == "saidi" else "saifi_change"
    return Insight(MODULE, metric, found.change, unit, text, "", case, KIND, "", None, cells)


def _model(made: stress.Record) -> list[Insight]:
    """How much of the days of years that were left out weather explains, over season and level."""
    total = pd.Series(made.counts.sum(axis=0), made.days.index)
    share = stress_rates.explained(made.days, total)
    if share is None:
        return []
    text = (
        f"of what is not chance or season, weather explains {100 * share:.0f} % of the deviance of "
        f"{int(np.sum(made.counts))} sustained interruptions in years that were left out"
    )
    if share <= 0:
        text += ": it tells nothing here, so that changes by weather are no more than their interval"
    text += _lost(made, 0)
    cells = [Cell("outages", "", "day"), Cell("weather", "", "gust_m_s")]
    return [Insight(MODULE, "stress_deviance_pct", 100 * share, "%", text, kind=KIND, evidence=cells)]
