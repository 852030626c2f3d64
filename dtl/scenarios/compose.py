"""A case's demand: the layers of its stack applied to the base demand, in the one fixed order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder
from dtl.scenarios.registry import LAYERS, ORDER


@dataclass(frozen=True)
class Context:
    """What a layer may know of its case besides the feeder and the demand.

    ``year`` is the year solved; without planned years it is the measured one.
    """

    year: int
    measured_year: int
    timezone: str

    @property
    def calendar(self) -> Calendar:
        """Calendar of the measured year, which planned years keep."""
        return Calendar(self.measured_year)


def ordered(layers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The layers in the order in which they apply: by kind, then by name."""
    return sorted(layers, key=lambda layer: (ORDER.index(layer["kind"]), layer["name"]))


def compose(layers: Sequence[Mapping[str, Any]], feeder: Feeder, demand: Demand, context: Context) -> Demand:
    """The demand with all layers applied; the order of `layers` makes no difference."""
    for layer in ordered(layers):
        module, _, function = LAYERS[layer["kind"]].partition(":")
        demand = getattr(import_module(module), function)(layer, feeder, demand, context)
    return demand
