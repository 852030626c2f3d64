"""Switches that actions operate at a time: the positions through the year, and what has no supply meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.operated import Operated
from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Switch
from dtl.network.positions import placed
from dtl.network.topology import trace
from dtl.scenarios import edited, switching
from dtl.scenarios.actions_plants import where
from dtl.scenarios.actions_time import Timed
from dtl.scenarios.context import Context
from dtl.scenarios.state import State

_OPEN, _CLOSED = 0, 1
OPERATIONS = ("open", "close")
"""The words of actions that operate a switch."""


@dataclass(frozen=True)
class Found:
    """What the operations of a case come to: the layer of the first one, the switches, and what a reader must know."""

    layer: str
    operated: Operated
    notes: tuple[str, ...]


def operations(
    layers: Mapping[str, Mapping[str, Any]], actions: Sequence[Timed], state: State, context: Context
) -> tuple[Found | None, State]:
    """The switches that actions operate at a time, None if they change nothing; and the state that sought them.

    Of operations that hold at one time the last one counts, and where it ends the one before it does.

    Raises
    ------
    SolveError
        A switch is not there, out of service, or has poles in different positions.
    """
    names: dict[str, int] = {}
    places = np.zeros((0, context.steps), np.int64)
    first = ""
    for action in actions:
        if action.verb not in OPERATIONS or not action.moment:
            continue
        switch = edited.found(state.feeder, "switch", str(action.words))
        state = edited.sought(layers[action.layer], state, "switch", str(action.words), there=switch is not None)
        if not isinstance(switch, Switch):
            continue
        if not switch.enabled:
            raise SolveError(f"{where(action)}: the switch '{switch.name}' is out of service in the model")
        if len(set(switch.closed)) > 1:
            raise SolveError(f"{where(action)}: the poles of the switch '{switch.name}' stand in different positions")
        if switch.name not in names:
            names[switch.name] = len(names)
            row = np.full((1, context.steps), _CLOSED if switch.is_closed else _OPEN, np.int64)
            places = np.concatenate([places, row])
        places[names[switch.name], action.start : action.stop] = _CLOSED if action.verb == "close" else _OPEN
        first = first or action.layer
    if _as_is(state.feeder, names, places):
        return None, state
    positions, position = np.unique(places.T, axis=0, return_inverse=True)
    closed = tuple(tuple(bool(c) for c in row) for row in positions)
    dead, notes = _dead(first, state.feeder, tuple(names), closed)
    operated = Operated(tuple(names), np.asarray(position, np.int64).reshape(-1), closed, dead)
    return Found(first, operated, notes), state


def _as_is(feeder: Feeder, names: Mapping[str, int], places: NDArray[np.int64]) -> bool:
    """Whether all switches stay as they are, all year."""
    known = {s.name: s.is_closed for s in feeder.switches}
    return all((places[i] == (_CLOSED if known[name] else _OPEN)).all() for name, i in names.items())


def standing(feeder: Feeder, switches: Sequence[str], closed: Sequence[bool]) -> Feeder:
    """The feeder with some switches in a position."""
    known = {s.name: s for s in feeder.switches}
    changed = [placed(known[name], close) for name, close in zip(switches, closed, strict=True)]
    return edited.with_parts(feeder, switches=edited.swapped(feeder.switches, *changed))


def _dead(
    layer: str, feeder: Feeder, switches: tuple[str, ...], closed: Sequence[tuple[bool, ...]]
) -> tuple[tuple[frozenset[tuple[str, int]], ...], tuple[str, ...]]:
    """The nodes without supply in each position that have it in another, and rings and sources in parallel."""
    alive, notes = [], dict[str, None]()
    for position in closed:
        stands = standing(feeder, switches, position)
        topology = trace(stands)
        alive.append({(b.name, n) for b in stands.buses for n in edited.fed(stands, topology, b.name)})
        notes |= dict.fromkeys(switching.notes(layer, feeder, stands, topology))
    some = frozenset().union(*alive)
    return tuple(frozenset(some - one) for one in alive), tuple(notes)
