"""Which loads of a feeder belong to a declared area."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from dtl.scenarios import edited
from dtl.scenarios.context import Context
from dtl.scenarios.state import State


def of_area(layer: Mapping[str, Any], state: State, context: Context, name: str) -> tuple[list[int], State]:
    """The loads of an area by index, and the state that remembers which of its buses were looked for.

    An area by buses that the feeder does not have is of another feeder; nobody having a bus is an error of the run.
    """
    area = context.areas.get(name)
    if area is None:
        return [], state
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
