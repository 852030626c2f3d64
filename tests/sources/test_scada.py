"""SCADA: values in our units and signs, graded, never filled; stamps as clocks showed them."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dtl.demand.measured import hourly
from dtl.sources import scada
from dtl.sources.reading import Reading
from dtl.sources.scada_judge import spikes, stuck
from dtl.synth.command import run_utility

MW = {"F1_MW": {"feeder": "F1", "device": "CB1", "unit": "MW"}}


def read(folder: Path, text: str, tags: Any = None, **spec: Any) -> Reading:
    path = folder / "scada.csv"
    path.write_text(text, encoding="utf-8")
    given = {"kind": "scada", "path": path.name, "tags": MW if tags is None else tags, "zone": "UTC"}
    return scada.read("s", given | {"timezone": "America/Chicago"} | spec, {path.name: path})


def rows(reading: Reading) -> list[dict[str, Any]]:
    table = reading.tables["scada"]
    assert isinstance(table, pa.Table)
    return table.to_pylist()


def even(values: list[float], step_min: int = 15, tag: str = "F1_MW", start: str = "2025-06-01T00:00") -> str:
    first = datetime.fromisoformat(start)
    lines = [f"{first + timedelta(minutes=step_min * i):%Y-%m-%dT%H:%M},{tag},{v}" for i, v in enumerate(values)]
    return "time,tag,value\n" + "\n".join(lines) + "\n"


def wave(n: int, seed: int = 1) -> np.ndarray[Any, np.dtype[np.float64]]:
    noise = np.random.default_rng(seed).normal(0, 0.02, n)
    return np.round(2.0 + np.sin(np.arange(n) * 2 * np.pi / 96) + noise, 3)


def test_units_signs_scales_and_phases(tmp_path: Path) -> None:
    tags = {
        "a": {"feeder": "F1", "unit": "MW", "sign": "in"},
        "b": {"feeder": "F1", "quantity": "active power", "unit": "W", "scale": "2", "device": "X"},
        "c": {"feeder": "F1", "quantity": "current phase B", "unit": "kA"},
        "d": {"feeder": "F1", "unit": "V"},
        "e": {"feeder": "F1", "quantity": "breaker status", "device": "CB"},
    }
    text = "time,tag,value\n"
    for minute in (0, 15, 30):
        text += "".join(
            f"2025-06-01T00:{minute:02d},{t},{v}\n" for t, v in (("a", 2), ("b", 500), ("c", 0.3), ("d", 12470))
        )
    reading = read(tmp_path, text + "2025-06-01T00:07:13,e,OPEN\n2025-06-01T00:09:00,e,closed\n", tags)
    first = {
        (r["quantity"], r["device"], r["phases"]): (r["value"], r["interval_min"]) for r in reversed(rows(reading))
    }
    assert first == {
        ("kw", "", ""): (-2000.0, 15), ("kw", "X", ""): (1.0, 15), ("a", "", "B"): (300.0, 15),
        ("kv", "", ""): (12.47, 15), ("status", "CB", ""): (0.0, 0),
    }  # fmt: skip
    assert [f.check for f in reading.findings] == []


def test_wide_with_a_tag_column_and_parquet(tmp_path: Path) -> None:
    tags = {"H.KW": {"feeder": "F1", "unit": "kW"}, "H.KVAR": {"feeder": "F1", "unit": "kvar"}}
    start = [datetime(2025, 6, 1, 0, 15 * i, tzinfo=UTC) for i in range(4)]
    table = pa.table({"T": pa.array(start, pa.timestamp("ms", "UTC")), "TAG": ["H"] * 4, "KW": [1.0, 2.0, None, 4.0],
                      "KVAR": [0, 1, 2, 3]})  # fmt: skip
    pq.write_table(table, tmp_path / "s.parquet")
    spec = {"kind": "scada", "path": "s.parquet", "tags": tags, "zone": "local", "timezone": "America/Chicago",
            "layout": "wide", "columns": {"time": ["T"], "tag": ["TAG"]}}  # fmt: skip
    reading = scada.read("s", spec, {"s.parquet": tmp_path / "s.parquet"})
    kw = [(r["value"], r["quality"]) for r in rows(reading) if r["quantity"] == "kw"]
    assert kw == [(1.0, "good"), (2.0, "good"), (None, "missing"), (4.0, "good")]
    assert len([r for r in rows(reading) if r["quantity"] == "kvar"]) == 4
    assert [f.check for f in reading.findings] == ["scada.missing"]


@pytest.mark.parametrize("by_label", [False, True], ids=["in order of time", "sorted by label"])
def test_the_hour_that_clocks_repeat(tmp_path: Path, by_label: bool) -> None:
    passes = [f"2025-11-02 01:{m:02d},F1_MW,{v}" for v in (1, 2) for m in (0, 15, 30, 45)]
    if by_label:
        passes = sorted(passes, key=lambda line: line.split(",")[0])
    text = "time,tag,value\n2025-11-02 00:45,F1_MW,0\n" + "\n".join(passes) + "\n2025-11-02 02:00,F1_MW,3\n"
    reading = read(tmp_path, text, zone="local")
    starts = [r["start"] for r in rows(reading)]
    assert starts == [datetime(2025, 11, 2, 5, 45, tzinfo=UTC) + timedelta(minutes=15 * i) for i in range(10)]
    assert [r["value"] for r in rows(reading)] == [0, *[1000] * 4, *[2000] * 4, 3000]
    assert reading.findings == []


def test_stamps_that_cannot_be(tmp_path: Path) -> None:
    text = even([1, 2, 3, 4], start="2025-11-02T00:30") + "08/07/2025,F1_MW,1\n,F1_MW,1\n"
    reading = read(tmp_path, text, zone="local")
    found = {f.check: f for f in reading.findings}
    assert (found["scada.time"].line, found["scada.time"].value) == (6, "08/07/2025")
    assert found["scada.time-twice"].severity == "warning"
    assert [r["quality"] for r in rows(reading)] == ["good", "good", "suspect", "suspect"]
    spring = read(tmp_path, even([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], start="2025-03-09T01:30"), zone="local")
    assert [(f.check, f.value) for f in spring.findings] == [("scada.time-gap", "2025-03-09T02:00")]
    assert len(rows(spring)) == 6


def test_interval_ends_gaps_repeats_and_contradictions(tmp_path: Path) -> None:
    text = even([1, 2, 3, 4]) + "2025-06-01T02:00,F1_MW,9\n2025-06-01T00:15,F1_MW,2\n2025-06-01T00:30,F1_MW,7\n"
    reading = read(tmp_path, text, stamp="interval_end")
    assert rows(reading)[0]["start"] == datetime(2025, 5, 31, 23, 45, tzinfo=UTC)
    found = {f.check: f for f in reading.findings}
    assert set(found) == {"scada.gap", "scada.duplicate", "scada.contradiction"}
    assert "rows: 4" in found["scada.gap"].message, "01:00, 01:15, 01:30 and 01:45"
    assert found["scada.contradiction"].line == 8
    assert [r["quality"] for r in rows(reading)] == ["good", "good", "suspect", "good", "good"]


def test_quality_codes(tmp_path: Path) -> None:
    codes = ["192", "GOOD", "64", "0", "BAD", "", "X7", "OK"]
    lines = "".join(f"2025-06-01T0{i}:00,F1_MW,{i + 1},{c}\n" for i, c in enumerate(codes))
    reading = read(tmp_path, "time,tag,value,quality\n" + lines)
    graded = [r["quality"] for r in rows(reading)]
    assert graded == ["good", "good", "suspect", "bad", "bad", "good", "suspect", "good"]
    assert [(f.check, f.value) for f in reading.findings if f.check == "scada.quality"] == [("scada.quality", "X7")]
    told = read(tmp_path, "time,tag,value,quality\n" + lines, quality={"good": ["X7"]})
    assert [r["quality"] for r in rows(told)][6] == "good"


def test_what_is_not_known_is_not_read(tmp_path: Path) -> None:
    tags = MW | {"gone": {"feeder": "F1", "unit": "kvar"}, "odd": {"feeder": "F1", "unit": "furlong"},
                 "flux": {"feeder": "F1", "quantity": "flux"}}  # fmt: skip
    text = even([1, 2, "x1", 4]) + "2025-06-01T00:00,other,1\n"  # type: ignore[list-item]
    reading = read(tmp_path, text, tags)
    found = {f.check: f for f in reading.findings}
    assert set(found) == {"scada.tag", "scada.silent", "scada.unit", "scada.quantity", "scada.value", "scada.bad"}
    assert (found["scada.value"].line, found["scada.value"].value) == (4, "x1")
    assert found["scada.tag"].element == "tag other"
    verdicts = {r["object"]: r["verdict"] for r in reading.conversion.values() if r["object"].startswith("[tag]")}
    assert verdicts == {"[tag] F1_MW": "mapped", "[tag] gone": "refused", "[tag] other": "refused"}
    none = read(tmp_path, text, {})
    assert "scada.tags" in {f.check for f in none.findings}
    assert rows(none) == []


def test_a_tag_on_no_grid_needs_a_word(tmp_path: Path) -> None:
    times = ["00:00", "00:01", "00:09", "00:30", "01:17", "01:18", "03:44"]
    text = "time,tag,value\n" + "".join(f"2025-06-01T{t}:07,F1_MW,{i}\n" for i, t in enumerate(times))
    reading = read(tmp_path, text)
    assert [f.check for f in reading.findings] == ["scada.grid"]
    assert rows(reading) == []
    events = read(tmp_path, text, {"F1_MW": {"feeder": "F1", "unit": "MW", "record": "event"}})
    assert [r["interval_min"] for r in rows(events)] == [0] * 7
    kw = hourly(events.tables["scada"], 2025, "UTC")[24 * 151 :]
    at = np.array([0, 60, 540, 1800, 3600]) + 7
    expected = float(np.sum(np.diff([*at[:-1], 3600]) * np.arange(4) * 1000.0) / (3600 - 7))
    assert kw[0] == pytest.approx(expected), "weighted by time, not the mean of points"
    assert kw[2] == 5000.0, "a value holds until the next"


def test_stuck_values_and_spikes() -> None:
    values = wave(96 * 20)
    values[500:540] = values[499]
    values[1000] += 8.0
    values[1200:1300] = 0.0
    assert np.flatnonzero(stuck(values, 15)).tolist() == list(range(500, 540))
    assert np.flatnonzero(spikes(values)).tolist() == [1000]
    coarse = np.round(wave(96 * 20, seed=2) * 2) / 2
    assert not stuck(coarse, 15).any(), "a coarse resolution repeats values honestly"
    step = np.concatenate([wave(400), wave(400) + 6.0])
    assert not spikes(step).any(), "a load transfer is no spike"
    assert stuck(np.full(200, 3.3), 15).sum() == 199


def test_power_that_is_not_voltage_times_current(tmp_path: Path) -> None:
    tags = {
        "P": {"feeder": "F1", "unit": "kW"},
        "V": {"feeder": "F1", "unit": "kV"},
        "I": {"feeder": "F1", "unit": "A"},
    }
    mw = wave(96)
    text = "time,tag,value\n"
    for tag, values in (("P", mw), ("V", np.full(96, 12.47) + wave(96) / 100), ("I", mw * 1000 / (3**0.5 * 12.47))):
        text += even(values.tolist(), tag=tag).partition("\n")[2]
    reading = read(tmp_path, text, tags)
    assert [f.check for f in reading.findings] == ["scada.physics"]
    assert "1,000" in reading.findings[0].message
    sound = read(tmp_path, text, tags | {"P": {"feeder": "F1", "unit": "MW"}})
    assert sound.findings == []


def test_the_head_of_the_sample_reads_whole(samples: Path) -> None:
    path = samples / "synthetic_utility" / "p4u" / "scada_feeder_head_15min.csv"
    spec = {"kind": "scada", "path": "s.csv", "layout": "wide", "zone": "UTC", "timezone": "America/Los_Angeles",
            "columns": {"time": ["TIMESTAMP_UTC"], "tag": ["TAG"]},
            "tags": {f"P4U_HEAD.{u.upper()}": {"feeder": "p4u", "unit": u} for u in ("kW", "kvar")}}  # fmt: skip
    reading = scada.read("s", spec, {"s.csv": path})
    assert reading.tables["scada"].num_rows == 1344
    assert reading.findings == []
    with path.open() as file:
        total = sum(float(r["KW"]) for r in csv.DictReader(file))
    assert sum(r["value"] for r in rows(reading) if r["quantity"] == "kw") == pytest.approx(total)


def test_planted_faults_of_a_synthetic_utility_are_found(tmp_path: Path) -> None:
    """Its writer knows what it froze and what it marked bad; the reader sees the files alone."""
    import argparse
    from datetime import date

    out = tmp_path / "u"
    run_utility(argparse.Namespace(
        feeders=2, days=120, years=None, start=date(2025, 1, 15), step_min=15, oms_years=1, scada_years=0,
        formats="scada", errors="many", zone="America/Chicago", meters="60-80", no_volts=True, jobs=1, seed=11, out=out,
    ))  # fmt: skip
    files = {str(p.relative_to(out)): p for p in [*(out / "scada").glob("*.csv"), out / "scada_tags.csv"]}
    spec = {"kind": "scada", "path": "scada/*.csv", "tags": "scada_tags.csv", "columns": "usual",
            "tag_columns": "usual", "zone": "UTC", "timezone": "America/Chicago"}  # fmt: skip
    reading = scada.read("s", spec, files)
    with (out / "truth" / "planted.csv").open() as file:
        planted = [r for r in csv.DictReader(file) if r["kind"].startswith("scada")]
    assert len(planted) > 20
    with (out / "scada_tags.csv").open() as file:
        tags = {r["TAG"]: r for r in csv.DictReader(file)}
    index = {(r["feeder"], r["device"], r["quantity"], r["phases"], r["start"]): r["quality"] for r in rows(reading)}
    graded = {"scada_frozen": [0, 0], "scada_bad": [0, 0]}
    marked = set()
    for fault in planted:
        tag = tags[fault["element"]]
        quantity = {"MW": "kw", "Mvar": "kvar", "kV": "kv", "A": "a", "step": "tap"}[tag["UNIT"]]
        phases = fault["element"][-1] if quantity == "a" else ""
        t, last = (datetime.fromisoformat(fault[c].replace("Z", "+00:00")) for c in ("start_utc", "end_utc"))
        while t <= last:
            key = (tag["CIRCUIT"], tag["DEVICE"], quantity, phases, t)
            graded[fault["kind"]][0] += index[key] != "good"
            graded[fault["kind"]][1] += 1
            marked.add(key)
            t += timedelta(minutes=15)
    wrong = sum(q != "good" for k, q in index.items() if k not in marked)
    assert graded["scada_bad"][0] == graded["scada_bad"][1]
    assert graded["scada_frozen"][0] >= 0.85 * graded["scada_frozen"][1], graded
    assert wrong <= 0.002 * len(index), f"{wrong} of {len(index)} good values are doubted"


@pytest.mark.parametrize(
    ("tag", "words", "value", "told"),
    [
        ("F1_P", {"quantity": "MW"}, 2000.0, False),
        ("F1_P", {"quantity": "mw phase a"}, 2000.0, False),
        ("F1_V", {"quantity": "V"}, 0.002, False),
        ("F1_P", {"quantity": "active power"}, 2.0, False),
        ("F1_MW", {"unit": "MW"}, 2000.0, False),
        ("F1_MW", {"unit": "kW"}, 2.0, True),
        ("F1_MW", {"unit": "kW", "scale": 1000}, 2000.0, False),
        ("F1.KW", {"unit": "MW"}, 2000.0, True),
    ],
)
def test_units_that_words_and_names_state(
    tag: str, words: dict[str, Any], value: float, told: bool, tmp_path: Path
) -> None:
    reading = read(tmp_path, even([2.0, 2.0, 2.0], tag=tag), {tag: {"feeder": "F1", **words}})
    assert rows(reading)[0]["value"] == pytest.approx(value)
    assert [f.check for f in reading.findings if f.check == "scada.unit-name"] == ["scada.unit-name"] * told


HOURS = [f"2025-01-0{6 + h // 24}" for h in range(30)]


def table(head: str, row: Any) -> str:
    return head + "\n" + "".join(row(day, h % 24, h) + "\n" for h, day in enumerate(HOURS))


def values(reading: Reading) -> list[float | None]:
    return [r["value"] for r in rows(reading)]


def test_day_and_time_in_two_columns_and_a_decimal_comma(tmp_path: Path) -> None:
    text = "Export of the historian\n" + table("DAY;TIME;tag;value", lambda d, c, h: f"{d};{c:02d}:00;F1_MW;{h},5")
    reading = read(tmp_path, text, columns={"day": "DAY", "time": "TIME", "tag": "tag", "value": "value"}, decimal=",",
                   header_row=2)  # fmt: skip
    assert not reading.findings and values(reading)[:2] == [500.0, 1500.0]
    assert rows(reading)[25]["start"] == datetime(2025, 1, 7, 1, tzinfo=UTC)
    grouped = read(tmp_path, text.replace(";7,5", ";1.007"), decimal=",", header_row=2,
                   columns={"day": "DAY", "time": "TIME", "tag": "tag", "value": "value"})  # fmt: skip
    assert [(f.check, f.line) for f in grouped.findings if f.severity == "error"] == [("scada.value", 10)]


def test_text_in_utf_16_is_read(tmp_path: Path) -> None:
    text = "\ufeff" + table("time\ttag\tvalue", lambda d, c, h: f"{d} {c:02d}:00\tF1_MW\t{h}")
    path = tmp_path / "wide.csv"
    path.write_bytes(text.encode("utf-16-le"))
    spec = {"kind": "scada", "path": path.name, "tags": MW, "zone": "UTC", "timezone": "America/Chicago"}
    reading = scada.read("s", spec, {path.name: path})
    assert not reading.findings and sum(values(reading)) == 1000 * sum(range(30))


def test_words_of_a_historian_in_place_of_a_value_are_bad_values(tmp_path: Path) -> None:
    said = {3: "No Data", 4: "I/O Timeout", 5: "", 6: "Gestört"}
    text = table("time,tag,value", lambda d, c, h: f"{d} {c:02d}:00,F1_MW,{said.get(h, h)}")
    reading = read(tmp_path, text, quality={"bad": ["Gestört"]})
    assert {f.check: f.severity for f in reading.findings} == {"scada.bad": "warning", "scada.missing": "warning"}
    assert [r["quality"] for r in rows(reading)[2:8]] == ["good", "bad", "bad", "missing", "bad", "good"]
    odd = read(tmp_path, text)
    assert [f.value for f in odd.findings if f.check == "scada.value"] == ["Gestört"]


def test_each_column_may_have_a_quality_of_its_own(tmp_path: Path) -> None:
    text = table("time,P,P_Q,Q,Q_Q,note", lambda d, c, h: f"{d} {c:02d}:00,{h},{'BAD' if h == 3 else 'GOOD'},{h},192,x")
    tags = {
        "P": {"feeder": "F", "unit": "kW", "quality": "P_Q"},
        "Q": {"feeder": "F", "unit": "kvar", "quality": "Q_Q"},
    }
    reading = read(tmp_path, text, tags=tags, layout="wide")
    assert {f.check for f in reading.findings} == {"scada.bad", "scada.tag"}, "the column note is told"
    assert [(r["quantity"], r["quality"]) for r in rows(reading) if r["quality"] != "good"] == [("kw", "bad")]


def test_values_written_as_they_change_are_not_taken_for_intervals(tmp_path: Path) -> None:
    text = table("time,tag,value", lambda d, c, h: f"{d} {c:02d}:{h * 7 % 60:02d}:{h * 13 % 60:02d},F1_MW,{h}")
    reading = read(tmp_path, text)
    (told,) = [f for f in reading.findings if f.check == "scada.grid"]
    assert "record: event" in told.remedy and not rows(reading)
    events = read(tmp_path, text, tags={"F1_MW": MW["F1_MW"] | {"record": "event"}})
    assert len(rows(events)) == 30 and not events.findings


def test_the_end_of_a_day_may_be_24(tmp_path: Path) -> None:
    text = table("time,tag,value", lambda d, c, h: f"{d} {c + 1:02d}:00,F1_MW,{h}")
    reading = read(tmp_path, text, stamp="interval_end")
    assert not reading.findings and rows(reading)[23]["start"] == datetime(2025, 1, 6, 23, tzinfo=UTC)


@pytest.mark.parametrize("rest", ["x", '"x"'])
def test_a_quote_that_is_not_closed_swallows_no_row(tmp_path: Path, rest: str) -> None:
    notes = {3: '"check', 4: rest}
    text = table("time,tag,value,note", lambda d, c, h: f"{d} {c:02d}:00,F1_MW,{h},{notes.get(h, 'ok')}")
    reading = read(tmp_path, text)
    assert values(reading) == [1000.0 * h for h in range(30)] and not reading.findings


def test_a_column_of_stamps_for_each_tag_is_not_read_by_the_first(tmp_path: Path) -> None:
    tags = {"P": {"feeder": "F", "unit": "kW"}, "Q": {"feeder": "F", "unit": "kvar"}}
    text = table("Time,P,time,Q", lambda d, c, h: f"{d} {c:02d}:00,{h},{d} {c:02d}:{15 * (h % 2):02d},{h}")
    for columns in ("ours", {"time": "#1"}):
        reading = read(tmp_path, text, tags=tags, layout="wide", columns=columns)
        told = [f for f in reading.findings if f.severity == "error"]
        assert [(f.check, "#1, #3" in f.message) for f in told] == [("given.column", True)] and not rows(reading)
    alike = table("Time,P,time,Q", lambda d, c, h: f"{d} {c:02d}:00,{h},{d} {c:02d}:00,{h}")
    assert len(rows(read(tmp_path, alike, tags=tags, layout="wide"))) == 60


def test_offsets_of_hours_alone(tmp_path: Path) -> None:
    reading = read(tmp_path, table("time,tag,value", lambda d, c, h: f"{d} {c:02d}:00:00+01,F1_MW,{h}"))
    assert rows(reading)[1]["start"] == datetime(2025, 1, 6, 0, tzinfo=UTC) and not reading.findings
