from __future__ import annotations

import inspect
from importlib import import_module
from itertools import permutations

import pytest

from dtl.demand.demand import Demand, Drive
from dtl.network.feeder import Feeder
from dtl.scenarios import growth
from dtl.scenarios.compose import Context, compose, ordered
from dtl.scenarios.registry import LAYERS, ORDER

CONTEXT = Context(2030, 2025, "UTC")
FEEDER = Feeder(id="f", feeders=("f",))


def demand() -> Demand:
    drive = Drive("f", "a", "n", "residential", 1, 40.0, 20.0, "flat", "flat", "model_loads")
    return Demand({"a": drive}, {})


def layer(name: str, per_year: float) -> dict[str, object]:
    return {"name": name, "kind": "growth", "per_year": per_year}


def test_every_kind_has_its_function_and_its_place() -> None:
    assert set(LAYERS) <= set(ORDER)
    assert len(set(ORDER)) == len(ORDER)
    for text in LAYERS.values():
        module, _, function = text.partition(":")
        names = list(inspect.signature(getattr(import_module(module), function)).parameters)
        assert names == ["layer", "feeder", "demand", "context"]


def test_growth_compounds_from_the_measured_year() -> None:
    grown = compose([layer("g", 0.02)], FEEDER, demand(), CONTEXT)
    assert grown.drives["a"].kw == pytest.approx(40.0 * 1.02**5)
    assert grown.drives["a"].kvar == pytest.approx(20.0 * 1.02**5)
    assert growth.factor(0.02, Context(2025, 2025, "UTC")) == 1.0


def test_no_layer_and_zero_growth_change_nothing() -> None:
    before = demand()
    assert compose([], FEEDER, before, CONTEXT).drives == before.drives
    assert compose([layer("g", 0.0)], FEEDER, before, CONTEXT).drives == before.drives
    assert compose([layer("g", 0.5)], FEEDER, before, CONTEXT).drives != before.drives
    assert before.drives == demand().drives  # nothing changes a demand


def test_a_stack_is_a_set() -> None:
    layers = [layer("c", 0.07), layer("a", 0.013), layer("b", -0.031)]
    answers = {compose(order, FEEDER, demand(), CONTEXT).drives["a"].kw for order in permutations(layers)}
    assert len(answers) == 1
    assert [entry["name"] for entry in ordered(layers)] == ["a", "b", "c"]
    kinds = [{"name": "z", "kind": "weather"}, {"name": "a", "kind": "growth"}, {"name": "b", "kind": "battery"}]
    assert [entry["kind"] for entry in ordered(kinds[::-1])] == ["weather", "growth", "battery"]
