"""What-if and sweeps in a browser: estimates are those of the points and of the model, and become scenarios."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_what_if
import pytest
import yaml
from grown_surrogate import grown

from dtl.learning import capacity_model
from dtl.report import facts
from dtl.report.figures import text

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def sliding(made: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    www, formula = made_what_if.site(made.inputs, tmp_path_factory.mktemp("sliding"))
    return www, formula


@pytest.fixture(scope="module", params=["file", "http"])
def address(request: pytest.FixtureRequest, sliding: tuple[Path, Any], serve: Callable[[Path], str]) -> str:
    return sliding[0].as_uri() if request.param == "file" else serve(sliding[0])


def slide(page: Any, part: str, value: float) -> None:
    box = page.locator(f"{part} .dtl-slider input[type=number]")
    box.fill(str(value))
    box.press("Enter")


@pytest.mark.parametrize("name", ["what-if", "sweeps"])
def test_pages_open_and_none_is_wider_than_a_phone(watched: Any, name: str) -> None:
    page = watched.go(f"{name}.html")
    assert page.locator("h1").count() == 1
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_between_two_points_a_figure_lies_between_theirs(watched: Any, made: Any) -> None:
    cube = facts.load(made.inputs["cube"])
    page = watched.go("what-if.html")
    page.locator("#what-if-sweep select").select_option("north")
    (_, low, before), (_, high, after), _ = made_what_if.POINTS
    slide(page, "#what-if-sweep", (low + high) / 2)
    for metric, unit in (("max_line_load_pct", "%"), ("min_pu", "pu"), ("overload_hours_h", "h")):
        ends = [v for case in (before, after) if (v := cube.value(metric, "north", case)) is not None]
        assert len(set(ends)) == 2
        cell = page.locator(f"tr[data-metric={metric}] td")
        assert float(cell.get_attribute("data-value")) == pytest.approx(sum(ends) / 2, rel=1e-5)
        assert cell.locator("small").inner_text().endswith(f"to {text(float(f'{max(ends):.6g}'), unit)}")
    slide(page, "#what-if-sweep", high)
    assert "a point that was solved" in page.locator("#what-if-sweep").inner_text()
    cell = page.locator("tr[data-metric=max_line_load_pct] td")
    value = cube.value("max_line_load_pct", "north", after)
    assert value is not None and cell.inner_text() == text(float(f"{value:.6g}"), "%")


def test_a_choice_is_a_scenario_that_the_form_takes_without_mistake(watched: Any) -> None:
    page = watched.go("what-if.html")
    slide(page, "#what-if-sweep", 0.015)
    page.locator("#what-if-sweep button", has_text="Make this a scenario").click()
    sections = yaml.safe_load(page.locator("#what-if-sweep .dtl-snippet").inner_text())
    assert sections["layers"]["more_what_if"]["per_year"] == 0.015
    page.locator("#what-if-sweep a", has_text="Open it in the form").click()
    page.wait_for_selector("#dtl-builder[data-ready]")
    assert page.locator("#dtl-builder").get_attribute("data-mistakes") == "0"
    written = yaml.safe_load(page.locator(".dtl-build__yaml").text_content())
    assert written["scenarios"] == sections["scenarios"]
    assert written["layers"]["more_what_if"]["per_year"] == 0.015


def test_a_plant_fits_as_the_model_says(watched: Any, sliding: tuple[Path, Any]) -> None:
    frame = sliding[1].to_pandas()
    assert len(frame) == made_what_if.SITES
    page = watched.go("what-if.html")
    told = page.evaluate(
        """async () => { const whole = await DTL.load("whatif");
        const rows = DTL.objects((await DTL.load(`wi/${whole.feeders[0].file}`)).sites);
        return rows.map((s) => DTL.surrogate.answer(whole.surrogate.model, s)); }"""
    )
    model, _ = grown(200)
    kw, bound = model.predict(capacity_model.sites(frame))
    assert [t["kw"] for t in told] == pytest.approx(list(kw.clip(max=5000.0)), rel=1e-3)
    assert [t["bound"] for t in told] == pytest.approx(list(bound.clip(max=5000.0)), rel=1e-3)
    i = next(i for i, of in enumerate(frame["of"]) if of == "generation" and kw[i] < 2000)
    page.locator("#what-if-plant select").select_option(frame["bus"][i])
    shown = page.locator("#what-if-plant .dtl-what-numbers")
    assert float(shown.get_attribute("data-kw")) == pytest.approx(kw[i], rel=1e-3)
    for plant, word in ((0.5 * bound[i], "Fits"), (1.5 * kw[i], "Does not fit")):
        slide(page, "#what-if-plant", float(plant))
        assert page.locator("#what-if-plant [data-fits]").get_attribute("data-fits") == word


def test_a_slider_answers_at_once(watched: Any) -> None:
    page = watched.go("what-if.html")
    box = page.locator("#what-if-sweep input[type=range]")
    box.focus()
    before = page.locator("#what-if-sweep").get_attribute("data-at")
    start = time.perf_counter()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("at => document.querySelector('#what-if-sweep').getAttribute('data-at') !== at", arg=before)
    spent = page.evaluate(
        """() => { const r = document.querySelector("#what-if-sweep input[type=range]"); const t = performance.now();
        r.value = r.max; r.dispatchEvent(new Event("input")); return performance.now() - t; }"""
    )
    assert spent < 200 and time.perf_counter() - start < 10
