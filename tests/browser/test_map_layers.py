"""The layers of the map in a browser: counts, filters, order, two cases beside one another, and its address."""

from __future__ import annotations

import urllib.parse
from typing import Any

import made_layers
import made_study
import pytest

from dtl import tables

pytestmark = pytest.mark.browser
CASE = "growth@2035"


def address(**told: str) -> str:
    return f"map.html#{urllib.parse.urlencode({'s': CASE, 'f': 'north', **told})}"


def picture(page: Any, canvas: str = "#dtl-canvas") -> str:
    """The picture as text, which changes when it does."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return str(page.locator(canvas).evaluate("c => c.toDataURL()"))


def test_overlays_tell_their_counts_and_draw(watched: Any, made: Any) -> None:
    page = watched.go(address())
    kw = [r["peak_kw"] for p in made.inputs["devices"].values() for r in tables.read("devices", p).to_pylist()
          if r["case"] == CASE]  # fmt: skip
    row = page.locator("[data-layer=ev]")
    assert row.locator("small").inner_text().startswith(f"{len(kw)} buses, {sum(kw):.0f} kW")
    outages = [o for o in made_layers.outages() if o["element"] and not o["refused"]]
    places = len({o["element"] for o in outages})
    told = page.locator("[data-layer=outages] small").inner_text()
    assert told == f"{places} openings, {sum(o['customer_minutes'] for o in outages):,.0f} customer minutes"
    before = picture(page)
    for name in ("ev", "outages", "customers"):
        page.locator(f"input[name=on-{name}]").check()
        after = picture(page)
        assert after != before, name
        before = after
    assert "on=ev+outages+customers" in page.url


def test_layers_that_are_missing_say_why(watched: Any) -> None:
    page = watched.go(address())
    assert page.locator("input[name=on-solar]").is_disabled()
    assert "No scenario adds roofs" in page.locator("[data-layer=solar] small").inner_text()
    load = page.locator("input[name=by][value=fit_load]")
    assert load.is_disabled() and "not asked of load" in load.locator("xpath=..").get_attribute("title")
    page = watched.go(address(by="fit_load", on="solar nobody"))
    assert page.locator("input[name=by]:checked").get_attribute("value") == "load"


def test_risk_colours_feeders_by_what_is_expected_of_them(watched: Any) -> None:
    """Seven interruptions a year of one feeder and fewer than one of another; the third has no record."""
    page = watched.go(address(by="risk"))
    assert [page.locator(f"[data-class='{k}']").inner_text() for k in range(5)] == ["1", "0", "0", "1", "0"]
    page.evaluate("DTL.map.open(DTL.rowsInView(DTL.map).find((r) => r.kind === 'line' && r.detail.id === 'north'))")
    assert "14.0 expected in 730 days" in page.locator("[data-risk]").inner_text()


def test_order_of_layers_is_kept_in_the_address(watched: Any) -> None:
    page = watched.go(address(on="ev customers"))
    page.locator("[data-layer=ev] button").last.focus()
    for _ in range(4):
        page.keyboard.press("Enter")
    assert page.locator("[data-layer]").last.get_attribute("data-layer") == "ev"
    assert "on=customers+ev" in page.url
    again = watched.go(page.url.removeprefix(f"{watched.address}/"))
    assert again.evaluate("DTL.map.view.on") == ["customers", "ev"]


def test_filters_count_what_the_tables_count(watched: Any, made: Any) -> None:
    page = watched.go(f"map.html#{urllib.parse.urlencode({'s': 'growth@2026'})}")
    flow = [r for p in made.inputs["powerflow"].values() for r in tables.read("powerflow", p).to_pylist()]
    rated = [r for r in flow if r["case"] == "growth@2026" and r["max_load_pct"] is not None]
    over = [r for r in rated if r["max_load_pct"] > (120 if r["kind"] == "transformer" else 100)]
    page.locator("button", has_text="Show violations only").click()
    for kind, kinds in (("line", ("line", "switch")), ("transformer", ("transformer",))):
        shown = page.locator(f"[data-kind={kind}]").inner_text()
        assert int(shown) == sum(r["kind"] in kinds for r in over)
    page.locator("#dtl-list summary").click()
    rows = "document.querySelectorAll('#dtl-list tbody tr').length"
    assert over
    page.wait_for_function(f"{rows} === {len(over)}")
    page.locator("input[name=kind-line]").uncheck()
    page.wait_for_function(f"{rows} === {sum(r['kind'] == 'transformer' for r in over)}")
    assert "hide=" in page.url


def test_two_cases_side_by_side_share_one_camera(watched: Any) -> None:
    page = watched.go(address(split="side", vs="base@2026"))
    assert page.locator("#dtl-caption").inner_text().startswith("growth 2035 · ")
    assert page.locator("#dtl-caption-vs").inner_text().startswith("base 2026 · ")
    assert picture(page, "#dtl-canvas") != picture(page, "#dtl-canvas-vs")
    box = page.locator("#dtl-canvas-vs").bounding_box()
    start = page.evaluate("DTL.map.camera.x")
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.up()
    assert page.evaluate("DTL.map.camera.x") < start
    assert page.evaluate("DTL.map.left.camera === DTL.map.view.camera")


def test_two_maps_show_what_one_map_showed(watched: Any) -> None:
    """At most half as wide, below their captions, and with every feeder still in view."""
    page = watched.go(f"map.html#s={CASE}")
    seen = """() => {
      const { camera, data } = DTL.map, { west, east, south } = camera.view;
      const top = camera.toPlane(0, camera.inset.top)[1];
      return data.plane.boxes.every(b => west <= b.west && b.east <= east && south <= b.south && b.north <= top);
    }"""
    assert page.evaluate(seen)
    wide = page.evaluate("DTL.map.camera.width")
    page.locator("#dtl-split").select_option("side")
    assert page.evaluate("DTL.map.camera.width") <= wide / 2
    assert page.evaluate("DTL.map.camera.inset.top") > 0 and page.evaluate(seen)


def test_swipe_uncovers_the_other_case(watched: Any) -> None:
    page = watched.go(address(split="swipe", vs="base@2026"))
    page.locator("#dtl-swipe").fill("20")
    assert page.locator("#dtl-canvas-vs").evaluate("e => e.style.clipPath") == "inset(0px 80% 0px 0px)"
    page.locator("#dtl-split").select_option("one")
    assert page.locator("#dtl-canvas-vs").is_hidden() and page.locator("#dtl-swipe").is_hidden()


def test_difference_is_the_difference_of_the_tables(watched: Any, made: Any) -> None:
    page = watched.go(address(by="diff", s="growth@2026", vs="base@2026"))
    flow = [r for p in made.inputs["powerflow"].values() for r in tables.read("powerflow", p).to_pylist()]

    def loads(case: str) -> dict[tuple[str, str, str], float]:
        rated = [r for r in flow if r["case"] == case and r["max_load_pct"] is not None]
        return {
            (r["feeder"], r["kind"], r["element"]): r["max_load_pct"] / (1.2 if r["kind"] == "transformer" else 1)
            for r in rated
        }

    now, before = loads("growth@2026"), loads("base@2026")
    page.evaluate("DTL.map.fit(); DTL.map.refresh()")
    page.wait_for_function("DTL.map.read.length === DTL.map.data.ids.length")
    page.evaluate("DTL.map.refresh()")
    change = [round(now[key], 3) - round(before[key], 3) for key in now]
    expected = [sum(a < v <= b for v in change) for a, b in ((-1e9, -10), (-10, -1), (-1, 1), (1, 10), (10, 1e9))]
    assert [int(b) for b in page.locator("#dtl-legend b").all_inner_texts()[:5]] == expected


def test_panel_tells_interruptions_and_what_fits(watched: Any) -> None:
    page = watched.go(address(p="line/l04"))
    page.wait_for_selector("[data-outages] tbody tr")
    assert page.locator("[data-outages] tbody tr").count() == 3
    assert page.locator("[data-outages]").inner_text().count("equipment") == 2
    assert (
        made_layers.HOSTILE in page.locator("[data-outages]").inner_text()
        and page.locator("[data-outages] i").count() == 0
    )
    assert "24" in page.locator("[data-extras]").inner_text()
    page = watched.go(address(p="bus/n00", s="base@2035"))
    page.wait_for_selector("[data-hosting] tbody tr")
    text = page.locator("[data-hosting]").inner_text()
    assert "900 kW" in text and "910 kW" in text


def test_feeder_without_coordinates_has_its_layers(watched: Any) -> None:
    page = watched.go(address(f=made_study.ODD, on="ev customers"))
    kw = page.evaluate(
        """name => { const places = [];
        DTL.map.data.details.find(d => d.id === name).places("ev", DTL.map.data.at, places);
        return places.map(p => p.value); }""",
        made_study.ODD,
    )
    assert kw == [10, 20]


def test_a_case_without_hosting_says_which_one_has_it(watched: Any) -> None:
    page = watched.go(address(by="fit_generation", s="growth@2026"))
    page.wait_for_function("document.getElementById('dtl-map-hint').textContent.includes('Not judged in growth 2026')")
    assert "asks for it in base 2035" in page.locator("#dtl-map-hint").inner_text()
    page.locator("#dtl-map-hint button", has_text="base 2035").click()
    page.wait_for_function("!document.getElementById('dtl-map-hint').textContent.includes('Not judged')")
    assert page.locator("#dtl-case").input_value() == "base@2035"
    assert sum(int(b) for b in page.locator("#dtl-legend b").all_inner_texts()[:5]) > 0
