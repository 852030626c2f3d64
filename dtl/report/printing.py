"""Pages of a built site as PDF, printed by the Chromium that is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import quote, urlencode

from dtl import layout
from dtl.errors import StoreError
from dtl.report import facts

PRINTED = (
    "index",
    "compare",
    "hosting-capacity",
    "reliability",
    "compliance",
    "substations",
    "insights",
    "assumptions",
)
"""The pages that are printed, where the study has them."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
WAIT_MS = 15_000
"""How long the scripts of a page may take, in its own time."""
TIMEOUT_S = 120


def run(study: str, feeders: Sequence[str]) -> int:
    """Print the pages of results of a study, each of its cases, and its feeders that are named; say where they are."""
    www = Path(layout.WWW.format(study=study))
    for path in printed(www, _pages(www, feeders), www.with_name("pdf")):
        print(path)
    return 0


def _pages(www: Path, feeders: Sequence[str]) -> list[tuple[str, str]]:
    """Name and address of what is printed: the pages of results, each case alone, and the feeders that are named.

    Raises
    ------
    StoreError
        The study has no such feeder.
    """
    there = [(name, f"{name}.html") for name in PRINTED if (www / f"{name}.html").is_file()]
    known = json.loads((www.parent / "feeders.json").read_text(encoding="utf-8"))["groups"]
    names = sorted({f for group in known.values() for f in group["feeders"]})
    for feeder in feeders:
        if feeder not in names:
            near = get_close_matches(feeder, names, n=3, cutoff=0.5)
            raise StoreError(
                f"report: there is no feeder {feeder!r}; "
                + (f"did you mean {' or '.join(near)}?" if near else f"there are {len(names)}")
            )
    if (www / "compare.html").is_file():
        there += [(f"case-{quote(c, safe='@')}", f"compare.html#{urlencode({'a': c, 'b': c})}") for c in _cases(www)]
    return there + [(f"feeder-{quote(f, safe='')}", f"feeder.html#{quote(f, safe='')}") for f in feeders]


def _cases(www: Path) -> list[str]:
    """The cases of a site, in its order."""
    cube = Path(layout.CUBE.format(study=www.parent.name)).name
    return [case.case for case in facts.load(www.with_name(cube)).cases]


def browser() -> str:
    """The program that prints; ``DTL_BROWSER`` comes first.

    Raises
    ------
    StoreError
        There is none.
    """
    named = os.environ.get("DTL_BROWSER")
    found = next((path for name in ((named,) if named else BROWSERS) if name and (path := shutil.which(name))), None)
    if found is None:
        raise StoreError(
            f"pdf: {named or 'no Chromium'} was not found; install one (Debian: apt-get install chromium), or name it "
            "in DTL_BROWSER"
        )
    return found


def printed(www: Path, pages: Iterable[tuple[str, str]], folder: Path) -> list[Path]:
    """Print pages, each a name of the file and an address within the site as ``feeder.html#F1``, into a folder.

    Raises
    ------
    StoreError
        The browser failed or wrote nothing; what was printed before stays.
    """
    program = browser()
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, address in pages:
        page, _, part = address.partition("#")
        target = folder / f"{name}.pdf"
        made.append(_print(program, (www / page).resolve().as_uri() + (f"#{part}" if part else ""), target))
    return made


def _print(program: str, address: str, target: Path) -> Path:
    with tempfile.TemporaryDirectory() as profile:
        fresh = Path(profile) / "page.pdf"
        words = [
            program, "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--allow-file-access-from-files",
            f"--user-data-dir={profile}/profile", f"--virtual-time-budget={WAIT_MS}", "--no-pdf-header-footer",
            f"--print-to-pdf={fresh}", address,
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            words.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as err:
            raise StoreError(f"pdf: {Path(program).name} did not print {address} within {TIMEOUT_S} s") from err
        if done.returncode or not fresh.is_file():
            told = done.stderr.strip().splitlines()[-1:] or ["no message"]
            raise StoreError(f"pdf: {Path(program).name} did not print {address}: {told[0]}")
        shutil.move(fresh, target)
    return target
