"""What `dtl show` prints."""

from __future__ import annotations

from pathlib import Path

import pytest
import solved_cases as made
import yaml

from dtl.errors import StoreError
from dtl.report import facts, show

STUDY = Path(__file__).resolve().parents[1] / "cases" / "assess" / "two_of_three" / "study.yaml"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the results of one study, called ``s``."""
    folder = tmp_path / "results" / "s"
    folder.mkdir(parents=True)
    made.run_study(folder, yaml.safe_load(STUDY.read_text(encoding="utf-8")))
    monkeypatch.chdir(tmp_path)
    return folder


def test_the_worst(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show.run("s", ["worst", "2"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert "lowest [pu]" in head
    assert [line.split()[:4] for line in lines] == [["1", "a", "growth", "3"], ["2", "b", "growth", "0"]]
    assert all(line.endswith("needs work") for line in lines)


def test_ten_is_what_worst_means_without_a_number(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show.run(None, ["worst"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and not lines[-1].endswith("needs work"), "three feeders, the last needs none"


def test_failed_feeders_are_told_once_with_their_cases(tmp_path: Path) -> None:
    study = yaml.safe_load((STUDY.parent.parent / "some_failed" / "study.yaml").read_text(encoding="utf-8"))
    lines = show.worst(facts.load(made.run_study(tmp_path, study)), 10).splitlines()
    assert [line.split()[1] for line in lines[1:3]] == ["b", "a"]
    assert lines[3:] == [
        "b failed in growth: hour 17: no solution.",
        "long story",
        "c failed: conversion: line code q does not exist",
    ]


def test_one_feeder_has_a_column_for_each_case(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show.run("s", ["a"])
    text = capsys.readouterr().out
    assert text.startswith("Feeder a needs work in growth.")
    line = next(row for row in text.splitlines() if row.startswith("max_line_load_pct"))
    assert line.split()[:4] == ["max_line_load_pct", "[%]", "95.00", "134.40"]
    assert line.endswith("l1 on 1 January at 12:00 (limit 100, study: 100 % of the normal rating)")


def test_one_element(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show.run("s", ["t"])
    lines = capsys.readouterr().out.splitlines()
    assert any("max_load_pct" in line and "121.00" in line and "limit 120" in line for line in lines)
    assert all(line.split()[:3] == ["a", "growth", "transformer"] for line in lines)


def test_no_word_gives_the_answer(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show.run("s", [])
    assert capsys.readouterr().out.strip() == facts.load(results / "cube.parquet").answer()


@pytest.mark.parametrize(
    ("study", "words", "told"),
    [
        ("s", ["worst", "many"], "after `worst` comes one number"),
        ("s", ["zz"], "feeders: a, b, c"),
        ("s", ["a", "b"], "one name at a time"),
        ("other", ["worst"], "`dtl run other` makes it"),
    ],
)
def test_what_does_not_exist(results: Path, study: str, words: list[str], told: str) -> None:
    with pytest.raises(StoreError, match=told):
        show.run(study, words)


def test_two_studies_must_be_told_apart(results: Path) -> None:
    (results.parent / "t").mkdir()
    (results.parent / "t" / "cube.parquet").write_bytes(b"")
    with pytest.raises(StoreError, match="there is: s, t"):
        show.run(None, ["worst"])
