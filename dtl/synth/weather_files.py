"""Weather as an archive service answers it (one JSON per substation, GMT) and as a plain CSV."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyproj

from dtl.synth.system import EPSG, Substation
from dtl.synth.weather import Weather

UNITS = {
    "time": "iso8601", "temperature_2m": "°C", "relative_humidity_2m": "%", "precipitation": "mm", "snowfall": "cm",
    "wind_speed_10m": "km/h", "wind_gusts_10m": "km/h", "wind_direction_10m": "°", "cloud_cover": "%",
    "shortwave_radiation": "W/m²",
    "weather_code": "wmo code",
}  # fmt: skip


def degrees(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a place."""
    lon, lat = pyproj.Transformer.from_crs(EPSG, 4326, always_xy=True).transform(x, y)
    return float(lon), float(lat)


def columns(weather: Weather) -> dict[str, list[float]]:
    """Values by the names of the service."""
    values = {
        "temperature_2m": weather.temperature_c, "relative_humidity_2m": weather.humidity_pct,
        "precipitation": weather.precipitation_mm,
        "snowfall": weather.snowfall_cm, "wind_speed_10m": weather.wind_kmh, "wind_gusts_10m": weather.gust_kmh,
        "wind_direction_10m": weather.wind_direction_deg, "cloud_cover": weather.cloud_pct,
        "shortwave_radiation": weather.shortwave_w_m2,
        "weather_code": weather.code,
    }  # fmt: skip
    return {name: v.tolist() for name, v in values.items()}


def write(folder: Path, substation: Substation, weather: Weather) -> None:
    """``<substation>.json`` and ``<substation>.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    lon, lat = degrees(substation.x, substation.y)
    times = np.datetime_as_string(weather.utc, unit="m").tolist()
    found = columns(weather)
    answer = {
        "latitude": round(lat * 10) / 10, "longitude": round(lon * 10) / 10, "generationtime_ms": 0.5,
        "utc_offset_seconds": 0,
        "timezone": "GMT", "timezone_abbreviation": "GMT", "elevation": 205.0, "hourly_units": UNITS,
        "hourly": {"time": times, **found},
    }  # fmt: skip
    (folder / f"{substation.id}.json").write_text(
        json.dumps(answer, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n"
    )
    names = [
        "time_utc",
        "temp_c",
        "rh_pct",
        "precip_mm",
        "snow_cm",
        "wind_kmh",
        "gust_kmh",
        "wind_dir_deg",
        "cloud_pct",
        "ghi_w_m2",
        "code",
    ]
    lines = [",".join(names)]
    lines += [",".join(map(str, row)) for row in zip(times, *found.values(), strict=True)]
    (folder / f"{substation.id}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
