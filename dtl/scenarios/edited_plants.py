"""A plant as a part of the feeder: connected to the phases of its bus, and its power through the year."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dtl.network.feeder import Bus, Feeder, Generator, Load
from dtl.network.topology import Topology
from dtl.scenarios import series_file
from dtl.scenarios.context import Context
from dtl.scenarios.edited import fed, grounded, letters, nodes_of
from dtl.scenarios.realise import MAX_PU, MIN_PU
from dtl.scenarios.state import State, assumption

Shape = NDArray[np.float32]

MACHINES: Mapping[str, Literal["synchronous", "pv", "wind", "other"]] = {
    "pv": "pv", "wind": "wind", "synchronous": "synchronous", "hydro": "synchronous", "gas": "synchronous",
}  # fmt: skip
"""The type of a generator by the word of the study or of the register; others are ``other``."""


@dataclass(frozen=True)
class Request:
    """What is to be connected: name, type, powers [kW, kVA], power factor, phases (empty: all of its bus), volt-var."""

    name: str
    type: str
    kw: float
    kva: float
    power_factor: float
    phases: str
    volt_var: str = ""


def connected(request: Request, bus: Bus, feeder: Feeder, topology: Topology) -> Generator | Load | str:
    """The part that a request becomes at a bus; a text says why it cannot be connected there.

    Two phases are one machine between them; one phase stands against ground, and on a split-phase bus across both
    legs. Reactive power is taken, by loads and by generators alike.
    """
    alive = fed(feeder, topology, bus.name)
    if not alive:
        return f"bus '{bus.name}' has no phase that a source reaches"
    wanted = alive if bus.split_phase or not request.phases else nodes_of(request.phases)
    if missing := set(wanted) - set(alive):
        return f"bus '{bus.name}' has phases {letters(alive)} and no {letters(sorted(missing))}"
    earthed = grounded(feeder, topology, bus.name)
    if len(wanted) == 1 and not earthed:
        return f"bus '{bus.name}' has no reference to ground, so that a plant on one phase has no return"
    kvar = request.kw * math.tan(math.acos(request.power_factor))
    fields: dict[str, Any] = {
        "name": request.name.lower(),
        "bus": bus.name,
        "nodes": wanted,
        "phases": 3 if len(wanted) == 3 else 1,
        "connection": "wye" if len(wanted) == 1 or (len(wanted) == 3 and earthed) else "delta",
        "kv": bus.kv_ln if len(wanted) == 1 else bus.kv_ll,
        "kw": request.kw,
        "min_pu": MIN_PU,
        "max_pu": MAX_PU,
    }
    if request.type in ("ev", "load"):
        return Load(**fields, kvar=kvar, customers=0)
    return Generator(**fields, kvar=-kvar, kva=request.kva, rated_kw=request.kw, volt_var=request.volt_var,
                     type=MACHINES.get(request.type, "other"))  # fmt: skip


def output(
    words: Mapping[str, Any], kind: str, state: State, context: Context
) -> tuple[Shape, list[dict[str, Any]]]:  # fmt: skip
    """Power of a plant through the year per unit of its rated, shape (steps,), and what was assumed.

    Of pv it is that of the weather where irradiance is known, or ``needs_sun`` says that it must be (SolveError).
    """
    if words.get("profile"):
        path = str(words["profile"])
        shape = series_file.year(path, context.files, context.steps)
        return np.asarray(shape, np.float32), [assumption("profile", path, "", "study")]
    if kind == "pv" and (words.get("needs_sun") or _sunny(context)):
        from dtl.scenarios import solar  # pvlib takes a second to load

        sun, rows = solar.output(words, state, context)
        return np.asarray(sun, np.float32), rows
    rows = [assumption("output", "full power in every step", "", "the worst of a request", default=True)]
    return np.ones(context.steps, np.float32), rows


def _sunny(context: Context) -> bool:
    """Whether the weather of the measured year has irradiance without gaps."""
    weather = context.weather.get(context.measured_year)
    if weather is None:
        return False
    whole = {f.split("_")[0] for f in ("ghi_w_m2", "dni_w_m2", "dhi_w_m2")
             if f in weather.fields and not weather.missing.get(f)}  # fmt: skip
    return "ghi" in whole or {"dni", "dhi"} <= whole
