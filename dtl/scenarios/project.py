"""Layer ``project``: one known plant at one bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from dtl.errors import SolveError
from dtl.network.feeder import Bus
from dtl.network.topology import trace
from dtl.scenarios import edited
from dtl.scenarios.context import Context
from dtl.scenarios.edited_plants import Request, connected, output
from dtl.scenarios.state import Plant, State, assumption

TAKES = ("ev", "load")
"""The types that take power; the others give it."""
INDUCTION_PF = 0.9
"""Power factor of an induction machine that states none; such a machine always takes reactive power."""


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the plant at the bus ``layer["at"]``, from the year of ``in_service`` on.

    Raises
    ------
    SolveError
        The bus is not there, or lacks the phases.
    """
    name, at = str(layer["name"]), str(layer["at"])
    bus = edited.found(state.feeder, "bus", at)
    state = edited.sought(layer, state, "bus", at, there=bus is not None)
    day = layer.get("in_service")
    if not isinstance(bus, Bus) or not edited.in_service(date.fromisoformat(str(day)).year if day else None, context):
        return state
    kind = str(layer["type"])
    factor = float(layer.get("power_factor") or (INDUCTION_PF if kind == "induction" else 1.0))
    kw = float(layer["kw"])
    kva, curve = float(layer.get("kva") or kw / factor), str(layer.get("volt_var") or "")
    request = Request(f"{name}:{kind}", kind, kw, kva, factor, str(layer["phases"]), curve)
    part = connected(request, bus, state.feeder, trace(state.feeder))
    if isinstance(part, str):
        raise SolveError(f"layer '{name}': {part}")
    shape, rows = output(layer, kind, state, context)
    rows = [
        assumption("bus", bus.name, "", "study"),
        assumption("phases", request.phases, "", "study"),
        assumption("kw", kw, "kW taken" if kind in TAKES else "kW given", "study"),
        assumption("kva", request.kva, "kVA", "study", default="kva" not in layer),
        assumption("power_factor", factor, "taking kvar", "study", default="power_factor" not in layer),
        assumption("volt_var", curve or "none", "", "study", default=not curve),
        *rows,
    ]
    return replace(state, plants=(*state.plants, Plant(name, part, shape))).assuming(name, *rows)
