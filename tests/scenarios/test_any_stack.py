"""What holds for every stack: layers of all kinds drawn at random, several of a kind, in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layered_cases import CONTEXT, demand_of, feeder_of, made_weather, networked, street

from dtl.scenarios.compose import compose
from dtl.scenarios.composition import attribution, composition
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.registry import LAYERS
from dtl.scenarios.state import State

FEEDER = networked(feeder_of(street(6, 2)))
DEMAND = demand_of(FEEDER)
CASE = {"scenario": "s", "year": 2030, "case": "s@2030"}
Words = st.SearchStrategy[dict[str, Any]]

SHARE = st.floats(0.0, 1.0)
KW = st.floats(0.5, 40.0)
BUS = st.sampled_from([b.name for b in FEEDER.buses if b.name != "head"])
CLASS = st.sampled_from(["all", "residential", "commercial"])
SEED = st.integers(0, 99)


def spread(**words: st.SearchStrategy[Any]) -> Words:
    """An adoption: how far, among whom, and what else its kind says."""
    return st.fixed_dictionaries(
        {"penetration": SHARE, "to": CLASS, "seed": SEED, "place": st.sampled_from(["uniform", "clustered"])}
        | {"of": st.sampled_from(["customers", "peak_kw", "units"])}
        | words
    )


def event_of(month: int, hour: int, length: int) -> dict[str, str]:
    return {"at": f"2030-{month:02}-15T{hour:02}:00:00", "until": f"2030-{month:02}-16T{length % 24:02}:30:00"}


AT = st.one_of(st.just({}), st.builds(event_of, st.integers(1, 12), st.integers(0, 23), st.integers(0, 23)))
ACTION = st.one_of(
    st.builds(lambda at, bus, factor: at | {"scale_load": {"bus": bus, "factor": factor}}, AT, BUS, SHARE),
    st.builds(lambda at, bus, kw: at | {"set_load": {"bus": bus, "kw": kw}}, AT, BUS, KW),
    st.builds(lambda at, bus, kw: at | {"add_generator": {"bus": bus, "kw": kw}}, AT, BUS, KW),
    st.builds(lambda at, bus, kw, n: at | {"add_device": {"bus": bus, "kw": kw, "name": n, "pf": 0.95}}, AT, BUS, KW,
              st.text("abcdefghij", min_size=8, max_size=12)),
)  # fmt: skip
PROFILE = {"like": "level2_residential"}
KINDS: dict[str, Words] = {
    "actions": st.fixed_dictionaries({"do": st.lists(ACTION, max_size=4)}),
    "battery": spread(
        kw_each=KW, kwh_each=st.floats(1.0, 60.0), mode=st.sampled_from(["self_consumption", "peak_shaving"])
    ),
    "connection_rules": st.fixed_dictionaries({"max_kw_per_customer": KW, "export_limit": SHARE}),
    "controls": st.fixed_dictionaries({"capacitors": st.sampled_from(["active", "frozen", "off"])}),
    "custom": spread(profile=st.just("own.csv"), kw_each=KW, power_factor=st.floats(0.5, 1.0)),
    "electrification": spread(
        end_use=st.sampled_from(["heating", "hot_water", "cooking"]), backup_kw=st.floats(0.0, 6.0)
    ),
    "ev": spread(charging=st.sampled_from([PROFILE, PROFILE | {"charger_kw": 11.5}, {"like": "level1_residential"}])),
    "flexibility": st.fixed_dictionaries(
        {"buses": st.lists(BUS, min_size=1, max_size=3, unique=True), "min_power_kw": KW, "target_pf": st.just(0.95)}
    ),
    "growth": st.fixed_dictionaries({"per_year": st.floats(-0.05, 0.1), "to": CLASS}),
    "project": st.fixed_dictionaries(
        {
            "at": BUS,
            "type": st.sampled_from(["pv", "wind", "load", "battery", "ev"]),
            "kw": KW,
            "phases": st.just("ABC"),
        }
    ),
    "queue": st.fixed_dictionaries({"from": st.just("reg"), "status": st.just(["approved"])}),
    "solar": spread(kw_each=KW, volt_var=st.sampled_from(["ieee_1547_b", "vde_4105_q_u"])),
    "switching": st.fixed_dictionaries({"do": st.just([{"close": "spare"}])}),
    "tariff": st.fixed_dictionaries(
        {"peak_hours": st.sampled_from([[16, 21], [0, 5], [22, 3]]), "shift_share": SHARE, "returns": SHARE}
        | {"moves": st.sampled_from([["load"], ["ev"], ["load", "ev"]])}
        | {"days": st.sampled_from(["weekdays", "weekends", "all"])}
    ),
    "upgrades": st.fixed_dictionaries(
        {"do": st.builds(lambda bus, kvar: [{"add_capacitor": {"at": bus, "kvar": kvar}}], BUS, KW)}
    ),
    "weather": st.fixed_dictionaries({"shift_c": st.floats(-5.0, 5.0)}),
}
"""Random layers of every kind, as the slice of a case has them."""
PLANTS = [("b_t002", "hydro", None), ("b_t003", "pv", None), ("b_t004", "battery", 20.0)]
"""What the register has approved: bus, type and energy [kWh]."""
ONCE = {"connection_rules", "controls", "queue", "switching", "tariff", "weather"}
"""Kinds of which two in a stack write the same thing, which `check` refuses."""


@st.composite
def stacks(draw: Callable[[st.SearchStrategy[Any]], Any], always: list[str]) -> list[dict[str, Any]]:
    kinds = [*always, *draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=6))]
    kept = [k for i, k in enumerate(kinds) if k not in ONCE or k not in kinds[:i]]
    layers = [draw(KINDS[kind]) | {"kind": kind, "name": f"{draw(SEED):02}_{i}"} for i, kind in enumerate(kept)]
    return list(layers)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    own = tmp_path_factory.mktemp("files") / "own.csv"
    own.write_text("\n".join(f"{(h % 24) / 23:.3f}" for h in range(8760)))
    register = tuple(
        {"source": "reg", "id": str(n), "feeder": "f", "bus": bus, "meter": "", "type": kind, "kw": 9.0, "kva": None,
         "kwh": kwh, "phases": "ABC", "status": "approved", "day": "2028-05-01", "setting": ""}
        for n, (bus, kind, kwh) in enumerate(PLANTS)
    )  # fmt: skip
    weather = {year: made_weather(year) for year in (2023, 2025)}
    return replace(CONTEXT, weather=weather, files={"own.csv": own}, register=register)


def told(state: State) -> Any:
    return list(state.components), state.assumptions, state.notes, [(p.layer, p.part) for p in state.plants]


def test_all_kinds_are_drawn() -> None:
    assert set(KINDS) == set(LAYERS)


@pytest.mark.parametrize("always", [sorted(KINDS)[i::4] for i in range(4)], ids="+".join)
def test_order_means_nothing_and_the_parts_sum_to_the_total(always: list[str], context: Context) -> None:
    @settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(layers=stacks(always), order=st.randoms(use_true_random=False))
    def holds(layers: list[dict[str, Any]], order: Any) -> None:
        _holds(layers, order, context)

    holds()


def _holds(layers: list[dict[str, Any]], order: Any, context: Context) -> None:
    shuffled = list(layers)
    order.shuffle(shuffled)
    state, other = (compose(some, FEEDER, DEMAND, context) for some in (layers, shuffled))
    (feeder, demand), (also, again) = realise(state), realise(other)
    assert told(other) == told(state)
    assert also == feeder
    assert again.drives == demand.drives and again.plants == demand.plants
    assert {n: p.tobytes() for n, p in again.profiles.items()} == {n: p.tobytes() for n, p in demand.profiles.items()}

    total = state.kw().sum(axis=0) + sum(p.kw for p in state.plants)
    rows = composition(state, context, CASE).to_pylist()
    size = sum(abs(r["kwh"]) for r in rows)
    assert abs(sum(r["kwh"] for r in rows) - total.sum()) <= 1e-9 * size
    assert abs(sum(r["kw_at_feeder_peak"] for r in rows) - total.max()) <= 1e-9 * max(abs(r["peak_kw"]) for r in rows)
    rows = attribution(state, context)
    assert abs(sum(r["kwh"] for r in rows) - total.sum()) <= 1e-9 * size
    assert abs(sum(r["kw_at_feeder_peak"] for r in rows) - total.max()) <= 1e-9 * max(
        abs(r["highest_kw"]) for r in rows
    )

    driven = np.zeros(context.steps)  # what the power flow is given
    for name in demand.drives:
        driven += demand.kw(name)
    for plant in demand.plants.values():
        driven -= plant.kw * demand.profiles[plant.kw_profile].astype(float)
    np.testing.assert_allclose(driven, total, rtol=0, atol=2e-6 * np.abs(total).max() + 1e-6 * len(demand.drives))
