"""Studies with next to nothing, in a browser: every page is quiet, says what is missing, shows names as they are."""

from __future__ import annotations

import re
import urllib.parse
from pathlib import Path
from typing import Any

import made_bare
import made_study
import pytest

from dtl.report import facts
from dtl.report.pages import PAGES

pytestmark = pytest.mark.browser
HERE = urllib.parse.quote(made_bare.HOSTILE, safe="")


@pytest.fixture(scope="module", params=["bare", "unsolved", "unread"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, dict[str, Any]]:
    told = {"is_solved": request.param == "bare", "is_read": request.param != "unread"}
    return (request.param, *made_bare.site(tmp_path_factory.mktemp(request.param), **told))


@pytest.fixture(scope="module")
def address(built: tuple[str, Path, dict[str, Any]]) -> str:
    return built[1].as_uri()


def test_every_page_is_quiet_and_has_no_number_that_is_none(
    watched: Any, built: tuple[str, Path, dict[str, Any]]
) -> None:
    pages = [f"{name}.html" for name in PAGES if (built[1] / f"{name}.html").is_file()]
    assert {"index.html", "map.html", "feeder.html", "compare.html", "data-quality.html"} <= set(pages)
    for name in (*pages, f"feeder.html#{HERE}", "feeder.html#nobody", f"map.html#f={HERE}"):
        page = watched.go(name)
        told = page.locator("main article").inner_text()
        assert page.locator("h1").count() == 1 or name.startswith("index"), name
        if name.split(".")[0] in ("index", "map", "feeder", "compare", "side-by-side", "data-quality", "assets"):
            assert not re.search(r"\b(nan|NaN|None|undefined|null|Infinity)\b", told), (name, told)
        italic = page.evaluate("[...document.querySelectorAll('main i')].map(e => e.textContent).join()")
        assert "Ω" not in italic, name
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        page.set_viewport_size({"width": 1440, "height": 900})


def test_hostile_name_is_the_heading_and_leads_back(watched: Any, built: tuple[str, Path, dict[str, Any]]) -> None:
    page = watched.go("feeder.html")
    link = page.locator("#dtl-feeder a", has_text="東/西")
    assert link.first.inner_text() == made_bare.HOSTILE
    link.first.click()
    page.wait_for_selector("h1:has-text('東/西')")
    assert page.locator("h1").inner_text() == made_bare.HOSTILE
    assert made_bare.HOSTILE in watched.go("index.html").locator(".dtl-brand").inner_text()


def test_a_study_says_what_it_can(watched: Any, built: tuple[str, Path, dict[str, Any]]) -> None:
    cube = facts.load(built[2]["cube"])
    page = watched.go("index.html")
    assert page.locator("#dtl-glance").is_visible() == (built[0] != "unread"), "a picture where there is one to draw"
    if built[0] != "bare":
        reason = made_study.REASON if built[0] == "unsolved" else "no source has a feeder of this name"
        assert "Nothing can be said" in page.locator("#answer").inner_text()
        assert "No feeder was solved" in page.locator("main article").inner_text()
        page = watched.go(f"feeder.html#{HERE}")
        assert reason in page.locator(".dtl-callout-bad").inner_text()
        assert page.locator("a", has_text="Findings in its data").get_attribute("href") == "data-quality.html"
        assert reason in watched.go("data-quality.html").locator("main article").inner_text()
        return
    assert made_bare.HOSTILE in page.locator("#answer").inner_text() and "@" not in page.locator("#answer").inner_text()
    page = watched.go(f"compare.html#a={urllib.parse.quote('base@2026')}&b={urllib.parse.quote('idle@2026')}")
    assert [n.inner_text() for n in page.locator("[data-fate]").all()][:2] == ["0", "0"]
    assert cube.value("energy_kwh", case="base@2026") == cube.value("energy_kwh", case="idle@2026")
    quality = watched.go("data-quality.html").locator("main article").inner_text()
    assert "Meters" not in re.findall(r"^\w+$", quality, flags=re.M)
    assert watched.go("map.html").locator("#dtl-overlays input:disabled").count() >= 3
