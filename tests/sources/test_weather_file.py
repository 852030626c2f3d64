"""Weather from CSV, EPW, TMY3, NSRDB, stored answers: SI units, hours by their start, impossible values taken out."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import TypeAdapter, ValidationError
from typical_files import epw, hours, light, nsrdb, temperature, tmy3

from dtl.demand.weather import weather, years
from dtl.sources import weather_file
from dtl.sources.reading import Reading
from dtl.spec.oms import HourFormat

PLACE = {"w": {"latitude_deg": 41.9, "longitude_deg": -87.6}}


def read(folder: Path, text: str, name: str = "w.csv", kind: str = "weather_file", **spec: Any) -> Reading:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    given = {"kind": kind, "path": name, "timezone": "America/Chicago", "points": PLACE}
    return weather_file.read("s", given | spec, {name: path})


def table(reading: Reading) -> pa.Table:
    found = reading.tables["weather"]
    assert isinstance(found, pa.Table)
    return found


@pytest.mark.parametrize(("text", "name"), [(epw, "w.epw"), (tmy3, "w.tm3")], ids=["epw", "tmy3"])
def test_a_typical_year_lies_on_every_calendar(tmp_path: Path, text: Any, name: str) -> None:
    reading = read(tmp_path, text(), name, kind="epw" if name == "w.epw" else "weather_file")
    assert reading.findings == []
    rows = table(reading)
    assert rows.num_rows == 8760
    first = min(r["start"] for r in rows.to_pylist() if r["start"].year in (2003, 2004) and r["start"].month == 1)
    assert first == datetime(2003, 1, 1, 6, tzinfo=UTC), "01:00 is the end of the first hour in local standard time"
    found = weather(rows, "s", "w", 2024, "America/Chicago")
    assert found is not None
    assert found.basis == "typical"
    assert (found.latitude_deg, found.longitude_deg) == (41.98, -87.92)
    assert found.needed("temp_c") == pytest.approx([temperature(t) for t in hours()], abs=1e-4)
    assert found.needed("ghi_w_m2")[13] == 130.0
    assert found.needed("pressure_hpa")[0] == pytest.approx(995.0)
    assert len(found.missing["precipitation_mm"]) == 8760, "999 and -9900 say that nothing is known"


def test_a_typical_year_of_the_nsrdb(tmp_path: Path) -> None:
    reading = read(tmp_path, nsrdb())
    assert reading.findings == []
    rows = table(reading)
    assert rows["start"][0].as_py() == datetime(2001, 3, 1, 6, tzinfo=UTC), "00:30 at UTC-6 is the hour from 06:00"
    found = weather(rows, "s", "w", 2024, "America/Chicago")
    assert found is not None
    assert (found.basis, found.latitude_deg, found.longitude_deg) == ("typical", 41.98, -87.92)
    assert found.needed("temp_c") == pytest.approx([temperature(t) for t in hours()], abs=1e-4)
    assert (found.needed("ghi_w_m2")[13], found.needed("dni_w_m2")[0], found.needed("dhi_w_m2")[0]) == (130.0, 5.0, 7.0)
    assert (found.needed("pressure_hpa")[0], found.needed("wind_m_s")[0]) == pytest.approx((995.0, 3.6))
    told = {r["property"]: r["verdict"] for r in reading.conversion.values()}
    assert told["Surface Albedo"] == "unused"


def test_a_year_of_the_nsrdb_holds_for_that_year(tmp_path: Path) -> None:
    lines = nsrdb().splitlines()
    lines[3:] = [f"2023,{line.split(',', 1)[1]}" for line in lines[3:]]
    lines[5:7] = []
    reading = read(tmp_path, "\n".join(lines) + "\n")
    assert [(f.check, f.value) for f in reading.findings] == [
        ("weather.year", "8758"), ("weather.gap", "the longest after 2023-01-01T07:00:00Z"),
    ]  # fmt: skip
    found = weather(table(reading), "s", "w", 2023, "America/Chicago")
    assert found is not None
    assert found.basis == "year"
    assert weather(table(reading), "s", "w", 2024, "America/Chicago") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (nsrdb(48, minute=0), "minute 0"),
        (nsrdb(48, minute=30) + nsrdb(48, minute=0).split("\n", 3)[3], "minute 0, 30"),
        (nsrdb(48, unit="f"), "Temperature in f"),
        (nsrdb(0), "no hours"),
        (nsrdb(48).replace("-6,201", "x,201"), "no NSRDB file"),
        ("Source,Location ID,City\n", "no NSRDB file"),
    ],
)
def test_an_nsrdb_file_of_another_kind_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (told,) = read(tmp_path, text).findings
    assert (told.check, told.severity, why in told.message) == ("given.file", "error", True), told.message


def test_a_typical_year_that_is_cut_off(tmp_path: Path) -> None:
    reading = read(tmp_path, epw(500), "w.epw", kind="epw")
    assert [(f.check, f.value) for f in reading.findings] == [("weather.year", "500")]
    broken = read(tmp_path, "LOCATION,x\n1,2,3\n", "w.epw", kind="epw")
    assert [f.check for f in broken.findings] == ["given.file"]


@pytest.mark.parametrize(("text", "name", "nothing"), [(epw, "w.epw", 99.9), (tmy3, "w.tm3", -9900)])
def test_what_a_typical_year_calls_nothing_is_told_with_its_hour(
    tmp_path: Path, text: Any, name: str, nothing: float
) -> None:
    lost = {f",{temperature(t)}," for t in hours(48)[5:8]}
    lines = [next((x.replace(v, f",{nothing},") for v in lost if v in x), x) for x in text().splitlines()]
    reading = read(tmp_path, "\n".join(lines) + "\n", name)
    (told,) = reading.findings
    assert (told.check, told.field, told.message) == ("weather.missing", "temp_c", "hours without a value: 3 of 8760")
    assert told.value == "the first at 2003-01-01T11:00:00Z" and "fetch" not in told.remedy


def test_units_labels_and_impossible_values(tmp_path: Path) -> None:
    text = "time,tmpf,gust_kmh,ghi,humidity_pct\n"
    text += "".join(
        f"2025-06-01T{h:02d}:00,{32 + 1.8 * h},{36 if h < 9 else ''},{100 * h},{50 if h else 700}\n" for h in range(12)
    )
    reading = read(tmp_path, text, columns="usual", zone="UTC", stamp="preceding_hour")
    rows = {r["start"].hour: r for r in table(reading).to_pylist() if r["start"].day == 1}
    assert rows[3]["temp_c"] == pytest.approx(3.0)
    assert rows[3]["ghi_w_m2"] == 400.0, "the mean of the hour that ends at 04:00"
    assert rows[3]["gust_m_s"] == pytest.approx(10.0)
    assert [(f.check, f.field) for f in reading.findings] == [
        ("weather.range", "humidity_pct"),
        ("weather.missing", "gust_m_s"),
    ]
    ends = read(tmp_path, text, columns="usual", zone="UTC", stamp="interval_end")
    assert table(ends)["start"][0].as_py() == datetime(2025, 5, 31, 23, tzinfo=UTC)


def test_own_columns_with_their_units(tmp_path: Path) -> None:
    columns = {"time": ["T"], "wind_m_s": {"column": ["W"], "unit": "kn"}, "temp_c": "Temp"}
    stamps = (("00:00", 20), ("01:00", "x"), ("01:00", 22), ("01:20", 22))
    text = "T,Temp,W,Extra\n" + "".join(f"01.06.2025 {t},{v},10,a\n" for t, v in stamps)
    reading = read(tmp_path, text, columns=columns, time_format="%d.%m.%Y %H:%M", zone="standard")
    rows = table(reading).to_pylist()
    assert rows[0]["start"] == datetime(2025, 6, 1, 6, tzinfo=UTC), "standard time, without daylight saving"
    assert rows[0]["wind_m_s"] == pytest.approx(5.1444, abs=1e-4)
    told = {f.check: f for f in reading.findings}
    assert set(told) == {"given.number", "weather.duplicate", "weather.hourly"}
    assert (told["given.number"].line, told["given.number"].value) == (3, "x")


def test_a_point_needs_a_place(tmp_path: Path) -> None:
    reading = read(tmp_path, "time,temp_c\n2025-01-01T00:00,1\n", points=None)
    assert [f.check for f in reading.findings] == ["weather.place"]
    assert table(reading).num_rows == 0


def test_a_year_is_laid_on_the_calendar_and_gaps_are_told(tmp_path: Path) -> None:
    """29 February is dropped, three hours are interpolated, four are not, rain never is."""
    start = np.datetime64("2024-01-01T06", "h")
    lines = ["time,temp_c,precipitation_mm"]
    lacking = {*range(100, 103), *range(200, 204)}
    for h in range(8784):
        cells = ("", "") if h in lacking else (f"{h % 1000 / 20 - 10:.2f}", "0.1")
        lines.append(f"{start + np.timedelta64(h, 'h')}:00Z,{cells[0]},{cells[1]}")
    rows = table(read(tmp_path, "\n".join(lines) + "\n", zone="UTC"))
    assert years(rows, "s", "w", "America/Chicago") == [2024]
    found = weather(rows, "s", "w", 2024, "America/Chicago")
    assert found is not None
    assert (found.basis, found.filled["temp_c"]) == ("year", 3)
    assert found.fields["temp_c"][101] == pytest.approx(101 / 20 - 10, abs=1e-5)
    assert found.missing["temp_c"] == (200, 201, 202, 203)
    assert len(found.missing["precipitation_mm"]) == 7
    assert found.fields["temp_c"][59 * 24] == pytest.approx((60 * 24 % 1000) / 20 - 10, abs=1e-5), "1 March"
    assert weather(rows, "s", "w", 2023, "America/Chicago") is None, "one other year is no typical year"
    assert weather(rows, "s", "elsewhere", 2024, "America/Chicago") is None


def test_stored_answers_and_csv_of_one_utility_agree(tmp_path: Path) -> None:
    import argparse
    from datetime import date

    from dtl.synth.command import run_utility

    out = tmp_path / "u"
    run_utility(argparse.Namespace(
        feeders=1, days=1, years=None, start=date(2025, 1, 15), step_min=60, oms_years=1, scada_years=0,
        formats="weather", errors="none", zone="America/Chicago", meters="20-30", no_volts=True, jobs=1, seed=3,
        out=out,
    ))  # fmt: skip
    file = next((out / "weather").glob("*.json"))
    answer = weather_file.read("s", {"kind": "weather_file", "path": "w"}, {file.name: file})
    csv = file.with_suffix(".csv")
    spec = {"kind": "weather_file", "path": "w", "columns": "usual", "zone": "UTC", "timezone": "UTC",
            "stamp": "preceding_hour", "points": {file.stem: {"latitude_deg": 0, "longitude_deg": 0}}}  # fmt: skip
    other = weather_file.read("s", spec, {csv.name: csv})
    keep = ["point", "start", "temp_c", "humidity_pct", "wind_m_s", "gust_m_s", "ghi_w_m2", "precipitation_mm"]
    assert table(answer).num_rows > 8000
    assert table(answer).select(keep).equals(table(other).select(keep))


@pytest.mark.parametrize(
    ("temp", "severity"),
    [
        (lambda h: 60 + 30 * math.sin(h / 24), "error"),
        (lambda h: -999 if h % 3 else 20, "warning"),
        (lambda h: 80 + h if h < 2 else 20, "warning"),
    ],
    ids=["fahrenheit", "code", "few"],
)
def test_degrees_of_another_unit_stop_the_study(temp: Any, severity: str, tmp_path: Path) -> None:
    first = datetime(2025, 1, 1)
    lines = [f"{first + timedelta(hours=h):%Y-%m-%d %H:%M},{temp(h):.2f}" for h in range(400)]
    reading = read(tmp_path, "time,temp_c\n" + "\n".join(lines) + "\n", columns="usual")
    assert [f.severity for f in reading.findings if f.check == "weather.range"] == [severity]


def test_a_leap_year_is_whole_and_half_hours_are_told(tmp_path: Path) -> None:
    lines = epw().splitlines()
    head, cells = lines[:8], lines[8 + 12].split(",")
    leap = [datetime(2020, 1, 1) + timedelta(hours=h) for h in range(8784)]
    rows = [
        [t.year, t.month, t.day, t.hour + 1, 0, "?9", temperature(t), *cells[7:13], light(t), *cells[14:]] for t in leap
    ]
    body = [",".join(map(str, row)) for row in rows]
    reading = read(tmp_path, "\n".join([*head, *body]) + "\n", "leap.epw", kind="epw")
    assert reading.findings == []
    assert table(reading).num_rows == 8784
    found = weather(table(reading), "s", "leap", 2020, "America/Chicago")
    assert found is not None
    degrees = found.needed("temp_c")[[59 * 24 - 1, 59 * 24]]
    assert degrees == pytest.approx([temperature(datetime(2020, 2, 28, 23)), temperature(datetime(2020, 3, 1))])
    halves = [row for row in lines[8:] for _ in range(2)]
    told = read(tmp_path, "\n".join([*head, *halves]) + "\n", "half.epw", kind="epw").findings
    assert [(f.check, f.message) for f in told] == [("weather.duplicate", "hours given again: 8760; the first counts")]


def test_a_station_with_words_for_nothing_a_decimal_comma_and_rows_above(tmp_path: Path) -> None:
    rows = [f"2025-06-{1 + h // 24:02d} {h % 24:02d}:00;{'M' if h == 5 else f'{h % 9},5'};-9999" for h in range(48)]
    text = "Station 7\n\ntime;temp_c;precipitation_mm\n" + "\n".join(rows) + "\n"
    reading = read(tmp_path, text, header_row=3, decimal=",", nothing=["M"])
    found = table(reading).to_pylist()
    assert len(found) == 47 and found[4]["temp_c"] == 4.5 and {r["precipitation_mm"] for r in found} == {None}
    assert {f.check for f in reading.findings} == {"weather.range", "weather.gap"}
    odd = read(tmp_path, text, header_row=3, decimal=",")
    assert [(f.check, f.line, f.value) for f in odd.findings if f.severity == "error"] == [("given.number", 9, "M")]


@pytest.mark.parametrize("form", ["%Y%m%d%H", "%Y-%m-%d %H"])
def test_stamps_that_hold_no_minute(form: str, tmp_path: Path) -> None:
    """As national weather services write them, with numbers of a station and marks of the end of a row."""
    adapter = TypeAdapter(HourFormat)
    assert adapter.validate_python(form) == form
    rows = [f"44;{datetime(2025, 1, 1, h):{form}};3; {h}.5;{'-999' if h == 3 else '80.0'};eor" for h in range(6)]
    columns = {"time": "MESS_DATUM", "temp_c": "TT_TU", "humidity_pct": "RF_TU"}
    text = "STATIONS_ID;MESS_DATUM;QN_9;TT_TU;RF_TU;eor\n" + "\n".join(rows) + "\n"
    reading = read(tmp_path, text, columns=columns, time_format=form, zone="UTC", nothing=["-999"])
    found = table(reading).to_pylist()
    assert [(r["start"].hour, r["temp_c"]) for r in found] == [(h, h + 0.5) for h in range(6)]
    assert found[3]["humidity_pct"] is None and not reading.findings


def test_a_format_of_days_alone_is_no_format_of_hours() -> None:
    with pytest.raises(ValidationError, match="is no format of day and time"):
        TypeAdapter(HourFormat).validate_python("%Y-%m-%d")


@pytest.mark.parametrize(("form", "hour"), [("%Y-%m-%d %H", "{}"), ("", "{:02d}:00")])
def test_day_and_hour_in_two_columns(form: str, hour: str, tmp_path: Path) -> None:
    text = "date,hour,temp,rhum\n" + "".join(
        f"2025-01-{d:02d},{hour.format(h)},{h},80\n" for d in (1, 2) for h in range(24)
    )
    columns = {"day": "date", "time": "hour", "temp_c": "temp"}
    reading = read(tmp_path, text, columns=columns, zone="UTC", **({"time_format": form} if form else {}))
    found = table(reading).to_pylist()
    assert [(r["start"].day, r["start"].hour, r["temp_c"]) for r in found] == [
        (d, h, h) for d in (1, 2) for h in range(24)
    ]  # fmt: skip
    assert not reading.findings


def test_of_two_columns_of_one_name_the_study_says_which(tmp_path: Path) -> None:
    """As a download of two depths or heights has them; two that are equal are one."""
    text = "time,temp,temp,wind,wind\n" + "".join(f"2025-01-01 {h:02d}:00,{h},{h + 1},5,5\n" for h in range(24))
    columns = {"time": "time", "temp_c": "temp", "wind_m_s": "wind"}
    doubtful = read(tmp_path, text, columns=columns, zone="UTC")
    assert [(f.check, "'temp': write one of #2, #3 for temp_c" in f.message) for f in doubtful.findings] == [
        ("given.file", True)
    ]
    found = table(read(tmp_path, text, columns=columns | {"temp_c": "#3"}, zone="UTC")).to_pylist()
    assert [r["temp_c"] for r in found] == [h + 1.0 for h in range(24)]
