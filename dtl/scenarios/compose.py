"""A case's state: the layers of its stack applied to the base demand, in the one fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder
from dtl.scenarios.context import Context
from dtl.scenarios.registry import LAYERS, ORDER
from dtl.scenarios.state import State, state_of


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
        module, _, function = LAYERS[layer["kind"]].partition(":")
        state = getattr(import_module(module), function)(layer, state, context)
    return state
