"""The model and the GIS of one made utility are linked; what the truth says was planted is what is told."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from stages import merged

from dtl import tables
from dtl.network import counterparts
from dtl.network.coordinates import in_system
from dtl.network.geometry import with_places
from dtl.network.matching import matched, shift
from dtl.network.reconcile import reconcile
from dtl.network.rows import by_feeder
from dtl.network.system import joined
from dtl.sources import cyme_text, gis, read
from dtl.spec.canonical import plain
from dtl.spec.gis import Gis
from dtl.spec.sources import CymeText
from dtl.synth.settings import Settings
from dtl.synth.utility import write


@pytest.fixture(scope="module")
def utility(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two feeders with planted errors; ``gis`` and ``cyme`` hold what was read."""
    out = tmp_path_factory.mktemp("utility")
    write(Settings(feeders=2, seed=11, days=0, meters=(60, 80), errors="many", formats=("gdb", "cyme_text")), out)
    specs = {
        "gis": (gis, Gis(kind="gis", path="gis/utility.gdb.zip", columns="arcfm")),
        "cyme": (cyme_text, CymeText(kind="cyme_text", path="cyme_system/*.txt", missing="default")),
    }
    for name, (module, spec) in specs.items():
        files = {p.relative_to(out).as_posix(): p for p in spec.files(out)}
        read.write(module.read(name, plain(spec, cosmetic=False), files), files, out / "read" / name)
    return out


@pytest.fixture(scope="module")
def given(utility: Path) -> tuple[pa.Table, pa.Table, pa.Table]:
    folders = {n: utility / "read" / n for n in ("cyme", "gis")}
    network = tables.read("network", folders["cyme"] / "network.parquet")
    return network, joined("assets", folders), joined("gis_edges", folders)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def truth(utility: Path) -> dict[str, str]:
    """Element of the model by asset: equal names, but for transformers, which the truth names."""
    device = {r["transformer"]: r["cyme_device"].lower() for r in rows(utility / "truth/transformers.csv")}
    for row in rows(utility / "truth/planted.csv"):
        if row["kind"] == "cyme_transformer_renamed":
            device |= {t: row["recorded"].lower() for t, d in device.items() if d == row["truth"].lower()}
    return device


def test_names_places_and_neighbours_find_each_other(utility: Path, given: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    network, assets, edges = given
    ours, theirs = counterparts.elements(network), counterparts.assets(assets, edges)
    device = truth(utility)
    known = {(k, n): i for i, (k, n) in enumerate(zip(ours["kind"], ours["name"], strict=True))}
    right = {
        j: known[k, device.get(n, n.lower())]
        for j, (k, n) in enumerate(zip(theirs["kind"], theirs["name"], strict=True))
        if (k, device.get(n, n.lower())) in known
    }
    assert len(right) > 0.99 * len(ours)
    draw = np.random.default_rng(0)
    for lost, least in ((0.05, 0.97), (1.0, 0.85)):
        spoiled = ours.copy()
        gone = draw.random(len(ours)) < lost
        strange = [f"{k}_{n}" for k, n in zip(ours["kind"], draw.permutation(len(ours)), strict=True)]
        spoiled["name"] = np.where(gone, strange, ours["name"])
        for axis in ("x1", "x2", "y1", "y2"):
            spoiled[axis] = (
                ours[axis].astype(float) + draw.normal(0.0, 2.0, len(ours)) + (10.0 if axis[0] == "x" else 0.0)
            )
        aside = shift(spoiled, theirs, 15.0)
        assert aside == pytest.approx((-10.0, 0.0), abs=0.5)
        spoiled[["x1", "x2"]] += aside[0]
        spoiled[["y1", "y2"]] += aside[1]
        pairs = matched(spoiled, theirs, 15.0)
        good = sum(right.get(j) == i for i, j in zip(pairs["i"], pairs["j"], strict=True))
        assert good >= 0.99 * len(pairs), f"precision with {lost:.0%} of the names lost"
        assert good >= least * len(right), f"recall with {lost:.0%} of the names lost"
        assert not pairs["i"].duplicated().any() and not pairs["j"].duplicated().any()


def test_what_was_planted_is_what_is_told(utility: Path, given: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    found = reconcile(*given, {}, {})
    told = {r["asset"]: r["differs"] for r in found.links.to_pylist() if r["asset"] and r["differs"]}
    planted = [r for r in rows(utility / "truth/planted.csv") if r["source"] == "gis"]
    words = {"line_phase_wrong": "phases ", "line_length_unit": "length_m ", "transformer_kva_wrong": "kva "}
    wanted = {(r["element"], words[r["kind"]]) for r in planted if r["kind"] in words}
    assert wanted and all(word in told.get(asset, "") for asset, word in wanted)
    innocent = {a for a, text in told.items() if not any(a == r["element"] for r in planted)}
    assert not innocent, "nothing that agrees is accused"
    every = {r["element"] for r in found.links.to_pylist()}
    assert {m for ms in counterparts.elements(given[0])["members"] for m in ms} <= every


def test_overrides_win_and_must_name_what_exists(tmp_path: Path, given: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    plain_links = [
        r for r in reconcile(*given, {}, {}).links.to_pylist() if r["kind"] == "line" and r["asset"] and r["element"]
    ]
    first, second = (r for r in plain_links[:2])
    path = tmp_path / "assets.csv"
    path.write_text(f"asset,element\n{first['asset']},{second['element']}\nnone,{second['element']}\n")
    found = reconcile(*given, {"overrides": "o.csv"}, {"o.csv": path})
    forced = [r for r in found.links.to_pylist() if r["basis"] == "override"]
    assert [(r["asset"], r["element"]) for r in forced] == [(first["asset"], second["element"])]
    assert [(f.severity, f.value) for f in found.findings if f.check == "reconcile.override"] == [("error", "none")]


@pytest.mark.parametrize("kind", ["switch", "transformer", "line"])
def test_a_gis_without_anything_of_a_kind_is_linked_by_the_rest(
    given: tuple[pa.Table, pa.Table, pa.Table], kind: str
) -> None:
    network, assets, edges = given
    classes = [name for name, model in counterparts.CLASSES.items() if model == kind]
    gone = pc.is_in(assets["kind"].cast(tables.TEXT), pa.array(classes))
    assert pc.any(gone).as_py()
    found = reconcile(network, assets.filter(pc.invert(gone)), edges, {"max_distance_m": 15.0}, {})
    linked = {row["kind"] for row in found.links.to_pylist() if row["asset"] and row["element"]}
    assert linked == {"capacitor", "line", "switch", "transformer"} - {kind}


def test_buses_stand_where_the_gis_draws_them(given: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    network, assets, edges = given
    moved = with_places(network, reconcile(network, assets, edges, {}, {}), "EPSG:26916")
    before, after = (counterparts.elements(n) for n in (network, moved))
    middle = {
        n: np.column_stack([(f[a + "1"] + f[a + "2"]) / 2 for a in "xy"]) for n, f in (("a", before), ("b", after))
    }
    assert np.nanmedian(np.hypot(*(middle["a"] - middle["b"]).T)) < 0.02
    kinds = [r["body"] for _, rows in by_feeder(moved) for r in rows if r["kind"] == "feeder"]
    assert all('"crs":"EPSG:26916"' in body for body in kinds)
    assert moved.schema.equals(network.schema)


def test_a_gis_that_shares_nothing_with_the_model_links_nothing_and_says_so(
    given: tuple[pa.Table, pa.Table, pa.Table],
) -> None:
    network, assets, edges = given
    lone = assets.filter(pc.equal(assets["kind"].cast(tables.TEXT), "conductor")).slice(0, 1).to_pydict()
    lone |= {"asset": ["ELSEWHERE"], "name": ["ELSEWHERE"], "feeder": [""], "x": [9e6], "y": [9e6]}
    found = reconcile(network, tables.frame("assets", lone), edges.slice(0, 0), {}, {})
    assert not [r for r in found.links.to_pylist() if r["asset"] and r["element"]]
    assert {f.check: f.value for f in found.findings}["reconcile.linked"] == "0"


def _stated(network: pa.Table, crs: str) -> pa.Table:
    rows = network.to_pylist()
    for row in rows:
        if row["kind"] == "feeder":
            row["body"] = json.dumps(json.loads(row["body"]) | {"crs": crs})
    return tables.frame("network", rows)


def _places(network: pa.Table) -> np.ndarray:
    parts = [json.loads(body) for body in network["body"].to_pylist()]
    return np.array([(p["x"], p["y"]) for p in parts if p.get("x") is not None])


def test_a_model_in_degrees_meets_a_gis_in_metres(
    utility: Path, given: tuple[pa.Table, pa.Table, pa.Table], tmp_path: Path
) -> None:
    network = _stated(given[0], "EPSG:26916")
    degrees, told = in_system(network, "EPSG:4326")
    places = [
        json.loads(b) for b in degrees.filter(pc.equal(degrees["kind"].cast(tables.TEXT), "bus"))["body"].to_pylist()
    ]
    assert not told and max(abs(p["y"]) for p in places if p.get("y") is not None) < 90
    found = {}
    for name, table in (("metres", network), ("degrees", degrees), ("silent", _stated(degrees, ""))):
        shutil.copytree(utility / "read" / "cyme", tmp_path / name / "cyme")
        tables.write("network", table, tmp_path / name / "cyme" / "network.parquet")
        folders = {"cyme": tmp_path / name / "cyme", "gis": utility / "read" / "gis"}
        found[name] = merged(folders, tmp_path / name, "cyme")
    links, model = ({n: tables.read(t, f[t]) for n, f in found.items()} for t in ("links", "network"))
    keys = ["feeder", "kind", "element", "asset", "basis"]
    assert links["degrees"].select(keys).equals(links["metres"].select(keys))
    at = {
        n: [(p["x"], p["y"]) for b in t["body"].to_pylist() if (p := json.loads(b)).get("x")] for n, t in model.items()
    }
    assert np.array(at["degrees"]) == pytest.approx(np.array(at["metres"]), abs=0.01)
    said = {n: set(tables.read("findings", f["findings"])["check"].to_pylist()) for n, f in found.items()}
    assert {n for n, checks in said.items() if "network.crs" in checks} == {"silent"}


def test_a_feeder_of_another_name_is_told_once(given: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    network, assets, edges = given
    before = reconcile(network, assets, edges, {}, {})
    names = pc.replace_substring(assets["feeder"].cast(tables.TEXT), "F0001", "CKT 88")
    called = assets.set_column(assets.schema.get_field_index("feeder"), assets.schema.field("feeder"),
                               names.cast(assets.schema.field("feeder").type))  # fmt: skip
    found = reconcile(network, called, edges, {}, {})
    told = [f for f in found.findings if f.check == "reconcile.feeder-name"]
    assert [(f.feeder, f.value) for f in told] == [("F0001", "CKT 88")]
    differing = [[r["element"] for r in x.links.to_pylist() if "feeder " in r["differs"]] for x in (before, found)]
    assert differing[0] == differing[1]


def test_a_switch_that_stands_otherwise_in_the_gis_is_told(given: tuple[pa.Table, pa.Table, pa.Table]) -> None:
    network, assets, edges = given
    about = [json.loads(text) for text in assets["attributes"].cast(tables.TEXT).to_pylist()]
    named = assets["asset"].cast(tables.TEXT).to_pylist()
    stated = {asset: one["closed"] for asset, one in zip(named, about, strict=True) if "closed" in one}
    closed = min(asset for asset, state in stated.items() if state)
    opened = min(asset for asset, state in stated.items() if not state)
    for asset, one in zip(named, about, strict=True):
        if asset in (closed, opened):
            one["closed"] = not one["closed"]
    at, field = assets.schema.get_field_index("attributes"), assets.schema.field("attributes")
    turned = assets.set_column(at, field, pa.chunked_array([[json.dumps(one) for one in about]]).cast(field.type))
    differs = {r["asset"]: r["differs"] for r in reconcile(network, turned, edges, {}, {}).links.to_pylist()}
    assert differs[closed] == "closed yes/no" and differs[opened] == "closed no/yes"
    before = {r["asset"]: r["differs"] for r in reconcile(*given, {}, {}).links.to_pylist()}
    assert not any("closed" in text for text in before.values())
