"""Stamps of meter readings as head-ends write them: the energy of an hour stands in that hour, whatever its label."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ami_exports as ex
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dtl.sources.ami import read
from dtl.sources.ami_split import split
from dtl.sources.reading import Reading
from dtl.sources.stamps import civil
from dtl.spec.ami import Ami

DAY = datetime(2025, 11, 2, 5, tzinfo=UTC)
"""Midnight in Chicago, on the day on which clocks go back."""


def readings(path: Path, folder: Path, **spec: Any) -> tuple[Reading, dict[datetime, float]]:
    """What the source tells, and kWh by start of its only meter."""
    words = ex.spec(path=path.name, **spec)
    reading = read("meters", words, {path.name: path})
    split({"meters": words}, {path.name: path}, dict.fromkeys(ex.METERS, "g"), ["g"], folder)
    rows = pq.read_table(folder / "g.parquet").to_pylist()
    return reading, {r["start"]: r["kwh"] for r in rows if r["kwh"] is not None}


def hours(count: int, step: int = 60, start: datetime = DAY) -> list[datetime]:
    return [start + timedelta(minutes=step * k) for k in range(count)]


@pytest.mark.parametrize(("form", "less"), [("%Y-%m-%d %H:%M:%S", 1), ("%Y-%m-%d %H:%M", 60)])
@pytest.mark.parametrize("container", ["csv", "parquet"])
def test_ends_that_name_the_last_minute(tmp_path: Path, form: str, less: int, container: str) -> None:
    """00:14:59 and 00:14 end the same interval as 00:15, in the hour that occurs twice as well."""
    labels = [
        (t + timedelta(minutes=15) - timedelta(seconds=less)).astimezone(ZoneInfo(ex.ZONE)).strftime(form)
        for t in hours(100, 15)
    ]
    path = tmp_path / f"r.{container}"
    if container == "csv":
        path.write_text("METER_ID,READ_TIME,KWH\n" + "".join(f"m1,{t},{k}\n" for k, t in enumerate(labels)))
    else:
        stamps = pa.array([datetime.fromisoformat(t) for t in labels], pa.timestamp("us"))
        pq.write_table(
            pa.table({"METER_ID": ["m1"] * 100, "READ_TIME": stamps, "KWH": [float(k) for k in range(100)]}), path
        )
    reading, found = readings(path, tmp_path / "out")
    assert found == {t: float(k) for k, t in enumerate(hours(100, 15))}
    assert [(f.check, f.severity) for f in reading.findings] == [("ami.last-minute", "info")]


def test_one_stamp_within_its_interval_moves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("METER_ID,READ_TIME,KWH\nm1,2025-06-01 00:14,1\nm1,2025-06-01 00:30,2\nm1,2025-06-01 00:45,3\n")
    reading, found = readings(path, tmp_path / "out")
    assert sorted(found.values()) == [2, 3]
    assert [f.check for f in reading.findings] == ["ami.grid"]


@pytest.mark.parametrize(
    ("zone", "minutes"), [("Asia/Kolkata", 330), ("Asia/Kathmandu", 345), ("America/St_Johns", -150)]
)
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M%z"])
def test_hours_of_zones_that_are_no_whole_hours_off(tmp_path: Path, zone: str, minutes: int, form: str) -> None:
    """An hour begins at half past or quarter past of UTC; with or without the offset in the stamp."""
    start = datetime(2025, 6, 1, tzinfo=UTC) - timedelta(minutes=minutes)
    path = tmp_path / "r.csv"
    rows = [f"m1,{t.astimezone(ZoneInfo(zone)).strftime(form)},{k}\n" for k, t in enumerate(hours(48, 60, start))]
    path.write_text("METER_ID,READ_TIME,KWH\n" + "".join(rows))
    words = {"interval_min": 60, "stamp": "interval_start", "timezone": zone, "time_format": form}
    reading, found = readings(path, tmp_path / "out", **words)
    assert found == {t: float(k) for k, t in enumerate(hours(48, 60, start))}
    assert not reading.findings
    path.write_text(path.read_text().replace(":00", ":10"))
    assert "ami.grid" in {f.check for f in readings(path, tmp_path / "half", **words)[0].findings}


@pytest.mark.parametrize(
    ("form", "write"),
    [
        ("%Y%m%d%H%M", "{day:%Y%m%d}{hour:02d}00"),
        ("%m/%d/%Y %H", "{day:%m/%d/%Y} {hour}"),
        ("%d.%m.%Y %H:%M:%S", "{day:%d.%m.%Y} {hour:02d}:00:00"),
        (None, "{day:%Y-%m-%d} {hour:02d}:00"),
        (None, "{day:%Y-%m-%d}T{hour:02d}:00:00"),
    ],
)
def test_hour_24_ends_the_day(tmp_path: Path, form: str | None, write: str) -> None:
    path = tmp_path / "r.csv"
    rows = [
        f"m1,{write.format(day=datetime(2025, 6, d), hour=h)},{24 * (d - 1) + h}\n"
        for d in (1, 2, 3)
        for h in range(1, 25)
    ]
    path.write_text("METER_ID,READ_TIME,KWH\n" + "".join(rows))
    reading, found = readings(path, tmp_path / "out", interval_min=60, time_format=form)
    assert found == {t: k + 1.0 for k, t in enumerate(hours(72, 60, datetime(2025, 6, 1, 5, tzinfo=UTC)))}
    assert not reading.findings


def test_minute_24_is_no_hour_24() -> None:
    """10:24:00 was once read as the end of the next day's tenth hour."""
    assert civil("2025-06-01 10:24:00") == datetime(2025, 6, 1, 10, 24)
    assert civil("06/01/2025 10:24:00", "%m/%d/%Y %H:%M:%S") == datetime(2025, 6, 1, 10, 24)
    assert civil("2025-06-01T24:00") == datetime(2025, 6, 2)
    for text in ("2025-06-01 24:30", "2025-06-01 25:00", "24:00"):
        with pytest.raises(ValueError):
            civil(text)


def test_serial_numbers_of_excel(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("METER_ID,READ_TIME,KWH\n" + "".join(f"m1,{45809 + k / 96:.5f},{k}\n" for k in range(1, 97)))
    reading, found = readings(path, tmp_path / "out", time_format="excel")
    assert found == {t: k + 1.0 for k, t in enumerate(hours(96, 15, datetime(2025, 6, 1, 5, tzinfo=UTC)))}
    assert not reading.findings
    assert (
        Ami(kind="ami", path="r.csv", interval_min=15, stamp="interval_end", time_format="excel").time_format == "excel"
    )


def test_a_vendor_that_changes_its_format_is_two_sources(tmp_path: Path) -> None:
    """Readings of one meter from two sources are one series; where both have an interval, the first by name counts."""
    zone, start = ZoneInfo(ex.ZONE), datetime(2025, 6, 1, 5, tzinfo=UTC)
    files, specs = {}, {}
    for name, form, first, last in (("a", "%Y-%m-%d %H:%M", 0, 50), ("b", "%m/%d/%Y %H:%M", 48, 96)):
        path = tmp_path / f"{name}.csv"
        times = hours(96, 15, start)[first:last]
        rows = [
            f"m1,{t.astimezone(zone).strftime(form)},{k + first + (name == 'b') / 2}\n" for k, t in enumerate(times)
        ]
        path.write_text("METER_ID,READ_TIME,KWH\n" + "".join(rows))
        files[path.name] = path
        specs[name] = ex.spec(path=path.name, time_format=form, stamp="interval_start")
    split(specs, files, {"m1": "g"}, ["g"], tmp_path / "out")
    rows = pq.read_table(tmp_path / "out/g.parquet").to_pylist()
    assert [r["start"] for r in rows] == hours(96, 15, start)
    assert [r["kwh"] for r in rows] == [k + (k >= 50) / 2 for k in range(96)]


def test_a_source_of_hours_and_one_of_quarters_count_no_energy_twice(tmp_path: Path) -> None:
    start = datetime(2025, 6, 1, tzinfo=UTC)
    words = {"zone": "UTC", "stamp": "interval_start"}
    specs = {"a": ex.spec(path="a.csv", interval_min=60, **words), "b": ex.spec(path="b.csv", **words)}
    for name, step, first, count in (("a", 60, 0, 30), ("b", 15, 20, 40)):
        times = hours(count, step, start + timedelta(hours=first))
        rows = [f"{m},{t:%Y-%m-%d %H:%M},{step / 60}\n" for m in ("m1", "m2") for t in times]
        (tmp_path / f"{name}.csv").write_text("METER_ID,READ_TIME,KWH\n" + "".join(rows))
    files = {f"{n}.csv": tmp_path / f"{n}.csv" for n in "ab"}
    split(specs, files, {"m1": "g", "m2": "g"}, ["g"], tmp_path / "out")
    rows = pq.read_table(tmp_path / "out/g.parquet").to_pylist()
    for meter in ("m1", "m2"):
        own = [r for r in rows if r["meter"] == meter]
        assert [r["start"] for r in own] == hours(30, 60, start)
        assert sum(r["kwh"] for r in own) == 30


def test_what_one_source_rejects_another_may_state(tmp_path: Path) -> None:
    columns = {"meter": ["M"], "time": ["T"], "delivered": ["V"], "quality": ["Q"]}
    specs, files = {}, {}
    for name, quality, value in (("a", "R", 9), ("b", "A", 5)):
        files[f"{name}.csv"] = tmp_path / f"{name}.csv"
        files[f"{name}.csv"].write_text(f"M,T,V,Q\nm1,2025-06-01 01:00,{value},{quality}\n")
        specs[name] = ex.spec(path=f"{name}.csv", interval_min=60, columns=columns)
    split(specs, files, {"m1": "g"}, ["g"], tmp_path / "out")
    (row,) = pq.read_table(tmp_path / "out/g.parquet").to_pylist()
    assert (row["kwh"], row["flag"]) == (5, "measured")


def directions(path: Path, **spec: Any) -> Reading:
    return read("meters", ex.spec(path=path.name, interval_min=60, **spec), {path.name: path})


def test_energy_from_the_customer_below_zero(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    rows = "".join(f"m1,2025-06-01 {h:02d}:00,2,-0.5\n" for h in range(1, 24))
    path.write_text("METER_ID,READ_TIME,KWH_DEL,KWH_REC\n" + rows)
    lost = directions(path)
    assert [(f.check, f.severity, f.field) for f in lost.findings] == [("ami.sign", "error", "KWH_REC")]
    assert "received_sign" in lost.findings[0].remedy
    found = directions(path, received_sign="negative")
    assert not [f for f in found.findings if f.check == "ami.sign"]
    assert found.tables["series"]["kwh"].to_pylist() == [23 * 1.5]
    path.write_text("METER_ID,READ_TIME,KWH_DEL,KWH_REC\n" + rows.replace("05:00,2,-0.5", "05:00,-2,-0.5"))
    told = [f for f in directions(path, received_sign="negative").findings if f.check == "ami.sign"]
    assert [(f.line, f.field, f.value, f.severity) for f in told] == [(6, "KWH_DEL", "-2.0", "warning")]


def test_channels_with_energy_from_the_customer_below_zero(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    rows = "".join(f"m1,2025-06-01 {h:02d}:00,{c},{v}\n" for h in range(1, 24) for c, v in (("D", 2), ("R", -0.5)))
    path.write_text("M,T,C,V\n" + rows)
    columns = {
        "meter": ["M"],
        "time": ["T"],
        "channel": ["C"],
        "value": ["V"],
        "channels": {"D": "delivered", "R": "received"},
    }
    assert directions(path, columns=columns, received_sign="negative").tables["series"]["kwh"].to_pylist() == [23 * 1.5]


def test_a_multiplier_for_each_row(tmp_path: Path) -> None:
    """Meters with current transformers of their own; a row without a multiplier counts as empty, and is told."""
    path = tmp_path / "r.csv"
    rows = "".join(f"m{m},2025-06-01 {h:02d}:00,1,{f}\n" for m, f in ((1, 1), (2, 40)) for h in range(1, 24))
    path.write_text("METER,T,KWH,MULT\n" + rows + "m2,2025-06-02 00:00,1,\nm2,2025-06-02 01:00,1,0\n")
    columns = {"meter": ["METER"], "time": ["T"], "delivered": ["KWH"], "multiplier": ["MULT"]}
    reading = directions(path, columns=columns, multiplier=2.0)
    table = reading.tables["series"]
    assert dict(zip(table["meter"].to_pylist(), table["kwh"].to_pylist(), strict=True)) == {"m1": 46, "m2": 23 * 80}
    (told,) = (f for f in reading.findings if f.check == "ami.multiplier")
    assert (told.line, told.field) == (48, "MULT") and told.message.startswith("2 ")
    wide = tmp_path / "w.csv"
    wide.write_text(
        "METER,D,MULT," + ",".join(f"H{h:02d}" for h in range(24)) + "\nm1,2025-06-01,40" + ",1" * 24 + "\n"
    )
    columns = {"meter": ["METER"], "day": ["D"], "intervals": ["H??"], "multiplier": ["MULT"]}
    assert directions(wide, columns=columns).tables["series"]["kwh"].to_pylist() == [960]
