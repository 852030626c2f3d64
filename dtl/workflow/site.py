"""The verb `dtl report`: where the site of a study is; opened, or packed into one file."""

from __future__ import annotations

import json
import webbrowser
import zipfile
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import quote

from dtl import layout
from dtl.errors import StoreError
from dtl.report.printing import printed
from dtl.workflow import digests
from dtl.workflow.foresee import read

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
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the pack, so that the same site gives the same bytes."""


def run(study: str, *, open_it: bool, pack: bool, pdf: bool = False, feeders: Sequence[str] = ()) -> int:
    """Print where the site is; with ``pack`` also where it was packed to, with ``pdf`` where it was printed to."""
    name = read(study).name
    www = Path(layout.WWW.format(study=name))
    index = www / "index.html"
    if not index.is_file():
        raise StoreError(f"{index}: is not there; `dtl run {name}` builds it")
    print(index.absolute().as_uri())
    if pack:
        print(packed(www, www.with_name(f"{name}.zip")))
    if pdf:
        for path in printed(www, _pages(www, feeders), www.with_name("pdf")):
            print(path)
    if open_it and not webbrowser.open(index.absolute().as_uri()):
        raise StoreError("no browser could be opened; the address is above")
    return 0


def _pages(www: Path, feeders: Sequence[str]) -> list[tuple[str, str]]:
    """Name and address of what is printed: the pages of results, and the feeders that are named.

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
    return there + [(f"feeder-{quote(f, safe='')}", f"feeder.html#{quote(f, safe='')}") for f in feeders]


def packed(www: Path, target: Path) -> Path:
    """Pack a built site into one file, whose bytes depend on its content alone."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        for name in [*digests.files_of(www), *([layout.RUN_FACTS] if (www / layout.RUN_FACTS).is_file() else [])]:
            about = zipfile.ZipInfo(f"{target.stem}/{name}", EPOCH)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            pack.writestr(about, (www / name).read_bytes())
    return target
