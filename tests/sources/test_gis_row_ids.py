"""Layers without a column of ids: what a container numbers itself; and layers that a geodatabase lists and has not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyogrio
import pytest
import shapely
from gis_utility import CRS, read

from dtl.sources.reading import Reading

DRIVERS = {"gdb": "OpenFileGDB", "gpkg": "GPKG"}


def write(path: Path, layer: str, columns: dict[str, list[Any]], drawn: bool = True) -> None:
    """Add a layer of points, or a table, to a file of a container that numbers its rows."""
    path.parent.mkdir(exist_ok=True)
    frame = pd.DataFrame(columns)
    frame = frame.astype(dict.fromkeys(frame.select_dtypes("int64"), "int32"))
    if drawn:
        frame = geopandas.GeoDataFrame(
            frame, geometry=shapely.points([[500000 + 10 * i, 4e6] for i in range(len(frame))]), crs=CRS
        )
    pyogrio.write_dataframe(frame, path, layer=layer, driver=DRIVERS[path.suffix[1:]], append=path.exists())


def assets(reading: Reading, kind: str) -> dict[str, dict[str, Any]]:
    table = reading.tables["assets"].to_pandas()
    own = table[table["kind"] == kind]
    return {a: json.loads(t or "{}") for a, t in zip(own["asset"], own["attributes"], strict=True)}


def told(reading: Reading, check: str) -> list[tuple[str, str, str]]:
    return [(f.severity, f.element, f.field) for f in reading.findings if f.check == check]


@pytest.mark.parametrize("container", ["gdb", "gpkg"])
def test_a_layer_without_ids_has_those_of_its_container(tmp_path: Path, container: str) -> None:
    path = tmp_path / "gis" / f"u.{container}"
    write(path, "Fuse", {"RATEDAMPS": [40, 65, 100]})
    write(path, "VoltageRegulator", {"FACILITYID": ["r1"]})
    reading = read(tmp_path, "gis", columns="arcfm")
    assert sorted(assets(reading, "fuse")) == ["Fuse-1", "Fuse-2", "Fuse-3"]
    assert sorted(assets(reading, "regulator")) == ["r1"], "ids that are there count"
    column = "OBJECTID" if container == "gdb" else "fid"
    assert told(reading, "gis.row-id") == [("warning", "Fuse", column)]
    assert told(reading, "gis.no-id") == []
    own = read(tmp_path, "gis", columns="arcfm", layers={"Fuse": {"class": "fuse", "prefix": "f"}})
    assert sorted(assets(own, "fuse")) == ["f1", "f2", "f3"]


def test_other_tables_may_refer_to_the_numbers_of_a_geodatabase(tmp_path: Path) -> None:
    path = tmp_path / "gis" / "u.gdb"
    write(path, "Transformer", {"PHASEDESIGNATION": ["A", "ABC"]})
    write(path, "TransformerUnit", {"TRANSFORMEROBJECTID": [2, 2, 1, 2], "RATEDKVA": [25, 25, 50, 37.5]}, drawn=False)
    columns = {
        "every": {"id": "OBJECTID", "phases": "PHASEDESIGNATION", "kva": "RATEDKVA"},
        "transformer_unit": {"transformer": "TRANSFORMEROBJECTID"},
    }
    layers = {"Transformer": "transformer", "TransformerUnit": "transformer_unit"}
    reading = read(tmp_path, "gis", columns=columns, layers=layers)
    assert assets(reading, "transformer") == {"1": {"kva": 50, "phases": "A"}, "2": {"kva": 87.5, "phases": "ABC"}}
    assert told(reading, "gis.row-id") == [], "the study names the column"
    assert [f.message for f in reading.findings if f.severity == "error"] == []


def test_layers_of_a_geodatabase_whose_table_is_not_there_are_told(tmp_path: Path) -> None:
    path = tmp_path / "gis" / "u.gdb"
    for layer in ("Fuse", "Switch", "Drawings"):
        write(path, layer, {"FACILITYID": ["a", "b"]})
    catalog = pyogrio.read_dataframe(path / "a00000001.gdbtable", read_geometry=False)["Name"].tolist()
    for layer in ("Switch", "Drawings"):
        number = catalog.index(layer) + 1
        (path / f"a{number:08x}.gdbtable").unlink()
    reading = read(tmp_path, "gis", columns="arcfm")
    assert sorted(assets(reading, "fuse")) == ["a", "b"]
    assert told(reading, "gis.file") == [("warning", "Drawings", ""), ("error", "Switch", "")]
    (lost,) = [f for f in reading.findings if f.severity == "error"]
    assert "its table is missing" in lost.message and lost.file.endswith("u.gdb")
