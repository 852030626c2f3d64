"""Exports of outages as people and databases write them: durations, groups, empty words, columns of one name, Excel."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dtl.errors import Finding
from dtl.sources import oms
from dtl.sources.oms_lengths import lasted, time_of_day
from dtl.sources.reading import Reading
from dtl.spec.canonical import plain
from dtl.spec.sources import Oms

AT = datetime(2025, 3, 4, 10)
COLUMNS = {"id": "ID", "start": "START", "end": "END", "customers": "CI", "customer_minutes": "CMI", "device": "DEV"}
HEAD = "ID,START,END,CI,CMI,DEV\n"


def read(folder: Path, data: str | bytes, name: str = "o.csv", **words: Any) -> Reading:
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    spec = Oms(**({"kind": "oms", "path": name, "zone": "UTC", "columns": COLUMNS} | words))
    return oms.read("oms", plain(spec, cosmetic=False) | {"timezone": "America/Chicago"}, {name: folder / name})


def counted(found: Reading) -> dict[str, tuple[int, float]]:
    return {r["outage"]: (r["customers"], r["customer_minutes"]) for r in found.tables["outages"]}


def errors(found: Reading) -> list[Finding]:
    return [f for f in found.findings if f.severity == "error"]


def book(rows: list[list[Any]], dimension: bytes = b"") -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)  # type: ignore[union-attr]
    packed, again = io.BytesIO(), io.BytesIO()
    made.save(packed)
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(again, "w") as new:
        for part in old.namelist():
            text = old.read(part)
            if dimension and part.endswith("sheet1.xml"):
                text = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="' + dimension + b'"', text)
            new.writestr(part, text)
    return again.getvalue()


@pytest.mark.parametrize("dimension", [b"", b"A1", b"A1:D3", b"A1:B6"])
def test_a_sheet_is_read_whole_whatever_size_it_states(tmp_path: Path, dimension: bytes) -> None:
    rows = [[f"a{k}", AT, AT + timedelta(hours=1), 7] for k in range(5)]
    found = read(tmp_path, book([["ID", "START", "END", "CI"], *rows], dimension), "o.xlsx")
    assert counted(found) == {f"a{k}": (7, 420.0) for k in range(5)} and not errors(found)


@pytest.mark.parametrize(("text", "minutes"), [
    ("2 hrs 15 mins", 135), ("2h 15m", 135), ("2h15m", 135), ("PT2H15M", 135), ("P1DT2H", 1560), ("135 min", 135),
    ("2.25 hours", 135), ("1 day, 2:30:00", 1590), ("0 days 02:15:00", 135), ("2:15", 135),
    ("2 Hours and 15 Minutes", 135),
    ("90 sec", 1.5), ("02:15:00.000", 135),
    ("135", None), ("2 hours 15", None), ("P1M", None), ("15 min 2 h", None), ("2 weeks", None), ("", None),
    ("1:75", None),
])  # fmt: skip
def test_durations_that_state_their_units(text: str, minutes: float | None) -> None:
    assert lasted(text) == (None if minutes is None else pytest.approx(minutes))


def test_durations_in_both_columns_and_of_excel(tmp_path: Path) -> None:
    rows = [["ID", "START", "D", "CI"], ["a", AT, timedelta(hours=26, minutes=15), 7], ["b", AT, "2 hrs 15 mins", 7]]
    for field in ("duration_min", "duration_h"):
        columns = {"id": "ID", "start": "START", field: "D", "customers": "CI"}
        found = read(tmp_path, book(rows), "o.xlsx", columns=columns)
        assert counted(found) == {"a": (7, 7 * 1575.0), "b": (7, 7 * 135.0)}
        (odd,) = errors(read(tmp_path, "ID,START,D,CI\na,2025-03-04 10:00,2 hours 15,7\n", columns=columns))
        assert (odd.line, odd.field, odd.value) == (2, field, "2 hours 15")


@pytest.mark.parametrize(("text", "seconds"), [
    ("17:48", 64_080), ("5:48 PM", 64_080), ("05:48:00 p.m.", 64_080), ("12:00 AM", 0), ("0.5", 43_200),
    ("24:00", 86_400),
    ("13:00 PM", None), ("25:00", None), ("noon", None),
])  # fmt: skip
def test_times_of_day(text: str, seconds: int | None) -> None:
    assert time_of_day(text) == seconds


def test_times_of_day_beside_date_cells(tmp_path: Path) -> None:
    day = date(2025, 3, 4)
    rows = [["ID", "D", "T", "D", "U", "CI"], ["a", day, time(10), day, time(11, 30), 7],
            ["b", day, "10:00 AM", day, "1:30 PM", 7], ["c", day, 0.4166667, day, 0.5, 7]]  # fmt: skip
    columns = {"id": "ID", "start": "D", "start_time": "T", "end": "#4", "end_time": "U", "customers": "CI"}
    found = read(tmp_path, book(rows), "o.xlsx", columns=columns)
    assert counted(found) == {"a": (7, 630.0), "b": (7, 1470.0), "c": (7, 840.0)} and not errors(found)


def test_columns_of_one_name_are_named_by_their_place(tmp_path: Path) -> None:
    text = "ID,Date,Time,Date,Time,CI\na,2025-03-04,10:00,2025-03-05,11:00,7\n"
    columns = {"id": "ID", "start": "Date", "start_time": "Time", "end": "Date", "end_time": "Time", "customers": "CI"}
    found = read(tmp_path, text, columns=columns)
    assert not counted(found), "an interruption of no length"
    assert {(f.field, "#2, #4" in f.message) for f in errors(found)} >= {("end", True), ("end_time", False)}
    told = columns | {"start": "#2", "start_time": "#3", "end": "#4", "end_time": "#5"}
    assert counted(read(tmp_path, text, columns=told)) == {"a": (7, 10_500.0)}
    twice = "ID,ID,START,END,CI\na,a,2025-03-04 10:00,2025-03-04 11:00,7\n"
    assert counted(read(tmp_path, twice)) == {"a": (7, 420.0)}, "copies of one column are no doubt"


def test_words_for_an_empty_cell(tmp_path: Path) -> None:
    text = HEAD + (
        "a,2025-03-04 10:00,2025-03-04 11:00,5,NULL,NULL\nb,2025-03-04 10:30,2025-03-04 12:00,N/A,450,NULL\n"
        "c,2025-03-04 10:00,NULL,5,-,d1\n"
    )
    found = read(tmp_path, text)
    assert counted(found) == {"a": (5, 300.0), "b": (5, 450.0)}
    assert [(f.check, f.element) for f in errors(found)] == [("outage.no-end", "outage c")]
    assert "outage.overlap" not in {f.check for f in found.findings}, "no device is called NULL"


def test_groups_of_digits(tmp_path: Path) -> None:
    row = "{},2025-03-04 10:00,2025-03-04 11:00,{},{},d{}\n"
    good = [("a", '"1,234"', '"74,040"'), ("b", "1 234", "74040"), ("c", "1'234", '"74,040.0"'), ("d", "1234", "")]
    found = read(tmp_path, HEAD + "".join(row.format(i, n, m, i) for i, n, m in good))
    assert counted(found) == dict.fromkeys("abcd", (1234, 74_040.0)) and not errors(found)
    hours = COLUMNS | {"customer_hours": "CMI", "kva": "DEV"}
    columns = {f: n for f, n in hours.items() if f not in ("customer_minutes", "device")}
    found = read(tmp_path, HEAD + 'a,2025-03-04 10:00,2025-03-04 11:00,1234,"1,234.0","1,500"\n', columns=columns)
    assert [(r["customer_minutes_stated"], r["kva"]) for r in found.tables["outages"]] == [(74_040.0, 1500.0)]
    (told,) = errors(read(tmp_path, HEAD + 'a,2025-03-04 10:00,2025-03-04 11:00,5,"1,500",\n', columns=columns))
    assert (told.field, told.value) == ("customer_hours", "1,500")
    for odd in ("1.000", "1.234", '"12,34"', "<5", '"1,23,456"'):
        (told,) = errors(read(tmp_path, HEAD + row.format("a", odd, "", "")))
        assert (told.line, told.field, told.value) == (2, "customers", odd.strip('"'))


def test_an_end_that_is_a_word_is_told_with_what_helps(tmp_path: Path) -> None:
    (told,) = errors(read(tmp_path, HEAD + "a,2025-03-04 10:00,Ongoing,5,,\n"))
    assert (told.line, told.field, told.value) == (2, "end", "Ongoing") and "over" in told.remedy
    (told, *_) = errors(read(tmp_path, "Report\n\n" + HEAD + "a,2025-03-04 10:00,2025-03-04 11:00,5,,\n"))
    assert "header_row" in told.remedy


@pytest.mark.parametrize(("stamp", "form"), [
    ("2025-07-04 10:00 -0500", "%Y-%m-%d %H:%M %z"), ("2025-07-04 10:00:00.000 -05:00", None),
    ("07/04/2025 10:00 AM -0500", "%m/%d/%Y %I:%M %p %z"),
])  # fmt: skip
def test_offsets_in_stamps_win(tmp_path: Path, stamp: str, form: str | None) -> None:
    text = f"ID,START,D,CI\na,{stamp},60,7\n"
    columns = {"id": "ID", "start": "START", "duration_min": "D", "customers": "CI"}
    found = read(tmp_path, text, columns=columns, time_format=form)
    assert [r["start"] for r in found.tables["outages"]] == [datetime(2025, 7, 4, 15, tzinfo=UTC)]


def test_names_of_zones_are_refused_by_what_helps() -> None:
    with pytest.raises(ValueError, match="by its letters"):
        Oms(kind="oms", path="o.csv", columns=COLUMNS, time_format="%Y-%m-%d %H:%M %Z")


ROW = "{},2025-03-04 10:00,2025-03-04 11:00,5,,{}\n"


def test_a_quote_that_is_not_closed_swallows_no_row(tmp_path: Path) -> None:
    text = HEAD + ROW.format("a", '"d\n1, below 5"" pole"') + ROW.format("b", "d2") + ROW.format("c", 'e 5"')
    assert list(counted(read(tmp_path, text))) == ["a", "b", "c"]
    for rest in ("d3", '"d3"'):
        swallowed = HEAD + ROW.format("a", "d1") + ROW.format("b", '"d2') + ROW.format("c", rest)
        (told, *_) = errors(read(tmp_path, swallowed))
        assert told.check == "outage.file" and "row 3" in told.message


def test_ids_that_a_spreadsheet_is_to_keep_as_text(tmp_path: Path) -> None:
    text = HEAD + ROW.format('"=""0012"""', '="007"') + ROW.format('="13"', "d")
    found = read(tmp_path, text)
    assert [(r["outage"], r["device"]) for r in found.tables["outages"]] == [("0012", "007"), ("13", "d")]


def test_yes_and_no_of_other_languages_and_databases(tmp_path: Path) -> None:
    columns = COLUMNS | {"planned": "DEV"}
    words = {"Ja": True, "nein": False, "-1": True, "1.0": True, "0.0": False, "oui": True, "perhaps": None}
    rows = "".join(f"{w},2025-03-04 10:00,2025-03-04 11:00,5,,{w}\n" for w in words)
    found = read(tmp_path, HEAD + rows, columns={k: v for k, v in columns.items() if k != "device"})
    assert {r["outage"]: r["planned"] for r in found.tables["outages"]} == words
