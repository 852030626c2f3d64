"""The page of mitigation: every sum of money names the currency of the study."""

from __future__ import annotations

from typing import Any

import pytest

from dtl import tables
from dtl.report import mitigation, pages

CASE = {"scenario": "base", "year": 2026, "case": "base@2026"}
EMPTY = dict.fromkeys(("feeder", "group", "package", "measure", "option", "place", "size", "verdict", "text"), "")


def context(rows: list[dict[str, Any]], packages: list[dict[str, Any]], cost: float | None) -> dict[str, Any]:
    """The content of the page of some choice, where one measure was solved."""
    effect = {c.name: 0.0 for c in tables.TABLES["measures"].columns if c.name.endswith(("_before", "_after"))}
    texts = dict.fromkeys(("option", "place", "size", "reason", "price"), "")
    one = CASE | effect | texts | {"feeder": "f1", "group": "f1", "measure": "M01", "steps": "[]", "words": "{}"}
    one |= {"offered": 1, "cost": cost, "hours": 1, "element_h_before": 34.0, "element_h_after": 4.0}
    found = {
        "portfolio": tables.frame("portfolio", [EMPTY | row for row in rows]),
        "measures": tables.frame("measures", [one]),
        "packages": tables.frame("packages", packages),
    }
    told = mitigation.context(found, {"currency": "CAD"}, [{"case": "base@2026", "label": "base"}])
    assert told is not None
    return told


def page(cost: float | None) -> str:
    rows: list[dict[str, Any]] = [
        {"what": "total", "number": 0, "budget": 90_000.0, "cost": 61_500.0, "removed_h": 30.0, "left_h": 4.0,
         "npv": 12_000.0, "verdict": "still_violates", "text": "1 measure removes 88.2 %."},
        {"what": "work", "number": 1, "feeder": "f1", "measure": "M01", "cost": 61_500.0, "removed_h": 30.0},
        *({"what": what, "number": 2, "budget": 61_500.0, "cost": 61_500.0, "left_h": 4.0, "verdict": "still_violates"}
          for what in ("budget", "greedy")),
    ]  # fmt: skip
    return pages.render("mitigation.md.j2", {**context(rows, [], cost), "title": "Mitigation", "file": str})


def test_every_sum_names_its_currency() -> None:
    text = page(61_500.0)
    for head in ("Cost CAD", "Budget CAD", "Spent CAD", "CAD per element-hour", "Net present value CAD"):
        assert f">{head}</th>" in text, head
    assert not [word for word in ("Cost", "Budget", "Spent", "per element-hour") if f">{word}</th>" in text]


def test_without_prices_no_currency_is_named() -> None:
    assert "CAD" not in page(None)


@pytest.mark.parametrize(("cost", "expected"), [(180_000.0, ["180,000", "0"]), (None, ["1", "0"])])
def test_a_feeder_has_the_costs_of_its_own_works_and_not_of_those_solved_with_it(
    cost: float | None, expected: list[str]
) -> None:
    together = {"group": "f1+f2", "package": "P01", "verdict": "solves"}
    chosen = [
        {"what": "total", "number": 0, "cost": cost or 1.0, "removed_h": 183.0, "left_h": 0.0, "verdict": "solves"},
        {"what": "group", "number": 1, "feeder": "f1", **together},
        {"what": "work", "number": 2, "feeder": "f2", "group": "f1+f2", "measure": "M01", "cost": cost or 1.0},
    ]
    effect = {c.name: 0.0 for c in tables.TABLES["packages"].columns if c.name.endswith(("_before", "_after"))}
    alike = CASE | effect | together | {"measures": '["M01"]', "cost": cost or 1.0, "worth": 183.0, "left": ""}
    packages = [alike | {"feeder": "f1"}, alike | {"feeder": "f2", "element_h_before": 183.0}]
    shown = context(chosen, packages, cost)["groups"]
    assert [r["feeder"] for r in shown] == ["f2", "f1"]
    assert [r["cost"] for r in shown] == expected
