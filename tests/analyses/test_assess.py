"""The stage itself: groups of feeders, failed cases, and metrics that nobody listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import solved_cases as made

from dtl import tables
from dtl.analyses import assess as stage
from dtl.errors import ContractError

A = {"lines": {"l": {"pct": 110, "at": 3, "over": [3, 4]}}, "kw": [100, 50], "loss": [2, 1]}
B = {"lines": {"l": {"pct": 50, "at": 3}}, "buses": {"m": {"low": 0.97, "at": 1, "below": [1]}}, "kw": [10, 20]}


def test_feeders_of_a_group_are_assessed_each_by_its_own_rows() -> None:
    """Both have a line called l; what hangs on one must not show in the other."""
    spec = made.spec(group="a+b")
    parts = [made.study_tables(spec, "a", A), made.study_tables(spec, "b", B)]
    found = {name: tables.concat(name, [part[name] for part in parts]) for name in parts[0]}
    rows = stage.assess(spec, found)
    assert {r["feeder"] for r in rows} == {"a", "b"}
    for feeder, account in (("a", A), ("b", B)):
        alone = stage.assess(spec, made.study_tables(spec, feeder, account))
        assert [r for r in rows if r["feeder"] == feeder] == alone


def test_a_failed_case_has_one_row_for_each_feeder_of_its_group(tmp_path: Path) -> None:
    (tmp_path / "feeder.json").write_text(json.dumps({"id": "a+b", "feeders": ["a", "b"]}))
    (tmp_path / "manifest.json").write_text(json.dumps({"status": "failed", "reason": "hour 3: no solution"}))
    inputs = {"feeder": tmp_path / "feeder.json", "manifest": tmp_path / "manifest.json"}
    stage.assess_feeder(made.spec("growth@2030", "growth", 2030), inputs, {"assess": tmp_path / "assess.parquet"})
    rows = tables.read("assess", tmp_path / "assess.parquet").to_pylist()
    assert [(r["feeder"], r["analysis"], r["metric"], r["value"], r["text"], r["case"], r["year"]) for r in rows] == [
        (feeder, "status", "solved", 0, "hour 3: no solution", "growth@2030", 2030) for feeder in ("a", "b")
    ]


@pytest.mark.parametrize("row", [{"metric": "line_over", "value": 1}, {"metric": "min_pu", "value": 1}])
def test_a_metric_outside_the_list_or_of_another_analysis_is_refused(row: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(stage, "head", lambda case: [row])
    spec = made.spec()
    with pytest.raises(ContractError, match=row["metric"]):
        stage.assess(spec, made.study_tables(spec, "f1", A))


def test_a_number_that_is_none_is_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(stage, "head", lambda case: [{"metric": "peak_kw", "value": float("nan")}])
    spec = made.spec()
    with pytest.raises(ContractError, match="peak_kw is nan"):
        stage.assess(spec, made.study_tables(spec, "f1", A))
