from __future__ import annotations

import inspect
from importlib import import_module
from itertools import permutations

import numpy as np
import pytest
from layered_cases import CONTEXT, demand_of, feeder_of, street

from dtl.errors import SolveError
from dtl.scenarios import growth
from dtl.scenarios.compose import compose, ordered
from dtl.scenarios.context import Context
from dtl.scenarios.power import Power, summed
from dtl.scenarios.realise import realise
from dtl.scenarios.registry import LAYERS
from dtl.scenarios.state import Component, state_of
from dtl.spec.kinds import ORDER

FEEDER = feeder_of(street(3, 1))
DEMAND = demand_of(FEEDER)


def layer(name: str, per_year: float) -> dict[str, object]:
    return {"name": name, "kind": "growth", "per_year": per_year}


def test_every_kind_has_its_function_and_its_place() -> None:
    assert set(LAYERS) == set(ORDER)
    for text in LAYERS.values():
        module, _, function = text.partition(":")
        names = list(inspect.signature(getattr(import_module(module), function)).parameters)
        assert names == ["layer", "state", "context"]


def test_growth_compounds_from_the_measured_year() -> None:
    _, grown = realise(compose([layer("g", 0.02)], FEEDER, DEMAND, CONTEXT))
    for name, drive in DEMAND.drives.items():
        assert grown.drives[name].kw == pytest.approx(drive.kw * 1.02**5, rel=1e-12)
        assert grown.drives[name].kvar == pytest.approx(drive.kvar * 1.02**5, rel=1e-12)
        assert grown.drives[name].kw_profile == drive.kw_profile
    assert growth.factor(0.02, Context(2025, 2025, "UTC")) == 1.0


def test_no_layer_and_zero_growth_change_nothing() -> None:
    assert realise(compose([], FEEDER, DEMAND, CONTEXT)) == (FEEDER, DEMAND)
    assert realise(compose([layer("g", 0.0)], FEEDER, DEMAND, CONTEXT))[1].drives == DEMAND.drives
    assert realise(compose([layer("g", 0.5)], FEEDER, DEMAND, CONTEXT))[1].drives != DEMAND.drives


def test_a_stack_is_a_set() -> None:
    layers = [layer("c", 0.07), layer("a", 0.013), layer("b", -0.031)]
    answers = {compose(order, FEEDER, DEMAND, CONTEXT).kw().tobytes() for order in permutations(layers)}
    assert len(answers) == 1
    assert [entry["name"] for entry in ordered(layers)] == ["a", "b", "c"]
    kinds = [{"name": "z", "kind": "weather"}, {"name": "a", "kind": "growth"}, {"name": "b", "kind": "battery"}]
    assert [entry["kind"] for entry in ordered(kinds[::-1])] == ["weather", "growth", "battery"]


def test_what_carries_a_component_decides_what_it_becomes() -> None:
    state = state_of(FEEDER, DEMAND, CONTEXT)
    steps, count = CONTEXT.steps, len(state.loads)
    hump = np.linspace(0.0, 1.0, steps, dtype=np.float32)
    some = Power.shared(np.arange(count, dtype=float), hump)
    none = Power.none(count, steps)
    state = state.with_component(Component("cars", some, none, "added"))
    state = state.with_component(Component("more", some.scaled(2.0), none, "added"))
    state = state.with_component(Component("heat", Power.shared(np.ones(count), hump), none, "load"))
    state = state.with_component(Component("roofs", some.scaled(-1.0), none, "generation", kva=np.arange(count) * 1.1))
    feeder, demand = realise(state)
    names = state.loads
    assert [p.name for p in feeder.loads if p.name not in names] == [f"{n}:added" for n in names[1:]]
    assert [g.name for g in feeder.generators] == [f"{n}:roofs" for n in names[1:]] == sorted(demand.plants)
    for i, name in enumerate(names[1:], 1):
        np.testing.assert_allclose(demand.kw(f"{name}:added"), 3.0 * i * hump, rtol=1e-6)
        own = DEMAND.kw(name) + hump
        np.testing.assert_allclose(demand.kw(name), own, rtol=1e-6)
        plant = demand.plants[f"{name}:roofs"]
        np.testing.assert_allclose(plant.kw * demand.profiles[plant.kw_profile], i * hump, rtol=1e-6)
    assert {demand.drives[n].kvar_profile for n in names} == {d.kvar_profile for d in DEMAND.drives.values()}
    assert len(demand.profiles) - len(DEMAND.profiles) == len(names) + 4, "loads that follow one series share it"
    with pytest.raises(SolveError, match="cars"):
        state.with_component(Component("cars", some, none, "added"))


def test_a_sum_is_the_sum_of_its_parts() -> None:
    rng = np.random.default_rng(3)
    dense = Power.each(rng.normal(size=(6, 50)))
    shared = Power(rng.normal(size=6), np.array([0, 1, 0, 1, 1, 0]), rng.normal(size=(2, 50)))
    sparse = Power.shared(np.array([0.0, 2.0, 0.0, 0.0, 4.0, 0.0]), rng.normal(size=50))
    parts = [shared, sparse, shared.scaled(0.3), dense]
    total = sum(p.values() for p in parts)
    np.testing.assert_allclose(summed(parts).values(), total, atol=1e-6)
    np.testing.assert_allclose(summed(parts[:3]).values(), sum(p.values() for p in parts[:3]), atol=1e-6)
    np.testing.assert_allclose(dense.total(), dense.values().sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(shared.sums(), shared.values().sum(axis=1), atol=1e-12)
    np.testing.assert_allclose(shared.highest(), shared.values().max(axis=1), atol=1e-12)


def test_a_class_without_customers_is_named_with_those_that_there_are() -> None:
    layer = {"name": "level_2", "to": "residental"}
    with pytest.raises(SolveError, match="no load of f is of class 'residental'; did you mean 'residential'"):
        state_of(FEEDER, DEMAND, CONTEXT).of_class({**layer, "only_feeder": True})
