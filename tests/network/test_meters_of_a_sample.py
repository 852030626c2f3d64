"""The meters of the sample utility P4U, whose GIS states the legs of a service as its phases."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from dtl import tables
from dtl.network.coordinates import in_system, of_gis
from dtl.network.metering import metering
from dtl.network.reconcile import reconcile
from dtl.network.service_transformers import serving
from dtl.network.system import joined
from dtl.sources import gis, opendss, read
from dtl.spec.canonical import plain
from dtl.spec.gis import Gis
from dtl.spec.sources import OpenDss


def test_the_missing_link_is_found_and_no_record_is_made_worse(samples: Path, tmp_path: Path) -> None:
    """The meter without record says phases A and B, stands 4 m from a unit of phase C, and belongs to that one."""
    folder, model = samples / "synthetic_utility" / "p4u", samples / "opendss" / "smartds_p4u"
    about = Gis(kind="gis", path="P4U.gdb.zip", columns="arcfm")
    files = {p.relative_to(folder).as_posix(): p for p in about.files(folder)}
    read.write(gis.read("gis", plain(about, cosmetic=False), files), files, tmp_path / "gis")
    script = OpenDss(kind="opendss", path="Master.dss", crs="EPSG:4326")
    files = {p.relative_to(model).as_posix(): p for p in script.files(model)}
    read.write(opendss.read("dss", plain(script, cosmetic=False), files), files, tmp_path / "dss")
    folders = {"gis": tmp_path / "gis", "dss": tmp_path / "dss"}
    network, _ = in_system(tables.read("network", tmp_path / "dss" / "network.parquet"), of_gis(folders, ""))
    same = reconcile(network, joined("assets", folders), joined("gis_edges", folders), {"max_distance_m": 15.0}, {})
    _, placed, _ = metering(folders, network, same.links, {"candidates": 5, "max_distance_m": 120.0}, {})
    found = {row["meter"]: row["transformer"] for row in placed.to_pylist()}
    near = serving(network)
    by_bus = dict(zip(near["bus"], near["transformer"], strict=True))
    units = json.loads((folder / "transformer.geojson").read_text(encoding="utf-8"))["features"]
    unit = {u["properties"]["FACILITYID"]: by_bus.get(u["properties"]["SECONDARYNODE"].lower()) for u in units}
    with (folder / "truth" / "truth_meter_transformer.csv").open(encoding="utf-8") as file:
        truth = list(csv.DictReader(file))
    right = {row["METERID"] for row in truth if found[row["METERID"]] == unit[row["TRUE_TRANSFORMERID"]]}
    assert right == {row["METERID"] for row in truth if row["ERROR_INJECTED"] in ("ok", "missing")}
