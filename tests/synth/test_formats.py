"""The files, read again by libraries that know nothing of ``synth``."""

from __future__ import annotations

import gzip
import json
import warnings
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from lxml import etree

LINES = ("PrimaryConductor", "SecondaryConductor")
POINTS = ("Transformer", "ServicePoint", "Fuse", "Switch", "VoltageRegulator", "DynamicProtectiveDevice",
"CapacitorBank",
          "SupportStructure", "Substation")  # fmt: skip
KEY = "FACILITYID"


def gdb(utility: Path, layer: str) -> geopandas.GeoDataFrame:
    return pyogrio.read_dataframe(f"/vsizip/{utility / 'gis/utility.gdb.zip'}/utility.gdb", layer=layer)


def csv(utility: Path, layer: str) -> geopandas.GeoDataFrame:
    table = pd.read_csv(utility / f"gis/csv/{layer}.csv", dtype={KEY: str})
    return geopandas.GeoDataFrame(table, geometry=shapely.from_wkt(table["WKT"]), crs=26916)


def shp(utility: Path, layer: str) -> geopandas.GeoDataFrame:
    return pyogrio.read_dataframe(utility / f"gis/shp/{layer}.shp")


def geojson(utility: Path, layer: str) -> geopandas.GeoDataFrame:
    return pyogrio.read_dataframe(utility / f"gis/geojson/{layer}.geojson")


@pytest.mark.parametrize("layer", [*LINES, *POINTS])
def test_four_containers_tell_the_same(utility: Path, layer: str) -> None:
    first = csv(utility, layer)
    coordinates = shapely.get_coordinates(first.geometry)
    for read in (gdb, shp, geojson):
        other = read(utility, layer)
        assert other[KEY].tolist() == first[KEY].tolist()
        projected = other.to_crs(26916)
        found = shapely.get_coordinates(projected.geometry)
        inside = np.abs(coordinates).max(axis=1) > 1
        np.testing.assert_allclose(found[inside], coordinates[inside], atol=0.006)
        for name in set(first.columns) - {"WKT", "geometry", "INSTALLATIONDATE", KEY}:
            short = name[:10] if read is shp else name
            if pd.api.types.is_numeric_dtype(first[name]):
                np.testing.assert_allclose(
                    other[short].astype(float), first[name].astype(float), equal_nan=True, atol=1e-9
                )
            else:
                assert other[short].fillna("").astype(str).tolist() == first[name].fillna("").astype(str).tolist(), (
                    read,
                    name,
                )


def test_geodatabase_has_its_table_and_dates(utility: Path) -> None:
    layers = {name for name, _ in pyogrio.list_layers(f"/vsizip/{utility / 'gis/utility.gdb.zip'}/utility.gdb")}
    assert layers >= {"CircuitSource", *LINES, *POINTS}
    units = gdb(utility, "Transformer")
    told = pd.read_csv(utility / "gis/csv/Transformer.csv")["INSTALLATIONDATE"]
    assert units["INSTALLATIONDATE"].dt.strftime("%Y-%m-%d").tolist() == told.tolist()


def test_lines_meet_at_their_nodes_and_devices_stand_on_vertices(utility: Path) -> None:
    lines = csv(utility, "PrimaryConductor").set_index(KEY)
    ends: dict[str, tuple[float, float]] = {}
    for row in lines.itertuples():
        line = list(row.geometry.coords)
        assert ends.setdefault(row.FROMNODE, line[0]) == line[0]
        assert ends.setdefault(row.TONODE, line[-1]) == line[-1]
    for layer in ("Switch", "Fuse", "DynamicProtectiveDevice", "VoltageRegulator"):
        for row in csv(utility, layer).itertuples():
            assert (row.geometry.x, row.geometry.y) in list(lines.loc[row.CONDUCTORID].geometry.coords)
    for row in csv(utility, "Transformer").itertuples():
        assert ends[row.NODEID] == (row.geometry.x, row.geometry.y)


def blocks(path: Path) -> dict[str, list[dict[str, str]]]:
    """The blocks of a CYME text file, by the rules of the format alone."""
    found: dict[str, list[dict[str, str]]] = {}
    name, columns = "", []
    for line in path.read_bytes().decode("cp1252").split("\r\n"):
        assert "\n" not in line
        if line.startswith("["):
            name = line.strip("[]")
            found.setdefault(name, [])
        elif line.startswith("FORMAT_FEEDER"):
            found["FEEDER"] = []
        elif line.startswith("FORMAT_"):
            columns = line.split("=", 1)[1].split(",")
        elif line.startswith("FEEDER="):
            found["FEEDER"].append({"id": line[7:].split(",")[0], "head": line.split(",")[1]})
        elif line and name not in ("GENERAL", "SI"):
            found[name].append(dict(zip(columns, line.split(","), strict=False)))
    return found


def test_cyme_text_has_the_demand_and_phases_of_the_truth(utility: Path) -> None:
    truth = pd.read_csv(utility / "truth/meters.csv")
    units = pd.read_csv(utility / "truth/transformers.csv").set_index("transformer")
    for feeder in ("F0001", "F0005"):
        load = blocks(utility / f"cyme/{feeder}/load.txt")["CUSTOMER LOADS"]
        kw = sum(float(r["Value1"]) for r in load)
        assert kw == pytest.approx(truth[truth["feeder"] == feeder]["design_kw"].sum(), abs=1e-3)
        assert all(r["LoadPhase"] == units.loc[r["CustomerNumber"], "phases"] for r in load)
        assert sum(int(r["NumberOfCustomer"]) for r in load) == (truth["feeder"] == feeder).sum()


def test_cyme_text_refers_only_to_what_it_has(utility: Path) -> None:
    equipment = blocks(utility / "cyme/equipment.txt")
    planted = set(pd.read_csv(utility / "truth/planted.csv", dtype=str)["recorded"].dropna())
    for feeder in ("F0001", "F0003", "F0005"):
        net = blocks(utility / f"cyme/{feeder}/network.txt")
        nodes = {r["NodeID"] for r in net["NODE"]}
        sections = {r["SectionID"] for r in net["SECTION"]}
        assert len(sections) == len(net["SECTION"])
        assert all(r["FromNodeID"] in nodes and r["ToNodeID"] in nodes for r in net["SECTION"])
        for name, column, table in (
            ("TRANSFORMER SETTING", "EqID", "TRANSFORMER"), ("FUSE SETTING", "EqID", "FUSE"), ("SWITCH SETTING",
            "EqID", "SWITCH"),
            ("REGULATOR SETTING", "EqID", "REGULATOR"), ("SHUNT CAPACITOR SETTING", "ShuntCapacitorID",
            "SHUNT CAPACITOR"),
            ("OVERHEAD BYPHASE SETTING", "CondID_N", "CONDUCTOR"), ("OVERHEAD BYPHASE SETTING", "SpacingID",
            "SPACING TABLE FOR LINE"),
            ("UNDERGROUNDLINE SETTING", "LineCableID", "CONCENTRIC NEUTRAL CABLE"), ("SOURCE", "SourceID",
            "SUBSTATION"),
        ):  # fmt: skip
            known = {r["ID"] for r in equipment.get(table, [])}
            for row in net.get(name, []):
                assert row[column] in known | planted, (name, row)
                assert row.get("SectionID", "") in sections | {""}


def test_system_wide_cyme_is_the_sum_of_the_feeders(utility: Path) -> None:
    whole = blocks(utility / "cyme_system/network.txt")
    assert [r["id"] for r in whole["FEEDER"]] == [f"F{k:04d}" for k in range(1, 6)]
    parts = [blocks(utility / f"cyme/F{k:04d}/network.txt") for k in range(1, 6)]
    for name in ("SECTION", "TRANSFORMER SETTING", "FUSE SETTING"):
        assert len(whole[name]) == sum(len(p[name]) for p in parts)
    ids = [r["NodeID"] for r in whole["NODE"]]
    assert len(ids) == len(set(ids))
    assert set(ids) == {r["NodeID"] for p in parts for r in p["NODE"]}


def test_cyme_xml_says_what_the_text_says(utility: Path) -> None:
    root = etree.parse(utility / "cyme_xml/F0005.sxst", etree.XMLParser(resolve_entities=False)).getroot()
    net = blocks(utility / "cyme/F0005/network.txt")
    sections = {s.findtext("SectionID"): s for s in root.iterfind("Networks/Network/Sections/Section")}
    assert set(sections) == {r["SectionID"] for r in net["SECTION"]}
    for row in net["SECTION"]:
        assert sections[row["SectionID"]].findtext("Phase") == row["Phase"]
    for row in net["OVERHEAD BYPHASE SETTING"]:
        device = sections[row["SectionID"]].find("Devices/OverheadByPhase")
        assert float(device.findtext("Length")) == pytest.approx(float(row["Length"]))
        assert [device.findtext(f"PhaseConductorID{p}") for p in "ABC"] == [row[f"CondID_{p}"] for p in "ABC"]
    kw = sum(float(v.text) for v in root.iterfind(".//CustomerLoadValue/LoadValue/KW"))
    load = blocks(utility / "cyme/F0005/load.txt")["CUSTOMER LOADS"]
    assert kw == pytest.approx(sum(float(r["Value1"]) for r in load), abs=1e-3)
    assert {e.findtext("EquipmentID") for e in root.iterfind(".//TransformerDB")} == {
        r["EqID"] for r in net["TRANSFORMER SETTING"]
    }
    assert root.findtext(".//EquivalentSource/KVLL") == "24.94"


def test_long_csv_and_parquet_hold_the_same_rows(utility: Path) -> None:
    reads = pq.read_table(utility / "ami/parquet/feeder=F0002/part-0.parquet").to_pandas()
    files = sorted((utility / "ami/csv").glob("F0002_*.csv.gz"))
    told = pd.concat([pd.read_csv(f, parse_dates=["READ_TIME_LOCAL"]) for f in files])
    key = ["METER_ID", "READ_TIME_LOCAL", "KWH_DEL", "VOLT_AVG"]
    left, right = (
        t.assign(METER_ID=t["METER_ID"].astype(str)).sort_values(key, ignore_index=True)[[*key, "QUALITY"]]
        for t in (reads, told)
    )
    left["QUALITY"] = left["QUALITY"].astype(str)
    pd.testing.assert_frame_equal(left, right, check_dtype=False)


def test_autumn_hour_stands_twice_and_sorted_by_label_in_the_csv(utility: Path) -> None:
    table = pd.read_csv(sorted((utility / "ami/csv").glob("F0002_*.csv.gz"))[0], dtype=str)
    meter = table[table["METER_ID"] == table["METER_ID"].iloc[0]]
    day = meter[meter["READ_TIME_LOCAL"].str.startswith("2025-11-02 01:")]["READ_TIME_LOCAL"].tolist()
    assert day == sorted(day)
    assert len(day) >= 7


def test_wide_csv_has_a_hundred_intervals_on_the_long_day(utility: Path) -> None:
    with gzip.open(utility / "ami/wide/F0001_2025-11.csv.gz", "rt") as file:
        wide = pd.read_csv(file)
    counts = wide[wide["CHANNEL"] == "KWH_DEL"].set_index(["METER_ID", "DATE"]).filter(like="INT").notna().sum(axis=1)
    assert counts.groupby("DATE").max().to_dict() == {"2025-11-01": 96, "2025-11-02": 100, "2025-11-03": 96}
    truth = pq.read_table(utility / "truth/ami/F0001.parquet").to_pandas()
    planted = set(pd.read_csv(utility / "truth/planted.csv")["element"])
    meter = next(m for m in wide["METER_ID"].unique() if m not in planted)
    day = truth[(truth["METER_ID"] == meter)].iloc[96:196]["NET_WH"].clip(lower=0).to_numpy() / 1000
    row = (
        wide[(wide["METER_ID"] == meter) & (wide["DATE"] == "2025-11-02") & (wide["CHANNEL"] == "KWH_DEL")]
        .filter(like="INT")
        .to_numpy()[0]
    )
    there = ~np.isnan(row)
    np.testing.assert_allclose(row[there], day[there])


def test_spring_day_has_ninety_two(tmp_path: Path) -> None:
    from datetime import date

    from dtl.synth.settings import Settings
    from dtl.synth.utility import write

    write(
        Settings(
            feeders=1, start=date(2025, 3, 9), days=1, meters=(20, 25), errors="none", formats=("ami_wide", "ami_csv")
        ),
        tmp_path / "u",
    )
    wide = pd.read_csv(tmp_path / "u/ami/wide/F0001_2025-03.csv.gz")
    counts = wide[wide["CHANNEL"] == "KWH_DEL"].filter(like="INT").notna().sum(axis=1)
    assert set(counts) == {92}
    labels = pd.read_csv(tmp_path / "u/ami/csv/F0001_2025-03.csv.gz", dtype=str)["READ_TIME_LOCAL"]
    assert not labels.str.startswith("2025-03-09 02:").any()
    assert labels.str.startswith("2025-03-09 03:").any()


def test_scada_tags_and_values(utility: Path) -> None:
    tags = pd.read_csv(utility / "scada_tags.csv").set_index("TAG")
    values = pd.concat([pd.read_csv(f) for f in sorted((utility / "scada").glob("*.csv"))])
    assert set(values["TAG"]) == set(tags.index)
    assert values.groupby("TAG").size().nunique() == 1
    kv = values[values["TAG"].str.endswith("_BUS_KV")]
    assert set(kv["TAG"].str[:6]) == {"SUB001", "SUB002", "SUB003"}
    bank = values[values["TAG"] == "SUB001_BANK_MW"]["VALUE"].to_numpy()
    heads = [
        pq.read_table(utility / f"truth/scada/{f}.parquet").to_pandas()["head_kw"].to_numpy()
        for f in ("F0001", "F0002")
    ]
    np.testing.assert_allclose(bank, sum(heads) / 1000, atol=6e-4)


def test_weather_is_an_answer_of_the_archive_service(utility: Path) -> None:
    answer = json.loads((utility / "weather/SUB001.json").read_text(encoding="utf-8"))
    hourly = answer["hourly"]
    assert set(hourly) == set(answer["hourly_units"])
    assert {len(v) for v in hourly.values()} == {len(hourly["time"])}
    times = pd.to_datetime(pd.Series(hourly["time"]))
    assert (times.diff().dropna() == pd.Timedelta(hours=1)).all()
    assert times.iloc[0] == pd.Timestamp("2023-01-01")
    table = pd.read_csv(utility / "weather/SUB001.csv")
    assert table["temp_c"].tolist() == hourly["temperature_2m"]
    assert 41 < answer["latitude"] < 43


def test_registers(utility: Path) -> None:
    generators = pd.read_csv(utility / "registers/generators.csv")
    meters = pd.read_csv(utility / "truth/meters.csv").set_index("meter")
    served = generators[generators["status"] == "in_service"].set_index("meter")
    known = meters[meters["pv_registered"]]
    assert set(served.index) == set(known.index)
    assert (served["kw"] == known.loc[served.index, "pv_ac_kw"]).all()
    assert ((meters["pv_dc_kw"] > 0) & ~meters["pv_registered"]).any()
    forecast = pd.read_csv(utility / "registers/forecast.csv")
    assert set(forecast["area"]) == set(meters["area"])
    assert {"load", "ev", "pv"} == set(forecast["what"])
    assert len(pd.read_csv(utility / "registers/costs.csv")) > 5


def test_shapefile_names_are_cut_by_the_container_alone(utility: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = list(shp(utility, "PrimaryConductor").columns)
    assert "PHASEDESIG" in names
    assert all(len(n) <= 10 for n in names)
