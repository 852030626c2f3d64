"""Files of the Australian market (NEM12): streams of a point, qualities by range, clocks, and what is wrong."""

from __future__ import annotations

import gzip
import random
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ami_exports as ex
import pyarrow as pa
import pytest
from mutations import damage, survive

from dtl import tables
from dtl.sources.ami import read
from dtl.sources.ami_split import split
from dtl.sources.reading import Reading
from dtl.spec.sources import Ami

NEM: dict[str, Any] = {"columns": "nem12", "interval_min": None, "stamp": None}
HEAD = "100,NEM12,202503060100,MDP1,RETAILER1"
END = "900"


def stream(meter: str = "6001", suffix: str = "E1", unit: str = "kWh", length: int = 30) -> str:
    return f"200,{meter},E1B1,1,{suffix},N1,SER1,{unit},{length},"


def day(value: float | str, date: str = "20250305", flag: str = "A", count: int = 48, updated: str = "1") -> str:
    values = [value] * count if isinstance(value, str) else [f"{value + k / 100:g}" for k in range(count)]
    return ",".join(["300", date, *values, flag, "", "", updated, "2"])


def seen(folder: Path, *records: str, **words: Any) -> Reading:
    path = folder / "f.csv"
    path.write_text("\n".join([HEAD, *records, END]) + "\n", encoding="utf-8")
    return read("meters", ex.spec(path="f.csv", **NEM, **words), {"f.csv": path})


def rows(folder: Path, *records: str, **words: Any) -> dict[datetime, dict[str, Any]]:
    """The readings of the only meter by start."""
    found = seen(folder, *records, **words).tables["series"]
    assert isinstance(found, pa.Table)
    spec = ex.spec(path="f.csv", **NEM, **words)
    split({"meters": spec}, {"f.csv": folder / "f.csv"}, dict.fromkeys(found["meter"].to_pylist(), "g"), ["g"], folder)
    return {r["start"]: r for r in tables.read("readings", folder / "g.parquet").to_pylist()}


def told(found: Reading, check: str) -> list[tuple[str, str]]:
    return [(f.field, f.value) for f in found.findings if f.check == check]


FIRST = datetime(2025, 3, 4, 14, tzinfo=UTC)
"""Midnight of 5 March 2025 at UTC+10."""


def test_a_day_of_a_stream_is_on_the_clock_of_the_market(tmp_path: Path) -> None:
    found = rows(tmp_path, stream(), day(1.0))
    assert list(found) == [FIRST + timedelta(minutes=30 * k) for k in range(48)]
    assert [r["kwh"] for r in found.values()] == pytest.approx([1 + k / 100 for k in range(48)])
    assert {r["flag"] for r in found.values()} == {"measured"}
    perth = rows(tmp_path, stream(), day(1.0), zone="Australia/Perth")
    assert min(perth) == FIRST + timedelta(hours=2)
    summer = rows(tmp_path, stream(), day(1.0, date="20250105"))
    assert min(summer) == datetime(2025, 1, 4, 14, tzinfo=UTC), "no daylight saving"


def test_directions_registers_and_units(tmp_path: Path) -> None:
    found = rows(
        tmp_path, stream(), day(1.0), stream(suffix="E2"), day(2.0), stream(suffix="B1", unit="Wh"), day(500.0),
        stream(suffix="Q1", unit="kVArh"), day(0.5), stream(suffix="K1", unit="kVArh"), day(0.2),
        stream(suffix="V1", unit="V"), day("240.5"),
    )  # fmt: skip
    first, second = found[FIRST], found[FIRST + timedelta(minutes=30)]
    assert (first["kwh"], first["kvarh"], first["volts"]) == pytest.approx((1 + 2 - 0.5, 0.3, 240.5))
    assert second["kwh"] == pytest.approx(1.01 + 2.01 - 0.50001)
    power = rows(tmp_path, stream(unit="kW", length=15), day("4", count=96))
    assert {r["kwh"] for r in power.values()} == {1.0}


def test_qualities_of_a_day_and_of_its_ranges(tmp_path: Path) -> None:
    found = rows(tmp_path, stream(), day(1.0, flag="V"), "400,1,20,F14,76,", "400,21,24,N,,", "400,25,48,A,,")
    assert [r["flag"] for r in found.values()] == ["estimated"] * 20 + ["measured"] * 24
    assert len(found) == 44 and FIRST + timedelta(hours=10) not in found, "null data are no readings"
    assert {r["flag"] for r in rows(tmp_path, stream(), day(1.0, flag="S52")).values()} == {"estimated"}
    assert {r["flag"] for r in rows(tmp_path, stream(), day(1.0, flag="S"), quality={"S": "rejected"}).values()} == {
        "rejected"
    }
    assert rows(tmp_path, stream(), day("", flag="N")) == {}


def test_what_no_range_of_a_varied_day_covers_is_told(tmp_path: Path) -> None:
    records = [stream(), day(1.0, flag="V"), "400,1,20,A,,", "400,31,48,A,,", day(1.0, "20250306", "V")]
    found = seen(tmp_path, *records)
    assert told(found, "ami.code") == [("quality", "V and no record 400")]
    (finding,) = [f for f in found.findings if f.check == "ami.code"]
    assert "58" in finding.message
    flags = [r["flag"] for r in rows(tmp_path, *records).values()]
    assert (flags.count("measured"), flags.count("unlisted")) == (38, 58)


def test_a_point_whose_streams_have_several_lengths_has_the_longest(tmp_path: Path) -> None:
    """As after an exchange of the meter; nothing is lost, and a day that both lengths state counts once."""
    fine = day("1.5", date="20250304", count=96)
    found = rows(tmp_path, stream(length=15), fine, stream(), day("4"), stream(suffix="B1", length=5),
                 day("0.1", count=288))  # fmt: skip
    before = [r["kwh"] for t, r in found.items() if t < FIRST]
    assert len(found) == 96 and before == [3.0] * 48
    assert found[FIRST]["kwh"] == pytest.approx(4 - 6 * 0.1)
    both = [stream(length=15), day("1.5", count=96, updated="20250306"), stream(), day("4", updated="20250307")]
    assert {r["kwh"] for r in rows(tmp_path, *both).values()} == {4.0}
    assert told(seen(tmp_path, *both), "ami.record")


def test_a_day_that_one_register_lacks_is_no_reading(tmp_path: Path) -> None:
    days = ("20250305", "20250306", "20250307")
    every = [day(1.0, date=d) for d in days]
    found = rows(tmp_path, stream(), *every, stream(suffix="E2"), every[0], every[2])
    assert len(found) == 96 and FIRST + timedelta(days=1) not in found
    late = rows(tmp_path, stream(), *every, stream(suffix="E2"), *every[1:])
    assert len(late) == 144 and late[FIRST]["kwh"] == 1.0, "a register that is put in later adds from then on"


def test_a_day_twice_is_told_and_the_later_update_counts(tmp_path: Path) -> None:
    both = [day(1.0, updated="20250306"), day(3.0, updated="20250401")]
    for order in (both, both[::-1]):
        assert rows(tmp_path, stream(), *order)[FIRST]["kwh"] == 3.0
        ((field, value),) = told(seen(tmp_path, stream(), *order), "ami.record")
        assert field == "300" and "line 3" in value
    same = rows(tmp_path, stream(), day(1.0), day(3.0))
    assert {r["flag"] for r in same.values()} == {"conflict"}


@pytest.mark.parametrize(
    ("records", "check", "value"),
    [
        ([day(1.0)], "ami.series", "before any 200"),
        ([stream(suffix="A1"), day(1.0)], "ami.series", "stream A1 in kWh"),
        ([stream(suffix="Q1"), day(1.0)], "ami.series", "stream Q1 in kWh"),
        ([stream(length=7), day(1.0)], "ami.series", "'7' minutes"),
        ([stream(), day(1.0, count=47)], "ami.record", "cells"),
        ([stream(), day(1.0, count=96)], "ami.record", "cells"),
        ([stream(length=15), day(1.0, count=48)], "ami.record", "cells"),
        ([stream(), day(1.0, date="20250231")], "ami.record", "20250231"),
        ([stream(), day("x")], "ami.number", "x"),
        ([stream(), day("-1")], "ami.sign", "-1"),
        ([stream(), day(1.0, flag="Z")], "ami.code", "Z"),
        ([stream(), day(1.0, flag="V"), "400,40,50,A,,"], "ami.record", "400,40,50,A"),
        ([stream(), day(1.0), "700,x"], "ami.record", "700"),
        ([stream(suffix="V1", unit="V"), day("240"), stream(suffix="V2", unit="V"), day("241")], "ami.series", "V2"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, records: list[str], check: str, value: str) -> None:
    found = told(seen(tmp_path, *records), check)
    assert found and value in found[0][1]


def test_files_of_another_kind_and_files_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    spec = ex.spec(path="f.csv", **NEM)
    for text, why in (("100,NEM13,2025\n", "NEM13"), ("METER,TIME\n", "100,NEM12"), ("", "")):
        path.write_text(text)
        found = read("meters", spec, {"f.csv": path})
        assert any(f.severity == "error" and why in f.message for f in found.findings)
    path.write_text("\n".join([HEAD, stream(), day(1.0)]))
    assert told(read("meters", spec, {"f.csv": path}), "ami.record") == [("900", "the file ends without it")]
    packed = tmp_path / "f.csv.gz"
    packed.write_bytes(gzip.compress("\r\n".join([HEAD, stream(), day(1.0), END]).encode("utf-8-sig")))
    found = read("meters", ex.spec(path="f.csv.gz", **NEM), {"f.csv.gz": packed})
    assert found.tables["series"]["intervals"].to_pylist() == [48] and not told(found, "ami.record")


def test_archives_hold_one_file_and_no_bomb(tmp_path: Path) -> None:
    text, path = "\n".join([HEAD, stream(), day(1.0), END]), tmp_path / "f.zip"
    for inside, why in (
        ({"a.csv": text}, ""), ({"a.csv": text, "b.csv": text}, "holds 2"), ({"a.csv": "0" * (1 << 25)}, "unpacks"),
    ):  # fmt: skip
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in inside.items():
                archive.writestr(name, data)
        found = read("meters", ex.spec(path="f.zip", **NEM), {"f.zip": path})
        errors = [f.message for f in found.findings if f.check == "ami.file"]
        assert (found.tables["series"]["intervals"].to_pylist() == [48] and not errors) if not why else why in errors[0]
    path.write_bytes(b"PK\x03\x04 no archive")
    (told_,) = [
        f for f in read("meters", ex.spec(path="f.zip", **NEM), {"f.zip": path}).findings if f.check == "ami.file"
    ]
    assert "cannot be read" in told_.message


def test_the_spec_needs_neither_length_nor_stamp() -> None:
    assert Ami(kind="ami", path="*.csv", columns="nem12").interval_min is None
    with pytest.raises(ValueError, match="interval_min"):
        Ami(kind="ami", path="*.csv", columns="usual")


@pytest.mark.parametrize("number", [200, pytest.param(2000, marks=pytest.mark.slow)])
def test_damaged_files(number: int, tmp_path: Path) -> None:
    rng = random.Random(number)
    (tmp_path / "files").mkdir()
    text = "\n".join([HEAD, stream(), day(1.0, flag="V"), "400,1,48,A,,", stream(suffix="B1"), day(0.1), END]) + "\n"
    for i in range(number):
        wounded = damage(text, rng, re.compile(r"(?<=[,\n])[^,\n]+"))
        (tmp_path / "files" / f"n{i:04d}.csv").write_text(wounded, encoding="utf-8", errors="replace")
    spec = {k: v for k, v in ex.spec(**NEM).items() if k not in ("kind", "path")}
    assert survive("ami", tmp_path / "files", spec) == []
