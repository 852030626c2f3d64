"""Layer ``actions``: what is done to loads, generators, devices and switches, in time order.

Several layers of actions in a stack are one timeline: an action sees what all actions before it left, whatever layer
they stand in. What an action changes is attributed to its own layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.network.feeder import Bus, Load
from dtl.scenarios import edited, stores, switching
from dtl.scenarios.actions_plants import Yard, joined, where
from dtl.scenarios.actions_time import Timed, in_order, timed
from dtl.scenarios.areas import of_area
from dtl.scenarios.context import Context
from dtl.scenarios.operated import Found, operations
from dtl.scenarios.outages import told
from dtl.scenarios.power import Power
from dtl.scenarios.state import Acted, Component, State, assumption
from dtl.spec.base import near

Real = NDArray[np.float64]


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the actions of the layer, and of those of actions before it, done in time order.

    Raises
    ------
    SolveError
        A bus, load, device or switch is not there, or a machine cannot be connected.
    """
    former = state.acted or Acted(state, ())
    before = _switched(layer, former.before, context)
    actions = in_order((*former.actions, *timed(layer, context)))
    layers = dict(former.words) | {str(layer["name"]): layer}
    found, before_all = operations(layers, actions, before, context)
    fold = _Fold(before_all, context, layers)
    for action in actions:
        fold.do(action)
    if found is not None:
        fold.operate(found)
    return replace(fold.state(), acted=Acted(before, actions, fold.layers))


def _switched(layer: Mapping[str, Any], state: State, context: Context) -> State:
    whole = [step for step in layer["do"] if "at" not in step]
    steps = [{word: step[word]} for step in whole for word in ("open", "close") if word in step]
    return switching.apply({**layer, "do": steps}, state, context) if steps else state


class _Fold:
    """The powers of the loads that actions touch, and what each layer changed of them so far."""

    def __init__(self, before: State, context: Context, layers: Mapping[str, Mapping[str, Any]]) -> None:
        self.layers = layers
        self._state, self._context = before, context
        self._yard = Yard(before.feeder, context)
        self._power: dict[int, Real] = {}
        self._changed: dict[str, dict[int, Real]] = {name: {} for name in layers}
        self._told: list[tuple[str, dict[str, Any]]] = []
        self._operated: Found | None = None
        self._interrupted = stores.Interrupted()
        self._unserved: dict[int, Real] = {}

    def do(self, action: Timed) -> None:
        """Take in the next action."""
        words = action.words
        if action.verb in ("scale_load", "set_load"):
            loads = self._loads(action)
            if loads:
                self._set(action, loads)
        elif action.verb in ("add_generator", "add_device", "disconnect_device"):
            bus = self._bus(action, str(words["bus"]))
            if bus is not None and action.verb == "disconnect_device":
                self._yard.disconnect(action, bus)
            elif bus is not None:
                self._yard.connect(action, bus)
        elif action.verb in ("subscribe", "unsubscribe"):
            self._bus(action, str(words["bus"]))
        held = "whole study" if not action.moment else f"from {action.moment.replace('T', ' ')[:16]}"
        self._told.append((action.layer, assumption(f"action {action.number + 1}", action.told, held, "study")))

    def operate(self, found: Found) -> None:
        """Take in the switches that are operated at a time: loads without supply take nothing.

        What they took, of whatever layer, is taken off by the layer of the first operation.
        """
        self._operated = found
        step_h = self._context.step_min / 60.0
        state, self._interrupted = stores.of_customers(self._state, found.operated, step_h)
        parts = {p.name: p for p in state.feeder.loads}
        given = [c for c in state.components.values() if c.carrier not in ("load", "added")]
        unserved: dict[int, Real] = {}
        for i, name in enumerate(state.loads):
            lacking = found.operated.lacking(parts[name].bus, parts[name].nodes)
            if lacking is None:
                continue
            now = self._now(i)
            unserved[i] = np.where(lacking, now[0], 0.0)
            others = np.stack([sum((p.of(i) for p in side), np.zeros(now.shape[1]))
                               for side in ([c.kw for c in given], [c.kvar for c in given])])  # fmt: skip
            changes = self._changed[found.layer].setdefault(i, np.zeros(now.shape))
            changes[:, lacking] -= (now + others)[:, lacking]
        self._state, self._unserved = state, unserved

    def state(self) -> State:
        """The state after all actions."""
        state = replace(self._state, plants=joined(self._state, self._yard)).noting(*self._yard.notes)
        if self._operated is not None:
            found = self._operated
            plants, met = stores.stilled(state.plants, found.operated, self._context.step_min / 60.0)
            state = replace(state, plants=plants, operated=found.operated)
            rows, notes = told(found, state, self._context, self._unserved, self._interrupted + met)
            state = state.noting(*notes)
            self._told += [(found.layer, row) for row in rows]
        for name, changes in sorted(self._changed.items()):
            moved = {i: change for i, change in sorted(changes.items()) if change.any()}
            if moved:
                kw, kvar = (self._component(moved, side) for side in (0, 1))
                state = state.with_component(Component(name, kw, kvar, "load", kind="actions"))
        for name, row in self._told:
            state = state.assuming(name, row)
        return state

    def _component(self, moved: Mapping[int, Real], side: int) -> Power:
        count = len(self._state.loads)
        scale, row = np.zeros(count), np.zeros(count, np.int64)
        for place, i in enumerate(moved):
            scale[i], row[i] = 1.0, place
        return Power(scale, row, np.stack([change[side] for change in moved.values()]))

    def _bus(self, action: Timed, name: str) -> Bus | None:
        """A bus by its name; None where another feeder of the study may have it."""
        bus = edited.found(self._state.feeder, "bus", name)
        self._state = edited.sought(self.layers[action.layer], self._state, "bus", name, there=bus is not None)
        return bus if isinstance(bus, Bus) else None

    def _loads(self, action: Timed) -> list[int]:
        """The loads that an action means, by index; none where its buses are in other feeders."""
        words: Mapping[str, Any] = action.words
        if words.get("area") is not None:
            found, self._state = of_area(self.layers[action.layer], self._state, self._context, str(words["area"]))
            return found
        bus = self._bus(action, str(words["bus"]))
        if bus is None:
            return []
        at = [i for i, name in enumerate(self._state.buses) if name == bus.name]
        if not at:
            raise SolveError(f"{where(action)}: bus '{bus.name}' has no load{near(bus.name, set(self._state.buses))}")
        named = words.get("load")
        if named is None:
            return at
        load = edited.found(self._state.feeder, "load", str(named))
        here = [self._state.loads[i] for i in at]
        if not isinstance(load, Load) or load.name not in here:
            raise SolveError(f"{where(action)}: bus '{bus.name}' has no load '{named}'{near(str(named), here)}")
        return [at[here.index(load.name)]]

    def _now(self, load: int) -> Real:
        """Active and reactive power of a load as the actions so far left it, shape (2, steps)."""
        if load not in self._power:
            taken = [c for c in self._state.components.values() if c.carrier in ("load", "added")]
            self._power[load] = np.stack(
                [sum((p.of(load) for p in side), np.zeros(self._context.steps))
                 for side in ([c.kw for c in taken], [c.kvar for c in taken])]
            )  # fmt: skip
        return self._power[load]

    def _set(self, action: Timed, loads: list[int]) -> None:
        words: Mapping[str, Any] = action.words
        held = slice(action.start, action.stop)
        before = np.stack([self._now(i)[:, held] for i in loads])
        after = before * float(words["factor"]) if words.get("factor") is not None else _shared(words, before)
        for i, was, now in zip(loads, before, after, strict=True):
            changes = self._changed[action.layer]
            changes.setdefault(i, np.zeros((2, self._context.steps)))[:, held] += now - was
            self._power[i][:, held] = now


def _shared(words: Mapping[str, Any], before: Real) -> Real:
    """Stated powers over some loads in the shares that they had, shape (loads, 2, steps)."""
    total = before.sum(axis=0)
    even = np.full(before[:, 0].shape, 1.0 / len(before))
    share = np.divide(before[:, 0], total[0], out=even, where=total[0] != 0.0)
    kw = float(words["kw"])
    if words.get("kvar") is not None:
        kvar = np.full(total[0].shape, float(words["kvar"]))
    else:
        kvar = kw * np.divide(total[1], total[0], out=np.zeros(total[0].shape), where=total[0] != 0.0)
    return np.stack([share * kw, share * kvar], axis=1)
