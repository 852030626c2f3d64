"""Layer ``custom``: a load of one's own, by a profile of the year, at those who adopt it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from dtl.scenarios import series_file
from dtl.scenarios.allocate import adopters, assumed
from dtl.scenarios.context import Context
from dtl.scenarios.power import Power
from dtl.scenarios.state import Component, State, assumption


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the profile ``layer["profile"]`` times ``kw_each`` for each device."""
    name, each = str(layer["name"]), float(layer["kw_each"])
    shape = series_file.year(str(layer["profile"]), context.files, context.steps)
    units = adopters(layer, state, context, kw_each=each)
    power = Power.shared(units.astype(np.float64) * each, shape.astype(np.float32))
    factor = float(layer.get("power_factor", 1.0))
    rows = [assumption("kw_each", each, "kW", "study"), assumption("profile", str(layer["profile"]), "", "study"),
            assumption("power_factor", factor, "", "study", default="power_factor" not in layer)]  # fmt: skip
    state = assumed(layer, state, context, units).assuming(name, *rows)
    kvar = power.scaled(math.tan(math.acos(factor)))
    return state.with_component(Component(name, power, kvar, "added", kind="custom"))
