"""Layers in steps shorter than an hour: where nothing varies within the hour they say of it what they say of hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from layered_cases import demand_of, feeder_of, networked, street

from dtl.demand.demand import Demand
from dtl.scenarios.compose import compose
from dtl.scenarios.composition import composition
from dtl.scenarios.context import Context
from dtl.scenarios.realise import realise
from dtl.scenarios.state import State
from tests.scenarios.test_every_layer import BESIDE, CASE, SAMPLES, context, layer, stack

__all__ = ["context"]
FEEDER = networked(feeder_of(street(8, 3)))


def in_steps(layers: list[dict[str, object]], context: Context, step_min: int) -> State:
    demand = demand_of(FEEDER)
    held = {name: np.repeat(p, 60 // step_min) for name, p in demand.profiles.items()}
    return compose(layers, FEEDER, Demand(demand.drives, held), replace(context, step_min=step_min))


@pytest.mark.parametrize("kind", [*sorted(SAMPLES), "all"])
def test_quarters_of_a_layer_are_its_hours(kind: str, context: Context) -> None:
    # a battery that prepares for a tariff decides by the step, so that it is exact here only without one
    layers = (
        [x for x in stack() if x["kind"] != "battery"]
        if kind == "all"
        else [*(layer(other) for other in BESIDE.get(kind, ())), layer(kind)]
    )
    hours, quarters = (in_steps(layers, context, step) for step in (60, 15))
    assert quarters.base.kw.steps == 4 * hours.base.kw.steps
    assert list(quarters.components) == list(hours.components) and quarters.units.keys() == hours.units.keys()
    for name, component in hours.components.items():
        parts = quarters.components[name].kw.values().reshape(len(hours.loads), -1, 4)
        np.testing.assert_allclose(parts.mean(axis=2), component.kw.values(), rtol=1e-6, atol=1e-6, err_msg=name)
    assert len(quarters.plants) == len(hours.plants)
    for one, other in zip(hours.plants, quarters.plants, strict=True):
        np.testing.assert_allclose(other.kw.reshape(-1, 4).mean(axis=1), one.kw, rtol=1e-6, atol=1e-6)
    coarse, fine = (
        composition(s, replace(context, step_min=m), CASE).to_pylist() for s, m in ((hours, 60), (quarters, 15))
    )
    total = sum(r["kwh"] for r in coarse)
    assert sum(r["kwh"] for r in fine) == pytest.approx(total, rel=1e-9)
    for one, other in zip(coarse, fine, strict=True):
        assert other["layer"] == one["layer"] and other["kwh"] == pytest.approx(one["kwh"], rel=1e-6, abs=1e-6)
    _, demand = realise(quarters)
    assert {len(p) for p in demand.profiles.values()} == {4 * 8760} and demand.step_min == 15


def test_a_profile_of_quarters_is_taken_as_it_is(context: Context, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("\n".join(f"{(k % 96) / 95:.6f}" for k in range(4 * 8760)))
    state = in_steps([layer("custom")], replace(context, files={"own.csv": own}), 15)
    added = state.components["the custom"].kw
    ramp = np.tile(np.arange(96) / 95, 365)
    at = int(np.flatnonzero(added.scale)[0])
    np.testing.assert_allclose(added.of(at), added.of(at).max() * ramp, atol=1e-4)


def test_an_action_begins_in_the_quarter_of_its_time(context: Context) -> None:
    words = {"do": [{"at": "2030-07-16T18:30:00", "scale_load": {"bus": "b_t001", "factor": 0.0}}]}
    before, after = (in_steps(layers, context, 15) for layers in ([], [layer("actions", **words)]))
    changed = np.flatnonzero(np.abs(after.kw() - before.kw()).max(axis=0) > 1e-9)
    first = context.calendar.index_of_civil(datetime(2025, 7, 16, 18), context.timezone)
    assert changed[0] == 4 * first + 2
