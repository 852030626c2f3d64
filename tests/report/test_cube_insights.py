"""Insights that the cube gives: each number is a cell of it, the order is the one the next run works in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dtl import tables
from dtl.report import cube_insights, facts, figures, insights
from dtl.report.study_payloads import worded
from dtl.workflow.priority import priorities

BLANK = {"scenario": "", "year": 0, "case": "", "kind": "", "element": "", "text": "", "hour": None, "limit": None,
         "rule": "", "feeder": ""}  # fmt: skip


def row(metric: str, value: float, **more: Any) -> dict[str, Any]:
    return {**BLANK, "level": "feeder" if more.get("feeder") else "study", "metric": metric, "value": value, **more}


@pytest.fixture(scope="module")
def known(made: Any) -> facts.Facts:
    """The made-up study with ageing in two feeders and two chosen works."""
    own = facts.load(made.inputs["cube"])
    case = {"scenario": own.cases[0].scenario, "year": own.cases[0].year, "case": own.cases[0].case}
    rows = [
        row("max_life_loss_pct", 1.5, feeder="north", text="t<1>", analysis="ageing", **case),
        row("max_life_loss_pct", 7.25, feeder="south-2", text="t9", analysis="ageing", **case),
        row("transformers_ageing_fast", 2.0, feeder="north", analysis="ageing", **case),
        row("transformers_ageing_fast", 3.0, feeder="south-2", analysis="ageing", **case),
        *(row(f"portfolio_{name}", value, analysis="mitigation") for name, value in
          (("removed_h", 120.0), ("left_h", 30.0), ("measures", 2.0), ("cost", 4500.0))),
        *(row("work_cost", cost, feeder="north", level="element", kind="work", element=f"M{n} line l{n}: large",
              text="removes 60 element-hours alone, mean of the cases", analysis="mitigation")
          for n, cost in ((1, 1500.0), (2, 3000.0))),
    ]  # fmt: skip
    return facts.Facts(tables.concat("cube", [own.table, tables.frame("cube", rows)]))


def told(found: dict[str, pa.Table], module: str) -> list[dict[str, Any]]:
    return [r for r in found["insights"].to_pylist() if r["module"] == module]


def test_each_module_without_a_stage_of_its_own_is_told_with_evidence(known: facts.Facts, made: Any) -> None:
    found = cube_insights.beside(insights.learned(made.inputs), known, "made", "EUR")
    modules = {r["module"] for r in found["insights"].to_pylist()}
    assert modules >= {"ageing", "mitigation", "narrate", "priority", "ask", "growth", "anomaly"}
    assert all(json.loads(r["evidence"]) for m in cube_insights.MODULES for r in told(found, m))
    content = insights.payload(found, {}, {"cube.csv": "cube.csv"})
    assert {c["module"] for c in content["cards"]} >= set(cube_insights.MODULES)
    assert {e["href"] for c in content["cards"] if c["module"] in cube_insights.MODULES
            for r in c["rows"] for e in r["evidence"]} == {"downloads/cube.csv"}  # fmt: skip
    assert set(cube_insights.MODULES) <= set(insights.TITLES)


def test_the_page_begins_with_what_its_statements_come_to(known: facts.Facts, made: Any) -> None:
    content = insights.payload(cube_insights.beside(insights.learned(made.inputs), known, "made", "EUR"), {}, {})
    context = insights.context(content, {})
    assert context is not None
    first = known.worst(1)[0]
    hours = figures.text(first.numbers["overload_hours_h"], "h")
    assert context["lead"] == (
        f"First to work on is {first.feeder}: over a limit in {worded(first.case, known.cases)}; overloads in {hours}. "
        "2 measures for 4,500 EUR remove 120 element-hours over a limit and leave 30, solved together, "
        "mean of the cases. "
        "Most alerts of readings: gap (40), stuck (1)."
    )


def test_the_transformer_that_loses_most_is_named(known: facts.Facts) -> None:
    (one,) = told(cube_insights.beside({}, known, "made", ""), "ageing")
    assert (one["value"], one["unit"], one["element"]) == (7.25, "%", "t9")
    assert "7.25 % of its life in a year: t9 of south-2" in one["text"] and "5 transformers of 2 feeders" in one["text"]


def test_works_are_told_dearest_first_with_what_they_remove(known: facts.Facts) -> None:
    whole, *works = told(cube_insights.beside({}, known, "made", "EUR"), "mitigation")
    assert "2 measures for 4,500 EUR remove 120 element-hours" in whole["text"] and "leave 30," in whole["text"]
    assert {(w["element"], w["value"]) for w in works} == {("M1 line l1: large", 1500.0), ("M2 line l2: large", 3000.0)}


def test_the_order_is_that_of_the_next_run(known: facts.Facts, made: Any) -> None:
    places = {r["feeder"]: r["value"] for r in told(cube_insights.beside({}, known, "made", ""), "priority")}
    expected = priorities(Path(made.inputs["cube"]))
    assert len(places) > 1
    assert sorted(places, key=lambda f: places[f]) == sorted(places, key=lambda f: -expected[f])


def test_a_study_that_learns_nothing_has_none(made: Any) -> None:
    assert cube_insights.beside({}, facts.load(made.inputs["cube"]), "made", "") == {}
