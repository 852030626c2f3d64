"""Layer ``queue``: plants of a register, by their status and day, each at its meter or bus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dtl.network.topology import trace
from dtl.scenarios.context import Context
from dtl.scenarios.edited import with_parts
from dtl.scenarios.edited_plants import output
from dtl.scenarios.edited_register import IDLE, in_load, in_time, part_of
from dtl.scenarios.separated import separated
from dtl.scenarios.state import GENERATORS, Plant, State, assumption

_SHOWN = 5


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the entries of the source ``layer["from"]`` whose status is one of ``layer["status"]``.

    Batteries have no schedule in a register and are left idle. Entries in service since the measured year or before,
    whose generation the measured load already has inside, are not connected again. What has no place is noted. With
    ``separated`` it is these alone that are connected, and taken out of the load (`dtl.scenarios.separated`).

    Raises
    ------
    SolveError
        There are entries of type pv, and no weather with irradiance.
    """
    if layer.get("separated"):
        return separated(layer, state, context)
    name = str(layer["name"])
    asked = [r for r in context.register if r["source"] == layer["from"] and r["status"] in layer["status"]]
    later = [r for r in asked if not in_time(r, layer.get("until"), context)]
    rows = [r for r in asked if r not in later]
    idle = [r for r in rows if r["type"] in IDLE]
    inside = [r for r in rows if r not in idle and in_load(r, layer, state, context)]
    rows = sorted((r for r in rows if r not in idle and r not in inside and r["kw"] > 0.0), key=lambda r: str(r["id"]))
    state = _without_own(name, state) if layer.get("whole") else state
    topology = trace(state.feeder)
    plants, lost, told = list[Plant](), list[str](), list[dict[str, Any]]()
    shapes: dict[str, Any] = {}
    for row in rows:
        kind = str(row["type"])
        part = part_of(row, name, state.feeder, topology)
        if isinstance(part, str):
            lost.append(f"{row['id']} ({row['kw']:g} kW): {part}")
            continue
        if kind not in shapes:
            shapes[kind], about = output({"name": name, "needs_sun": True}, kind, state, context)
            told += [{**a, "field": f"{kind}: {a['field']}"} for a in about]
        plants.append(Plant(name, part, shapes[kind]))
    if lost:
        more = f"; and {len(lost) - _SHOWN} more" * (len(lost) > _SHOWN)
        state = state.noting(f"layer '{name}' cannot connect {len(lost)} plants: {'; '.join(lost[:_SHOWN])}{more}")
    connected = [assumption("plants", len(plants), "count", f"source {layer['from']}"),
                 assumption("power", sum(p.part.kw for p in plants), "kW", f"source {layer['from']}")]  # fmt: skip
    left = (
        ("not yet in service", later),
        ("batteries left idle: no schedule is known", idle),
        ("in the measured load already", inside),
    )
    connected += [_left(what, some) for what, some in left if some]
    if lost:
        connected.append(assumption("without a place", len(lost), "count", "the network"))
    return replace(state, plants=(*state.plants, *plants)).assuming(name, *connected, *told)


def _without_own(name: str, state: State) -> State:
    """The state without the generators of the model, in place of which the register stands."""
    own = [p for p in state.feeder.generators if p.enabled]
    others = tuple(p for p in state.plants if p.layer != GENERATORS)
    count = len(own) + len(state.plants) - len(others)
    if not count:
        return state
    left = assumption("generators of the model left out", count, "count", "the register stands in their place")
    return replace(state, feeder=with_parts(state.feeder, generators=()), plants=others).assuming(name, left)


def _left(what: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return assumption(what, f"{len(rows)} with {sum(r['kw'] for r in rows):g} kW", "", "register")
