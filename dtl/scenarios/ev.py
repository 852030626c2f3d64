"""Layer ``ev``: electric vehicles that charge, session by session, or by a load shape of one's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from dtl.scenarios import draw
from dtl.scenarios.allocate import Ints, adopters, assumed
from dtl.scenarios.context import Context
from dtl.scenarios.ev_profiles import Charging, charging
from dtl.scenarios.ev_sessions import Habit, charge, sessions
from dtl.scenarios.power import Power
from dtl.scenarios.state import Component, State, assumption


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the load of charging; ``layer["charging"]`` holds the words of its profile.

    A vehicle, and a charger in public, charges in every case as it does in any other: which sessions it has follows
    from the seed, the layer, the feeder, the load and its number there.
    """
    name = str(layer["name"])
    profile = charging(layer["charging"], context)
    units = adopters(layer, state, context, kw_each=profile.charger_kw)
    state = assumed(layer, state, context, units)
    rows = [assumption(k, v, _unit(k), "profile", default=not own) for k, (v, own) in profile.said.items()]
    state = state.assuming(name, *rows)
    count = _vehicles(layer, state, units)
    if profile.habit is not None:
        power, state = _by_sessions(layer, state, context, profile.habit, count)
    else:
        assert profile.shape is not None, "a profile has sessions or a shape"
        power = Power.shared(count.astype(np.float64), profile.shape.astype(np.float32))
    return state.with_component(Component(name, power, power.scaled(_kvar_per_kw(profile)), "added", kind="ev"))


def _unit(field: str) -> str:
    ends = {"_kw": "kW", "_kwh": "kWh", "_kwh_per_day": "kWh per day", "_h": "h", "_sessions": "per day"}
    return next((unit for end, unit in ends.items() if field.endswith(end)), "")


def _kvar_per_kw(profile: Charging) -> float:
    return math.tan(math.acos(profile.power_factor))


def _vehicles(layer: Mapping[str, Any], state: State, units: Ints) -> Ints:
    """Vehicles at each load; of a number per customer that is not whole, the rest is drawn customer by customer."""
    each = float(layer.get("per_customer", 1.0))
    whole = math.floor(each)
    if whole == each:
        return units * whole
    owner = np.repeat(np.arange(len(units)), units)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(units) - units, units)
    more = draw.uniform(_keys(layer, state, "second car")[owner], place) < each - whole
    return np.asarray(units * whole + np.bincount(owner, weights=more, minlength=len(units)).astype(np.int64), np.int64)


def _keys(layer: Mapping[str, Any], state: State, word: str) -> draw.Keys:
    names = [f"{f}:{n}" for f, n in zip(state.feeders, state.loads, strict=True)]
    return draw.keys(names, word, layer.get("seed", 0), layer["name"])


def _by_sessions(
    layer: Mapping[str, Any], state: State, context: Context, habit: Habit, count: Ints
) -> tuple[Power, State]:
    name, used = str(layer["name"]), np.flatnonzero(count)
    if not len(used):
        return Power.none(len(count), context.steps), state
    site = np.repeat(np.arange(len(used)), count[used])
    place = np.arange(len(site)) - np.repeat(np.cumsum(count[used]) - count[used], count[used])
    units = np.array([draw.key(int(k), int(p)) for k, p in zip(_keys(layer, state, "sessions")[used][site], place,
                                                               strict=True)], np.uint64)  # fmt: skip
    found = sessions(habit, units, site, context.calendar, context.timezone)
    power, given = charge(found, site[found.unit], len(used), habit.taper_share, context.steps)
    wanted, got = float(found.kwh.sum()), float(given.sum())
    unmet = max(wanted - got, 0.0)
    rows = [assumption("energy asked for", wanted, "kWh", "sessions"),
            assumption("energy not delivered", unmet, "kWh", "sessions")]  # fmt: skip
    state = state.assuming(name, *rows)
    if wanted > 0.0 and unmet > 0.01 * wanted:
        state = state.noting(f"layer '{name}': {unmet:.0f} of {wanted:.0f} kWh of charging are not delivered: vehicles "
                             "leave, or wait for a charger, before they have their energy")  # fmt: skip
    row = np.zeros(len(count), np.int64)
    row[used] = np.arange(len(used))
    return Power((count > 0).astype(np.float64), row, power), state
