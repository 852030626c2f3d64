"""Small solved cases, written row by row in tests: tables from short tuples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dtl import tables

LIMITS: dict[str, Any] = {
    "lines": {
        "summer": "normal",
        "otherwise": "normal",
        "emergency": "emergency",
        "over_pct": 100.0,
        "summer_months": [],
        "window_h": 1.0,
    },
    "transformers": {"over_pct": 120.0, "window_h": 2.0, "emergency_pct": None},
    "voltage": [
        {"kv": [0, 1], "phases": None, "low_pu": 0.95, "high_pu": 1.05, "at": "service", "rule": "lv@1", "range": "",
         "clause": "c1", "source": "s", "confirmed_by": "none"},
        {"kv": [1, 35], "phases": None, "low_pu": 0.975, "high_pu": 1.05, "at": "service", "rule": "mv@1", "range": "A",
         "clause": "c2", "source": "s", "confirmed_by": "none"},
    ],
}  # fmt: skip


def spec(case: str = "base", scenario: str = "base", year: int = 0, group: str = "f1") -> dict[str, Any]:
    analyses: dict[str, Any] = {"thermal": {}, "voltage": {}, "losses": {}}
    return {
        "group": group,
        "case": case,
        "scenario": scenario,
        "year": year,
        "limits": LIMITS,
        "secondary": "modelled",
        "analyses": analyses,
    }


def place(of: dict[str, Any], feeder: str) -> dict[str, Any]:
    return {"feeder": feeder, "scenario": of["scenario"], "year": of["year"], "case": of["case"]}


def flow_table(of: dict[str, Any], rows: Sequence[dict[str, Any]], feeder: str = "f1") -> pa.Table:
    """Rows of ``powerflow``; kind and element are asked for, the rest has defaults."""
    base = place(of, feeder) | {"phase": "", "kv_ll": 4.16, "rating_unit": "A"}
    return tables.frame("powerflow", [base | row for row in rows])


def hourly_table(of: dict[str, Any], rows: Sequence[dict[str, Any]], feeder: str = "f1") -> pa.Table:
    """Rows of ``hourly``, numbered from hour 0 unless they say so; what a row does not name is 0, voltages 1."""
    numbers = [c.name for c in tables.TABLES["hourly"].columns if not c.null][5:]
    base = place(of, feeder) | dict.fromkeys(numbers, 0) | {"min_pu": 1.0, "max_pu": 1.0}
    return tables.frame("hourly", [base | {"hour": i} | row for i, row in enumerate(rows)])


def violation_table(of: dict[str, Any], rows: Sequence[Sequence[Any]], feeder: str = "f1") -> pa.Table:
    """Rows of ``violations``: violation, kind, element, phase, hour, value, limit."""
    names = ("violation", "kind", "element", "phase", "hour", "value", "limit")
    return tables.frame("violations", [place(of, feeder) | dict(zip(names, row, strict=True)) for row in rows])


def by_metric(rows: Sequence[dict[str, Any]], element: str = "") -> dict[str, dict[str, Any]]:
    return {row["metric"]: row for row in rows if row["element"] == element}
