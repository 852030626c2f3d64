"""Columns that a layer takes from tables of their own: wires, units, and the ids behind the numbers of rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyogrio
import shapely
from gdb_domains import Database
from gis_utility import CRS, read

from dtl.sources.reading import Reading


def lines(path: Path, layer: str, columns: dict[str, list[Any]]) -> None:
    """Add a layer of lines of 10 m, one behind the other."""
    path.parent.mkdir(exist_ok=True)
    count = len(next(iter(columns.values())))
    shapes = [shapely.LineString([(5e5 + 10 * i, 4e6), (5e5 + 10 * i + 10, 4e6)]) for i in range(count)]
    frame = geopandas.GeoDataFrame(pd.DataFrame(columns), geometry=shapes, crs=CRS)
    pyogrio.write_dataframe(frame, path, layer=layer, driver="OpenFileGDB", append=path.exists())


def framed(columns: dict[str, list[Any]]) -> pd.DataFrame:
    """Columns with the whole numbers that a geodatabase has."""
    frame = pd.DataFrame(columns)
    return frame.astype(dict.fromkeys(frame.select_dtypes("int64"), "int32"))


def points(path: Path, layer: str, columns: dict[str, list[Any]]) -> None:
    count = len(next(iter(columns.values())))
    path.parent.mkdir(exist_ok=True)
    frame = geopandas.GeoDataFrame(framed(columns), geometry=[shapely.Point(5e5, 4e6)] * count, crs=CRS)
    pyogrio.write_dataframe(frame, path, layer=layer, driver="OpenFileGDB", append=path.exists())


def table(path: Path, layer: str, columns: dict[str, list[Any]]) -> None:
    pyogrio.write_dataframe(framed(columns), path, layer=layer, driver="OpenFileGDB", append=path.exists())


def stated(reading: Reading, kind: str, field: str) -> dict[str, Any]:
    """One attribute of the assets of a class."""
    every = reading.tables["assets"].to_pandas()
    own = every[every["kind"] == kind]
    return {a: json.loads(t or "{}").get(field) for a, t in zip(own["asset"], own["attributes"], strict=True)}


def told(reading: Reading, check: str = "gis.related") -> list[tuple[str, str, str]]:
    return [(f.severity, f.element, f.message) for f in reading.findings if f.check == check]


def network(folder: Path) -> Path:
    """A geometric network as it is kept: sizes, units and transformers of meters by the numbers of rows."""
    path = folder / "gis" / "u.gdb"
    lines(path, "PriOHElectricLineSegment", {"FacilityID": ["c1", "c2", "c3"]})
    wires = {"PriOHConductorObjectID": [2, 1, 1, 3], "ConductorSize": ["1/0", "336.4", "336.4", "2"],
             "ConductorMaterial": ["ACSR", "ACSR", "ACSR", "CU"]}  # fmt: skip
    table(path, "PRIOHCONDUCTORINFO", wires)
    points(path, "Transformer", {"FACILITYID": ["T1", "T2"]})
    table(path, "TransformerUnit", {"TransformerObjectID": [2, 2, 1, 7], "RatedKVA": [25.0, 10.0, 50.0, 5.0]})
    points(path, "PFCorrectingEquipment", {"FACILITYID": ["K1", "K2"]})
    table(path, "CapacitorUnit", {"CapacitorBankObjectID": [1, 1, 1, 2], "KVAR": [100.0, 100.0, 100.0, 50.0]})
    points(path, "ServicePoint", {"METERNUMBER": ["m1", "m2"], "TransformerObjectID": [2, 1]})
    return path


def test_a_geometric_network_is_read_with_its_tables(tmp_path: Path) -> None:
    network(tmp_path)
    reading = read(tmp_path, "gis", columns="arcfm")
    assert stated(reading, "conductor", "conductor") == {"c1": "336.4 ACSR", "c2": "1/0 ACSR", "c3": "2 CU"}
    assert stated(reading, "transformer", "kva") == {"T1": 50, "T2": 35}
    assert stated(reading, "capacitor", "kvar") == {"K1": 300, "K2": 50}
    meters = reading.tables["service_points"].to_pandas().set_index("meter")["transformer"]
    assert meters.astype(str).to_dict() == {"m1": "T2", "m2": "T1"}
    (lost,) = [f for f in told(reading) if f[0] != "info"]
    assert lost == ("warning", "TransformerUnit", "3 of 4 rows belong to 2 of 2 rows of Transformer")
    told_of = {(r["object"].rpartition(":")[2], r["property"]): r["verdict"] for r in reading.conversion.values()}
    assert told_of["PRIOHCONDUCTORINFO", "ConductorSize"] == "mapped"
    assert told_of["PRIOHCONDUCTORINFO", "PriOHConductorObjectID"] == "mapped"
    assert told_of["CapacitorUnit", ""] == "mapped" and told_of["TransformerUnit", "TransformerObjectID"] == "mapped"
    assert told_of["Transformer", "OBJECTID"] == "mapped", "whatever comes first"


def test_a_column_that_the_layer_fills_itself_counts(tmp_path: Path) -> None:
    path = tmp_path / "gis" / "u.gdb"
    points(path, "CapacitorBank", {"FACILITYID": ["K1", "K2"], "TOTALKVAR": [600.0, None]})
    table(path, "CapacitorUnit", {"CapacitorBankObjectID": [1, 2], "KVAR": [100.0, 50.0]})
    assert stated(read(tmp_path, "gis"), "capacitor", "kvar") == {"K1": 600, "K2": None}


def test_a_study_says_its_own_relation_in_files_of_any_kind(tmp_path: Path) -> None:
    (tmp_path / "gis").mkdir()
    (tmp_path / "gis" / "Fuse.csv").write_text("FACILITYID,GUID\nf1,{A}\nf2,{B}\nf3,\n")
    rows = "{A},40,Phase\n{A},65,Phase\n{A},10,Neutral\n{B},x,Phase\n{C},80,Phase\n"
    (tmp_path / "gis" / "Links.csv").write_text("OWNER,AMPS,USE\n" + rows)
    one = {"by": {"GUID": "OWNER"}, "columns": {"RATEDAMPS": "AMPS"}, "where": {"USE": ["phase"]}}
    first = read(tmp_path, "gis", related={"Fuse": {"Links": one}})
    assert stated(first, "fuse", "rated_a") == {"f1": 40, "f2": None, "f3": None}
    assert [m for _, _, m in told(first)] == [
        "2 of 3 rows belong to 3 of 4 rows of Links",
        "AMPS of Links has several values for 1 row; the first counts",
    ]
    assert told(first, "gis.bad-value")[0][1] == "f2"
    added = read(tmp_path, "gis", related={"Fuse": {"Links": {**one, "columns": {"RATEDAMPS": {"sum": "AMPS"}}}}})
    assert stated(added, "fuse", "rated_a") == {"f1": 105, "f2": None, "f3": None}
    (bad,) = [f for f in added.findings if f.check == "gis.bad-value"]
    assert (bad.file, bad.line, bad.field, bad.value) == ("gis/Links.csv", 5, "AMPS", "x")


def test_codes_of_a_related_table_mean_what_its_file_says(tmp_path: Path) -> None:
    path = tmp_path / "gis" / "u.gdb"
    lines(path, "PriUGElectricLineSegment", {"FACILITYID": ["c1"]})
    table(path, "PriUGConductorInfo", {"PriUGConductorObjectID": [1], "ConductorSize": [7]})
    data = Database(path)
    data.domain("Size", {7: "500 kcmil"})
    data.use("PriUGConductorInfo", "ConductorSize", "Size")
    data.close()
    assert stated(read(tmp_path, "gis"), "conductor", "conductor") == {"c1": "500 kcmil"}


def test_a_relation_that_names_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    network(tmp_path)
    wrong = {
        "Transformer": {"Units": {"by": {"OBJECTID": "X"}, "columns": {"RATEDKVA": "KVA"}}},
        "ServicePoint": {"Transformer": {"by": {"TXID": "OBJECTID"}, "columns": {"TRANSFORMERID": "FACILITYID"}}},
    }
    found = [f for f in read(tmp_path, "gis", related=wrong).findings if f.severity == "error"]
    assert [(f.check, f.element, f.field) for f in found] == [
        ("gis.related", "ServicePoint", "TXID"), ("gis.related", "Transformer", "Units"),
    ]  # fmt: skip
    assert "there is OBJECTID, METERNUMBER, TransformerObjectID" in found[0].message
