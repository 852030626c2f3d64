"""SCADA in Excel files, and tables of a column of stamps for each tag: the same as the CSV that says it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dtl.sources import scada, weather_file
from dtl.sources.reading import Reading

TAGS = {
    "P": {"feeder": "F1", "unit": "MW"},
    "Q": {"feeder": "F1", "unit": "kvar"},
    "PF": {"feeder": "F1", "quantity": "pf", "unit": "%"},
    "CB": {"feeder": "F1", "quantity": "status"},
}
FIRST = datetime(2025, 3, 1)
EPOCH = datetime(1899, 12, 30)


def book(path: Path, *sheets: Sequence[Sequence[Any]], stamps: str = "dd/mm/yyyy hh:mm") -> Path:
    """Sheets named 1, 2 and so on; a pair of a value and a format is a cell that is shown so."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for number, rows in enumerate(sheets, 1):
        sheet = made.create_sheet(str(number))
        for r, row in enumerate(rows, 1):
            for c, value in enumerate(row, 1):
                cell = sheet.cell(r, c)
                cell.value, shown = value if isinstance(value, tuple) else (value, None)
                if shown:
                    cell.number_format = shown
    made.save(path)
    return path


def read(path: Path, **spec: Any) -> Reading:
    given = {"kind": "scada", "path": path.name, "tags": TAGS, "zone": "UTC", "timezone": "UTC"}
    return scada.read("s", given | spec, {path.name: path})


def content(reading: Reading) -> list[tuple[Any, ...]]:
    keys = ("feeder", "device", "quantity", "phases", "interval_min", "start", "value", "quality")
    return [tuple(row[k] for k in keys) for row in reading.tables["scada"].to_pylist()]  # type: ignore[union-attr]


def told(reading: Reading) -> list[str]:
    """The checks of the findings but for tags of `TAGS` that a file does not have."""
    return [f.check for f in reading.findings if f.check != "scada.silent"]


def csv(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    path.write_text("".join(",".join("" if c is None else str(c) for c in row) + "\n" for row in rows))
    return path


def load(i: int) -> float:
    return round(2.0 + 0.7 * (i % 96) / 96 + 0.013 * (i % 7), 3)


def test_a_sheet_reads_as_the_csv_of_what_it_shows(tmp_path: Path) -> None:
    """Stamps are sums of a ninety-sixth day, as a formula makes them, which miss the quarter hour by microseconds."""
    serials = list(itertools.accumulate([45717.0] + [1 / 96] * 2999))
    assert any((serial * 96) % 1 for serial in serials)
    names = ["time", "P", "PF", "CB"]
    gap = {5: None, 6: "No Data", 7: "[-11059] No Good Data For Calculation"}
    cells = [
        [(s, "dd/mm/yyyy hh:mm"), gap.get(i, load(i)), (0.9 + 0.01 * (i % 5), "0%"), "OPEN" if i % 9 else "CLOSED"]
        for i, s in enumerate(serials)
    ]
    shown = [
        [
            (FIRST + timedelta(minutes=15 * i)).isoformat(),
            gap.get(i, load(i)),
            90 + i % 5,
            "OPEN" if i % 9 else "CLOSED",
        ]
        for i in range(3000)
    ]
    excel = read(book(tmp_path / "a.xlsx", [names, *cells]), layout="wide")
    text = read(csv(tmp_path / "a.csv", [names, *shown]), layout="wide")
    assert told(excel) == told(text) and len(content(text)) > 6000
    for one, other in zip(content(excel), content(text), strict=True):
        assert one[:6] == other[:6] and one[7] == other[7]
        assert one[6] == other[6] or one[6] == pytest.approx(other[6], rel=1e-12)


def test_sheets_that_are_named_are_read_and_others_told(tmp_path: Path) -> None:
    rows = [[FIRST + timedelta(hours=i), "P", load(i), 192] for i in range(60)]
    later = [[FIRST + timedelta(hours=60 + i), "P", load(i), 0] for i in range(60)]
    head = ["time", "tag", "value", "quality"]
    path = book(tmp_path / "a.xlsx", [["Export of 1 April"], [], head, *rows], [["x"], [], head, *later])
    one, both = read(path, header_row=3), read(path, header_row=3, sheets=["1", "2"])
    assert told(one) == ["source.sheets-left"] and len(content(one)) == 60
    assert told(both) == ["scada.bad"] and [r[7] for r in content(both)] == ["good"] * 60 + ["bad"] * 60
    (absent,) = read(path, sheets=["3"]).findings[:1]
    assert absent.severity == "error" and "1, 2" in absent.message


def test_numbers_of_excel_have_a_point_whatever_the_decimal_of_texts(tmp_path: Path) -> None:
    rows = [[FIRST + timedelta(hours=i), [1.5, "1,5", "1.001,5", 2][i % 4], 0.25] for i in range(60)]
    found = content(read(book(tmp_path / "a.xlsx", [["time", "P", "Q"], *rows]), layout="wide", decimal=","))
    assert [r[6] for r in found if r[2] == "kw"][:4] == [1500.0, 1500.0, 1001500.0, 2000.0]
    assert {r[6] for r in found if r[2] == "kvar"} == {0.25}


def test_per_cent_beside_plain_numbers_are_told_and_not_mixed(tmp_path: Path) -> None:
    rows = [[FIRST + timedelta(hours=i), (0.95, "0%") if i % 2 else 0.95] for i in range(60)]
    reading = read(book(tmp_path / "a.xlsx", [["time", "PF"], *rows]), layout="wide")
    (error,) = [f for f in reading.findings if f.severity == "error"]
    assert (error.check, error.value, error.line) == ("scada.value", "95%", 3) and "rows: 30" in error.message
    assert [r[7] for r in content(reading)] == ["good", "bad"] * 30


def test_day_and_time_in_two_columns_of_a_sheet(tmp_path: Path) -> None:
    rows = [[date(2025, 3, 1 + i // 24), time(i % 24, 30), load(i)] for i in range(72)]
    path = book(tmp_path / "a.xlsx", [["Day", "Clock", "P"], *rows])
    found = read(path, layout="wide", columns={"day": "Day", "time": "Clock"})
    assert [r[5].replace(tzinfo=None) for r in content(found)] == [FIRST + timedelta(hours=i + 0.5) for i in range(72)]
    assert not told(found)


@pytest.mark.parametrize("ending", ["xls", "xlsb", "xlsx"])
def test_what_is_no_sheet_that_can_be_read_is_told_by_what_helps(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"head.{ending}"
    path.write_bytes(b"PK\x03\x04" + bytes(60))
    (error,) = [f for f in read(path).findings if f.severity == "error"]
    assert "Excel" in error.message and (ending == "xlsx" or "CSV" in error.message)


PAIRED = (
    (["Time", "P", "Time", "Q"], "repeated"),
    (["P", "", "Q", ""], "above the stamps"),
    (["", "P", "", "Q"], "above the values"),
    (["P time", "P", "Q time", "Q"], "both"),
    (["Time", "P", "Time.1", "Q"], "numbered"),
)


@pytest.mark.parametrize(("head", "_what"), PAIRED)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_each_tag_may_have_stamps_of_its_own(tmp_path: Path, head: list[str], _what: str, ending: str) -> None:
    """Quarter hours of one tag beside hours of another, which end earlier; a free column parts them."""
    rows: list[list[Any]] = []
    for i in range(200):
        quarter, hour = FIRST + timedelta(minutes=15 * i), FIRST + timedelta(hours=i)
        rows.append([quarter, load(i), None, *([hour, 100.0 + i % 13] if i < 60 else [None, None])])
    names = [*head[:2], "", *head[2:]]
    make = csv if ending == "csv" else book
    reading = read(make(tmp_path / f"a.{ending}", [names, *rows]), layout="pairs")
    assert not told(reading)
    found = {q: [r for r in content(reading) if r[2] == q] for q in ("kw", "kvar")}
    assert [r[6] for r in found["kw"]] == pytest.approx([1000 * load(i) for i in range(200)])
    assert [r[6] for r in found["kvar"]] == [100.0 + i % 13 for i in range(60)]
    assert {r[4] for r in found["kw"]} == {15} and {r[4] for r in found["kvar"]} == {60}
    assert found["kvar"][-1][5].replace(tzinfo=None) == FIRST + timedelta(hours=59)


def test_pairs_that_are_none_are_refused(tmp_path: Path) -> None:
    rows = [[FIRST + timedelta(hours=i), load(i), FIRST + timedelta(hours=i)] for i in range(60)]
    odd = read(csv(tmp_path / "a.csv", [["Time", "P", "Time"], *rows]), layout="pairs")
    assert "3 columns are no pairs" in odd.findings[0].message and odd.findings[0].severity == "error"
    bare = read(csv(tmp_path / "b.csv", [["Time", "Date"], *(row[:2] for row in rows)]), layout="pairs")
    assert "#1 and #2" in bare.findings[0].message and not content(bare)


def test_a_value_without_a_stamp_and_a_long_row_of_pairs_are_told(tmp_path: Path) -> None:
    rows: list[list[Any]] = [[FIRST + timedelta(hours=i), load(i), FIRST + timedelta(hours=i), 5] for i in range(60)]
    rows[7][2], rows[9] = None, [*rows[9], "more"]
    reading = read(csv(tmp_path / "a.csv", [["Time", "P", "Time", "Q"], *rows]), layout="pairs")
    errors = [(f.check, f.line) for f in reading.findings if f.severity == "error"]
    assert errors == [("given.ragged", 11), ("scada.time", 9)]


def test_weather_in_a_sheet_is_that_of_the_csv(tmp_path: Path) -> None:
    spec = {"kind": "weather_file", "points": {"a": {"latitude_deg": 40.0, "longitude_deg": -90.0}}, "zone": "UTC"}
    spec |= {"columns": {"time": "T", "temp_c": "Temp", "humidity_pct": "RH"}}
    head = ["T", "Temp", "RH"]
    cells = [[FIRST + timedelta(hours=i), 10 + i % 24, ((40 + i % 30) / 100, "0%")] for i in range(240)]
    shown = [[row[0], row[1], 40 + i % 30] for i, row in enumerate(cells)]
    paths = (book(tmp_path / "a.xlsx", [head, *cells]), csv(tmp_path / "a.csv", [head, *shown]))
    one, other = (weather_file.read("w", spec, {p.name: p}) for p in paths)
    assert one.tables["weather"] == other.tables["weather"] and told(one) == told(other)
