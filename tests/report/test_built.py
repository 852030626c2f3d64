"""The pages that processes share are those of MkDocs alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mkdocs.config import load_config
from mkdocs.structure.files import get_files

from dtl.errors import DtlError
from dtl.report import built

UNTOLD = {"404.html", "sitemap.xml", "sitemap.xml.gz"}
"""What MkDocs writes besides, for servers; two of them with the date."""


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("cores", [1, 3])
def test_files_are_those_of_mkdocs_itself(
    made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    built.pages(made.site, tmp_path / "ours")
    words = ["build", "--quiet", "--config-file", str(made.site / "mkdocs.yml"), "--site-dir", str(tmp_path / "theirs")]
    known = os.environ | built.SETTINGS
    subprocess.run([sys.executable, "-m", "mkdocs", *words], env=known, check=True)
    ours, theirs = bytes_of(tmp_path / "ours"), bytes_of(tmp_path / "theirs")
    assert set(theirs) - set(ours) == UNTOLD
    assert {name for name, content in ours.items() if content != theirs[name]} == set()


def test_pages_are_shared_by_size_and_none_is_lost(made: Any) -> None:
    found = list(get_files(load_config(str(made.site / "mkdocs.yml"))).documentation_pages())
    parts = built.shares(found, 3)
    assert sorted(f.src_uri for part in parts for f in part) == sorted(f.src_uri for f in found)
    sizes = [sum(Path(str(f.abs_src_path)).stat().st_size for f in part) for part in parts]
    largest = max(Path(str(f.abs_src_path)).stat().st_size for f in found)
    assert max(sizes) - min(sizes) <= largest


@pytest.mark.parametrize("cores", [1, 2])
def test_what_mkdocs_refuses_is_told(made: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    site = tmp_path / "site"
    shutil.copytree(made.site, site)
    config = (site / "mkdocs.yml").read_text(encoding="utf-8")
    (site / "mkdocs.yml").write_text(config.replace("- tables", "- no_such_extension"), encoding="utf-8")
    before = dict(os.environ)
    with pytest.raises(DtlError, match=r"(?s)could not build the pages.*no_such_extension"):
        built.pages(site, tmp_path / "www")
    assert dict(os.environ) == before
