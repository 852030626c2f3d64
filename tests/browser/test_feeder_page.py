"""The feeder page: one-line diagram, hosting capacity along the feeder, interruptions."""

from __future__ import annotations

import urllib.parse
from typing import Any

import made_layers
import made_study
import pytest

from dtl import tables

pytestmark = pytest.mark.browser


def test_one_line_diagram_draws_every_branch_and_names_its_loading(watched: Any, made: Any) -> None:
    page = watched.go("feeder.html#north")
    model = made_study.MODELS["north"]
    told = page.locator("#oneline path.dtl-edge title").all_text_contents()
    assert len(told) == len(model.lines) + len(model.transformers)
    case = page.locator("#dtl-feeder").get_attribute("data-case")
    rows = tables.read("powerflow", made.inputs["powerflow"]["north"]).to_pylist()
    load = next(r["max_load_pct"] for r in rows if (r["case"], r["kind"], r["element"]) == (case, "line", "l04"))
    words = next(t for t in told if t.startswith("line l04:"))
    assert words.startswith(f"line l04: {load:.0f} % of its limit") or f"{load:.1f} %" in words
    assert page.locator("#oneline .dtl-mark-head").count() == 1


def test_hosting_part_shows_the_proof_of_every_bus(watched: Any, made: Any) -> None:
    page = watched.go("feeder.html#north")
    page.locator("input[name=dtl-case][value='base@2035']").check(force=True)
    assert page.locator("#hosting").get_attribute("data-hosted") == "base@2035"
    rows = tables.read("hosting", made.inputs["hosting"]["north"]).to_pylist()
    single = [r for r in rows if r["case"] == "base@2035" and r["bus"]]
    page.locator("#hosting .dtl-dots circle").first.wait_for(state="attached")
    assert page.locator("#hosting .dtl-dots circle").count() == len(single)
    page.locator("#hosting input[type=search]").fill("n00")
    cells = page.locator("#hosting table:has(caption:text('What fits at each bus')) tbody tr").first.locator("th, td")
    assert cells.nth(0).inner_text() == "n00"
    assert {cells.nth(4).inner_text(), cells.nth(5).inner_text()} <= {"900", "910", "810", "820"}


def test_case_without_hosting_says_which_one_stands_in(watched: Any) -> None:
    page = watched.go("feeder.html#north")
    page.locator("input[name=dtl-case][value='base@2026']").check(force=True)
    assert page.locator("#hosting").get_attribute("data-hosted") == "base@2035"
    assert "does not ask for it in base 2026" in page.locator("#hosting").inner_text()


def test_interruptions_are_those_of_the_table(watched: Any) -> None:
    page = watched.go("feeder.html#north")
    rows = page.locator("table:has(caption:text('Interruptions')) tbody tr")
    assert rows.count() == len([o for o in made_layers.outages() if not o["refused"]])
    assert rows.first.locator("th").inner_text() == "2024-03-06"
    assert page.locator("table:has(caption:text('Interruptions')) i").count() == 0


def test_feeder_without_hosting_and_outages_has_neither_part(watched: Any) -> None:
    page = watched.go("feeder.html#south-2")
    assert page.locator("#hosting").count() == 0 and page.locator("#oneline svg").count() == 1
    page = watched.go(f"feeder.html#{urllib.parse.quote(made_study.ODD)}")
    assert page.locator("#hosting").count() == 1 and page.locator("#oneline svg").count() == 1


def test_last_number_of_an_axis_is_not_cut_at_the_edge(watched: Any) -> None:
    page = watched.go("feeder.html#north")
    beyond = page.evaluate(
        """() => { const box = DTL.h("div", {}); document.querySelector("main article").append(box);
        const x = { from: 0, to: 5, unit: "km" }, y = { from: 0, to: 1 };
        DTL.drawChart(box, DTL.h("p", {}), { title: "t", x, y, layers: [] }, 900);
        const edge = box.querySelector("svg").getBoundingClientRect().right;
        const right = (t) => t.getBoundingClientRect().right;
        return [...box.querySelectorAll("text")].map((t) => [t.textContent, right(t) - edge]); }"""
    )
    assert beyond and [b for b in beyond if b[1] > 0] == []
    assert "5.0 km" in [b[0] for b in beyond] or "5 km" in [b[0] for b in beyond]


def test_numbers_of_the_upright_axis_stand_inside_the_chart_however_long(watched: Any) -> None:
    page = watched.go("feeder.html#north")
    starts = page.evaluate(
        """() => { const box = DTL.h("div", {}); document.querySelector("main article").append(box);
        const x = { from: 0, to: 5, unit: "km" }, y = { from: -120000, to: 90000 };
        DTL.drawChart(box, DTL.h("p", {}), { title: "t", x, y, layers: [] }, 700);
        const edge = box.querySelector("svg").getBoundingClientRect().left;
        const left = (t) => t.getBoundingClientRect().left;
        return [...box.querySelectorAll("text")].map((t) => [t.textContent, left(t) - edge]); }"""
    )
    assert "−100,000" in [text for text, _ in starts]
    assert [s for s in starts if s[1] < 0] == []
