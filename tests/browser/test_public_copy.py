"""The public copy in a browser: every page without an error or a foreign request, and what is hidden says so."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
_PATH = Path(__file__).resolve().parents[1] / "report" / "test_public.py"
_spec = importlib.util.spec_from_file_location("report_public", _PATH)
assert _spec and _spec.loader
public = importlib.util.module_from_spec(_spec)
sys.modules["report_public"] = public
_spec.loader.exec_module(public)

PAGES = ("index.html", "map.html#f=north", "feeder.html", "feeder.html#north", "feeder.html#nobody", "compare.html",
         "hosting-capacity.html", "side-by-side.html", "questions.html", "method.html", "downloads.html")  # fmt: skip


@pytest.fixture(scope="module")
def hidden(made: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hidden")
    words = {"hide": ["customer_load", "coordinates", "device_settings"]}
    public.publish_site(public.spec(**words), public.given(made, folder), {"public": folder / "www"})
    return folder / "www"


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(public.publish_with_what_is_over_hidden(tmp_path_factory.mktemp("over")))


WORDS = {
    "compare.html#a=base@2026&b=growth@2035": (
        "From base 2026 to growth 2035: no violation of a part that is shown. 1 feeder has something over a limit in "
        "base 2026 or growth 2035 in a part that is not shown here.",
        "None of a part that is shown.",
    ),
    "compare.html#a=growth@2035&b=growth@2035": (
        "1 feeder has something over a limit in growth 2035 in a part that is not shown here.",
        "None of a part that is shown.",
        "without a rating, or not shown",
    ),
    "compare.html#a=base@2026&b=growth@2026": (
        "From base 2026 to growth 2026: no violation in either.",
        "Neither case has any.",
    ),
    "questions.html#q=how+many+transformers+are+above+100+%25&s=growth@2035": (
        "Of the parts that this copy shows; what it hides is neither counted nor listed.",
    ),
    "index.html": ("The highest loadings are of the parts that are shown",),
    "feeder.html#north": ("Something is over a limit in this case, in a part that is not shown here.",),
    "feeder.html#south-2": ("Nothing in this case.",),
    "map.html#by=load&s=growth@2035&split=side&vs=base@2026": (
        "growth 2035 · 0 out of limits, and more that is not shown",
        "without a rating, or not shown",
    ),
}


def test_what_is_over_and_hidden_is_never_told_as_nothing(browser: Any, over: Path) -> None:
    page = browser.new_page()
    for name, words in WORDS.items():
        page.goto("about:blank")
        page.goto(f"{over.as_uri()}/{name}")
        root = "main" if name == "index.html" else "[data-ready]"
        page.wait_for_selector(root, timeout=120_000)
        for said in words:
            told = ""
            for _ in range(100):  # the legend of a map comes with its data, after the page is ready
                told = " ".join(page.locator(root).inner_text().split())
                if said in told:
                    break
                page.wait_for_timeout(100)
            assert said in told, name
    page.close()


def test_every_page_of_a_copy_that_hides_all_opens_quietly(browser: Any, hidden: Path) -> None:
    told: list[str] = []
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.on("console", lambda m: told.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: told.append(str(e)))
    page.on("request", lambda r: None if r.url.startswith(("file:", "blob:", "data:")) else told.append(r.url))
    page.on("requestfailed", lambda r: told.append(r.url))
    for name in PAGES:
        page.goto("about:blank")
        page.goto(f"{hidden.as_uri()}/{name}")
        for root in ("map", "feeder", "compare", "hosting", "side"):
            if page.locator(f"#dtl-{root}").count():
                page.wait_for_selector(f"#dtl-{root}[data-ready]", timeout=120_000)
        assert told == [], name
        if name == "feeder.html#north":
            assert "does not show the load of customers" in page.locator("#dtl-feeder").inner_text()
    page.close()
