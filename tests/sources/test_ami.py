"""Meter readings of every layout: each reading at its instant with its energy, and what cannot be told is said."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import ami_exports as ex
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from dtl import tables
from dtl.sources.ami import read
from dtl.sources.ami_split import split
from dtl.sources.ami_stream import Readings

Found = dict[tuple[str, datetime], tuple[float | None, str]]


def readings(path: Path | list[Path], tmp: Path, **words: Any) -> Found:
    """Energy and flag by meter and start, as the file of the only group has them."""
    paths = path if isinstance(path, list) else [path]
    files = {p.name: p for p in paths}
    spec = ex.spec(path=paths[0].name if len(paths) == 1 else "*", **words)
    seen = read("meters", spec, files).tables["series"]
    assert isinstance(seen, pa.Table)
    owner = dict.fromkeys(seen["meter"].to_pylist(), "g")
    told = split({"meters": spec}, files, owner, ["g", "empty"], tmp / "out")
    assert told.unplaced == {"meters": []}
    assert tables.read("readings", tmp / "out" / "empty.parquet").num_rows == 0
    rows = tables.read("readings", tmp / "out" / "g.parquet").to_pylist()
    return {(r["meter"], r["start"]): (r["kwh"], r["flag"]) for r in rows}


def same(found: Found) -> bool:
    truth = ex.truth()
    return set(found) == set(truth) and all(
        flag == "measured" and kwh is not None and abs(kwh - truth[key]) < 1e-6 for key, (kwh, flag) in found.items()
    )


def checks(path: Path, **words: Any) -> dict[str, str]:
    reading = read("meters", ex.spec(path=path.name, **words), {path.name: path})
    return {f.check: f.value for f in reading.findings}


def orders() -> dict[str, list[tuple[str, str, float]]]:
    """The same rows in four orders that files have."""
    rows = list(ex.long_rows())
    by_time = [r for k in range(len(ex.moments())) for r in rows[k :: len(ex.moments())]]
    return {
        "meter and time": rows,
        "time": by_time,
        "meter and label": sorted(rows, key=lambda r: r[:2]),
        "label": sorted(rows, key=lambda r: r[1]),
    }


@pytest.mark.parametrize("order", list(orders()))
def test_every_order_of_a_file_tells_both_passes_of_the_hour_that_occurs_twice(order: str, tmp_path: Path) -> None:
    assert same(readings(ex.long_csv(tmp_path / "r.csv", orders()[order]), tmp_path))


@pytest.mark.parametrize("form", ["parquet", "zoned", "gz", "semicolon", "wide", "meters", "two files", "format"])
def test_every_form_tells_the_same(form: str, tmp_path: Path) -> None:
    rows, words = list(ex.long_rows()), dict[str, Any]()
    path: Path | list[Path] = ex.long_csv(tmp_path / "r.csv", rows)
    assert isinstance(path, Path)
    if form == "parquet":
        table = pacsv.read_csv(path)
        path = tmp_path / "r.parquet"
        pq.write_table(table, path, row_group_size=100)
    elif form == "zoned":
        path.write_text(
            "meter,start,kwh\n" + "".join(f"{m},{t:%Y-%m-%dT%H:%M:%SZ},{v}\n" for (m, t), v in ex.truth().items())
        )
        words = {"columns": "ours", "stamp": "interval_start"}
    elif form == "gz":
        packed = tmp_path / "r.csv.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        path = packed
    elif form == "semicolon":
        text = path.read_text().replace(",", ";").replace(".", ",")
        path.write_text("﻿export of today\n" + text)
        words = {"decimal": ",", "header_row": 2}
    elif form == "wide":
        path, words = ex.wide_csv(tmp_path / "w.csv", 100), {"columns": "wide"}
    elif form == "meters":
        count = len(ex.moments())
        lines = [
            ",".join([t, *(str(rows[i * count + k][2]) for i in range(3))]) for k, (_, t, _) in enumerate(rows[:count])
        ]
        path.write_text("when,m1,m2,m3\n" + "\n".join(lines))
        words = {"columns": {"time": ["when"], "meters": ["m?"]}}
    elif form == "two files":
        half = len(ex.moments()) // 2 + 3
        parts = [[r for i, r in enumerate(rows) if (i % len(ex.moments()) < half) == first] for first in (True, False)]
        path = [ex.long_csv(tmp_path / n, p) for n, p in zip(("b.csv", "a.csv"), parts, strict=True)]
    elif form == "format":
        swap = [(m, f"{t[8:10]}.{t[5:7]}.{t[:4]} {t[11:]}", v) for m, t, v in rows]
        path, words = ex.long_csv(path, swap), {"time_format": "%d.%m.%Y %H:%M"}
    assert same(readings(path, tmp_path, **words))


@pytest.mark.parametrize("scale", [("Wh", 1000.0), ("kW", 4.0), ("W", 4000.0), ("MWh", 0.001)])
def test_units_become_energy_of_the_interval(scale: tuple[str, float], tmp_path: Path) -> None:
    rows = [(m, t, v * scale[1] / 2) for m, t, v in ex.long_rows()]
    assert same(readings(ex.long_csv(tmp_path / "r.csv", rows), tmp_path, unit=scale[0], multiplier=2.0))


def test_a_single_reading_of_the_hour_that_occurs_twice_is_ambiguous_and_not_guessed(tmp_path: Path) -> None:
    rows = sorted(ex.long_rows(), key=lambda r: r[:2])
    lost = next(i for i, r in enumerate(rows) if r[0] == "m2" and r[1] == "2025-11-02 01:15")
    found = readings(ex.long_csv(tmp_path / "r.csv", rows[:lost] + rows[lost + 1 :]), tmp_path)
    ambiguous = {k for k, (_, flag) in found.items() if flag == "ambiguous"}
    assert ambiguous == {("m2", datetime(2025, 11, 2, 6, 0, tzinfo=UTC))}
    assert len(found) == len(ex.truth()) - 1
    told = checks(tmp_path / "r.csv")
    assert (told["ami.ambiguous"], told["ami.absent"]) == ("1", "1")


def test_rows_in_no_order_leave_the_whole_hour_ambiguous(tmp_path: Path) -> None:
    rows = list(ex.long_rows())
    shuffled = [rows[i] for i in np.random.default_rng(3).permutation(len(rows))]
    found = readings(ex.long_csv(tmp_path / "r.csv", shuffled), tmp_path)
    told = {k for k, (_, flag) in found.items() if flag != "measured"}
    assert told == {k for k in found if k[1] in ex.moments()[ex.FOLD : ex.FOLD + 4]}
    assert all(abs((kwh or 0) - ex.truth()[k]) < 1e-6 for k, (kwh, flag) in found.items() if flag == "measured")


def test_wide_files_by_the_clock_have_one_value_for_two_intervals(tmp_path: Path) -> None:
    found = readings(ex.wide_csv(tmp_path / "w.csv", 96), tmp_path, columns="wide")
    assert sum(flag == "ambiguous" for _, flag in found.values()) == 3 * 4
    assert all(abs((kwh or 0) - ex.truth()[k]) < 1e-6 for k, (kwh, _) in found.items())


def test_copies_count_once_and_contradictions_not_at_all(tmp_path: Path) -> None:
    rows = list(ex.long_rows())
    meter, when, value = rows[7]
    path = ex.long_csv(tmp_path / "r.csv", [*rows[:5], rows[4], *rows[5:], (meter, when, value + 1), rows[50]])
    key = (meter, ex.moments()[7])
    for rule, kwh in (("none", None), ("first", value), ("last", value + 1)):
        found = readings(path, tmp_path, repeated=rule)
        assert found[key] == (pytest.approx(kwh) if kwh else None, "measured" if kwh else "conflict")
        assert len(found) == len(ex.truth())
    told = checks(path)
    assert (told["ami.duplicate"], told["ami.conflict"]) == ("2", "1")


@pytest.mark.parametrize("digits", [None, 3])
def test_registers_are_differences_with_rollovers_and_resets(digits: int | None, tmp_path: Path) -> None:
    counts = [995.0, 996.5, 998.0, 999.5, 1.0, 2.5, 0.1, 1.6]
    rows = [("m1", ex.label(t), c) for t, c in zip(ex.moments(), counts, strict=False)]
    path = ex.long_csv(tmp_path / "r.csv", rows)
    found = readings(path, tmp_path, reads="register", register_digits=digits)
    values = [found.get(("m1", t), (None, "absent")) for t in ex.moments()[: len(counts)]]
    expected = [None, 1.5, 1.5, 1.5, 1.5 if digits else None, 1.5, None, 1.5]
    assert [v if v is None else round(v, 6) for v, _ in values] == expected
    assert values[6][1] == "reset" and values[0][1] == "absent"
    told = checks(path, reads="register", register_digits=digits)
    assert told["ami.reset"] == ("1" if digits else "2") and told.get("ami.rollover") == ("1" if digits else None)


def test_channels_are_joined_to_the_net(tmp_path: Path) -> None:
    rows = "".join(
        f"m1,{ex.label(t)},{word},{v}\n"
        for word, v in (("IMP", 3.0), ("EXP", 1.0), ("VAR", 0.5), ("V", 240.0), ("TEMP", 20.0))
        for t in ex.moments()[:8]
    )
    path = tmp_path / "r.csv"
    path.write_text("id,t,what,v\n" + rows + f"m1,{ex.label(ex.moments()[0])},AMPS,3\n")
    columns = {
        "meter": ["id"], "time": ["t"], "channel": ["what"], "value": ["v"],
        "channels": {"imp": "delivered", "exp": "received", "var": "reactive", "v": "volts", "temp": "ignored"},
    }  # fmt: skip
    spec = ex.spec(path="r.csv", columns=columns)
    split({"a": spec}, {"r.csv": path}, {"m1": "g"}, ["g"], tmp_path / "out")
    rows_ = tables.read("readings", tmp_path / "out" / "g.parquet").to_pylist()
    assert [(r["kwh"], r["kvarh"], r["volts"]) for r in rows_] == [(2.0, 0.5, 240.0)] * 8
    assert checks(path, columns=columns)["ami.channel"] == "AMPS"


def test_what_is_wrong_with_rows_is_told_with_line_column_and_value_and_the_account_adds_up(tmp_path: Path) -> None:
    rows = [f"{m},{t},{v},A" for m, t, v in ex.long_rows()][:60]
    rows[3] = "m1,yesterday,1,A"
    rows[5] = "m1,2025-11-01 01:37,1,A"
    rows[8] += ",more"
    rows[9] = ",2025-11-01 02:30,1,A"
    rows[11] = "m1,2025-11-01 03:00,1.2.3,A"
    rows[12] = "m1,2025-11-01 03:15,1e999,A"
    rows[20] = "m1,2025-11-01 05:15,4,Q"
    rows[21] = "m1,2025-11-01 05:30,4,N"
    rows[22] = "m1,2025-11-01 05:45,4,R"
    path = tmp_path / "r.csv"
    path.write_text("METER_ID,READ_TIME,KWH,QUALITY\n" + "\n".join(rows) + "\n")
    reading = read("meters", ex.spec(), {"r.csv": path})
    told = {f.check: (f.line, f.field, f.value) for f in reading.findings}
    assert told["ami.stamp"] == (5, "READ_TIME", "yesterday")
    assert told["ami.grid"] == (7, "READ_TIME", "2025-11-01 01:37")
    assert told["ami.ragged"][0] == 10
    assert told["ami.meter"][:2] == (11, "METER_ID")
    assert told["ami.number"] == (13, "KWH", "1.2.3")
    assert told["ami.code"] == (22, "QUALITY", "Q")
    lost = sum(int(r["value"].split()[0]) for r in reading.conversion.values() if r["verdict"] == "refused")
    series = reading.tables["series"]
    assert isinstance(series, pa.Table)
    assert series["intervals"].to_pylist() == [60 - lost]
    assert series["unused"].to_pylist() == [1]


def test_few_buckets_and_many_settle_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ex.long_csv(tmp_path / "r.csv", sorted(ex.long_rows(), key=lambda r: r[2] * 7919 % 1))
    once = {p.name: p.read_bytes() for p in sorted(_split(path, tmp_path / "one").glob("*.parquet"))}
    monkeypatch.setattr("dtl.sources.ami_stream.BUCKET", 200)
    monkeypatch.setattr("dtl.sources.ami_stream.HELD", 150)
    monkeypatch.setattr("dtl.sources.ami_csv.BLOCK", 1500)
    again = {p.name: p.read_bytes() for p in sorted(_split(path, tmp_path / "two").glob("*"))}
    assert once == again and set(once) == {"a.parquet", "b.parquet"}


def _split(path: Path, folder: Path) -> Path:
    told = split({"s": ex.spec()}, {"readings.csv": path}, {"m1": "a", "m3": "b"}, ["a", "b"], folder)
    assert told.unplaced == {"s": ["m2"]}
    return folder


def test_two_sources_complete_each_other(tmp_path: Path) -> None:
    energy = ex.long_csv(tmp_path / "e.csv", list(ex.long_rows()))
    volts = tmp_path / "v.csv"
    volts.write_text("METER_ID,READ_TIME,VOLTS\n" + "".join(f"{m},{t},240.5\n" for m, t, _ in ex.long_rows()))
    specs = {"a": ex.spec(path="e.csv"), "b": ex.spec(path="v.csv")}
    split(specs, {"e.csv": energy, "v.csv": volts}, dict.fromkeys(ex.METERS, "g"), ["g"], tmp_path / "out")
    rows = tables.read("readings", tmp_path / "out" / "g.parquet").to_pylist()
    assert {(r["meter"], r["start"]): round(r["kwh"], 3) for r in rows} == ex.truth()
    assert {r["volts"] for r in rows} == {240.5}


def test_green_button(tmp_path: Path) -> None:
    path = tmp_path / "f.xml"
    path.write_text(ex.espi([(1330578000, 282), (1330578900, 323)], power=1))
    found = readings(path, tmp_path, columns="green_button", interval_min=None, stamp=None)
    assert found == {
        ("UP9", datetime(2012, 3, 1, 5, 0, tzinfo=UTC)): (pytest.approx(2.82), "measured"),
        ("UP9", datetime(2012, 3, 1, 5, 15, tzinfo=UTC)): (pytest.approx(3.23), "measured"),
    }


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'


@pytest.mark.parametrize("kind", ["entities", "gzip", "gzip csv", "zip", "other xml"])
def test_bombs_and_foreign_files_are_refused(kind: str, tmp_path: Path) -> None:
    path, words = tmp_path / "f.xml", {"columns": "green_button", "interval_min": None, "stamp": None}
    text = ex.espi([(1330578000, 282)])
    if kind == "entities":
        path.write_text(text.replace("<feed", BOMB + "<feed"))
    elif kind == "other xml":
        path.write_text("<a><b/></a>")
    elif kind == "zip":
        path, words = tmp_path / "f.zip", {}
        path.write_bytes(b"PK\x03\x04")
    else:
        path = tmp_path / ("f.xml.gz" if kind == "gzip" else "f.csv.gz")
        head = text if kind == "gzip" else "METER_ID,READ_TIME,KWH\n"
        words = words if kind == "gzip" else {}
        path.write_bytes(gzip.compress(head.encode() + b"\n" * (90 * 1024**2)))
    reading = read("m", ex.spec(path=path.name, **words), {path.name: path})
    assert {f.check for f in reading.findings if f.severity == "error"} == {"ami.file", "ami.nothing"}
    assert next(iter(reading.conversion.values()))["verdict"] == "refused"


def test_a_real_year_of_one_customer(samples: Path, tmp_path: Path) -> None:
    path = samples / "ami" / "ausgrid_customer12_30min" / "data_2011-2012.csv"
    columns = {"time": ["#1"], "delivered": ["GC"], "received": ["GG"]}
    words = {"columns": columns, "interval_min": 30, "stamp": "interval_start", "zone": "standard"}
    reading = read("meters", ex.spec(timezone="Australia/Sydney", **words), {"data.csv": path})
    series = reading.tables["series"]
    assert isinstance(series, pa.Table)
    table = pacsv.read_csv(path)
    assert series["intervals"].to_pylist() == [17568] and series["missing"].to_pylist() == [0]
    net = sum(table["GC"].to_pylist()) - sum(table["GG"].to_pylist())
    assert series["kwh"][0].as_py() == pytest.approx(net, rel=1e-9)


def test_the_sample_feed(samples: Path, tmp_path: Path) -> None:
    path = samples / "ami" / "greenbutton_espi" / "espi_sample.xml"
    found = readings(path, tmp_path, columns="green_button", interval_min=None, stamp=None)
    assert len(found) == 96 and sum(flag == "estimated" for _, flag in found.values()) == 2
    assert found["5446AF3F", datetime(2012, 3, 1, 5, 0, tzinfo=UTC)][0] == pytest.approx(0.282)


def test_a_utility_of_known_truth(samples: Path, tmp_path: Path) -> None:
    """Every row that is present and not ambiguous equals the truth; what is absent or ambiguous is told by number."""
    folder = samples / "synthetic_utility" / "p4u"
    path = folder / "ami_15min_interval_ending_local.csv.gz"
    zone = {"zone": "America/Los_Angeles"}
    told = checks(path, **zone)
    absent, ambiguous = int(told["ami.absent"]), int(told["ami.ambiguous"])
    assert (absent, ambiguous, told["ami.duplicate"]) == (173, 4, "14")
    truth = pq.read_table(folder / "truth" / "truth_ami_utc_interval_start.parquet").to_pylist()
    true = {(r["meter_id"], r["interval_start_utc"]): r for r in truth}
    split(
        {"s": ex.spec(path=path.name, **zone)}, {path.name: path}, {r["meter_id"]: "g" for r in truth}, ["g"], tmp_path
    )
    rows = tables.read("readings", tmp_path / "g.parquet").to_pylist()
    assert len(rows) == len(truth) - absent
    sure = [r for r in rows if r["flag"] != "ambiguous"]
    assert len(sure) == len(rows) - ambiguous
    assert max(abs(r["kwh"] - true[r["meter"], r["start"]]["kwh"]) for r in sure) < 1e-5
    assert max(abs(r["volts"] - true[r["meter"], r["start"]]["volt"]) for r in sure) < 1.0


def test_a_pass_can_be_repeated(tmp_path: Path) -> None:
    path = ex.long_csv(tmp_path / "r.csv", list(ex.long_rows()))
    source = Readings(ex.spec(), {"r.csv": path})
    sums = [
        source.fold(lambda: [0.0], lambda s, p: s.append(float(np.nansum(p.rows.kwh))), tmp_path / "s")
        for _ in range(2)
    ]
    assert sums[0] == sums[1] and json.dumps(source.tally.rows) == json.dumps({"r.csv": len(ex.truth())})


def exported(path: Path, head: str, stamp: str, step: int = 15, count: int = 192) -> Path:
    """A CSV of one meter whose interval k, from local midnight of 1 June 2025 on, has k / 1000 kWh."""
    first = datetime(2025, 6, 1)
    rows = "".join(f"m1,{first + timedelta(minutes=step * k):{stamp}},{k / 1000}\n" for k in range(count))
    path.write_text(head + "\n" + rows)
    return path


@pytest.mark.parametrize(
    ("head", "unit", "severity"),
    [
        ("meter_id,time,kw", "kWh", "error"),
        ("meter_id,time,KWH_DEL", "kW", "error"),
        ("meter_id,time,Energy [Wh]", "kWh", "error"),
        ("meter_id,time,kvar", "kWh", "warning"),
        ("meter_id,time,kwh", "kWh", ""),
        ("meter_id,time,kvarh", "kWh", ""),
        ("meter_id,time,kw", "kW", ""),
        ("meter_id,time,usage", "W", ""),
    ],
)
def test_a_column_named_for_another_unit_is_told(head: str, unit: str, severity: str, tmp_path: Path) -> None:
    path = exported(tmp_path / "r.csv", head, "%Y-%m-%d %H:%M")
    name = head.rpartition(",")[2]
    columns = {"meter": ["meter_id"], "time": ["time"], ("reactive" if "var" in name else "delivered"): [name]}
    reading = read("meters", ex.spec(path=path.name, unit=unit, columns=columns), {path.name: path})
    assert [f.severity for f in reading.findings if f.check == "ami.unit"] == ([severity] if severity else [])


@pytest.mark.parametrize(("step", "asked", "check"), [(30, 15, "interval"), (15, 60, "grid"), (15, 15, "")])
def test_an_interval_that_is_not_the_declared_one_stops_the_study(
    step: int, asked: int, check: str, tmp_path: Path
) -> None:
    path = exported(tmp_path / "r.csv", "meter_id,time,kwh", "%Y-%m-%d %H:%M", step)
    spec = ex.spec(path=path.name, interval_min=asked, stamp="interval_start")
    found = read("meters", spec, {path.name: path}).findings
    assert [f.check for f in found if f.severity == "error"] == ([f"ami.{check}"] if check else [])
    assert all("interval_min to 30" in f.remedy for f in found if f.check == "ami.interval")


def test_hourly_meters_among_others_are_named(tmp_path: Path) -> None:
    path = exported(tmp_path / "r.csv", "meter_id,time,kwh", "%Y-%m-%d %H:%M")
    slow = exported(tmp_path / "h.csv", "", "%Y-%m-%d %H:%M", 60, 48).read_text().replace("m1,", "m2,")
    path.write_text(path.read_text() + slow.lstrip())
    found = read("meters", ex.spec(path=path.name), {path.name: path}).findings
    (told,) = (f for f in found if f.check == "ami.interval")
    assert told.severity == "error"
    assert told.message.startswith("1 of 2 meters") and told.message.endswith("m2")


def test_stamps_that_count_from_1970(tmp_path: Path) -> None:
    first = int(datetime(2025, 11, 2, 5, tzinfo=UTC).timestamp())
    for form, ticks in (("unix_s", 1), ("unix_ms", 1000)):
        path = tmp_path / f"{form}.csv"
        path.write_text("id,t,kwh\n" + "".join(f"m1,{(first + 900 * k) * ticks},{k}\n" for k in range(100)))
        words = {"columns": {"meter": ["id"], "time": ["t"], "delivered": ["kwh"]}, "time_format": form}
        found = readings(path, tmp_path / form, stamp="interval_start", **words)
        assert [kwh for _, (kwh, _) in sorted(found.items())] == list(range(100))
        assert min(t for _, t in found).timestamp() == first


def test_patterns_of_intervals_add_up(tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    labels = [f"{k // 2}:{k % 2 * 30:02d}" for k in range(1, 48)] + ["0:00"]
    path.write_text("Customer,date," + ",".join(labels) + "\n12,01 Jul 2025," + ",".join(["0.5"] * 48) + "\n")
    columns = {"meter": ["Customer"], "day": ["date"], "intervals": ["?:??", "??:??"]}
    spec = ex.spec(path=path.name, interval_min=30, time_format="%d %b %Y", columns=columns)
    reading = read("meters", spec, {path.name: path})
    assert not reading.findings
    assert reading.tables["series"]["kwh"].to_pylist() == [24.0]


def test_names_of_columns_in_the_windows_code_page(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    rows = "".join(f"Zä{m};01.06.2025 0{h}:00;0,5\n" for m in (1, 2) for h in range(5))
    path.write_bytes(("Zähler;Zeit;Arbeit (kWh)\n" + rows).encode("cp1252"))
    columns = {"meter": ["Zähler"], "time": ["Zeit"], "delivered": ["Arbeit (kWh)"]}
    spec = ex.spec(path=path.name, interval_min=60, decimal=",", time_format="%d.%m.%Y %H:%M", columns=columns)
    reading = read("meters", spec, {path.name: path})
    assert not reading.findings
    table = reading.tables["series"]
    assert dict(zip(table["meter"].to_pylist(), table["kwh"].to_pylist(), strict=True)) == {"Zä1": 2.5, "Zä2": 2.5}
