"""Rows of a day and the number of an interval in it: 48 half hours, 46 or 50 where clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ami_exports as ex
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dtl import tables
from dtl.sources.ami import read
from dtl.sources.ami_split import split
from dtl.spec.ami import AmiColumns

COLUMNS: dict[str, Any] = {"meter": ["MPAN"], "day": ["DATE"], "period": ["SP"], "delivered": ["KWH"]}
WORDS: dict[str, Any] = {"columns": COLUMNS, "interval_min": 30, "stamp": "interval_end", "timezone": "Europe/London"}
DAYS = {"2025-03-30": 46, "2025-03-31": 48, "2025-10-26": 50}
"""Days on which clocks go forward, nothing happens, and clocks go back, with their half hours."""
MIDNIGHT = {
    "2025-03-30": datetime(2025, 3, 30, tzinfo=UTC),
    "2025-03-31": datetime(2025, 3, 30, 23, tzinfo=UTC),
    "2025-10-26": datetime(2025, 10, 25, 23, tzinfo=UTC),
}


def readings(folder: Path, name: str = "r.csv", **words: Any) -> dict[datetime, float]:
    spec = ex.spec(path=name, **WORDS | words)
    files = {name: folder / name}
    split({"meters": spec}, files, {"m": "g"}, ["g"], folder)
    return {r["start"]: r["kwh"] for r in tables.read("readings", folder / "g.parquet").to_pylist()}


def rows() -> list[tuple[str, str, str, float]]:
    return [("m", day, str(k + 1), round(1 + k / 100, 2)) for day, count in DAYS.items() for k in range(count)]


def write(path: Path, body: list[tuple[Any, ...]]) -> None:
    path.write_text("MPAN,DATE,SP,KWH\n" + "".join(",".join(map(str, r)) + "\n" for r in body))


@pytest.mark.parametrize("stamp", ["interval_start", "interval_end"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_periods_count_from_midnight_in_order_of_time(tmp_path: Path, stamp: str, form: str) -> None:
    if form == "csv":
        write(tmp_path / "r.csv", rows())
    else:
        columns = list(zip(*rows(), strict=True))
        typed = [pa.array(columns[0]), pa.array(columns[1]), pa.array([int(n) for n in columns[2]]), columns[3]]
        pq.write_table(pa.table(typed, ["MPAN", "DATE", "SP", "KWH"]), tmp_path / "r.parquet")
    found = readings(tmp_path, f"r.{form}", stamp=stamp)
    wanted = {MIDNIGHT[d] + timedelta(minutes=30 * (int(n) - 1)): v for _, d, n, v in rows()}
    assert found == pytest.approx(wanted) and len(wanted) == sum(DAYS.values())


def test_hours_quarters_and_other_ways_to_write_days(tmp_path: Path) -> None:
    write(tmp_path / "r.csv", [("m", "05/03/2025", f"{n:02d}", n) for n in range(1, 25)])
    found = readings(tmp_path, interval_min=60, zone="UTC", time_format="%d/%m/%Y")
    assert found == {datetime(2025, 3, 5, tzinfo=UTC) + timedelta(hours=n - 1): n for n in range(1, 25)}
    write(tmp_path / "r.csv", [("m", "2025-03-05", n, 1) for n in range(1, 97)])
    assert len(readings(tmp_path, interval_min=15, zone="UTC")) == 96


@pytest.mark.parametrize(("stamp", "first"), [("interval_end", 1), ("interval_start", 0)])
def test_hours_that_count_on_where_clocks_go_back(tmp_path: Path, stamp: str, first: int) -> None:
    """As the meters of Spain are served: a day of 25 hours ends at 25:00."""
    body = [("m", "2025/10/26", f"{n + first:02d}:00", n) for n in range(25)]
    write(tmp_path / "r.csv", [*body, ("m", "2025/10/27", f"{first:02d}:00", 99)])
    words: dict[str, Any] = {"interval_min": 60, "stamp": stamp, "timezone": "Europe/Madrid", "time_format": "%Y/%m/%d"}
    midnight = datetime(2025, 10, 25, 22, tzinfo=UTC)
    wanted = {midnight + timedelta(hours=n): n for n in range(25)} | {midnight + timedelta(hours=25): 99}
    assert readings(tmp_path, **words) == wanted
    write(tmp_path / "r.csv", [*body, *(("m", "2025/10/26", w, 1) for w in ("01:30", "1:60", "x:00", "27:00"))])
    found = read("meters", ex.spec(path="r.csv", **WORDS | words), {"r.csv": tmp_path / "r.csv"})
    (told,) = [f for f in found.findings if f.check == "ami.stamp"]
    assert (told.line, told.value) == (27, "01:30") and told.message.startswith("4 ")


def test_numbers_that_the_day_has_not_are_told(tmp_path: Path) -> None:
    body = [("m", "2025-03-30", n, 1.0) for n in range(1, 49)] + [("m", "2025-03-31", n, 1.0) for n in (0, "x", "", 49)]
    write(tmp_path / "r.csv", [*body, ("m", "", 3, 1.0)])
    assert len(readings(tmp_path)) == 46
    found = read("meters", ex.spec(path="r.csv", **WORDS), {"r.csv": tmp_path / "r.csv"})
    (told,) = [f for f in found.findings if f.check == "ami.stamp"]
    assert (told.line, told.field, told.value) == (48, "SP", "47") and told.message.startswith("7 ")


def test_a_period_needs_its_day() -> None:
    for wrong in ({"day": None}, {"time": ["T"]}, {"intervals": ["H*"]}, {"meters": ["M*"]}):
        with pytest.raises(ValueError, match="period"):
            AmiColumns(**{**COLUMNS, **wrong})


def test_a_file_without_the_column_is_told(tmp_path: Path) -> None:
    write(tmp_path / "r.csv", rows())
    spec = ex.spec(path="r.csv", **WORDS | {"columns": {**COLUMNS, "period": ["NONE"]}})
    (told,) = [f for f in read("meters", spec, {"r.csv": tmp_path / "r.csv"}).findings if f.check == "ami.file"]
    assert "period: NONE" in told.message


def test_a_column_that_the_study_names_and_the_file_has_not_is_told(tmp_path: Path) -> None:
    """Energy from the customer would be lost without a word."""
    write(tmp_path / "r.csv", rows())
    named = {**COLUMNS, "received": ["EXPORT", "KWH_REC"]}
    found = read("meters", ex.spec(path="r.csv", **WORDS | {"columns": named}), {"r.csv": tmp_path / "r.csv"})
    (told,) = [f for f in found.findings if f.check == "ami.column"]
    assert (told.severity, told.field, told.value) == ("warning", "received", "EXPORT or KWH_REC")
    plain = read("meters", ex.spec(path="r.csv", **WORDS), {"r.csv": tmp_path / "r.csv"})
    assert "ami.column" not in {f.check for f in plain.findings}
