"""Every slug of a finding has a paragraph on the page of errors, and the page invents none."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KINDS = (
    "ami|cim|conversion|costs|cyme|forecast|gis|given|meters|network|opendss|outage|pandapower|reconcile|register|scada|source"
    "|weather"
)
SLUG = re.compile(rf'"((?:{KINDS})\.[a-z]+(?:-[a-z]+)*)"')
FILES = (".parquet", ".json")


def test_slugs_and_paragraphs_agree() -> None:
    code = [p.read_text() for d in ("sources", "network") for p in (ROOT / "dtl" / d).glob("*.py")]
    used = {slug for text in code for slug in SLUG.findall(text) if not slug.endswith(FILES)}
    page = (ROOT / "site" / "docs" / "errors.md").read_text()
    mine = page.split("<!-- sources and network -->")[1].split("<!-- /sources and network -->")[0]
    sections = dict(re.findall(r"^### `([a-z.-]+)` \{#[a-z-]+\}\n\n(.+)$", mine, re.MULTILINE))
    assert len(used) > 50
    assert set(sections) == used
    assert all(len(text) > 30 for text in sections.values())
