"""Insights keep their contract, and a missing number stays missing."""

from __future__ import annotations

import json

import pytest

from dtl.learning.insight import NOT_ENOUGH, Cell, Insight, LearnResult, not_enough


def test_a_row_keeps_the_contract_and_its_evidence() -> None:
    found = Insight(
        "growth", "growth_pct_per_year", 2.5, "%", "grows", "F1", evidence=[Cell("scada", "F1 kw", "value")]
    )
    table = LearnResult([found, not_enough("growth", "14 weeks of 52", feeder="F2")]).insights().to_pylist()
    assert [r["feeder"] for r in table] == ["F1", "F2"]
    assert json.loads(table[0]["evidence"]) == [{"table": "scada", "key": "F1 kw", "column": "value"}]
    assert (table[1]["verdict"], table[1]["value"]) == (NOT_ENOUGH, None)
    assert "14 weeks" in table[1]["text"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_no_number_is_stored_as_no_number(value: float | None) -> None:
    assert LearnResult([Insight("growth", "x", value)]).insights()["value"].to_pylist() == [None]
