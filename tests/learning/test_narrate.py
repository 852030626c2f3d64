"""Sentences: every number is its cell's, nothing is said without one, and advice follows from the figures."""

from __future__ import annotations

from typing import Any

import pytest

from dtl.learning.guidance import ADVICE, TOLD
from dtl.learning.narrate import Number, Sentence, counted, narrate
from dtl.report.board import Cell

CASE = "base@2030"
CALM = {"solved": Cell(1.0), "violating": Cell(0.0), "hours_h": Cell(8760.0)}


def said(
    rules: Any, cells: dict[str, Cell], whole: dict[str, Cell] | None = None, states: str = ""
) -> dict[str, Sentence]:
    def read(metric: str, feeder: str | None, case: str | None) -> Cell | None:
        if metric == "states":
            return Cell(2.0, states) if states else None
        assert feeder == "F1"
        return (cells if case == CASE else whole or {}).get(metric)

    return {s.rule: s for s in narrate(rules, read, "F1", CASE)}


def plain(sentence: Sentence) -> str:
    return "".join(f"[{p.metric} {p.value:g}]" if isinstance(p, Number) else p for p in sentence.parts)


def test_a_sentence_holds_its_cells_and_none_that_is_missing() -> None:
    line = Cell(131.4, "line L7", 4673, 100.0)
    found = said(TOLD, CALM | {"max_line_load_pct": line})
    assert list(found) == ["tell.line"]
    assert plain(found["tell.line"]) == (
        "Its most loaded line is line L7 with [max_line_load_pct 131.4] of its rating on 14 July at 17:00 "
        "(limit [max_line_load_pct 100])."
    )
    assert found["tell.line"].parts[3] == Number("max_line_load_pct", "F1", CASE, 131.4, "%", 100.0)
    assert said(TOLD, CALM | {"max_line_load_pct": line._replace(hour=None)}) == {}
    seen = said(TOLD, CALM | {"max_line_load_pct": line._replace(hour=1)}, states="light heavy")
    assert "of its rating in state heavy (limit" in plain(seen["tell.line"])


def test_what_holds_for_all_cases_says_so() -> None:
    found = said(TOLD, CALM, {"saifi": Cell(1.6), "caidi_min": Cell(54.0)})["tell.outages"]
    assert {(p.case, p.unit) for p in found.parts if isinstance(p, Number)} == {("", ""), ("", "min")}


@pytest.mark.parametrize(
    ("cells", "rules"),
    [
        ({}, {"calm"}),
        ({"overload_hours_h": Cell(20.0), "lines_over": Cell(1.0)}, {"load.brief"}),
        (
            {"overload_hours_h": Cell(21.0), "lines_over": Cell(2.0), "max_line_load_pct": Cell(120.0, "L1")},
            {"load.line"},
        ),
        ({"overload_hours_h": Cell(201.0), "transformers_over": Cell(1.0)}, {"load.long"}),
        ({"violation_hours_low_h": Cell(87.0), "buses_low": Cell(3.0)}, {"volt.low-brief"}),
        ({"violation_hours_low_h": Cell(88.0), "buses_low": Cell(3.0)}, {"volt.low-long"}),
        ({"violation_hours_high_h": Cell(9.0), "reverse_hours_h": Cell(0.0)}, {"volt.high"}),
        ({"violation_hours_high_h": Cell(9.0), "reverse_hours_h": Cell(4.0)}, {"volt.high-reverse", "flow.reverse"}),
        ({"unrated_elements": Cell(4.0), "loss_pct": Cell(7.9)}, {"data.unrated"}),
    ],
)
def test_advice_follows_from_the_figures(cells: dict[str, Cell], rules: set[str]) -> None:
    worried = {"violating": Cell(float(bool(cells)))}
    assert set(said(ADVICE, CALM | cells | worried)) == rules


def test_rules_are_counted_over_feeders_each_in_its_case() -> None:
    cells = {("A", "x"): Cell(5.0), ("B", "y"): Cell(0.0), ("C", "x"): Cell(3.0)}

    def read(metric: str, feeder: str | None, case: str | None) -> Cell | None:
        return cells.get((feeder or "", case or "")) if metric == "overload_hours_h" else None

    assert counted(ADVICE, read, [("C", "x"), ("A", "x"), ("B", "y")]) == {"load.brief": ["C", "A"]}
    assert len({r.id for r in (*ADVICE, *TOLD)}) == len(ADVICE) + len(TOLD)
