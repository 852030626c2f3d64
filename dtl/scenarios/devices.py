"""The devices that layers placed, bus by bus: the rows of the table ``devices``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from dtl import tables
from dtl.network.feeder import Load
from dtl.scenarios.power import Real
from dtl.scenarios.state import State

CARRIERS = ("added", "generation", "storage")
"""What carries devices, as against the load that was there before."""


def devices(state: State, case: Mapping[str, Any], step_min: int) -> pa.Table:
    """The table ``devices`` of a case: a row per layer and bus that has any of its devices.

    `case` has ``scenario``, ``year`` and ``case``. A tariff adds no device, it moves power of devices.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for layer, kind, bus, units, kw in (*_of_loads(state), *_of_plants(state)):
        row = rows.setdefault(
            (layer, bus),
            {**case, "feeder": state.owner(bus), "layer": layer, "kind": kind, "bus": bus, "units": 0.0, "kw": 0.0},
        )
        row["units"] += units
        row["kw"] = row["kw"] + kw
    return tables.frame("devices", [_numbers(row, step_min) for row in rows.values()])


def _of_loads(state: State) -> Iterator[tuple[str, str, str, float, Real]]:
    for layer, component in state.components.items():
        if component.carrier in CARRIERS and component.kind != "tariff":
            units = state.units.get(layer, np.zeros(len(state.loads)))
            for i in np.flatnonzero(component.kw.scale):
                yield layer, component.kind, state.buses[i], float(units[i]), component.kw.of(int(i))


def _of_plants(state: State) -> Iterator[tuple[str, str, str, float, Real]]:
    for plant in state.plants:
        kind = "load" if isinstance(plant.part, Load) else "generation"
        yield plant.layer, kind, plant.part.bus, 1.0, plant.kw


def _numbers(row: Mapping[str, Any], step_min: int) -> dict[str, Any]:
    kw = np.asarray(row["kw"], np.float64)
    told = {"peak_kw": float(np.abs(kw).max()), "kwh": float(kw.sum()) * step_min / 60.0}
    return {k: v for k, v in row.items() if k != "kw"} | told
