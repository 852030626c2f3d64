"""Weather of typical or single years from EPW, TMY3 and NSRDB files, by the readers of pvlib.

Stamps are local standard time at the end of the hour, those of the NSRDB its middle; here each hour is named by its
start. Months of a typical year keep the year that they were taken from.

References
----------
.. [1] EnergyPlus, Auxiliary Programs: EnergyPlus Weather File (EPW) Data Dictionary.
.. [2] S. Wilcox and W. Marion, Users Manual for TMY3 Data Sets, NREL/TP-581-43156, 2008.
.. [3] M. Sengupta et al., The National Solar Radiation Data Base (NSRDB), Renewable and Sustainable Energy Reviews 89,
   2018; files of its Physical Solar Model (PSM3, PSM4) in the form that SAM reads.
"""

from __future__ import annotations

import csv
import io
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dtl.errors import SourceError
from dtl.sources.weather import HOUR, Floats, Hours

EPW = {
    "temp_air": ("temp_c", 1.0, 99.9), "relative_humidity": ("humidity_pct", 1.0, 999.0),
    "wind_speed": ("wind_m_s", 1.0, 999.0), "ghi": ("ghi_w_m2", 1.0, 9999.0), "dni": ("dni_w_m2", 1.0, 9999.0),
    "dhi": ("dhi_w_m2", 1.0, 9999.0), "atmospheric_pressure": ("pressure_hpa", 0.01, 999999.0),
    "snow_depth": ("snow_m", 0.01, 999.0), "liquid_precipitation_depth": ("precipitation_mm", 1.0, 999.0),
}  # fmt: skip
"""Columns of EPW: our field, the factor, and the value from which on nothing is known [1]_."""

TMY3 = {
    "temp_air": ("temp_c", 1.0), "relative_humidity": ("humidity_pct", 1.0), "wind_speed": ("wind_m_s", 1.0),
    "ghi": ("ghi_w_m2", 1.0), "dni": ("dni_w_m2", 1.0), "dhi": ("dhi_w_m2", 1.0), "pressure": ("pressure_hpa", 1.0),
    "Lprecip depth (mm)": ("precipitation_mm", 1.0),
}  # fmt: skip
"""Columns of TMY3: our field and the factor; -9900 and less say that nothing is known [2]_."""

NSRDB = {
    "Temperature": ("temp_c", "c"), "Relative Humidity": ("humidity_pct", "%"), "Wind Speed": ("wind_m_s", "m/s"),
    "GHI": ("ghi_w_m2", "w/m2"), "DNI": ("dni_w_m2", "w/m2"), "DHI": ("dhi_w_m2", "w/m2"),
    "Pressure": ("pressure_hpa", "mbar"),
}  # fmt: skip
"""Columns of the NSRDB: our field, and the unit that the file has to state; -9900 and less say that nothing is known
[3]_."""
CLOCK = ("Year", "Month", "Day", "Hour", "Minute")


def is_nsrdb(path: Path) -> bool:
    """Whether a file is a download of the NSRDB, by the names in its first row."""
    with path.open("rb") as file:
        return file.readline(8000).lstrip(b"\xef\xbb\xbf").startswith(b"Source,Location ID,")


def is_tmy3(path: Path) -> bool:
    """Whether a file is TMY3, by the names in its second row."""
    with path.open("rb") as file:
        file.readline(2000)
        return file.readline(8000).lstrip(b'"').startswith(b"Date (MM/DD/YYYY)")


def read_typical(file: str, path: Path, point: str) -> tuple[Hours, int]:
    """The hours of an EPW or TMY3 file, and how many of its rows are of an hour that stands before them.

    Raises
    ------
    SourceError
        The file is none of both.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _tmy3(text, point, file) if is_tmy3(path) else _epw(text, point, file)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, OSError) as err:
        told = str(err).splitlines()[0][:200] if str(err) else type(err).__name__
        raise SourceError(f"is no EPW or TMY3 file that can be read: {told}") from err


def read_nsrdb(file: str, path: Path, point: str) -> tuple[Hours, int, list[str]]:
    """The hours of an NSRDB file, how many of its rows are of an hour that stands before them, and unread columns.

    Raises
    ------
    SourceError
        It cannot be read, has other units or is not hourly with stamps in the middle of the hour.
    """
    from pvlib import iotools  # takes a second to load

    try:
        text, zone_s = _at_zero(path.read_text(encoding="utf-8-sig"))
        data, about = iotools.read_nsrdb_psm4(io.StringIO(text), map_variables=False)
        place = {"latitude": about["Latitude"], "longitude": about["Longitude"]}
        minute = sorted(set(data["Minute"].tolist()))
        if len(data) and minute != [30]:
            told = ", ".join(map(str, minute[:4]))
            raise SourceError(f"has stamps at minute {told} of the hour, not 30 alone: download it with interval=60")
        fields = {}
        for name, (field, unit) in NSRDB.items():
            stated = str(about.get(f"{name} Units", unit)).strip().casefold()
            if name in data and stated != unit:
                raise SourceError(f"states {name} in {stated}, not in {unit}")
            if name in data:
                values = _numbers(data[name])
                fields[field] = np.where(values <= -9900, np.nan, values)
        if not fields:
            raise SourceError(f"has none of the columns {', '.join(NSRDB)}")
        hours, again = _hours(data, place, fields, point, file, shift=HOUR // 2 + zone_s)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, OSError, StopIteration) as err:
        told = str(err).splitlines()[0][:200] if str(err) else type(err).__name__
        raise SourceError(f"is no NSRDB file that can be read: {told}") from err
    typical = len(set(data["Year"].tolist())) > 1
    return replace(hours, typical=typical), again, [c for c in data if c not in NSRDB and c not in CLOCK]


def _at_zero(text: str) -> tuple[str, int]:
    """The text of an NSRDB file with its zones at 0, as pvlib reads none of half hours, and the offset of its zone."""
    names, values, body = text.split("\n", 2)
    columns, cells = next(csv.reader([names])), next(csv.reader([values]))
    stated = cells[columns.index("Time Zone")]
    zone = float(stated)
    if not abs(zone) <= 15:
        raise ValueError(f"its time zone {stated} is none")
    cells = ["0" if name in ("Time Zone", "Local Time Zone") else c for name, c in zip(columns, cells, strict=False)]
    row = io.StringIO()
    csv.writer(row, lineterminator="\n").writerow(cells)
    return f"{names}\n{row.getvalue()}{body}", round(zone * HOUR)


def _epw(text: str, point: str, file: str) -> tuple[Hours, int]:
    from pvlib import iotools  # takes a second to load

    data, about = iotools.read_epw(io.StringIO(text))
    fields = {}
    for name, (field, factor, none) in EPW.items():
        values = _numbers(data[name])
        fields[field] = np.where(values >= none, np.nan, values * factor)
    return _hours(data, about, fields, point, file, shift=0)


def _tmy3(text: str, point: str, file: str) -> tuple[Hours, int]:
    from pvlib import iotools  # takes a second to load

    data, about = iotools.read_tmy3(io.StringIO(text), map_variables=True)
    fields = {}
    for name, (field, factor) in TMY3.items():
        if name in data:
            values = _numbers(data[name])
            fields[field] = np.where(values <= -9900, np.nan, values * factor)
    return _hours(data, about, fields, point, file, shift=HOUR)


def _numbers(column: Any) -> Floats:
    return np.asarray(column.to_numpy(), np.float64)


def _hours(data: Any, about: Any, fields: dict[str, Floats], point: str, file: str, *, shift: int) -> tuple[Hours, int]:
    """Hours in order of time; ``shift`` is by how much the index names them late [s]."""
    if not len(data):
        raise SourceError("has no hours")
    place = float(about["latitude"]), float(about["longitude"])
    if not (abs(place[0]) <= 90 and abs(place[1]) <= 180):
        raise SourceError("its first row holds no latitude and longitude")
    start = data.index.tz_convert("UTC").tz_localize(None).to_numpy().astype("M8[s]").astype(np.int64) - shift
    order = np.argsort(start, kind="stable")
    unique, first = np.unique(start[order], return_index=True)
    hours = Hours(point, *place, unique, {f: v[order][first] for f, v in fields.items()}, file, typical=True)
    return hours, len(start) - len(unique)
