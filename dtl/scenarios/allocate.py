"""Who adopts: which customers of a feeder get a device of a layer in a year.

Every customer has a number that is drawn once, from the seed, the layer, the feeder, the load and the place at it.
Adopters are those with the lowest numbers, so later years and higher levels keep the earlier adopters, another feeder
changes nothing here, and the number of adopters is exact: the level times what it is a share of, rounded half up, in
each feeder and area of a forecast. (Parts by the largest remainder may shrink while the whole grows, so they are not
used.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.scenarios import draw
from dtl.scenarios.context import Context
from dtl.scenarios.levels import EVERYWHERE, Level, areas_of, beyond, levels, paths
from dtl.scenarios.neighbours import correlated
from dtl.scenarios.state import State, assumption
from dtl.spec.base import near

Ints = NDArray[np.int64]
Real = NDArray[np.float64]
REGISTERED = {"ev": "ev", "solar": "pv", "battery": "battery", "electrification": "heat_pump"}
"""Type in the register of what a kind of layer adds."""
CLUSTERING = 0.8
"""Share of the variance of the drawn numbers that neighbours have in common where adopters are clustered."""


def adopters(layer: Mapping[str, Any], state: State, context: Context, *, kw_each: float) -> Ints:
    """Devices that a layer adds at each load, shape (loads,).

    Parameters
    ----------
    layer
        The words of an adoption: ``penetration``, ``by``, ``follow``, ``to``, ``of``, ``counts``, ``place``, ``seed``.
    kw_each
        Power of one device, for levels in kW [kW].

    Raises
    ------
    SolveError
        No load is of the class, the forecast does not fit, or a column of areas is missing.
    """
    slots = _slots(layer, state, kw_each)
    here = existing(layer, state, context)
    wanted = levels(layer, context)
    area = np.array(areas_of(state, context, list(wanted)))
    owner = np.repeat(np.arange(len(slots)), slots)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(slots) - slots, slots)
    number = _numbers(layer, state, context, owner, place)
    counted = here if layer.get("counts", "all") == "all" else np.zeros_like(here)
    number = np.where(place < counted[owner], -np.inf, number)
    taken = np.zeros(len(slots), np.int64)
    feeders = np.array(state.feeders)
    for feeder in dict.fromkeys(state.feeders):
        for name, level in sorted(wanted.items()):
            mine = np.flatnonzero((feeders[owner] == feeder) & (area[owner] == name))
            if not len(mine):
                continue
            count = _count(layer, level, state, (feeders == feeder) & (area == name) & (slots > 0), len(mine), kw_each)
            taken += np.bincount(owner[mine[np.argsort(number[mine], kind="stable")][:count]], minlength=len(slots))
    return np.asarray(np.maximum(taken - counted, 0), np.int64)


def existing(layer: Mapping[str, Any], state: State, context: Context) -> Ints:
    """Devices of the layer's kind that the register says are in service, at each load; parts of a bus go to its first.

    Entries without a bus that has a load are not counted.
    """
    kind = REGISTERED.get(str(layer.get("kind")))
    found = np.zeros(len(state.loads), np.int64)
    at = {bus.lower(): i for i, bus in reversed(list(enumerate(state.buses)))}
    for row in context.register:
        bus = str(row["bus"]).rpartition(":")[2].lower()
        if row["type"] == kind and row["status"] == "in_service" and bus in at:
            found[at[bus]] += 1
    return found


def assumed(layer: Mapping[str, Any], state: State, context: Context, units: Ints) -> State:
    """The state with what the allocation of a layer assumed, and the devices that it placed."""
    name = str(layer["name"])
    rows = [assumption("devices", float(units.sum()), "count", "allocation")]
    for area, level in sorted(levels(layer, context).items()):
        where = "" if area == EVERYWHERE else f" of {area}"
        source = "forecast" if layer.get("follow") else "study"
        rows.append(assumption(f"level{where} in {context.year}", level.value, level.unit, source))
    for word, default in (("to", "all"), ("of", "customers"), ("counts", "all"), ("place", "uniform"), ("seed", 0)):
        value = layer.get(word, default)
        text = f"weight {value['weight']}" if isinstance(value, Mapping) else value
        rows.append(assumption(word, text, "", "study", default=value == default))
    state = state.with_units(name, units.astype(np.float64)).assuming(name, *rows)
    if follow := layer.get("follow"):
        known = paths(name, str(follow["forecast"]), str(follow["what"]), context)
        state = state.noting(*beyond(layer, known, context.year))
    return state


def _slots(layer: Mapping[str, Any], state: State, kw_each: float) -> Ints:
    """Places for a device at each load: one for each of its customers, kW of peak, for the load itself, or for each
    device of the layer that it goes with."""
    mine = state.of_class(layer)
    what = layer.get("of", "customers")
    if with_ := layer.get("with"):
        if with_ not in state.units:
            raise SolveError(f"layer '{layer['name']}' goes with '{with_}', which is not in the stack")
        places = state.units[with_].astype(np.int64)
    elif what == "customers":
        places = state.customers
        if mine.any() and not places[mine].any():
            raise SolveError(f"layer '{layer['name']}': no load of class '{layer.get('to', 'all')}' has a customer; "
                             "give their numbers in demand.classes, or use of: units")  # fmt: skip
    elif what == "peak_kw":
        places = np.ceil(_peaks(state) / kw_each).astype(np.int64)
    else:
        places = np.ones(len(state.loads), np.int64)
    return np.asarray(np.where(mine, np.maximum(places, 0), 0), np.int64)


def _peaks(state: State) -> Real:
    return np.maximum(state.base.kw.highest(), 0.0)


def _count(
    layer: Mapping[str, Any], level: Level, state: State, mine: NDArray[np.bool_], slots: int, kw_each: float
) -> int:
    if level.unit == "count":
        exact = level.value
    elif level.unit == "kw":
        exact = level.value / kw_each
    elif layer.get("of") == "peak_kw":
        exact = level.value * float(np.sort(_peaks(state)[mine]).sum()) / kw_each
    else:
        exact = level.value * slots
    return min(slots, math.floor(exact + 0.5 + 1e-9))


def _numbers(layer: Mapping[str, Any], state: State, context: Context, owner: Ints, place: Ints) -> Real:
    """The number of each slot: adopters have the lowest."""
    words = (layer.get("seed", 0), layer["name"])
    names = [f"{f}:{n}" for f, n in zip(state.feeders, state.loads, strict=True)]
    of_load = draw.keys(names, "adopter", *words)
    how = layer.get("place", "uniform")
    if how == "uniform":
        return draw.uniform(of_load[owner], place)
    if how == "clustered":
        field = correlated(state, draw.normal(draw.keys(names, "cluster", *words), 0))
        own = draw.normal(of_load[owner], place)
        return np.asarray(math.sqrt(CLUSTERING) * field[owner] + math.sqrt(1.0 - CLUSTERING) * own, np.float64)
    weight = _weights(layer, str(how["weight"]), state, context)[owner]
    # Sampling by weight without replacement: Efraimidis and Spirakis 2006, Information Processing Letters 97(5).
    with np.errstate(divide="ignore"):
        return np.asarray(-np.log(draw.uniform(of_load[owner], place)) / weight, np.float64)


def _weights(layer: Mapping[str, Any], column: str, state: State, context: Context) -> Real:
    numbers = {n: a.get("columns") or {} for n, a in context.areas.items()}
    given = {n: columns[column] for n, columns in numbers.items() if column in columns}
    if not given:
        known = {c for columns in numbers.values() for c in columns}
        raise SolveError(
            f"layer '{layer['name']}': no area of this feeder has a column '{column}'{near(column, known)}"
        )
    area = areas_of(state, context, list(given))
    return np.array([max(float(given[a]), 0.0) if a else 0.0 for a in area])
