"""What codes, phases, voltages and names of columns mean: by the file, by the study, or told as taken for granted."""

from __future__ import annotations

import json
import sqlite3
import warnings
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyogrio
import pytest
import shapely
from gdb_domains import Database
from gis_utility import CRS, read

from dtl.sources.reading import Reading


def points(count: int) -> Any:
    return shapely.points([[500000 + 10 * i, 4000000] for i in range(count)])


def stated(reading: Reading) -> dict[str, dict[str, Any]]:
    """The attributes of each asset."""
    table = reading.tables["assets"].to_pandas()
    return {a: json.loads(t or "{}") for a, t in zip(table["asset"], table["attributes"], strict=True)}


def told(reading: Reading, check: str) -> list[str]:
    return [f"{f.field} {f.value}".strip() for f in reading.findings if f.check == check]


def layer(folder: Path, name: str, **columns: list[Any]) -> Path:
    """A geodatabase with one layer of points; columns of whole numbers become integers."""
    (folder / "gis").mkdir()
    path, count = folder / "gis" / "u.gdb", len(next(iter(columns.values())))
    frame = geopandas.GeoDataFrame(pd.DataFrame(columns).convert_dtypes(), geometry=points(count), crs=CRS)
    kinds = {c: "int32" for c in frame if frame[c].dtype == "Int64"}
    pyogrio.write_dataframe(frame.astype(kinds), path, layer=name, driver="OpenFileGDB")
    return path


def test_domains_of_a_geodatabase_say_what_codes_mean(tmp_path: Path) -> None:
    path = layer(tmp_path, "Transformer", FACILITYID=["t1", "t2", "t3"], OPERATINGVOLTAGE=[20, 20, 30],
                 RATEDKVA=[1, 2, 9], PHASEDESIGNATION=[1, 2, 3], HIGHSIDECONFIG=["Y", "D", "Y"])  # fmt: skip
    data = Database(path)
    data.domain("Volts", {20: "13.8 kV / 7.97 kV", 30: "4160 V"})
    data.domain("Kva", {1: "25 kVA", 2: "37.5", 9: "pad"})
    data.domain("Phase", {1: "Phase A", 2: "AB", 3: "ABC"})
    data.domain("Winding", {"Y": "Grounded wye", "D": "Delta"})
    for column, name in (("OPERATINGVOLTAGE", "Volts"), ("RATEDKVA", "Kva"), ("PHASEDESIGNATION", "Phase"),
                         ("HIGHSIDECONFIG", "Winding")):  # fmt: skip
        data.use("Transformer", column, name)
    data.close()
    reading = read(tmp_path, "gis")
    assert stated(reading) == {
        "t1": {"kv": 13.8, "kva": 25, "phases": "A", "high_connection": "wye"},
        "t2": {"kv": 13.8, "kva": 37.5, "phases": "AB", "high_connection": "delta"},
        "t3": {"kv": 4.16, "phases": "ABC", "high_connection": "wye"},
    }
    assert told(reading, "gis.bad-value") == ["RATEDKVA 9 = pad"]
    (listed,) = [r for r in reading.conversion.values() if r["property"] == "codes of OPERATINGVOLTAGE"]
    assert "20 = 13.8 kV / 7.97 kV" in listed["target"]
    own = read(tmp_path, "gis", codes={"phases": {"1": "C", "2": "B", "3": "BC"}, "kva": {"1": "10", "9": "75"}})
    assert [v["phases"] for v in stated(own).values()] == ["C", "B", "BC"], "what the study says wins"
    assert [v.get("kva") for v in stated(own).values()] == [10, None, 75]


def test_subtypes_have_names_and_domains_of_their_own(tmp_path: Path) -> None:
    path = layer(tmp_path, "ElectricDevice", ASSETID=["a", "b", "c"], ASSETGROUP=[7, 8, 8], RATEDKVA=[1, 1, 2])
    data = Database(path)
    data.domain("Kva", {1: "25", 2: "50"})
    data.domain("Large", {1: "500", 2: "750"})
    data.use("ElectricDevice", "RATEDKVA", "Kva")
    data.subtypes("ElectricDevice", "ASSETGROUP", {7: "Pole Transformer", 8: "Pad Transformer"},
                  {8: {"RATEDKVA": "Large"}})  # fmt: skip
    data.close()
    pads = {"class": "transformer", "where": {"ASSETGROUP": ["pad transformer"]}, "columns": {"type": "ASSETGROUP"}}
    poles = {"class": "transformer", "where": {"ASSETGROUP": ["7"]}}
    reading = read(tmp_path, "gis", columns="esri_un", layers={"ElectricDevice": [pads, poles]})
    assert stated(reading) == {
        "a": {"kva": 25}, "b": {"kva": 500, "type": "Pad Transformer"}, "c": {"kva": 750, "type": "Pad Transformer"}
    }  # fmt: skip


def test_domains_of_a_geopackage_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "gis").mkdir()
    path = tmp_path / "gis" / "u.gpkg"
    frame = geopandas.GeoDataFrame({"id": ["t1", "t2"], "kva": [1, 3]}, geometry=points(2), crs=CRS)
    pyogrio.write_dataframe(frame, path, layer="transformer", driver="GPKG")
    with sqlite3.connect(path) as base:
        base.executescript("""
            create table if not exists gpkg_data_columns (table_name text, column_name text, name text, title text,
                description text, mime_type text, constraint_name text);
            create table if not exists gpkg_data_column_constraints (constraint_name text, constraint_type text,
                value text, min numeric, min_is_inclusive boolean, max numeric, max_is_inclusive boolean,
                description text);
            insert into gpkg_data_columns values ('transformer', 'kva', 'kva', '', '', null, 'sizes');
            insert into gpkg_data_column_constraints values ('sizes', 'enum', '1', null, null, null, null, '25 kVA');
            insert into gpkg_data_column_constraints values ('sizes', 'enum', '3', null, null, null, null, '75 kVA');
        """)
    base.close()
    assert stated(read(tmp_path, "gis", columns="ours")) == {"t1": {"kva": 25}, "t2": {"kva": 75}}


def csv(folder: Path, *rows: str, **spec: Any) -> Reading:
    (folder / "gis").mkdir(exist_ok=True)
    (folder / "gis" / "transformer.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return read(folder, "gis", **{"columns": "ours", **spec})


@pytest.mark.parametrize(
    ("words", "phases"),
    [
        (["RST", "R", "TS"], ["ABC", "A", "BC"]),
        (["L1L2L3", "L2", "L1-L3"], ["ABC", "B", "AC"]),
        (["123", "1", "2-3"], ["ABC", "A", "BC"]),
        (["RYB", "B", "YN"], ["ABC", "C", "B"]),
        (["ABCN", "B", "a-c"], ["ABC", "B", "AC"]),
    ],
)
def test_phases_in_the_letters_of_any_country(tmp_path: Path, words: list[str], phases: list[str]) -> None:
    rows = [f"t{i},{w},{500000 + i},4000000" for i, w in enumerate(words)]
    reading = csv(tmp_path, "id,phases,x,y", *rows)
    assert [v["phases"] for v in stated(reading).values()] == phases
    assert len(told(reading, "gis.phases")) == (words[0] != "ABCN"), "what is taken for granted is told"


def test_phases_by_number_are_no_bit_mask(tmp_path: Path) -> None:
    rows = [f"t{i},{w},{500000 + i},4000000" for i, w in enumerate(["123", "1", "2", "12"])]
    spec = {"columns": "arcfm", "layers": {"transformer": "transformer"}}
    head = "FACILITYID,PHASEDESIGNATION,X,Y"
    numbers = csv(tmp_path, head, *rows, **spec)
    assert [v["phases"] for v in stated(numbers).values()] == ["ABC", "A", "B", "AB"]
    mask = csv(tmp_path, head, *[r.replace("12", "7").replace("73", "6") for r in rows], **spec)
    assert [v["phases"] for v in stated(mask).values()] == ["AB", "C", "B", "ABC"]
    letters = csv(tmp_path, head, "t1,ABC,1,1", "t2,4,1,1", **spec)
    assert [v["phases"] for v in stated(letters).values()] == ["ABC", "A"]


def test_cells_that_say_null_state_nothing(tmp_path: Path) -> None:
    rows = ["t1,N/A,<Null>,NULL,500000,4000000", "t2,B,F1,50,500010,4000000", "<Null>,B,F1,50,500020,4000000"]
    reading = csv(tmp_path, "id,phases,feeder,kva,x,y", *rows)
    assert stated(reading) == {"t1": {}, "t2": {"phases": "B", "kva": 50}}
    assert reading.tables["assets"]["feeder"].to_pylist() == ["", "F1"]
    assert [f.check for f in reading.findings if f.severity == "error"] == ["gis.no-id"]
    assert not told(reading, "gis.bad-value")


def test_values_beside_declared_codes_stay_as_they_are(tmp_path: Path) -> None:
    rows = ["t1,11kV,500000,4000000", "t2,LV,500010,4000000", "t3,33,500020,4000000", "t4,EHV,500030,4000000"]
    reading = csv(tmp_path, "id,kv,x,y", *rows, codes={"kv": {"LV": "0.4 kV"}})
    assert stated(reading) == {"t1": {"kv": 11}, "t2": {"kv": 0.4}, "t3": {"kv": 33}, "t4": {}}
    assert told(reading, "gis.bad-value") == ["kv EHV"]
    numbers = csv(tmp_path, "id,kv,x,y", *rows, codes={"kv": {"11": "13.8 kV"}})
    assert told(numbers, "gis.bad-value") == ["kv LV, 33, EHV"], "among numbers that are codes no number is a value"


def test_numbers_with_the_unit_of_their_field_are_read(tmp_path: Path) -> None:
    rows = ["t1,500 kVA,500000,4000000", "t2,315kVA,500010,4000000", "t3,1 MVA,500020,4000000"]
    reading = csv(tmp_path, "id,kva,x,y", *rows)
    assert stated(reading) == {"t1": {"kva": 500}, "t2": {"kva": 315}, "t3": {}}
    assert told(reading, "gis.bad-value") == ["kva 1 MVA"]


def test_positions_in_the_words_of_a_switching_diagram(tmp_path: Path) -> None:
    (tmp_path / "gis").mkdir()
    rows = [f"s{i},{w},{500000 + i},4000000" for i, w in enumerate(["N.O.", "NC", "Closed", "O", "0"])]
    (tmp_path / "gis/Switch.csv").write_text("\n".join(["FACILITYID,NORMALPOSITION,X,Y", *rows]))
    reading = read(tmp_path, "gis")
    assert [v["closed"] for v in stated(reading).values()] == [False, True, True, False, False]


VOLTS = ["t1,12470,480,500000,4000000", "t2,7200,240,500010,4000000", "t3,7.2 kV,120/240 V,500020,4000000"]


def test_voltages_without_a_unit_are_in_volts_where_they_are_too_high(tmp_path: Path) -> None:
    reading = csv(tmp_path, "id,kv,kv_low,x,y", *VOLTS)
    assert stated(reading) == {
        "t1": {"kv": 12.47, "kv_low": 0.48}, "t2": {"kv": 7.2, "kv_low": 0.24}, "t3": {"kv": 7.2, "kv_low": 0.12}
    }  # fmt: skip
    assert told(reading, "gis.volts") == ["kv", "kv_low"]
    mixed = csv(tmp_path, "id,kv,kv_low,x,y", *VOLTS, "t4,7.2,0.24,500030,4000000")
    assert told(mixed, "gis.bad-value") == ["kv 7.2", "kv_low 0.24"], "no unit for certain"


def test_what_unit_a_voltage_has_can_be_declared(tmp_path: Path) -> None:
    doubtful = csv(tmp_path, "id,kv,x,y", "t1,400,500000,4000000")
    assert told(doubtful, "gis.kilovolts") == ["kv"]
    low = csv(tmp_path, "id,kv,x,y", "t1,400,500000,4000000", voltage_unit="V")
    assert stated(low) == {"t1": {"kv": 0.4}} and not told(low, "gis.kilovolts")
    high = csv(tmp_path, "id,kv,x,y", "t1,138,500000,4000000", voltage_unit="kV")
    assert stated(high) == {"t1": {"kv": 138}} and not told(high, "gis.kilovolts")


def test_a_decimal_comma_is_declared(tmp_path: Path) -> None:
    rows = ["id;kv;kva;x;y", "t1;12,47;37,5;500000,5;4000000,25", "t2;10;1.250,5;500010;4000000"]
    reading = csv(tmp_path, *rows, decimal=",")
    assert stated(reading) == {"t1": {"kv": 12.47, "kva": 37.5}, "t2": {"kv": 10}}
    assert reading.tables["assets"]["x"].to_pylist() == [500000.5, 500010]
    assert len(told(reading, "gis.bad-value")) == 1, "a point separates no thousands"
    assert "12,47" in " ".join(told(csv(tmp_path, *rows), "gis.bad-value"))


def test_a_sum_of_nothing_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "gis").mkdir()
    (tmp_path / "gis" / "service_point.csv").write_text("id,m1,m2,x,y\na,,,1,1\nb,5,,1,1\n")
    columns = {"service_point": {"id": "id", "annual_kwh": {"sum": ["m1", "m2"]}, "x": "x", "y": "y"}}
    table = read(tmp_path, "gis", columns=columns).tables["service_points"].to_pandas()
    assert table["annual_kwh"].isna().tolist() == [True, False]


def test_a_name_that_was_cut_like_others_is_told(tmp_path: Path) -> None:
    (tmp_path / "gis").mkdir()
    frame = geopandas.GeoDataFrame(
        {"FACILITYID": ["s"], "NORMALPOSITION_A": [1], "NORMALPOSITION": [0], "PHASEDESIGNATION": [7]},
        geometry=points(1), crs=CRS,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(tmp_path / "gis" / "Switch.shp")
    assert told(read(tmp_path, "gis"), "gis.cut-name") == ["NORMALPOSI"]
    columns = {"switch": {"id": "FACILITYID", "closed": "NORMALPO_1"}}
    named = read(tmp_path, "gis", columns=columns, layers={"Switch": "switch"}, codes={"closed": {"0": "no"}})
    assert stated(named) == {"s": {"closed": False}} and not told(named, "gis.cut-name")


def test_geojson_in_a_projected_system_without_saying_so(tmp_path: Path) -> None:
    (tmp_path / "gis").mkdir()
    feature = {"type": "Feature", "properties": {"id": "t"}, "geometry": {"type": "Point", "coordinates": [5e5, 4e6]}}
    text = json.dumps({"type": "FeatureCollection", "features": [feature, feature | {"geometry": None}]})
    (tmp_path / "gis" / "transformer.geojson").write_text(text.replace('"t"', '"u"', 1))
    reading = read(tmp_path, "gis", columns="ours")
    assert reading.tables["assets"]["x"].to_pylist()[1] == 500000
    assert told(reading, "gis.geojson-crs") == [f"crs {CRS}"] and told(reading, "gis.nowhere") == ["geometry t"]
    assert "gis.crs-does-not-fit" in {f.check for f in read(tmp_path, "gis", columns="ours", crs=None).findings}


def test_shapes_of_a_csv_may_be_called_geometry(tmp_path: Path) -> None:
    reading = csv(tmp_path, "id,geometry", "t1,POINT Z (500000 4000000 12)", "t2,")
    assert reading.tables["assets"]["x"].to_pylist()[0] == 500000
    assert told(reading, "gis.nowhere") == ["geometry t2"]
    code = csv(tmp_path, "id,shape,x,y", "t1,round,500000,4000000")
    assert code.tables["assets"]["x"].to_pylist() == [500000], "no shape, but a column of that name"


@pytest.mark.parametrize("written", ["7", "7.0", 7, 7.0])
@pytest.mark.parametrize("cell", ["7", "7.0"])
def test_a_study_may_write_its_codes_as_the_table_does(tmp_path: Path, written: Any, cell: str) -> None:
    rows = [f"t1,{cell},{cell},{cell},500000,4000000", f"t2,{cell},9,{cell},500010,4000000"]
    layers = {"transformer": {"class": "transformer", "where": {"kind": [written]}}}
    own = {"keep": {"state": [written]}, "codes": {"phases": {written: "CA"}}}
    reading = csv(tmp_path, "id,phases,state,kind,x,y", *rows, layers=layers, **own)
    assert [(a, v["phases"]) for a, v in stated(reading).items()] == [("t1", "AC")]


def test_codes_that_a_table_wrote_as_decimals_are_the_whole_numbers(tmp_path: Path) -> None:
    """Programs that know no missing whole number write a column with a gap as decimals."""
    spec = {"columns": "arcfm", "layers": {"transformer": "switch"}, "keep": {"STATUS": ["5"]}}
    head = "FACILITYID,PHASEDESIGNATION,NORMALPOSITION,STATUS,X,Y"
    rows = [("s1", "7", "1", "5"), ("s2", "4", "0", "5"), ("s3", "", "1", ""), ("s4", "6", "1", "9")]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole, decimals = (
        csv(folder, head, *[",".join(f"{c}.0" if point and c.isdecimal() else c for c in r) + f",{500000 + i},4000000"
                            for i, r in enumerate(rows)], **spec)
        for point, folder in ((False, tmp_path / "a"), (True, tmp_path / "b"))
    )  # fmt: skip
    assert stated(whole) == stated(decimals)
    assert [v.get("phases") for v in stated(decimals).values()] == ["ABC", "A", None]
    assert not told(decimals, "gis.bad-value")


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_text_in_utf_16_is_read(tmp_path: Path, coding: str) -> None:
    text = "FACILITYID,PHASEDESIGNATION,X,Y\nträger,7,500000,4000000\n"
    mark = "" if coding == "utf-16" else "\ufeff"
    (tmp_path / "gis").mkdir()
    (tmp_path / "gis" / "Transformer.csv").write_bytes((mark + text).encode(coding))
    reading = read(tmp_path, "gis")
    assert {a: v["phases"] for a, v in stated(reading).items()} == {"träger": "ABC"}


def test_positions_by_phase_count_where_the_device_has_the_phase(tmp_path: Path) -> None:
    (tmp_path / "gis").mkdir()
    rows = ["b,2,0,1,0", "ab,6,1,1,0", "ao,4,0,1,1", "none,,0,0,1", "mixed,7,1,0,1", "void,7,,,"]
    rows = [f"{row},{500000 + i},4000000" for i, row in enumerate(rows)]
    head = "FACILITYID,PHASEDESIGNATION,NORMALPOSITION_A,NORMALPOSITION_B,NORMALPOSITION_C,X,Y"
    (tmp_path / "gis/Switch.csv").write_text("\n".join([head, *rows]))
    columns = {"every": {"x": "X", "y": "Y"}}
    reading = read(tmp_path, "gis", layers={"Switch": {"class": "switch", "columns": columns["every"]}})
    closed = {a: v.get("closed") for a, v in stated(reading).items()}
    assert closed == {"b": True, "ab": True, "ao": False, "none": True, "mixed": True, "void": None}
    (found,) = [f for f in reading.findings if f.check == "gis.part-open"]
    assert "2 rows" in found.message


def test_a_bank_without_a_rating_has_that_of_its_units(tmp_path: Path) -> None:
    (tmp_path / "gis").mkdir()
    (tmp_path / "gis/Transformer.csv").write_text(
        "FACILITYID,RATEDKVA,X,Y\nT1,,500000,4000000\nT2,75,500010,4000000\nT3,,500020,4000000\n"
    )
    (tmp_path / "gis/TransformerUnit.csv").write_text(
        "UNITID,BANKID,RATEDKVA\nu1,T1,25\nu2,T1,25\nu3,T1,50\nu4,T2,50\nu5,T3,\n"
    )
    layers = {"Transformer": {"class": "transformer", "columns": {"x": "X", "y": "Y"}}}
    reading = read(tmp_path, "gis", layers=layers)
    kva = {a: v.get("kva") for a, v in stated(reading).items() if a.startswith("T")}
    assert kva == {"T1": 100, "T2": 75, "T3": None}
    assert [r["value"] for r in reading.conversion.values() if "of their units" in str(r["reason"])] == ["1 row"]
