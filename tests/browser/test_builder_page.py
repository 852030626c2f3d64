"""The page that builds a scenario: mistakes beside their fields, and text that `dtl check` accepts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dtl.errors import SpecError
from dtl.spec.study import load

pytestmark = pytest.mark.browser
PAGE = "builder.html"


def yaml(page: Any) -> str:
    return str(page.locator(".dtl-build__yaml").text_content())


def wrong(page: Any, path: str) -> str:
    return str(page.locator(f"[data-wrong='{path}']").first.text_content())


def add(page: Any, kind: str) -> None:
    page.select_option("#dtl-add-kind", kind)
    page.click("[data-add]")


def checked(text: str, folder: Path) -> str:
    """What `dtl check` says of a whole file, beside the model that it names."""
    folder.mkdir(exist_ok=True)
    (folder / "made.dss").write_text("", encoding="utf-8")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    try:
        load(folder)
    except SpecError as error:
        return str(error)
    return ""


def test_whole_file_of_a_stack_passes_check_and_can_be_downloaded(watched: Any, tmp_path: Path) -> None:
    page = watched.go(PAGE)
    for kind in ("ev", "growth", "tariff", "project", "actions"):
        add(page, kind)
    page.locator("[data-scenario=title]").fill('Cars: 30 % & <more> "soon"')
    page.locator("[data-path='layers.ev.penetration']").fill("0.3")
    page.locator("[data-stack]").click()
    page.locator("input[value=whole]").check()
    assert page.locator("#dtl-builder").get_attribute("data-mistakes") == "1"
    assert "'growth' and 'more' are of one kind" in page.locator(".dtl-build__status").inner_text() or (
        "'more' and 'growth' are of one kind" in page.locator(".dtl-build__status").inner_text()
    )
    page.locator("[data-kind=growth] button", has_text="Remove").first.click()
    assert page.locator("#dtl-builder").get_attribute("data-mistakes") == "0"
    assert checked(yaml(page), tmp_path / "made") == ""
    study = load(tmp_path / "made")
    assert study.scenarios["my_scenario"].stack == ["ev", "tariff", "project", "actions", "more"]
    assert study.layers["ev"].penetration == 0.3
    with page.expect_download() as got:
        page.locator("[data-save]").click()
    assert got.value.suggested_filename == "study.yaml"
    assert Path(got.value.path()).read_text(encoding="utf-8") == yaml(page)


def test_mistakes_stand_beside_their_fields_in_the_words_of_check(watched: Any, tmp_path: Path) -> None:
    page = watched.go(PAGE)
    add(page, "ev")
    field = page.locator("[data-path='layers.ev.penetration']")
    for text, said in (
        ("30 %", "'30 %' is not a number; write the share 0.3"),
        ("30", "30 is out of range: it must be at most 1; a share runs from 0 to 1: 0.3"),
        ("", "a layer of kind ev needs 'penetration', or a forecast to 'follow'"),
    ):
        field.fill(text)
        at = "layers.ev.penetration" if text else "layers.ev"
        assert wrong(page, at) == said
        page.locator("input[value=whole]").check()
        assert said in " ".join(checked(yaml(page), tmp_path / "made").split())
    field.fill("0.3")
    assert page.locator("#dtl-builder").get_attribute("data-mistakes") == "0"
    assert field.get_attribute("aria-invalid") is None


def test_layers_are_named_moved_and_left_out_by_keyboard(watched: Any) -> None:
    page = watched.go(PAGE)
    page.locator("#dtl-add-kind").focus()
    page.locator("#dtl-add-kind").select_option("solar")
    for key in ("Tab", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.value") == "solar"
    page.keyboard.press("Control+A")
    page.keyboard.type("roofs")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    add(page, "ev")
    assert "stack: [roofs, ev]" in yaml(page)
    page.locator("[data-layer='1'] [data-move='-1']").focus()
    page.keyboard.press("Enter")
    assert "stack: [ev, roofs]" in yaml(page)
    page.locator("[data-layer='0'] button", has_text="Remove").press("Enter")
    assert "stack: [roofs]" in yaml(page) and page.locator(".dtl-layer").count() == 1


def test_a_drawn_day_sums_what_is_typed_and_dragged(watched: Any) -> None:
    page = watched.go(PAGE)
    add(page, "ev")
    page.locator("[data-draw]").click()
    page.get_by_label("Begin again with").select_option("level1_residential")
    sums = page.locator(".dtl-day__sums")
    before = float(sums.inner_text().split(" kWh")[0])
    hour = page.get_by_label("Weekdays, 17:00 to 18:00")
    old = float(hour.input_value())
    hour.fill("1.2")
    assert float(sums.inner_text().split(" kWh")[0]) == pytest.approx(before - old + 1.2, abs=0.011)
    hour.press("ArrowUp")
    assert float(hour.input_value()) > 1.2
    box = page.locator(".dtl-day__chart svg").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 3.5 / 24, box["y"] + box["height"] / 2)
    dragged = float(page.get_by_label("Weekdays, 03:00 to 04:00").input_value())
    assert dragged > 0.4
    lines = yaml(page).split("weekday: [")[1].split("]")[0].split(",")
    assert float(lines[3]) == dragged and len(lines) == 24
    page.get_by_label("Numbers are").select_option("share")
    assert "The shares sum to 100 % and 100 %" in sums.inner_text().replace("100.1", "100").replace("99.9", "100")
    assert "energy_kwh_per_day" in yaml(page)
    page.get_by_label("Weekends, 00:00 to 01:00").fill("-1")
    assert "-1 is out of range: it must be at least 0" in page.locator(".dtl-build__status").inner_text()


def test_what_is_built_outlives_the_page(watched: Any) -> None:
    page = watched.go(PAGE)
    add(page, "battery")
    page = watched.go("index.html")
    page = watched.go(PAGE)
    assert page.locator("[data-kind=battery]").count() == 1
    page.get_by_role("button", name="Begin anew").click()
    assert page.locator(".dtl-layer").count() == 0


def test_every_kind_has_a_form_with_labels_that_fits_a_narrow_page(watched: Any) -> None:
    watched.page.set_viewport_size({"width": 390, "height": 844})
    page = watched.go(PAGE)
    for kind in page.locator("#dtl-add-kind option").all_inner_texts():
        add(page, kind.replace(" ", "_"))
    page.evaluate("document.querySelectorAll('#dtl-builder details').forEach((d) => (d.open = true))")
    bare = page.evaluate(
        "[...document.querySelectorAll('#dtl-builder :is(input, select)')]"
        ".filter((e) => !(e.labels?.length || e.getAttribute('aria-label'))).map((e) => e.outerHTML)"
    )
    assert bare == [] and "[object" not in page.locator("#dtl-builder").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
