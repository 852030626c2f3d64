"""Layer ``upgrades``: works that change the network, each from its year on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dtl.errors import SolveError
from dtl.scenarios import edited
from dtl.scenarios.context import Context
from dtl.scenarios.edited_works import WORKS, Work
from dtl.scenarios.series_file import file_of
from dtl.scenarios.state import State, assumption
from dtl.spec.upgrade_file import UpgradesError, works


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the works of the layer that are in service in the year of the case, earlier ones first.

    Raises
    ------
    SolveError
        A work names what is not there, cannot be done there, or takes the supply from a load.
    """
    name, before = str(layer["name"]), state.feeder
    steps = sorted(_steps(layer, context), key=lambda s: s.get("year", 0))
    cost = 0.0
    for step in steps:
        if not edited.in_service(step.get("year"), context):
            continue
        word = next(w for w in WORKS if w in step)
        done = WORKS[word](Work(name, state.feeder, step[word]))
        for what, asset, there in done.sought:
            state = edited.sought(layer, state, what, asset, there=there)
        if done.feeder is None:
            continue
        since = f"study, from {step['year']} on" if "year" in step else "study"
        state = replace(state, feeder=done.feeder).assuming(name, *(assumption(*row, since) for row in done.told))
        if done.plant is not None:
            state = replace(state, plants=(*state.plants, done.plant))
        cost += float(step.get("cost", 0.0))
    edited.supplied(name, before, state.feeder)
    if not steps:
        raise SolveError(f"layer '{name}': {layer.get('from')} has no work")
    return state.assuming(name, assumption("cost of the works in service", cost, "currency of the study", "study"))


def _steps(layer: Mapping[str, Any], context: Context) -> list[dict[str, Any]]:
    if layer.get("do"):
        return [dict(step) for step in layer["do"]]
    path = str(layer["from"])
    try:
        return works(file_of(path, context.files))
    except UpgradesError as err:
        raise SolveError(f"layer '{layer['name']}': {path}{err}".replace("\n", f"; {path}")) from err
