"""The page of mitigation: every sum of money names the currency of the study."""

from __future__ import annotations

from typing import Any

from dtl import tables
from dtl.report import mitigation, pages

EMPTY = dict.fromkeys(("feeder", "group", "package", "measure", "option", "place", "size", "verdict", "text"), "")


def page(cost: float | None) -> str:
    rows: list[dict[str, Any]] = [
        {"what": "total", "number": 0, "budget": 90_000.0, "cost": 61_500.0, "removed_h": 30.0, "left_h": 4.0,
         "npv": 12_000.0, "verdict": "still_violates", "text": "1 measure removes 88.2 %."},
        {"what": "work", "number": 1, "feeder": "f1", "measure": "M01", "cost": 61_500.0, "removed_h": 30.0},
        *({"what": what, "number": 2, "budget": 61_500.0, "cost": 61_500.0, "left_h": 4.0, "verdict": "still_violates"}
          for what in ("budget", "greedy")),
    ]  # fmt: skip
    case = {"feeder": "f1", "scenario": "base", "year": 2026, "case": "base@2026", "group": "f1"}
    effect = {c.name: 0.0 for c in tables.TABLES["measures"].columns if c.name.endswith(("_before", "_after"))}
    texts = dict.fromkeys(("option", "place", "size", "reason", "price"), "")
    one = (
        case | effect | texts | {"measure": "M01", "steps": "[]", "words": "{}", "offered": 1, "cost": cost, "hours": 1}
    )
    found = {
        "portfolio": tables.frame("portfolio", [EMPTY | row for row in rows]),
        "measures": tables.frame("measures", [one | {"element_h_before": 34.0, "element_h_after": 4.0}]),
        "packages": tables.frame("packages", []),
    }
    context = mitigation.context(found, {"currency": "CAD"}, [{"case": "base@2026", "label": "base"}])
    assert context is not None
    return pages.render("mitigation.md.j2", {**context, "title": "Mitigation", "file": str})


def test_every_sum_names_its_currency() -> None:
    text = page(61_500.0)
    for head in ("Cost CAD", "Budget CAD", "Spent CAD", "CAD per element-hour", "Net present value CAD"):
        assert f">{head}</th>" in text, head
    assert not [word for word in ("Cost", "Budget", "Spent", "per element-hour") if f">{word}</th>" in text]


def test_without_prices_no_currency_is_named() -> None:
    assert "CAD" not in page(None)
