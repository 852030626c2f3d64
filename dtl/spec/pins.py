"""Where fetched weather is pinned: one file per place and year, named by what was asked, below the study.

The name of a pin says its place and year, so a study that asks for another place or year lacks its pin, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtl.spec.measured import OpenMeteo

PINS = "data/weather/open_meteo"
"""The folder of the pins, from the folder of the study."""

Places = Mapping[str, tuple[float, float]]
"""Latitude and longitude [degree] by the name of a point."""


def places(source: OpenMeteo, folder: Path) -> Places:
    """The points of a source: those of the study, or those that a fetch found and wrote beside the pins; else none."""
    if isinstance(source.points, dict):
        return {name: (p.latitude_deg, p.longitude_deg) for name, p in sorted(source.points.items())}
    if source.latitude_deg is not None and source.longitude_deg is not None:
        return {"here": (source.latitude_deg, source.longitude_deg)}
    return found(folder / PINS / f"{source.points}.json")


def found(path: Path) -> Places:
    """The places that a fetch wrote; none where the file is not there or not as it was written."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return {str(n): (float(p["latitude_deg"]), float(p["longitude_deg"])) for n, p in told["places"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def name(place: tuple[float, float], what: int | str, model: str) -> str:
    """The file of the answer for a place, and a year or the word ``forecast``; 0.0001 degree are 11 m."""
    return f"{place[0]:.4f}_{place[1]:.4f}_{what}_{model}.json"


def pins(source: OpenMeteo, folder: Path) -> list[str]:
    """The files of all answers that a source needs, whether they are there or not."""
    what: list[int | str] = [*source.years, *(["forecast"] if source.forecast_days else [])]
    return sorted({name(place, w, source.model) for place in places(source, folder).values() for w in what})
