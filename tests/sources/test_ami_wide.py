"""Wide files as utilities export them: columns sorted as text, times as names, registers; names of columns."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dtl.sources import ami
from dtl.sources.ami_stream import Readings
from dtl.sources.reading import Reading
from dtl.spec.ami import Ami
from dtl.spec.canonical import plain

HALVES = [f"{k // 2:02d}:{k % 2 * 30:02d}" for k in range(48)]
ENDS = [*HALVES[1:], "00:00"]
WIDE = {"meter": "M", "day": "D"}


def words(**spec: Any) -> dict[str, Any]:
    usual = {"kind": "ami", "path": "x.csv", "interval_min": 30, "stamp": "interval_end", "zone": "UTC"}
    return plain(Ami(**(usual | spec)), cosmetic=False) | {"timezone": "UTC"}


def kwh_by_start(path: Path, **spec: Any) -> dict[int, float]:
    """kWh by minutes since the 6th of January."""
    begin, found = 28_935_360, {}
    readings = Readings(words(**spec), {"x.csv": path})
    for piece in readings.whole(path.parent / "scratch"):
        found |= {int(t) - begin: float(v) for t, v in zip(piece.rows.start, piece.rows.kwh, strict=True)}
    return found


def read(path: Path, **spec: Any) -> Reading:
    return ami.read("meters", words(**spec), {"x.csv": path})


def wide(folder: Path, names: list[str], values: list[float]) -> Path:
    path = folder / "x.csv"
    path.write_text(f"M,D,{','.join(names)}\na,2025-01-06,{','.join(map(str, values))}\n")
    return path


@pytest.mark.parametrize(("names", "pattern"), [
    ([f"INT{k}" for k in range(1, 49)], "INT*"), ([f"hh {k}" for k in range(1, 49)], "HH*"), (HALVES, "??:??"),
    ([n.lstrip("0") if n[:2] != "00" else n[1:] for n in HALVES], ["?:??", "??:??"]),
    ([f"KWH_{n.replace(':', '')}" for n in HALVES], "KWH_????"),
])  # fmt: skip
def test_columns_sorted_as_text_are_read_in_the_order_of_the_day(
    tmp_path: Path, names: list[str], pattern: str | list[str]
) -> None:
    order = sorted(range(48), key=lambda k: names[k])
    path = wide(tmp_path, [names[k] for k in order], [float(k) for k in order])
    assert kwh_by_start(path, columns=WIDE | {"intervals": pattern}) == {30 * k: float(k) for k in range(48)}


@pytest.mark.parametrize("names", [ENDS, [*HALVES[1:], "24:00"], [f"slot {chr(97 + k // 26)}{k}x" for k in range(48)]])
def test_midnight_at_the_end_ends_the_day_and_other_names_stand_as_they_are(tmp_path: Path, names: list[str]) -> None:
    path = wide(tmp_path, names, [float(k) for k in range(48)])
    columns = WIDE | {"intervals": ["??:??", "slot*"]}
    assert kwh_by_start(path, columns=columns) == {30 * k: float(k) for k in range(48)}
    assert not read(path, columns=columns).findings


def test_a_first_column_of_midnight_that_should_be_an_end_is_told(tmp_path: Path) -> None:
    path, columns = wide(tmp_path, HALVES, [1.0] * 48), WIDE | {"intervals": "??:??"}
    (told,) = read(path, columns=columns).findings
    assert (told.check, told.severity, told.field) == ("ami.first", "warning", "00:00")
    assert not read(path, columns=columns, stamp="interval_start").findings


@pytest.mark.parametrize(("names", "stamp", "first"), [
    (HALVES, "interval_end", 0), (HALVES, "interval_start", 0), (ENDS, "interval_end", 30),
    ([f"INT{k}" for k in range(1, 49)], "interval_end", 30), ([f"INT{k}" for k in range(1, 49)], "interval_start", 0),
])  # fmt: skip
def test_counts_of_a_register_are_of_their_moment(tmp_path: Path, names: list[str], stamp: str, first: int) -> None:
    """The count grows by k in the half hour that begins k halves after the first count."""
    path = wide(tmp_path, names, [1000.0 + k * (k - 1) / 2 for k in range(48)])
    found = kwh_by_start(path, columns=WIDE | {"intervals": ["??:??", "INT*"]}, reads="register", stamp=stamp)
    assert found == {first + 30 * k: float(k) for k in range(47)}


def long(folder: Path, text: str) -> Path:
    path = folder / "x.csv"
    path.write_text(text)
    return path


def test_columns_of_one_name_are_named_by_their_place(tmp_path: Path) -> None:
    path = long(tmp_path, "M,T,kWh,kWh\na,2025-01-06 00:30,1,5\na,2025-01-06 01:00,2,6\n")
    columns = {"meter": "M", "time": "T", "delivered": "KWH"}
    told = [f for f in read(path, columns=columns).findings if f.check == "ami.file"]
    assert [f.severity for f in told] == ["error"] and "#3, #4" in told[0].message
    assert kwh_by_start(path, columns=columns | {"delivered": "#4"}) == {0: 5.0, 30: 6.0}


def test_a_name_in_quotes_may_hold_the_delimiter(tmp_path: Path) -> None:
    path = long(tmp_path, 'M,T,"Use (kWh, net)"\na,2025-01-06 00:30,1\na,2025-01-06 01:00,2\n')
    columns = {"meter": "M", "time": "T", "delivered": "Use (kWh, net)"}
    assert kwh_by_start(path, columns=columns) == {0: 1.0, 30: 2.0}


@pytest.mark.parametrize(("form", "stamps", "step"), [
    ("%m/%d/%Y %H", ["01/06/2025 1", "01/06/2025 2", "01/06/2025 24"], 60),
    ("%d/%m/%Y %H:%M:%S.%f", ["06/01/2025 01:00:00.0000000", "06/01/2025 02:00:00.0", "07/01/2025 00:00:00.00"], 60),
    ("%Y-%m-%d %H:%M %z", ["2025-01-06 02:00 +0100", "2025-01-06 03:00 +0100", "2025-01-07 01:00 +0100"], 60),
    (None, ["2025-01-06 01", "2025-01-06 02", "2025-01-06 24"], 60),
])  # fmt: skip
def test_stamps_of_a_study_in_other_forms(tmp_path: Path, form: str | None, stamps: list[str], step: int) -> None:
    path = long(tmp_path, "M,T,V\n" + "".join(f"a,{t},{k}\n" for k, t in enumerate(stamps)))
    columns = {"meter": "M", "time": "T", "delivered": "V"}
    found = kwh_by_start(path, columns=columns, time_format=form, interval_min=step)
    assert found == {0: 0.0, 60: 1.0, 23 * 60: 2.0}


def test_rows_that_end_with_a_delimiter_which_the_header_does_not(tmp_path: Path) -> None:
    path = long(tmp_path, "M,T,V\na,2025-01-06 00:30,1,\na,2025-01-06 01:00,2,\n")
    columns = {"meter": "M", "time": "T", "delivered": "V"}
    assert kwh_by_start(path, columns=columns) == {0: 1.0, 30: 2.0}
    path = long(tmp_path, "M,T,V\na,2025-01-06 00:30,1,5\na,2025-01-06 01:00,2,\n")
    assert {f.check for f in read(path, columns=columns).findings} == {"ami.ragged", "ami.nothing"}


def test_ids_that_a_spreadsheet_is_to_keep_as_text(tmp_path: Path) -> None:
    path = long(tmp_path, 'M,T,V\n="0012",2025-01-06 00:30,1\n"=""0012""",2025-01-06 01:00,2\n')
    found = read(path, columns={"meter": "M", "time": "T", "delivered": "V"})
    assert found.tables["series"]["meter"].to_pylist() == ["0012"]


NAMES = ["0", "1", "2A", "2B", *map(str, range(3, 24))]
DAYS = {"2025-03-30": 23, "2025-03-31": 24, "2025-10-25": 24, "2025-10-26": 25, "2025-10-27": 24}


def hours_of(days: dict[str, int], blank: str, second: bool = True) -> str:
    """A column for the second pass of 2 o'clock, where ``blank`` stands on other days; else hours in order of time."""
    text = "M,D," + ",".join(NAMES) + "\n"
    for day, hours in days.items():
        cells = [str(100 + h) for h in range(hours)]
        if second and hours == 24:
            cells.insert(3, blank)
        if second and hours == 23:
            cells[2:2] = [blank, blank]
        text += f"a,{day},{','.join(cells + [''] * (25 - len(cells)))}\n"
    return text


@pytest.mark.parametrize(("blank", "second"), [("", True), ("0", True), ("", False)])
def test_a_column_for_the_second_pass_shifts_no_other_day(tmp_path: Path, blank: str, second: bool) -> None:
    path = long(tmp_path, hours_of(DAYS, blank, second))
    columns = WIDE | {"intervals": ["?", "??"]}
    spec = {"columns": columns, "interval_min": 60, "stamp": "interval_start", "zone": "Europe/Berlin"}
    midnights = {
        int(datetime.fromisoformat(d).replace(tzinfo=ZoneInfo("Europe/Berlin")).timestamp()) // 60: n
        for d, n in DAYS.items()
    }
    wanted = {m + 60 * h - 28_935_360: 100.0 + h for m, n in midnights.items() for h in range(n)}
    assert kwh_by_start(path, **spec) == wanted


def test_a_total_among_the_columns_of_25_hours_is_refused(tmp_path: Path) -> None:
    path = long(tmp_path, hours_of({"2025-03-31": 24, "2025-04-01": 24}, "7"))
    found = read(path, columns=WIDE | {"intervals": ["?", "??"]}, interval_min=60)
    assert [f.check for f in found.findings if f.severity == "error"] == ["ami.file", "ami.nothing"]
    assert "no hour of them is empty" in found.findings[0].message


@pytest.mark.parametrize("number", ["-9999", "-999.00", "-99999"])
def test_numbers_for_no_reading_are_no_energy(tmp_path: Path, number: str) -> None:
    path = long(tmp_path, f"M,T,V\na,2025-01-06 00:30,1\na,2025-01-06 01:00,{number}\na,2025-01-06 01:30,-998\n")
    columns = {"meter": "M", "time": "T", "delivered": "V"}
    assert kwh_by_start(path, columns=columns) == {0: 1.0, 60: -998.0}
    (told,) = [f for f in read(path, columns=columns).findings if f.check == "ami.sentinel"]
    assert (told.severity, told.line, told.field, float(told.value or 0)) == ("warning", 3, "V", float(number))
    halves = [1.0, float(number), *[2.0] * 46]
    days = wide(tmp_path, [f"INT{k}" for k in range(1, 49)], halves)
    assert len(kwh_by_start(days, columns=WIDE | {"intervals": "INT*"})) == 47
    (told,) = [f for f in read(days, columns=WIDE | {"intervals": "INT*"}).findings if f.check == "ami.sentinel"]
    assert (told.line, told.field) == (2, "INT2")
