"""Paper: which pages `dtl report --pdf` prints, one for each case, and what a case alone says there."""

from __future__ import annotations

import shutil
import urllib.parse
from pathlib import Path
from typing import Any

import made_study
import pytest

from dtl.analyses.metrics import METRICS
from dtl.errors import StoreError
from dtl.report import facts, printing
from dtl.report.figures import text

pytestmark = pytest.mark.browser
ONE = "growth@2035"


@pytest.fixture(scope="module")
def address(made: Any) -> str:
    """From a disk alone, as the printer opens it."""
    return str(made.www.as_uri())


@pytest.fixture
def results(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The results of a study as `dtl report` finds them."""
    folder = tmp_path / "results" / "made"
    folder.mkdir(parents=True)
    (folder / "www").symlink_to(made.www, target_is_directory=True)
    for name, path in (("cube.parquet", made.inputs["cube"]), ("feeders.json", made.inputs["index"])):
        shutil.copyfile(path, folder / name)
    monkeypatch.chdir(tmp_path)
    return folder


def alone(case: str) -> str:
    return f"compare.html#{urllib.parse.urlencode({'a': case, 'b': case})}"


def test_overview_each_case_and_a_feeder_become_paper(
    browser: Any, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "PRINTED", ("index",))
    monkeypatch.setattr(printing, "_cases", lambda www: [ONE])
    assert printing.run("made", ["north"]) == 0
    made = {path.name: path.read_bytes() for path in (results / "pdf").iterdir()}
    assert sorted(made) == [f"case-{ONE}.pdf", "feeder-north.pdf", "index.pdf"]
    for name, data in made.items():
        assert data.startswith(b"%PDF-") and 1 <= data.count(b"/Type /Page\n") <= 12, name


def test_every_case_has_a_paper_of_its_own(results: Path) -> None:
    pages = dict(printing._pages(results / "www", [made_study.ODD]))
    assert {f"case-{case}" for case in made_study.CASES} <= set(pages)
    assert pages[f"case-{ONE}"] == alone(ONE)
    odd = urllib.parse.quote(made_study.ODD, safe="")
    assert pages[f"feeder-{odd}"] == f"feeder.html#{odd}"
    with pytest.raises(StoreError, match="did you mean north"):
        printing._pages(results / "www", ["nroth"])


def test_a_case_alone_tells_the_figures_of_the_cube(watched: Any, made: Any) -> None:
    page = watched.go(alone(ONE))
    cube = facts.load(made.inputs["cube"])
    assert page.locator("main h1").inner_text() == "Case growth 2035"
    bad = sum(cube.value("violating", f, ONE) == 1 for f in cube.feeders)
    assert page.locator("#answer b").inner_text().startswith(f"{bad} of ")
    shown = {e.get_attribute("data-value"): e.inner_text() for e in page.locator("[data-value]").all()}
    checked = 0
    for metric, told in shown.items():
        value = cube.value(metric, case=ONE)
        if value is not None:
            checked += 1
            assert told == text(value, METRICS[metric].unit), metric
    assert checked >= 8
    assert page.locator("#makes tr[data-case]:visible").count() == 1
    assert page.locator("main .dtl-sub").first.is_hidden(), "it speaks of two cases"
    page.emulate_media(media="print")
    assert page.locator("#answer").is_visible() and page.locator(".dtl-foot").is_visible()
    assert page.locator(".dtl-pair").is_hidden() and page.locator(".dtl-header").is_hidden()
    page.emulate_media(media="screen")
    page.locator("select").first.select_option("base@2026")
    page.wait_for_selector(f"#dtl-compare[data-ready='base@2026 {ONE}']")
    assert page.locator("main h1").inner_text() == "Compare"
    assert page.locator("#makes tr[data-case]:visible").count() >= len(made_study.CASES)
