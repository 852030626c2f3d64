"""Light that comes when the sun is not up: measured years that pvlib ships, as they are and with one mistake each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pvlib
import pytest

from dtl.sources import weather_file
from dtl.sources.reading import Reading

DATA = Path(pvlib.__file__).parent / "data"
ALASKA, CAROLINA = "703165TY.csv", "723170TYA.CSV"
ZONE, LATITUDE, LONGITUDE = 3, 4, 5
"""Cells of the first row of a TMY3."""


def read(folder: Path, text: str, **spec: Any) -> Reading:
    (folder / "w.csv").write_text(text, encoding="utf-8")
    given = {"kind": "weather_file", "path": "w.csv", "timezone": "America/Anchorage"}
    return weather_file.read("s", given | spec, {"w.csv": folder / "w.csv"})


def told(reading: Reading) -> list[Any]:
    return [f for f in reading.findings if f.check == "weather.sun"]


def station(name: str, cell: int | None = None, value: str = "") -> str:
    head, _, rest = (DATA / name).read_text(encoding="latin-1").partition("\n")
    cells = head.rstrip().split(",")
    if cell is not None:
        cells[cell] = value
    return ",".join(cells) + "\n" + rest


@pytest.mark.parametrize("name", [ALASKA, CAROLINA])
def test_years_as_they_were_measured_are_not_told(tmp_path: Path, name: str) -> None:
    reading = read(tmp_path, station(name))
    assert reading.tables["weather"] is not None
    assert told(reading) == []


@pytest.mark.parametrize(
    ("name", "cell", "value", "message", "remedy"),
    [
        (CAROLINA, ZONE, "0", "5.0 h before the noon", "Correct the zone"),
        (CAROLINA, ZONE, "-6", "1.0 h after the noon", "Correct the zone"),
        (ALASKA, ZONE, "-6", "3.0 h before the noon", "Correct the zone"),
        (CAROLINA, LONGITUDE, "79.950", "10.7 h after the noon", "sign of the longitude, 79.95."),
        (ALASKA, LONGITUDE, "160.517", "2.6 h before the noon", "sign of the longitude, 160.517."),
        (CAROLINA, LATITUDE, "-36.100", "weakest in the summer", "sign of the latitude"),
        (ALASKA, LATITUDE, "-55.317", "weakest in the summer", "sign of the latitude"),
    ],
)
def test_a_mistake_of_the_place_or_the_zone_is_told(
    tmp_path: Path, name: str, cell: int, value: str, message: str, remedy: str
) -> None:
    (found,) = told(read(tmp_path, station(name, cell, value)))
    assert (found.severity, found.field, found.element) == ("warning", "ghi_w_m2", "point w")
    assert message in found.message
    assert remedy in found.remedy


def civil(folder: Path, rows: int | None = None) -> tuple[str, dict[str, Any]]:
    """The year of a station as CSV, with the stamps of its clocks, and where it is."""
    table = read(folder, station(ALASKA)).tables["weather"].to_pandas()
    table["start"] = [t.replace(year=2021) for t in table["start"]]
    table = table.sort_values("start").drop_duplicates("start").head(rows or len(table))
    stamps = pd.DatetimeIndex(table["start"]).tz_convert("America/Anchorage").strftime("%Y-%m-%d %H:%M")
    lines = [f"{t},{g},{c}" for t, g, c in zip(stamps, table["ghi_w_m2"], table["temp_c"], strict=True)]
    place = {"w": {"latitude_deg": 55.317, "longitude_deg": -160.517}}
    return "time,ghi_w_m2,temp_c\n" + "\n".join(lines) + "\n", {"points": place}


def test_stamps_of_clocks_that_change_read_as_standard_time(tmp_path: Path) -> None:
    text, spec = civil(tmp_path)
    assert told(read(tmp_path, text, zone="America/Anchorage", **spec)) == []
    (found,) = told(read(tmp_path, text, zone="standard", **spec))
    assert "between winter and summer" in found.message


def test_a_fortnight_tells_no_noon(tmp_path: Path) -> None:
    text, spec = civil(tmp_path, 14 * 24)
    assert told(read(tmp_path, text, zone="UTC", **spec)) == []
    text, spec = civil(tmp_path, 40 * 24)
    assert len(told(read(tmp_path, text, zone="UTC", **spec))) == 1


def test_a_column_that_is_no_light(tmp_path: Path) -> None:
    text, spec = civil(tmp_path)
    head, *rows = text.splitlines()
    warm = "\n".join([head, *(f"{t},{float(c) + 30},{c}" for t, _, c in (r.split(",") for r in rows))]) + "\n"
    (found,) = told(read(tmp_path, warm, zone="America/Anchorage", **spec))
    assert "nights are nearly as bright" in found.message
