"""Batteries: energy, bounds, and what each mode is for."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from layered_cases import CONTEXT, demand_of, feeder_of, made_weather, street
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.scenarios.battery import dispatch
from dtl.scenarios.compose import compose
from dtl.scenarios.state import State

Real = NDArray[np.float64]
FEEDER = feeder_of(street(6, 2))
ROOFS = {"name": "roofs", "kind": "solar", "penetration": 0.6, "kw_each": 6.0, "to": "residential"}
PACKS = {"name": "packs", "kind": "battery", "penetration": 0.5, "with": "roofs", "kw_each": 5.0, "kwh_each": 13.5,
         "to": "residential"}  # fmt: skip
TOU = {"name": "tou", "kind": "tariff", "peak_hours": [16, 21], "shift_share": 0.0}
MODES = ("self_consumption", "tariff", "peak_shaving")


def made(batteries: int = 5) -> tuple[Real, Real, NDArray[np.bool_]]:
    """Load and surplus of a year by a seeded draw, and a peak from 16 to 21."""
    rng = np.random.default_rng(7)
    hour = np.arange(8760) % 24
    load = rng.gamma(2.0, 1.0, (batteries, 8760)) * (1.0 + (hour > 16))
    sun = 6.0 * np.maximum(np.sin((hour - 6) * np.pi / 12), 0.0) * rng.uniform(0.1, 1.0, 8760)
    net = load - sun
    return np.maximum(net, 0.0), np.maximum(-net, 0.0), (hour >= 16) & (hour < 21)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("efficiency", [1.0, 0.81])
def test_energy_in_less_losses_is_energy_out(mode: str, efficiency: float) -> None:
    own, surplus, peak = made()
    kw, kwh = np.linspace(1.0, 5.0, 5), np.linspace(2.0, 14.0, 5)
    power, start, more = dispatch(mode, own, surplus, kw, kwh, efficiency, 1.0, peak)
    one_way = math.sqrt(efficiency)
    flow = np.where(power > 0.0, power * one_way, power / one_way)
    turnover = np.abs(flow).sum(axis=1)
    assert (turnover > (0.5 if mode == "peak_shaving" else 50.0) * kwh).all()
    np.testing.assert_allclose(flow.sum(axis=1), more, atol=1e-9 * turnover.max())
    assert np.abs(more).max() == 0.0  # the year ends as it began
    held = np.cumsum(flow, axis=1)
    assert (start + held.max(axis=1) <= kwh + 1e-9).all() and (start + held.min(axis=1) >= -1e-9).all()
    assert (np.abs(power) <= kw[:, None] + 1e-12).all()


def test_own_sun_is_kept_and_nothing_is_bought_or_sold_for_it() -> None:
    own, surplus, _ = made()
    power, *_ = dispatch("self_consumption", own, surplus, np.full(5, 5.0), np.full(5, 10.0), 0.9, 1.0)
    assert (power <= surplus + 1e-12).all() and (-power <= own + 1e-12).all()
    bought = np.maximum(own - surplus + power, 0.0).sum()
    assert bought < 0.85 * own.sum()


def test_a_tariff_is_avoided_with_a_full_battery() -> None:
    own, surplus, peak = made()
    kwh = np.full(5, 8.0)
    power, *_ = dispatch("tariff", own, surplus, np.full(5, 5.0), kwh, 0.9, 1.0, peak)
    assert (power[:, peak] <= 0.0).all() and (power[:, ~peak] >= 0.0).all()
    assert (-power[:, peak] <= own[:, peak] + 1e-12).all()
    by_day = -np.where(peak, power, 0.0).reshape(5, 365, 24).sum(axis=2)
    wanted = np.where(peak, np.minimum(own, 5.0), 0.0).reshape(5, 365, 24).sum(axis=2)
    full = 8.0 * math.sqrt(0.9)
    np.testing.assert_allclose(by_day[:, 1:], np.minimum(wanted, full)[:, 1:], atol=1e-6)


def test_a_peak_is_shaved_to_the_known_answer() -> None:
    """10 kW all year and 20 kW in two hours: 5 kW and 10 kWh hold it at 15, 5 kWh at 17.5."""
    load = np.full((2, 8760), 10.0)
    load[:, 4000:4002] = 20.0
    power, *_ = dispatch(
        "peak_shaving", load, np.zeros_like(load), np.array([5.0, 5.0]), np.array([10.0, 5.0]), 1.0, 1.0
    )
    assert (load + power).max(axis=1) == pytest.approx([15.0, 17.5], abs=1e-6)


def composed(*layers: dict[str, Any]) -> State:
    return compose(layers, FEEDER, demand_of(FEEDER), replace(CONTEXT, weather={2025: made_weather(2025)}))


def test_batteries_stand_where_the_roofs_are() -> None:
    state = composed(ROOFS, PACKS)
    assert (state.units["packs"] <= state.units["roofs"]).all()
    assert state.units["packs"].sum() == math.floor(0.5 * state.units["roofs"].sum() + 0.5)
    assert state.components["packs"].carrier == "storage"
    export = [np.maximum(-s.kw().sum(axis=0), 0.0).sum() for s in (composed(ROOFS), state)]
    assert export[1] < export[0]


def test_a_battery_that_follows_a_tariff_needs_one() -> None:
    state = composed(ROOFS, PACKS | {"mode": "tariff"}, TOU)
    assert state.components["packs"].kw.total().min() < -1.0
    with pytest.raises(SolveError, match="'packs' follows a tariff, and no layer of kind tariff"):
        composed(ROOFS, PACKS | {"mode": "tariff"})
    with pytest.raises(SolveError, match="'packs' goes with 'roofs', which is not in the stack"):
        composed(PACKS)
