"""The source ``open_meteo``: weather of an archive service from pinned answers; nothing is fetched here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl.sources import daylight, weather
from dtl.sources.open_meteo_answer import AnswerError
from dtl.sources.open_meteo_answer import read as read_answer
from dtl.sources.reading import Reading
from dtl.spec import pins

HOURLY = (
    "temperature_2m", "relative_humidity_2m", "precipitation", "snow_depth", "surface_pressure", "wind_speed_10m",
    "wind_gusts_10m", "shortwave_radiation", "direct_normal_irradiance", "diffuse_radiation",
)  # fmt: skip
"""The variables that are asked for."""

FETCH = "Run `dtl check STUDY --lock`, which fetches what lacks and pins it."
FAR_KM = 25.0
"""A grid cell whose centre is farther than this from the place asked for is worth a warning [km]."""


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read every pin that the source needs; one that lacks is an error that says how to fetch it."""
    reading = Reading(name, "open_meteo")
    places = _places(reading, spec, files)
    pieces = []
    what: list[int | str] = [*sorted(spec["years"]), *(["forecast"] if spec.get("forecast_days") else [])]
    for point, place in places.items():
        for year in what:
            file = f"{pins.PINS}/{pins.name(place, year, spec.get('model') or 'best_match')}"
            if file not in files or not files[file].is_file():
                asked = f"{year} at {place[0]:.4f}, {place[1]:.4f}"
                reading.find("weather.pin-missing", "error", f"the weather of {asked} is not pinned, and a run fetches "
                             "nothing", file=file, element=f"point {point}", value=str(year), remedy=FETCH)  # fmt: skip
                reading.refused("", f"[pin] {file} {point}", "", "", "is not there")
                continue
            if (piece := _pin(reading, file, files[file], point, place)) is not None:
                pieces.append(piece)
    points = weather.settled(reading, pieces)
    for hours in points:
        hours.latitude_deg, hours.longitude_deg = places[hours.point]
        weather.judge(reading, hours)
        daylight.judge(reading, hours)
    reading.tables["weather"] = weather.write(reading, points)
    return reading


def _places(reading: Reading, spec: Mapping[str, Any], files: Mapping[str, Path]) -> pins.Places:
    points = spec.get("points")
    if isinstance(points, Mapping):
        return {n: (p["latitude_deg"], p["longitude_deg"]) for n, p in sorted(points.items())}
    if points is None:
        return {"here": (spec["latitude_deg"], spec["longitude_deg"])}
    file = f"{pins.PINS}/{points}.json"
    places = pins.found(files[file]) if file in files else {}
    if not places:
        reading.find("weather.pin-missing", "error", f"the places of the {points} are not pinned", file=file,
                     remedy="Run the study once, then `dtl check STUDY --lock`; or write a map of points.")  # fmt: skip
    return places


def _pin(reading: Reading, file: str, path: Path, point: str, place: tuple[float, float]) -> weather.Hours | None:
    thing = f"[pin] {file} {point}"
    try:
        pinned = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(pinned, Mapping):
            raise AnswerError("is no pin: no object")
        hours, others = read_answer(pinned.get("answer"), point, file)
    except (AnswerError, ValueError, RecursionError, OSError) as err:
        reading.find("weather.answer", "error", f"cannot be used: {str(err)[:300]}", file=file,
                     element=f"point {point}", remedy=f"Delete the file. {FETCH}")  # fmt: skip
        reading.refused("", thing, "", "", str(err)[:200])
        return None
    reading.mapped("", thing, "", f"weather.{point}")
    for other in others:
        reading.unused("", thing, other, "", "no field of weather")
    apart = distance_km(place, (hours.latitude_deg, hours.longitude_deg))
    if apart > FAR_KM:
        reading.find("weather.far", "warning", f"the grid cell lies {apart:.0f} km from the place", file=file,
                     element=f"point {point}", value=f"{apart:.1f} km", remedy="Check the coordinates.")  # fmt: skip
    return hours


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance of two places (latitude, longitude) along a great circle, by the haversine formula [km]."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*a, *b))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * math.asin(min(1.0, math.sqrt(half)))
