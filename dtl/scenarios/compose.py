"""A case's state: the layers of its stack applied to the base demand, in the one fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder
from dtl.scenarios.context import Context
from dtl.scenarios.registry import IN_TIME, LAYERS, SCHEDULE
from dtl.scenarios.state import State, state_of
from dtl.spec.kinds import ORDER


def ordered(layers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The layers in the order in which they apply: by kind, then by name."""
    return sorted(layers, key=lambda layer: (ORDER.index(layer["kind"]), layer["name"]))


def compose(layers: Sequence[Mapping[str, Any]], feeder: Feeder, demand: Demand, context: Context) -> State:
    """The state with all layers applied; the order of `layers` makes no difference.

    Raises
    ------
    SolveError
        A layer cannot be applied to this feeder.
    """
    state = state_of(feeder, demand, context)
    for layer in ordered(layers):
        if layer["kind"] in IN_TIME:
            state = _scheduled(state, context)
        module, _, function = LAYERS[layer["kind"]].partition(":")
        state = getattr(import_module(module), function)(layer, state.with_class_sought(layer), context)
    return _scheduled(state, context)


def _scheduled(state: State, context: Context) -> State:
    """The state in which batteries of the utility know what they do."""
    if not any(plant.kwh for plant in state.plants):
        return state
    module, _, function = SCHEDULE.partition(":")
    done: State = getattr(import_module(module), function)(state, context)
    return done
