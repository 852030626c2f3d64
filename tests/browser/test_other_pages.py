"""Pages that only some studies have, with other eyes: compliance, states, works, validation; the public copy."""

from __future__ import annotations

import importlib.util
import sys
import urllib.parse
from pathlib import Path
from types import ModuleType
from typing import Any

import made_what_if
import pytest
from eyes import FAINT, NAMELESS, SEEN

from dtl.report.build import build_site
from dtl.report.public.copy import PAGES as PUBLIC

pytestmark = pytest.mark.browser
REPORT = Path(__file__).resolve().parents[1] / "report"
SHOWN = {
    "analysed": ("compliance", "substations", "reliability", "assets", "data-quality", "downloads", "assumptions"),
    "snapshot": ("index", "states", "mitigation", "validation", "method", "steps"),
    "estimated": ("sweeps", "what-if", "builder", "insights", "hosting-capacity"),
}
"""The pages by the study that has them."""

DEAD = """async there => {
    const dead = [];
    for (const a of document.querySelectorAll("a[href]")) {
        const url = new URL(a.href);
        const name = decodeURIComponent(url.pathname.split("/www/").pop());
        if (!["file:", "blob:"].includes(url.protocol)) dead.push(a.href);
        else if (url.protocol === "file:" && !there.includes(name)) dead.push(name);
    }
    return [...new Set(dead)];
}"""
"""Links that lead to nothing in the folder of the site, or out of it."""


def neighbour(name: str) -> ModuleType:
    """A module of tests/report."""
    spec = importlib.util.spec_from_file_location(f"report_{name}", REPORT / f"{name}.py")
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=list(SHOWN))
def study(request: pytest.FixtureRequest, made: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "estimated":
        return request.param, made_what_if.site(made.inputs, folder)[0]
    pages = neighbour("test_analysis_pages")
    pages.run(folder, {"analysed": pages.STUDY, "snapshot": pages.SNAPSHOT}[request.param])
    build_site({"study": "s"}, {"site": folder / "results/s/site"}, {"www": folder / "www"})
    return request.param, folder / "www"


@pytest.fixture(scope="module")
def address(study: tuple[str, Path]) -> str:
    return study[1].as_uri()


def test_pages_of_some_studies_are_read_by_everybody(watched: Any, study: tuple[str, Path]) -> None:
    """In both schemes every text has contrast; on a phone nothing is cut off; all has a name; Tab shows where it is."""
    name, www = study
    assert {f"{p}.html" for p in SHOWN[name]} <= {p.name for p in www.glob("*.html")}
    wrong: dict[str, Any] = {}
    for page in SHOWN[name]:
        for scheme in ("light", "dark"):
            watched.page.emulate_media(color_scheme=scheme)
            shown = watched.go(f"{page}.html")
            if faint := shown.evaluate(FAINT):
                wrong[f"{page} {scheme}"] = faint[:5]
        if nameless := shown.evaluate(NAMELESS):
            wrong[f"{page} nameless"] = nameless[:5]
        pressed = []
        for _ in range(30):
            shown.keyboard.press("Tab")
            pressed.append(shown.evaluate(SEEN))
        unseen = [p for p in pressed if p["inMain"] and p["there"] and not p["marked"]]
        if unseen or not any(p["inMain"] for p in pressed):
            wrong[f"{page} keyboard"] = unseen[:5] or "never reached"
        shown.set_viewport_size({"width": 390, "height": 844})
        if (wide := shown.evaluate("document.documentElement.scrollWidth")) > 390:
            wrong[f"{page} narrow"] = wide
        shown.set_viewport_size({"width": 1440, "height": 900})
    assert not wrong, wrong


def test_a_row_of_words_carries_its_headings_on_a_phone(watched: Any, study: tuple[str, Path]) -> None:
    page = watched.go("downloads.html")
    page.set_viewport_size({"width": 390, "height": 844})
    cell = page.locator("#files tbody tr").first.locator("td").first
    assert cell.get_attribute("data-head") == "What"
    box, row = cell.bounding_box(), page.locator("#files tbody tr").first.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] > row["y"]


def test_no_link_of_the_public_copy_leads_nowhere_even_when_a_script_made_it(
    browser: Any, made: Any, tmp_path: Path
) -> None:
    public = neighbour("test_public")
    public.publish_site(public.spec(), public.given(made, tmp_path), {"public": tmp_path / "www"})
    there = [p.relative_to(tmp_path / "www").as_posix() for p in (tmp_path / "www").rglob("*") if p.is_file()]
    page = browser.new_page()
    for name in (
        *(f"{n}.html" for n in PUBLIC),
        "feeder.html#north",
        "feeder.html#nobody",
        "map.html#f=north&p=line/1",
    ):
        if name.split("#")[0] not in there:
            continue
        page.goto("about:blank")
        page.goto(f"{(tmp_path / 'www').as_uri()}/{name}")
        for root in ("map", "feeder", "compare", "hosting", "side"):
            if page.locator(f"#dtl-{root}").count():
                page.wait_for_selector(f"#dtl-{root}[data-ready]", timeout=120_000)
        page.wait_for_timeout(200)
        dead = [urllib.parse.unquote(d) for d in page.evaluate(DEAD, there)]
        assert not dead, (name, dead)
    page.close()
