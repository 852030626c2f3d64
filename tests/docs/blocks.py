"""The fenced blocks of the documentation, with the marker that may stand in the line before each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "site/docs").rglob("*.md")),
         *sorted((ROOT / "studies").glob("*/README.md"))]  # fmt: skip
FENCE = re.compile(r"(?:^<!-- (.+?) -->\n)?^( *)```([^\n]*)\n(.*?)^\2```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """One block.

    Attributes
    ----------
    page
        The page, below the repository.
    line
        The line of its first fence.
    language
        The word behind the fence.
    text
        What stands in it.
    marker
        The words of the comment before it: ``in`` (where a fragment stands, as ``sources.meters``), ``without``
        (sections that do not stand around it), ``skip`` (why it can be neither run nor validated), ``run`` (that it
        is executed as it stands).
    """

    page: str
    line: int
    language: str
    text: str
    marker: dict[str, Any]

    @property
    def name(self) -> str:
        """Page and line."""
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """All blocks of some languages; without one of all."""
    return [b for page in PAGES for b in of_page(page) if not languages or b.language in languages]


def of_page(page: Path) -> Iterator[Block]:
    """The blocks of a page."""
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        comment, _, language, inside = found.groups()
        marker = yaml.safe_load(comment[6:]) if comment and comment.startswith("block:") else {}
        yield Block(
            str(page.relative_to(ROOT)), text[: found.start(3)].count("\n") + 1, language.strip(), inside, marker
        )
