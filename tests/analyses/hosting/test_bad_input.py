"""What hosting says of cases that nothing fits in or that have no solution: a verdict, never a number without sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hosting_cases import WORDS, case_of
from power_cases import solve_spec
from test_stages import prepared

from dtl import tables
from dtl.analyses.hosting.stage import answers, hosted
from dtl.network.feeder import CapacitorControl, Feeder, Generator

METHODS: dict[str, Any] = {
    "drive": {}, "iterative": {"tolerance_kw": 10.0, "distributed": True},
    "qsts": {"tolerance_kw": 50.0, "hours_allowed_h": 0.0},
    "stochastic": {"placements": 6, "kw_each": [2.0, 20.0], "seed": 0},
}  # fmt: skip
HOURS = [30, 2777, 4146, 5344]


def said(feeder: Feeder, folder: Path, **changes: Any) -> list[dict[str, Any]]:
    """The rows of the stage, which must keep their contract, each with a verdict."""
    inputs: dict[str, Any] = {"raw": {}, **prepared(feeder, folder)}
    layers = changes.pop("layers", [])
    hosting = WORDS | {"methods": METHODS, "of": ["generation", "load"], "up_to_kw": 2000.0} | changes
    year = {"year": 2033} if layers else {}
    spec = solve_spec(controls="active", layers=layers, **year) | {"study": "s", "analyses": {"hosting": hosting}}
    rows = hosted(spec, inputs)
    tables.frame("hosting", rows)
    assert rows and all(r["verdict"] for r in rows)
    return rows


def test_without_a_solution_there_is_no_capacity(mixed: Feeder, tmp_path: Path) -> None:
    stubborn = tuple(p.model_copy(update={"min_pu": 0.01, "model": 1}) for p in mixed.loads)
    feeder = mixed.model_copy(update={"loads": stubborn})
    rows = said(feeder, tmp_path, layers=[{"name": "boom", "kind": "growth", "per_year": 1.0}])
    assert {r["method"] for r in rows} == set(METHODS)
    assert all(r.get("hc_kw") is None and r["verdict"].startswith("no answer: ") for r in rows)
    assert all("in hour" in r["verdict"] for r in rows)


@pytest.mark.parametrize("how", ["load behind an open switch", "no source"])
def test_what_was_not_made_ready_has_no_capacity(mixed: Feeder, tmp_path: Path, how: str) -> None:
    opened = tuple(s.model_copy(update={"closed": (False,) * 3}) if s.name == "l1" else s for s in mixed.switches)
    changes: dict[str, Any] = {"switches": opened} if how != "no source" else {"sources": ()}
    rows = said(mixed.model_copy(update=changes), tmp_path)
    assert all(r.get("hc_kw") is None and "that no source reaches" in r["verdict"] for r in rows)


def test_a_feeder_without_load_hosts_and_a_plant_on_an_island_is_told(mixed: Feeder, tmp_path: Path) -> None:
    idle = tuple(p.model_copy(update={"kw": 0.0, "kvar": 0.0}) for p in mixed.loads)
    rows = [r for r in said(mixed.model_copy(update={"loads": idle}), tmp_path / "a") if r["criterion"] == "all"]
    for method in METHODS:
        kw = [r["hc_kw"] for r in rows if r["method"] == method]
        assert kw and all(np.isfinite(kw))
    opened = tuple(s.model_copy(update={"closed": (False,) * 3}) if s.name == "l1" else s for s in mixed.switches)
    last = mixed.loads[-1]
    far = Generator(
        name="island", bus=last.bus, nodes=last.nodes, phases=last.phases, connection=last.connection, kv=last.kv,
        kw=50.0, kvar=0.0, kva=50.0,
    )  # fmt: skip
    bare = {"switches": opened, "loads": tuple(p for p in mixed.loads if p.bus == "c"), "generators": (far,)}
    rows = said(mixed.model_copy(update=bare), tmp_path / "b")
    there = {r["bus"] for r in rows if r["method"] == "iterative" and r["bus"]}
    told = {r["verdict"] for r in rows}
    assert last.bus not in there or any("no source reaches" in t for t in told)


def test_a_plant_beyond_the_rating_of_its_transformer_leaves_no_room_behind_it(mixed: Feeder, tmp_path: Path) -> None:
    part = next(t for t in mixed.transformers if t.name == "t1")
    bus = mixed.bus[part.windings[-1].bus]
    kva = 1.5 * part.windings[0].kva
    big = Generator(
        name="big", bus=bus.name, nodes=(1, 2, 3), phases=3, connection="wye", kv=bus.kv_ll, kw=kva, kvar=0.0, kva=kva,
    )  # fmt: skip
    feeder = mixed.model_copy(update={"generators": (big,)})
    rows = [r for r in said(feeder, tmp_path, criteria={"thermal": {}}) if r["criterion"] == "all"]
    here = [r for r in rows if r["bus"] == bus.name and r["of"] == "generation" and r["method"] != "stochastic"]
    assert {r["method"] for r in here} == {"drive", "iterative", "qsts"}
    for row in here:
        assert row["pre_existing"] and row["hc_kw"] < 10.0
        assert (row["limiting_factor"], row["limiting_element"]) == ("thermal", f"transformer {part.name}")


def test_thresholds_that_nothing_meets_give_0_with_the_reason(mixed: Feeder) -> None:
    spec = solve_spec(controls="frozen")
    spec["limits"]["voltage"] = [{"kv": [0, 1000], "phases": None, "low_pu": 0.9, "high_pu": 0.901, "at": "service"}]
    case = case_of(mixed, hours=HOURS, spec=spec, pre_existing="counts", up_to_kw=2000.0)
    rows = [r for r in answers(case, WORDS | {"methods": METHODS}) if r["criterion"] == "all"]
    assert {r["method"] for r in rows} == set(METHODS)
    for row in rows:
        assert row["hc_kw"] == 0.0 and not row["at_least"], row["verdict"]
        assert row["limiting_factor"].startswith("overvoltage") and row["limiting_element"]
        assert row["pre_existing"]


def test_controls_that_hunt_are_named_beside_the_capacity(mixed: Feeder, tmp_path: Path) -> None:
    hunter = CapacitorControl(type="voltage", element="line.l2", terminal=1, on=130.0, off=110.0, pt_ratio=60.0)
    capacitors = tuple(
        c.model_copy(update={"control": hunter, "kvar": (900.0,), "steps_on": (False,)}) if c.control else c
        for c in mixed.capacitors
    )
    rows = said(mixed.model_copy(update={"capacitors": capacitors, "regulators": ()}), tmp_path)
    told = [r["verdict"] for r in rows if r["criterion"] == "all"]
    assert told and all("controls hunt" in t and "capacitor.switched" in t for t in told)
