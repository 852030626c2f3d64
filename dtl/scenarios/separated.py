"""Existing roofs taken out of the measured net load: the load as customers draw it, and their plants beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.demand import Demand
from dtl.network.topology import trace
from dtl.plural import many
from dtl.scenarios.context import Context
from dtl.scenarios.edited_plants import output
from dtl.scenarios.edited_register import in_load, part_of
from dtl.scenarios.state import BASE, Plant, State, assumption, state_of


def separated(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state whose base load is gross, with a plant for each roof of the register that the load had inside.

    These are entries of type pv in service by the measured year at a load that is measured, or at any where
    ``layer["net"]`` says that all were corrected to a measured sum. What they give by the weather of the measured year
    is added to the load and given by the plant, so that the sum of both is what was measured.

    Raises
    ------
    SolveError
        There are such entries, and no weather with irradiance.
    """
    name = str(layer["name"])
    at = {load: i for i, load in enumerate(state.loads)}
    rows = [
        r for r in sorted(context.register, key=lambda r: str(r["id"]))
        if r["type"] == "pv" and r["kw"] > 0.0 and r.get("load") in at and in_load(r, layer, state, context)
    ]  # fmt: skip
    if not rows:
        none = assumption("plants", 0, "count", "no roof of the register is inside of a measured load")
        return state.assuming(name, none)
    sun, told = output({"name": name, "needs_sun": True}, "pv", state, context)
    topology = trace(state.feeder)
    plants, kw, lost = list[Plant](), np.zeros(len(at)), list[str]()
    for row in rows:
        part = part_of(row, name, state.feeder, topology)
        if isinstance(part, str):
            lost.append(f"{row['id']}: {part}")
            continue
        plants.append(Plant(name, part, sun))
        kw[at[str(row["load"])]] += float(row["kw"])
    gross = {load: state.base.kw.of(i) + kw[i] * sun for load, i in at.items() if kw[i] > 0.0}
    demand = _with_series(state.demand, gross)
    base = state_of(state.feeder, demand, context).base
    step_h = context.step_min / 60.0
    below = {load: float(np.minimum(series, 0.0).sum()) * step_h for load, series in gross.items()}
    short = sorted(load for load, kwh in below.items() if kwh < 0.0)
    if short:
        state = state.noting(
            f"existing_pv: {many(len(short), 'loads still give back')} {-sum(below.values()):.0f} kWh a year without "
            "the roofs of the register, so it lacks some or the weather understates them: "
            f"{', '.join(short[:5])}"
        )
    if lost:
        state = state.noting(f"existing_pv: {len(lost)} roofs stay in the load: {'; '.join(lost[:5])}")
    found = (
        assumption("plants", len(plants), "count", "register"),
        assumption("power", float(kw.sum()), "kW", "register"),
        assumption("energy added to the load", float(kw.sum() * sun.sum(dtype=np.float64)) * step_h, "kWh", "weather"),
    )
    components = {**state.components, BASE: base}
    return replace(state, demand=demand, components=components, plants=(*state.plants, *plants)).assuming(
        name, *found, *told
    )


def _with_series(demand: Demand, kw: Mapping[str, NDArray[np.float64]]) -> Demand:
    """The demand in which some loads have other series of active power [kW], shape (steps,) each."""
    drives, profiles = dict(demand.drives), dict(demand.profiles)
    for load, series in kw.items():
        peak = float(np.abs(series).max()) or 1.0
        profiles[f"{load}:gross"] = (series / peak).astype(np.float32)
        drives[load] = replace(drives[load], kw=peak, kw_profile=f"{load}:gross")
    return Demand(drives, profiles, demand.plants)
