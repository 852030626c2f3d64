"""Switches operated in the engine during the year, and what of a circuit they concern.

The circuit is built with every switch that is ever closed, so that nodes and elements are the same all year. An open
switch conducts nothing; controls of what has no supply are held, since they would run to their end at no voltage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from dtl.demand.operated import Operated
from dtl.network.feeder import Feeder
from dtl.network.positions import placed
from dtl.powerflow import engine, names
from dtl.powerflow.circuit import Circuit


def closed(feeder: Feeder, operated: Operated | None) -> Feeder:
    """The feeder with all switches closed that are closed at any time."""
    if operated is None:
        return feeder
    ever = {
        name for name, poles in zip(operated.switches, zip(*operated.closed, strict=True), strict=True) if any(poles)
    }
    switches = tuple(placed(s, close=True) if s.name in ever else s for s in feeder.switches)
    return feeder.model_copy(update={"switches": switches})


class Operator:
    """Operates the switches of a circuit that the engine holds, which was built as `closed` says.

    ``opened`` and ``dead`` are, of each position, the elements of the circuit that are open and the nodes without
    supply. Without anything to operate there is one position.
    """

    def __init__(self, feeder: Feeder, circuit: Circuit, operated: Operated | None) -> None:
        self._operated = operated
        self._now: int | None = None
        if operated is None:
            self.opened = self.dead = [np.zeros(0, np.int64)]
            return
        element = {key: i for i, key in enumerate(circuit.elements)}
        self.opened = [
            np.array([element["switch", name] for name, close in zip(operated.switches, position, strict=True)
                      if not close and ("switch", name) in element], np.int64)
            for position in operated.closed
        ]  # fmt: skip
        spelled = [[f"{names.spelled(bus)}.{node}" for bus, node in sorted(dead)] for dead in operated.dead]
        self.dead = [np.array([circuit.node[n] for n in mine if n in circuit.node], np.int64) for mine in spelled]
        self._switches = [name for name in operated.switches if ("switch", name) in element]
        self._held = [list(_held(feeder, dead)) for dead in operated.dead]

    def stretches(self, steps: Sequence[int]) -> Iterator[tuple[int, Sequence[int]]]:
        """Consecutive steps of one position, with its number."""
        if self._operated is None:
            yield 0, steps
            return
        position = self._operated.position[np.asarray(steps, np.int64)]
        bounds = [0, *(np.flatnonzero(np.diff(position)) + 1).tolist(), len(steps)]
        for start, stop in pairwise(bounds):
            if stop > start:
                yield int(position[start]), steps[start:stop]

    def to(self, position: int) -> None:
        """Bring the switches into a position."""
        if self._operated is None or position == self._now:
            return
        for name, close in zip(self._operated.switches, self._operated.closed[position], strict=True):
            if name in self._switches:
                engine.command(f"{'close' if close else 'open'} {names.element('switch', name)} 1")
        for _, free in self._held[self._now] if self._now is not None else ():
            engine.command(free)
        for hold, _ in self._held[position]:
            engine.command(hold)
        self._now = position


def _held(feeder: Feeder, dead: frozenset[tuple[str, int]]) -> Iterator[tuple[str, str]]:
    """The commands that hold the controls without supply, and those that free them again."""
    buses = {bus for bus, _ in dead}
    units = {t.name: t for t in feeder.transformers if t.enabled}
    for control in feeder.regulators:
        unit = units.get(control.transformer)
        if control.enabled and unit is not None and any(w.bus in buses for w in unit.windings):
            edit = f"edit {names.element('regulator', control.name)} maxtapchange="
            yield f"{edit}0", f"{edit}{control.max_tap_change}"
    for part in feeder.capacitors:
        if part.enabled and part.control is not None and part.control.enabled and part.bus in buses:
            edit = f"edit capcontrol.{names.spelled(part.name)} enabled="
            yield f"{edit}no", f"{edit}yes"
