"""Weather in layouts that services and stations publish: imperial answers, zones of half hours, PVGIS, reports."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typical_files import YEARS, hours, light

from dtl.demand.weather import weather
from dtl.sources import weather_file
from dtl.sources.reading import Reading

PLACE = {"w": {"latitude_deg": 41.9, "longitude_deg": -87.6}}


def read(folder: Path, text: str, name: str = "w.csv", timezone: str = "America/Chicago", **spec: Any) -> Reading:
    (folder / name).write_text(text, encoding="utf-8")
    given = {"kind": "weather_file", "path": name, "timezone": timezone, "points": PLACE}
    return weather_file.read("s", given | spec, {name: folder / name})


def table(reading: Reading) -> pa.Table:
    found = reading.tables["weather"]
    assert isinstance(found, pa.Table)
    return found


def test_an_answer_in_imperial_units_with_blocks_beside_the_hours(tmp_path: Path) -> None:
    times = [f"2025-06-01T{h:02d}:00" for h in range(24)]
    units = {"time": "iso8601", "temperature_2m": "°F", "snow_depth": "ft", "wind_speed_10m": "mp/h"}
    answer = {
        "latitude": 41.9, "longitude": -87.6, "utc_offset_seconds": 0, "timezone": "GMT", "hourly_units": units,
        "hourly": {"time": times, "temperature_2m": [77.0] * 24, "snow_depth": [2.0] * 24,
                   "wind_speed_10m": [10.0] * 24},
        "daily_units": {"time": "iso8601"}, "daily": {"time": ["2025-06-01"], "temperature_2m_max": [80.0]},
        "minutely_15": {"time": ["2025-06-01T00:00"], "temperature_2m": [77.0]},
    }  # fmt: skip
    reading = read(tmp_path, json.dumps(answer), "w.json")
    assert reading.findings == []
    row = table(reading).to_pylist()[-1]
    assert (row["temp_c"], row["snow_m"], row["wind_m_s"]) == pytest.approx((25.0, 0.6096, 4.4704), abs=1e-5)
    unused = {c["property"] for c in reading.conversion.values() if c["verdict"] == "unused"}
    assert unused == {"daily", "minutely_15"}


@pytest.mark.parametrize(("zone", "first"), [("5.5", "18:30"), ("-3.5", "03:30"), ("9", "15:00"), ("0", "00:00")])
def test_a_file_of_the_nsrdb_in_a_zone_of_half_hours(tmp_path: Path, zone: str, first: str) -> None:
    head = "Source,Location ID,City,Latitude,Longitude,Time Zone,Elevation,Local Time Zone\n"
    head += f"NSRDB,1,-,28,77,{zone},9,{zone}"
    body = [f"2019,{t.month},{t.day},{t.hour},30,{t.hour}" for t in hours()]
    reading = read(tmp_path, "\n".join([head, "Year,Month,Day,Hour,Minute,Temperature", *body]) + "\n")
    assert reading.findings == []
    rows = table(reading).to_pylist()
    assert f"{rows[0]['start']:%H:%M}" == first
    assert [r["temp_c"] for r in rows[:24]] == list(range(24)), "the first hour of the file is the first of its zone"


def test_a_file_of_the_nsrdb_without_a_zone(tmp_path: Path) -> None:
    head = "Source,Location ID,City,Latitude,Longitude,Time Zone,Elevation,Local Time Zone\nNSRDB,1,-,28,77,east,9,9"
    reading = read(tmp_path, head + "\nYear,Month,Day,Hour,Minute,Temperature\n2019,1,1,0,30,5\n")
    (told,) = [f for f in reading.findings if f.check == "given.file"]
    assert "east" in told.message


def test_special_reports_do_not_displace_those_of_the_hour(tmp_path: Path) -> None:
    """A station reports at 51 minutes past the hour, and at any other when the weather turns: here first of all."""
    rows = ["2025-01-01 00:13,9", *(f"2025-01-01 {h:02d}:51,{h}" for h in range(24)), "2025-01-01 23:58,9"]
    reading = read(tmp_path, "time,temp_c\n" + "\n".join(rows) + "\n", zone="UTC")
    found = {r["start"]: r["temp_c"] for r in table(reading).to_pylist()}
    assert found == {datetime(2025, 1, 1, h, 51, tzinfo=UTC): float(h) for h in range(24)}
    (told,) = [f for f in reading.findings if f.check == "weather.hourly"]
    assert told.message.endswith("2")
    assert told.value == "2025-01-01T00:13:00Z"


def pvgis(count: int = 8760) -> str:
    head = ["Latitude (decimal degrees): 45.000", "Longitude (decimal degrees): 8.000", "Elevation (m): 250.0"]
    head += ["Irradiance Time Offset (h): 0.1761", "month,year", *(f"{m},{y}" for m, y in enumerate(YEARS, 1))]
    names = "time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP"
    body = [f"{t:%Y%m%d:%H%M},{t.hour},80,{light(t)},-0.0,5,280,1.5,250,99870" for t in hours(count)]
    notes = ["", "T2m: 2-m air temperature (degree Celsius)", "G(h): Global irradiance, on the plane (W/m2)", ""]
    return "\n".join([*head, names, *body, *notes, "PVGIS (c) European Union, 2001-2025"]) + "\n"


def test_a_typical_year_of_pvgis(tmp_path: Path) -> None:
    reading = read(tmp_path, pvgis(), timezone="Europe/Rome", points=None)
    assert reading.findings == []
    rows = table(reading)
    assert rows.num_rows == 8760
    first = next(r for r in rows.to_pylist() if r["start"].year == YEARS[0] and r["start"].month == 1)
    assert (first["start"].hour, first["pressure_hpa"], first["latitude_deg"]) == (0, pytest.approx(998.7), 45.0)
    found = weather(rows, "s", "w", 2025, "Europe/Rome")
    assert found is not None
    assert found.basis == "typical"
    assert found.needed("temp_c")[1:25].tolist() == [float(h) for h in range(24)], "00:00 UTC is 01:00 in Rome"
    assert {c["property"] for c in reading.conversion.values() if c["verdict"] == "unused"} == {"IR(h)", "WD10m"}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("20070201:0300,3,", "20070201:0300,x,", "row 766 is no hour of weather"),
        ("20070201:0300,3,", "20070201:0310,3,", "not hourly"),
        ("20070201:0300,3,", "20070201:0300,", "row 766 is no hour of weather: 9 cells for 10 columns"),
        ("Latitude (decimal degrees): 45.000", "Latitude (decimal degrees): north", "latitude"),
        ("T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP\n", "a,b,c,d,e,f,g,h,i\n", "names none of the columns"),
    ],
)
def test_a_damaged_year_of_pvgis(tmp_path: Path, old: str, new: str, why: str) -> None:
    text = pvgis()
    assert text.count(old) == 1
    (told,) = [f for f in read(tmp_path, text.replace(old, new)).findings if f.check == "given.file"]
    assert why in told.message
    assert told.file == "w.csv"


def test_an_own_map_reads_a_file_of_pvgis(tmp_path: Path) -> None:
    columns = {"time": ["time(UTC)"], "temp_c": ["T2m"]}
    reading = read(tmp_path, pvgis(), columns=columns, header_row=18, time_format="%Y%m%d:%H%M", zone="UTC")
    assert table(reading).num_rows == 8760
    assert table(reading)["start"][0].as_py() == min(hours()).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "name", "unit"),
    [
        ("wind_m_s", "wind_speed_10m (km/h)", "km/h"),
        ("wind_m_s", "WIND_MPH", "mph"),
        ("gust_m_s", "gusts kts", "kn"),
        ("temp_c", "Temp (\u00b0F)", "F"),
        ("temp_c", "TEMP_F", "F"),
        ("temp_c", "T [K]", "K"),
        ("precipitation_mm", "rain_in", "inch"),
        ("snow_m", "snow depth (cm)", "cm"),
        ("pressure_hpa", "SP (Pa)", "Pa"),
        ("ghi_w_m2", "GHI kW/m2", "kW/m2"),
        ("wind_m_s", "wind_speed_10m (m/s)", ""),
        ("wind_m_s", "WINDKMH", ""),
        ("temp_c", "temperature_2m (\u00b0C)", ""),
        ("temp_c", "feels", ""),
        ("precipitation_mm", "rain in mm", ""),
        ("snow_m", "snow depth (m)", ""),
        ("pressure_hpa", "surface_pressure (hPa)", ""),
        ("ghi_w_m2", "shortwave_radiation (W/m\u00b2)", ""),
        ("humidity_pct", "RH (%)", ""),
    ],
)
def test_the_name_of_a_column_that_says_another_unit(tmp_path: Path, field: str, name: str, unit: str) -> None:
    text = f"time,{name}\n" + "".join(f"2025-06-01 {h:02d}:00,1\n" for h in range(24))
    columns: dict[str, Any] = {"time": ["time"], field: [name]}
    found = [f for f in read(tmp_path, text, columns=columns).findings if f.check == "weather.unit"]
    assert [(f.field, f.value) for f in found] == ([(field, name)] if unit else [])
    assert all(f"unit: {unit}}}" in f.remedy for f in found)
    if unit:
        said = {**columns, field: [{"column": [name], "unit": unit}]}
        assert not [f for f in read(tmp_path, text, columns=said).findings if f.check == "weather.unit"]


def test_a_zone_that_has_changed_its_standard_time(tmp_path: Path) -> None:
    """Turkey left UTC+2 for UTC+3 in 2016: months of a typical year from before then lie on the clock of the study."""
    text = pvgis()
    found = weather(table(read(tmp_path, text, timezone="Europe/Istanbul")), "s", "w", 2025, "Europe/Istanbul")
    assert found is not None
    assert found.needed("temp_c")[3:27].tolist() == [float(h) for h in range(24)], "00:00 UTC is 03:00"
    body = "".join(f"{year}-06-01 {h:02d}:00,{h}\n" for year in (2014, 2025) for h in range(24))
    rows = table(read(tmp_path, "time,temp_c\n" + body, timezone="Europe/Istanbul", zone="UTC"))
    june = 24 * 151
    for year, ahead in ((2014, 2), (2025, 3)):
        own = weather(rows, "s", "w", year, "Europe/Istanbul")
        assert own is not None
        assert own.fields["temp_c"][june + ahead : june + ahead + 5].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0], year
