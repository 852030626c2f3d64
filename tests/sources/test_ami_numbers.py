"""Numbers as spreadsheets write them: every total is that of the file, or the study stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
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


@pytest.mark.parametrize(("cells", "decimal", "point"), [(["412", "0,25", "3"], ".", ","), (["4", "1.5"], ",", ".")])
def test_the_other_decimal_point_stops_the_study_and_says_what_to_declare(
    tmp_path: Path, cells: list[str], decimal: str, point: str
) -> None:
    (told,) = [f for f in read(tmp_path, [f'"{c}"' for c in cells], decimal).findings if f.check == "ami.number"]
    assert told.severity == "error"
    assert f'decimal: "{point}"' in told.remedy


def table(tmp_path: Path, rows: list[str], coding: str = "utf-8", **words: object) -> Reading:
    text = ("\ufeff" if coding.endswith("e") else "") + "".join(f"{r}\r\n" for r in ["M,D,T,V", *rows])
    (tmp_path / "x.csv").write_bytes(text.encode(coding))
    columns = {"meter": "M", "day": "D", "time": "T", "delivered": "V"}
    asked = {"interval_min": 60, "stamp": "interval_start", "zone": "standard", "columns": columns} | words
    spec = plain(Ami.model_validate({"kind": "ami", "path": "x.csv"} | asked), cosmetic=False)
    return ami.read("meters", spec | {"timezone": "America/Chicago"}, {"x.csv": tmp_path / "x.csv"})


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_day_and_time_in_two_columns_and_text_in_utf_16(tmp_path: Path, coding: str) -> None:
    hours = [f"1/6/2025,{(h + 11) % 12 + 1}:00 {'AP'[h > 11]}M,{h}" for h in range(24)]
    rows = [f"mä{k},{hour}" for k in range(2000) for hour in hours]
    found = table(tmp_path, rows, coding, time_format="%m/%d/%Y %I:%M %p")
    assert not found.findings
    assert found.tables["series"]["kwh"].to_pylist() == [sum(range(24))] * 2000
    assert found.tables["series"]["meter"][7].as_py() == "mä1003"


def hours(kwh: Callable[[int], float], meters: int = 3) -> list[str]:
    return [
        f"m{k},2025-01-{h // 24 + 1:02d},{h % 24:02d}:00,{kwh(h) + k}" for k in range(meters) for h in range(24 * 5)
    ]


def test_counts_of_a_register_are_no_energies(tmp_path: Path) -> None:
    found = table(tmp_path, hours(lambda h: 81000 + 0.5 * (h - h % 3)) + hours(lambda h: 1 + h % 5, 1))
    assert [f.check for f in found.findings] == ["ami.conflict", "ami.counting"]
    (told,) = [f for f in found.findings if f.check == "ami.counting"]
    assert told.severity == "error" and "2 of 3 meters" in told.message and "m1, m2" in told.message
    assert not [f for f in table(tmp_path, hours(lambda h: 1.0)).findings if f.check == "ami.counting"]
    read_right = table(tmp_path, hours(lambda h: 81000 + 0.5 * h), reads="register", stamp="interval_end")
    assert not [f for f in read_right.findings if f.severity == "error"]


def test_more_than_any_service_carries_is_told_by_meter(tmp_path: Path) -> None:
    rows = hours(lambda h: 1 + h % 5) + [
        r.replace("m0", "x").replace(".0", "") + "e6" for r in hours(lambda h: h % 7, 1)
    ]
    (told,) = table(tmp_path, rows).findings
    assert (told.check, told.severity, told.value) == ("ami.high", "warning", "6000000")
    assert told.message.endswith(": x") and "1 of 4 meters" in told.message


def test_texts_among_the_numbers_of_a_parquet_file_are_told_one_by_one(tmp_path: Path) -> None:
    times = [datetime(2025, 1, 6, h) for h in range(5)]
    columns = {"meter": "M", "time": "T", "delivered": "V"}
    for cells, decimal, told in (
        (["1.5", " Null ", None, "x", "2"], ".", [("ami.number", 4, "x")]),
        (["1,5", "Null", None, "1.204,5", "2"], ",", [("ami.thousands", 4, "1.204,5")]),
    ):
        for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())):
            values = pa.array(cells, pa.string()).cast(kind)
            pq.write_table(pa.table({"M": ["m"] * 5, "T": times, "V": values}), tmp_path / "x.parquet")
            spec = Ami(kind="ami", path="x.parquet", columns=columns, interval_min=60, stamp="interval_start",
                       zone="standard", decimal=decimal)  # fmt: skip
            words = plain(spec, cosmetic=False) | {"timezone": "America/Chicago"}
            found = ami.read("meters", words, {"x.parquet": tmp_path / "x.parquet"})
            assert found.tables["series"]["kwh"].to_pylist() == [3.5]
            of_numbers = [f for f in found.findings if f.check in ("ami.number", "ami.thousands")]
            assert [(f.check, f.line, f.value) for f in of_numbers] == told and of_numbers[0].field == "V"
