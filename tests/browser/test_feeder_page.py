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


def test_theme_is_read_once_the_page_is_drawn(watched: Any) -> None:
    """Its script goes over all that is on a page, which takes as long as drawing it."""
    read: list[str] = []
    watched.page.on("request", lambda r: read.append(r.url))
    with watched.page.expect_request("**/bundle.*.js"):
        page = watched.go("feeder.html#north")
    page.locator(".md-search__input").focus()
    page.locator(".md-search-result__meta", has_text="Type to start").wait_for()
    theme = next(i for i, url in enumerate(read) if "/bundle." in url)
    worker = next(i for i, url in enumerate(read) if "iframe-worker" in url)
    assert max(i for i, url in enumerate(read) if "/data/" in url) < worker < theme


def test_charts_far_below_wait_but_not_for_paper(watched: Any) -> None:
    watched.page.add_init_script("window.requestIdleCallback = () => 0")
    page = watched.go("feeder.html#north", drawn=False)
    boxes, drawn = page.locator(".dtl-chart__box"), page.locator(".dtl-chart__box > svg")
    assert drawn.count() < boxes.count()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert drawn.count() == boxes.count()


@pytest.mark.parametrize("idle", [True, False])
def test_every_chart_is_drawn_once_and_again_when_its_width_changes(watched: Any, idle: bool) -> None:
    """Also in browsers that do not tell when they are idle."""
    watched.page.add_init_script("" if idle else "delete window.requestIdleCallback")
    watched.page.add_init_script(
        """window.drawn = new Map();
        new MutationObserver(found => { for (const { target, addedNodes } of found)
            if (target.matches?.(".dtl-chart__box")) for (const node of addedNodes)
                if (node.tagName === "svg") drawn.set(target, (drawn.get(target) ?? 0) + 1);
        }).observe(document, { childList: true, subtree: true });"""
    )
    page = watched.go("feeder.html#north")
    boxes = page.locator(".dtl-chart__box").count()
    for times, width in ((1, 1440), (2, 1000)):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(
            "([n, least]) => [...drawn.values()].filter(t => t >= least).length === n", arg=[boxes, times]
        )
        page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
        assert page.evaluate("[...drawn.values()]") == [times] * boxes


def test_no_line_of_a_chart_strikes_through_the_name_of_a_limit(watched: Any) -> None:
    page = watched.go("feeder.html#north", drawn=True)
    names = page.locator("svg .dtl-rule-name")
    assert names.count() > 0
    below = """name => [...name.closest("svg").querySelectorAll(".dtl-line, .dtl-rule, .dtl-grid, .dtl-dots")]
        .filter(e => name.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING).length"""
    assert [name.evaluate(below) for name in names.all()] == [0] * names.count()
