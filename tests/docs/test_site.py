"""The documentation as a site: every page is in the navigation once, all links hold, and the package is described."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from docs.blocks import ROOT


@pytest.fixture(scope="module")
def api() -> Any:
    spec = spec_from_file_location("site_api", ROOT / "site/api.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_in_the_navigation_once(api: Any) -> None:
    def leaves(node: Any) -> list[str]:
        if isinstance(node, str):
            return [node]
        return [x for each in (node.values() if isinstance(node, dict) else node) for x in leaves(each)]

    docs = ROOT / "site/docs"
    there = {p.relative_to(docs).as_posix() for p in docs.rglob("*.md")} | {f"api/{n}.md" for n in api.pages()}
    listed = leaves(api.menu(docs))
    assert sorted(listed) == sorted(there)
    assert listed[:3] == ["index.md", "tutorial.md", "practice.md"]


def test_every_module_and_what_it_makes_public_is_described(api: Any) -> None:
    pages = api.pages()
    for path in sorted((ROOT / "dtl").rglob("*.py")):
        folder = ".".join(path.parent.relative_to(ROOT).parts)
        for name in re.findall(r"^(?:def|class) ([A-Za-z]\w*)", path.read_text(encoding="utf-8"), flags=re.M):
            assert f"### `{name}`" in pages[folder], f"{path}: {name}"
    assert "dtl.workflow.plan" in pages["index"]


def test_a_docstring_becomes_markdown(api: Any) -> None:
    text = "What it is.\n\nRaises\n------\nDtlError\n    The ``path``\n    is none.\nValueError\n    Never."
    assert api.prose(text) == "What it is.\n\n**Raises**\n\n- `DtlError`: The `path` is none.\n- `ValueError`: Never."


def test_the_site_is_built_and_no_link_is_broken(tmp_path: Path) -> None:
    words = ["build", "--strict", "--config-file", str(ROOT / "site/docs.yml"), "--site-dir", str(tmp_path)]
    known = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run([sys.executable, "-m", "mkdocs", *words], env=known, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "api/dtl.network.html").read_text(encoding="utf-8")
    assert 'id="dtl-network-feeder-Feeder"' in page
    assert "block:" not in re.sub(r"<!--.*?-->", "", (tmp_path / "sources/ami.html").read_text(encoding="utf-8"))
