"""The stage ``build_site``: from generated Markdown to HTML that opens from a disk, the same bytes every time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from dtl.errors import DtlError

DATED = ("sitemap.xml", "sitemap.xml.gz")
"""What mkdocs writes with the date of the build."""

NEEDLESS = ("404.html", "assets/javascripts/lunr", "assets/images")
"""What our pages never load."""

INDENT = re.compile(r"(<(pre|textarea|script|style)\b.*?</\2>)|\s*\n\s*", re.DOTALL)
"""Line ends with the blanks around them; what a browser shows as written is matched first, so that it stays."""

CELL = re.compile("<td>.*?</td>", re.DOTALL)
NAME = re.compile("(?<=<code>)[^<]*_[^<]*(?=</code>)")
"""A cell of a table of reference; a name of several words in it."""


def build_site(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Build the site of a study.

    Raises
    ------
    DtlError
        mkdocs failed; the text is what it said.
    """
    www = outputs["www"]
    words = ["build", "--quiet", "--clean", "--config-file", str(inputs["site"] / "mkdocs.yml"), "--site-dir"]
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", *words, str(www.resolve())],
        capture_output=True,
        text=True,
        env={**os.environ, "SOURCE_DATE_EPOCH": "0", "NO_MKDOCS_2_WARNING": "1", "PYTHONUTF8": "1"},
        check=False,
    )
    if done.returncode:
        raise DtlError(f"mkdocs could not build the pages of {spec['study']}:\n{done.stdout}{done.stderr}")
    for name in (*DATED, *NEEDLESS):
        path = www / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in www.rglob("*.map"):
        path.unlink()
    for path in www.glob("*.html"):
        path.write_text(with_breaks(without_indent(path.read_text(encoding="utf-8"))), encoding="utf-8")


def without_indent(page: str) -> str:
    """`page` without the blank lines and indents its templates leave; a browser shows the same."""
    return INDENT.sub(lambda found: found[1] or "\n", page)


def with_breaks(page: str) -> str:
    """`page` where the names in tables of reference may be broken after an underscore, and so need not be elsewhere."""
    return CELL.sub(lambda cell: NAME.sub(lambda name: name[0].replace("_", "_<wbr>"), cell[0]), page)
