"""Reading the site with other eyes: contrast of text, the keyboard alone, and lists whose numbers are the cube's."""

from __future__ import annotations

from typing import Any

import pytest

from dtl.report import facts
from dtl.report.figures import shown, text
from dtl.report.pages import PAGES

pytestmark = pytest.mark.browser

FAINT = """() => {
  const channel = v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
  const light = c => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  const parse = colour => { ink.clearRect(0, 0, 1, 1); ink.fillStyle = colour; ink.fillRect(0, 0, 1, 1);
    const d = ink.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3]));
  const ground = e => { const chain = [];
    for (let at = e; at; at = at.parentElement) chain.push(parse(getComputedStyle(at).backgroundColor));
    return chain.reverse().reduce((under, top) => over(top, under), [255, 255, 255]); };
  const found = [];
  for (const e of document.querySelectorAll("main article *, .dtl-foot *, .dtl-nav a")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (e.closest("svg, :disabled, option, .dtl-lacking label, label.dtl-lacking, .dtl-hidden")) continue;
    const style = getComputedStyle(e);
    const behind = ground(e);
    let opacity = 1;
    for (let at = e; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
    const colour = parse(style.color);
    const front = over([...colour.slice(0, 3), colour[3] * opacity], behind);
    const [a, b] = [light(front), light(behind)].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const text = e.textContent.trim().slice(0, 50);
    if (ratio < least - .01) found.push(`${ratio.toFixed(2)} ${e.tagName}.${e.className}: ${text}`);
  }
  return [...new Set(found)];
}"""
"""Texts that are fainter on their ground than WCAG 2 asks: 4.5 to 1, large ones 3 to 1."""

SEEN = """() => { const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
  const label = e.labels?.[0] ? getComputedStyle(e.nextElementSibling ?? e.labels[0]) : s;
  const marked = t => (t.outlineStyle !== "none" && parseFloat(t.outlineWidth) > 0) || t.boxShadow !== "none";
  return { tag: e.tagName, name: (e.textContent || e.ariaLabel || e.title || "").trim().slice(0, 40),
           marked: marked(s) || marked(label), inMain: !!e.closest("main"), there: b.width > 0 && b.height > 0 }; }"""
"""The element that has the keyboard: whether one sees that it does."""


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
