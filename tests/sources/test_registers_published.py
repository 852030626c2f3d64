"""Registers as utilities publish them: per cent and currency signs, words for nothing, units and DC in names, types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from dtl.errors import Finding
from dtl.sources import costs, forecast, generators
from dtl.sources.reading import Reading

READERS = {"generators": (generators, "register"), "forecast": (forecast, "forecast"), "costs": (costs, "costs")}
HEAD = "id,feeder,type,kw,kva,kwh,phases,status,day\n"


def book(path: Path, rows: list[list[Any]], formats: dict[str, str]) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cell, form in formats.items():
        sheet[cell].number_format = form
    made.save(path)


def read(folder: Path, kind: str, given: str | list[list[Any]], formats: Any = None, **spec: Any) -> Reading:
    file = f"{kind}.csv" if isinstance(given, str) else f"{kind}.xlsx"
    if isinstance(given, str):
        (folder / file).write_text(given, encoding="utf-8")
    else:
        book(folder / file, given, formats or {})
    found: Reading = READERS[kind][0].read("r", {"kind": kind, "path": file, **spec}, {file: folder / file})
    return found


def rows(reading: Reading) -> list[dict[str, Any]]:
    found = reading.tables[READERS[reading.kind][1]]
    assert isinstance(found, list)
    return found


def told(reading: Reading, check: str) -> list[Finding]:
    return [f for f in reading.findings if f.check == check]


def test_costs_with_the_signs_of_money_and_of_per_cent(tmp_path: Path) -> None:
    text = (
        'option,cost,om_pct\na,"$1,234,567.50",2%\nb,"€ 4,500",1.5 %\nc,"45,000 £",2\nd,(500),1\ne,USD 500,1\nf,$,1\n'
    )
    reading = read(tmp_path, "costs", text, decimal=".")
    assert [(r["option"], r["cost"], r["om_pct"]) for r in rows(reading)] == [
        ("a", 1234567.5, 2.0), ("b", 4500.0, 1.5), ("c", 45000.0, 2.0),
    ]  # fmt: skip
    assert [(f.line, f.value) for f in told(reading, "given.number")] == [(5, "(500)"), (6, "USD 500"), (7, "$")]


def test_what_excel_shows_as_per_cent_is_per_cent(tmp_path: Path) -> None:
    """Such a cell holds 0.02 and shows 2 %: read as it is stored, operation costs a hundredth of what it does."""
    given: list[list[Any]] = [["option", "cost", "om_pct"], ["a", 1234.5, 0.02], ["b", 99, 2], ["c", 5, 0.0275]]
    reading = read(tmp_path, "costs", given, {"B2": '"$"#,##0.00', "C2": "0.0%", "C4": "0.00%"})
    assert [(r["cost"], r["om_pct"]) for r in rows(reading)] == [(1234.5, 2.0), (99.0, 2.0), (5.0, 2.75)]
    wide: list[list[Any]] = [["area", "what", "unit", 2026, 2030]]
    wide += [["F1", "ev", u, 0.03, 0.3] for u in ("%", "share", None)] + [["F1", "solar", "%", 3, 30]]
    wide += [["F1", "load", "per_year", 0.02, 0.01], ["F1", "heat_pump", "kw", 0.5, 5]]
    wide = [wide[0], *[[f"A{i}", *row[1:]] for i, row in enumerate(wide[1:])]]
    shown = {f"{c}{r}": "0%" for c in "DE" for r in (2, 3, 4, 6)} | {"D7": "0%"}
    reading = read(tmp_path, "forecast", wide, shown, layout="wide")
    found = {(r["area"], r["year"]): (r["unit"], r["value"]) for r in rows(reading)}
    for area in ("A0", "A1", "A2", "A3"):
        assert (found[area, 2026], found[area, 2030]) == (("share", 0.03), ("share", 0.3)), area
    assert found["A4", 2026] == ("per_year", 0.02)
    assert [(f.line, f.value) for f in told(reading, "given.number")] == [(7, "50%")]


def test_per_cent_as_text_in_a_forecast(tmp_path: Path) -> None:
    text = "year,area,what,value,unit\n2026,F1,ev,3%,%\n2030,F1,ev,30 %,%\n2026,F2,ev,3%,\n2030,F2,ev,3%,MW\n"
    reading = read(tmp_path, "forecast", text)
    assert [(r["area"], r["unit"], r["value"]) for r in rows(reading)] == [
        ("F1", "share", 0.03), ("F1", "share", 0.3), ("F2", "share", 0.03),
    ]  # fmt: skip
    assert [(f.line, f.value) for f in told(reading, "given.number")] == [(5, "3%")]


def test_words_for_nothing_are_nothing(tmp_path: Path) -> None:
    body = "a,F1,pv,5,NULL,-,N/A,active,n/a\nb,N/A,pv,NULL,,,A,active,2024-01-01\n"
    reading = read(tmp_path, "generators", HEAD + body + "c,N/A,pv,5,,,B,active,2024-01-01\n")
    assert next((r["id"], r["feeder"], r["kva"], r["kwh"], r["phases"], r["day"]) for r in rows(reading)) == (
        "a", "F1", None, None, "", None,
    )  # fmt: skip
    assert [r["id"] for r in rows(reading)] == ["a", "c"]
    assert [(f.line, f.field) for f in told(reading, "given.empty")] == [(3, "kw")]
    assert [f.line for f in told(reading, "register.place")] == [4], "N/A is no feeder"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("Nameplate (W)", "unit: W}"),
        ("Rated Watts", "unit: W}"),
        ("Capacity MW", "unit: MW}"),
        ("Megawatts", "unit: MW}"),
        ("System Size DC (kW)", "AC"),
        ("kWdc", "AC"),
        ("Capacity (kW)", ""),
        ("Size", ""),
        ("kW AC", ""),
    ],
)
def test_the_name_of_a_column_that_says_another_power(tmp_path: Path, name: str, remedy: str) -> None:
    text = f"id,feeder,type,{name},status,day\na,F1,pv,5,active,2024-01-01\n"
    columns = {c: [c] for c in ("id", "feeder", "type", "status", "day")} | {"kw": [name]}
    found = told(read(tmp_path, "generators", text, columns=columns), "register.unit")
    assert [(f.value, f.field) for f in found] == ([(name, "kw")] if remedy else [])
    assert all(remedy in f.remedy for f in found)


def test_types_are_explained_or_told(tmp_path: Path) -> None:
    body = "".join(
        f"{i},F1,{t},5,,,,active,2024-01-01\n"
        for i, t in enumerate(["Solar + Storage", "PV/ESS", "ESS", "Solar + Storage", "Farm waste", "wind"])
    )
    reading = read(tmp_path, "generators", HEAD + body, types={"pv": ["PV/ESS"], "gas": ["farm waste"]})
    assert [r["type"] for r in rows(reading)] == [
        "solar_+_storage", "pv", "battery", "solar_+_storage", "gas", "wind",
    ]  # fmt: skip
    (found,) = told(reading, "register.type")
    assert (found.file, found.line, found.value, found.message[-1]) == ("generators.csv", 2, "Solar + Storage", "2")
    assert "`types`" in found.remedy


def test_years_and_months_are_no_days(tmp_path: Path) -> None:
    """2024 is no serial number of Excel (16 July 1905), and 202411 not 1 January."""
    days = [2024, "2024", 45413, 45413.25, "20240501", "202411", 202411, "2024-5-1", "45413"]
    given: list[list[Any]] = [["id", "feeder", "type", "kw", "status", "day"]]
    given += [[f"g{i}", "F1", "pv", 5, "active", day] for i, day in enumerate(days)]
    reading = read(tmp_path, "generators", given)
    assert [(r["id"], f"{r['day']}") for r in rows(reading)] == [
        (f"g{i}", "2024-05-01") for i in (2, 3, 4, 7, 8)
    ]  # fmt: skip
    assert [(f.line, f.value) for f in told(reading, "given.day")] == [
        (2, "2024"), (3, "2024"), (7, "202411"), (8, "202411"),
    ]  # fmt: skip
