"""Weather of a typical year from a CSV of PVGIS: hours of UTC, their months from several years, notes below them.

References
----------
.. [1] European Commission, Joint Research Centre, PVGIS user manual: typical meteorological year, output as CSV.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dtl.errors import SourceError
from dtl.sources.weather import HOUR, Floats, Hours, Whole

COLUMNS: Mapping[str, tuple[str, float]] = {
    "T2m": ("temp_c", 1.0), "RH": ("humidity_pct", 1.0), "WS10m": ("wind_m_s", 1.0), "G(h)": ("ghi_w_m2", 1.0),
    "Gb(n)": ("dni_w_m2", 1.0), "Gd(h)": ("dhi_w_m2", 1.0), "SP": ("pressure_hpa", 0.01),
}  # fmt: skip
"""Columns of PVGIS [1]_: our field and the factor."""
TIME, STAMP = "time(UTC)", "%Y%m%d:%H%M"
_PLACE = re.compile(r"(Latitude|Longitude) \(decimal degrees\): *([-+]?\d+(?:\.\d+)?)\s*")


def is_pvgis(path: Path) -> bool:
    """Whether a file is a typical year of PVGIS, by the places above its table."""
    with path.open("rb") as file:
        head = file.read(4000)
    return head.lstrip(b"\xef\xbb\xbf").startswith(b"Latitude (decimal degrees):") and TIME.encode() in head


def read_pvgis(file: str, path: Path, point: str) -> tuple[Hours, int, list[str]]:
    """The hours of a file, how many of its rows are of an hour that stands before them, and unread columns.

    Raises
    ------
    SourceError
        Its place or its table cannot be read; the text names the row.
    """
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    place = {m[1]: float(m[2]) for m in map(_PLACE.fullmatch, lines[:40]) if m}
    if not (abs(place.get("Latitude", 91.0)) <= 90 and abs(place.get("Longitude", 181.0)) <= 180):
        raise SourceError("its first rows hold no latitude and longitude")
    top = next((i for i, line in enumerate(lines) if line.startswith(TIME)), 0)
    names = next(csv.reader([lines[top]]))
    if not COLUMNS.keys() & set(names):
        raise SourceError(f"row {top + 1} names none of the columns {', '.join(COLUMNS)}")
    end = next((i for i in range(top + 1, len(lines)) if not lines[i].strip()), len(lines))
    start, rows = _rows(lines, names, top + 1, end)
    order = np.argsort(start, kind="stable")
    hour, first = np.unique(start[order], return_index=True)
    fields = dict[str, Floats]()
    for name, (field, factor) in COLUMNS.items():
        if name in names:
            fields[field] = rows[order][first][:, names.index(name)] * factor
    typical = len({line[:4] for line in lines[top + 1 : end]}) > 1
    others = [n for n in names if n not in COLUMNS and n != TIME]
    hours = Hours(point, place["Latitude"], place["Longitude"], hour, fields, file, typical)
    return hours, len(start) - len(hour), others


def _rows(lines: list[str], names: list[str], top: int, end: int) -> tuple[Whole, Floats]:
    """Starts of hours [s since 1970 UTC], and the numbers of their rows, shape (rows, columns)."""
    start, rows = [], []
    for number, cells in enumerate(csv.reader(lines[top:end]), top + 1):
        try:
            if len(cells) != len(names):
                raise ValueError(f"{len(cells)} cells for {len(names)} columns")
            start.append(int(datetime.strptime(cells[0], STAMP).replace(tzinfo=UTC).timestamp()))
            rows.append([0.0, *(float(c) if c else np.nan for c in cells[1:])])
        except ValueError as err:
            raise SourceError(f"row {number} is no hour of weather: {str(err)[:100]}") from err
    if not rows:
        raise SourceError(f"has no hours below row {top}")
    if any(t % HOUR for t in start):
        raise SourceError("is not hourly: a stamp lies within an hour")
    return np.array(start, np.int64), np.array(rows, np.float64)
