"""The built site in a browser, from a disk and over http; `watched` fails on any error or foreign request."""

from __future__ import annotations

import json
import re
import urllib.parse
from itertools import pairwise
from typing import Any

import made_study
import pytest
from eyes import NAMELESS

from dtl import tables
from dtl.report import facts
from dtl.report.figures import text
from dtl.report.study_payloads import worded

pytestmark = pytest.mark.browser
COLOURS = """() => {
    const c = document.querySelector("#dtl-glance canvas");
    const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    const seen = new Set();
    for (let i = 0; i < d.length; i += 4) seen.add(`${d[i]},${d[i + 1]},${d[i + 2]}`);
    return seen.size;
}"""
"""How many colours the small map has."""

PAGES = ["index", "map", "compare", "feeder", "hosting-capacity", "side-by-side", "data-quality", "assumptions"]
PAGES += ["method", "metrics", "nomenclature", "downloads"]


@pytest.fixture(scope="session")
def cube(made: Any) -> facts.Facts:
    return facts.load(made.inputs["cube"])


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_and_none_is_wider_than_a_phone(watched: Any, page: str) -> None:
    shown = watched.go(f"{page}.html")
    assert shown.locator("h1").count() == 1
    assert shown.locator(".dtl-foot").inner_text().startswith("Study made")
    shown.set_viewport_size({"width": 390, "height": 844})
    assert shown.evaluate("document.documentElement.scrollWidth") <= 390


def test_answer_is_the_cubes(watched: Any, cube: facts.Facts) -> None:
    assert watched.go("index.html").locator("#answer").inner_text().split() == worded(cube.answer(), cube.cases).split()


def test_small_map_of_the_overview_shows_something(watched: Any) -> None:
    page = watched.go("index.html")
    assert page.evaluate(COLOURS) > 20


def panel_rows(page: Any) -> dict[str, list[str]]:
    rows = page.locator("#dtl-panel tr[data-case]")
    return {r.get_attribute("data-case"): r.locator("td").all_inner_texts() for r in rows.all()}


@pytest.mark.parametrize(
    ("by", "kind", "name"), [("load", "transformer", "t12"), ("load", "line", "l04"), ("volt", "bus", "s08")]
)
def test_click_on_a_known_part_shows_its_numbers(watched: Any, made: Any, by: str, kind: str, name: str) -> None:
    page = watched.go("map.html#f=north")
    page.locator(f"input[name=by][value={by}]").check()
    x, y = page.evaluate("([n, k]) => DTL.map.pixel(n, [k])", [name, kind])
    box = page.locator("#dtl-canvas").bounding_box()
    page.mouse.click(box["x"] + x, box["y"] + y)
    assert page.locator("#dtl-panel").get_attribute("data-part") == name
    flow = tables.read("powerflow", made.inputs["powerflow"]["north"]).to_pylist()
    rows = {r["case"]: r for r in flow if (r["kind"], r["element"], r["phase"]) == (kind, name, "")}
    shown = panel_rows(page)
    assert set(shown) == set(made_study.CASES)
    for case, cells in shown.items():
        row = rows[case]
        if kind == "bus":
            expected = [text(round(row["min_pu"], 4), "pu", 0.95)[:-3], text(round(row["max_pu"], 4), "pu", 1.05)[:-3]]
            assert cells[:3] == [*expected, text(row["hours_low"])]
        else:
            assert cells[0] == text(round(row["max_load_pct"], 2), "%")[:-2]
            assert cells[2] == text(row["hours_over"])
    page.keyboard.press("Escape")
    assert page.locator("#dtl-panel").is_hidden()


def test_legend_counts_are_those_of_the_tables(watched: Any, made: Any) -> None:
    case = "base@2035"
    flow = [row for path in made.inputs["powerflow"].values() for row in tables.read("powerflow", path).to_pylist()]
    rated = [row for row in flow if row["case"] == case and row["max_load_pct"] is not None]
    loads = [100 * row["max_load_pct"] / (120 if row["kind"] == "transformer" else 100) for row in rated]
    expected = [sum(a < v <= b for v in loads) for a, b in pairwise([-1, 50, 80, 100, 120, 1e9])]
    page = watched.go(f"map.html#by=load&s={urllib.parse.quote(case)}")
    assert [int(b) for b in page.locator("#dtl-legend b").all_inner_texts()[:5]] == expected
    assert sum(expected) == len(loads) and len([e for e in expected if e]) >= 3
    parts = sum(len(m.lines) + len(m.switches) + len(m.transformers) for m in made_study.MODELS.values())
    assert int(page.locator("#dtl-legend [data-class='5']").inner_text()) == parts - len(loads) > 0
    page.locator("#dtl-list summary").click()
    page.locator("#dtl-list button:has-text('Show all')").click()
    assert page.locator("#dtl-list tbody tr").count() >= len(loads)


def test_state_of_the_map_is_in_its_address(watched: Any) -> None:
    page = watched.go("map.html#f=south-2&by=volt&s=growth%402026")
    before = page.evaluate("[DTL.map.camera.x, DTL.map.camera.y, DTL.map.camera.scale]")
    where = page.url.removeprefix(f"{watched.address}/")
    again = watched.go(where)
    after = again.evaluate("[DTL.map.camera.x, DTL.map.camera.y, DTL.map.camera.scale]")
    assert after[:2] == pytest.approx(before[:2], abs=1) and after[2] == pytest.approx(before[2], rel=0.01)
    assert again.locator("#dtl-case").input_value() == "growth@2026"
    assert again.locator("input[name=by]:checked").get_attribute("value") == "volt"


def test_map_by_keyboard_and_name(watched: Any) -> None:
    page = watched.go("map.html")
    page.locator("#dtl-canvas").focus()
    start = page.evaluate("[DTL.map.camera.x, DTL.map.camera.scale]")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    x, scale = page.evaluate("[DTL.map.camera.x, DTL.map.camera.scale]")
    assert x > start[0] and scale > start[1]
    page.locator("#dtl-goto").fill("t08")
    page.locator("#dtl-goto").press("Enter")
    page.wait_for_selector("#dtl-panel[data-part=t08]")
    page.locator("#dtl-goto").fill("nroth")
    page.locator("#dtl-goto").press("Enter")
    page.locator("#dtl-goto-miss button", has_text="north").click()
    assert page.locator("#dtl-goto-miss").inner_text() == ""


def test_feeder_without_coordinates_is_a_labelled_tree(watched: Any) -> None:
    page = watched.go(f"map.html#f={urllib.parse.quote(made_study.ODD)}")
    page.evaluate("DTL.map.open({detail: DTL.map.data.details.find(d => d?.id.startsWith('Ost')), kind: 'bus', k: 0})")
    assert "Drawn as a schematic" in page.locator("#dtl-panel").inner_text()
    assert page.locator("#dtl-panel a").inner_text() == made_study.ODD


def test_feeders_of_one_line_without_coordinates_do_not_lie_on_one_another(watched: Any) -> None:
    page = watched.go("map.html")
    boxes = page.evaluate("""() => {
        const none = [0, 0, 0];
        const sides = { kind: Array(3).fill("schematic"), west: none, south: none, north: none, east: [200, 90, 200] };
        return new DTL.Plane({ get: (name) => sides[name] }).boxes.map((b) => [b.south, b.north]);
    }""")
    assert len({south for south, _ in boxes}) == 3 and all(north == south for south, north in boxes)


def test_feeder_page_tells_what_the_cube_knows(watched: Any, cube: facts.Facts) -> None:
    page = watched.go("feeder.html#north")
    assert page.locator("h1").inner_text() == "north"
    assert page.locator("#answer").inner_text().split() == worded(cube.answer("north"), cube.cases).split()
    assert page.locator("#dtl-feeder").get_attribute("data-case") == cube.text("worst_case", "north")
    for i, case in enumerate(cube.cases):
        for metric, unit in (
            ("max_line_load_pct", "%"),
            ("min_pu", "pu"),
            ("overload_hours_h", "h"),
            ("energy_kwh", "kWh"),
        ):
            cell = cube.fact(metric, "north", case.case)
            assert cell is not None
            shown = page.locator(f"tr[data-metric={metric}] td[data-at='{i}']").inner_text()
            assert shown.startswith(text(cell.value, unit, cell.limit)), (metric, case)
    assert page.locator("figure.dtl-chart svg path").count() >= 4
    page.locator("input[name=dtl-case][value='base@2026']").check(force=True)
    assert page.locator("#dtl-feeder").get_attribute("data-case") == "base@2026"


def test_feeder_of_an_odd_name_is_text_not_markup(watched: Any) -> None:
    page = watched.go(f"feeder.html#{urllib.parse.quote(made_study.ODD)}")
    assert page.locator("h1").inner_text() == made_study.ODD
    assert page.locator("#dtl-feeder h1 b").count() == 0


def test_feeder_that_failed_says_why(watched: Any) -> None:
    page = watched.go(f"feeder.html#{made_study.LOST}")
    assert "no source has a feeder of this name" in page.locator(".dtl-callout-bad").inner_text()
    page = watched.go("feeder.html#south-2")
    told = page.locator(".dtl-callout-bad").inner_text()
    assert "growth 2035" in told and made_study.REASON in told
    assert page.locator("input[name=dtl-case]").count() == 3


def test_unknown_feeder_gets_near_names(watched: Any) -> None:
    page = watched.go("feeder.html#nroth")
    assert page.locator(".dtl-near a").first.inner_text() == "north"
    page.locator(".dtl-near a").first.click()
    page.wait_for_selector("#dtl-feeder[data-ready=north]")


def test_feeder_list_sorts_and_filters(watched: Any) -> None:
    page = watched.go("feeder.html")
    first = "tbody tr:first-child th"
    assert page.locator(first).inner_text() == "north"
    page.locator("th button", has_text="Feeder").click()
    assert page.locator(first).inner_text() == made_study.LOST
    page.locator("input[type=search]").last.fill("south")
    assert page.locator("#dtl-feeder tbody tr").count() == 1


def test_search_finds_words_also_from_a_disk(watched: Any) -> None:
    page = watched.go("index.html")
    page.locator(".md-search__input").focus()
    page.locator(".md-search-result__meta", has_text="Type to start").wait_for()
    page.locator(".md-search__input").press_sequentially("illustrative")
    page.wait_for_selector(".md-search-result__link")
    assert page.locator(".md-search-result__link").count() >= 1


def test_workers_of_blobs_stay_the_browsers_own(watched: Any) -> None:
    page = watched.go("index.html")
    answer = page.evaluate(
        """() => new Promise(done => { const w = new Worker(URL.createObjectURL(new Blob(["postMessage(6 * 7)"])));
        w.onmessage = e => done([e.data, w.constructor.name]); })"""
    )
    assert answer == [42, "Worker"]


def test_run_is_not_told_when_nobody_knows_it(watched: Any) -> None:
    assert watched.go("index.html").locator("#dtl-run").is_hidden()
    assert "not told" in watched.go("method.html").locator("#dtl-run-long").inner_text()


def test_run_is_told_when_it_is_known(watched: Any, made: Any) -> None:
    path = made.www / "run.js"
    empty = path.read_text()
    try:
        path.write_text('DTL.run = {"run": "r7", "ended": "2026-01-02T03:04:05+00:00", "git": "abc1234"};\n')
        told = watched.go("index.html").locator("#dtl-run").inner_text()
        assert "run r7" in told and "2026-01-02 03:04" in told
        assert "abc1234" in watched.go("method.html").locator("#dtl-run-long").inner_text()
    finally:
        path.write_text(empty)


def test_numbers_in_words_are_the_same_in_both_languages(watched: Any) -> None:
    page = watched.go("feeder.html")
    values = (0, 0.004, 0.94996, 0.95, 1.0432, 9.96, 99.96, 100.0004, 1234.5, 99999.5, 2.5e6, 3.1e9, -12.3)
    units = ("", "h", "%", "pu", "kW", "kWh", "share", "km")
    cases = [(v, u, limit) for u in units for limit in (None, 100.0, 0.95) for v in values]
    shown = page.evaluate("cases => cases.map(([v, u, l]) => DTL.text(v, u, l))", cases)
    assert shown == [text(*c) for c in cases]


def test_everything_to_press_has_a_name(watched: Any) -> None:
    for name in ("map.html", "feeder.html#north", "index.html"):
        page = watched.go(name)
        nameless = page.evaluate(NAMELESS)
        assert not nameless, name


def test_paper_shows_the_answer_and_hides_the_controls(watched: Any) -> None:
    page = watched.go("index.html")
    page.emulate_media(media="print")
    assert page.locator("#answer").is_visible() and page.locator(".dtl-foot").is_visible()
    assert page.locator(".dtl-header").is_hidden()
    assert len(page.pdf()) > 10_000


def test_nothing_is_read_before_it_is_needed(watched: Any) -> None:
    read: list[str] = []
    watched.page.on("request", lambda r: read.append(urllib.parse.unquote(r.url)))
    watched.go("method.html")
    assert not [u for u in read if "/data/" in u]
    read.clear()
    watched.go("feeder.html#north")
    data = sorted(u.split("/data/")[1] for u in read if "/data/" in u)
    assert data == [
        *(f"{kind}/north.js" for kind in ("a", "f")),
        "feeders.js",
        *(f"{kind}/north.js" for kind in ("hc", "oms", "profile")),
        "study.js",
        "ts/north.js",
    ]


def test_sizes_stay_in_their_budget(made: Any) -> None:
    size = {p.relative_to(made.www).as_posix(): p.stat().st_size for p in made.www.rglob("*") if p.is_file()}
    page = (made.www / "index.html").read_text()
    scripts = re.findall(r'(?:src|href)="([^"#:]+\.(?:js|css))"', page)
    styles = sum(n for name, n in size.items() if name.startswith("assets/stylesheets/"))
    whole = sum(size[s] for s in scripts) + size["index.html"]
    own = whole - styles - sum(size[s] for s in scripts if "assets/javascripts" in s)
    assert own < 160_000, own
    assert whole < 450_000
    assert not [n for n in size if n.endswith((".map", "sitemap.xml", "sitemap.xml.gz"))]
    assert all(v < 200_000 for n, v in size.items() if n.startswith("data/a/"))
    assert json.dumps(sorted(size)).count("data/") >= 12


def test_navigation_fits_and_leads_to_every_page(watched: Any) -> None:
    page = watched.go("index.html")
    box = page.locator(".dtl-nav").bounding_box()
    search = page.locator(".md-search__inner").bounding_box()
    assert box["x"] + box["width"] < search["x"]
    titles = page.locator(".dtl-nav a").all_inner_texts()
    assert {"Overview", "Map", "Scenarios", "Feeders", "Data", "Method", "Downloads"} <= set(titles)
    assert watched.go("side-by-side.html").locator(".dtl-siblings a").all_inner_texts() == ["Feeders", "Side by side"]
