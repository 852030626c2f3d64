"""Loads of constant power that take something else, since their voltage is beyond the limits of their model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder

_CONSTANT_POWER = 1
_TOLD = 0.005
"""Part of the energy of these loads by which what they take must differ from their demand to be told."""


def strayed(
    feeder: Feeder, demand: Demand, steps: Sequence[int], step_h: float, load_kwh: NDArray[np.float64]
) -> list[str]:
    """A warning where loads of constant power took another energy than the demand asks for; none is an empty list.

    Parameters
    ----------
    feeder
        The feeder as it was solved.
    steps, step_h
        The steps of the year that were solved, and their length [h].
    load_kwh
        What each enabled load took in them, in the order of the feeder [kWh].
    """
    if demand.operated is not None or (len(steps) and max(steps) >= demand.steps):
        return []
    at = np.asarray(steps, np.int64)
    asked = taken = 0.0
    names = []
    for part, kwh in zip((p for p in feeder.loads if p.enabled), load_kwh, strict=True):
        if part.model == _CONSTANT_POWER and part.name in demand.drives:
            wanted = float(demand.kw(part.name)[at].sum()) * step_h
            asked, taken = asked + wanted, taken + float(kwh)
            if abs(kwh - wanted) > _TOLD * abs(wanted):
                names.append((abs(kwh - wanted), part))
    if abs(taken - asked) <= _TOLD * abs(asked):
        return []
    worst = max(names, key=lambda pair: pair[0])[1]
    more = f"all loads of constant power take {taken:,.0f} kWh and the demand asks for {asked:,.0f}"
    return [
        f"{len(names)} loads of constant power stand at voltages beyond the limits of their model, where they are "
        f"impedances: {more} ({taken / asked - 1:+.1%}); {worst.name}, most of all, is of constant power from "
        f"{worst.min_pu:g} to {worst.max_pu:g} of {worst.kv:g} kV: correct its kV or limits, or the network's voltage"
    ]
