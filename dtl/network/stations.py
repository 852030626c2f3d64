"""Which point of the weather stands for a group of feeders, and whether it is near them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from dtl import tables
from dtl.errors import Finding
from dtl.network.rows import texts

FAR_KM = 200.0
"""Distance from which on a point of weather is none of the feeders': farther than one takes a station, nearer than a
wrong zone of a coordinate system or a wrong sign puts them."""

POINT = ["source", "point", "latitude_deg", "longitude_deg"]
"""Columns of weather that say where it is."""

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


def points(weather: pa.Table) -> list[dict[str, Any]]:
    """The points of the table ``weather``, of which the columns `POINT` are needed."""
    plain = weather.select(POINT)
    for i, name in enumerate(POINT[:2]):
        plain = plain.set_column(i, name, plain[name].cast(tables.TEXT))
    rows: list[dict[str, Any]] = plain.group_by(POINT).aggregate([]).to_pylist()
    return sorted(rows, key=lambda r: (r["source"], r["point"]))


def distant(network: pa.Table, there: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Feeders that none of the points of the weather is near; each has the place of one of its buses."""
    if not there:
        return []
    far = []
    for feeder, (place, crs) in _places(network).items():
        at = _degrees(place, crs)
        if at is not None and (near := min((_km(p, at), p["point"]) for p in there))[0] > FAR_KM:
            far.append((feeder, *near, at))
    if not far:
        return []
    feeder, km, point, (latitude, longitude) = min(far)
    text = (
        f"{len(far)} feeders lie farther than {FAR_KM:g} km from any point of the weather: {feeder} {km:,.0f} km from "
    )
    text += f"{point}, at latitude {latitude:.2f} and longitude {longitude:.2f}"
    cure = "Correct the place of the weather, or the coordinate system of the GIS or the model."
    return [Finding("weather.distant", "warning", text, field="crs", value=f"{km:.0f} km", remedy=cure)]


def _places(network: pa.Table) -> dict[str, tuple[tuple[float, float], str]]:
    """A place and its coordinate system of each feeder that has both: that of its first bus with a place."""
    kinds, feeders = np.array(texts(network["kind"])), np.array(texts(network["feeder"]))
    found = {}
    systems = {feeders[row]: json.loads(network["body"][int(row)].as_py()).get("crs", "") for row in
               np.flatnonzero(kinds == "feeder")}  # fmt: skip
    for row in np.flatnonzero(kinds == "bus"):
        feeder = str(feeders[row])
        if feeder in found or not systems.get(feeder):
            continue
        part = json.loads(network["body"][int(row)].as_py())
        if part.get("x") is not None and part.get("y") is not None:
            found[feeder] = ((float(part["x"]), float(part["y"])), str(systems[feeder]))
    return found


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
