"""Pictures of a built site: every page, light and dark, wide and narrow; or the one of the README.

python tests/browser/screenshot.py results/demo/www /tmp/pictures
python tests/browser/screenshot.py results/demo/www site/docs/img/overview.png
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SOFTWARE = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
"""In place of ``--disable-gpu``: WebGL that is computed on the processor."""
SIZES = {"wide": (1440, 900), "narrow": (390, 844)}


def executable() -> str | None:
    """Path of the installed browser; None when there is none."""
    return next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)


def picture(browser: Browser, url: str, path: Path, size: tuple[int, int], scheme: str, *, full: bool) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(url)
    page.wait_for_load_state("load")
    for root in ("map", "feeder", "hosting", "compare", "side", "ask", "builder", "insights", "what-if", "validation"):
        if page.locator(f"#dtl-{root}").count():
            page.wait_for_selector(f"#dtl-{root}[data-ready]", timeout=20_000)
    page.wait_for_timeout(400)
    page.screenshot(path=path, full_page=full)
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("www", type=Path)
    parser.add_argument("out", type=Path, help="a folder for all pictures, or the PNG of the overview")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    parser.add_argument("--feeder", default="", help="the feeder to show on its page")
    told = parser.parse_args()
    www = told.www.resolve().as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        if told.out.suffix == ".png":
            picture(browser, f"{www}/index.html", told.out, (1280, 860), "light", full=False)
            return
        told.out.mkdir(parents=True, exist_ok=True)
        pages = {p.stem: p.name for p in sorted(told.www.glob("*.html"))}
        pages["feeder-one"] = f"feeder.html#{told.feeder}"
        for name, page in pages.items():
            for width, size in SIZES.items():
                for scheme in ("light", "dark"):
                    if told.only in f"{name}-{width}-{scheme}":
                        path = told.out / f"{name}-{width}-{scheme}.png"
                        picture(browser, f"{www}/{page}", path, size, scheme, full=name != "map")
        browser.close()


if __name__ == "__main__":
    main()
