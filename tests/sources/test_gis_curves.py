"""Lines that are drawn with arcs, as software of geodatabases lets them be, and shapes of kinds that are not read."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import shapely
from gdb_domains import gdal
from gis_utility import read

MULTI_CURVE, TEXT, EPSG = 11, 4, 26916
STRAIGHT = "MULTICURVE ((500020 4000000, 500030 4000000))"
ARC = "MULTICURVE (COMPOUNDCURVE ((500000 4000000, 500010 4000000), CIRCULARSTRING (500010 4000000, 500015 4000005, 500020 4000000)))"  # noqa: E501
"""Ten metres straight, and half a circle of five metres."""


def write(path: Path, driver: str, shapes: Sequence[str]) -> None:
    """A layer PrimaryConductor of curves, c0, c1 and so on, by the library behind pyogrio."""
    library = gdal()
    path.parent.mkdir(exist_ok=True)
    kind = ctypes.c_void_p(library.GDALGetDriverByName(driver.encode()))
    data = ctypes.c_void_p(library.GDALCreate(kind, str(path).encode(), 0, 0, 0, 0, None))
    system = ctypes.c_void_p(library.OSRNewSpatialReference(None))
    assert library.OSRImportFromEPSG(system, EPSG) == 0
    layer = ctypes.c_void_p(library.GDALDatasetCreateLayer(data, b"PrimaryConductor", system, MULTI_CURVE, None))
    assert library.OGR_L_CreateField(layer, ctypes.c_void_p(library.OGR_Fld_Create(b"FACILITYID", TEXT)), 1) == 0
    for i, shape in enumerate(shapes):
        row = ctypes.c_void_p(library.OGR_F_Create(ctypes.c_void_p(library.OGR_L_GetLayerDefn(layer))))
        library.OGR_F_SetFieldString(row, 0, f"c{i}".encode())
        made, words = ctypes.c_void_p(), ctypes.c_char_p(shape.encode())
        assert library.OGR_G_CreateFromWkt(ctypes.byref(words), None, ctypes.byref(made)) == 0
        library.OGR_F_SetGeometry(row, made)
        assert library.OGR_L_CreateFeature(layer, row) == 0
    library.GDALClose(data)


@pytest.mark.parametrize(("name", "driver"), [("u.gdb", "OpenFileGDB"), ("u.gpkg", "GPKG")])
def test_arcs_are_read_as_chords(tmp_path: Path, name: str, driver: str) -> None:
    write(tmp_path / "gis" / name, driver, [ARC, STRAIGHT])
    reading = read(tmp_path, "gis")
    edges = reading.tables["gis_edges"].to_pandas().set_index("asset")
    assert edges.loc["c0", "length_m"] == pytest.approx(10 + math.pi * 5, abs=0.01)
    assert edges.loc["c1", "length_m"] == pytest.approx(10, abs=0.001)
    assert edges.loc["c0", "to_node"] == edges.loc["c1", "from_node"], "where the arc ends the next line begins"
    assert [f.check for f in reading.findings if f.severity != "info"] == []
    (told,) = [r for r in reading.conversion.values() if r["property"] == "geometry"]
    assert (told["verdict"], told["value"]) == ("defaulted", "2 rows" if driver == "GPKG" else "1 row")


def test_a_curve_in_binary_text_is_told(tmp_path: Path) -> None:
    line = shapely.LineString([(500000, 4000000), (500100, 4000000)])
    circular = b"\x01\x08\x00\x00\x00" + line.wkb[5:]
    rows = f"c1,{line.wkb.hex()}\nc2,{circular.hex()}\n"
    (tmp_path / "PrimaryConductor.csv").write_text("FACILITYID,geom\n" + rows)
    reading = read(tmp_path, "PrimaryConductor.csv")
    (bad,) = [f for f in reading.findings if f.check == "gis.bad-shape"]
    assert (bad.line, bad.field) == (3, "geometry")
    assert reading.tables["assets"].num_rows == 2
