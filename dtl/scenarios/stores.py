"""Batteries through an outage: they stand still without supply, and never give afterwards what they do not hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dtl.demand.operated import Operated
from dtl.scenarios.power import Power, Real
from dtl.scenarios.state import Component, Plant, State, Store


@dataclass(frozen=True)
class Interrupted:
    """How many batteries an outage meets, and how much more they hold at the end of the year than at its start."""

    count: int = 0
    more_kwh: float = 0.0

    def __add__(self, other: Interrupted) -> Interrupted:
        return Interrupted(self.count + other.count, self.more_kwh + other.more_kwh)


def of_customers(state: State, operated: Operated, step_h: float) -> tuple[State, Interrupted]:
    """The state in which the batteries at loads without supply stand still meanwhile, and what that comes to."""
    parts = {p.name: p for p in state.feeder.loads}
    lacking = [operated.lacking(parts[name].bus, parts[name].nodes) for name in state.loads]
    dead = {i: steps for i, steps in enumerate(lacking) if steps is not None}
    components, whole = dict(state.components), Interrupted()
    for name, component in state.components.items():
        if component.store is not None and (mine := {i: d for i, d in dead.items() if component.store.kwh[i]}):
            components[name], met = _component(component, component.store, mine, step_h)
            whole += met
    return replace(state, components=components), whole


def stilled(plants: Iterable[Plant], operated: Operated, step_h: float) -> tuple[tuple[Plant, ...], Interrupted]:
    """The plants, which stand still while they have no supply, and what that comes to for batteries."""
    found, whole = [], Interrupted()
    for plant in plants:
        dead = operated.lacking(plant.part.bus, plant.part.nodes)
        if dead is not None and plant.store is not None:
            rated = np.array([plant.part.kw])
            power, more = followed(plant.kw[None, :], dead[None, :], rated, plant.store, step_h)
            found.append(replace(plant, shape=np.asarray(-power[0] / rated[0], np.float32)))
            whole += Interrupted(1, float(more[0]))
        else:
            found.append(plant if dead is None else replace(plant, shape=np.where(dead, np.float32(0.0), plant.shape)))
    return tuple(found), whole


def followed(plan: Real, dead: NDArray[np.bool_], kw: Real, store: Store, step_h: float) -> tuple[Real, Real]:
    """What batteries do of a plan whose steps are partly without supply: as much as they hold, or have room for.

    Parameters
    ----------
    plan
        Power at the terminals, positive when it is taken, shape (batteries, steps) [kW].
    dead
        Steps without supply, of the same shape.
    kw
        Rated power of each.

    Returns
    -------
    tuple
        Power, shape (batteries, steps) [kW]; what they hold more at the end than at the start [kWh].
    """
    from dtl.scenarios import battery_kernels  # compiled loops, loaded only where there is a battery

    power, held = np.zeros(plan.shape), store.start_kwh.astype(np.float64)
    wish = np.where(dead, 0.0, plan)
    battery_kernels.run(wish, kw, store.kwh, math.sqrt(store.efficiency), step_h, held, power)
    return power, held - store.start_kwh


def _component(
    component: Component, store: Store, dead: Mapping[int, NDArray[np.bool_]], step_h: float
) -> tuple[Component, Interrupted]:
    at = np.array(list(dead), np.int64)
    values = component.kw.values()
    mine = Store(store.kwh[at], store.efficiency, store.start_kwh[at])
    assert component.rated_kw is not None, "batteries have a rating"
    values[at], more = followed(values[at], np.stack(list(dead.values())), component.rated_kw[at], mine, step_h)
    return replace(component, kw=Power.each(values)), Interrupted(len(at), float(more.sum()))
