"""The map drawn by WebGL in software: the same places, colours, panel and counts; the canvas where it fails."""

from __future__ import annotations

import base64
import fcntl
import shutil
import urllib.parse
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import screenshot

from dtl import tables
from dtl.errors import DtlError
from dtl.report import vendor

pytestmark = pytest.mark.browser
CASE = "growth@2035"

COLOURS = """([png, wide]) => new Promise(done => {
    const image = new Image();
    image.onload = () => {
        const pen = Object.assign(document.createElement("canvas"), {width: wide, height: wide}).getContext("2d");
        pen.drawImage(image, 0, 0);
        const d = pen.getImageData(0, 0, wide, wide).data, seen = [];
        for (let i = 0; i < d.length; i += 4)
            seen.push("#" + [d[i], d[i + 1], d[i + 2]].map(v => v.toString(16).padStart(2, "0")).join(""));
        done(seen);
    };
    image.src = "data:image/png;base64," + png;
})"""
"""The colours of a square picture."""


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of this checkout where it is current, else one made by npm for all workers of this run."""
    if vendor.state() is not None:
        return vendor.BUNDLE
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("needs npm and Node, or the bundle that `python -m dtl.report.vendor` makes")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    with (shared / "bundle.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            vendor.build(shared / "bundle")
        except DtlError as error:
            pytest.skip(f"npm could not make the bundle: {error}")
    return shared / "bundle"


@pytest.fixture(scope="session")
def equipped(made: Any, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site with the bundle in it; the map's scripts, joined when it was built, tell of it."""
    www = tmp_path_factory.mktemp("equipped") / "www"
    shutil.copytree(made.www, www)
    scripts = www / "assets" / "dtl"
    shutil.rmtree(scripts / "vendor", ignore_errors=True)
    before = (scripts / "vendor.js").read_text()
    vendor.install(scripts, bundle)
    (joined,) = (path for path in scripts.glob("joined-*.js") if before in path.read_text())
    joined.write_text(joined.read_text().replace(before, (scripts / "vendor.js").read_text()))
    return www


@pytest.fixture(scope="session")
def software(browser: Any) -> Iterator[Any]:
    """A browser with WebGL that is computed on the processor."""
    args = [flag for flag in screenshot.FLAGS if flag != "--disable-gpu"] + screenshot.SOFTWARE
    found = browser.browser_type.launch(executable_path=screenshot.executable(), args=args)
    yield found
    found.close()


class Map:
    """The map page in a browser; fails in the end on any error, warning or foreign request."""

    def __init__(self, browser: Any, address: str, watch: Callable[..., Any]) -> None:
        self.page = browser.new_page(viewport={"width": 960, "height": 560})
        self.page.set_default_timeout(60_000)
        self.watched = watch(self.page, address)

    def go(self, search: str = "?renderer=gl", **told: str) -> Any:
        self.watched.go(f"map.html{search}#{urllib.parse.urlencode({'s': CASE, 'f': 'north', **told})}")
        self.page.wait_for_selector("#dtl-map[data-renderer]")
        return self.page

    @property
    def renderer(self) -> str:
        return str(self.page.locator("#dtl-map").get_attribute("data-renderer"))

    def colours(self, name: str, kind: str, wide: int = 7) -> list[str]:
        """The colours around a part, as one sees them."""
        page = self.page
        page.evaluate("() => Promise.all([DTL.map.view, DTL.map.left].map(v => v.renderer.settled?.(v)))")
        x, y = page.evaluate("([n, k]) => DTL.map.pixel(n, [k])", [name, kind])
        box = page.locator("#dtl-canvas").bounding_box()
        clip = {"x": box["x"] + x - wide // 2, "y": box["y"] + y - wide // 2, "width": wide, "height": wide}
        png = base64.b64encode(page.screenshot(clip=clip)).decode()
        return list(page.evaluate(COLOURS, [png, wide]))

    def close(self) -> None:
        self.page.close()
        assert not self.watched.wrong, "\n".join(self.watched.wrong)


@pytest.fixture
def shown(software: Any, equipped: Path, watch: Any) -> Iterator[Map]:
    """The map from a disk."""
    found = Map(software, equipped.as_uri(), watch)
    yield found
    found.close()


def load_colour(page: Any, kind: str, name: str) -> str:
    """The colour of the class that the payload gives a part."""
    return str(
        page.evaluate(
            """([kind, name]) => { const {detail, k} = DTL.map.findPart(name, [kind]);
            return DTL.coloursOf(DTL.map.view.by)[detail.classesOf(DTL.map.view.by, DTL.map.data.at)[kind][k]]; }""",
            [kind, name],
        )
    )


@pytest.mark.parametrize("way", ["file", pytest.param("http", marks=pytest.mark.slow)])
def test_parts_have_the_colours_of_their_classes(
    software: Any, equipped: Path, serve: Any, watch: Any, way: str
) -> None:
    found = Map(software, equipped.as_uri() if way == "file" else serve(equipped), watch)
    page = found.go()
    assert found.renderer == "gl" and page.locator("#dtl-how").inner_text() == "MapLibre"
    for kind, name in (("line", "l04"), ("transformer", "t12")):
        assert load_colour(page, kind, name) in found.colours(name, kind), name
    own = page.locator("#dtl-canvas").evaluate(
        "c => c.getContext('2d').getImageData(...DTL.map.pixel('l04', ['line']).map(Math.round), 1, 1).data[3]"
    )
    assert own == 0, "the canvas above has nothing there"
    page.locator("input[name=by][value=volt]").check()
    assert load_colour(page, "bus", "s12") in found.colours("s12", "bus")
    found.close()


@pytest.mark.slow
def test_filters_leave_a_pale_line(shown: Map) -> None:
    page = shown.go()
    colour = load_colour(page, "line", "l04")
    assert colour in shown.colours("l04", "line")
    k = page.evaluate("c => DTL.coloursOf('load').indexOf(c)", colour)
    page.locator(f"input[name=class-{k}]").uncheck()
    page.wait_for_timeout(300)
    seen = shown.colours("l04", "line")
    assert colour not in seen and len(set(seen)) > 1
    assert f"hide={k}" in page.url


@pytest.mark.slow
def test_panel_counts_and_address_are_those_of_the_canvas(shown: Map, made: Any) -> None:
    page = shown.go()
    flow = [row for path in made.inputs["powerflow"].values() for row in tables.read("powerflow", path).to_pylist()]
    rated = [row for row in flow if row["case"] == CASE and row["max_load_pct"] is not None]
    loads = [100 * row["max_load_pct"] / (120 if row["kind"] == "transformer" else 100) for row in rated]
    expected = [sum(a < v <= b for v in loads) for a, b in pairwise([-1, 50, 80, 100, 120, 1e9])]
    assert [int(b) for b in page.locator("#dtl-legend b").all_inner_texts()[:5]] == expected
    x, y = page.evaluate("DTL.map.pixel('t12', ['transformer'])")
    box = page.locator("#dtl-canvas").bounding_box()
    page.mouse.click(box["x"] + x, box["y"] + y)
    assert page.locator("#dtl-panel").get_attribute("data-part") == "t12"
    assert "renderer=gl" in page.url and "p=transformer%2Ft12" in page.url
    again = urllib.parse.urlsplit(page.url)
    shown.watched.go(f"map.html?{again.query}#{again.fragment}")
    assert page.locator("#dtl-panel").get_attribute("data-part") == "t12"
    page.wait_for_selector("#dtl-map[data-renderer=gl]")


@pytest.mark.slow
def test_areas_are_read_when_they_are_on_and_lie_below_the_dots(shown: Map) -> None:
    read: list[str] = []
    shown.page.on("request", lambda r: read.append(r.url.rsplit("/", 1)[-1]))
    page = shown.go()
    assert "map.js" in read and "deck.js" not in read
    before = shown.colours("l04", "line", 31)
    page.locator("input[name=on-outages]").check()
    page.wait_for_function("DTL.map.view.renderer.areas && DTL.map.view.renderer.map.getLayersOrder().length > 21")
    assert "deck.js" in read
    order = page.evaluate("DTL.map.view.renderer.map.getLayersOrder()")
    area = next(i for i, name in enumerate(order) if name.startswith("deck"))
    assert order[area + 1] == "dots-0" and order[area - 1] == "ways-5"
    page.wait_for_timeout(500)
    assert shown.colours("l04", "line", 31) != before
    page.locator("input[name=on-customers]").check()
    page.wait_for_function("DTL.map.view.renderer.areas.most > 0")


@pytest.mark.slow
def test_two_cases_are_swiped_by_webgl_too(shown: Map) -> None:
    page = shown.go(split="swipe", vs="base@2026", by="volt")
    page.wait_for_function("DTL.map.left.renderer.name === 'gl'")
    boxes = page.locator(".dtl-map__gl")
    assert boxes.count() == 2
    worst = load_colour(page, "bus", "s12")
    assert worst in shown.colours("s12", "bus")
    page.locator("#dtl-swipe").fill("100")
    page.wait_for_timeout(300)
    assert boxes.last.evaluate("e => e.style.clipPath") == page.locator("#dtl-canvas-vs").evaluate(
        "e => e.style.clipPath"
    )
    assert worst not in shown.colours("s12", "bus"), "the other case has no low voltage there"
    eyes = page.evaluate(
        "[DTL.map.view, DTL.map.left].map(v => [v.renderer.map.getZoom(), v.renderer.map.getCenter()])"
    )
    assert eyes[0] == eyes[1]
    page.locator("#dtl-split").select_option("one")
    page.wait_for_function("document.querySelectorAll('.dtl-map__gl').length === 1")


@pytest.mark.slow
def test_a_place_has_the_same_pixel_in_both_renderers(shown: Map) -> None:
    page = shown.go()
    apart = page.evaluate(
        """() => { const {camera, renderer: {map, sheet}} = DTL.map.view; let most = 0;
        for (const [dx, dy] of [[0, 0], [-300, 200], [280, -150]]) {
            const [x, y] = camera.toPlane(camera.width / 2 + dx, camera.height / 2 + dy);
            const p = map.project(sheet.place(x, y));
            most = Math.max(most, Math.abs(p.x - camera.width / 2 - dx), Math.abs(p.y - camera.height / 2 - dy)); }
        return most; }"""
    )
    assert apart < 0.05


def test_webgl_in_software_is_left_for_the_canvas(shown: Map) -> None:
    page = shown.go("")
    assert shown.renderer == "canvas"
    assert "in software" in page.locator("#dtl-how").get_attribute("title")
    assert load_colour(page, "line", "l04") in shown.colours("l04", "line")


def without_webgl(found: Map) -> None:
    read: list[str] = []
    found.page.on("request", lambda r: read.append(r.url))
    page = found.go()
    assert found.renderer == "canvas" and "no WebGL 2" in page.locator("#dtl-how").get_attribute("title")
    assert not [url for url in read if "/vendor/" in url]
    assert load_colour(page, "line", "l04") in found.colours("l04", "line")


def test_a_browser_without_webgl_reads_no_library(browser: Any, equipped: Path, watch: Any) -> None:
    args = [*screenshot.FLAGS, "--disable-software-rasterizer"]
    without = browser.browser_type.launch(executable_path=screenshot.executable(), args=args)
    found = Map(without, equipped.as_uri(), watch)
    without_webgl(found)
    found.close()
    without.close()


def test_a_page_that_is_refused_webgl_reads_no_library(shown: Map) -> None:
    shown.page.add_init_script(
        """const had = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...told) {
            return kind.startsWith("webgl") ? null : had.call(this, kind, ...told); };"""
    )
    without_webgl(shown)


@pytest.mark.slow
def test_webgl_that_is_taken_away_leaves_the_canvas(shown: Map) -> None:
    page = shown.go()
    page.evaluate(
        "DTL.map.view.renderer.map.getCanvas().getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()"
    )
    page.wait_for_selector("#dtl-map[data-renderer=canvas]")
    assert load_colour(page, "line", "l04") in shown.colours("l04", "line")
    assert page.locator(".dtl-map__gl").count() == 0
    shown.watched.wrong = [w for w in shown.watched.wrong if "CONTEXT_LOST" not in w]


def test_a_site_without_the_bundle_has_the_canvas(watched: Any, made: Any) -> None:
    if (made.www / "assets/dtl/vendor").exists():
        pytest.skip("this checkout has the bundle")
    page = watched.go("map.html?renderer=gl")
    page.wait_for_selector("#dtl-map[data-renderer=canvas]")
    assert "without MapLibre" in page.locator("#dtl-how").get_attribute("title")
