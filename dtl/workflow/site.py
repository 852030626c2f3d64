"""The verb `dtl report`: where the site of a study is; opened, or packed into one file."""

from __future__ import annotations

import webbrowser
import zipfile
from pathlib import Path

from dtl import layout
from dtl.errors import StoreError
from dtl.workflow import digests
from dtl.workflow.foresee import read

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the pack, so that the same site gives the same bytes."""


def run(study: str, *, open_it: bool, pack: bool) -> int:
    """Print where the site is; with ``pack`` also where it was packed to."""
    name = read(study).name
    www = Path(layout.WWW.format(study=name))
    index = www / "index.html"
    if not index.is_file():
        raise StoreError(f"{index}: is not there; `dtl run {name}` builds it")
    print(index.absolute().as_uri())
    if pack:
        print(packed(www, www.with_name(f"{name}.zip")))
    if open_it and not webbrowser.open(index.absolute().as_uri()):
        raise StoreError("no browser could be opened; the address is above")
    return 0


def packed(www: Path, target: Path) -> Path:
    """Pack a built site into one file, whose bytes depend on its content alone."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        for name in [*digests.files_of(www), *([layout.RUN_FACTS] if (www / layout.RUN_FACTS).is_file() else [])]:
            about = zipfile.ZipInfo(f"{target.stem}/{name}", EPOCH)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            pack.writestr(about, (www / name).read_bytes())
    return target
