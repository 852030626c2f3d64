"""Which loads of a feeder belong to a declared area."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from dtl.errors import SolveError
from dtl.scenarios import edited
from dtl.scenarios.context import Context
from dtl.scenarios.state import State
from dtl.spec.base import near

AREA = "area"
"""What layers look for that name an area, of which many feeders may have a part."""


def of_area(layer: Mapping[str, Any], state: State, context: Context, name: str) -> tuple[list[int], State]:
    """The loads of an area by index, and the state that remembers which of its buses were looked for.

    An area by buses that the feeder does not have is of another feeder; nobody having a bus is an error of the run.
    """
    area = context.areas.get(name)
    near_ones = difflib.get_close_matches(name, list(context.areas), 3, 0.6) if area is None else []
    row = {"layer": str(layer["name"]), "what": AREA, "name": name, "found": area is not None, "near": near_ones}
    state = replace(state, sought=(*state.sought, row))
    if area is None and layer.get("only_feeder"):
        raise SolveError(f"layer '{row['layer']}': {state.feeder.id} has no area '{name}'{near(name, context.areas)}")
    if area is None or area.get("drawn"):
        drawn = set(area["buses"]) if area else set()
        return [i for i, bus in enumerate(state.buses) if bus in drawn], state
    if area.get("buses") is None:
        mine = [i for i, f in enumerate(state.feeders) if matches(f, area["feeders"])]
        return mine, state
    buses, state = buses_of(layer, state, [str(b) for b in area["buses"]])
    return [i for i, bus in enumerate(state.buses) if bus in buses], state


def buses_of(layer: Mapping[str, Any], state: State, names: list[str]) -> tuple[set[str], State]:
    """The buses of this feeder among some names, and the state that remembers which were looked for."""
    found = set()
    for name in names:
        bus = edited.found(state.feeder, "bus", name)
        state = edited.sought(layer, state, "bus", name, there=bus is not None)
        if bus is not None:
            found.add(bus.name)
    return found, state


def matches(feeder: str, patterns: list[str]) -> bool:
    """Whether a feeder is one of some ids and globs."""
    return any(fnmatchcase(feeder.lower(), p.lower()) for p in patterns)
