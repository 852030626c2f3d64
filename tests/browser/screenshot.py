"""Pictures of a built site: every page, light and dark, wide and narrow; or those of the README.

python tests/browser/screenshot.py results/demo/www /tmp/pictures
python tests/browser/screenshot.py results/demo/www site/docs/img --readme
"""

from __future__ import annotations

import argparse
import base64
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

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
ROOTS = ("map", "feeder", "hosting", "compare", "side", "ask", "builder", "insights", "what-if", "validation")

README = {
    "overview": ("index.html", "light", "body"),
    "overview-dark": ("index.html", "dark", "body"),
    "map": ("map.html#s={worst}&vs={before}&split=side", "light", "body"),
    "feeder": ("feeder.html#{feeder}", "light", "fieldset"),
}
"""The pictures of the README: page, colour scheme, and at what each begins."""
SHRUNK = 0.7
"""Their size against the window's; the texts of the site stay readable in it."""
MOST_KB = 150


def executable() -> str | None:
    """Path of the installed browser; None when there is none."""
    return next((p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None)


def opened(browser: Browser, url: str, size: tuple[int, int], scheme: str) -> Page:
    """A page whose scripts are done."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page.goto(url)
    page.wait_for_load_state("load")
    for root in ROOTS:
        if page.locator(f"#dtl-{root}").count():
            page.wait_for_selector(f"#dtl-{root}[data-ready]", timeout=20_000)
    page.wait_for_timeout(400)
    return page


def readme(browser: Browser, www: str, out: Path) -> None:
    """Write the pictures of the README, and say how large they are."""
    page = opened(browser, f"{www}/compare.html", SIZES["wide"], "light")
    before, worst = (page.locator("#dtl-compare").get_attribute("data-ready") or "").split()
    page.goto(f"{www}/index.html")
    told = {
        "worst": worst,
        "before": before,
        "feeder": page.locator("#first tbody tr").first.get_attribute("data-feeder"),
    }
    page.close()
    for name, (address, scheme, first) in README.items():
        page = opened(browser, f"{www}/{address.format(**told)}", SIZES["wide"], scheme)
        top = page.locator(first).first.bounding_box() or {"y": 0.0}
        clip = {"x": 0, "y": top["y"], "width": SIZES["wide"][0], "height": SIZES["wide"][1], "scale": SHRUNK}
        asked = {"format": "png", "clip": clip, "captureBeyondViewport": True}
        shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", asked)
        page.close()
        path = out / f"{name}.png"
        path.write_bytes(base64.b64decode(shot["data"]))
        kb = path.stat().st_size / 1000
        print(f"{path} {kb:.0f} kB" + (f", more than the {MOST_KB} that a README should have" if kb > MOST_KB else ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("www", type=Path)
    parser.add_argument("out", type=Path, help="the folder for the pictures")
    parser.add_argument("--readme", action="store_true", help="only those of the README")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    parser.add_argument("--feeder", default="", help="the feeder to show on its page")
    told = parser.parse_args()
    www = told.www.resolve().as_uri()
    told.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        if told.readme:
            readme(browser, www, told.out)
            return
        pages = {p.stem: p.name for p in sorted(told.www.glob("*.html"))}
        pages["feeder-one"] = f"feeder.html#{told.feeder}"
        for name, page in pages.items():
            for width, size in SIZES.items():
                for scheme in ("light", "dark"):
                    if told.only in f"{name}-{width}-{scheme}":
                        shown = opened(browser, f"{www}/{page}", size, scheme)
                        shown.screenshot(path=told.out / f"{name}-{width}-{scheme}.png", full_page=name != "map")
                        shown.close()
        browser.close()


if __name__ == "__main__":
    main()
