"""The made-up study of tests/report, and a browser to look at it with."""

from __future__ import annotations

import http.server
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
REPORT = Path(__file__).resolve().parents[1] / "report" / "conftest.py"
_spec = importlib.util.spec_from_file_location("report_fixtures", REPORT)
assert _spec and _spec.loader
_module = importlib.util.module_from_spec(_spec)
sys.modules["report_fixtures"] = _module
_spec.loader.exec_module(_module)
made = _module.made


NAMES = ("map", "feeder", "glance", "hosting", "compare", "side", "insights", "ask", "builder", "what-if", "validation")
ROOTS = tuple(f"#dtl-{n}" for n in NAMES)
"""Where a script fills a page; it marks them `data-ready`."""


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test says what it looked at."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the Python package playwright (test extra)")
    import screenshot

    if screenshot.executable() is None:
        pytest.skip("needs the system package chromium")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=screenshot.executable(), args=list(screenshot.FLAGS))
        yield found
        found.close()


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Serves folders on this machine: the address of each."""
    running = []

    def begin(folder: Path) -> str:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield begin
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session", params=["file", "http"])
def address(request: pytest.FixtureRequest, made: Any, serve: Callable[[Path], str]) -> str:
    """Where the site is read from: a disk, or a server on this machine."""
    return str(made.www.as_uri()) if request.param == "file" else serve(made.www)


DRAWN = """() => [...document.querySelectorAll(".dtl-chart__box")].every(
    (box) => !box.clientWidth || box.childElementCount)"""
"""Whether all charts that are shown are drawn: those far below wait until the page was seen."""


class Watched:
    """A page that remembers what went wrong on it."""

    def __init__(self, page: Any, address: str):
        self.page, self.address = page, address
        self.wrong: list[str] = []
        page.on(
            "console",
            lambda m: self.wrong.append(f"console {m.type}: {m.text}") if m.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.wrong.append(f"page error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("request", self._request)

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # what a page still read when it was left
            self.wrong.append(f"failed: {request.failure} {request.url}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:", "about:")):
            self.wrong.append(f"foreign request: {request.url}")

    def go(self, name: str, *, drawn: bool = True) -> Any:
        """Open a page and wait until its script is done, with ``drawn`` until what lies far below is drawn too."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/{name}")
        for root in ROOTS:
            if self.page.locator(root).count():
                self.page.wait_for_selector(f"{root}[data-ready]", state="attached", timeout=120_000)
        if drawn:
            self.page.wait_for_function(DRAWN)
        return self.page


@pytest.fixture(scope="session")
def watch() -> type[Watched]:
    """The class, for tests that open pages of their own."""
    return Watched


@pytest.fixture
def watched(browser: Any, address: str) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(120_000)
    found = Watched(page, address)
    yield found
    context.close()
    assert not found.wrong, "\n".join(found.wrong)
