"""Who gives way, and by how much: the pool of a program, and its shares in what the power flow needs."""

from __future__ import annotations

from collections.abc import Container, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from dtl.network.feeder import Generator, Load
from dtl.scenarios.power import Power, summed
from dtl.scenarios.state import Carrier, Component, Plant, State

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_PU, MAX_PU = 0.8, 1.2
"""Voltages between which what stands for curtailed power keeps it [pu]."""
CARS = ("ev", "tariff")
"""Kinds of layers whose components among the devices are charging: what cars take, and what a tariff moves of it."""
_TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Pool:
    """What can give way in some steps.

    Attributes
    ----------
    kw
        Power that each item can give up at most, shape (items, steps) [kW].
    kvar_per_kw
        Reactive power that goes with it, shape (items, steps).
    group
        Group of each item; items of one group hang on the same conductors, so that they act alike, shape (items,).
    rank
        The order in which the items came, the newest highest, shape (items,).
    at
        Index of the load that an item belongs to, or the part that stands alone.
    """

    kw: Real
    kvar_per_kw: Real
    group: Ints
    rank: Ints
    at: tuple[int | Load | Generator, ...]


def pool(state: State, sections: Mapping[str, Hashable], sheds: str, floor_kw: float, steps: Ints) -> Pool:
    """The pool of the members: their load, the devices among it, or their generation.

    ``sections`` has the members' buses; items on buses of one section and on the same conductors act alike.
    """
    buses = set(sections)
    found = list(_of_loads(state, buses, sheds, floor_kw, steps)) + list(
        _of_plants(state, buses, sheds, floor_kw, steps)
    )
    parts = {p.name: p for p in state.feeder.loads}
    hung = [parts[state.loads[at]] if isinstance(at, int) else at for _, _, at, _ in found]
    keys = [(p.nodes, p.connection, sections[p.bus]) for p in hung]
    groups = {key: i for i, key in enumerate(dict.fromkeys(keys))}
    empty = np.zeros((0, len(steps)))
    return Pool(
        np.stack([kw for kw, *_ in found]) if found else empty,
        np.stack([ratio for _, ratio, *_ in found]) if found else empty,
        np.array([groups[key] for key in keys], np.int64),
        np.array([rank for *_, rank in found], np.int64),
        tuple(at for _, _, at, _ in found),
    )


Item = tuple[Real, Real, "int | Load | Generator", int]


def _of_loads(state: State, buses: set[str], sheds: str, floor_kw: float, steps: Ints) -> list[Item]:
    carriers = {"load": ("load", "added"), "devices": ("added",), "generation": ("generation", "storage")}[sheds]
    chosen = [(rank, c) for rank, c in enumerate(state.components.values()) if c.carrier in carriers]
    chosen = [(rank, c) for rank, c in chosen if sheds == "load" or c.kind != "flexibility"]
    sign = -1.0 if sheds == "generation" else 1.0
    found, whole = list[Item](), np.ones(len(steps))
    for i in [i for i, bus in enumerate(state.buses) if bus in buses]:
        mine: list[Item] = []
        parts = [chosen] if sheds == "load" else [[c] for c in chosen]
        there = _there([c for _, c in chosen if c.kind in CARS], i, steps) if sheds == "devices" else whole
        for some in parts:
            kw = np.sum([_at(c.kw, i, steps) for _, c in some], axis=0) if some else np.zeros(len(steps))
            kvar = np.sum([_at(c.kvar, i, steps) for _, c in some], axis=0) if some else kw
            free = np.maximum(sign * kw - _kept(state, some, i, floor_kw, kw, sheds), 0.0)
            free = free * there if some and some[0][1].kind in CARS else free
            if free.any():
                ratio = np.divide(kvar, kw, out=np.zeros(len(steps)), where=np.abs(kw) > _TINY)
                mine.append((free, ratio, i, max(rank for rank, _ in some)))
        left = _left(state, mine, i, sign, steps) if sheds != "load" else whole
        found += [(free * left, ratio, at, rank) for free, ratio, at, rank in mine]
    return found


def _there(cars: Sequence[Component], load: int, steps: Ints) -> Real:
    """The share of the power of charging that is left where a tariff moves some of it away."""
    every = np.array([_at(c.kw, load, steps) for c in cars]).reshape(len(cars), len(steps))
    taken, net = np.maximum(every, 0.0).sum(axis=0), np.maximum(every.sum(axis=0), 0.0)
    return np.asarray(np.divide(net, taken, out=np.ones(len(steps)), where=taken > _TINY))


def _left(state: State, mine: Sequence[Item], load: int, sign: float, steps: Ints) -> Real:
    """The share of what may give way that programs before did not take already."""
    before = [c for c in state.components.values() if c.kind == "flexibility"]
    if not mine or not before:
        return np.ones(len(steps))
    free = np.sum([item[0] for item in mine], axis=0)
    of_these = [_at(c.kw, load, steps) for c in before if c.carrier == "added"]
    left = free - np.sum([np.maximum(-sign * kw, 0.0) for kw in of_these], axis=0) if of_these else free
    if sign > 0.0 and any(c.carrier == "load" for c in before):
        taken = [_at(c.kw, load, steps) for c in state.components.values() if c.carrier in ("load", "added")]
        left = np.minimum(left, np.sum(taken, axis=0))
    return np.asarray(np.divide(np.maximum(left, 0.0), free, out=np.zeros(len(steps)), where=free > _TINY))


def _kept(
    state: State, some: Sequence[tuple[int, Component]], load: int, floor_kw: float, kw: Real, sheds: str
) -> Real:
    """What the customers or the devices of a load keep [kW]; of devices as many are on as their rated power says."""
    if floor_kw <= 0.0 or not some:
        return np.zeros(len(kw))
    if sheds != "devices":
        return np.asarray(floor_kw * max(int(state.customers[load]), 1) * np.ones(len(kw)))
    component = some[0][1]
    cars = {n for n, c in state.components.items() if c.kind == "ev"}
    layers = cars if component.kind == "tariff" else {component.layer}
    rated = [float(r["value"]) for r in state.assumptions if r["layer"] in layers and r["field"] == "charger_kw"]
    if rated:
        return np.asarray(kw * min(1.0, floor_kw / min(rated)))
    units = sum(float(state.units[n][load]) for n in layers if n in state.units)
    return np.asarray(floor_kw * (units or 1.0) * np.ones(len(kw)))


def _of_plants(state: State, buses: set[str], sheds: str, floor_kw: float, steps: Ints) -> list[Item]:
    wanted = Generator if sheds == "generation" else Load
    by_programs = [p for p in state.plants if p.against]
    found: list[Item] = []
    if sheds == "generation":
        own = [p for p in state.feeder.generators if p.enabled and p.bus in buses and p.name not in state.demand.plants]
        for part in own:
            ratio = np.full(len(steps), part.kvar / max(part.kw, _TINY))
            found.append((part.kw - _given_up(part, by_programs, steps), ratio, part, -1))
    for number, plant in enumerate(state.plants):
        if isinstance(plant.part, wanted) and plant.part.bus in buses and not plant.against:
            gone = _given_up(plant.part, by_programs, steps)
            kw = np.maximum(np.abs(plant.kw[steps]) - gone - floor_kw, 0.0)
            ratio = np.full(len(steps), plant.part.kvar / max(plant.part.kw, _TINY))
            found.append((kw, ratio, plant.part, len(state.components) + number))
    return found


def _given_up(part: Load | Generator, by_programs: Sequence[Plant], steps: Ints) -> Real:
    """What a part gave up to programs before [kW]: the plants that stand against it."""
    against = [np.abs(p.kw[steps]) for p in by_programs if p.against == part.name]
    return np.sum(against, axis=0) if against else np.zeros(len(steps))


def _at(power: Power, load: int, steps: Ints) -> Real:
    return np.asarray(power.scale[load] * power.shapes[power.row[load]][steps], np.float64)


def shares(found: Pool, need: Real, effect: Real, share: str, most: Real) -> Real:
    """What every item gives up, shape (items, steps) [kW].

    Parameters
    ----------
    found
        The pool.
    need
        What must be reached of several quantities, shape (quantities, steps); a need below zero is met.
    effect
        What one kW of each group does to each quantity, shape (quantities, groups).
    share
        ``optimal``: the least sum, by a linear program of the groups in each step; ``pro_rata``: the same share of
        all; ``last_in_first_out``: the newest first. Where the pool does not suffice, all of it is given up.
    most
        What all items together give up at most, shape (steps,) [kW].
    """
    if share == "optimal":
        return _optimal(found, need, effect, most)
    ranks: Ints = found.rank if share == "last_in_first_out" else np.zeros(len(found.rank), np.int64)
    given, left, free = np.zeros(found.kw.shape), need.copy(), most.copy()
    for rank in sorted(set(ranks.tolist()), reverse=True):
        mine = ranks == rank
        can = effect[:, found.group[mine]] @ found.kw[mine]
        whole = found.kw[mine].sum(axis=0)
        part = np.minimum(_part(left, can), np.divide(free, whole, out=np.zeros(len(free)), where=whole > _TINY))
        given[mine] = found.kw[mine] * part
        left -= can * part
        free -= whole * part
    return given


def _part(need: Real, can: Real) -> Real:
    """The smallest part of what can be done that meets all needs in each step, at most 1."""
    part = np.divide(need, can, out=np.where(need > 0.0, 1.0, 0.0), where=can > _TINY)
    return np.asarray(np.clip(part, 0.0, 1.0).max(axis=0))


def _optimal(found: Pool, need: Real, effect: Real, most: Real) -> Real:
    groups = np.stack([found.kw[found.group == g].sum(axis=0) for g in range(effect.shape[1])])
    least = np.stack([_least(need[:, t], effect, groups[:, t], float(most[t])) for t in range(len(most))], axis=1)
    part = np.divide(least, groups, out=np.zeros(groups.shape), where=groups > _TINY)
    return np.asarray(found.kw * part[found.group])


def _least(need: Real, effect: Real, groups: Real, most: float) -> Real:
    """The linear program of one step: the least sum over the groups that meets all needs, or all that there is."""
    from scipy.optimize import linprog

    if (need <= 0.0).all():
        return np.zeros(len(groups))
    one = np.ones(len(groups))
    bounds = list(zip(np.zeros(len(groups)), groups, strict=True))
    above, limits = np.vstack([-effect, one]), np.append(-need, most)
    solved = linprog(one, A_ub=above, b_ub=limits, bounds=bounds, method="highs")
    if solved.status == 0:
        return np.asarray(solved.x, np.float64)
    return np.asarray(groups * min(1.0, most / max(float(groups.sum()), _TINY)))


def given_way(state: State, name: str, found: Pool, kw: Real, kvar: Real, steps: Ints, sheds: str) -> State:
    """The state in which a program's items give up `kw`, and its loads take `kvar` more.

    ``kw`` has shape (items, steps), ``kvar`` (loads, steps).
    """
    sign, length = (1.0 if sheds == "generation" else -1.0), state.base.kw.steps
    moved: dict[int, Real] = {}
    plants = list(state.plants)
    for item, at in enumerate(found.at):
        if not kw[item].any():
            continue
        if isinstance(at, int):
            change = moved.setdefault(at, np.zeros((2, length)))
            change[:, steps] += sign * kw[item] * np.stack([np.ones(len(steps)), found.kvar_per_kw[item]])
        else:
            taken = {p.part.name for p in plants}
            plants.append(_against(name, at, sign * kw[item], steps, length, taken))
    corrected: dict[int, Real] = {}
    for load in np.flatnonzero(kvar.any(axis=1)).tolist():
        corrected[load] = np.zeros((2, length))
        corrected[load][1, steps] = kvar[load]
    state = _changed(state, name, "load" if sheds == "load" else "added", moved)
    return replace(_changed(state, f"{name}:kvar", "added", corrected), plants=tuple(plants))


def _changed(state: State, name: str, carrier: Carrier, changes: Mapping[int, Real]) -> State:
    """The state with changes of loads as a component, which joins one of its name."""
    if not changes:
        return state
    row, scale = np.zeros(len(state.loads), np.int64), np.zeros(len(state.loads))
    for place, load in enumerate(sorted(changes)):
        row[load], scale[load] = place, 1.0
    series = np.stack([changes[load] for load in sorted(changes)])
    kw, kvar = Power(scale, row, series[:, 0]), Power(scale, row, series[:, 1])
    if (known := state.components.get(name)) is not None:
        kw, kvar = summed([known.kw, kw]), summed([known.kvar, kvar])
    component = Component(name, kw, kvar, carrier, kind="flexibility")
    return replace(state, components={**state.components, name: component})


def _against(
    name: str, part: Load | Generator, kw: Real, steps: Ints, length: int, taken: Container[str]
) -> Plant:  # fmt: skip
    """A load beside a part, which takes what the part gives up giving, or gives what it gives up taking."""
    shape = np.zeros(length, np.float32)
    shape[steps] = kw / max(part.kw, _TINY)
    fields = {k: getattr(part, k) for k in ("bus", "nodes", "phases", "connection", "kv", "kw", "kvar")}
    own = f"{name}:{part.name}".lower()
    free = own if own not in taken else next(n for n in (f"{own}:{k}" for k in count(2)) if n not in taken)
    return Plant(name, Load(name=free, min_pu=MIN_PU, max_pu=MAX_PU, customers=0, **fields), shape, against=part.name)
