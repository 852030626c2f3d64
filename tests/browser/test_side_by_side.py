"""Feeders side by side in a browser."""

from __future__ import annotations

import urllib.parse
from functools import partial
from typing import Any

import made_study
import pytest

from dtl.report import facts
from dtl.report.advice import FINE, advice
from dtl.report.figures import text

pytestmark = pytest.mark.browser


def address(case: str, *feeders: str) -> str:
    return f"side-by-side.html#{urllib.parse.urlencode([('s', case), *(('f', f) for f in feeders)])}"


def test_figures_are_the_cubes_and_hostile_names_stay_text(watched: Any, made: Any) -> None:
    cube = facts.load(made.inputs["cube"])
    page = watched.go(address("growth@2026", "north", made_study.ODD))
    for feeder in ("north", made_study.ODD):
        row = page.locator(
            f"#sides tr:has(th:text-is({feeder!r}))" if feeder == "north" else "#sides tbody tr >> nth=1"
        )
        assert row.locator("th").inner_text() == feeder
        low = cube.value("min_pu", feeder, "growth@2026")
        assert row.locator("td").nth(3).inner_text() == text(low or 0, "pu")[:-3]
    assert page.locator("#sides b").count() == 0
    assert page.locator("#oneline svg").count() == 2
    assert page.locator("svg.dtl-violins path").count() == 2


def test_loadings_over_the_limit_are_marked_here_and_in_the_list_of_feeders(watched: Any, made: Any) -> None:
    cube = facts.load(made.inputs["cube"])
    solved = [f for f in cube.feeders if cube.value("solved", f, "growth@2035")]

    def over(feeder: str, case: str) -> list[bool]:
        limits = {"max_transformer_load_pct": 120.0, "max_line_load_pct": 100.0}
        return [(cube.value(metric, feeder, case) or 0.0) > limit for metric, limit in limits.items()]

    page = watched.go(address("growth@2035", *solved[:4]))
    marks = [[" dtl-trouble" in (row.locator("td").nth(k).get_attribute("class") or "") for k in (0, 1)]
             for row in page.locator("#sides tbody tr").all()]  # fmt: skip
    assert marks == [over(f, "growth@2035") for f in solved[:4]] and any(map(any, marks)) and not all(map(all, marks))
    page = watched.go("feeder.html")
    for row in page.locator("#dtl-feeder tbody tr").all():
        feeder = row.locator("th").inner_text()
        case = cube.text("worst_case", feeder)
        shown = [" dtl-trouble" in (row.locator("td").nth(k).get_attribute("class") or "") for k in (4, 3)]
        assert shown == (over(feeder, case) if case else [False, False]), feeder


def test_voltages_beyond_a_limit_are_marked_here_and_in_the_list_of_feeders(watched: Any, made: Any) -> None:
    cube = facts.load(made.inputs["cube"])
    solved = [f for f in cube.feeders if cube.value("solved", f, "growth@2035")]

    def out(feeder: str, case: str) -> list[bool]:
        hours = ("violation_hours_low_h", "violation_hours_high_h")
        return [(cube.value(metric, feeder, case) or 0.0) > 0 for metric in hours]

    def marked(row: Any, *cells: int) -> list[bool]:
        return [" dtl-trouble" in (row.locator("td").nth(k).get_attribute("class") or "") for k in cells]

    page = watched.go(address("growth@2035", *solved[:4]))
    rows = page.locator("#sides tbody tr").all()
    assert [marked(row, 3, 4) for row in rows] == [out(f, "growth@2035") for f in solved[:4]]
    page = watched.go("feeder.html")
    seen = []
    for row in page.locator("#dtl-feeder tbody tr").all():
        feeder = row.locator("th").inner_text()
        case = cube.text("worst_case", feeder)
        assert marked(row, 6, 7) == (out(feeder, case) if case else [False, False]), feeder
        seen += marked(row, 6, 7)
    assert any(seen) and not all(seen)


def test_what_a_feeder_needs_stands_below_its_name_and_not_in_the_row_of_its_numbers(watched: Any, made: Any) -> None:
    cube = facts.load(made.inputs["cube"])
    page = watched.go(address("growth@2026", "north", "south-2"))
    told = dict(zip(page.locator("section > h2").all_inner_texts(), page.locator(".dtl-needs").all(), strict=True))
    assert sorted(told) == ["north", "south-2"]
    for feeder, where in told.items():
        needed = advice(partial(cube.value, feeder=feeder, case="growth@2026"))
        assert where.inner_text() == ("Nothing found to mend." if needed == FINE else needed)
    assert page.locator("#sides .dtl-text").count() == 0


def test_feeders_can_be_added_and_left_out(watched: Any) -> None:
    page = watched.go(address("base@2026", "north"))
    page.locator("input[list=dtl-feeders]").fill("south-2")
    page.locator("input[list=dtl-feeders]").press("Enter")
    page.wait_for_selector("#dtl-side[data-ready='base@2026 north south-2']")
    page.locator("button[aria-label='Leave out north']").click()
    page.wait_for_selector("#dtl-side[data-ready='base@2026 south-2']")


def test_unknown_failed_and_lost_feeders_are_told(watched: Any) -> None:
    page = watched.go(address("growth@2035", "nroth", "south-2", made_study.LOST))
    assert "no feeder called nroth" in page.locator(".dtl-callout").first.inner_text()
    assert page.locator("#sides tbody tr").count() == 2
    assert page.locator(".dtl-callout-bad").count() == 2
    page = watched.go("side-by-side.html")
    assert page.locator("#sides tbody tr").first.locator("th").inner_text() == "north"
