"""The model of a feeder with other values, solved at the hours and in the state in which others measured it.

Regulators hold their set points exactly: their steps are made so fine that what is measured changes smoothly with a set
point. Where a real one stands within its band is not known: that moves all voltages behind it in an hour together, by
an unknown offset whose spread is that of its band (`Told.zone`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS
from dtl.demand.calibrated import calibrated
from dtl.demand.demand import Demand
from dtl.errors import SolveError
from dtl.learning.knobs import Knob
from dtl.learning.seen import SIGMA_P, Lane
from dtl.network.calibrated import changed, with_loads
from dtl.network.feeder import Feeder, Regulator
from dtl.network.topology import trace
from dtl.powerflow import head, names
from dtl.powerflow.against import compare
from dtl.powerflow.opendss import Block, Year
from dtl.powerflow.state import solve_state

Array = NDArray[np.float64]
WARM_UP_H = 24
FINER = 1024
"""Steps in place of one."""
BAND = 1e-4
"""Width of the band of a regulator that holds its set point, as a share of it."""
SIGMA_STATED = {"v_pu": 0.001, "tap": 0.5, "load_pct": 1.0}
"""Standard deviations of what another program states [pu, steps, %]; of powers and currents as of measured ones."""
GROUPS = {"v_pu": "volts", "kv_ln": "volts", "kv_ll": "volts", "load_pct": "loading", "amps": "loading"}
LOADS = ("load_scale", "power_factor")
KV = ("kv_ln", "kv_ll")
"""Quantities that are compared as a share of what the reference states."""


@dataclass(frozen=True)
class Told:
    """What is measured, one row for each value, shape (n,) each.

    ``group`` is kw, kvar, volts, loading, tap or loss; ``lane`` the number of its series, ``block`` that of its week or
    element; ``share`` and ``drop`` are those of `dtl.learning.seen.Lane`. ``zone`` numbers the regulator before a
    voltage, in each hour anew, -1 where there is none; ``band`` is the standard deviation of where it stands [pu].
    """

    value: Array
    sigma: Array
    group: NDArray[np.str_]
    lane: NDArray[np.int64]
    block: NDArray[np.int64]
    share: Array
    drop: Array
    zone: NDArray[np.int64]
    band: Array


@dataclass(frozen=True)
class Twin:
    """A feeder with its demand, the lanes at some hours, and the rows of a reference that are followed."""

    feeder: Feeder
    demand: Demand
    controlled: bool
    lanes: Sequence[Lane]
    hours: NDArray[np.int64]
    rows: Sequence[Mapping[str, Any]]

    def told(self) -> Told:
        """What is measured, in the order of `simulate`."""
        grid = np.stack([x.values[self.hours] for x in self.lanes]) if self.lanes else np.zeros((0, len(self.hours)))
        of = np.repeat(np.arange(len(self.lanes)), len(self.hours))
        week = np.tile(self.hours // 168, len(self.lanes))
        share = np.stack([np.zeros(len(self.hours)) if x.share is None else x.share[self.hours] for x in self.lanes]) \
            if self.lanes else grid  # fmt: skip
        stated = np.array([1.0 if r["quantity"] in KV else float(r["value"]) for r in self.rows])
        elements = {e: i for i, e in enumerate(sorted({(r["kind"], r["element"]) for r in self.rows}))}
        blocks = [1000 + elements[r["kind"], r["element"]] for r in self.rows]
        groups = [x.group for x in self.lanes for _ in self.hours]
        zone, band = self._zones()
        return Told(
            np.concatenate([grid.ravel(), stated]),
            np.concatenate([np.repeat([x.sigma for x in self.lanes], len(self.hours)), _sigmas(self.rows)]),
            np.array([*groups, *(GROUPS.get(r["quantity"], r["quantity"]) for r in self.rows)], np.str_),
            np.concatenate([of, len(self.lanes) + np.arange(len(self.rows))]).astype(np.int64),
            np.concatenate([week, np.asarray(blocks, np.int64)]).astype(np.int64),
            np.concatenate([share.ravel(), np.zeros(len(self.rows))]),
            np.concatenate([np.repeat([x.drop for x in self.lanes], len(self.hours)), np.zeros(len(self.rows))]),
            zone,
            band,
        )

    def _zones(self) -> tuple[NDArray[np.int64], Array]:
        """By value the number of the regulator and hour that its voltage stands behind, and its band."""
        before = regulators_before(self.feeder) if self.controlled else {}
        index = {r.name: i for i, r in enumerate(self.feeder.regulators)}
        count, hours = len(index), len(self.hours)
        zone, band = [], []
        for lane in self.lanes:
            part = before.get(lane.ends[0][:2]) if lane.ends else None
            first = -1 if part is None else index[part.name]
            zone += [first + count * h if first >= 0 else -1 for h in range(hours)]
            band += [_spread(part)] * hours
        for row in self.rows:
            node = "ABC".find(row["phase"][:1]) + 1 if row["phase"] else 1
            part = before.get((row["element"], node)) if GROUPS.get(row["quantity"]) == "volts" else None
            zone.append(-1 if part is None else count * hours + index[part.name])
            band.append(_spread(part))
        return np.array(zone, np.int64), np.array(band, np.float64)

    def simulate(self, values: Mapping[Knob, float]) -> Array | None:
        """What the model says of each value of `told`, nan where it has none; None where there is no solution."""
        try:
            feeder = self._feeder(values)
            rows = self._rows(values)
            year = self._year(feeder, rows) if len(self.hours) and self.lanes else np.zeros(0)
            return np.concatenate([year, self._state(feeder, rows)])
        except SolveError:
            return None

    def lag(self, values: Mapping[Knob, float]) -> Array:
        """What regulators that step, within their bands and hour after hour, add to what `simulate` says.

        The hours before each one are solved too, since where a regulator stands depends on where it came from.
        """
        found = np.zeros(len(self.lanes) * len(self.hours) + len(self.rows))
        if not self.controlled or not len(self.hours) or not any(r.enabled for r in self.feeder.regulators):
            return found
        try:
            feeder, demand = self._feeder(values, exact=False), calibrated(self.demand, self._rows(values))
            before = np.unique(np.clip(self.hours[:, None] - np.arange(WARM_UP_H), 0, None))
            year = Year(feeder, demand)
            wanted = np.isin(before, self.hours)
            parts = [self._block(year, block) for block in year.blocks(before.tolist())]
            held_there = self._year(held(feeder), self._rows(values))
        except SolveError:
            return found
        found[: held_there.size] = np.concatenate(parts, axis=1)[:, wanted].ravel() - held_there
        return np.nan_to_num(found)

    def _feeder(self, values: Mapping[Knob, float], *, exact: bool = True) -> Feeder:
        """The feeder with the values of the network, regulators holding their set points exactly or as they do."""
        feeder = self.feeder
        for knob, value in values.items():
            if knob.parameter not in LOADS and value != knob.before:
                feeder, _ = changed(feeder, feeder.feeders[0], knob.parameter, knob.element, value)
        return held(feeder) if self.controlled and exact else feeder

    def _rows(self, values: Mapping[Knob, float]) -> list[dict[str, Any]]:
        """The changed values of the loads as rows of the file of a calibration."""
        own = self.feeder.feeders[0]
        return [{"feeder": own, "parameter": k.parameter, "value": v} for k, v in values.items()
                if k.parameter in LOADS and v != k.before]  # fmt: skip

    def _year(self, feeder: Feeder, rows: Sequence[Mapping[str, Any]]) -> Array:
        year = Year(feeder, calibrated(self.demand, rows), controls_active=self.controlled)
        parts = [self._block(year, block) for block in year.blocks([int(h) for h in self.hours])]
        return np.concatenate(parts, axis=1).ravel()

    def _block(self, year: Year, block: Block) -> Array:
        """The lanes in the hours of a block, shape (lanes, hours)."""
        node = year.circuit.node
        power = np.zeros((4, len(block.hours)), np.complex128)
        start = 0
        for source in year.feeder.sources:
            for n in source.nodes[: source.phases]:
                kva = -1e-3 * block.voltages[node[f"{names.spelled(source.bus)}.{n}"]] * block.source_a[start].conj()
                power[[0, n]] += kva
                start += 1
        found = np.full((len(self.lanes), len(block.hours)), np.nan)
        for i, lane in enumerate(self.lanes):
            if lane.group != "volts":
                found[i] = power[lane.phase].real if lane.group == "kw" else power[lane.phase].imag
                continue
            ends = lane.ends if lane.phased else [_moved(year.feeder, *end) for end in lane.ends]
            at = [[node.get(f"{names.spelled(b)}.{n}", -1) if n else 0 for n in (a, c)] for b, a, c in ends]
            if min(min(pair) for pair in at) >= 0:
                found[i] = np.mean([np.abs(block.voltages[a] - block.voltages[b]) for a, b in at], axis=0) / lane.base_v
        return found

    def _state(self, feeder: Feeder, rows: Sequence[Mapping[str, Any]]) -> Array:
        """What the state of the model's own loads has for the rows of the reference."""
        if not self.rows:
            return np.zeros(0)
        state = solve_state(with_loads(feeder, rows), controlled=self.controlled)
        ours = [r["ours"] for r in compare(self.rows, state, self.feeder.feeders[0])]
        finer = FINER if self.controlled else 1
        unit = [float(r["value"]) if r["quantity"] in KV else finer if r["quantity"] == "tap" else 1.0
                for r in self.rows]  # fmt: skip
        return np.array([np.nan if v is None else v / u for v, u in zip(ours, unit, strict=True)])


def _moved(feeder: Feeder, bus: str, node: int, other: int) -> tuple[str, int, int]:
    """A voltage to ground at a bus of one phase, which may have been moved to another."""
    there = [n for n in feeder.bus[bus].nodes if n <= 3]
    return (bus, there[0] if len(there) == 1 and not other else node, other)


def held(feeder: Feeder) -> Feeder:
    """The feeder whose regulators hold their set points exactly, by steps that are `FINER` times as many."""
    moved = {r.transformer: r.winding - 1 for r in feeder.regulators if r.enabled}
    if not moved:
        return feeder
    units = tuple(
        t.model_copy(update={"windings": tuple(
            w.model_copy(update={"taps": (w.taps or 32) * FINER}) if i == moved[t.name] else w
            for i, w in enumerate(t.windings))})
        if t.name in moved else t
        for t in feeder.transformers
    )  # fmt: skip
    parts = tuple(
        r.model_copy(update={"band_v": BAND * r.set_v, "max_tap_change": 64 * FINER}) if r.enabled else r
        for r in feeder.regulators
    )
    return feeder.model_copy(update={"transformers": units, "regulators": parts})


def regulators_before(feeder: Feeder) -> dict[tuple[str, int], Regulator]:
    """The regulator that holds the voltage of a node, the nearest on the way to the source, by bus and node."""
    acting = {r.transformer: r for r in feeder.regulators if r.enabled}
    joints: dict[tuple[str, str], list[tuple[Regulator, tuple[int, ...]]]] = {}
    for unit in feeder.transformers:
        if unit.enabled and unit.name in acting:
            first, *others = unit.windings
            for winding in others:
                pair = (acting[unit.name], winding.nodes)
                joints.setdefault((first.bus, winding.bus), []).append(pair)
    topology = trace(feeder)
    found: dict[tuple[str, int], Regulator] = {}
    for bus in topology.order:
        above = topology.parent.get(bus, ("", ("", "")))[0]
        for n in feeder.bus[bus].nodes:
            here = next((r for r, nodes in joints.get((above, bus), ()) if n in nodes), None)
            part = here or found.get((above, n))
            if part is not None:
                found[bus, n] = part
    return found


def _spread(part: Regulator | None) -> float:
    """Standard deviation of where a regulator stands in its band, evenly anywhere in it [pu]; 1 without one."""
    return 1.0 if part is None else part.band_v / part.set_v / 12**0.5


def by_hour(demand: Demand) -> Demand:
    """The demand with profiles of hourly means."""
    profiles = {
        name: np.ascontiguousarray(p.reshape(HOURS, -1).mean(axis=1), np.float32) if len(p) != HOURS else p
        for name, p in demand.profiles.items()
    }
    return replace(demand, profiles=profiles)


def fed(feeder: Feeder) -> Feeder:
    """The feeder without what no source reaches."""
    return head.served(feeder)[0]


def _sigmas(rows: Sequence[Mapping[str, Any]]) -> Array:
    most: dict[str, float] = {}
    for row in rows:
        most[row["quantity"]] = max(most.get(row["quantity"], 0.0), abs(float(row["value"])))
    floor = {q: max(0.2 * SIGMA_P * v, 1e-9) for q, v in most.items()}
    same = {**SIGMA_STATED, **dict.fromkeys(KV, SIGMA_STATED["v_pu"])}
    return np.array(
        [same.get(r["quantity"], max(SIGMA_P * abs(float(r["value"])), floor[r["quantity"]])) for r in rows], np.float64
    )
