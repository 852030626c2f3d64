"""``synth`` stands alone, or its truth would be that of the readers it tests."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ALLOWED = {"dtl.errors", "dtl.units"}


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name} imports relatively"
            names |= (
                {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "dtl" else {str(node.module)}
            )
    return names


def test_imports_nothing_of_dtl_but_errors_and_units(root: Path) -> None:
    files = sorted((root / "dtl" / "synth").rglob("*.py"))
    assert len(files) > 20
    for file in files:
        ours = {n for n in imported(file) if n == "dtl" or n.startswith("dtl.")}
        stray = {n for n in ours if n not in ALLOWED and n != "dtl.synth" and not n.startswith("dtl.synth.")}
        assert not stray, f"{file.name} imports {sorted(stray)}"


@pytest.mark.parametrize(
    "source", ["from dtl import tables", "import dtl.network.feeder", "from dtl.sources.cyme import x"]
)
def test_the_check_would_notice(tmp_path: Path, source: str) -> None:
    (tmp_path / "x.py").write_text(source)
    assert not imported(tmp_path / "x.py") <= ALLOWED
