"""What each layer of a case adds, by customer class: the rows of the table ``composition``, and the assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from dtl import tables
from dtl.network.feeder import Load
from dtl.scenarios.context import Context
from dtl.scenarios.power import Real
from dtl.scenarios.state import Plant, State

MONTH_HOURS = 12 * 24
PLANTS = "plants"
"""What stands for the class of customers in the rows of plants."""


def attribution(state: State, context: Context) -> list[dict[str, Any]]:
    """What each layer adds in each feeder, over all classes: rows that sum to the power of the feeder before losses.

    A row has feeder, layer, carrier, energy [kWh], the highest power of the layer, taken or given, and its power at the
    feeder's peak [kW].
    """
    feeders = np.array(state.feeders)
    per_hour = 60 // context.step_min
    rows = []
    for feeder in dict.fromkeys((*state.feeders, *state.feeder.feeders)):
        mine = np.asarray(feeders == feeder, float)
        powers = {layer: (str(c.carrier), c.kw.total(mine)) for layer, c in state.components.items()}
        for plant in [p for p in state.plants if state.owner(p.part.bus) == feeder]:
            carrier, kw = powers.get(plant.layer, (_carrier(plant), np.zeros(context.steps)))
            powers[plant.layer] = carrier, kw + plant.kw
        peak = int(np.argmax(sum(kw for _, kw in powers.values())))
        for layer, (carrier, kw) in powers.items():
            highest = float(kw[np.abs(kw).argmax()])
            rows.append({"feeder": feeder, "layer": layer, "carrier": carrier, "kwh": float(kw.sum()) / per_hour,
                         "highest_kw": highest, "kw_at_feeder_peak": float(kw[peak])})  # fmt: skip
    return rows


def composition(state: State, context: Context, case: Mapping[str, Any]) -> pa.Table:
    """The table ``composition`` of a case; over all layers its powers sum to those of the loads.

    `case` has ``scenario``, ``year`` and ``case``. The feeder's peak is that of the sum of all components, before any
    losses.
    """
    feeders, classes = np.array(state.feeders), np.array(state.classes)
    per_hour = 60 // context.step_min
    calendar = context.calendar
    slot = np.repeat((calendar.month - 1) * 24 + calendar.hour, per_hour)
    steps = np.bincount(slot, minlength=MONTH_HOURS)
    rows = []
    for feeder in dict.fromkeys((*state.feeders, *state.feeder.feeders)):
        groups = {c: np.asarray((feeders == feeder) & (classes == c), float) for c in sorted(set(classes))}
        powers = {
            (layer, word): component.kw.total(mine)
            for layer, component in state.components.items()
            for word, mine in groups.items()
            if mine.any()
        }
        carriers = {layer: str(component.carrier) for layer, component in state.components.items()}
        for plant in [p for p in state.plants if state.owner(p.part.bus) == feeder]:
            key = (plant.layer, PLANTS)
            powers[key] = powers.get(key, 0.0) + plant.kw
            carriers[plant.layer] = _carrier(plant)
        peak = int(np.argmax(sum(powers.values())))
        for (layer, word), kw in powers.items():
            means = np.bincount(slot, weights=kw, minlength=MONTH_HOURS) / steps
            place = {"feeder": feeder, **case, "layer": layer, "customer_class": word}
            rows.append(place | {"carrier": carriers[layer]} | _numbers(kw, means, peak, per_hour))
    return tables.frame("composition", rows)


def _carrier(plant: Plant) -> str:
    return "added" if isinstance(plant.part, Load) else "storage" if plant.kwh else "generation"


def _numbers(kw: Real, means: Real, peak: int, per_hour: int) -> dict[str, Any]:
    return {
        "kwh": float(kw.sum()) / per_hour,
        "peak_kw": float(kw.max()),
        "kw_at_feeder_peak": float(kw[peak]),
        "kw": means.astype(np.float32).tolist(),
    }
