"""The box of questions: what it says, by keyboard alone, on the overview and on its own page."""

from __future__ import annotations

import urllib.parse
from typing import Any

import made_questions
import pytest

from dtl.learning.query.parse import understand
from dtl.report import facts
from dtl.report.figures import text

pytestmark = pytest.mark.browser


def asked(said: str) -> str:
    return f"questions.html#{urllib.parse.urlencode({'q': said})}"


def told(page: Any, name: str) -> str:
    return str(page.locator(f"#dtl-ask [data-said='{name}']").first.inner_text())


def test_every_number_is_that_of_the_cube_and_leads_to_its_row(watched: Any, made: Any) -> None:
    page = watched.go(asked("top 3 feeders by overload hours"))
    cube = facts.load(made.inputs["cube"])
    values = {f: cube.value("overload_hours_h", f, "base@2035") for f in cube.feeders}
    wanted = sorted(((v, f) for f, v in values.items() if v is not None), key=lambda x: (-x[0], x[1]))[:3]
    rows = page.locator(".dtl-ask__rows tbody tr")
    assert [r.locator("th").inner_text() for r in rows.all()] == [f for _, f in wanted]
    links = rows.locator("a")
    assert [a.inner_text() for a in links.all()] == [text(v, "h") for v, _ in wanted]
    links.first.click()
    page.wait_for_selector(f"#dtl-feeder[data-ready='{wanted[0][1]}']")


def test_number_of_an_element_opens_it_on_the_map(watched: Any) -> None:
    page = watched.go(asked("top 1 transformers by loading"))
    page.locator(".dtl-ask__rows a").click()
    page.wait_for_selector("#dtl-panel[data-part='t12']", timeout=120_000)


def test_by_keyboard_alone_on_the_overview(watched: Any) -> None:
    page = watched.go("index.html")
    box = page.get_by_label("Ask the results")
    box.focus()
    page.keyboard.type("worst feedr painted green")
    page.keyboard.press("Enter")
    page.wait_for_selector("#dtl-ask[data-ready^='worst']")
    assert "top 1 feeders by violations" in told(page, "Understood")
    assert "feedr → feeder" in told(page, "Read as")
    assert told(page, "Ignored") == "Ignored: painted, green"
    assert page.locator(".dtl-ask__rows tbody tr").count() == 1


def test_the_case_can_be_chosen_beside_a_question_that_names_none(watched: Any, made: Any) -> None:
    page = watched.go(asked("top 1 feeders by overload hours"))
    page.get_by_label("Case, where the question names none").select_option("growth@2026")
    page.wait_for_selector("[data-ready]:has(b:text-is('growth 2026'))")
    value = facts.load(made.inputs["cube"]).value("overload_hours_h", "north", "growth@2026")
    assert page.locator(".dtl-ask__rows a").inner_text() == text(value, "h")
    page = watched.go(asked("top 1 feeders by overload hours in 2035") + "&s=growth%402026")
    assert page.locator(".dtl-note b").first.inner_text() == "base 2035"


def test_what_is_not_clear_or_not_there_is_said_and_nothing_is_answered(watched: Any) -> None:
    for said, name, words in (
        ("top five feeders", "Not answered", "say more about: metric"),
        ("drop table feeders", "Not answered", "questions change nothing here"),
        ("peak load of feeder south-3", "Not held", "made has no feeder south-3; nearest: south-2"),
        ("losses in 2050", "Not held", "no case of 2050"),
        ("<img src=x onerror=alert(1)> feeders", "Not answered", "say more about"),
    ):
        page = watched.go(asked(said))
        assert words in told(page, name)
        assert page.locator(".dtl-ask__rows, [data-said=Answer]").count() == 0, said


def test_browser_reads_as_python_does(watched: Any) -> None:
    page = watched.go("questions.html")
    texts = [*made_questions.listed(), *made_questions.ANSWERED]
    got = page.evaluate("(texts) => texts.map((t) => DTL.ask.understand(t).query)", texts)
    assert got == [understand(t).query for t in texts]


def test_narrow_page_has_no_scroll_bar_and_labels_are_there(watched: Any) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    page = watched.go(asked("which transformers are loaded above 50 %"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in page.locator("#dtl-ask input, #dtl-ask button").all():
        assert control.evaluate("e => (e.labels?.length ? e.labels[0].innerText : e.innerText).trim()")
