"""A utility network of Esri: what associations join terminal to terminal, and what stands on which structure."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from gis_utility import CRS, read

from dtl.sources.gis_customers import transformers_of
from dtl.sources.reading import Reading

SWITCH, FUSE, TRANSFORMER, METER = 1, 2, 3, 4
LINES = {  # id: level, ends, terminals of the devices at its ends
    "L1": ("primary", [(0, 0), (50, 0), (100, 0)], 0, 5),
    "L2": ("primary", [(100, 0), (200, 0)], 6, 0),
    "L3": ("primary", [(100, 0), (100, -100)], 5, 0),
    "S1": ("secondary", [(52, 10), (80, 10)], 0, 0),
    "S2": ("secondary", [(105, -100), (130, -100)], 0, 0),
    "S3": ("secondary", [(206, 8), (230, 8)], 0, 0),
    "S4": ("secondary", [(206, 6), (230, 6)], 0, 0),
}
DEVICES = {  # id: group, place; SW parts L2 from L1 and L3, F1 and T1 hang on L1, T2 ends L3, F2 and T3 end L2
    "SW": (SWITCH, (100, 0)), "F1": (FUSE, (50, 4)), "T1": (TRANSFORMER, (50, 8)), "T2": (TRANSFORMER, (100, -100)),
    "F2": (FUSE, (203, 3)), "T3": (TRANSFORMER, (205, 7)), "M1": (METER, (80, 10)), "M2": (METER, (45, 12)),
    "M3": (METER, None), "M4": (METER, (230, 6)), "M5": (METER, (230, 8)),
}  # fmt: skip
JUNCTIONS = {"J1": (50, 0), "J2": (52, 10), "J3": (105, -100), "J4": (200, 0), "J5": (206, 8), "J6": (206, 6)}
POLES = {"P1": (50, 7.5), "P2": (130, -100)}
JOINS = [  # who, terminal, who, terminal
    ("J1", 1, "F1", 5), ("F1", 6, "T1", 7), ("T1", 8, "J2", 1), ("T1", 8, "M2", 1), ("T2", 8, "J3", 1),
    ("F2", 1, "J4", 1), ("T3", 7, "F2", 1), ("J5", 1, "T3", 8), ("T3", 9, "J6", 1),
]  # fmt: skip
HELD = [(3, "P1", "T1"), (2, "P2", "M3")]
TERMINALS = {0: "", 1: "Single", 5: "Line Side", 6: "Load Side", 7: "H1", 8: "X1", 9: "X3"}
WORDS = {1: "Junction Junction Connectivity", 2: "Containment", 3: "Structural Attachment"}
LAYERS = {
    "ElectricDevice": [
        {"class": "switch", "where": {"ASSETGROUP": ["1"]}}, {"class": "fuse", "where": {"ASSETGROUP": ["2"]}},
        {"class": "transformer", "where": {"ASSETGROUP": ["3"]}},
        {"class": "service_point", "where": {"ASSETGROUP": ["4"]}},
    ],
    "ElectricLine": [
        {"class": "conductor", "where": {"ASSETGROUP": [str(n)]}, "set": {"level": level}}
        for n, level in ((1, "primary"), (2, "secondary"))
    ],
    "Substation": "substation",
}  # fmt: skip


def key(name: str) -> str:
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_OID, name)).upper() + "}"


def put(path: Path, layer: str, frame: pd.DataFrame, shapes: list[Any] | None = None) -> None:
    kinds = {c: "int32" for c in frame if frame[c].dtype == "int64"}
    frame = frame.astype(kinds)
    if shapes is not None:
        moved = [None if s is None else shapely.transform(s, lambda at: at + (500000, 4000000)) for s in shapes]
        frame = geopandas.GeoDataFrame(frame, geometry=moved, crs=CRS)
    pyogrio.write_dataframe(frame, path, layer=layer, driver="OpenFileGDB", append=path.exists())


def at(place: tuple[float, float] | None) -> Any:
    return None if place is None else shapely.Point(place)


def written(folder: Path, opened: str = "", drop: tuple[str, ...] = ()) -> Path:
    """The geodatabase; one device may be open, some layers left out."""
    (folder / "gis").mkdir()
    path = folder / "gis" / "un.gdb"
    lines = pd.DataFrame({
        "ASSETID": list(LINES), "GLOBALID": [key(n) for n in LINES], "SUBNETWORKNAME": "F",
        "ASSETGROUP": [1 if v[0] == "primary" else 2 for v in LINES.values()], "PHASESNORMAL": 7,
        "FROMDEVICETERMINAL": [v[2] or None for v in LINES.values()],
        "TODEVICETERMINAL": [v[3] or None for v in LINES.values()],
    })  # fmt: skip
    put(path, "ElectricLine", lines, [shapely.LineString(v[1]) for v in LINES.values()])
    devices = pd.DataFrame({
        "ASSETID": list(DEVICES), "GLOBALID": [key(n) for n in DEVICES], "SUBNETWORKNAME": "F",
        "ASSETGROUP": [v[0] for v in DEVICES.values()], "PHASESNORMAL": 7,
        "NORMALOPERATINGSTATUS": [int(n == opened) for n in DEVICES],
    })  # fmt: skip
    put(path, "ElectricDevice", devices, [at(v[1]) for v in DEVICES.values()])
    for layer, places in (("ElectricJunction", JUNCTIONS), ("StructureJunction", POLES)):
        frame = pd.DataFrame({"ASSETID": list(places), "GLOBALID": [key(n) for n in places]})
        put(path, layer, frame, [at(p) for p in places.values()])
    put(path, "Substation", pd.DataFrame({"ASSETID": ["S"], "GLOBALID": [key("S")]}), [at((0, 0))])
    rows = [(1, *j) for j in JOINS] + [(r, a, 0, b, 0) for r, a, b in HELD]
    if "Associations" not in drop:
        table = pd.DataFrame({
            "GLOBALID": [key(f"a{i}") for i in range(len(rows))], "ASSOCIATIONTYPE": [r[0] for r in rows],
            "FROMGLOBALID": [key(r[1]) for r in rows], "FROMTERMINALID": [r[2] for r in rows],
            "TOGLOBALID": [key(r[3]) for r in rows], "TOTERMINALID": [r[4] for r in rows],
        })  # fmt: skip
        put(path, "UN_5_Associations", table)
    return path


def exported(folder: Path, spell: Callable[[str], str]) -> None:
    """The associations as the tool of Esri exports them: kinds and terminals in words."""
    rows = [(1, *j) for j in JOINS] + [(r, a, 0, b, 0) for r, a, b in HELD]
    table = pd.DataFrame({
        "ASSOCIATIONTYPE": [WORDS[r[0]] for r in rows],
        "FROMGLOBALID": [spell(key(r[1])) for r in rows], "FROMTERMINAL": [TERMINALS[r[2]] for r in rows],
        "TOGLOBALID": [spell(key(r[3])) for r in rows], "TOTERMINAL": [TERMINALS[r[4]] for r in rows],
    })  # fmt: skip
    table.to_csv(folder / "gis" / "Associations.csv", index=False)


def traced(folder: Path, **spec: Any) -> Reading:
    return read(folder, "gis", columns="esri_un", layers=LAYERS, **spec)


def heads(reading: Reading) -> dict[str, set[str]]:
    edge = reading.tables["gis_edges"].to_pandas()
    return {a: set(e["head"]) for a, e in edge.groupby("asset")}


def fed(reading: Reading) -> set[str]:
    return {a for a, h in heads(reading).items() if h == {"F"}}


def units(reading: Reading) -> Mapping[str, str]:
    points = reading.tables["service_points"].to_pandas()
    places = points[["x", "y"]].to_numpy(float)
    found = transformers_of(reading.tables["gis_edges"], points["bus"].to_numpy(object), places)
    return dict(zip(points["meter"], found["transformer"], strict=True))


EVERY = set(LINES) | {n for n, v in DEVICES.items() if v[0] != METER}
TRUE = {"M1": "T1", "M2": "T1", "M3": "T2", "M4": "T3", "M5": "T3"}


def test_devices_are_joined_as_associations_say(tmp_path: Path) -> None:
    written(tmp_path)
    reading = traced(tmp_path)
    assert {f.check for f in reading.findings if f.severity != "info"} == set()
    assert fed(reading) == EVERY
    edge = reading.tables["gis_edges"].to_pandas().set_index("asset")
    assert {s: edge.loc[s, "transformer"] for s in ("S1", "S2", "S3", "S4")} == {
        "S1": "T1", "S2": "T2", "S3": "T3", "S4": "T3"
    }  # fmt: skip
    assert units(reading) == TRUE
    points = reading.tables["service_points"].to_pandas().set_index("meter")
    assert points.loc["M2", "bus"] == edge.loc["T1", "to_node"], "a service that is joined to the transformer itself"
    assert tuple(points.loc["M3", ["x", "y"]]) == (500130, 4000000 - 100), "where its container stands"
    assets = reading.tables["assets"].to_pandas().set_index("asset")
    assert json.loads(assets.loc["T1", "attributes"])["pole"] == "P1"
    assert "association" not in set(assets["kind"])


@pytest.mark.parametrize(
    ("opened", "lost"),
    [
        ("SW", {"L2", "F2", "T3", "S3", "S4"}),
        ("F1", {"T1", "S1"}),
        ("F2", {"T3", "S3", "S4"}),
    ],
)
def test_an_open_device_parts_what_lies_behind_it(tmp_path: Path, opened: str, lost: set[str]) -> None:
    written(tmp_path, opened)
    assert EVERY - fed(traced(tmp_path)) - {opened} == lost


def test_without_associations_what_is_drawn_aside_is_lost(tmp_path: Path) -> None:
    written(tmp_path, drop=("Associations",))
    reading = traced(tmp_path)
    assert {"T1", "T3", "S1", "S3"}.isdisjoint(fed(reading))
    assert {"gis.off-line", "gis.unfed"} <= {f.check for f in reading.findings}


@pytest.mark.parametrize("spell", [str, lambda k: k.strip("{}").lower()])
def test_an_exported_list_of_associations_says_the_same(tmp_path: Path, spell: Callable[[str], str]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    written(tmp_path / "a")
    written(tmp_path / "b", drop=("Associations",))
    exported(tmp_path / "b", spell)
    lines = [{**line, "columns": {"from_terminal": [], "to_terminal": []}} for line in LAYERS["ElectricLine"]]
    same = read(tmp_path / "b", "gis", columns="esri_un", layers={**LAYERS, "ElectricLine": lines})
    assert units(same) == TRUE
    assert fed(same) == EVERY


def test_what_associations_name_and_nobody_has_is_told(tmp_path: Path) -> None:
    path = written(tmp_path)
    table = pyogrio.read_dataframe(path, layer="UN_5_Associations")
    table.loc[0, "FROMGLOBALID"] = key("gone")
    table.loc[1, "ASSOCIATIONTYPE"] = 5
    pyogrio.write_dataframe(table, path, layer="UN_5_Associations", driver="OpenFileGDB", append=False)
    reading = traced(tmp_path)
    (gone,) = [f for f in reading.findings if f.check == "gis.unknown-member"]
    assert key("gone").strip("{}").lower() in str(gone.value)
    (kind,) = [f for f in reading.findings if f.check == "gis.bad-value" and f.field == "ASSOCIATIONTYPE"]
    assert kind.value == "5"
    assert {"T1", "S1"}.isdisjoint(fed(reading))


def test_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = traced(tmp_path).tables
    table = pyogrio.read_dataframe(path, layer="UN_5_Associations")
    mixed = table.iloc[np.random.default_rng(1).permutation(len(table))].reset_index(drop=True)
    turned = mixed.rename(columns={"FROMGLOBALID": "TOGLOBALID", "TOGLOBALID": "FROMGLOBALID",
                                   "FROMTERMINALID": "TOTERMINALID", "TOTERMINALID": "FROMTERMINALID"})  # fmt: skip
    held = mixed["ASSOCIATIONTYPE"] != 1
    turned[held] = mixed[held][turned.columns]
    pyogrio.write_dataframe(turned, path, layer="UN_5_Associations", driver="OpenFileGDB", append=False)
    after = traced(tmp_path).tables
    assert all(before[n].equals(after[n]) for n in before)
