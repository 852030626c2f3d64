"""Lights of every segment and step: yellow near a limit, red beyond it, and how many kW would turn them green.

The three phases are those of the BDEW paper on the traffic light (2015), which prescribes no thresholds: they are the
study's. A *segment* is what hangs together without passing a switch or a transformer; a transformer belongs to the
segment behind it, a switch to the one in front.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.compliance_bands import moment
from dtl.analyses.compliance_grid import Measured, State
from dtl.network.feeder import Feeder
from dtl.powerflow import head

Real = NDArray[np.float64]
Row = dict[str, Any]
Gain = Callable[[str, int], float | None]
"""Rise of a bus per kW fed in there, in a step [pu/kW]; None where it is not known."""


def segments(feeder: Feeder) -> dict[str, str]:
    """The segment of each bus that a source reaches, named by its bus nearest to the head."""
    seen = head.view(feeder)
    parent = {b: b for b in seen.distance_km}

    def root(bus: str) -> str:
        while parent[bus] != bus:
            parent[bus] = parent[parent[bus]]
            bus = parent[bus]
        return bus

    for line in feeder.lines:
        if line.enabled and line.from_bus in parent and line.to_bus in parent:
            parent[root(line.from_bus)] = root(line.to_bus)
    groups: dict[str, list[str]] = {}
    for bus in parent:
        groups.setdefault(root(bus), []).append(bus)
    first = {r: min(own, key=lambda b: (seen.distance_km[b], b)) for r, own in groups.items()}
    return {bus: first[r] for r, own in groups.items() for bus in own}


class Lights:
    """Takes in solved steps; ``rows`` are those in which a segment is not green, ``hours`` their length [h]."""

    def __init__(self, feeder: Feeder, measured: Measured, words: Mapping[str, float], step_min: int = 60) -> None:
        self._yellow, self._red = words["yellow_pct"], words["red_pct"]
        self._step_min = step_min
        self._measured = measured
        of_bus = segments(feeder)
        self.names = sorted(set(of_bus.values()))
        number = {name: i for i, name in enumerate(self.names)}
        voltages = measured.voltages
        buses = np.array([number[of_bus[b.name]] for b in measured.buses], np.int64)
        ends = _ends(feeder)
        lines = np.array([number[of_bus[ends[e]]] if ends[e] in of_bus else -1 for e in measured.elements], np.int64)
        self._rows = np.concatenate([buses, buses, lines])
        self._low, self._high = voltages.low_pu, voltages.high_pu
        self._found: list[Row] = []
        self._steps = np.zeros((2, len(self.names)), np.int64)

    @property
    def hours(self) -> Real:
        """How long each segment was red, and yellow, shape (2, segments) [h]."""
        return np.asarray(self._steps * (self._step_min / 60.0), np.float64)

    def add(self, state: State) -> None:
        """Take in some steps."""
        room_high = np.where(np.isfinite(self._high), self._high - 1.0, np.inf)[:, None]
        room_low = np.where(self._low > 0, 1.0 - self._low, np.inf)[:, None]
        used = 100.0 * np.concatenate(
            [
                (state.bus_high - 1.0) / room_high,
                (1.0 - state.bus_low) / room_low,
                state.load_pct / self._measured.over_pct[:, None],
            ]
        )
        for i in range(len(self.names)):
            mine = np.flatnonzero(self._rows == i)
            if not len(mine):
                continue
            at = mine[used[mine].argmax(axis=0)]
            top = used[at, np.arange(used.shape[1])]
            red, yellow = top > self._red, (top > self._yellow) & (top <= self._red)
            self._steps[:, i] += red.sum(), yellow.sum()
            for column in np.flatnonzero(red | yellow):
                self._found.append(self._row(i, int(at[column]), float(top[column]), state, int(column)))

    def _row(self, segment: int, row: int, share: float, state: State, column: int) -> Row:
        count = len(self._measured.buses)
        same = {
            "segment": self.names[segment], "step": int(state.hours[column]), "share_pct": share,
            "phase": "red" if share > self._red else "yellow",
        }  # fmt: skip
        if row < 2 * count:
            high, bus = row < count, row % count
            value = (state.bus_high if high else state.bus_low)[bus, column]
            cause, helps = ("voltage_high", "less_feed_in") if high else ("voltage_low", "less_load")
            return same | {
                "cause": cause, "kind": "bus", "element": self._measured.buses[bus].name, "value": float(value),
                "direction": helps, "room": float(self._high[bus] - 1.0 if high else 1.0 - self._low[bus]),
            }  # fmt: skip
        element = row - 2 * count
        kind, name = self._measured.elements[element]
        kw = float(state.kw[element, column])
        return same | {
            "cause": "thermal", "kind": kind, "element": name, "value": float(state.load_pct[element, column]),
            "direction": "less_load" if kw >= 0 else "less_feed_in", "kw": abs(kw),
        }  # fmt: skip

    def worst(self) -> dict[str, int]:
        """The buses whose voltage makes a light yellow or red, with the step in which each is furthest."""
        best: dict[str, Row] = {}
        for row in self._found:
            known = best.get(row["element"])
            if row["kind"] == "bus" and (known is None or row["share_pct"] > known["share_pct"]):
                best[row["element"]] = row
        return {bus: int(row["step"]) for bus, row in sorted(best.items())}

    def rows(self, gain: Gain) -> Iterator[Row]:
        """The steps that are not green, with the power that would turn them.

        Of an overload it is the part of the element's power above the threshold, at the power factor of the hour; of a
        voltage what moves the bus to the threshold, by its own rise per kW.
        """
        for row in self._found:
            said = dict(row) | moment(row["step"], self._step_min)
            step = int(said.pop("step"))
            room, kw = said.pop("room", None), said.pop("kw", None)
            for name, threshold in (("kw_to_green", self._yellow), ("kw_out_of_red", self._red)):
                over = max(0.0, said["share_pct"] - threshold)
                if kw is not None:
                    said[name] = kw * over / said["share_pct"]
                else:
                    per_kw = gain(said["element"], step)
                    said[name] = None if not per_kw else over / 100.0 * float(room or 0.0) / per_kw
            yield said


def _ends(feeder: Feeder) -> dict[tuple[str, str], str]:
    """The bus by which an element belongs to a segment: of a transformer the one behind it."""
    seen = head.view(feeder)
    found = {("line", p.name): p.from_bus for p in feeder.lines}
    found |= {
        ("switch", p.name): (p.from_bus, p.to_bus)[seen.head_end.get(("switch", p.name), 0)] for p in feeder.switches
    }
    for part in feeder.transformers:
        near = seen.head_end.get(("transformer", part.name), 0)
        others = [w.bus for i, w in enumerate(part.windings) if i != near]
        found["transformer", part.name] = others[0]
    return found
