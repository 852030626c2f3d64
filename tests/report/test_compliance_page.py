"""The page of compliance: every feeder stands there, those without an answer with the reason."""

from __future__ import annotations

from typing import Any

from dtl import tables
from dtl.report import compliance
from dtl.report.facts import Facts

CASES = [{"case": c, "label": c.title(), "baseline": "base", "year": 0} for c in ("base", "sun")]


def known(*told: tuple[str, str, str, float | None, str]) -> Facts:
    """Facts of feeders: feeder, case, metric, value and text of each."""
    rows: list[dict[str, Any]] = [
        {"level": "feeder", "feeder": feeder, "scenario": case, "year": 0, "case": case, "analysis": "compliance",
         "metric": metric, "kind": "", "element": "", "value": value, "text": text, "hour": None, "limit": None,
         "rule": ""}
        for feeder, case, metric, value, text in told
    ]  # fmt: skip
    return Facts(tables.frame("cube", rows))


def solved(feeder: str, base: str = "", sun: str = "") -> list[tuple[str, str, str, float | None, str]]:
    return [(feeder, case, "solved", float(not why), why) for case, why in (("base", base), ("sun", sun))]


def judged(feeder: str, case: str, count: int, broken: int, why: str = "") -> list[Any]:
    return [
        (feeder, case, "compliance_judged", float(count), ""),
        (feeder, case, "compliance_violated", float(broken) if count else None, "voltage band 1" if broken else ""),
        *([(feeder, case, "compliance_unjudged", 1.0, why)] if why else []),
    ]


def test_feeders_without_an_answer_stand_there_with_the_reason() -> None:
    facts = known(
        *solved("good"), *judged("good", "base", 9, 0), *judged("good", "sun", 9, 2),
        *solved("half", sun="hour 4: no solution"), *judged("half", "base", 5, 0),
        *judged("half", "sun", 0, 0, "not solved: hour 4: no solution; too much load"),
        *solved("broken", "conversion: no source", "conversion: no source"),
    )  # fmt: skip
    page = compliance.context(facts, CASES)
    assert page is not None
    assert page["missing"] == [
        {"feeder": "broken", "reason": "conversion: no source", "cases": ["Base", "Sun"]},
        {"feeder": "half", "reason": "not solved: hour 4: no solution; too much load", "cases": ["Sun"]},
    ]
    assert [(r["feeder"], r["case"]["case"]) for r in page["rows"]] == [
        ("good", "sun"),
        ("good", "base"),
        ("half", "base"),
    ]
    assert page["unjudged"] == []
    assert page["lead"].startswith("1 of 2 feeders breaks a code: good.")
    assert page["lead"].endswith(" Of 2 feeders there is no answer, or not in every case: see below.")


def test_only_cases_that_were_asked_for_are_missed_and_all_answers_need_no_word() -> None:
    facts = known(*solved("good", sun="failed"), *judged("good", "base", 9, 0))
    page = compliance.context(facts, CASES)
    assert page is not None and page["missing"] == []
    assert page["lead"] == "All 9 limits that were judged are kept."


def test_what_is_left_out_of_long_tables_is_counted() -> None:
    many = [fact for i in range(250) for fact in (*solved(f"f{i:03}"), *judged(f"f{i:03}", "base", 3, i % 2))]
    page = compliance.context(known(*many), CASES)
    assert page is not None and (len(page["rows"]), page["row_count"]) == (200, 250)
    assert all(r["violated_n"] for r in page["rows"][:125])
