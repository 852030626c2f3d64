"""Which point of the weather stands for a group of feeders."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

EARTH_KM = 6371.0
"""Mean radius of the earth [km]."""


def nearest(
    points: Sequence[Mapping[str, Any]], feeders: Sequence[str], head: Sequence[float] | None, crs: str
) -> dict[str, Any]:
    """The point that bears the name of a feeder, else the only one, else the nearest to the head of the group.

    Returns
    -------
    dict
        ``source``, ``point``, ``latitude_deg``, ``longitude_deg``, ``distance_km`` (null where the head has no place)
        and ``basis``: name | only | nearest | none. Without weather, or without a place among several points, the
        basis is ``none`` and source and point are empty.
    """
    place = _degrees(head, crs)
    named = [p for p in points if p["point"].lower() in {f.lower() for f in feeders}]
    if named:
        return _answer(named[0], place, "name")
    if len(points) == 1:
        return _answer(points[0], place, "only")
    if not points or place is None:
        return {"source": "", "point": "", "latitude_deg": None, "longitude_deg": None, "distance_km": None,
                "basis": "none"}  # fmt: skip
    return _answer(min(points, key=lambda p: (_km(p, place), p["source"], p["point"])), place, "nearest")


def _answer(point: Mapping[str, Any], place: tuple[float, float] | None, basis: str) -> dict[str, Any]:
    distance = None if place is None else round(_km(point, place), 3)
    return {**point, "distance_km": distance, "basis": basis}


def _degrees(head: Sequence[float] | None, crs: str) -> tuple[float, float] | None:
    """Latitude and longitude of a place [degree]; None without a place or without its coordinate system."""
    if head is None or not crs:
        return None
    longitude, latitude = _to_degrees(crs).transform(head[0], head[1])
    return (latitude, longitude) if math.isfinite(latitude) and math.isfinite(longitude) else None


@cache
def _to_degrees(crs: str) -> Any:
    """What turns a place of a system into longitude and latitude; making one takes longer than a thousand places."""
    from pyproj import Transformer

    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


def _km(point: Mapping[str, Any], place: tuple[float, float]) -> float:
    """Distance along a great circle by the haversine formula [km]."""
    lat1, lon1, lat2, lon2 = map(math.radians, (point["latitude_deg"], point["longitude_deg"], *place))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
