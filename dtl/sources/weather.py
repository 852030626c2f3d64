"""Hourly weather of points, whatever file it came from: fields, units, ranges, completeness, and the table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl import tables
from dtl.errors import Severity
from dtl.plural import many
from dtl.sources.reading import Reading

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

RANGES: Mapping[str, tuple[float, float]] = {
    "temp_c": (-60.0, 60.0), "humidity_pct": (0.0, 100.5), "wind_m_s": (0.0, 75.0), "gust_m_s": (0.0, 110.0),
    "ghi_w_m2": (0.0, 1500.0), "dni_w_m2": (0.0, 1200.0), "dhi_w_m2": (0.0, 1000.0),
    "precipitation_mm": (0.0, 300.0), "pressure_hpa": (480.0, 1090.0), "snow_m": (0.0, 20.0),
}  # fmt: skip
"""Fields, and the least and largest value that the surface of the earth has."""

MOST, CODES = 0.02, 3
"""Most of the hours of a field that may lie outside of its range; more, of more values than codes for missing ones
have, are of another unit, and so are the hours that lie within."""

SPANS = ("gust_m_s", "ghi_w_m2", "dni_w_m2", "dhi_w_m2", "precipitation_mm")
"""Fields that hold for an hour as its mean, sum or maximum; the others hold at an instant."""

UNITS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "temp_c": {"C": (1.0, 0.0), "F": (5.0 / 9.0, -160.0 / 9.0), "K": (1.0, -273.15)},
    "wind_m_s": {"m/s": (1.0, 0.0), "km/h": (1 / 3.6, 0.0), "mph": (0.44704, 0.0), "kn": (1852 / 3600, 0.0)},
    "precipitation_mm": {"mm": (1.0, 0.0), "inch": (25.4, 0.0), "cm": (10.0, 0.0)},
    "ghi_w_m2": {"W/m2": (1.0, 0.0), "kW/m2": (1000.0, 0.0)},
    "humidity_pct": {"%": (1.0, 0.0), "share": (100.0, 0.0)},
    "pressure_hpa": {"hPa": (1.0, 0.0), "Pa": (0.01, 0.0)},
    "snow_m": {
        "m": (1.0, 0.0),
        "cm": (0.01, 0.0),
        "inch": (0.0254, 0.0),
        "mm": (0.001, 0.0),
        "ft": (0.3048, 0.0),
    },
}
"""Factor and summand of each unit of a field."""

NAMED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "temp_c": ("c|degc|celsius", {"F": "f|degf|fahrenheit", "K": "k|kelvin"}),
    "wind_m_s": ("m/s|ms|m_s|mps", {"km/h": "km/h|kmh|km_h|kph", "mph": "mph|mi/h", "kn": "kn|kts?|knots?"}),
    "precipitation_mm": ("mm", {"inch": "in|inch|inches", "cm": "cm"}),
    "ghi_w_m2": ("w/m2|w/m\u00b2|w_m2", {"kW/m2": "kw/m2|kw/m\u00b2|kw_m2"}),
    "pressure_hpa": ("hpa|mbar|mb", {"Pa": "pa"}),
    "snow_m": ("m|metres?|meters?", {"cm": "cm", "inch": "in|inch|inches", "mm": "mm"}),
}  # fmt: skip
"""How the name of a column says the unit of a field, and other units: words between signs that are no letters."""

LIKE = {"gust_m_s": "wind_m_s", "dni_w_m2": "ghi_w_m2", "dhi_w_m2": "ghi_w_m2"}
HOUR = 3600


@dataclass
class Hours:
    """The weather of one point: starts of hours [s since 1970 UTC], and fields by name, NaN where nothing is known."""

    point: str
    latitude_deg: float
    longitude_deg: float
    start: Whole
    fields: dict[str, Floats]
    file: str = ""
    typical: bool = False
    """Whether its months come from several years, so that hours between them do not lack."""


def to_ours(field: str, unit: str) -> tuple[float, float] | None:
    """Factor and summand that turn a unit into that of a field; None if it is no unit of it."""
    return UNITS[LIKE.get(field, field)].get(unit)


def named_unit(field: str, column: str) -> str:
    """The unit other than that of a field that the name of its column says; empty where it says none."""
    ours, others = NAMED.get(LIKE.get(field, field), ("", {}))

    def says(words: str) -> bool:
        return bool(re.search(rf"(?<![^\W_])(?:{words})(?![^\W_])", column.casefold()))

    return "" if not others or says(ours) else next((unit for unit, words in others.items() if says(words)), "")


def starting(label: Whole, fields: Mapping[str, Floats]) -> tuple[Whole, dict[str, Floats]]:
    """Hours by their start, from labels at which instants hold and before which means and sums were taken.

    The hour from the first label minus one begins the answer; there only means and sums are known.
    """
    start = np.unique(np.concatenate([label, label - HOUR]))
    found = {}
    for name, values in fields.items():
        found[name] = np.full(len(start), np.nan)
        found[name][np.searchsorted(start, label - HOUR if name in SPANS else label)] = values
    return start, found


def settled(reading: Reading, pieces: Iterable[Hours]) -> list[Hours]:
    """One `Hours` for each point, in order of time; of hours given twice the later piece fills what is not known."""
    points: dict[str, list[Hours]] = {}
    for piece in pieces:
        points.setdefault(piece.point, []).append(piece)
    return [_joined(reading, own) for _, own in sorted(points.items())]


def _joined(reading: Reading, own: list[Hours]) -> Hours:
    first = own[0]
    start = np.unique(np.concatenate([p.start for p in own]))
    fields = {name: np.full(len(start), np.nan) for name in RANGES}
    differ = 0
    for piece in own:
        at = np.searchsorted(start, piece.start)
        for name, values in piece.fields.items():
            there = fields[name][at]
            differ += int(np.sum(np.isfinite(there) & np.isfinite(values) & (np.abs(there - values) > 0.05)))
            fields[name][at] = np.where(np.isnan(there), values, there)
    if differ:
        reading.find("weather.overlap", "warning", f"values of hours that stand in several files differ: {differ}; "
                     "the first counts", file=first.file, element=f"point {first.point}",
                     remedy="Keep one file for each point and time.")  # fmt: skip
    return Hours(first.point, first.latitude_deg, first.longitude_deg, start, fields, first.file, first.typical)


def judge(reading: Reading, hours: Hours) -> None:
    """Take out what no weather can be, with a finding for each field; tell hours and values that lack."""
    for name, (low, high) in RANGES.items():
        values = hours.fields[name]
        wrong = np.isfinite(values) & ~((values >= low) & (values <= high))
        if wrong.any():
            at = int(np.argmax(wrong))
            several = len(np.unique(values[wrong])) > CODES
            most = several and float(wrong.sum()) > MOST * float(np.isfinite(values).sum())
            _note(reading, hours, "weather.range", f"not between {low:g} and {high:g}; hours that are taken out: "
                  f"{int(wrong.sum())}", name, f"{values[at]:g} at {_stamp(hours.start[at])}",
                  "Correct the value, or declare the unit.", "error" if most else "warning")  # fmt: skip
            hours.fields[name] = np.where(wrong, np.nan, values)
    known = np.zeros(len(hours.start), bool)
    for values in hours.fields.values():
        known |= np.isfinite(values)
    lacking = int(np.sum(np.diff(hours.start[known]) // HOUR - 1)) if known.any() else 0
    if lacking and not hours.typical:
        at = int(np.argmax(np.diff(hours.start[known])))
        _note(reading, hours, "weather.gap", f"hours lack: {lacking}; nothing is filled here", "start",
              f"the longest after {_stamp(hours.start[known][at])}", "Export them, if they are known.")  # fmt: skip
    for name, values in hours.fields.items():
        empty = int(np.sum(np.isnan(values[known])))
        inner = empty - int(name not in SPANS) if len(values) else 0
        if np.isfinite(values).any() and inner > 1:
            first = int(np.flatnonzero(known & np.isnan(values))[0])
            cure = "An archive lags behind by some days; fetch again later."
            if reading.kind != "open_meteo":
                cure = "State them in the file, if they are known; what needs them fills three in a row at most."
            _note(reading, hours, "weather.missing", f"hours without a value: {empty} of {int(known.sum())}", name,
                  f"the first at {_stamp(hours.start[first])}", cure)  # fmt: skip
    temp = hours.fields["temp_c"]
    if not np.isfinite(temp).any():
        _note(reading, hours, "weather.no-temperature", "has no temperature", "temp_c", "", "Name its column.")


def write(reading: Reading, points: list[Hours]) -> pa.Table:
    """The table ``weather``; hours of which nothing is known are left out."""
    parts = []
    for hours in points:
        known = np.logical_or.reduce([np.isfinite(v) for v in hours.fields.values()])
        n = int(known.sum())
        columns = {
            "source": [reading.source] * n, "point": [hours.point] * n,
            "latitude_deg": np.full(n, hours.latitude_deg), "longitude_deg": np.full(n, hours.longitude_deg),
            "start": pa.array(hours.start[known]).cast(pa.timestamp("s", tz="UTC")),
        }  # fmt: skip
        columns |= {f: pa.array(v[known].astype(np.float32), from_pandas=True) for f, v in hours.fields.items()}
        parts.append(tables.frame("weather", columns))
        thing = f"[point] {hours.point}"
        reading.mapped("", thing, "", f"weather.{hours.point}", many(n, "hours"))
        for name, values in hours.fields.items():
            if np.isfinite(values).any():
                reading.mapped("", thing, name, f"weather.{name}", many(int(np.isfinite(values).sum()), "hours"))
    return tables.concat("weather", parts)


def _note(
    reading: Reading, hours: Hours, check: str, text: str, field: str, value: str, remedy: str,
    severity: Severity = "warning",
) -> None:  # fmt: skip
    reading.find(check, severity, text, file=hours.file, element=f"point {hours.point}", field=field, value=value,
                 remedy=remedy)  # fmt: skip


def _stamp(t: np.int64) -> str:
    return f"{np.datetime64(int(t), 's')}Z"
