"""Clusters of violations: the worked answer, chance on real places, and two branches side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bench.learning import spatial as bench
from sklearn.cluster import DBSCAN  # type: ignore[import-untyped]

from dtl import tables
from dtl.learning import density, spatial
from dtl.learning.upstream import Tree
from dtl.network.feeder import Bus, Feeder, Line, LineCode, Source

POINTS = np.array([[0, 0], [0, 1], [1, 0], [10, 10], [10, 11], [11, 10], [50, 50]], float)
CODE = LineCode(name="c", r_ohm_per_km=((0.1,),), x_ohm_per_km=((0.3,),), c_nf_per_km=((0.0,),))


def test_the_worked_answer() -> None:
    assert density.clusters(density.straight(POINTS, 1.5), 3).tolist() == [1, 1, 1, 2, 2, 2, 0]


@pytest.mark.parametrize("reach", [150.0, 300.0, 600.0])
def test_cores_are_those_of_scikit_learn(samples: Path, reach: float) -> None:
    at = bench.places(samples / "ml" / "meter-transformer-j1")
    ours, theirs = density.clusters(density.straight(at, reach), 4), DBSCAN(eps=reach, min_samples=4).fit(at)
    cores = theirs.core_sample_indices_
    assert len(set(zip(ours[cores], theirs.labels_[cores], strict=True))) == len(set(ours[cores]))
    assert np.array_equal(ours == 0, theirs.labels_ == -1)


def test_random_labels_are_not_systemic_and_clusters_put_in_are_found(samples: Path) -> None:
    at = bench.places(samples / "ml" / "meter-transformer-j1")
    assert bench.false_systemic(at, 40) <= 0.05
    f1, systemic = bench.planted(at, 20)
    assert f1 >= 0.9
    assert systemic >= 0.9


def comb(km: float) -> Feeder:
    """A head with two branches of six buses 10 m apart from each other, along which buses are `km` apart."""
    names = [f"{branch}{n}" for branch in "ab" for n in range(6)]
    ends = {name: "head" if name[1] == "0" else f"{name[0]}{int(name[1]) - 1}" for name in names}
    place = {name: (200.0 * int(name[1]), 10.0 * (name[0] == "b")) for name in names} | {"head": (-3000.0, 5.0)}
    buses = [Bus(name=n, nodes=(1,), kv_ln=7.2, x=5e5 + x, y=4e6 + y) for n, (x, y) in sorted(place.items())]
    lines = [
        Line(name=f"to_{n}", from_bus=up, to_bus=n, from_nodes=(1,), to_nodes=(1,), length_km=3 if up == "head" else km,
             line_code="c") for n, up in sorted(ends.items())
    ]  # fmt: skip
    source = Source(name="s", bus="head", kv_ll=12.47, r1_ohm=0, x1_ohm=1, r0_ohm=0, x0_ohm=1, phases=1, nodes=(1,))
    return Feeder(id="f", feeders=("f",), crs="EPSG:32614", sources=(source,), buses=tuple(buses), line_codes=(CODE,),
                  lines=tuple(lines))  # fmt: skip


def test_two_branches_side_by_side_are_two_problems_along_the_network_and_one_by_eye(tmp_path: Path) -> None:
    low = [f"{branch}{n}" for branch in "ab" for n in (2, 3, 4, 5)]
    given = answers(tmp_path, low)
    found = spatial.learn_feeder({"model": tmp_path / "f.json", "neighbours": 4}, given)
    clusters = {r.metric: r for r in found.rows if "_cluster_" in r.metric}
    assert [(r.kind, r.element, r.value) for r in clusters.values()] == [("line", "to_a2", 4), ("line", "to_b2", 4)]
    members = found.tables["violation_clusters"].to_pylist()
    assert {(m["element"][0], m["cluster"]) for m in members} == {("a", 1), ("b", 2)}
    study = spatial.learn({"neighbours": 4}, found.tables).rows
    assert [(r.metric, r.value) for r in study] == [("voltage_low_straight_clustered_pct", 100.0)]
    assert "in 1 clusters" in study[0].text


def answers(folder: Path, low: list[str]) -> dict[str, object]:
    """The tables of a year in which some buses of the comb were low."""
    model = comb(0.2)
    (folder / "f.json").write_text(model.to_json(), encoding="utf-8")
    case = {"feeder": "f", "scenario": "base", "year": 0, "case": "base", "kind": "bus", "phase": ""}
    flow = [case | {"element": b.name, "kv_ll": 12.47, "rating": None, "rating_unit": "", "min_pu": 0.94}
            for b in model.buses]  # fmt: skip
    over = [case | {"element": name, "violation": "voltage_low", "hour": 1, "value": 0.94, "limit": 0.95}
            for name in low]  # fmt: skip
    columns = [c.name for c in tables.TABLES["powerflow"].columns]
    full = [{name: row.get(name) for name in columns} for row in flow]
    return {"powerflow": tables.frame("powerflow", full), "violations": tables.frame("violations", over)}


def test_few_or_no_violations_are_said(tmp_path: Path) -> None:
    few = spatial.learn_feeder({"model": tmp_path / "f.json", "neighbours": 4}, answers(tmp_path, ["a2", "a3"]))
    assert "isolated: 2 of 13 elements; fewer than the 4" in few.rows[0].text
    none = spatial.learn_feeder({"model": tmp_path / "f.json", "neighbours": 4}, answers(tmp_path, []))
    assert [(r.metric, r.value) for r in none.rows] == [("violating_elements", 0.0)]
    assert spatial.learn({"neighbours": 4}, none.tables).rows == ()


def test_the_common_bus_is_the_lowest() -> None:
    tree = Tree(comb(0.2))
    assert tree.common(["a5", "a2", "a3"]) == "a2"
    assert tree.common(["a5", "b2"]) == "head"
    assert tree.feeds("head") == ("head", "")
