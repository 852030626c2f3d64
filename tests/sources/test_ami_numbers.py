"""Numbers as spreadsheets write them: every total is that of the file, or the study stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from dtl.sources import ami
from dtl.sources.reading import Reading
from dtl.spec.ami import Ami
from dtl.spec.canonical import plain

WH = [412, 0, 1204, 98, 1203815, 7]
"""Readings in Wh; two of them have more than three digits."""


def read(tmp_path: Path, cells: list[str], decimal: str) -> Reading:
    rows = [f"m;2025-01-06 {hour:02d}:00;{cell}\r\n" for hour, cell in enumerate(cells)]
    (tmp_path / "x.csv").write_bytes(("\ufeffM;T;V\r\n" + "".join(rows)).encode())
    columns = {"meter": "M", "time": "T", "delivered": "V"}
    spec = Ami(kind="ami", path="x.csv", columns=columns, interval_min=60, stamp="interval_start", zone="standard",
               unit="Wh", decimal=decimal)  # fmt: skip
    words = plain(spec, cosmetic=False) | {"timezone": "America/Chicago"}
    return ami.read("meters", words, {"x.csv": tmp_path / "x.csv"})


@pytest.mark.parametrize(
    ("decimal", "form"), [(".", "{}"), (",", "{}"), (".", "{}.0"), (",", "{},0"), (",", '"{},00"')]
)
def test_a_total_is_that_of_the_file(tmp_path: Path, decimal: str, form: str) -> None:
    found = read(tmp_path, [form.format(v) for v in WH], decimal)
    assert not [f for f in found.findings if f.severity != "info"]
    assert found.tables["series"]["kwh"].to_pylist() == [pytest.approx(sum(WH) / 1000, rel=1e-6)]


@pytest.mark.parametrize(("decimal", "by", "tail"), [
    (".", ",", ""), (".", ",", ".5"), (",", ".", ""), (",", ".", ",5"), (",", "\u00a0", ""), (",", " ", ",25"),
    (".", "'", ".5"), (".", ".", ",5"), (".", "\u202f", ""),
])  # fmt: skip
def test_separators_of_thousands_stop_the_study_and_are_no_decimals(
    tmp_path: Path, decimal: str, by: str, tail: str
) -> None:
    cells = [f'"{f"{v:,}".replace(",", by)}{tail}"' for v in WH]
    found = read(tmp_path, cells, decimal)
    told = [f for f in found.findings if f.check == "ami.thousands"]
    assert [(f.severity, f.line, f.field) for f in told] == [("error", 4, "V")]
    assert (told[0].value or "").startswith("1") and "204" in (told[0].value or "")
    assert "thousands" in (told[0].message + told[0].remedy)


def test_a_word_among_numbers_is_no_separator(tmp_path: Path) -> None:
    found = read(tmp_path, ["412", "n/v", "1.5 kWh", "3"], ".")
    assert [(f.check, f.severity) for f in found.findings if "number" in f.check or "thousands" in f.check] == [
        ("ami.number", "warning")
    ]
