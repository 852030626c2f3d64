"""Layers in the power flow: added loads and inverters follow their series, in both engines alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from power_cases import demand_of, own

from dtl.powerflow.batch import BatchYear
from dtl.powerflow.opendss import Year
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.power import Power
from dtl.scenarios.realise import realise
from dtl.scenarios.state import Component

HOURS = np.array([10, 4100, 4101, 4102, 8000])
CONTEXT = Context(2030, 2025, "America/Chicago")


def test_both_engines_drive_added_loads_and_inverters() -> None:
    feeder = own("mixed")
    cars = {
        "name": "cars",
        "kind": "ev",
        "penetration": 0.5,
        "of": "peak_kw",
        "charging": {"like": "level2_residential"},
    }
    state = compose([cars], feeder, demand_of(feeder), CONTEXT)
    sun = np.maximum(np.sin((np.arange(8760) % 24 - 6) * np.pi / 12), 0.0).astype(np.float32)
    count = len(state.loads)
    give = Power.shared(np.full(count, -5.0), sun)
    state = state.with_component(Component("roofs", give, give.scaled(0.2), "generation", kva=np.full(count, 6.0)))
    whole, demand = realise(state)
    assert len(whole.generators) == len(feeder.generators) + count
    year = Year(whole, demand, controls_active=False, tolerance=1e-9)
    (block,) = year.blocks(HOURS.tolist())
    names = [p.name for p in whole.loads if p.enabled]
    for i, load in enumerate(state.loads):
        added = state.components["cars"].kw.of(i)[HOURS]
        if added.any():
            at = names.index(f"{load}:added")
            np.testing.assert_allclose(block.load_kva[at].real, added, atol=1e-3)
    plants = [p.name for p in whole.generators if p.enabled]
    for load in state.loads:
        given = block.generator_kva[plants.index(f"{load}:roofs")]
        np.testing.assert_allclose(given.real, -5.0 * sun[HOURS], atol=1e-3)
        np.testing.assert_allclose(given.imag, -1.0 * sun[HOURS], atol=1e-3)
    fast = BatchYear(whole, demand, tolerance=1e-9)
    (other,) = fast.blocks(HOURS.tolist())
    order = [fast.circuit.node[n] if n else 0 for n in year.circuit.nodes]
    base = np.maximum(np.abs(block.voltages).max(axis=1, keepdims=True), 1.0)
    assert (np.abs(other.voltages[order] - block.voltages) / base).max() < 1e-6


def test_a_later_year_only_adds() -> None:
    feeder = own("mixed")
    cars = {"name": "cars", "kind": "ev", "penetration": 0.5, "by": 2035, "of": "peak_kw",
            "charging": {"like": "level2_residential"}}  # fmt: skip
    peak = [compose([cars], feeder, demand_of(feeder), replace(CONTEXT, year=y)).kw().sum() for y in (2025, 2030, 2035)]
    assert peak[0] == pytest.approx(demand_kwh(feeder))
    assert peak == sorted(peak) and peak[1] > peak[0]


def demand_kwh(feeder: object) -> float:
    from dtl.network.feeder import Feeder

    assert isinstance(feeder, Feeder)
    demand = demand_of(feeder)
    return float(sum(demand.kw(name).sum() for name in demand.drives))
