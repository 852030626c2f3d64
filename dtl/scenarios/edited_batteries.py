"""Batteries of the utility: each shaves the yearly peak of the feeder where it stands, with hindsight."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dtl.errors import SolveError
from dtl.network.feeder import Bus, Generator
from dtl.network.topology import trace
from dtl.scenarios.context import Context
from dtl.scenarios.edited import found
from dtl.scenarios.edited_plants import Request, connected
from dtl.scenarios.edited_work import Done, Work, absent
from dtl.scenarios.power import Real
from dtl.scenarios.state import Plant, State, Store, assumption

EFFICIENCY = 0.9
"""Energy out per energy in, round trip."""


def add_battery(work: Work) -> Done:
    """A battery of three phases at a bus, or of those that the bus has; what it does is known once all layers are."""
    at, kw = str(work.words["at"]), float(work.words["kw"])
    bus = found(work.feeder, "bus", at)
    if not isinstance(bus, Bus):
        return absent(("bus", at))
    request = Request(f"{work.layer}:battery:{bus.name}", "battery", kw, kw, 1.0, "")
    part = connected(request, bus, work.feeder, trace(work.feeder))
    if not isinstance(part, Generator):
        raise SolveError(f"layer '{work.layer}': {part}")
    kwh = float(work.words["kwh"])
    told = (f"add_battery {bus.name}", f"{kw:g} kW, {kwh:g} kWh usable; shaves the peak of its feeder", "")
    return Done(work.feeder, (told,), (("bus", at, True),), Plant(work.layer, part, np.zeros(1, np.float32), kwh))


def scheduled(state: State, context: Context) -> State:
    """The state in which each battery of the utility has its power through the year, one after the other by name.

    It keeps the net load of its feeder under the lowest ceiling that its power and energy can hold all year.
    """
    from dtl.scenarios import battery  # its compiled loops are loaded only where there is one

    waiting = sorted((p for p in state.plants if p.kwh and len(p.shape) == 1), key=lambda p: p.part.name)
    done = [p for p in state.plants if p not in waiting]
    for plant in waiting:
        feeder, rated = state.owner(plant.part.bus), plant.part.kw
        net = _net(state, done, feeder)
        power, start, _ = battery.dispatch(
            "peak_shaving", np.maximum(net, 0.0)[None, :], np.maximum(-net, 0.0)[None, :], np.array([rated]),
            np.array([plant.kwh]), EFFICIENCY, context.step_min / 60.0,
        )  # fmt: skip
        store = Store(np.array([plant.kwh]), EFFICIENCY, start)
        done.append(replace(plant, shape=np.asarray(-power[0] / rated, np.float32), store=store))
        state = state.assuming(
            plant.layer,
            assumption("highest load without the battery", float(net.max()), "kW", plant.part.bus),
            assumption("highest load with the battery", float((net + power[0]).max()), "kW", plant.part.bus),
            assumption("efficiency", EFFICIENCY, "share, round trip", "ours", default=True),
        )
    return replace(state, plants=tuple(done))


def _net(state: State, plants: list[Plant], feeder: str) -> Real:
    """Load of a feeder less what its plants give [kW], shape (steps,)."""
    mine = np.array(state.feeders) == feeder
    net = np.asarray(state.kw()[mine].sum(axis=0), np.float64)
    for plant in plants:
        if state.owner(plant.part.bus) == feeder:
            net = net + plant.kw
    return net
