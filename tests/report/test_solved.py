"""How groups were solved: every row to take away, and on the page of many those solved alike together."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import escape
from pyarrow import csv

from dtl.report import solved


def told(gap: float, **other: Any) -> dict[str, Any]:
    return {
        "status": "ok", "engine": "batch", "engine_version": "1", "tolerance": 1e-6, "hours": 8760,
        "engine_reason": f"auto: no control; {gap:g} pu at most", "balance_max_rel": gap,
        "controls": {"mode": "frozen"}, "warnings": [], **other,
    }  # fmt: skip


def test_few_stand_one_by_one_and_many_together() -> None:
    lost = {"status": "failed", "reason": "no source"}
    few = {"a": {"base": told(1e-8), "cars": lost}, "b": {"base": told(3e-8, warnings=["odd", "late"])}}
    rows = solved.rows(few, {"base": "base 2026"})
    assert [(r.group, r.case, r.ok) for r in rows] == [
        ("a", "base 2026", True),
        ("a", "cars", False),
        ("b", "base 2026", True),
    ]
    assert solved.shown(rows) == rows and rows[2].warnings == "odd; late" and rows[1].why == "no source"

    many = {f"g{i:03}": {"base": told(1e-9 * i)} for i in range(solved.ROWS)}
    many |= {"odd": {"base": told(1e-9, engine="opendss", engine_reason="auto: regulators", warnings=["w"])}}
    many |= {"lost": {"base": lost}}
    rows = solved.rows(many, {})
    failed, batch, opendss = solved.shown(rows)
    assert failed == rows[-1] and not failed.ok
    assert (batch.group, batch.why, batch.balance_max_rel) == (f"{solved.ROWS} groups", "auto: no control", 2.99e-7)
    assert (batch.controls, batch.warnings) == ("mode frozen", "")
    assert (opendss.group, opendss.engine, opendss.warnings) == ("odd", "opendss 1", "in 1 of them")
    assert solved.table(rows).num_rows == len(many)


def test_the_file_says_what_the_manifests_say(made: Any) -> None:
    rows = csv.read_csv(made.site / "docs" / "downloads" / "solved.csv").to_pylist()
    said = {g: json.loads(p.read_text())["cases"] for g, p in made.inputs["manifest"].items()}
    assert len(rows) == sum(len(cases) for cases in said.values()) > 0
    text = (made.site / "docs" / "method.md").read_text(encoding="utf-8")
    for row in rows:
        cases = said[row["group"]].values()
        assert (row["ok"], row["tolerance"], row["hours"]) in [
            (c["status"] == "ok", c.get("tolerance"), c.get("hours")) for c in cases
        ]
        assert escape(row["group"]) in text
