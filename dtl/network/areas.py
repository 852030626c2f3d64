"""The area in which each bus stands, by the polygons of the GIS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyproj
import shapely
from numpy.typing import NDArray

from dtl import tables
from dtl.errors import Finding, Severity

Place = tuple[int, float, float, str]
"""Row of the table, place, and coordinate system of its feeder."""


def with_areas(network: pa.Table, folder: Path, source: str) -> tuple[pa.Table, list[Finding]]:
    """The table ``network`` whose buses know their area, and findings about those that have none.

    A bus in several areas is in the first by name; without a place, or outside of all, in none.

    Parameters
    ----------
    folder
        The folder of the source that draws the areas.
    source
        Its name.
    """
    drawn = tables.read("areas", folder / "areas.parquet")
    crs = str(json.loads((folder / "source.json").read_text(encoding="utf-8"))["crs"])
    names, shapes = drawn["area"].to_pylist(), shapely.from_wkb(drawn["shape"].to_pylist())
    kinds, feeders = (network[c].cast(tables.TEXT).to_pylist() for c in ("kind", "feeder"))
    bodies = network["body"].to_pylist()
    buses = [row for row, kind in enumerate(kinds) if kind == "bus"]
    parts = {row: json.loads(bodies[row]) for row in buses}
    systems = {feeders[row]: json.loads(bodies[row]).get("crs", "") for row, k in enumerate(kinds) if k == "feeder"}
    at = np.array([_place(parts[row]) for row in buses], np.float64).reshape(-1, 2)
    for own in sorted(set(systems.values())):
        mine = np.array([systems.get(feeders[row], "") == own for row in buses], bool)
        at[mine] = _turned(at[mine], own, crs)
    there = np.flatnonzero(np.isfinite(at).all(axis=1))
    tree = shapely.STRtree(shapes)
    point, polygon = tree.query(shapely.points(at[there]), predicate="intersects") if len(names) else ([], [])
    found: dict[int, str] = {}
    for i, k in zip(np.asarray(there)[point].tolist() if len(point) else [], np.asarray(polygon).tolist(), strict=True):
        found[i] = min(found.get(i, names[k]), names[k])
    for i, name in found.items():
        row = buses[i]
        bodies[row] = json.dumps(parts[row] | {"area": name}, separators=(",", ":"), ensure_ascii=False)
    column = network.column_names.index("body")
    done = network.set_column(column, network.schema.field(column), pa.array(bodies, tables.TEXT))
    return done, list(_told(source, [feeders[row] for row in buses], at, found))


def _place(part: dict[str, Any]) -> tuple[float, float]:
    x, y = part.get("x"), part.get("y")
    return (np.nan, np.nan) if x is None or y is None else (float(x), float(y))


def _turned(at: NDArray[np.float64], crs: str, to_crs: str) -> NDArray[np.float64]:
    """Places in the system of the areas; nan where nobody says in which they are."""
    if crs == to_crs:
        return at
    if not crs or not to_crs:
        return np.full(at.shape, np.nan)
    turn = pyproj.Transformer.from_crs(crs, to_crs, always_xy=True)
    return np.column_stack(turn.transform(at[:, 0], at[:, 1]))


def _told(source: str, feeders: list[str], at: NDArray[np.float64], found: dict[int, str]) -> Iterator[Finding]:
    nowhere = ~np.isfinite(at).all(axis=1)
    for text, lacking, remedy in (
        ("buses without a place, or in a feeder whose coordinate system nobody states, are in no area", nowhere,
         "Name the GIS in network.geometry, or state crs of the model."),
        ("buses stand outside of all areas", ~nowhere, "Draw an area there, if one belongs there."),
    ):  # fmt: skip
        rows = [i for i in np.flatnonzero(lacking).tolist() if i not in found]
        if rows:
            own = sorted({feeders[i] for i in rows})
            value = ", ".join(own[:10]) + (f" and {len(own) - 10} more" if len(own) > 10 else "")
            severity: Severity = "error" if len(rows) == len(feeders) else "warning"
            yield Finding("network.no-area", severity, f"{text}: {len(rows)} of {len(feeders)}", source=source,
                          field="area", value=value, remedy=remedy)  # fmt: skip
