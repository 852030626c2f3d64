"""What holds for every kind of layer in the registry."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from layered_cases import CONTEXT, demand_of, feeder_of, made_weather, networked, street

from dtl.scenarios.compose import compose
from dtl.scenarios.composition import composition
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.registry import LAYERS
from dtl.scenarios.state import BASE, State

ROWS = street(8, 3)
FEEDER = networked(feeder_of(ROWS))
ADOPTION = {"penetration": 0.5, "by": 2030}
SAMPLES: dict[str, dict[str, Any]] = {
    "actions": {
        "do": [
            {"at": "2030-07-16T18:00:00", "scale_load": {"bus": "b_t001", "factor": 0.5}},
            {"add_device": {"bus": "b_t002", "name": "car", "kw": 7.2}},
        ]
    },
    "battery": ADOPTION | {"with": "the solar", "kw_each": 3.0, "kwh_each": 8.0},
    "connection_rules": {"max_kw_per_customer": 2.5, "export_limit": 0.3},
    "controls": {"capacitors": "off"},
    "custom": ADOPTION | {"profile": "own.csv", "kw_each": 3.0, "power_factor": 0.9},
    "electrification": ADOPTION | {"end_use": "heating", "backup_kw": 2.0},
    "ev": ADOPTION | {"charging": {"like": "level2_residential"}, "to": "residential"},
    "flexibility": {"buses": ["b_t001"], "min_power_kw": 1.0, "target_pf": 0.95, "when": {"transformer_pct": 50.0}},
    "growth": {"per_year": 0.03, "to": "commercial"},
    "solar": ADOPTION | {"kw_each": 4.0, "volt_var": "ieee_1547_b"},
    "project": {"at": "f:b_t003", "type": "pv", "kw": 20.0, "phases": "ABC"},
    "queue": {"from": "reg", "status": ["approved"]},
    "switching": {"do": [{"close": "spare"}]},
    "tariff": {"peak_hours": [16, 21], "shift_share": 0.2, "days": "weekdays", "moves": ["load", "ev"]},
    "upgrades": {"do": [{"year": 2030, "add_capacitor": {"at": "b_t004", "kvar": 20.0}}]},
    "weather": {"event": "hottest_week", "of": 2023, "onto": "peak_week", "shift_c": 1.5},
}
"""One layer of each kind that changes something."""
NOTHING: dict[str, dict[str, Any]] = {
    "actions": {
        "do": [
            {"add_device": {"bus": "b_t002", "name": "car", "kw": 7.2}},
            {"disconnect_device": {"bus": "b_t002", "name": "car"}},
        ]
    },
    "battery": {"penetration": 0.0},
    "connection_rules": {"max_kw_per_customer": 1e9, "export_limit": 1.0},
    "controls": {"capacitors": "active"},
    "custom": {"penetration": 0.0},
    "electrification": {"penetration": 0.0},
    "ev": {"penetration": 0.0},
    "flexibility": {"when": None},
    "growth": {"per_year": 0.0},
    "project": {"in_service": "2031-01-01"},
    "solar": {"penetration": 0.0},
    "queue": {"until": "2026-01-01"},
    "switching": {"do": [{"close": "spare"}, {"open": "spare"}]},
    "tariff": {"shift_share": 0.0},
    "upgrades": {"do": [{"year": 2031, "add_capacitor": {"at": "b_t004", "kvar": 20.0}}]},
    "weather": {"event": None, "of": None, "shift_c": 0.0},
}
"""What makes of it a layer that changes nothing."""
BESIDE = {"battery": ["solar"], "connection_rules": ["solar"], "tariff": ["ev"]}
"""Kinds without which a layer has nothing to act on."""
RULES = {"connection_rules", "controls", "switching", "upgrades", "flexibility"}
"""Kinds that add no power of their own, or only in the power flow."""
REGISTERED = {
    "source": "reg", "id": "1", "feeder": "f", "bus": "b_t002", "meter": "", "type": "hydro", "kw": 9.0, "kva": None,
    "kwh": None, "phases": "ABC", "status": "approved", "day": "2028-05-01", "setting": "",
}  # fmt: skip
CASE = {"scenario": "s", "year": 2030, "case": "s@2030"}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Context:
    own = tmp_path_factory.mktemp("files") / "own.csv"
    own.write_text("\n".join(f"{(h % 24) / 23:.3f}" for h in range(8760)))
    weather, files = {y: made_weather(y) for y in (2023, 2025)}, {"own.csv": Path(own)}
    return replace(CONTEXT, weather=weather, files=files, register=(REGISTERED,))


def layer(kind: str, **changes: Any) -> dict[str, Any]:
    return {"name": f"the {kind}", "kind": kind} | SAMPLES[kind] | changes


def stack() -> list[dict[str, Any]]:
    return [layer(kind) for kind in sorted(LAYERS) if kind in SAMPLES]


def composed(layers: list[dict[str, Any]], context: Context, order: tuple[str, ...] = ()) -> State:
    return compose(layers, FEEDER, demand_of(FEEDER, order), context)


def test_every_kind_has_a_sample() -> None:
    assert set(SAMPLES) == set(NOTHING) == set(LAYERS), "a kind of layer needs a sample here"


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_nothing_of_a_layer_changes_nothing(kind: str, context: Context) -> None:
    beside = [layer(other) for other in BESIDE.get(kind, ())]
    alone, state = composed(beside, context), composed([*beside, layer(kind, **NOTHING[kind])], context)
    np.testing.assert_array_equal(state.kw(), alone.kw())
    feeder, demand = realise(state)
    assert feeder == realise(alone)[0]
    for name, drive in demand_of(FEEDER).drives.items():
        assert demand.drives[name].kw == drive.kw and demand.drives[name].kvar == drive.kvar
        np.testing.assert_array_equal(demand.kw(name), demand_of(FEEDER).kw(name))
    changed = composed([*beside, layer(kind)], context)
    differs = np.abs(changed.kw() - state.kw()).max() > 0.01 or realise(changed)[0] != FEEDER
    assert differs or (kind == "flexibility" and changed.programs), "programs change loads in the power flow alone"


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_a_layer_says_what_it_assumes(kind: str, context: Context) -> None:
    state = composed([*(layer(other) for other in BESIDE.get(kind, ())), layer(kind)], context)
    told = [row for row in state.assumptions if row["layer"] == f"the {kind}"]
    assert told
    for row in told:
        assert set(row) == {"layer", "field", "value", "unit", "source", "default"}
        assert row["layer"] == f"the {kind}"


def test_the_order_of_a_stack_changes_no_byte(context: Context) -> None:
    layers = stack()
    rng = np.random.default_rng(4)
    some = [layers, layers[::-1], *([layers[i] for i in rng.permutation(len(layers))] for _ in range(3))]
    states = [composed(order, context) for order in some]
    for other in states[1:]:
        assert list(other.components) == list(states[0].components)
        assert other.kw().tobytes() == states[0].kw().tobytes()
        assert other.assumptions == states[0].assumptions


@pytest.mark.parametrize("kind", [*sorted(SAMPLES), "all"])
def test_permuting_the_loads_permutes_the_result(kind: str, context: Context) -> None:
    layers = stack() if kind == "all" else [layer(kind), *(layer(other) for other in BESIDE.get(kind, ()))]
    one, other = composed(layers, context), composed(layers, context, tuple(n for n, *_ in reversed(ROWS)))
    place = {name: i for i, name in enumerate(other.loads)}
    order = [place[name] for name in one.loads]
    np.testing.assert_allclose(other.kw()[order], one.kw(), rtol=0, atol=1e-9)


def test_attribution_sums_to_the_total(context: Context) -> None:
    state = composed(stack(), context)
    added = (set(state.components) | {p.layer for p in state.plants}) - {BASE}
    assert added == {x["name"] for x in stack() if x["kind"] not in RULES} | {"the tariff:ev"}
    rows = composition(state, context, CASE).to_pylist()
    total = state.kw().sum(axis=0) + sum(p.kw for p in state.plants)
    kwh = sum(r["kwh"] for r in rows)
    assert kwh == pytest.approx(total.sum(), rel=1e-9)
    peak = sum(r["kw_at_feeder_peak"] for r in rows)
    assert peak == pytest.approx(total.max(), rel=1e-9)
    means = np.sum([r["kw"] for r in rows], axis=0)
    calendar = context.calendar
    slot = (calendar.month - 1) * 24 + calendar.hour
    np.testing.assert_allclose(means, np.bincount(slot, weights=total) / np.bincount(slot), rtol=1e-5)


def test_what_is_driven_is_the_sum_of_the_components(context: Context) -> None:
    state = composed(stack(), context)
    _, demand = realise(state)
    for i, name in enumerate(state.loads):
        driven = demand.kw(name)
        if f"{name}:added" in demand.drives:
            driven = driven + demand.kw(f"{name}:added")
        for plant in ("the solar", "the battery"):
            if (machine := demand.plants.get(f"{name}:{plant}")) is not None:
                driven = driven - machine.kw * demand.profiles[machine.kw_profile].astype(float)
        np.testing.assert_allclose(driven, state.kw()[i], rtol=2e-6, atol=1e-5)


def test_energy_is_conserved_where_it_is_claimed(context: Context) -> None:
    state = composed([layer("ev"), layer("tariff")], context)
    for name in ("the tariff", "the tariff:ev"):
        moved = state.components[name].kw
        turnover = np.abs(moved.values()).sum(axis=1)
        assert turnover.max() > 1.0
        assert np.abs(moved.sums()).max() <= 1e-9 * turnover.max()


@pytest.mark.parametrize("kind", sorted(k for k, words in SAMPLES.items() if "penetration" in words or k == "growth"))
def test_a_feeder_without_the_class_of_a_layer_is_as_it_was_and_says_so(kind: str, context: Context) -> None:
    """One feeder of many may have no farm: the layer adds nothing there, and the study is told if none has one."""
    beside = [layer(other) for other in BESIDE.get(kind, ())]
    state = compose([*beside, layer(kind, to="farm")], FEEDER, demand_of(FEEDER), context)
    np.testing.assert_array_equal(state.kw(), compose(beside, FEEDER, demand_of(FEEDER), context).kw())
    sought = [(row["what"], row["name"], row["found"]) for row in state.sought if row["layer"] == f"the {kind}"]
    assert sought == [("load of the class", "farm", False)]


def test_every_kind_is_in_the_demo_or_the_utility_and_has_a_worked_example(root: Path) -> None:
    stacked: set[str] = set()
    for name in ("demo", "utility"):
        study = yaml.safe_load((root / "studies" / name / "study.yaml").read_text(encoding="utf-8"))
        stacked |= {study["layers"][x]["kind"] for scenario in study["scenarios"].values() for x in scenario["stack"]}
    assert set(LAYERS) - stacked == set(), "these kinds are in no scenario of the demo or the utility study"
    pages = "\n".join(p.read_text(encoding="utf-8") for p in (root / "site/docs/scenarios").glob("*.md"))
    shown = set(re.findall(r"kind: ([a-z_]+)", pages))
    assert set(LAYERS) - shown == set(), "these kinds are on no page of the docs"
