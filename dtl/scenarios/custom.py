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

MOST = 1.25
"""Highest value of a profile that is told, since its values may be kW and not parts of `kw_each`."""


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the profile ``layer["profile"]`` times ``kw_each`` for each device."""
    name, each = str(layer["name"]), float(layer["kw_each"])
    shape = series_file.year(str(layer["profile"]), context.files, context.steps)
    units = adopters(layer, state, context, kw_each=each)
    power = Power.shared(units.astype(np.float64) * each, shape.astype(np.float32))
    factor = float(layer.get("power_factor", 1.0))
    rows = [assumption("kw_each", each, "kW", "study"), assumption("profile", str(layer["profile"]), "", "study"),
            assumption("power_factor", factor, "", "study", default="power_factor" not in layer)]  # fmt: skip
    highest = each * float(shape.max())
    rows.append(assumption("highest power of one", highest, "kW", "profile"))
    state = assumed(layer, state, context, units).assuming(name, *rows)
    if each != 1.0 and shape.max() > MOST:
        state = state.noting(f"layer '{name}': the profile goes up to {shape.max():g}, so one device takes up to "
                             f"{highest:g} kW; if its values are kW, write kw_each: 1")  # fmt: skip
    kvar = power.scaled(math.tan(math.acos(factor)))
    return state.with_component(Component(name, power, kvar, "added", kind="custom"))
