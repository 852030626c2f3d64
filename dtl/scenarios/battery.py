"""Layer ``battery``: batteries of customers, which use their own sun, avoid a tariff's peak, or shave their own peak.

The batteries at a load act on the part of it that is their owners': the load itself, what layers added, and the
generation of the same owners. The year begins with what it ends with, so that nothing is gained or lost between years.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS
from dtl.errors import SolveError
from dtl.scenarios import battery_kernels
from dtl.scenarios.allocate import adopters, assumed
from dtl.scenarios.context import Context
from dtl.scenarios.power import Power
from dtl.scenarios.solar import own_share
from dtl.scenarios.state import Component, State, Store, assumption

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

EFFICIENCY = 0.9
HALVINGS = 40
YEARS = 4
"""Years run one after the other until a year ends as it began."""


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with what the batteries take and give at each load."""
    name, mode = str(layer["name"]), str(layer.get("mode", "self_consumption"))
    each_kw, each_kwh = float(layer["kw_each"]), float(layer["kwh_each"])
    efficiency = float(layer.get("efficiency", EFFICIENCY))
    units = adopters(layer, state, context, kw_each=each_kw)
    used = np.flatnonzero(units)
    rated = np.asarray(units * each_kw, np.float64)
    kwh = np.asarray(units[used] * each_kwh, np.float64)
    own, surplus = _of_owners(layer, units, used, state)
    peak, step_h = _peak(layer, state, context), context.step_min / 60.0
    power, start, held = dispatch(mode, own, surplus, rated[used], kwh, efficiency, step_h, peak)
    values = np.zeros((len(state.loads), context.steps), np.float64)
    values[used] = power
    rows = [
        assumption("mode", mode, "", "study", default="mode" not in layer),
        assumption("kw_each", each_kw, "kW", "study"),
        assumption("kwh_each", each_kwh, "kWh usable", "study"),
        assumption("efficiency", efficiency, "share, round trip", "study", default=efficiency == EFFICIENCY),
        assumption("charged", float(np.maximum(power, 0.0).sum()) * step_h, "kWh", "dispatch"),
        assumption("discharged", float(-np.minimum(power, 0.0).sum()) * step_h, "kWh", "dispatch"),
        assumption("held more at the end", float(held.sum()), "kWh", "dispatch"),
    ]
    state = assumed(layer, state, context, units).assuming(name, *rows)
    series = Power.each(values) if len(used) else Power.none(len(state.loads), context.steps)
    store = Store(np.zeros(len(units)), efficiency, np.zeros(len(units)))
    store.kwh[used], store.start_kwh[used] = kwh, start
    component = Component(name, series, series.scaled(0.0), "storage", rated, rated, kind="battery", store=store)
    return state.with_component(component)


def dispatch(
    mode: str, own: Real, surplus: Real, kw: Real, kwh: Real, efficiency: float, step_h: float,
    peak: NDArray[np.bool_] | None = None,
) -> tuple[Real, Real, Real]:  # fmt: skip
    """Power at the terminals of batteries through a year, what they hold at its start, and how much more at its end.

    Parameters
    ----------
    mode
        ``self_consumption``: take what is generated beyond the load and give it back to the load; ``tariff``: give to
        the load in the peak, fill up evenly before it; ``peak_shaving``: keep the load under the lowest ceiling.
    own
        Load of the owners less their generation where that is positive, shape (batteries, steps) [kW].
    surplus
        Generation of the owners beyond their load, of the same shape [kW].
    kw, kwh
        Rated power and usable energy, shape (batteries,).
    efficiency
        Round trip.
    peak
        The steps of the tariff's peak, for that mode.

    Returns
    -------
    tuple
        Power, positive when it is taken, shape (batteries, steps) [kW]; the two energies, shape (batteries,) [kWh].
    """
    one_way = math.sqrt(efficiency)
    own, surplus = (np.ascontiguousarray(v, np.float64) for v in (own, surplus))
    power, held = np.zeros(own.shape), np.asarray(kwh, np.float64).copy()
    wish = surplus - own
    if mode == "peak_shaving":
        ceiling = battery_kernels.ceilings(own - surplus, kw, kwh, one_way, step_h, HALVINGS)
        wish = ceiling[:, None] - (own - surplus)
    before = held.copy()
    for _ in range(YEARS):
        before = held.copy()
        if mode == "tariff":
            assert peak is not None, "a tariff has a peak"
            battery_kernels.to_be_full(peak, own, surplus, kw, kwh, one_way, step_h, held, power)
        else:
            battery_kernels.run(wish, kw, kwh, one_way, step_h, held, power)
        if np.array_equal(before, held):
            break
    return power, before, held - before


def _of_owners(layer: Mapping[str, Any], units: Ints, used: Ints, state: State) -> tuple[Real, Real]:
    """Net load of the owners at each load with batteries, and their generation beyond it, shape (used, steps) [kW]."""
    load = state.kw(carriers=("load", "added"))[used] * own_share(units, state)[used, None]
    sun = np.zeros_like(load)
    for name, component in state.components.items():
        if component.carrier != "generation" or layer.get("with", name) != name:
            continue
        owners = state.units.get(name)
        every = np.zeros(len(used)) if owners is None else owners[used]
        share = np.minimum(np.divide(units[used], every, out=np.zeros(len(used)), where=every > 0), 1.0)
        sun -= share[:, None] * component.kw.taken(used).values()
    net = load - sun
    return np.maximum(net, 0.0), np.maximum(-net, 0.0)


def _peak(layer: Mapping[str, Any], state: State, context: Context) -> NDArray[np.bool_] | None:
    if layer.get("mode") != "tariff":
        return None
    if state.peak is None or not state.peak.any():
        raise SolveError(f"layer '{layer['name']}' follows a tariff, and no layer of kind tariff is in the stack")
    return np.repeat(state.peak, context.steps // HOURS)
