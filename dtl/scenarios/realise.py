"""A state as the power flow takes it: a feeder with added loads and inverters, and a demand that drives them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from dtl.demand.demand import Demand, Drive, Profile
from dtl.network.feeder import Feeder, Generator, Load
from dtl.scenarios.power import Power, Series, summed
from dtl.scenarios.state import BASE, Component, Plant, State
from dtl.scenarios.supplied import supplied

ADDED = "added"
"""What the name of an added load ends with, after the name of its load and a colon."""
MIN_PU, MAX_PU = 0.8, 1.2
"""Voltages between which what layers add keeps its power [pu]."""


def realise(state: State) -> tuple[Feeder, Demand]:
    """The feeder and the demand of a state.

    Components that ride on the loads change their drives. Those carried by ``added`` become one load of constant power
    at each load; each component of generation or storage becomes one generator at each load where it has a rating.
    Plants are parts already. What has no supply, since a switch is open at the time, takes and gives nothing.
    """
    book = _Book(state.demand)
    by_carrier = {c: [p for p in state.components.values() if p.carrier == c] for c in ("load", "added")}
    drives = _driven(state, by_carrier["load"], book)
    loads, plants = list(state.feeder.loads), list(state.feeder.generators)
    driven_plants = dict(state.demand.plants)
    if by_carrier["added"]:
        more, of_more = _added(state, by_carrier["added"], book)
        loads += more
        drives |= of_more
    for component in state.components.values():
        if component.carrier in ("generation", "storage"):
            machines, of_machines = _machines(state, component, book)
            plants += machines
            driven_plants |= of_machines
    for plant in state.plants:
        drive = _connected(state, plant, book)
        if isinstance(plant.part, Load):
            loads.append(plant.part)
            drives[drive.load] = drive
        else:
            plants.append(plant.part)
            driven_plants[drive.load] = drive
    feeder = state.feeder
    if len(loads) > len(feeder.loads) or len(plants) > len(feeder.generators):
        changed = {"loads": tuple(sorted(loads, key=_name)), "generators": tuple(sorted(plants, key=_name))}
        feeder = feeder.model_copy(update=changed)
    demand = Demand(dict(sorted(drives.items())), book.profiles, dict(sorted(driven_plants.items())))
    return feeder, supplied(feeder, demand, state.operated)


def _connected(state: State, plant: Plant, book: _Book) -> Drive:
    """The drive of a plant; plants of one series share its profile."""
    part, word = plant.part, book.shared(plant.shape)
    return Drive(state.owner(part.bus), part.name, part.bus, "", 0, part.kw, part.kvar, word, word, "layers")


def _name(part: Load | Generator) -> str:
    return part.name


class _Book:
    """The profiles of a demand, to which those of layers are added under names of their own."""

    def __init__(self, demand: Demand) -> None:
        self.profiles: dict[str, Profile] = dict(demand.profiles)
        self._names: dict[int, str] = {}

    def shared(self, shape: Series) -> str:
        """Enter a series that several plants may follow; its name."""
        if id(shape) not in self._names:
            self._names[id(shape)] = f"plants:{len(self._names)}"
            self.profiles[self._names[id(shape)]] = np.ascontiguousarray(shape, np.float32)
        return self._names[id(shape)]

    def enter(self, power: Power, used: Iterable[int], word: str) -> dict[int, str]:
        """Enter the series that loads use; their names by row."""
        names: dict[int, str] = {}
        for row in dict.fromkeys(int(power.row[i]) for i in used):
            names[row] = f"{word}:{row}"
            self.profiles[names[row]] = np.ascontiguousarray(power.shapes[row], np.float32)
        return names


def _driven(state: State, components: list[Component], book: _Book) -> dict[str, Drive]:
    """The drives of the loads; where all components follow the base series, only their powers differ."""
    base = next(c for c in components if c.layer == BASE)
    kw, kvar = summed([c.kw for c in components]), summed([c.kvar for c in components])
    every = range(kw.loads)
    of_kw = {} if kw.shapes is base.kw.shapes else book.enter(kw, every, "kw")
    of_kvar = {} if kvar.shapes is base.kvar.shapes else book.enter(kvar, every, "kvar")
    return {
        name: replace(
            drive,
            kw=float(kw.scale[i]),
            kvar=float(kvar.scale[i]),
            kw_profile=of_kw.get(int(kw.row[i]), drive.kw_profile),
            kvar_profile=of_kvar.get(int(kvar.row[i]), drive.kvar_profile),
        )
        for i, (name, drive) in enumerate(state.demand.drives.items())
    }


def _beside(state: State, kw: Power, kvar: Power, used: list[int], word: str, book: _Book) -> dict[str, Drive]:
    """The drives of what stands beside some loads, by name of the load."""
    of_kw, of_kvar = book.enter(kw, used, f"{word} kw"), book.enter(kvar, used, f"{word} kvar")
    drives = {}
    for i in used:
        drive = state.demand.drives[state.loads[i]]
        drives[drive.load] = replace(
            drive,
            load=f"{drive.load}:{word}",
            customers=0,
            basis="layers",
            kw=float(kw.scale[i]),
            kvar=float(kvar.scale[i]),
            kw_profile=of_kw[int(kw.row[i])],
            kvar_profile=of_kvar[int(kvar.row[i])],
        )
    return drives


def _added(state: State, components: list[Component], book: _Book) -> tuple[list[Load], dict[str, Drive]]:
    kw, kvar = summed([c.kw for c in components]), summed([c.kvar for c in components])
    used = np.flatnonzero((kw.scale != 0.0) | (kvar.scale != 0.0)).tolist()
    drives = _beside(state, kw, kvar, used, ADDED, book)
    fixed = {"model": 1, "zip": (), "min_pu": MIN_PU, "max_pu": MAX_PU, "customers": 0, "shape": ""}
    loads = [
        part.model_copy(update={"name": d.load, "kw": d.kw, "kvar": d.kvar, **fixed})
        for part in state.feeder.loads
        if (d := drives.get(part.name)) is not None
    ]
    return loads, {d.load: d for d in drives.values()}


def _machines(state: State, component: Component, book: _Book) -> tuple[list[Generator], dict[str, Drive]]:
    assert component.kva is not None, "what gives power has a rating"
    kva = dict(zip(state.loads, component.kva.tolist(), strict=True))
    rated = {} if component.rated_kw is None else dict(zip(state.loads, component.rated_kw.tolist(), strict=True))
    units = (
        dict(zip(state.loads, state.units[component.layer].tolist(), strict=True))
        if (component.layer in state.units)
        else {}
    )
    used = np.flatnonzero(component.kva > 0.0).tolist()
    drives = _beside(state, component.kw.scaled(-1.0), component.kvar.scaled(-1.0), used, component.layer, book)
    machines = [
        Generator(
            name=d.load,
            bus=at.bus,
            nodes=at.nodes,
            phases=at.phases,
            connection=at.connection,
            kv=at.kv,
            type="pv" if component.carrier == "generation" else "other",
            kw=d.kw,
            kvar=d.kvar,
            kva=kva[at.name],
            rated_kw=rated.get(at.name),
            systems=max(1, round(units.get(at.name, 1.0))),
            volt_var=component.volt_var,
            volt_watt=component.volt_watt,
            min_pu=MIN_PU,
            max_pu=MAX_PU,
        )
        for at in state.feeder.loads
        if (d := drives.get(at.name)) is not None
    ]
    return machines, {d.load: d for d in drives.values()}
