"""Sizes that a site of 24 feeders in three substations may have, and its pictures: what they look like, coarsely."""

from __future__ import annotations

import base64
import gzip
import importlib.util
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import screenshot
from test_map_gl import bundle as bundle

from dtl.report import facts
from dtl.report.build import build_site
from dtl.report.write import write_site

pytestmark = pytest.mark.browser
BENCH = Path(__file__).resolve().parents[1] / "bench" / "site.py"
FEEDERS = 24
SHOWN = ("index.html", "map.html", "feeder.html")
CELLS = 12
"""The picture of a window is cut into so many columns and rows."""

GRID = """([png, cells]) => new Promise(done => {
    const image = new Image();
    image.onload = () => {
        const pen = Object.assign(document.createElement("canvas"), {width: cells, height: cells}).getContext("2d");
        pen.imageSmoothingQuality = "high";
        pen.drawImage(image, 0, 0, cells, cells);
        const d = pen.getImageData(0, 0, cells, cells).data, grey = [];
        for (let i = 0; i < d.length; i += 4) grey.push((0.2126 * d[i] + 0.7152 * d[i + 1] + 0.0722 * d[i + 2]) / 255);
        done(grey);
    };
    image.src = "data:image/png;base64," + png;
})"""
"""Mean brightness of each cell of a picture."""


def made_here() -> Any:
    """The module that makes sites of any number of feeders."""
    spec = importlib.util.spec_from_file_location("bench_site", BENCH)
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """The built site, and the seconds of processor of its generator."""
    folder = tmp_path_factory.mktemp("budgets")
    made = made_here()
    inputs = made.Inputs(made.make(folder / "in", FEEDERS))
    facts.gather(made.spec(), inputs, {"cube": folder / "cube.parquet"})
    inputs["cube"] = folder / "cube.parquet"
    write_site(made.spec(), inputs, {"site": folder / "site"})
    before = sum(os.times()[:4])
    build_site({"study": "made"}, {"site": folder / "site"}, {"www": folder / "www"})
    return folder / "www", sum(os.times()[:4]) - before


@pytest.fixture(scope="module")
def address(site: tuple[Path, float]) -> str:
    return site[0].as_uri()


def test_overview_is_light_before_its_map(watched: Any, site: tuple[Path, float]) -> None:
    """Own bytes; the theme's scripts and styles are the same for every page and stay with the browser."""
    read: list[str] = []
    watched.page.on("request", lambda r: read.append(r.url.split("#")[0].removeprefix(f"{site[0].as_uri()}/")))
    watched.go("index.html")
    own = {n for n in read if re.match(r"(index\.html|run\.js|assets/dtl/|assets/docs)", n)}
    assert {Path(n).suffix for n in own} >= {".html", ".js", ".css"}
    theme = sum(p.stat().st_size for p in (site[0] / "assets" / "stylesheets").iterdir())
    assert sum((site[0] / n).stat().st_size for n in own) - theme < 300_000
    drawn = {n for n in read if n.startswith("data/")}
    assert drawn, "the small map is drawn from payloads, after the page"


def test_payloads_stay_in_their_budget_per_feeder(site: tuple[Path, float]) -> None:
    data = site[0] / "data"
    size = {p.relative_to(data).as_posix(): p.stat().st_size for p in data.rglob("*.js")}
    parts = [v for n, v in size.items() if n.startswith("a/")]
    assert len(parts) == FEEDERS
    assert max(parts) * made_here().STATION < 200_000, "the feeders of a substation together"
    assert size["ov.js"] / len(made_here().CASES) < 60_000, "all 2,400 ways of 24 feeders; a thousand have 6,000"
    of_feeders = sum(p.stat().st_size for p in site[0].rglob("*F00*") if p.is_file())
    assert of_feeders / FEEDERS < 150_000, "a thousand feeders have 150 MB"


def test_build_takes_seconds(site: tuple[Path, float]) -> None:
    """Of processor, and three times what it takes on an idle machine; tests/bench/site.py tells the seconds."""
    assert 0 < site[1] < 30


def test_map_library_is_light(bundle: Path) -> None:
    packed = {p.name: len(gzip.compress(p.read_bytes(), 9)) for p in bundle.glob("*.js")}
    assert set(packed) >= {"map.js", "deck.js"} and sum(packed.values()) < 800_000, packed


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures are kept: the folder that `DTL_PICTURES` names, as CI does; else one of this run."""
    named = os.environ.get("DTL_PICTURES")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def apart(one: Sequence[float], other: Sequence[float]) -> float:
    """How far two pictures differ: mean difference of brightness of their cells."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


@pytest.mark.parametrize("at", SHOWN)
def test_pictures_in_both_schemes_and_widths(browser: Any, site: tuple[Path, float], pictures: Path, at: str) -> None:
    """The same page twice is the same picture, coarsely; a dark one is dark, and neither is empty."""
    told: dict[tuple[str, str], list[float]] = {}
    for width, size in screenshot.SIZES.items():
        for scheme in ("light", "dark"):
            seen = []
            for _ in range(2):
                page = screenshot.opened(browser, f"{site[0].as_uri()}/{at}", size, scheme)
                png = page.screenshot()
                seen.append(page.evaluate(GRID, [base64.b64encode(png).decode(), CELLS]))
                page.close()
            (pictures / f"{at.replace('.html', '').replace('#', '-')}-{width}-{scheme}.png").write_bytes(png)
            assert apart(*seen) < 0.02, (width, scheme, "it changes while nothing happens")
            told[width, scheme] = seen[0]
        light, dark = (told[width, scheme] for scheme in ("light", "dark"))
        assert sum(light) / len(light) > 0.7 and sum(dark) / len(dark) < 0.35, (width, "the ground of a scheme")
        for cells in (light, dark):
            assert max(cells) - min(cells) > 0.04, (width, "nothing is on it")
        assert apart(light, dark) > 0.4, width
