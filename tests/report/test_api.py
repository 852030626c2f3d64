"""The static JSON of the small twin: its keys, and its numbers against the tables."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace
from typing import Any, cast

import made_study
import numpy as np
import pytest

from dtl import tables
from dtl.network.feeder import Bus
from dtl.powerflow.limits import Band
from dtl.report.advice import advice
from dtl.report.api import net, simulate

KEYS = {"feeder_id", "hour", "transformer_loading", "min_voltage_pu", "voltage_violation", "advice", "pv_adoption",
        "battery_adoption"}  # fmt: skip


def content(made: Any, name: str) -> Any:
    return json.loads((made.www / "api" / f"{name}.json").read_text(encoding="utf-8"))


def test_list_names_every_feeder_and_only_files_that_exist(made: Any) -> None:
    told = content(made, "feeders")
    assert set(told["feeders"]) == {*made_study.MODELS, made_study.LOST}
    for feeder in told["files"]:
        for kind in ("net", "simulate", "sweep"):
            assert feeder.get(kind) is None or (made.www / "api" / feeder[kind]).is_file()
    assert content(made, "metrics")["feeders"] == 4


def test_hours_are_those_of_the_day_of_the_peak(made: Any) -> None:
    rows = content(made, "simulate/north")["results"]
    assert set(rows[0]) >= KEYS
    hourly = tables.read("hourly", made.inputs["hourly"]["north"]).to_pylist()
    for case in made_study.CASES:
        own = {h["hour"]: h for h in hourly if h["case"] == case}
        peak = max(own.values(), key=lambda h: h["source_kw"])["hour"]
        here = {r["hour"]: r for r in rows if r["case"] == case}
        assert sorted(here) == list(range(peak // 24 * 24, peak // 24 * 24 + 24))
        for hour, row in here.items():
            assert row["min_voltage_pu"] == pytest.approx(own[hour]["min_pu"], abs=1e-5)
            assert row["head_kw"] == pytest.approx(own[hour]["source_kw"], rel=1e-5)
            assert row["voltage_violation"] == int(row["min_voltage_pu"] < 0.95)
            assert not math.isnan(row["min_voltage_pu"]) and row["transformer_loading"] is None


def test_voltage_above_its_limit_is_a_violation_too() -> None:
    """The seed's band has two ends, and roofs break the upper one."""
    hours = {"hour": np.arange(24), "source_kw": np.arange(24.0), "source_kvar": np.zeros(24)}
    hours |= {"min_pu": np.full(24, 0.98), "max_pu": np.where(np.arange(24) == 12, 1.07, 1.04)}
    nothing = SimpleNamespace(units={}, of_part={})
    solution = SimpleNamespace(feeder="f", model=None, solved=("c",), hourly={"c": hours}, overlays=nothing, number={},
                               bands=[Band(0.94, 1.06), None])  # fmt: skip
    rows = simulate(cast(Any, solution), cast(Any, SimpleNamespace(value=lambda *_: None)))
    assert [r["hour"] for r in rows if r["voltage_violation"]] == [12]


def test_sweep_and_network(made: Any) -> None:
    swept = content(made, "sweep/north")
    assert [p["pv"] for p in swept["points"]] == pytest.approx([k / 20 for k in range(1, 21)])
    assert swept["hosting_capacity"] == pytest.approx(0.4) and swept["hosting_capacity_kw"] == 400.0
    model = made_study.MODELS["north"]
    net = content(made, "net/north")
    assert [n["id"] for n in net["nodes"]] == [b.name for b in model.buses]
    assert sum(n["load_kw"] for n in net["nodes"]) == sum(p.kw for p in model.loads)
    assert len(net["lines"]) == len(model.lines) and len(net["transformers"]) == len(model.transformers)


@pytest.mark.parametrize(
    ("x", "y", "shown"),
    [
        (406770.3099999996, 4611834.350000001, (406770.31, 4611834.35)),
        (-93.62345678912345, 41.98765432198765, (-93.6234568, 41.9876543)),
        (None, None, (None, None)),
    ],
)
def test_coordinates_of_the_network_are_to_the_centimetre(x: float, y: float, shown: tuple[float, float]) -> None:
    bus = Bus(name="b", nodes=(1,), kv_ln=7.2, **({} if x is None else {"x": x, "y": y}))
    load = SimpleNamespace(bus="b", kw=0.1 + 0.2, customers=1)
    model = SimpleNamespace(loads=[load], lines=[], transformers=[])
    told = net(cast(Any, SimpleNamespace(feeder="f", model=model, buses=[bus], number={"b": 0})))
    assert told["nodes"] == [
        {"id": "b", "x": shown[0], "y": shown[1], "kv": pytest.approx(12.470766), "customers": 1, "load_kw": 0.3}
    ]


def test_advice_follows_what_is_over() -> None:
    assert advice({"solved": 1.0}.get) == "OK"
    assert advice({"solved": 0.0, "lines_over": 3.0}.get) == ""
    told = advice({"solved": 1.0, "lines_over": 2.0, "buses_low": 1.0}.get)
    assert "conductors" in told and "too low" in told and "Transformers" not in told
