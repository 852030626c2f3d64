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
from dtl.scenarios.state import State

MONTH_HOURS = 12 * 24
PLANTS = "plants"
"""What stands for the class of customers in the rows of plants."""


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
            carriers[plant.layer] = (
                "added" if isinstance(plant.part, Load) else "storage" if plant.kwh else "generation"
            )
        peak = int(np.argmax(sum(powers.values())))
        for (layer, word), kw in powers.items():
            means = np.bincount(slot, weights=kw, minlength=MONTH_HOURS) / steps
            place = {"feeder": feeder, **case, "layer": layer, "customer_class": word}
            rows.append(place | {"carrier": carriers[layer]} | _numbers(kw, means, peak, per_hour))
    return tables.frame("composition", rows)


def _numbers(kw: Real, means: Real, peak: int, per_hour: int) -> dict[str, Any]:
    return {
        "kwh": float(kw.sum()) / per_hour,
        "peak_kw": float(kw.max()),
        "kw_at_feeder_peak": float(kw[peak]),
        "kw": means.astype(np.float32).tolist(),
    }
