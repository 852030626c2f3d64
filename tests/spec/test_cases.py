"""Every study of tests/cases/spec: the whole text that `check` prints about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dtl.errors import SpecError
from dtl.spec.check import summary
from dtl.spec.study import load
from dtl.spec.text import printable

CASES = Path(__file__).resolve().parents[1] / "cases" / "spec"
NAMES = sorted(p.name for p in CASES.iterdir() if p.is_dir() and not p.name.startswith("_"))


def told(name: str) -> str:
    """What is printed about a study, with the names of its folder only."""
    try:
        return f"good; {summary(load(Path(name)))}\n"
    except SpecError as error:
        return f"{error}\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_study_is_told_exactly_this(
    name: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CASES)
    golden(CASES / name / "expected.txt", told(name))


@pytest.mark.parametrize("name", [n for n in NAMES if not n.startswith("good_")])
def test_a_caret_stands_under_what_is_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    with pytest.raises(SpecError) as caught:
        load(Path(name))
    for mistake in caught.value.mistakes:
        assert re.fullmatch(r"spec\.[a-z]+(-[a-z]+)*", mistake.slug)
        lines = Path(mistake.file).read_bytes().decode("utf-8-sig", errors="replace").splitlines() or [""]
        assert 1 <= mistake.line <= len(lines)
        assert 1 <= mistake.column <= len(lines[mistake.line - 1]) + 1
        if mistake.slug != "spec.encoding":
            assert mistake.source == printable(lines[mistake.line - 1])
            assert mistake.column - 1 + mistake.width <= max(len(mistake.source), 1)


def test_there_are_enough_bad_studies() -> None:
    assert len([n for n in NAMES if not n.startswith("good_")]) >= 45
