"""Reading the site with other eyes: contrast of text, the keyboard alone, and lists whose numbers are the cube's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from eyes import FAINT, SEEN

from dtl.report import facts
from dtl.report.figures import shown, text
from dtl.report.overview import sentences
from dtl.report.pages import PAGES
from dtl.report.study_payloads import worded

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(made: Any) -> str:
    """From a disk alone: the eyes and the keyboard do not depend on the way."""
    return str(made.www.as_uri())


@pytest.fixture(scope="module")
def cube(made: Any) -> facts.Facts:
    return facts.load(made.inputs["cube"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_on_every_page(watched: Any, made: Any, scheme: str) -> None:
    watched.page.emulate_media(color_scheme=scheme)
    there = [name for name in PAGES if (made.www / f"{name}.html").is_file()]
    assert len(there) >= 12
    faint = {}
    for name in (*(f"{n}.html" for n in there), "feeder.html#north", "feeder.html#south-2", "feeder.html#nroth"):
        page = watched.go(name)
        if found := page.evaluate(FAINT):
            faint[name] = found[:6]
    assert not faint, faint


SCHEMES = """
window.schemes = new Set();
const look = () => {
  if (document.body?.hasChildNodes()) schemes.add(document.body.getAttribute("data-md-color-scheme"));
  requestAnimationFrame(look);
};
look();
"""


@pytest.mark.parametrize(("scheme", "named"), [("light", "default"), ("dark", "slate")])
def test_a_first_visit_shows_the_scheme_that_the_reader_prefers_and_no_other(
    watched: Any, scheme: str, named: str
) -> None:
    watched.page.emulate_media(color_scheme=scheme)
    watched.page.add_init_script(SCHEMES)
    page = watched.go("feeder.html#north")
    assert page.evaluate("document.body.getAttribute('data-md-color-scheme')") == named
    page.wait_for_function("window.component$ !== undefined", timeout=9000)  # the theme has started
    assert page.evaluate("[...schemes]") == [named]


def test_everything_is_reached_by_tab_and_one_sees_where_one_is(watched: Any) -> None:
    for name in ("index.html", "compare.html", "map.html", "feeder.html"):
        page = watched.go(name)
        own = page.locator("main article :is(a[href], button, input, select, summary, [tabindex='0'])").count()
        seen, unseen = 0, []
        for _ in range(min(own, 40) + 25):
            page.keyboard.press("Tab")
            told = page.evaluate(SEEN)
            if told["inMain"]:
                seen += 1
                if told["there"] and not told["marked"]:
                    unseen.append(told)
        assert seen >= min(own, 40) * 0.4, (name, own, seen)
        assert not unseen, (name, unseen[:5])


def test_list_of_feeders_by_keyboard_alone(watched: Any) -> None:
    page = watched.go("feeder.html")
    head = page.locator("th button", has_text="Feeder")
    head.focus()
    page.keyboard.press("Enter")
    first = page.locator("tbody tr:first-child th a")
    before = first.inner_text()
    page.keyboard.press("Enter")
    assert first.inner_text() != before
    page.locator("#dtl-feeder a", has_text="north").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#dtl-feeder[data-ready=north]")
    page.locator("input[name=dtl-case]:checked").focus()
    chosen = page.locator("#dtl-feeder").get_attribute("data-case")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#dtl-feeder").get_attribute("data-case") != chosen


def test_numbers_of_the_list_are_the_cubes(watched: Any, cube: facts.Facts) -> None:
    page = watched.go("feeder.html")
    rows = {r.locator("th").inner_text(): r.locator("td").all_inner_texts() for r in page.locator("tbody tr").all()}
    checked = 0
    for feeder, cells in rows.items():
        case = cube.text("worst_case", feeder)
        if not case:
            continue
        metrics = ("max_line_load_pct", "max_transformer_load_pct", "overload_hours_h", "min_pu", "max_pu")
        for cell, metric, unit in zip(cells[3:8], metrics, ("%", "%", "h", "pu", "pu"), strict=True):
            assert cell.strip().startswith(shown(cube.value(metric, feeder, case), unit)[0]), (feeder, metric)
            checked += 1
    assert checked >= 15


def test_values_next_to_a_tie_are_not_rounded_twice(watched: Any) -> None:
    """0.93146 is kept with all its digits: cut to four first, it would be shown as 0.932."""
    page = watched.go("feeder.html")
    value = 0.931_46
    assert page.evaluate("v => DTL.text(Math.fround(v), 'pu')", value) == text(value, "pu") == "0.931 pu"
    assert page.evaluate("async () => (await DTL.load('feeders')).feeders.heads.get('min_pu@0').type") == "f4"


def test_on_a_phone_the_words_of_a_row_leave_room_for_its_first_numbers(watched: Any, cube: facts.Facts) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    for name, table, column in (
        ("compare.html#a=base@2035&b=growth@2035", "table:has(caption:text-is('All figures of both cases'))", 2),
        ("assets.html", ".dtl-table", 5),
    ):
        cells = watched.go(name).locator(f"{table} tbody tr > :nth-child({column})")
        rights = [box["x"] + box["width"] for box in (cell.bounding_box() for cell in cells.all()) if box]
        assert rights and max(rights) <= 390, (name, max(rights, default=None))


@pytest.mark.parametrize("width", [390, 1440])
def test_the_name_of_a_row_stays_when_its_numbers_are_scrolled(watched: Any, width: int) -> None:
    watched.page.set_viewport_size({"width": width, "height": 844})
    for name, table in (
        ("index.html", "#matrix"),
        ("feeder.html", ".dtl-table"),
        ("feeder.html#north", ".dtl-by-case"),
    ):
        page = watched.go(name)
        box = page.locator(f".dtl-scroll:has(> {table})").first
        box.evaluate("e => { e.style.maxWidth = '380px'; }")
        moved = box.evaluate("e => { e.scrollLeft = 1000; return e.scrollLeft; }")
        heads = page.locator(f"{table}").first.locator(
            "tr:has(> td) > th:first-child, thead tr:first-child > th:first-child"
        )
        lefts = {round(head.bounding_box()["x"] - box.bounding_box()["x"]) for head in heads.all()}
        assert moved > 50 and lefts == {0}, (name, moved, lefts)


def test_on_a_phone_the_figures_of_the_case_that_is_shown_are_in_sight(watched: Any) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    page = watched.go("feeder.html#north")
    seen = 0
    for radio in page.locator("input[name=dtl-case]").all():
        radio.dispatch_event("click")
        page.wait_for_timeout(100)
        head, cell = (
            page.locator(f".dtl-by-case tbody tr:first-child {s}").bounding_box() for s in ("th", ".dtl-chosen")
        )
        assert cell["x"] >= head["x"] + head["width"] - 1 and cell["x"] + cell["width"] <= 390
        seen += 1
    assert seen >= 3


def test_on_a_phone_the_words_of_a_layer_are_not_broken(watched: Any) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    page = watched.go("assumptions.html")
    pairs = page.locator(".dtl-pairs:visible").all()
    assert pairs
    for table in pairs:
        box, head = table.bounding_box(), table.locator("th").first.bounding_box()
        assert head["width"] >= 0.3 * box["width"], (head, box)


def test_on_a_phone_names_of_metrics_are_broken_between_their_words_only(watched: Any) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    page = watched.go("metrics.html")
    words = page.evaluate(
        """() => [...document.querySelectorAll("td > code")].flatMap(c => [...c.childNodes])
        .filter(n => n.data).map(n => {
            const range = document.createRange();
            range.selectNodeContents(n);
            return [n.data, range.getClientRects().length];
        })"""
    )
    assert sum(word.endswith("_") for word, _ in words) > 20
    assert not [word for word, lines in words if lines > 1], "a word is cut"


def test_the_state_of_a_feeder_stands_in_one_line_on_a_phone(watched: Any) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    cell = watched.go("feeder.html").locator("td.dtl-trouble", has_text="over a limit").first
    assert (
        cell.evaluate(
            "e => { const r = document.createRange(); r.selectNodeContents(e); return r.getClientRects().length; }"
        )
        == 1
    )


def test_feeders_are_counted_by_state_as_in_the_cube(watched: Any, cube: facts.Facts) -> None:
    over = [f for f in cube.feeders if (case := cube.text("worst_case", f)) and cube.value("violating", f, case) == 1]
    lost = [f for f in cube.feeders if any(cube.value("solved", f, c.case) != 1 for c in cube.cases)]
    told = watched.go("feeder.html").locator("#answer").inner_text()
    assert told.startswith(f"Of {len(cube.feeders)} feeders: {len(set(over) - set(lost))} over a limit"), told
    assert len(set(over) - set(lost)) >= 1 and sum(map(int, re.findall(r"(?<!Of )\b\d+", told))) == len(cube.feeders)


def test_without_scripts_every_page_says_the_answer_and_what_is_missing(
    browser: Any, made: Any, cube: facts.Facts
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    headline = sentences(worded(cube.answer(), cube.cases))[0]
    empty = {}
    for name in (n for n in PAGES if (made.www / f"{n}.html").is_file()):
        page.goto(f"{made.www.as_uri()}/{name}.html")
        told = page.locator("main article").inner_text()
        filled = page.locator("main article table:visible, main article h2:visible").count() > 0
        if "Reading …" in told or not (filled or headline in told):
            empty[name] = told[:200]
    assert not empty, empty
    page.goto(f"{made.www.as_uri()}/map.html")
    assert "The map needs JavaScript" in page.locator("main article").inner_text()
    assert page.locator(".dtl-map").is_hidden()
    context.close()


def test_pages_of_a_part_stand_in_one_line_on_a_phone_and_one_sees_where_one_is(watched: Any) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    page = watched.go("decisions.html")
    box = page.locator(".dtl-siblings").bounding_box()
    here = page.locator(".dtl-siblings [aria-current]").bounding_box()
    assert box["height"] < 60 and here["x"] >= 0 and here["x"] + here["width"] <= 390


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_no_word_beside_the_map_is_cut(watched: Any, size: tuple[int, int]) -> None:
    watched.page.set_viewport_size({"width": size[0], "height": size[1]})
    side = watched.go("map.html").locator(".dtl-map__side")
    assert side.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_grip_of_the_swipe_lies_on_the_blade(watched: Any) -> None:
    """A range's thumb of 34 px moves within the ends of its track."""
    page = watched.go("map.html#split=swipe")
    for value in (0.0, 30.0, 100.0):
        page.locator("#dtl-swipe").fill(str(value))
        track, blade = (page.locator(s).bounding_box() for s in ("#dtl-swipe", ".dtl-map__blade"))
        grip = track["x"] + 17 + (track["width"] - 34) * value / 100
        assert grip == pytest.approx(blade["x"] + blade["width"] / 2, abs=1.5)
