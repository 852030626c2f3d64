"""Registers: what a row says becomes a row of the table or a finding with its place, and every row has one verdict."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dtl import tables
from dtl.errors import Finding
from dtl.sources import costs, forecast, generators
from dtl.sources.reading import Reading

READERS = {"generators": generators, "forecast": forecast, "costs": costs}
TABLE = {"generators": "register", "forecast": "forecast", "costs": "costs"}


def read(folder: Path, kind: str, text: str, **spec: Any) -> tuple[list[dict[str, Any]], list[Finding]]:
    path = folder / f"{kind}.csv"
    path.write_text(text, encoding="utf-8")
    reading: Reading = READERS[kind].read("r", {"kind": kind, "path": path.name, **spec}, {path.name: path})
    found = tables.frame(TABLE[kind], reading.tables[TABLE[kind]]).to_pylist()
    rows = [c for c in reading.conversion.values() if c["object"].startswith("[row]")]
    written = [line for line in text.splitlines()[1:] if line.strip()]
    if not any(f.check == "given.column" for f in reading.findings):
        assert len(rows) == len(written), "each row has one verdict"
        assert Counter(r["verdict"] for r in rows)["mapped"] == len(found) or spec.get("layout") == "wide"
    return found, reading.findings


def told(findings: list[Finding]) -> list[tuple[str, int | None, str, str]]:
    return [(f.check, f.line, f.field, f.value) for f in findings]


def test_a_register_with_its_doubts(tmp_path: Path) -> None:
    text = """id,feeder,bus,meter,type,kw,kva,kwh,phases,status,day,setting
g1,F1,n1,,Solar PV,5,5.5,,A,Operational,2021-04-01,ieee_1547_b
g2,F1,n1,,battery,10,8,,ABC,in_service,,
g3,,,,wind,100,,,,queued,2020-01-01,
g1,F1,n2,,pv,6,,,,in_service,2022-01-01,
g5,F1,n2,,pv,six,,,,in_service,2022-01-01,
g6,F1,n2,,pv,6,,,,maybe,2022-01-01,
g7,F1,n2,,pv,6,,,X,queued,,
g8,F1,n2,,pv,6,,,,queued,08/07/2025,
g9,F1,n2,,pv,-6,,,,queued,,
,F1,n2,,pv,6,,,,queued,,
"""
    rows, findings = read(tmp_path, "generators", text)
    assert [(r["id"], r["type"], r["status"], r["kw"]) for r in rows] == [
        ("g1", "pv", "in_service", 5.0), ("g2", "battery", "in_service", 10.0), ("g3", "wind", "queued", 100.0),
    ]  # fmt: skip
    assert rows[0]["day"] == date(2021, 4, 1)
    assert sorted(told(findings), key=lambda t: (t[1] or 0, t[0])) == [
        ("register.day", 3, "day", ""),
        ("register.rating", 3, "kva", "8.0"),
        ("register.storage", 3, "kwh", ""),
        ("register.day", 4, "day", "2020-01-01"),
        ("register.place", 4, "bus", ""),
        ("given.duplicate", 5, "id", "g1"),
        ("given.number", 6, "kw", "six"),
        ("given.word", 7, "status", "maybe"),
        ("given.word", 8, "phases", "X"),
        ("given.day", 9, "day", "08/07/2025"),
        ("given.number", 10, "kw", "-6"),
        ("given.empty", 11, "id", ""),
    ]
    assert all(f.remedy and f.file == "generators.csv" for f in findings)


def test_watts_in_a_column_of_kilowatts(tmp_path: Path) -> None:
    rows = "".join(f"g{i},pv,{5_000_000 + i},in_service,2021-01-01,F1\n" for i in range(6))
    _, findings = read(tmp_path, "generators", "id,type,kw,status,day,feeder\n" + rows)
    assert [(f.check, f.severity) for f in findings] == [("register.unit", "error")]


def test_own_names_statuses_and_excel(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Ref", "Fuel", "Nameplate", "Stage", "COD", "Feeder"])
    sheet.append(["q-1", "photovoltaic", 250, "FIS", datetime(2027, 5, 1), "CKT-F1"])
    book.save(tmp_path / "queue.xlsx")
    spec = {
        "kind": "generators",
        "path": "queue.xlsx",
        "columns": {
            "id": ["Ref"],
            "type": ["fuel"],
            "kw": ["NAMEPLATE"],
            "status": ["Stage"],
            "day": ["COD"],
            "feeder": ["Feeder"],
        },
        "statuses": {"queued": ["FIS"]},
        "feeder_names": {"strip_prefix": ["CKT-"]},
    }
    reading = generators.read("r", spec, {"queue.xlsx": tmp_path / "queue.xlsx"})
    row = tables.frame("register", reading.tables["register"]).to_pylist()[0]
    assert row["feeder"] == "F1"
    assert (row["id"], row["type"], row["kw"], row["status"], row["day"]) == (
        "q-1",
        "pv",
        250.0,
        "queued",
        date(2027, 5, 1),
    )


def test_a_forecast_with_its_doubts(tmp_path: Path) -> None:
    text = """year,area,what,value,unit
2026,A,EV,5,%
2030,A,EV,20,%
2035,A,EV,10,%
2026,,load,0.02,per_year
2026,B,ev,5,
2026,B,ev,6,
2026,C,pv,1.5,share
2026,D,pv,3,MW
2027,D,pv,30,count
soon,A,EV,1,%
2026,E,ev,1,furlongs
"""
    rows, findings = read(tmp_path, "forecast", text)
    ours = {(r["what"], r["area"], r["year"]): (r["value"], r["unit"]) for r in rows}
    assert ours["ev", "A", 2030] == (pytest.approx(0.2), "share")
    assert ours["load", "*", 2026] == (0.02, "per_year")
    assert ours["solar", "D", 2026] == (3000.0, "kw")
    assert sorted((f.check, f.line) for f in findings) == [
        ("forecast.falls", 4), ("forecast.share", 6), ("forecast.share", 8), ("forecast.unit", 10),
        ("forecast.years", 4), ("given.duplicate", 7), ("given.number", 11), ("given.word", 12),
    ]  # fmt: skip


def test_costs_with_their_doubts(tmp_path: Path) -> None:
    text = """item,unit,usd,life,om_pct
Reconductor,km,145000,40,1
reconductor,km,150000,40,1
capacitor,each,0,250,80
battery,kWh,"1,000",15,2
"""
    rows, findings = read(tmp_path, "costs", text, columns="usual")
    assert [(r["option"], r["unit"], r["cost"]) for r in rows] == [
        ("capacitor", "each", 0.0),
        ("reconductor", "km", 145000.0),
    ]
    assert sorted((f.check, f.line, f.field) for f in findings) == [
        ("costs.range", 4, "cost"), ("costs.range", 4, "life_years"), ("costs.range", 4, "om_pct"),
        ("given.duplicate", 3, "option"), ("given.number", 5, "cost"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_table_that_is_none(tmp_path: Path, kind: str) -> None:
    _, findings = read(tmp_path, kind, "a,b\n1,2\n")
    assert {f.check for f in findings} == {"given.column"}
    assert all("there are a, b" in f.message for f in findings)
    reading = READERS[kind].read("r", {"kind": kind, "path": "gone.csv"}, {})
    assert [f.check for f in reading.findings] == ["source.file-missing"]
    assert reading.tables[TABLE[kind]] == []


def test_a_register_of_connections_in_megawatts(tmp_path: Path) -> None:
    """As distribution operators publish theirs: a title, megawatts, groups of digits, days with the day first."""
    text = """Embedded capacity register;;;;
Ref;Technology;Registered Capacity (MW);Status;Date;Rating (kVA)
c1;Solar;49,9;Connected;03/04/2021;52.000
c2;Wind;0,25;Connected;13/04/2021;
c3;Wind;1.250,5;Connected;31/12/2022;
c4;Wind;0,25;Connected;2021-04-13;
c5;Wind;1,2,5;Connected;13/04/2021;
"""
    names = {"id": "Ref", "type": "Technology", "kw": {"column": ["Registered Capacity (MW)"], "unit": "MW"},
             "kva": "Rating (kVA)", "status": "Status", "day": "Date"}  # fmt: skip
    path = tmp_path / "ecr.csv"
    path.write_text(text)
    spec = {"columns": names, "header_row": 2, "decimal": ",", "day_format": "%d/%m/%Y"}
    reading = generators.read("r", spec, {path.name: path})
    assert [(r["id"], r["kw"], r["kva"], r["day"]) for r in reading.tables["register"]] == [
        ("c1", 49_900.0, 52_000.0, date(2021, 4, 3)),
        ("c2", 250.0, None, date(2021, 4, 13)),
        ("c3", 1_250_500.0, None, date(2022, 12, 31)),
    ]
    assert [t for t in told(reading.findings) if t[0].startswith("given")] == [
        ("given.day", 6, "day", "2021-04-13"), ("given.number", 7, "kw", "1,2,5"),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "doubt"), [("Capacity (MW)", True), ("Capacity_MW", True), ("Capacity kW", False)])
def test_a_column_of_megawatts_that_is_read_as_kilowatts_is_told(tmp_path: Path, name: str, doubt: bool) -> None:
    text = f"id,type,{name},status,day,feeder\ng1,pv,5,in_service,2021-01-01,F1\n"
    names = {"id": "id", "type": "type", "kw": name, "status": "status", "day": "day", "feeder": "feeder"}
    _, findings = read(tmp_path, "generators", text, columns=names)
    assert [(f.check, f.value) for f in findings] == [("register.unit", name)] * doubt


def test_usual_names_in_megawatts(tmp_path: Path) -> None:
    text = "project_id,fuel,capacity_mw,status,date,ckt\nq,Solar,1.25,study,2031-01-01,F\n"
    rows, findings = read(tmp_path, "generators", text, columns="usual")
    assert [r["kw"] for r in rows] == [1250.0] and not findings


@pytest.mark.parametrize(
    ("decimal", "cell", "kw"),
    [
        (".", "1,250.5", 1250.5),
        (".", "1 250", 1250.0),
        (".", "12,50", None),
        (",", "1.250", 1250.0),
        (",", "1.25", None),
        ("", "1,250", None),
    ],
)
def test_groups_of_digits_are_read_where_the_decimal_point_is_stated(
    tmp_path: Path, decimal: str, cell: str, kw: float | None
) -> None:
    text = f"id;type;kw;status;day;feeder\ng1;pv;{cell};in_service;2021-01-01;F1\n"
    rows, findings = read(tmp_path, "generators", text, **({"decimal": decimal} if decimal else {}))
    assert [r["kw"] for r in rows] == ([] if kw is None else [kw])
    assert [f.check for f in findings] == ([] if kw else ["given.number"])


def test_numbers_of_excel_are_read_as_they_are_beside_texts(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["nothing"])
    sheet = book.create_sheet("Queue")
    sheet.append(["Queue of 2026"])
    sheet.append(["id", "type", "kw", "status", "day", "feeder"])
    sheet.append(["g1", "pv", 1.125, "in_service", datetime(2021, 1, 31), "F1"])
    sheet.append(["g2", "pv", "1.125,5", "in_service", "31.01.2021", "F1"])
    book.save(tmp_path / "q.xlsx")
    spec = {"decimal": ",", "day_format": "%d.%m.%Y", "header_row": 2, "sheets": ["Queue"]}
    reading = generators.read("r", spec, {"q.xlsx": tmp_path / "q.xlsx"})
    assert [(r["kw"], r["day"]) for r in reading.tables["register"]] == [
        (1.125, date(2021, 1, 31)), (1125.5, date(2021, 1, 31)),
    ]  # fmt: skip


def test_a_forecast_with_a_column_for_each_year_gives_what_its_long_form_gives(tmp_path: Path) -> None:
    wide = "Area,Item,Unit,2026,2028,2030,Note\nNorth,EV,%,1,,9,a\nSouth,EV,%,2,3,4,\nNorth,Load growth,MW,1.5,x,2,\n"
    long = "area,what,unit,year,value\nNorth,EV,%,2026,1\nNorth,EV,%,2030,9\n" + "".join(
        f"South,EV,%,{2026 + 2 * k},{k + 2}\n" for k in range(3)
    )
    names = {"area": "Area", "what": "Item", "unit": "Unit"}
    rows, findings = read(
        tmp_path, "forecast", wide + "North,EV,%,2,,9,\nEast,EV,%,,,,\n", layout="wide", columns=names
    )
    assert rows == read(tmp_path, "forecast", long)[0]
    assert sorted((f.check, f.line, f.field, f.value) for f in findings if f.severity == "error") == [
        ("given.duplicate", 5, "year", "2026"), ("given.empty", 6, "value", ""), ("given.number", 4, "2028", "x"),
    ]  # fmt: skip
    _, told_long = read(tmp_path, "forecast", wide, columns=names | {"year": "Y", "value": "V"})
    assert {f.field: f.remedy for f in told_long}.keys() == {"year", "value"}
    assert all("layout: wide" in f.remedy for f in told_long)
    _, told_wide = read(tmp_path, "forecast", long, layout="wide")
    assert [(f.check, f.field) for f in told_wide] == [("given.column", "a year")]


def test_of_two_columns_of_one_name_the_study_says_which(tmp_path: Path) -> None:
    """As a register with the powers asked for and granted; two that are equal are one."""
    text = "id,type,kw,kw,status,day,day,feeder\ng1,pv,5,4,in_service,2021-01-01,2021-01-01,F1\n"
    rows, findings = read(tmp_path, "generators", text)
    assert not rows and [(f.check, f.field, f.value) for f in findings] == [("given.column", "kw", "kw")]
    names = {n: n for n in ("id", "type", "status", "day", "feeder")}
    rows, findings = read(tmp_path, "generators", text, columns=names | {"kw": "#4"})
    assert [r["kw"] for r in rows] == [4.0] and not findings
