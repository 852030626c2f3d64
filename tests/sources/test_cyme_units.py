"""CYME text in imperial units: it gives the voltages of its SI twin, and what cannot be imperial is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from models import only, read
from twins import DEMO, MILE, apart, scaled, to_imperial

from dtl.sources.reading import Reading

Change = Callable[[str, str], float]


def imported(folder: Path, change: Change) -> Reading:
    for name, text in scaled(change).items():
        (folder / name).write_text(text, encoding="utf-8")
    return read("cyme_text", folder, "*.txt")


def test_the_imperial_twin_has_the_voltages_of_si(tmp_path: Path) -> None:
    reading = imported(tmp_path, to_imperial)
    assert {f.check for f in reading.findings} == {"cyme.imperial-read"}
    twin, original = only(reading), only(read("cyme_text", DEMO, "*.txt"))
    assert apart(twin, original) < 1e-9
    assert [x.length_km for x in twin.lines] == pytest.approx([x.length_km for x in original.lines], rel=1e-9)
    assert [x.path for x in twin.lines] == [x.path for x in original.lines]
    assert [(b.x, b.y) for b in twin.buses] == [(b.x, b.y) for b in original.buses]


def other(block: str, columns: tuple[str, ...], factor: float) -> Change:
    def change(b: str, c: str) -> float:
        return to_imperial(b, c) * (factor if b.startswith(block) and c in columns else 1.0)

    return change


@pytest.mark.parametrize(
    ("block", "columns", "factor", "words"),
    [
        ("OVERHEAD", ("Length",), 1 / 5280, "the length of lines"),
        ("OVERHEAD", ("Length",), 1e-3, "the length of lines"),
        ("CONDUCTOR", ("GMR",), 1 / 12, "the radius GMR"),
        ("CONDUCTOR", ("Diameter", "GMR"), 2.54, "times their area"),
        ("CONDUCTOR", ("R25", "R50"), 1000 / 5280, "times their area"),
        ("CONDUCTOR", ("R25", "R50"), 1000 / MILE, "over that of the table"),
        ("LINE UNBALANCED", ("Xa", "Xb", "Xc"), 1000 / 5280, "by matrix"),
        ("SPACING", ("PosOfCond1_Y", "PosOfCond2_Y", "PosOfCond3_Y"), 0.3048, "the height of conductors"),
    ],
)
def test_other_units_are_refused(
    tmp_path: Path, block: str, columns: tuple[str, ...], factor: float, words: str
) -> None:
    reading = imported(tmp_path, other(block, columns, factor))
    assert reading.parts == {}
    errors = [f for f in reading.findings if f.severity == "error"]
    assert {f.check for f in errors} == {"cyme.imperial"}
    assert any(words in f.message for f in errors), [f.message for f in errors]
    assert all(f.file and f.line for f in errors)


def test_si_numbers_under_the_word_imperial_are_refused(tmp_path: Path) -> None:
    reading = imported(tmp_path, lambda block, column: 1.0)
    assert reading.parts == {}


def test_the_study_cannot_contradict_the_mark(tmp_path: Path) -> None:
    for name, text in scaled(to_imperial).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    reading = read("cyme_text", tmp_path, "*.txt", units="si")
    assert reading.parts == {}
    assert {f.check for f in reading.findings} == {"cyme.no-units"}


def test_unmarked_files_are_imperial_when_the_study_says_so(tmp_path: Path) -> None:
    for name, text in scaled(to_imperial).items():
        (tmp_path / name).write_text(text.replace("[IMPERIAL]\n", ""), encoding="utf-8")
    assert (
        apart(only(read("cyme_text", tmp_path, "*.txt", units="imperial")), only(read("cyme_text", DEMO, "*.txt")))
        < 1e-9
    )
