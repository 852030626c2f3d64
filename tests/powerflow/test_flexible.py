"""Programs in the power flow: the limit is met with least shed, floors hold, and what is missed is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from power_cases import FEEDERS, LIMITS, demand_of, own

from dtl.demand.calendar import Calendar
from dtl.errors import SolveError
from dtl.powerflow.flexible import respond
from dtl.powerflow.solve import run
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.dispatch import given_way, pool
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State

FEEDER = own("mixed")
DEMAND = demand_of(FEEDER)
CONTEXT = Context(2030, 2025, "America/Chicago", areas={"low": {"buses": ["lv"], "transformer": "T1"}})
HOURS = range(4100, 4160)
LINES = {"summer": "summer", "otherwise": "normal", "emergency": "emergency", "over_pct": 100.0, "window_h": 1.0,
         "summer_months": [6, 7, 8, 9]}  # fmt: skip
SPEC: dict[str, Any] = {
    "hours": list(HOURS), "controls": "active", "engine": "auto", "secondary": "modelled", "step_min": 60,
    "limits": {"lines": LINES, "transformers": {"over_pct": 100.0, "window_h": 1.0},
               "voltage": [{"kv": [0, 100], "low_pu": 0.8, "high_pu": 1.2, "at": "primary"}]},
}  # fmt: skip
EVENING = {"at": "2030-06-21T18:00:00", "until": "2030-06-21T20:00:00"}
"""From hour 4121 to before 4123 of the year."""


def answered(*steps: dict[str, Any], **words: Any) -> tuple[State, list[dict[str, Any]]]:
    program = {"name": "shave", "kind": "flexibility", "min_power_kw": 0.0, "target_pf": 0.5, "buses": ["lv"], **words}
    layers = [program, {"name": "acts", "kind": "actions", "do": list(steps)}]
    return respond(compose([{**w, "only_feeder": True} for w in layers], FEEDER, DEMAND, CONTEXT), CONTEXT, SPEC)


def loading(state: State, transformer: str = "t1") -> float:
    """Highest loading of a transformer, solved anew in one go [%]."""
    reduction = run(*realise(state), Calendar(2025), SPEC).reduction
    return float(reduction.loading.peak.value[reduction.series.index(("transformer", transformer))])


def shed(state: State, name: str = "shave") -> np.ndarray[Any, Any]:
    return state.components[name].kw.values().sum(axis=0)


@pytest.mark.parametrize("share", ["optimal", "pro_rata", "last_in_first_out"])
def test_a_transformer_is_kept_at_its_limit_and_not_below(share: str) -> None:
    state, (row,) = answered(when={"transformer_pct": 50.0}, share=share)
    assert row["element"] == "transformer t1" and row["reached"] and 0 < row["hours"] < len(HOURS)
    assert loading(state) == pytest.approx(50.0, rel=5e-3), "no more is shed than is needed"
    idle = np.ones(8760, bool)
    idle[list(HOURS)] = False
    assert not shed(state)[idle].any(), "hours that are not judged stay as they are"
    assert row["shed_kwh"] == pytest.approx(-shed(state).sum())


def test_the_optimum_sheds_least() -> None:
    kwh = {s: answered(when={"transformer_pct": 50.0}, share=s)[1][0]["shed_kwh"] for s in ("optimal", "pro_rata")}
    assert kwh["optimal"] < 0.97 * kwh["pro_rata"], "the loaded phase is relieved first"


def test_an_action_executes_and_delivers_its_power() -> None:
    state, (row,) = answered({**EVENING, "execute": "shave"}, min_power_kw=30.0)
    assert row["executed"] == "by an action" and row["hours"] == 2.0 and row["reached"]
    assert row["delivered_kw"] == pytest.approx(30.0, rel=2e-3)
    assert np.flatnonzero(shed(state)).tolist() == [4121, 4122]


def test_a_pool_that_is_too_small_is_told() -> None:
    state, (row,) = answered({**EVENING, "execute": "shave"}, min_power_kw=1000.0)
    assert not row["reached"] and row["hours_reached"] == 0.0
    assert "missed in 2 of 2 hours" in row["reason"] and "kW are shed" in row["reason"]
    assert row["reason"] in " ".join(state.notes)
    assert row["shed_kw"] <= row["pool_kw"]


def test_devices_keep_their_floor() -> None:
    cars = [{"add_device": {"bus": "lv", "name": f"car{i}", "kw": 11.0}} for i in range(3)]
    state, (row,) = answered(*cars, {**EVENING, "execute": "shave"}, min_power_kw=1000.0, sheds="devices", floor_kw=4.2)
    assert row["shed_kw"] == pytest.approx(3 * (11.0 - 4.2), rel=1e-6)
    assert not [c for c in state.components if c == "shave"], "the load itself is not touched"


CARS = {"name": "cars", "kind": "ev", "penetration": 1.0, "charging": {"like": "level2_residential"}}
TOU = {"name": "tou", "kind": "tariff", "peak_hours": [16, 21], "shift_share": 0.4, "moves": ["ev"]}
EVERY = np.arange(8760)


def offered(state: State, sheds: str, floor_kw: float) -> np.ndarray[Any, Any]:
    """What the load at `lv` could give up in each hour [kW]."""
    return pool(state, {"lv": ("head", "")}, sheds, floor_kw, EVERY).kw.sum(axis=0)


@pytest.mark.parametrize("floor_kw", [0.0, 4.2])
def test_cars_that_a_tariff_moved_away_are_not_shed(floor_kw: float) -> None:
    """Section 14a with a tariff: each of the cars that charge now keeps its floor; those that charge later are none."""
    state = compose([{**w, "only_feeder": True} for w in (CARS, TOU)], FEEDER, DEMAND, CONTEXT)
    mine = [i for i, bus in enumerate(state.buses) if bus == "lv"]
    charging = sum(state.components[n].kw.values()[mine].sum(axis=0) for n in ("cars", "tou:ev"))
    assert charging.max() > 0.0 and state.components["tou:ev"].kw.values()[mine].min() < 0.0
    wanted = charging * (1.0 - floor_kw / 7.2)
    np.testing.assert_allclose(offered(state, "devices", floor_kw), wanted, atol=1e-5 * charging.max())


@pytest.mark.parametrize("sheds", ["load", "devices"])
def test_a_second_program_sees_what_the_first_took(sheds: str) -> None:
    """Two programs with the same member, one after the other: the cars, and a device, give up their power once."""
    device = {"add_device": {"bus": "lv", "name": "oven", "kw": 11.0}}
    acts = {"name": "acts", "kind": "actions", "do": [device]}
    before = compose([{**w, "only_feeder": True} for w in (CARS, acts)], FEEDER, DEMAND, CONTEXT)
    found = pool(before, {"lv": ("head", "")}, sheds, 0.0, EVERY)
    half = given_way(before, "first", found, 0.5 * found.kw, np.zeros((len(before.loads), 8760)), EVERY, sheds)
    np.testing.assert_allclose(offered(half, sheds, 0.0), 0.5 * found.kw.sum(axis=0), atol=1e-4)
    whole = given_way(before, "first", found, found.kw, np.zeros((len(before.loads), 8760)), EVERY, sheds)
    for again in (sheds, "devices"):
        np.testing.assert_allclose(offered(whole, again, 0.0), 0.0, atol=1e-4)


def test_generation_is_curtailed_newest_first() -> None:
    old = {"add_generator": {"bus": "lv", "name": "old", "kw": 340.0}}
    new = {"at": "2030-05-01T00:00:00", "add_generator": {"bus": "lv", "name": "new", "kw": 60.0}}
    words: dict[str, Any] = {"when": {"transformer_pct": 40.0}, "sheds": "generation"}
    state, (row,) = answered(old, new, share="last_in_first_out", **words)
    assert row["reached"], row
    assert loading(state) == pytest.approx(40.0, rel=1e-2)
    given_up = {p.part.name: float(p.kw.max()) for p in state.plants if p.layer == "shave"}
    assert given_up["shave:acts:lv:new"] == pytest.approx(60.0, rel=1e-6)
    assert 0 < given_up["shave:acts:lv:old"] < 340.0
    both, _ = answered(old, new, share="pro_rata", **words)
    even = [float(p.kw.max()) / p.part.kw for p in both.plants if p.layer == "shave"]
    assert 0 < even[0] == pytest.approx(even[1], rel=1e-6)


def test_members_are_corrected_to_the_power_factor() -> None:
    state, (row,) = answered({**EVENING, "execute": "shave"}, target_pf=0.99)
    assert row["before_pf"] < 0.97 and row["after_pf"] == pytest.approx(0.99)
    mine = [b == "lv" for b in state.buses]
    kw, kvar = (
        sum(getattr(c, k).values()[mine, 4121].sum() for c in state.components.values()) for k in ("kw", "kvar")
    )
    assert kw / np.hypot(kw, kvar) == pytest.approx(0.99, rel=1e-6)


def test_members_come_and_go_in_time() -> None:
    steps = [
        {"register_program": {"name": "late", "number": 7, "min_power_kw": 5.0, "target_pf": 0.5}},
        {"subscribe": {"program": "late", "bus": "mill"}},
        {**EVENING, "execute": "late"},
        {"at": "2030-06-21T19:00:00", "update_program": {"name": "late", "min_power_kw": 8.0}},
    ]
    state, rows = answered(*steps)
    assert [(r["program"], r["number"], r["layer"], r["min_power_kw"], r["hours"]) for r in rows] == [
        ("late", 7, "acts", 5.0, 1.0), ("late", 7, "acts", 8.0, 1.0)]  # fmt: skip
    assert shed(state, "late")[4122] < shed(state, "late")[4121] < 0.0


def test_an_area_names_its_transformer() -> None:
    _, (row,) = answered(buses=None, areas=["low"], when={"transformer_pct": 50.0})
    assert row["element"] == "transformer t1" and row["reached"]


def test_members_elsewhere_are_not_shed_in_vain() -> None:
    both = replace(CONTEXT, areas={"both": {"buses": ["lv", "d"], "transformer": "t1"}})
    program = {"name": "shave", "kind": "flexibility", "min_power_kw": 30.0, "target_pf": 0.5, "areas": ["both"],
               "sheds": "devices"}  # fmt: skip
    steps = [{"add_device": {"bus": bus, "name": "car", "kw": 50.0}} for bus in ("lv", "d")]
    acts = {"name": "acts", "kind": "actions", "do": [*steps, {**EVENING, "execute": "shave"}]}
    state, (row,) = respond(compose([program, acts], FEEDER, DEMAND, both), both, SPEC)
    assert {(p.part.nodes, p.part.connection) for p in state.plants} == {((1, 2, 3), "wye")}, "alike but for the place"
    assert row["reached"] and row["pool_kw"] == pytest.approx(100.0)
    assert {p.part.bus for p in state.plants if p.layer == "shave"} == {"lv"}


def test_what_has_no_rating_triggers_nothing_and_says_so() -> None:
    with pytest.raises(SolveError, match="head has no rating"):
        answered(buses=[FEEDER.sources[0].bus, "lv"], when={"transformer_pct": 50.0})


def test_least_shed_is_found_behind_regulators(samples: Path) -> None:
    feeder = FEEDERS["ieee123"](samples)
    context = Context(2026, 2025, "America/Chicago", areas={"1": {"buses": ["1", "3", "4", "6"], "transformer": "1"}})
    layers = [
        {"name": "shave", "kind": "flexibility", "min_power_kw": 30.0, "target_pf": 0.95, "areas": ["1"]},
        {"name": "acts", "kind": "actions", "do": [{"execute": "shave"}]},
    ]
    state = compose([{**w, "only_feeder": True} for w in layers], feeder, demand_of(feeder), context)
    _, (row,) = respond(state, context, SPEC | {"hours": [4097, 4098, 4099], "limits": LIMITS})
    assert row["element"] == "line l115" and row["reached"]
    assert row["delivered_kw"] == pytest.approx(30.0, rel=2e-3) and 28.0 < row["shed_kw"] < 31.0
    assert row["after_pf"] == pytest.approx(0.95)
