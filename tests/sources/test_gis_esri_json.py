"""Answers of an ArcGIS server in its own JSON and as GeoJSON, and answers that the server cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gis_utility import read
from test_gis_bad import GOOD, HEAD, put

LINES = {"l1": [[500000, 4000000], [500100, 4000000]], "l2": [[500100, 4000000], [500200, 4000000]]}


def answer(folder: Path, **more: Any) -> None:
    (folder / "gis").mkdir(exist_ok=True)
    names = ("id", "level", "feeder", "phases")
    fields = [{"name": n, "type": "esriFieldTypeString", "alias": n, "length": 50} for n in names]
    features = [
        {"attributes": {"id": n, "level": "primary", "feeder": "F1", "phases": "ABC"}, "geometry": {"paths": [at]}}
        for n, at in LINES.items()
    ]
    whole = {"geometryType": "esriGeometryPolyline", "spatialReference": {"wkid": 26916}, "fields": fields,
             "features": features, **more}  # fmt: skip
    (folder / "gis" / "conductor.json").write_text(json.dumps(whole))


def test_the_json_of_a_server_gives_what_a_csv_gives(tmp_path: Path) -> None:
    answer(tmp_path)
    found = read(tmp_path, "gis", columns="ours", crs=None, to_crs=None)
    assert {f.check for f in found.findings} == {"gis.read", "gis.working-crs", "gis.no-head"}
    (tmp_path / "b").mkdir()
    put(tmp_path / "b", "conductor.csv", HEAD, *GOOD)
    same = read(tmp_path / "b", "gis", columns="ours")
    columns = ["asset", "feeder", "level", "phases", "length_m", "x1", "y1", "x2", "y2"]
    assert found.tables["gis_edges"].select(columns).equals(same.tables["gis_edges"].select(columns))


@pytest.mark.parametrize("form", ["esri", "geojson"])
def test_an_answer_that_the_server_cut_is_told(tmp_path: Path, form: str) -> None:
    if form == "esri":
        answer(tmp_path, exceededTransferLimit=True)
    else:
        line = {"type": "LineString", "coordinates": [[-87.0, 36.1], [-87.0, 36.101]]}
        whole = {"type": "FeatureCollection", "properties": {"exceededTransferLimit": True}, "features": [
            {"type": "Feature", "properties": {"id": "l1"}, "geometry": line}]}  # fmt: skip
        (tmp_path / "gis").mkdir()
        (tmp_path / "gis" / "conductor.geojson").write_text(json.dumps(whole))
    found = read(tmp_path, "gis", columns="ours", crs=None, to_crs=None)
    (told,) = [f for f in found.findings if f.check == "gis.file"]
    assert told.severity == "warning" and "exceededTransferLimit" in told.message
