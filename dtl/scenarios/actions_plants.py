"""Generators and devices that actions connect to buses and take off again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.network.feeder import Bus, Feeder, Generator, Load
from dtl.network.topology import Topology, trace
from dtl.scenarios import edited
from dtl.scenarios.actions_time import Timed
from dtl.scenarios.context import Context
from dtl.scenarios.edited_plants import Request, connected
from dtl.scenarios.state import Plant, State
from dtl.spec.base import near

_SAME_KV = 0.02
"""Part by which a stated voltage may differ from that of the bus."""


@dataclass
class _Machine:
    """A connected machine: what the study calls it, its part, and whether it is on in each step."""

    layer: str
    bus: str
    name: str
    part: Generator | Load
    on: NDArray[np.bool_]


class Yard:
    """The machines that the actions of a case connect, one after the other in time."""

    def __init__(self, feeder: Feeder, context: Context) -> None:
        self.feeder, self.context = feeder, context
        self.notes: list[str] = []
        self._machines: list[_Machine] = []

    @cached_property
    def _topology(self) -> Topology:
        return trace(self.feeder)

    def connect(self, action: Timed, bus: Bus) -> None:
        """Connect the generator or device of an action.

        Raises
        ------
        SolveError
            The bus lacks the phases, or has a machine of the name at that time.
        """
        words: Mapping[str, Any] = action.words
        kind = "load" if action.verb == "add_device" else "synchronous"
        name = str(words.get("name") or f"gen_{bus.name}_{1 + sum(m.bus == bus.name for m in self._machines)}")
        on = np.zeros(self.context.steps, np.bool_)
        on[action.start : action.stop] = True
        for other in self._named(bus.name, name):
            if (other.on & on).any():
                raise SolveError(f"{where(action)}: bus '{bus.name}' has a device '{name}' at that time already")
        kw, kvar = float(words["kw"]), _kvar(words)
        kva = math.hypot(kw, kvar)
        request = Request(f"{action.layer}:{bus.name}:{name}", kind, kw, kva, 1.0, self._phases(action, bus))
        part = connected(request, bus, self.feeder, self._topology)
        if isinstance(part, str):
            raise SolveError(f"{where(action)}: {part}")
        taken = {m.part.name for m in self._machines}
        free, number = part.name, 2
        while free in taken:
            free, number = f"{part.name}:{number}", number + 1
        limits = {k: float(words[w]) for k, w in (("min_pu", "vmin_pu"), ("max_pu", "vmax_pu")) if w in words}
        changed = part.model_copy(update={"name": free, "kvar": kvar, **limits})
        self._machines.append(_Machine(action.layer, bus.name, name, changed, on))
        self._tell_voltage(action, bus)

    def disconnect(self, action: Timed, bus: Bus) -> None:
        """Take a machine off for the steps of an action.

        Raises
        ------
        SolveError
            No action before this one connected a machine of the name to the bus.
        """
        name = str(action.words["name"])
        named = self._named(bus.name, name)
        if not named:
            here = sorted({m.name for m in self._machines if m.bus == bus.name})
            there = near(name, here) or "; no action before this one adds any to the bus"
            raise SolveError(f"{where(action)}: bus '{bus.name}' has no device '{name}'{there}")
        for machine in named:
            machine.on[action.start : action.stop] = False

    def plants(self) -> list[Plant]:
        """The machines that are on in some step; those that are on together share their series."""
        shapes: dict[bytes, NDArray[np.float32]] = {}
        found = []
        for machine in self._machines:
            if machine.on.any():
                shape = shapes.setdefault(machine.on.tobytes(), machine.on.astype(np.float32))
                found.append(Plant(machine.layer, machine.part, shape))
        return found

    def _named(self, bus: str, name: str) -> list[_Machine]:
        return [m for m in self._machines if m.bus == bus and m.name.lower() == name.lower()]

    def _phases(self, action: Timed, bus: Bus) -> str:
        """The letters of the phases: as stated, or the first of the bus where a number is stated."""
        stated = str(action.words.get("phases") or "")
        if stated not in ("1", "2", "3"):
            return stated
        alive = edited.letters(edited.fed(self.feeder, self._topology, bus.name))
        if len(alive) < int(stated):
            raise SolveError(f"{where(action)}: bus '{bus.name}' has phases {alive or 'none'} and not {stated}")
        return alive[: int(stated)]

    def _tell_voltage(self, action: Timed, bus: Bus) -> None:
        stated = action.words.get("kv")
        if stated is not None and min(abs(float(stated) / kv - 1.0) for kv in (bus.kv_ll, bus.kv_ln)) > _SAME_KV:
            self.notes.append(
                f"{where(action)}: the generator is of {float(stated):g} kV at a bus of {bus.kv_ll:g} kV; a "
                "transformer of its own without losses is assumed"
            )


def _kvar(words: Mapping[str, Any]) -> float:
    """Reactive power: taken by a device, given by a generator [kvar]."""
    if words.get("pf") is not None:
        return float(words["kw"]) * math.tan(math.acos(float(words["pf"])))
    return float(words.get("kvar") or 0.0)


def where(action: Timed) -> str:
    """The place of an action, for messages."""
    return f"layer '{action.layer}', action {action.number + 1} ({action.verb})"


def joined(state: State, yard: Yard) -> tuple[Plant, ...]:
    """The plants of a state, and those of a yard."""
    return (*state.plants, *yard.plants())
