"""Areas that the GIS draws: from a table of polygons to the loads that a layer means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dtl import tables
from dtl.errors import Finding
from dtl.network.areas import with_areas
from dtl.network.feeder import Feeder
from dtl.network.rows import by_feeder
from dtl.sources import gis
from dtl.sources.read import write
from dtl.sources.reading import Reading

UTM = "EPSG:26916"
"""Metres; (500000, 4600000) lies at 87 degree west, 41.55 degree north."""
X, Y = 500_000.0, 4_600_000.0


def box(x: float, width: float) -> dict[str, Any]:
    """A square of a latitude of 0.1 degree around the place, from a longitude on."""
    west, east, south, north = x, x + width, 41.5, 41.6
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def drawn(folder: Path, rows: list[tuple[Any, Any]], column: str = "AREA_ID", **words: str) -> Reading:
    """The reading of a GIS with a table of areas: name and shape, in degrees."""
    features = [{"type": "Feature", "properties": {"AREA_ID": name, "n": i}, "geometry": shape}
                for i, (name, shape) in enumerate(rows)]  # fmt: skip
    path = folder / "planning_areas.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    areas = {"from": "gis", "table": "Planning_Areas", "column": column} | words
    spec = {"kind": "gis", "path": path.name, "columns": "arcfm", "to_crs": UTM, "areas": areas}
    reading = gis.read("gis", spec, {path.name: path})
    write(reading, {}, folder / "out")
    return reading


def network(crs: str = UTM, **places: tuple[float, float] | None) -> Any:
    """A table ``network`` of one feeder with buses at places, in metres from the middle."""
    rows: list[dict[str, str]] = [{"feeder": "f", "kind": "feeder", "name": "f", "body": json.dumps({"crs": crs})}]
    for name, at in places.items():
        body = {"name": name, "nodes": [1, 2, 3], "kv_ln": 7.2} | (
            {} if at is None else {"x": X + at[0], "y": Y + at[1]}
        )
        rows.append({"feeder": "f", "kind": "bus", "name": name, "body": json.dumps(body)})
    return tables.frame("network", {c: [r[c] for r in rows] for c in ("feeder", "kind", "name", "body")})


def placed(table: Any, folder: Path) -> tuple[dict[str, str], list[Finding]]:
    found, told = with_areas(table, folder / "out", "gis")
    ((_, rows),) = by_feeder(found)
    return {b.name: b.area for b in Feeder.from_parts(rows).buses}, told


SIDES = [("west", box(-87.05, 0.05)), ("east", box(-87.0, 0.05))]


def test_a_bus_is_in_the_area_that_it_stands_in(tmp_path: Path) -> None:
    """Two squares that meet at 87 degree west, drawn in degrees; buses in metres, 1 km to either side of it."""
    drawn(tmp_path, SIDES)
    areas, told = placed(network(a=(-1000.0, 0.0), b=(1000.0, 0.0), c=(1000.0, 80_000.0), d=None), tmp_path)
    assert areas == {"a": "west", "b": "east", "c": "", "d": ""}
    assert [(f.check, f.severity, f.message.rpartition(": ")[2]) for f in told] == [
        ("network.no-area", "warning", "1 of 4"), ("network.no-area", "warning", "1 of 4")
    ]  # fmt: skip


def test_several_polygons_of_a_name_are_one_area_and_overlaps_go_to_the_first_name(tmp_path: Path) -> None:
    drawn(tmp_path, [("b", box(-87.05, 0.05)), ("b", box(-87.0, 0.02)), ("a", box(-87.03, 0.06))])
    areas, told = placed(network(far=(-3500.0, 0.0), near=(-1000.0, 0.0), east=(1000.0, 0.0)), tmp_path)
    assert areas == {"far": "b", "near": "a", "east": "a"} and told == []


def test_a_model_in_degrees_is_turned_and_one_without_a_system_has_no_areas(tmp_path: Path) -> None:
    drawn(tmp_path, SIDES)
    degrees = network("EPSG:4326", a=(-87.01 - X, 41.55 - Y))
    assert placed(degrees, tmp_path) == ({"a": "west"}, [])
    nowhere, told = placed(network("", a=(-1000.0, 0.0)), tmp_path)
    assert nowhere == {"a": ""} and [f.severity for f in told] == ["error"]
    assert "state crs of the model" in told[0].remedy


@pytest.mark.parametrize(
    ("rows", "words", "said"),
    [
        ([("west", None)], {}, "the shape of an area is no polygon"),
        ([("", box(-87.05, 0.05))], {}, "an area has no name"),
        (SIDES, {"column": "AREAID"}, "the table has no column 'AREAID'; did you mean 'AREA_ID'?"),
        (SIDES, {"table": "planing"}, "no file has the table of the areas"),
    ],
)
def test_what_cannot_be_an_area_is_told(rows: Any, words: dict[str, str], said: str, tmp_path: Path) -> None:
    reading = drawn(tmp_path, rows, **words)
    assert any(said in f.message and f.check.startswith("gis.no-") for f in reading.findings)
    assert reading.tables["areas"] == []
