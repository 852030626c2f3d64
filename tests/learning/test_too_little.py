"""Every learning module that is given too little says so in a row: no crash, no made-up number."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from learning import made_tables as made

from dtl import tables
from dtl.learning.insight import NOT_ENOUGH
from dtl.learning.registry import LEARNERS, OVER_FEEDERS

HOURS = pd.date_range("2024-01-01", periods=8760, freq="h")
SEASON = 12 - 12 * np.cos(2 * np.pi * np.arange(8760) / 8760) + 4 * np.sin(2 * np.pi * np.arange(8760) / 24)
LOAD = 300 + 100 * np.sin(2 * np.pi * (np.arange(8760) % 24) / 24) + 5 * np.abs(SEASON - 12)


def given(load: np.ndarray[Any, Any], temp: np.ndarray[Any, Any] = SEASON, feeder: str = "f") -> dict[str, pa.Table]:
    """The tables of a feeder with one head and three meters, whose load is `load`, beside one point of weather."""
    series = pd.Series(load, HOURS[: len(load)])
    weather = pd.Series(temp[: len(load)], series.index)
    found = {"scada": tables.concat("scada", []), "weather": tables.concat("weather", [])}
    if len(load):
        found |= {"scada": made.scada({feeder: series}), "weather": made.weather(weather)}
    meters = {f"m{i}": series * (0.8 + 0.2 * i) / 100 for i in range(3)}
    found["readings"] = made.readings(meters) if len(load) else tables.concat("readings", [])
    places = [{"feeder": feeder, "meter": m, "recorded_feeder": feeder, "band": "high"} for m in meters]
    blank = {c.name: "" if not c.null else None for c in tables.TABLES["meters"].columns}
    found["meters"] = tables.frame("meters", [blank | p for p in places])
    empty = ("register", "outages", "steps", "served", "assets", "links", "assess", "judged", "formula",
             "transformer_duty", "violation_clusters", "insights")  # fmt: skip
    return found | {name: tables.concat(name, []) for name in empty}


rng = np.random.default_rng(5)
CASES = {
    "short": given(LOAD[:60]),
    "zeros": given(np.zeros(8760)),
    "constant": given(np.full(8760, 250.0)),
    "constant temperature": given(LOAD, np.full(8760, 15.0)),
    "one hour": given(np.where(np.arange(8760) == 500, 5.0, 0.0)),
    "infinite": given(np.full(8760, np.inf)),
    "infinite temperature": given(LOAD, np.where(np.arange(8760) % 100 < 60, np.inf, SEASON)),
    "gaps": given(np.where(rng.random(8760) < 0.6, np.nan, LOAD)),
    "nothing": given(LOAD[:0]),
    "no weather": given(LOAD) | {"weather": tables.concat("weather", [])},
    "no table": {},
}
WORDS: dict[str, Any] = {
    "timezone": "America/Chicago", "measured_year": 2024, "years": [], "cases": [], "limits": {}, "points": {},
    "facts": {"weather": {"point": ""}, "register": []}, "definitions": {}, "horizon_h": 24, "horizon_days": 365,
    "horizon_years": 5, "false_alarms": 0.01, "seed": 0, "of": "customers", "number": None, "top": 5,
    "max_optimistic_share": 0.05, "neighbours": 4, "by_class": True,
}  # fmt: skip
OWN_TESTS = {"calibrate", "spatial"}
"""Modules that need a model of the network: their own tests ask them the same."""
LEARN = {k: v for k, v in (LEARNERS | OVER_FEEDERS).items() if k not in OWN_TESTS}
ANSWERED = {("anomaly", "zeros"), ("anomaly", "constant"), ("anomaly", "constant temperature"), ("anomaly", "gaps"),
            ("anomaly", "infinite temperature"), ("anomaly", "one hour"),
            ("anomaly", "no weather"), ("disaggregate", "zeros"), ("disaggregate", "constant")}  # fmt: skip
"""What is fit to be said all the same: a meter that stands still is an alert, and one without a swing has no roof."""


ALWAYS = {"recommend", "surrogate"}
"""Modules whose stage always hands them their table, be it empty."""


@pytest.mark.parametrize(
    ("module", "case"), [(m, c) for m in sorted(LEARN) for c in CASES if c != "no table" or m not in ALWAYS]
)
def test_it_says_why(module: str, case: str) -> None:
    where, name = LEARN[module].split(":")
    asked = dict(CASES[case])
    if module == "clusters":
        found = import_module(where).curves(WORDS, asked) if asked else None
        asked |= found.tables if found else {}
    rows = getattr(import_module(where), name)(WORDS, asked).rows
    assert rows, "silence is no answer"
    for row in rows:
        assert row.value is None or np.isfinite(row.value)
        assert row.verdict != NOT_ENOUGH or (row.value is None and row.text.startswith("not enough: "))
    if (module, case) not in ANSWERED:
        assert {r.verdict for r in rows} == {NOT_ENOUGH}, [r for r in rows if r.verdict != NOT_ENOUGH]
