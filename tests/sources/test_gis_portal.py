"""Shapes as open data portals and programs write them: GeoJSON in a cell, corners at (0, 0)."""

from __future__ import annotations

from pathlib import Path

import pytest
from gis_utility import CRS
from test_gis_bad import GOOD, HEAD, ours, put


def test_shapes_as_open_data_portals_write_them_are_read(tmp_path: Path) -> None:
    """GeoJSON in a cell, in degrees whatever system the study declares; a cell that is broken is named."""
    line = '{""type"": ""LineString"", ""coordinates"": [[-87.0, 36.1, 4.0], [-87.0, 36.101, 4.0]]}'
    rows = [f'"36.1, -87.0";"{line}";l1', '"36.1, -87.0";"{""type"": ""LineString""";l2']
    put(tmp_path, "conductor.csv", "geo_point_2d;geo_shape;id", *rows)
    reading = ours(tmp_path)
    assert reading.tables["gis_edges"]["length_m"].to_pylist() == pytest.approx([110.9, 0.0], abs=0.2)
    assert [f.element for f in reading.findings if f.check == "gis.bad-shape"] == ["row 3"]


def test_a_corner_at_zero_makes_no_line_of_thousands_of_kilometres(tmp_path: Path) -> None:
    """An end without a place, drawn to (0, 0); also where the working system is another, in which that is a place."""
    put(tmp_path, "conductor.csv", HEAD, *GOOD, 'l3,primary,F1,n2,n3,,ABC,"LINESTRING (500200 4000000, 0 0)"')
    put(tmp_path, "pole.csv", "id,WKT", "p1,POINT (0 0)", "p2,POINT (500200 4000000)")
    for working in (CRS, "EPSG:5070"):
        reading = ours(tmp_path, to_crs=working)
        assert max(reading.tables["gis_edges"]["length_m"].to_pylist()) < 1000
        assert {f.element for f in reading.findings if f.check == "gis.no-place"} == {"l3", "p1"}
