"""What is wrong with GIS files becomes findings that name file, row, field and remedy; nothing is dropped unsaid."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from gis_utility import CRS, read

from dtl.errors import Finding
from dtl.sources.reading import Reading

HEAD = "id,level,feeder,from_node,to_node,length_m,phases,WKT"
GOOD = [
    'l1,primary,F1,n0,n1,100,ABC,"LINESTRING (500000 4000000, 500100 4000000)"',
    'l2,primary,F1,n1,n2,100,ABC,"LINESTRING (500100 4000000, 500200 4000000)"',
]


def ours(folder: Path, **spec: Any) -> Reading:
    return read(folder, "gis", columns="ours", **spec)


def put(folder: Path, name: str, *rows: str) -> None:
    (folder / "gis").mkdir(exist_ok=True)
    (folder / "gis" / name).write_text("\n".join(rows) + "\n", encoding="utf-8")


def one(reading: Reading, check: str) -> Finding:
    (found,) = [f for f in reading.findings if f.check == check]
    return found


def test_sound_lines_make_no_complaint(tmp_path: Path) -> None:
    put(tmp_path, "conductor.csv", HEAD, *GOOD)
    put(tmp_path, "substation.csv", "id,WKT", "s,POINT (499990 4000000)")
    reading = ours(tmp_path)
    assert [f.check for f in reading.findings] == ["gis.read", "gis.read", "gis.no-feeders"]
    assert reading.tables["gis_edges"]["head"].to_pylist() == ["F1", "F1"]
    (tmp_path / "gis/substation.csv").unlink()
    assert one(ours(tmp_path), "gis.no-head").value == "F1"


FAR = "LINESTRING (500200 4000000, 500300 4000000)"


@pytest.mark.parametrize(
    ("row", "check", "field", "value"),
    [
        (f',primary,F1,n2,n3,100,ABC,"{FAR}"', "gis.no-id", "id", ""),
        (f'l1,primary,F1,n2,n3,100,ABC,"{FAR}"', "gis.duplicate", "id", "l1"),
        (f'l3,primary,F1,n2,n3,abc,ABC,"{FAR}"', "gis.bad-value", "length_m", "abc"),
        (f'l3,primary,F1,n2,n3,1e999,ABC,"{FAR}"', "gis.bad-value", "length_m", "1e999"),
        (f'l3,primary,F1,n2,n3,100,XYZ,"{FAR}"', "gis.bad-value", "phases", "XYZ"),
        ('l3,primary,F1,n2,n3,100,ABC,"LINESTRING (5 4"', "gis.bad-shape", "geometry", "LINESTRING (5 4"),
        ('l3,primary,F1,n2,n3,100,ABC,"POINT (500200 4000000)"', "gis.no-place", "geometry", ""),
        ("l3,primary,F1,n2,n3,100,ABC,a,b", "gis.ragged-row", "", "has 9 cells in place of 8"),
    ],
)  # fmt: skip
def test_a_row_that_is_wrong_is_named(tmp_path: Path, row: str, check: str, field: str, value: str) -> None:
    put(tmp_path, "conductor.csv", HEAD, *GOOD, row)
    reading = ours(tmp_path)
    found = one(reading, check)
    assert (found.file, found.line, found.field, found.value) == ("gis/conductor.csv", 4, field, value)
    assert found.remedy
    refused = [r for r in reading.conversion.values() if r["object"].startswith("[row]")]
    assert len(refused) == 1 and refused[0]["verdict"] == "refused"
    kept = 3 if check in ("gis.bad-value", "gis.bad-shape", "gis.no-place") else 2
    assert reading.tables["assets"].num_rows == kept


def test_rows_after_a_ragged_one_keep_their_number(tmp_path: Path) -> None:
    put(tmp_path, "conductor.csv", HEAD, GOOD[0], "l9,too,few", GOOD[1].replace("ABC", "Q"))
    assert one(ours(tmp_path), "gis.ragged-row").line == 3
    assert one(ours(tmp_path), "gis.bad-value").line == 4


def test_no_coordinate_system_is_an_error(tmp_path: Path) -> None:
    put(tmp_path, "conductor.csv", HEAD, *GOOD)
    found = one(ours(tmp_path, crs=None), "gis.no-crs")
    assert found.severity == "error" and "crs" in found.remedy
    put(tmp_path, "pole.csv", "id,x,y", "p1,500000,4000000")
    assert {f.element for f in ours(tmp_path, crs=None).findings if f.check == "gis.no-crs"} == {"conductor", "pole"}
    place = ours(tmp_path).tables["assets"].to_pandas().set_index("asset").loc["p1"]
    assert (place["x"], place["y"]) == (500000, 4000000)


def test_metres_under_degrees_do_not_fit(tmp_path: Path) -> None:
    put(tmp_path, "conductor.csv", HEAD, *GOOD)
    assert one(ours(tmp_path, crs="EPSG:4326"), "gis.crs-does-not-fit").severity == "error"
    assert one(ours(tmp_path, crs="EPSG:99999999"), "gis.file").severity == "error"


def test_feet_that_are_said_to_be_metres_are_told(tmp_path: Path) -> None:
    rows = [
        f'l{i},primary,F1,n{i},n{i + 1},328,ABC,"LINESTRING ({5000 + i}00 4000000, {5001 + i}00 4000000)"'
        for i in range(12)
    ]
    put(tmp_path, "conductor.csv", HEAD, *rows)
    found = one(ours(tmp_path), "gis.length-unit")
    assert found.severity == "error" and "3.28" in found.message
    assert "gis.length-unit" not in {f.check for f in ours(tmp_path, length_unit="ft").findings}


def test_unknown_files_and_layers_are_named(tmp_path: Path) -> None:
    put(tmp_path, "conductor.csv", HEAD, *GOOD)
    put(tmp_path, "wombats.csv", "id,colour", "1,grey")
    put(tmp_path, "notes.docx", "x")
    reading = ours(tmp_path, layers={"conductor": "conductor", "meters": "service_point"})
    assert one(reading, "gis.no-layer").element == "meters"
    assert one(reading, "gis.file").file == "gis/notes.docx"
    verdict = {(r["object"], r["property"]): r["verdict"] for r in reading.conversion.values()}
    layer = "[layer] gis/wombats.csv:wombats"
    assert [verdict[layer, p] for p in ("", "id", "colour")] == ["refused", "unused", "unused"]


def test_archives_that_are_bombs_or_lead_outside_are_refused(tmp_path: Path) -> None:
    (tmp_path / "gis").mkdir()
    with zipfile.ZipFile(tmp_path / "gis" / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.shp", b"\0" * (60 * 1024**2))
    with zipfile.ZipFile(tmp_path / "gis" / "outside.zip", "w") as packed:
        packed.writestr("../a.shp", b"")
    with zipfile.ZipFile(tmp_path / "gis" / "other.zip", "w") as packed:
        packed.writestr("a.shp", b"<OGRVRTDataSource/>")
    told = {f.file: f.message for f in ours(tmp_path).findings if f.check == "gis.file"}
    assert "packed 400 times" in told["gis/bomb.zip"]
    assert "outside" in told["gis/outside.zip"]
    assert "begins otherwise" in told["gis/other.zip"]


def test_a_file_cannot_lead_the_library_to_another(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("id\nx\n")
    (tmp_path / "gis").mkdir()
    layer = f"<OGRVRTLayer name='pole'><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer>"
    vrt = f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>"
    (tmp_path / "gis" / "pole.geojson").write_text(vrt)
    command = {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {secret} ! write -"}
    (tmp_path / "gis" / "pole2.geojson").write_text(json.dumps(command))
    reading = ours(tmp_path)
    assert [f.check for f in reading.findings] == ["gis.file", "gis.file"]
    assert reading.tables["assets"].num_rows == 0


def test_what_stands_on_a_line_divides_it_and_open_parts_the_feeders(tmp_path: Path) -> None:
    put(tmp_path, "conductor.csv", "id,level,feeder,phases,WKT",
        'l1,primary,A,ABC,"LINESTRING (500000 4000000, 500200 4000000)"',
        'l2,primary,B,ABC,"LINESTRING (500200 4000000, 500400 4000000)"',
        'l3,primary,A,A,"LINESTRING (500050 4000000.3, 500050 4000090)"',
        'low,secondary,A,A,"LINESTRING (500050 4000000, 500000 4000050)"')  # fmt: skip
    put(tmp_path, "switch.csv", "id,closed,WKT", "tie,no,POINT (500150 4000000.2)")
    put(tmp_path, "substation.csv", "id,WKT", "S,POINT (499990 4000000)", "T,POINT (500410 4000000)")
    put(tmp_path, "feeder.csv", "id,substation", "A,S", "B,T")
    reading = ours(tmp_path)
    edges = reading.tables["gis_edges"].to_pandas().set_index(["asset", "piece"])
    head = edges["head"].astype(str).to_dict()
    assert head["l1", 0] == head["l1", 1] == head["l3", 0] == "A"
    assert head["l1", 2] == head["l2", 0] == "B"
    assert edges.loc[("l1", 0), "length_m"] == 50 and edges.loc[("l1", 2), "length_m"] == 50
    assert head["low", 0] == "", "a secondary line is not joined to the primary line at its place"
    assert one(reading, "gis.end-on-line").severity == "info"


TRUNK = 'l1,primary,A,ABC,"LINESTRING (500000 4000000, 500200 4000000)"'
NORTH = 'n,primary,A,ABC,"LINESTRING (500100 4000000, 500100 4000080)"'


@pytest.mark.parametrize(
    ("south", "head"),
    [
        ('s,primary,A,ABC,"LINESTRING (500100 3999920, 500100 4000000)"', "A"),
        ('s,primary,,ABC,"LINESTRING (500100 4000000, 500100 3999920)"', "A"),
        ('s,primary,B,ABC,"LINESTRING (500100 4000000, 500100 3999920)"', ""),
        ('s,primary,A,ABC,"LINESTRING (500100 4000000, 500140 4000000, 500180 4000000, 500180 4000010)"', ""),
    ],
    ids=["tap on both sides", "no feeder", "another feeder", "runs along"],
)  # fmt: skip
def test_two_laterals_at_one_pole_divide_the_line(tmp_path: Path, south: str, head: str) -> None:
    put(tmp_path, "conductor.csv", "id,level,feeder,phases,WKT", TRUNK, NORTH, south)
    put(tmp_path, "substation.csv", "id,WKT", "S,POINT (499990 4000000)")
    reading = ours(tmp_path)
    edges = reading.tables["gis_edges"].to_pandas().set_index(["asset", "piece"])
    assert (edges["head"].astype(str)["n", 0] == "A") == bool(head)
    assert edges["length_m"].sum() == pytest.approx(360 if "500140" not in south else 370)
    assert len(edges.loc["l1"]) == (2 if head else 1)


def test_lines_that_cross_at_a_pole_are_not_joined_where_both_are_fed(tmp_path: Path) -> None:
    put(tmp_path, "conductor.csv", "id,level,feeder,phases,WKT", TRUNK, NORTH,
        's,primary,A,ABC,"LINESTRING (500000 4000000, 500050 3999900, 500100 4000000)"')  # fmt: skip
    edges = ours(tmp_path).tables["gis_edges"].to_pandas()
    assert edges["asset"].tolist() == ["l1", "n", "s"]


def test_phases_that_nothing_feeds_are_told(tmp_path: Path) -> None:
    put(tmp_path, "conductor.csv", HEAD, GOOD[0].replace("ABC", "A"), GOOD[1])
    put(tmp_path, "feeder.csv", "id,head_node", "F1,n0")
    found = one(ours(tmp_path), "gis.phase-conflict")
    assert found.value == "l2" and found.feeder == "F1"


def test_one_layer_may_hold_several_classes(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(
        {"ASSETGROUP": [1, 2, 3], "ASSETID": ["a", "b", "c"], "KVA": [25.0, None, None], "NORMALSTATUS": [None, 1, 1]},
        geometry=shapely.points([[500000, 4000000], [500010, 4000000], [500020, 4000000]]), crs=CRS,
    )  # fmt: skip
    (tmp_path / "gis").mkdir()
    frame.to_crs(4326).to_file(tmp_path / "gis" / "ElectricDevice.geojson")
    groups = [
        {"class": "transformer", "where": {"ASSETGROUP": ["1"]}},
        {"class": "switch", "where": {"ASSETGROUP": ["2"]}},
    ]
    reading = read(tmp_path, "gis", columns="esri_un", layers={"ElectricDevice": groups})
    assets = reading.tables["assets"].to_pandas().set_index("asset")
    assert assets["kind"].astype(str).to_dict() == {"a": "transformer", "b": "switch"}
    assert '"closed":false' in assets.loc["b", "attributes"]
    assert any(r["object"].endswith("of no class") and r["value"] == "1 row" for r in reading.conversion.values())


def test_web_mercator_is_no_system_to_measure_in(tmp_path: Path) -> None:
    line = geopandas.GeoDataFrame(
        {"id": ["l1"], "feeder": ["F1"], "level": ["primary"], "phases": ["ABC"]},
        geometry=[shapely.LineString([(500000, 4600000), (500100, 4600000)])],
        crs=CRS,
    )
    (tmp_path / "gis").mkdir()
    line.to_crs("EPSG:3857").to_file(tmp_path / "gis/conductor.geojson", driver="GeoJSON")
    line.to_crs("EPSG:3857").to_file(tmp_path / "gis/conductor.gpkg", layer="conductor")
    reading = read(tmp_path, "gis/conductor.gpkg", columns="ours", crs=None, to_crs=None)
    assert one(reading, "gis.working-crs").value == "EPSG:32616"
    assert reading.tables["gis_edges"]["length_m"].to_pylist() == pytest.approx([100.0], abs=0.1)
    refused = read(tmp_path, "gis/conductor.gpkg", columns="ours", crs=None, to_crs="EPSG:3857")
    assert "of the true ones" in one(refused, "gis.file").message


def test_feet_of_another_system_lie_outside_of_its_area(tmp_path: Path) -> None:
    feet = [row.replace("500", "1640").replace("4000000", "13123360") for row in GOOD]
    put(tmp_path, "conductor.csv", HEAD, *feet)
    found = one(ours(tmp_path), "gis.crs-does-not-fit")
    assert "outside of the area" in found.message and found.severity == "error"


def test_a_projection_that_nobody_knows_is_told(tmp_path: Path) -> None:
    line = geopandas.GeoDataFrame({"id": ["l1"]}, geometry=[shapely.LineString([(5e5, 4e6), (6e5, 4e6)])], crs=CRS)
    line.to_file(tmp_path / "conductor.shp")
    text = (tmp_path / "conductor.prj").read_text()
    assert "Transverse_Mercator" in text
    (tmp_path / "conductor.prj").write_text(text.replace("Transverse_Mercator", "Transverse_MercatBr"))
    found = one(read(tmp_path, "conductor.shp", columns="ours", crs=None), "gis.file")
    assert "its definition is damaged" in found.message and found.severity == "error"


def test_curves_and_lines_without_a_shape_are_told(tmp_path: Path) -> None:
    curve = 'l3,primary,F1,n2,n3,,ABC,"CIRCULARSTRING (500000 4000000, 500050 4000050, 500100 4000000)"'
    put(tmp_path, "conductor.csv", HEAD, *GOOD, curve, "l4,primary,F1,n3,n4,,ABC,", "l5,primary,F1,n4,n5,70,ABC,")
    reading = ours(tmp_path)
    assert one(reading, "gis.bad-shape").line == 4
    assert "0 m: 2" in one(reading, "gis.no-length").message
    assert reading.tables["gis_edges"]["length_m"].to_pylist() == [100.0, 100.0, 0.0, 0.0, 70.0]


def test_latitude_before_longitude_lies_outside_of_the_working_system(tmp_path: Path) -> None:
    for places, found in (("41.9 -87.6, 41.901 -87.6", 1), ("-87.6 41.9, -87.6 41.901", 0)):
        put(tmp_path, "conductor.csv", HEAD, f'l1,primary,F1,n0,n1,,ABC,"LINESTRING ({places})"')
        reading = ours(tmp_path, crs="EPSG:4326", to_crs="EPSG:32616")
        assert len([f for f in reading.findings if f.check == "gis.crs-does-not-fit"]) == found


def test_tables_beside_shapes_in_an_archive_are_told(tmp_path: Path) -> None:
    at = [shapely.Point(500000, 4000000)]
    geopandas.GeoDataFrame({"id": ["t1"]}, geometry=at, crs=CRS).to_file(tmp_path / "transformer.shp")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        for member in sorted(tmp_path.glob("transformer.*")):
            packed.write(member, member.name)
        packed.writestr("feeder.csv", "id\nF1\n")
        packed.writestr("readme.txt", "as of today")
    reading = read(tmp_path, "all.zip", columns="ours")
    assert reading.tables["assets"].num_rows == 1
    assert "feeder.csv" in one(reading, "gis.file").message and "readme" not in one(reading, "gis.file").message


@pytest.mark.parametrize(
    ("text", "kv"),
    [
        ("240 V", 0.24),
        ("120/240 V", 0.12),
        ("480Y/277 V", 0.48),
        ("12.47/7.2 kV", 12.47),
        ("7200", 7.2),
        ("7,2", None),
    ],
)
def test_voltages_of_nameplates(tmp_path: Path, text: str, kv: float | None) -> None:
    put(tmp_path, "transformer.csv", "id,kv,WKT", f't1,"{text}","POINT (500000 4000000)"')
    reading = ours(tmp_path)
    (stated,) = reading.tables["assets"]["attributes"].to_pylist()
    assert json.loads(stated or "{}").get("kv") == kv
    assert [f.value for f in reading.findings if f.check == "gis.bad-value"] == ([] if kv else [text])


@pytest.mark.parametrize("form", ["ewkt", "hex"])
def test_shapes_as_postgis_exports_them_state_their_system(tmp_path: Path, form: str) -> None:
    """EWKT and hexadecimal EWKB in feet of Illinois East, while the study says metres."""
    lines = geopandas.GeoSeries(
        [shapely.LineString([(500000 + d, 4600000), (500100 + d, 4600000)]) for d in (0, 100)], crs=CRS
    )
    found = lines.to_crs("EPSG:3435").to_numpy()
    word = [f"SRID=3435;{shapely.to_wkt(g, rounding_precision=6)}" for g in found]
    if form == "hex":
        word = [shapely.to_wkb(shapely.set_srid(g, 3435), hex=True, include_srid=True) for g in found]
    rows = [f'l{i},primary,F1,n{i},n{i + 1},,ABC,"{w}"' for i, w in enumerate(word)]
    put(tmp_path, "conductor.csv", HEAD.replace("WKT", "geom"), *rows)
    reading = ours(tmp_path)
    assert reading.tables["gis_edges"]["length_m"].to_pylist() == pytest.approx([100.0, 100.0], abs=0.05)
    assert reading.tables["assets"]["x"].to_pylist() == pytest.approx([500050.0, 500150.0], abs=0.05)
    put(tmp_path, "pole.csv", "id,geom", "p1,SRID=3435;POINT (1 2)", "p2,SRID=4326;POINT (1 2)")
    assert "EPSG:3435, EPSG:4326" in one(ours(tmp_path), "gis.file").message


GOOD_POLES = [f"q{i},-87.0,36.{i}" for i in range(10, 20)]


def test_one_row_far_from_where_its_system_holds_is_told(tmp_path: Path) -> None:
    """x and y of one row swapped; and a place at 0 degrees, of which a system in metres makes anything."""
    put(
        tmp_path, "conductor.csv", HEAD, *GOOD, 'l3,primary,F1,n2,n3,,ABC,"LINESTRING (4000000 500200, 4000000 500300)"'
    )
    reading = ours(tmp_path)
    found = one(reading, "gis.no-place")
    assert (found.line, found.element) == (4, "l3") and "far outside of the area of EPSG:26916" in found.message
    place = reading.tables["assets"].to_pandas().set_index("asset").loc["l3"]
    assert place.isna()["x"] and place.isna()["y"]
    (tmp_path / "gis/conductor.csv").unlink()
    put(tmp_path, "pole.csv", "id,x,y", "p1,-87.0,36.1", "p2,0,0", "p3,-87.0,36.2", "p4,87.0,36.2", *GOOD_POLES)
    told = {f.line: f.element for f in ours(tmp_path, crs="EPSG:4326").findings if f.check == "gis.no-place"}
    assert told == {3: "p2", 5: "p4"}
