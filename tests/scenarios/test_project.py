"""A plant at a bus: its phases, its power in both engines, its year, and names that are not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from power_cases import demand_of, own

from dtl.errors import SolveError
from dtl.network.feeder import Generator
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.composition import composition
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State

HOURS = [10, 4100, 8000]
CONTEXT = Context(2030, 2025, "America/Chicago")
FEEDER = own("mixed")
DEMAND = demand_of(FEEDER)


def project(**words: Any) -> dict[str, Any]:
    return {"name": "big", "kind": "project", "at": "lv", "type": "pv", "kw": 60.0, "phases": "ABC"} | words


def composed(layer: dict[str, Any], context: Context = CONTEXT) -> State:
    return compose([layer], FEEDER, DEMAND, context)


@pytest.mark.parametrize(
    ("words", "kw", "kvar"),
    [
        ({}, -60.0, 0.0),
        ({"power_factor": 0.8}, -60.0, 45.0),
        ({"type": "load", "power_factor": 0.8}, 60.0, 45.0),
        ({"type": "ev"}, 60.0, 0.0),
        ({"type": "battery", "kva": 80.0}, -60.0, 0.0),
        ({"type": "induction"}, -60.0, 60.0 * np.tan(np.arccos(0.9))),
    ],
)
def test_both_engines_have_the_plant(words: dict[str, Any], kw: float, kvar: float) -> None:
    layer = project(**words)
    whole, demand = realise(composed(layer))
    assert own("mixed") == FEEDER, "nothing is changed in place"
    year = Year(whole, demand, controls_active=False, tolerance=1e-9)
    (block,) = year.blocks(HOURS)
    takes = layer["type"] in ("load", "ev")
    parts = [p.name for p in (whole.loads if takes else whole.generators) if p.enabled]
    powers = (block.load_kva if takes else block.generator_kva)[parts.index(f"big:{layer['type']}")]
    np.testing.assert_allclose(powers.real, kw, atol=1e-3)
    np.testing.assert_allclose(powers.imag, kvar, atol=1e-3)
    fast = BatchYear(whole, demand, tolerance=1e-9)
    (other,) = fast.blocks(HOURS)
    order = [fast.circuit.node[n] if n else 0 for n in year.circuit.nodes]
    base = np.maximum(np.abs(block.voltages).max(axis=1, keepdims=True), 1.0)
    assert (np.abs(other.voltages[order] - block.voltages) / base).max() < 1e-6


def test_generation_raises_the_voltage_of_its_bus_and_a_load_lowers_it() -> None:
    volts = {}
    for kind in ("pv", "load"):
        for kw in (0.001, 60.0):
            year = Year(*realise(composed(project(type=kind, kw=kw))), controls_active=False)
            (block,) = year.blocks([4100])
            volts[kind, kw > 1] = np.abs(block.voltages[year.circuit.nodes.index("lv.1")])[0]
    assert volts["pv", True] > volts["pv", False] == pytest.approx(volts["load", False], rel=1e-6)
    assert volts["load", True] < volts["load", False]


def test_volt_var_answers_to_the_voltage() -> None:
    def volts(**words: Any) -> float:
        year = Year(*realise(composed(project(kw=250.0, kva=300.0, **words))), controls_active=False)
        (block,) = year.blocks([4100])
        return float(np.abs(block.voltages[year.circuit.nodes.index("lv.1")])[0])

    plain, curve = volts(), volts(volt_var="ieee_1547_b")
    assert abs(curve / 277.0 - 1.0) < abs(plain / 277.0 - 1.0) - 0.001


def test_it_is_there_from_its_year_on() -> None:
    layer = project(in_service="2030-06-01")
    assert composed(layer).plants
    assert not composed(layer, replace(CONTEXT, year=2029)).plants
    assert composed(layer, Context(2025, 2025, CONTEXT.timezone, planned=False)).plants


def test_what_it_adds_is_told() -> None:
    state = composed(project())
    rows = composition(state, CONTEXT, {"scenario": "s", "year": 2030, "case": "s@2030"}).to_pylist()
    (own_row,) = [r for r in rows if r["layer"] == "big"]
    assert own_row["kwh"] == pytest.approx(-60.0 * 8760) and own_row["customer_class"] == "plants"
    assert {r["field"] for r in state.assumptions} >= {"bus", "phases", "kw", "kva", "power_factor", "output"}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"at": f"{FEEDER.id}:lvv"}, "layer 'big': mixed has no bus 'lvv'; did you mean 'lv'"),
        ({"at": "lvv", "only_feeder": True}, "layer 'big': mixed has no bus 'lvv'; did you mean 'lv'"),
        ({"at": "c", "phases": "BC"}, "layer 'big': bus 'c' has phases AB and no C"),
        ({"at": "mill", "phases": "A"}, "layer 'big': bus 'mill' has no reference to ground"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(words: dict[str, Any], text: str) -> None:
    with pytest.raises(SolveError) as caught:
        composed(project(**words))
    assert str(caught.value).startswith(text)


def test_a_bus_that_may_be_in_another_feeder_is_remembered() -> None:
    state = composed(project(at="lvv"))
    assert not state.plants
    (row,) = state.sought
    assert row["found"] is False and row["near"][0] == "lv"
    assert composed(project(at="other:lv")).sought[0] == row | {"name": "other:lv", "near": []}
    (machine,) = [p.part for p in composed(project(at="mixed:LV")).plants]
    assert isinstance(machine, Generator) and machine.bus == "lv"
