"""The stage ``build_site``: from generated Markdown to HTML that opens from a disk, the same bytes every time."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from dtl.report import built
from dtl.report.joined import join

NEEDLESS = ("assets/javascripts/lunr", "assets/images")
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
    www = outputs["www"].resolve()
    built.pages(inputs["site"], www)
    for name in NEEDLESS:
        shutil.rmtree(www / name, ignore_errors=True)
    for path in www.rglob("*.map"):
        path.unlink()
    for path in www.glob("*.html"):
        page = with_breaks(without_indent(path.read_text(encoding="utf-8")))
        path.write_text(join(page, www), encoding="utf-8")


def without_indent(page: str) -> str:
    """`page` without the blank lines and indents its templates leave; a browser shows the same."""
    return INDENT.sub(lambda found: found[1] or "\n", page)


def with_breaks(page: str) -> str:
    """`page` where the names in tables of reference may be broken after an underscore, and so need not be elsewhere."""
    return CELL.sub(lambda cell: NAME.sub(lambda name: name[0].replace("_", "_<wbr>"), cell[0]), page)
