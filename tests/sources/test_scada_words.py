"""What lists of tags and historians' exports say in words: units, phases, and the newest value first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dtl.demand.measured import means
from dtl.sources import scada
from dtl.sources.ami_clock import zone_of
from dtl.sources.reading import Reading
from dtl.sources.stamps import Clock

LISTED = "tag,feeder,device,quantity,unit,phases\n"


def read(folder: Path, text: str, tags: Any, **spec: Any) -> Reading:
    (folder / "s.csv").write_text(text, encoding="utf-8")
    files = {"s.csv": folder / "s.csv"}
    if isinstance(tags, str):
        (folder / "tags.csv").write_text(tags, encoding="utf-8")
        files["tags.csv"] = folder / "tags.csv"
        tags = "tags.csv"
    given = {"kind": "scada", "path": "s.csv", "tags": tags, "zone": "UTC", "timezone": "America/Chicago"}
    return scada.read("s", given | spec, files)


def rows(reading: Reading) -> list[dict[str, Any]]:
    table = reading.tables["scada"]
    assert isinstance(table, pa.Table)
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def values(tags: list[str], value: float) -> str:
    return "time,tag,value\n" + "".join(f"2025-06-01T{h:02d}:00,{t},{value}\n" for h in range(4) for t in tags)


@pytest.mark.parametrize(
    ("quantity", "unit", "value", "ours"),
    [
        ("watts", "", 50_000.0, ("kw", 50.0)),
        ("3 phase", "Watts", 50_000.0, None),
        ("watts", "MW", 0.05, ("kw", 50.0)),
        ("vars", "", 5_000.0, ("kvar", 5.0)),
        ("volts", "", 12_470.0, ("kv", 12.47)),
        ("voltage", "Volts", 12_470.0, ("kv", 12.47)),
        ("active power", "Kilowatts", 50.0, ("kw", 50.0)),
        ("active power", "", 50.0, ("kw", 50.0)),
        ("power factor", "%", 95.0, ("pf", 0.95)),
    ],
)
def test_a_quantity_that_is_a_unit_has_it(
    tmp_path: Path, quantity: str, unit: str, value: float, ours: tuple[str, float] | None
) -> None:
    reading = read(tmp_path, values(["t"], value), LISTED + f"t,F1,,{quantity},{unit},\n")
    found = {(r["quantity"], round(r["value"], 4)) for r in rows(reading)}
    assert found == ({ours} if ours else set())
    assert bool([f for f in reading.findings if f.check == "scada.size"]) is False


def test_phases_of_other_letters_are_not_all_of_them(tmp_path: Path) -> None:
    written = ["A", "B", "C", "R", "Y", "L1", "1", "3", "RYB", "a-n", "AB", "C,A", "N/A", "-"]
    listed = "".join(f't{i},F1,d{i},current,A,"{p}"\n' for i, p in enumerate(written))
    reading = read(tmp_path, values([f"t{i}" for i in range(len(written))], 10.0), LISTED + listed)
    found = {written[int(r["device"][1:])]: r["phases"] for r in rows(reading)}
    assert found == {"A": "A", "B": "B", "C": "C", "a-n": "A", "AB": "AB", "C,A": "AC", "N/A": "", "-": ""}
    told = {f.value: f.line for f in reading.findings if f.check == "given.word"}
    assert told == {"R": 5, "Y": 6, "L1": 7, "1": 8, "3": 9, "RYB": 10}


@pytest.mark.parametrize("minutes", [15, 60])
def test_the_repeated_hour_of_an_export_with_the_newest_first(tmp_path: Path, minutes: int) -> None:
    first, zone = datetime(2025, 11, 2, 3, tzinfo=UTC), ZoneInfo("America/Chicago")
    whole = [first + timedelta(minutes=minutes * i) for i in range(10 * 60 // minutes)]
    lines = [f"{t.astimezone(zone):%Y-%m-%d %H:%M},t,{100 + i}\n" for i, t in enumerate(whole)]
    tags = {"t": {"feeder": "F1", "unit": "kW"}}
    for ordered in (lines, lines[::-1]):
        reading = read(tmp_path, "time,tag,value\n" + "".join(ordered), tags, zone="local")
        assert {r["start"]: r["value"] for r in rows(reading)} == {t: 100.0 + i for i, t in enumerate(whole)}


@pytest.mark.parametrize(
    ("zone", "hours"), [("Europe/Dublin", 0.0), ("Australia/Adelaide", 9.5), ("America/Chicago", -6.0)]
)
def test_standard_time_is_that_of_winter(zone: str, hours: float) -> None:
    """Irish law calls the time of summer standard; a clock without daylight saving shows that of winter."""
    for month in (1, 7):
        found = Clock(zone, "standard").instant(f"2025-{month:02d}-10 12:00").utc
        assert (datetime(2025, month, 10, 12, tzinfo=UTC) - found).total_seconds() / 3600 == hours
    assert zone_of("standard", zone).before.tolist() == [60 * hours]


def test_an_empty_cell_of_events_in_a_wide_table_is_no_event(tmp_path: Path) -> None:
    """A row stands there since another tag changed: what this one had goes on. Words and codes for bad end it."""
    text = "time,a,b,b_q\n2025-06-01T00:00,10,,192\n2025-06-01T01:30,,5,192\n2025-06-01T03:00,20,,192\n"
    text += (
        "2025-06-01T05:00,No Data,,192\n2025-06-01T06:00,,7,192\n2025-06-01T08:00,30,,0\n2025-06-01T09:00,30,6,192\n"
    )
    tags = {"a": {"feeder": "F1", "device": "A", "unit": "kW", "record": "event"},
            "b": {"feeder": "F1", "device": "B", "unit": "kW", "record": "event", "quality": "b_q"}}  # fmt: skip
    reading = read(tmp_path, text, tags, layout="wide")
    found = reading.tables["scada"]
    assert isinstance(found, pa.Table)
    own = {d: found.filter(pc.equal(found["device"], d)) for d in "AB"}
    zero = int(datetime(2025, 6, 1, tzinfo=UTC).timestamp())
    nan = float("nan")
    a = means(own["A"], zero, 10).tolist()
    assert a == pytest.approx([10, 10, 10, 20, 20, nan, nan, nan, 30, 30], nan_ok=True)
    b = means(own["B"], zero, 10).tolist()
    assert b == pytest.approx([nan, nan, 5, 5, 5, 5, 7, 7, nan, 6], nan_ok=True)
    interval = {n: {k: v for k, v in words.items() if k != "record"} for n, words in tags.items()}
    again = read(tmp_path, text, interval, layout="wide", interval_min=30)
    assert {f.check for f in again.findings} >= {"scada.missing"}, "of an interval it is a value that lacks"


def test_hours_in_a_table_of_quarters(tmp_path: Path) -> None:
    """A tag that has a value in every fourth row alone is one of hours; one that lost some quarters is not."""
    first = datetime(2025, 6, 1, tzinfo=UTC)
    cells = [(100 + i, 12.4 if i % 4 == 0 and i != 40 else "", i if i % 5 else "") for i in range(96)]
    lines = [
        f"{first + timedelta(minutes=15 * i):%Y-%m-%dT%H:%M},{','.join(map(str, c))}\n" for i, c in enumerate(cells)
    ]
    tags = {"kw": {"feeder": "F1", "unit": "kW"}, "kv": {"feeder": "F1", "unit": "kV"},
            "a": {"feeder": "F1", "unit": "A"}}  # fmt: skip
    reading = read(tmp_path, "time,kw,kv,a\n" + "".join(lines), tags, layout="wide")
    found = reading.tables["scada"]
    assert isinstance(found, pa.Table)
    steps = {(r["quantity"], r["interval_min"]) for r in found.to_pylist()}
    assert steps == {("kw", 15), ("kv", 60), ("a", 15)}
    volts = found.filter(pc.equal(found["quantity"].cast(pa.string()), "kv"))
    hours = means(volts, int(first.timestamp()), 24).tolist()
    assert [h for h, v in enumerate(hours) if v != pytest.approx(12.4)] == [10], "what lacks on its grid still lacks"
    assert [f.message for f in reading.findings if f.check == "scada.off-grid"] == [
        "without a value between those of a grid of 60 min, which is its own; rows: 72"
    ]


def test_a_column_of_tags_that_the_study_names_and_the_list_lacks_is_told(tmp_path: Path) -> None:
    (tmp_path / "tags.csv").write_text("Tag,Circuit,Unit,Richtung\na,F1,kW,in\n", encoding="utf-8")
    (tmp_path / "s.csv").write_text("time,tag,value\n2025-06-01T00:00,a,1\n2025-06-01T00:15,a,2\n", encoding="utf-8")
    spec = {"kind": "scada", "path": "s.csv", "tags": "tags.csv", "zone": "UTC", "timezone": "UTC"}
    names = {"tag": "Tag", "feeder": "Circuit", "unit": "Unit", "sign": "Direction"}
    files = {name: tmp_path / name for name in ("s.csv", "tags.csv")}
    reading = scada.read("s", spec | {"tag_columns": names}, files)
    (found,) = [f for f in reading.findings if f.check == "given.column"]
    assert (found.severity, found.file, found.field) == ("warning", "tags.csv", "sign")
    assert "no column is Direction" in found.message
