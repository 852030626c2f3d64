"""Exports of outages: formats that mean the same, stamps, and the sample of a synthetic utility."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import outage_exports as exports
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dtl import tables
from dtl.sources import oms
from dtl.sources.oms_words import Causes, alias
from dtl.sources.reading import Reading
from dtl.sources.stamps import Clock, StampError
from dtl.spec.oms import OutageColumns
from dtl.spec.sources import Oms

TABLES = ("outages", "steps", "served")


def read(folder: Path, files: dict[str, bytes], **spec: Any) -> Reading:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    words = {k: v for k, v in (exports.SPEC | spec).items() if v is not None}
    reading = oms.read("oms", words, {name: folder / name for name in files})
    for name in TABLES:
        tables.frame(name, {c.name: [r[c.name] for r in reading.tables[name]] for c in tables.TABLES[name].columns})
    return reading


def content(reading: Reading) -> list[dict[str, Any]]:
    """The outages without the place in the file."""
    return [{k: v for k, v in row.items() if k not in ("file", "line")} for row in reading.tables["outages"]]


def checks(reading: Reading) -> Counter[str]:
    return Counter(f.check for f in reading.findings)


def test_csv_and_excel_of_one_export_are_the_same(tmp_path: Path) -> None:
    files = exports.exports()
    others = {n: files[n] for n in ("steps.csv", "served.csv")}
    text = read(tmp_path, {"oms.csv": files["oms.csv"], **others})
    sheet = read(tmp_path, {"oms.xlsx": files["oms.xlsx"], **others})
    assert len(content(text)) == 30 and content(text) == content(sheet)
    assert text.tables["steps"] == sheet.tables["steps"] and text.tables["served"] == sheet.tables["served"]
    assert checks(text) == checks(sheet)


def test_excel_as_people_make_it(tmp_path: Path) -> None:
    """A title above the header, two sheets, dates as serial numbers, numbers as text, a sum at the end."""
    body = exports.rows(12)
    odd = [row[:] for row in body]
    for row in odd:
        row[3:5] = [(t - datetime(1899, 12, 30)) / timedelta(days=1) for t in row[3:5]]
        row[5] = str(row[5])
    total = ["Total", "", "", "", "", sum(r[5] for r in body), "", "", "", "", ""]
    made = exports.as_excel(exports.HEADER, odd[:7], (), second=[*odd[7:], total])
    plain = {"steps": None, "customers_served": None}
    reading = read(tmp_path, {"oms.xlsx": made}, sheets=["Sheet", "second"], **plain)
    assert content(reading) == content(read(tmp_path, {"oms.xlsx": exports.as_excel(exports.HEADER, body)}, **plain))
    assert checks(reading)["outage.totals-row"] == 1
    titled = exports.as_excel(exports.HEADER, [*body, total], ("Outages", "made by the control room"))
    reading = read(tmp_path, {"oms.xlsx": titled}, header_row=3, skip_footer=1, **plain)
    assert len(content(reading)) == 12 and not checks(reading)["outage.totals-row"]
    missing = read(tmp_path, {"oms.xlsx": titled}, sheets=["third"], **plain)
    assert [f.message for f in missing.findings] == ["has no sheet 'third'; there is Sheet"]


def test_sheets_that_are_not_read_are_told(tmp_path: Path) -> None:
    body, plain = exports.rows(12), {"steps": None, "customers_served": None}
    more = exports.as_excel(exports.HEADER, body[:7], (), y2025=body[7:])

    def told(**spec: Any) -> list[tuple[str, str]]:
        found = read(tmp_path, {"oms.xlsx": more}, **plain, **spec).findings
        return [(f.severity, f.value) for f in found if f.check == "source.sheets-left"]

    assert told() == [("warning", "y2025")]
    assert told(sheets=["Sheet", "y2025"]) == told(sheets=["Sheet"]) == []


@pytest.mark.parametrize("what", ["entity", "bomb"])
def test_hostile_excel_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "oms.xlsx"
    path.write_bytes(exports.exports()["oms.xlsx"])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed:
        if what == "entity":
            packed.writestr("xl/more.xml", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
        else:
            packed.writestr("xl/media.bin", bytes(60 * 1024**2))
    reading = oms.read("oms", exports.SPEC | {"steps": None, "customers_served": None}, {"oms.xlsx": path})
    assert not reading.tables["outages"]
    (found,) = [f for f in reading.findings if f.severity == "error"]
    assert ("document type" in found.message) if what == "entity" else ("packed 400 times" in found.message)


def test_the_sample_of_a_utility(samples: Path, tmp_path: Path) -> None:
    """All 79 interruptions are read, and every stated customer minute is the sum over its steps."""
    folder = samples / "synthetic_utility" / "p4u"
    codes = {
        "vegetation": "VEG",
        "weather": "WX",
        "equipment": "EQ",
        "wildlife": "ANM",
        "public": "PUB",
        "planned": "PLN",
    }
    causes: dict[str, list[Any]] = {cause: [code] for cause, code in codes.items()} | {"unknown": ["UNK"]}
    causes["lightning"] = [{"cause": ["WX"], "subcause": ["Lightning"]}]
    spec = {"columns": "usual", "step_columns": "usual", "steps": "oms_restoration_steps.csv", "causes": causes}
    spec |= {"timezone": "America/Los_Angeles", "time_format": "%m/%d/%Y %H:%M", "customers_served": {"P4U": 41.0}}
    names = ("oms_outages.csv", "oms_restoration_steps.csv")
    reading = oms.read("oms", spec, {n: folder / n for n in names})
    assert reading.findings == []
    rows = reading.tables["outages"]
    assert len(rows) == 79 and sum(len(r["outage"]) > 0 for r in rows) == 79
    assert len(reading.tables["steps"]) == 82
    assert all(r["customer_minutes"] == r["customer_minutes_stated"] for r in rows)
    assert sum(r["customers"] for r in rows) == 240 and sum(r["customer_minutes"] for r in rows) == 22_831
    assert Counter(r["cause"] for r in rows)["lightning"] == 5
    verdicts = Counter(
        (r["object"].split(" ")[0], r["verdict"]) for r in reading.conversion.values() if not r["property"]
    )
    assert verdicts == {("[outage]", "mapped"): 79, ("[step]", "mapped"): 82, ("[columns]", "mapped"): 2}
    unused = {r["property"] for r in reading.conversion.values() if r["verdict"] == "unused"}
    assert unused == {"DEVICE_TYPE", "CREW_ID", "STEP_NO"}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(datetime(2025, 6, 1, 10, 24), "America/Chicago")
@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.sampled_from(["Europe/Berlin", "America/Chicago"]))
def test_a_stamp_of_any_clock_is_its_instant(when: datetime, zone: str) -> None:
    when = when.replace(microsecond=0)
    truth = when.replace(tzinfo=UTC)
    local = truth.astimezone(ZoneInfo(zone))
    assert Clock(zone, "UTC").instant(f"{when:%Y-%m-%d %H:%M:%S}").utc == truth
    assert Clock(zone).instant(local.isoformat()).utc == truth, "an offset in the stamp wins"
    winter = truth.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - (local.dst() or timedelta())
    assert Clock(zone, "standard").instant(f"{winter:%Y-%m-%d %H:%M:%S}").utc == truth
    found = Clock(zone, "local", "%d.%m.%Y %H:%M:%S").instant(f"{local:%d.%m.%Y %H:%M:%S}", after=truth)
    assert found.utc == truth and not found.gap
    assert Clock(zone).day(truth) == local.date()


def test_nights_when_clocks_change() -> None:
    clock = Clock("Europe/Berlin")
    spring = clock.instant("2025-03-30 02:30")
    assert spring.gap and spring.utc == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)
    first = clock.instant("2025-10-26 02:30")
    assert first.twice and first.utc == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    later = clock.instant("2025-10-26 02:30", after=datetime(2025, 10, 26, 0, 50, tzinfo=UTC))
    assert later.utc == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    for wrong in ("08/07/2025 11:02", "2025-13-01 00:00", "2025-08-07", "3025-01-01 00:00", ""):
        with pytest.raises(StampError):
            clock.instant(wrong)


def test_the_most_exact_cause_counts() -> None:
    causes = Causes({"weather": ["W*", "WX"], "lightning": [{"cause": ["WX"], "subcause": ["Light*"]}],
                     "wildlife": [{"cause": ["*"], "subcause": ["squirrel"]}]})  # fmt: skip
    found = [
        causes.of(*c) for c in (("wx", "Lightning"), ("WX", "Wind"), ("WZ", "squirrel"), ("EQ", "Squirrel"), ("EQ", ""))
    ]
    assert found == ["lightning", "weather", "weather", "wildlife", None]


def test_aliases_apply_in_their_order() -> None:
    rule = alias({"names": {"North 4": "NS-004"}, "strip_prefix": ["CKT ", "C"], "strip_suffix": ["(5)"], "zero_pad": 3,
                  "add_prefix": "F"})  # fmt: skip
    names = {"north 4": "NS-004", "CKT 7(5)": "F007", "C12": "F012", "ckt ": "", "1234": "F1234", "A1B": "FA001B"}
    assert {name: rule(name) for name in names} == names
    assert alias(None)("CKT 7") == ""


def test_shipped_maps_fit_our_own_tables() -> None:
    """What DTL writes as tables `outages` and `steps` can be read again under `columns: ours`."""
    from dtl.sources.oms_words import columns, places

    own = [c.name for c in tables.TABLES["outages"].columns]
    assert {"id", "start", "end", "feeder", "device", "customers", "cause"} <= set(
        places(own, columns("ours", "outages"))
    )
    assert set(places([c.name for c in tables.TABLES["steps"].columns], columns("ours", "steps"))) == {
        "id",
        "end",
        "restored",
    }
    usual = places(exports.HEADER, columns("usual", "outages"))
    assert len(usual) == len(exports.HEADER) - 1, "all but the crew"


@pytest.mark.parametrize("number", [200, pytest.param(2000, marks=pytest.mark.slow)])
def test_damaged_exports_become_findings(tmp_path: Path, number: int) -> None:
    """Never a traceback, a hang or a silent loss; each copy has two seconds, in a process beside the tests."""
    command = [sys.executable, "-W", "error", exports.__file__, "0", str(number), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=number, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def plain_read(folder: Path, text: str | bytes, **spec: Any) -> Reading:
    """Read a CSV without the column maps of the export above."""
    data = text if isinstance(text, bytes) else text.encode()
    spec["columns"] = {field: [name] for field, name in spec["columns"].items()}
    none = dict.fromkeys(("steps", "customers_served", "feeder_names", "device_names", "time_format"))
    return read(folder, {"o.csv": data}, **(none | {"path": "o.csv", "zone": "UTC", "causes": "ours"} | spec))


COLUMNS = {"id": "ID", "start": "START", "duration_h": "H", "customers": "CI"}


@pytest.mark.parametrize(
    ("head", "row", "columns", "form"),
    [
        ("ID,START,H,CI", "a,2025-03-04 10:00,1.5,7", COLUMNS, None),
        ("ID,START,H,CI", "a,2025-03-04 10:00,1:30,7", COLUMNS, None),
        ("ID,START,H,CI", "a,2025-03-04 10:00,01:30:00,7", COLUMNS | {"duration_h": None, "duration_min": "H"}, None),
        ("ID;D;T;E;U;CI", "a;03/04/2025;10:00 AM;03/04/2025;11:30 AM;7",
         {"id": "ID", "start": "D", "start_time": "T", "end": "E", "end_time": "U", "customers": "CI"},
         "%m/%d/%Y %I:%M %p"),
        ("ID,START,END,CI", "a,45720.4166667,45720.4791667,7",
         {"id": "ID", "start": "START", "end": "END", "customers": "CI"}, "excel"),
        ("ID,START,END,CI", "a,1741082400,1741087800,7",
         {"id": "ID", "start": "START", "end": "END", "customers": "CI"}, "unix_s"),
    ],
)  # fmt: skip
def test_times_in_any_layout_are_the_same_interruption(
    tmp_path: Path, head: str, row: str, columns: dict[str, Any], form: str | None
) -> None:
    columns = {f: n for f, n in columns.items() if n}
    for coding in ("utf-8", "utf-16"):
        reading = plain_read(tmp_path, f"{head}\n{row}\n".encode(coding), columns=columns, time_format=form)
        (found,) = reading.tables["outages"]
        assert (found["start"], found["end"]) == (
            datetime(2025, 3, 4, 10, tzinfo=UTC), datetime(2025, 3, 4, 11, 30, tzinfo=UTC)
        )  # fmt: skip
        assert found["customer_minutes"] == 630
    OutageColumns(**columns)
    Oms(kind="oms", path="o.csv", columns=columns, time_format=form)


def test_rows_that_are_steps_are_one_interruption(tmp_path: Path) -> None:
    text = (
        "ID,START,END,CI,CMI\n"
        "a,2025-03-04 10:00,2025-03-04 10:30,60,1800\n"
        "b,2025-03-04 10:00,2025-03-04 10:01,1,1\n"
        "a,2025-03-04 10:00,2025-03-04 12:00,40,4800\n"
        "c,2025-03-05 10:05,2025-03-05 10:30,5,125\n"
        "c,2025-03-05 10:00,2025-03-05 10:30,5,150\n"
        "d,2025-03-06 10:00,,5,\n"
    )
    columns = {"id": "ID", "start": "START", "end": "END", "customers": "CI", "customer_minutes": "CMI"}
    reading = plain_read(tmp_path, text, columns=columns, each_row="step")
    found = {r["outage"]: r for r in reading.tables["outages"]}
    assert (found["a"]["customers"], found["a"]["customer_minutes"], found["a"]["customer_minutes_stated"]) == (
        100, 6600, 6600
    )  # fmt: skip
    assert [s["customers"] for s in reading.tables["steps"] if s["outage"] == "a"] == [60, 40]
    told = {(f.check, f.element) for f in reading.findings if f.check.startswith("outage.step")}
    assert told == {("outage.step-start", "outage c"), ("outage.step-customers", "outage d")}
    refused = plain_read(tmp_path, text, columns=columns)
    assert checks(refused)["outage.duplicate"] == 2, "unless it is said, a second row of an id is refused"


@pytest.mark.parametrize("each_row", ["interruption", "step"])
def test_one_event_over_two_feeders_is_an_interruption_of_each(tmp_path: Path, each_row: str) -> None:
    text = (
        "ID,FEEDER,START,END,CI\na,F1,2025-03-04 10:00,2025-03-04 11:00,60\na,F2,2025-03-04 10:00,2025-03-04 12:00,40\n"
    )
    columns = {"id": "ID", "feeder": "FEEDER", "start": "START", "end": "END", "customers": "CI"}
    reading = plain_read(tmp_path, text, columns=columns, each_row=each_row)
    found = {r["feeder"]: r["customer_minutes"] for r in reading.tables["outages"]}
    assert found == {"F1": 3600, "F2": 4800}
    assert checks(reading)["outage.feeders"] == 1


def test_customers_are_those_of_the_customer_minutes_where_none_are_stated(tmp_path: Path) -> None:
    text = "ID,START,END,CMI\na,2025-03-04 10:00,2025-03-04 11:30,630\nb,2025-03-04 10:00,2025-03-04 11:30,\n"
    columns = {"id": "ID", "start": "START", "end": "END", "customer_minutes": "CMI"}
    reading = plain_read(tmp_path, text, columns=columns)
    (found,) = reading.tables["outages"]
    assert (found["outage"], found["customers"], found["customer_minutes"]) == ("a", 7, 630)
    assert checks(reading)["outage.derived-customers"] == 1 and checks(reading)["outage.no-customers"] == 1
