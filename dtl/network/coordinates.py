"""One coordinate system for a study: the places of its model brought into that of the GIS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyproj
from pydantic_core import from_json

from dtl import tables
from dtl.errors import Finding


def of_gis(folders: Mapping[str, Path], drawn: str) -> str:
    """The system of the GIS that draws the study, else of the first by name; empty where there is none."""
    for name in [drawn] if drawn else sorted(folders):
        about = json.loads((folders[name] / "source.json").read_text(encoding="utf-8"))
        if about["kind"] == "gis" and about["crs"]:
            return str(about["crs"])
    return ""


def in_system(network: pa.Table, crs: str) -> tuple[pa.Table, list[Finding]]:
    """A table ``network`` with the places of buses, and the vertices of lines, in the system `crs`.

    Feeders that state no system keep their places; a finding tells where these can be degrees only.
    """
    kinds, feeders = (network[c].cast(tables.TEXT).to_pylist() for c in ("kind", "feeder"))
    bodies = network["body"].to_pylist()
    stated = {feeders[row]: str(json.loads(bodies[row]).get("crs", "")) for row, k in enumerate(kinds) if k == "feeder"}
    foreign = {feeder: own for feeder, own in stated.items() if own != crs}
    if not foreign:
        return network, []
    rows = [row for row, kind in enumerate(kinds) if kind in ("bus", "feeder", "line") and feeders[row] in foreign]
    parts = {row: from_json(bodies[row]) for row in rows}
    silent = {f for f, own in foreign.items() if not own}
    findings = list(_degrees(crs, [p for row, p in parts.items() if feeders[row] in silent], len(silent)))
    for own in sorted(set(foreign.values()) - {""}):
        mine = {row: part for row, part in parts.items() if foreign[feeders[row]] == own}
        _turn(mine.values(), pyproj.Transformer.from_crs(own, crs, always_xy=True))
        for row, part in mine.items():
            if kinds[row] == "feeder":
                part["crs"] = crs
            bodies[row] = json.dumps(part, separators=(",", ":"), ensure_ascii=False)
    column = network.column_names.index("body")
    return network.set_column(column, network.schema.field(column), pa.array(bodies, tables.TEXT)), findings


def _turn(parts: Any, turn: pyproj.Transformer) -> None:
    """Move all places of some parts at once."""
    buses = [p for p in parts if p.get("x") is not None and p.get("y") is not None]
    lines = [p for p in parts if p.get("path")]
    at = np.array([(p["x"], p["y"]) for p in buses] + [v for p in lines for v in p["path"]], np.float64).reshape(-1, 2)
    there: list[list[float]] = np.round(np.column_stack(turn.transform(at[:, 0], at[:, 1])), 9).tolist()
    for part, (x, y) in zip(buses, there, strict=False):
        part["x"], part["y"] = x, y
    start = len(buses)
    for part in lines:
        end = start + len(part["path"])
        part["path"] = there[start:end]
        start = end


def _degrees(crs: str, parts: list[dict[str, Any]], feeders: int) -> Iterator[Finding]:
    """That the places of feeders which state no system look like degrees, where the GIS counts in metres."""
    at = [(p["x"], p["y"]) for p in parts if p.get("x") is not None and p.get("y") is not None]
    if not at or pyproj.CRS(crs).is_geographic:
        return
    x, y = np.abs(np.array(at, np.float64)).max(axis=0)
    if x <= 180 and y <= 90:
        text = f"the places of {feeders} feeders of the model look like degrees, and nothing states their system"
        remedy = f"State crs of the model, as EPSG:4326; the GIS is in {crs}."
        yield Finding("network.crs", "warning", text, field="crs", value=f"{x:.6g}, {y:.6g}", remedy=remedy)
