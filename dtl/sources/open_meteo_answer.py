"""One answer of Open-Meteo as hours: variables under their new and old names, units as stated, and what labels mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl.sources.weather import Floats, Hours, Whole, starting, to_ours

VARIABLES = {
    "temperature_2m": "temp_c", "relative_humidity_2m": "humidity_pct", "relativehumidity_2m": "humidity_pct",
    "wind_speed_10m": "wind_m_s", "windspeed_10m": "wind_m_s", "wind_gusts_10m": "gust_m_s",
    "windgusts_10m": "gust_m_s", "shortwave_radiation": "ghi_w_m2", "direct_normal_irradiance": "dni_w_m2",
    "diffuse_radiation": "dhi_w_m2", "precipitation": "precipitation_mm", "surface_pressure": "pressure_hpa",
    "snow_depth": "snow_m",
}  # fmt: skip
"""Names of the service, new and old, and ours."""

UNITS = {
    "°C": "C", "°F": "F", "%": "%", "km/h": "km/h", "m/s": "m/s", "mph": "mph", "mp/h": "mph", "kn": "kn", "mm": "mm",
    "inch": "inch", "W/m²": "W/m2", "W/m2": "W/m2", "hPa": "hPa", "m": "m", "cm": "cm", "ft": "ft",
}  # fmt: skip


Civil = NDArray[np.datetime64]
LABEL = len("2025-07-01T00:00")


class AnswerError(ValueError):
    """An answer that cannot be used; the text says why."""


def read(answer: Any, point: str, file: str) -> tuple[Hours, list[str]]:
    """The hours of an answer, and the names of its variables and blocks (as ``daily``) that have no place here.

    Raises
    ------
    AnswerError
        It is an error of the service, has no hours, arrays of unequal length, an unknown unit, or labels that are
        neither evenly spaced nor the local time of its zone.
    """
    if not isinstance(answer, Mapping):
        raise AnswerError("is no answer of the service: no object")
    if answer.get("error"):
        raise AnswerError(f"is an error of the service: {str(answer.get('reason'))[:200]}")
    hourly, units = answer.get("hourly"), answer.get("hourly_units")
    if not isinstance(hourly, Mapping) or not isinstance(units, Mapping) or not isinstance(hourly.get("time"), list):
        raise AnswerError("has no hourly, hourly_units and hourly.time")
    label = _labels(hourly["time"], str(units.get("time", "iso8601")), answer)
    fields, others = dict[str, Floats](), list[str]()
    for name, values in hourly.items():
        if name == "time":
            continue
        if name not in VARIABLES:
            others.append(str(name))
        else:
            fields[VARIABLES[name]] = _values(name, values, units.get(name), len(label))
    blocks = (n for n, b in answer.items() if isinstance(b, Mapping) and n != "hourly" and not n.endswith("_units"))
    others.extend(map(str, blocks))
    start, by_start = starting(label, fields)
    latitude, longitude = _degrees(answer, "latitude", 90), _degrees(answer, "longitude", 180)
    return Hours(point, latitude, longitude, start, by_start, file), sorted(others)


def _degrees(answer: Mapping[str, Any], name: str, most: int) -> float:
    value = answer.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= most:
        raise AnswerError(f"has no {name}")
    return float(value)


def _values(name: str, values: Any, unit: Any, length: int) -> Floats:
    if not isinstance(values, list) or len(values) != length:
        count = len(values) if isinstance(values, list) else "no"
        raise AnswerError(f"{name} has {count} values for {length} hours")
    turn = to_ours(VARIABLES[name], UNITS.get(str(unit), ""))
    if turn is None:
        raise AnswerError(f"{name} has the unit {str(unit)[:20]!r}, which is not known")
    if not set(map(type, values)) <= {int, float, type(None)}:
        raise AnswerError(f"{name} holds what is no number")
    try:
        numbers = pa.array(values, pa.float64())
    except (OverflowError, pa.ArrowInvalid) as err:
        raise AnswerError(f"{name} holds a number without bounds") from err
    found: Floats = numbers.to_numpy(zero_copy_only=False) * turn[0] + turn[1]
    return found


def _labels(times: list[Any], form: str, answer: Mapping[str, Any]) -> Whole:
    """Labels as seconds since 1970 UTC; every two follow each other by one hour."""
    if len(times) < 2:
        raise AnswerError("has fewer than two hours")
    if form == "unixtime":
        if not all(isinstance(t, int) and 0 <= t < 2**32 for t in times):
            raise AnswerError("hourly.time holds what is no time")
        return _even(np.array(times, np.int64), "its times")
    civil = _minutes(tuple(times)) if set(map(type, times)) == {str} else None
    if civil is None:
        civil = _civil(times)
    if np.all(np.diff(civil) == np.timedelta64(1, "h")):
        offset = answer.get("utc_offset_seconds", 0)
        if isinstance(offset, bool) or not isinstance(offset, int) or abs(offset) > 15 * 3600:
            raise AnswerError("has no utc_offset_seconds")
        return civil.astype("M8[s]").astype(np.int64) - offset
    return _local(civil.tolist(), str(answer.get("timezone", "")))


@lru_cache(maxsize=1)
def _minutes(times: tuple[str, ...]) -> Civil | None:
    """Labels as the service writes them, ``2025-07-01T00:00``; None if any is written otherwise.

    The last ones are kept, not to be written to: the points of a study most often have the same hours.
    """
    if set(map(len, times)) != {LABEL}:
        return None
    texts = np.array(times)
    try:
        civil = texts.astype("M8[m]")
    except ValueError:
        return None
    written = civil.min() >= np.datetime64("0001-01-01") and bool(np.all(np.datetime_as_string(civil) == texts))
    if not written:
        return None
    found = civil.astype("M8[us]")
    found.flags.writeable = False
    return found


def _civil(times: list[Any]) -> Civil:
    """Labels in any form of ISO 8601 without an offset."""
    try:
        naive = [datetime.fromisoformat(t) for t in times]
    except (TypeError, ValueError) as err:
        raise AnswerError(f"hourly.time holds what is no time: {err}") from err
    if any(t.tzinfo is not None for t in naive):
        raise AnswerError("hourly.time has offsets, which the service does not write")
    return np.array(naive, "M8[us]")


def _local(naive: list[datetime], name: str) -> Whole:
    """Labels in true local time: the hour that clocks repeat stands twice, the one that they skip not at all."""
    try:
        zone = ZoneInfo(name)
    except (KeyError, ValueError, OSError) as err:
        raise AnswerError(f"its times are not evenly spaced, and its timezone {name[:40]!r} is not known") from err
    seen: set[datetime] = set()
    found = []
    for t in naive:
        found.append(int(t.replace(tzinfo=zone, fold=int(t in seen)).astimezone(UTC).timestamp()))
        seen.add(t)
    return _even(np.array(found, np.int64), f"its times, read as {name},")


def _even(label: Whole, what: str) -> Whole:
    if np.any(np.diff(label) != 3600):
        raise AnswerError(f"{what} do not follow each other by one hour")
    return label
