"""A small synthetic utility in the four containers of a GIS, and readings of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dtl.sources import gis
from dtl.sources.reading import Reading
from dtl.synth.settings import Settings
from dtl.synth.utility import write

CRS = "EPSG:26916"
"""The system of the synthetic utility."""
CONTAINERS = {"gdb": "utility.gdb.zip", "shp": "shp", "geojson": "geojson", "csv": "csv"}


def made(folder: Path, *, errors: str = "many") -> Path:
    """Two feeders of forty to sixty meters with planted errors; the folder of its GIS."""
    settings = Settings(
        feeders=2, seed=3, days=0, meters=(40, 60), errors=errors, formats=tuple(CONTAINERS)  # type: ignore[arg-type]
    )  # fmt: skip
    write(settings, folder)
    return folder / "gis"


def read(folder: Path, path: str, **spec: Any) -> Reading:
    """Read a file or folder below ``folder``."""
    place = folder / path
    files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
    words = {"columns": "arcfm", "crs": CRS, "to_crs": CRS, **spec}
    return gis.read("gis", {"kind": "gis", "path": path, **words}, {p.relative_to(folder).as_posix(): p for p in files})
