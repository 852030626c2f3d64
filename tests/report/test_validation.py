"""The page of validation: verdicts, what is allowed and where, and every difference in the payload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import payload_reader
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dtl import tables
from dtl.analyses.validate import validate
from dtl.powerflow.against import deviation
from dtl.report import pages, payloads, validation
from dtl.report.facts import Facts

WORDS = {"against": "cyme", "rmse_pu": 0.002, "max_pu": 0.004, "loading_pct": 3.0}


def row(feeder: str, element: str, quantity: str, theirs: float, ours: float | None, kind: str = "bus") -> Any:
    told = {"source": "cyme", "kind": kind, "element": element, "phase": "A", "quantity": quantity, "value": theirs,
            "file": "r.csv", "line": 7}  # fmt: skip
    return deviation(told, feeder, f"bus.{element}" if ours is not None else "", ours, "the model has none")


@pytest.fixture(scope="module")
def deviations() -> pa.Table:
    rows = [
        row("good", "b1", "v_pu", 1.0, 1.001),
        row("good", "b2", "kv_ln", 7.2, 7.2072),
        row("bad", "b3", "v_pu", 0.98, 0.99),
        row("bad", "b<4>", "v_pu", 0.97, None),
        row("bad", "l1", "load_pct", 50.0, 51.0, "branch"),
    ]
    return tables.frame("deviations", rows)


@pytest.fixture(scope="module")
def facts(deviations: pa.Table) -> Facts:
    feeders = ["bad", "good", "without"]
    none = tables.concat("reference", [])
    rows = validate(WORDS, deviations, none, feeders)
    solved = [r | {"metric": "solved", "analysis": "status", "value": 1.0, "text": "", "limit": None}
              for r in rows if r["metric"] == "reference_rows" and r["feeder"]]  # fmt: skip
    return Facts(tables.frame("cube", rows + solved))


def test_verdicts_come_first_where_they_are_bad(facts: Facts) -> None:
    said = validation.context(facts)
    assert said is not None
    assert [(r["feeder"], r["verdict"]) for r in said["rows"]] == [
        ("bad", "outside"), ("good", "within"), ("without", "no reference"),
    ]  # fmt: skip
    assert said["lead"].startswith("1 of 2 feeders are outside of tolerance: bad. Voltages differ by ")
    assert "at most by 0.0100 pu (bad bus b3 A: 0.99000 here, 0.98000 in r.csv:7)" in said["lead"]
    assert [g["limit"] for g in said["gate"]] == ["0.002 pu", "0.004 pu", "3 %"]
    assert [(w["bus"], w["off"]) for w in said["worst"]] == [("b3", "+0.0100 pu"), ("b1", "+0.00100 pu")]
    bad = said["rows"][0]
    assert bad["coverage"] == "66.7 %" and "1 not compared: bus b<4>" in bad["lost"]
    assert bad["others"] == [{"word": "loading", "value": "1.00 %", "text": "branch l1 A: 51 here, 50 in r.csv:7"}]
    text = pages.render("validation.md.j2", {"title": "Validation", "file": str, **said})
    assert 'data-feeder="bad" data-verdict="outside"' in text and "b&lt;4&gt;" in text


def test_the_chart_has_every_compared_value_voltages_per_unit(
    facts: Facts, deviations: pa.Table, tmp_path: Path
) -> None:
    path = tmp_path / "validation.js"
    path.write_text(payloads.script("validation", validation.payload(deviations, facts)), encoding="utf-8")
    _, found = payload_reader.read(path)
    table = found["differences"]
    assert table["quantity"] == ["v_pu", "v_pu", "v_pu", "load_pct"]
    assert table["off"] == pytest.approx([0.01, 0.001, 0.001, 1.0])
    assert [found["meta"]["feeders"][int(i)] for i in table["feeder"]] == ["bad", "good", "good", "bad"]
    assert found["meta"]["limits"] == {"v_pu": 0.004, "load_pct": 3.0}
    assert list(found["meta"]["quantities"]) == ["v_pu", "load_pct"]


def test_a_study_without_validation_has_no_page(facts: Facts) -> None:
    only = facts.table.filter(pc.equal(facts.table["metric"].cast(tables.TEXT), "solved"))
    assert validation.context(Facts(only)) is None


def test_a_difference_that_no_voltmeter_tells_is_no_plain_zero_beside_values_that_differ() -> None:
    assert validation._signed(-6e-6) == "less than 0.00001 pu"
    assert validation._signed(-6e-5) == "−0.000060 pu"
