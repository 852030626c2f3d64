"""Several registers of one meter for one quantity: their sum by interval, and what cannot be summed is said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ami_exports as ex
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from test_ami import readings

from dtl import tables
from dtl.sources.ami import read

DAY = datetime(2025, 3, 10, 5, tzinfo=UTC)
"""Midnight in Chicago, with daylight saving."""
WORDS = {"interval_min": 30, "stamp": "interval_start", "zone": "UTC"}
CHANNELS = {"GC": "delivered", "CL": "delivered", "GG": "received", "KVAR1": "reactive", "KVAR2": "reactive"}
LONG = {"meter": ["m"], "time": ["t"], "channel": ["c"], "value": ["v"], "channels": CHANNELS}


def stamps(count: int = 48) -> list[datetime]:
    return [DAY + timedelta(minutes=30 * i) for i in range(count)]


def long_file(folder: Path, rows: list[tuple[str, datetime, str, float]]) -> Path:
    path = folder / "r.csv"
    path.write_text("m,t,c,v\n" + "".join(f"{m},{t:%Y-%m-%d %H:%M},{c},{v}\n" for m, t, c, v in rows))
    return path


def alone(energy: Iterable[float | None]) -> float:
    """The one value, to a millionth, that all intervals have."""
    (value,) = {None if kwh is None else round(kwh, 6) for kwh in energy}
    assert value is not None
    return value


def found(path: Path, **words: Any) -> tuple[dict[datetime, float | None], dict[str, str]]:
    """Energy by start of the only meter, and findings."""
    spec = WORDS | words
    energy = {start: kwh for (_, start), (kwh, _) in readings(path, path.parent, **spec).items()}
    told = read("meters", ex.spec(path=path.name, **spec), {path.name: path}).findings
    return energy, {f.check: f.value for f in told}


def test_channels_of_one_quantity_are_added(tmp_path: Path) -> None:
    """General supply, controlled load and what a roof exports: 0.4 + 0.25 - 0.1, and only where all are."""
    rows = [
        (m, t, c, v)
        for t in stamps()
        for m, c, v in (("a", "GC", 0.4), ("a", "CL", 0.25), ("a", "GG", 0.1), ("b", "GC", 0.3), ("b", "GG", 0.0))
        if not (m == "a" and c == "CL" and t == stamps()[10])
    ]
    path = long_file(tmp_path, rows)
    made = readings(path, tmp_path, columns=LONG, **WORDS)
    assert alone(kwh for (m, t), (kwh, _) in made.items() if m == "b") == 0.3
    first = {t: kwh for (m, t), (kwh, _) in made.items() if m == "a"}
    assert first.pop(stamps()[10]) is None
    assert len(first) == 47 and alone(first.values()) == 0.55
    reading = read("meters", ex.spec(path=path.name, columns=LONG, **WORDS), {path.name: path})
    assert {f.check: f.value for f in reading.findings} == {"ami.register-lost": "1"}


def test_reactive_registers_are_added(tmp_path: Path) -> None:
    rows = [("a", t, c, v) for t in stamps() for c, v in (("GC", 1.0), ("KVAR1", 0.2), ("KVAR2", 0.3))]
    path = long_file(tmp_path, rows)
    readings(path, tmp_path, columns=LONG, **WORDS)
    told = tables.read("readings", tmp_path / "out" / "g.parquet")["kvarh"].to_pylist()
    assert told == [pytest.approx(0.5)] * 48


def test_wide_rows_of_one_day_are_added(tmp_path: Path) -> None:
    """The layout of the Australian solar homes: a row for each category and day."""
    head = "Customer,Category,date," + ",".join(
        f"{(i + 1) // 2 % 24}:{'30' if i % 2 == 0 else '00'}" for i in range(48)
    )
    days = [f"7,{c},{d}/07/2011," + ",".join([v] * 48) for d in (1, 2) for c, v in (("CL", "0.5"), ("GC", "0.25"))]
    path = tmp_path / "r.csv"
    path.write_text("\n".join([head, *days]) + "\n")
    columns = {"meter": ["Customer"], "day": ["date"], "channel": ["Category"], "intervals": ["?:??", "??:??"],
               "channels": {"GC": "delivered", "GG": "received", "CL": "delivered"}}  # fmt: skip
    energy, told = found(path, columns=columns, stamp="interval_end", time_format="%d/%m/%Y")
    assert len(energy) == 96 and alone(energy.values()) == 0.75 and told == {}


def test_tariffs_that_take_turns_are_one_series(tmp_path: Path) -> None:
    rows = [("a", t, "GC" if 10 <= i < 40 else "CL", 0.1 + i / 100) for i, t in enumerate(stamps())]
    energy, told = found(long_file(tmp_path, rows), columns=LONG)
    assert energy == {t: pytest.approx(0.1 + i / 100) for i, t in enumerate(stamps())} and told == {}


def test_a_register_is_needed_only_between_its_first_and_last_reading(tmp_path: Path) -> None:
    rows = [("a", t, "GC", 0.4) for t in stamps()] + [("a", t, "CL", 0.2) for t in stamps()[20:]]
    energy, told = found(long_file(tmp_path, rows), columns=LONG)
    assert energy == {t: pytest.approx(0.4 if i < 20 else 0.6) for i, t in enumerate(stamps())} and told == {}


def test_one_register_under_two_names_is_told(tmp_path: Path) -> None:
    rows = [("a", t, c, 0.1 + i / 100) for i, t in enumerate(stamps()) for c in ("GC", "CL")]
    energy, told = found(long_file(tmp_path, rows), columns=LONG)
    assert energy[stamps()[0]] == pytest.approx(0.2) and list(told) == ["ami.registers-alike"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_columns_are_added_where_the_map_says_plus(tmp_path: Path, form: str) -> None:
    """A customer without the second register has empty cells; a value below zero in either is refused."""
    path = tmp_path / "r.csv"
    rows = [f"{m},{t:%Y-%m-%d %H:%M},0.4,{second},0.1\n" for t in stamps() for m, second in (("a", "0.25"), ("b", ""))]
    rows[0] = rows[0].replace("0.25", "-1")
    path.write_text("m,t,general,controlled,out\n" + "".join(rows))
    if form == "parquet":
        table = pacsv.read_csv(path)
        path = tmp_path / "r.parquet"
        pq.write_table(table, path)
    columns = {"meter": ["m"], "time": ["t"], "delivered": ["general + controlled"], "received": ["out"]}
    made = readings(path, tmp_path, columns=columns, **WORDS)
    assert alone(kwh for (m, _), (kwh, _) in made.items() if m == "b") == 0.3
    first = {t: kwh for (m, t), (kwh, _) in made.items() if m == "a"}
    assert first.pop(DAY) is None and alone(first.values()) == 0.55
    reading = read("meters", ex.spec(path=path.name, columns=columns, **WORDS), {path.name: path})
    assert [f.check for f in reading.findings] == ["ami.sign"]
    role = {
        what: row["target"] for (_, _, what), row in reading.conversion.items() if what in ("general", "controlled")
    }
    assert len(role) == 2 and len(set(role.values())) == 1


def test_counts_of_two_registers_are_added(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    rows = [f"a,{t:%Y-%m-%d %H:%M},{100 + 0.4 * i:.2f},{900 + 0.2 * i:.2f}\n" for i, t in enumerate(stamps())]
    path.write_text("m,t,day,night\n" + "".join(rows))
    columns = {"meter": ["m"], "time": ["t"], "delivered": ["day + night"]}
    energy, told = found(path, columns=columns, reads="register", stamp="interval_end")
    assert len(energy) == 47 and alone(energy.values()) == 0.6 and told == {}


def test_a_sum_with_a_column_that_is_not_there_is_no_sum(tmp_path: Path) -> None:
    path = long_file(tmp_path, [("a", DAY, "GC", 1.0)])
    columns = {"meter": ["m"], "time": ["t"], "delivered": ["v + w"]}
    reading = read("meters", ex.spec(path=path.name, columns=columns, **WORDS), {path.name: path})
    (told,) = [f for f in reading.findings if f.check == "ami.file"]
    assert told.severity == "error" and "no column for delivered: v + w" in told.message


def test_a_second_column_that_the_map_names_and_does_not_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("m,t,general,controlled\n" + "".join(f"a,{t:%Y-%m-%d %H:%M},0.4,0.2\n" for t in stamps()))
    columns = {"meter": ["m"], "time": ["t"], "delivered": ["general", "controlled"]}
    energy, told = found(path, columns=columns)
    assert alone(energy.values()) == 0.4 and told == {"ami.beside": "delivered"}
