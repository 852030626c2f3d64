"""A balanced feeder as one phase: every branch an impedance, every voltage referred to that of the head.

One phase stands for three where every part has three phases alike. A transformer is then an impedance, a shunt, and a
ratio of voltages, which goes into the nodes behind it: with ``t`` the turns from the head to a node, voltages there are
``t`` times what they are referred to the head, impedances ``1 / t**2`` times, and powers the same. Nothing is taken
from OpenDSS but the meaning of the data, so that what is solved on this is a second opinion.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.network.feeder import Capacitor, Feeder, Generator, Line, LineCode, Load, Storage, Switch, Transformer
from dtl.powerflow.inverters import responsive

Ints = NDArray[np.int64]
Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_ALIKE = 1e-9
_PHASES = {1, 2, 3}


@dataclass(frozen=True)
class Balanced:
    """A feeder as one phase; node 0 is the voltage behind the source's impedance.

    Attributes
    ----------
    buses
        The bus of each node; node 0 has none.
    start, end
        The two nodes of each branch.
    z_ohm, shunt_s
        Impedance of each branch and admittance from each node to ground, referred to the head.
    turns
        Voltage of each node over its voltage referred to the head.
    names
        Kind and name of the element of each branch.
    head_kv
        Voltage of node 0, line to line [kV].
    node_of
        Node of each load, generator and storage in service, by (kind, name).
    """

    buses: tuple[str, ...]
    start: Ints
    end: Ints
    z_ohm: Complex
    shunt_s: Complex
    turns: Real
    names: tuple[str, ...]
    head_kv: float
    node_of: dict[tuple[str, str], int]

    def drawn(self, owners: Sequence[tuple[str, str]], loads: int, power: Real) -> Real:
        """Power drawn at each node, shape (nodes, columns), from that of each owner, of which plants follow `loads`."""
        total = np.zeros((len(self.buses), power.shape[1]))
        sign = np.where(np.arange(len(owners)) < loads, 1.0, -1.0)[:, None]
        np.add.at(total, [self.node_of[key] for key in owners], sign * power)
        return total

    def beyond(
        self, feeder: Feeder, owners: Sequence[tuple[str, str]], referred: Complex
    ) -> tuple[int, int, str] | None:
        """The first owner and column at whose voltage a power is not constant, with the words for it; None if none."""
        parts = {("load", p.name): p for p in feeder.loads} | {("generator", p.name): p for p in feeder.generators}
        for i, key in enumerate(owners):
            part = parts.get(key)
            if part is None or not (part.kw or part.kvar):
                continue
            pu = np.abs(referred[self.node_of[key]]) * self.turns[self.node_of[key]] / part.kv
            off = np.flatnonzero((pu < part.min_pu) | (pu > part.max_pu))
            if len(off):
                told = f"{' '.join(key)} sees {pu[off[0]]:.3f} pu, outside of {part.min_pu:g} to {part.max_pu:g} pu"
                return i, int(off[0]), f"{told} within which its power is constant"
        return None

    def loop(self) -> str:
        """The element that closes the first loop; empty where the feeder is radial."""
        root = list(range(len(self.buses)))
        for a, b, name in zip(self.start.tolist(), self.end.tolist(), self.names, strict=True):
            ends = [a, b]
            for i, at in enumerate(ends):
                while root[at] != at:
                    root[at] = root[root[at]]
                    at = root[at]
                ends[i] = at
            if ends[0] == ends[1]:
                return name
            root[ends[0]] = ends[1]
        return ""


@dataclass(frozen=True)
class _Branch:
    """A branch in ohms and siemens at its end `b`; ``turns`` is the voltage there over that at `a`, without load."""

    name: str
    a: str
    b: str
    z_ohm: complex
    shunt_a: complex = 0j
    shunt_b: complex = 0j
    turns: float = 1.0


class NotBalanced(SolveError):
    """A feeder is not the same in its three phases; the message names the first element that is not."""


def balanced(feeder: Feeder) -> Balanced:
    """The feeder as one phase; parts that no source reaches are left out.

    Raises
    ------
    NotBalanced
        A part does not have three phases alike, or is of a kind that one phase does not know: load models other than
        constant power, inverters that follow the voltage, series reactors, windings beyond two.
    """
    if len(feeder.sources) != 1:
        raise NotBalanced(f"the feeder has {len(feeder.sources)} sources")
    (source,) = feeder.sources
    if source.phases != 3:
        raise NotBalanced(f"source {source.name} has {source.phases} phase")
    branches = list(_branches(feeder))
    head = _Branch(f"source {source.name}", "", source.bus, complex(source.r1_ohm, source.x1_ohm))
    node, turns = _placed(head, branches)
    kept = [head, *(b for b in branches if b.a in node)]
    start, end = (np.array([node[n] for n in ends], np.int64) for ends in zip(*((b.a, b.b) for b in kept), strict=True))
    shunts = np.zeros(len(node), np.complex128)
    for branch in kept:
        shunts[node[branch.a]] += branch.shunt_a * turns[node[branch.a]] ** 2
        shunts[node[branch.b]] += branch.shunt_b * turns[node[branch.b]] ** 2
    for bus, siemens in _shunts(feeder):
        if bus in node:
            shunts[node[bus]] += siemens * turns[node[bus]] ** 2
    return Balanced(
        buses=tuple(node),
        start=start,
        end=end,
        z_ohm=np.array([b.z_ohm for b in kept], np.complex128) / turns[end] ** 2,
        shunt_s=shunts,
        turns=turns,
        names=tuple(b.name for b in kept),
        head_kv=source.kv_ll * source.pu,
        node_of={key: node[bus] for key, bus in _users(feeder) if bus in node},
    )


def _placed(head: _Branch, branches: list[_Branch]) -> tuple[dict[str, int], Real]:
    """The node of each bus that the source reaches, nearer ones first, and the turns of each node."""
    near: dict[str, list[tuple[str, float]]] = {}
    for branch in (head, *branches):
        near.setdefault(branch.a, []).append((branch.b, branch.turns))
        near.setdefault(branch.b, []).append((branch.a, 1.0 / branch.turns))
    node, turns, queue = {head.a: 0}, [1.0], deque([head.a])
    while queue:
        bus = queue.popleft()
        for other, ratio in near[bus]:
            if other not in node:
                node[other] = len(node)
                turns.append(turns[node[bus]] * ratio)
                queue.append(other)
    for branch in branches:
        if branch.a in node and not math.isclose(
            turns[node[branch.a]] * branch.turns, turns[node[branch.b]], rel_tol=_ALIKE
        ):
            raise NotBalanced(f"{branch.name} closes a loop in which the ratios of transformers do not cancel")
    return node, np.array(turns)


def _branches(feeder: Feeder) -> Iterator[_Branch]:
    codes = {code.name: code for code in feeder.line_codes}
    for line in feeder.lines:
        if line.enabled:
            yield _line(line, codes[line.line_code], feeder.frequency_hz)
    for switch in feeder.switches:
        if switch.enabled and switch.is_closed:
            yield _switch(switch)
    for transformer in feeder.transformers:
        if transformer.enabled:
            yield _transformer(transformer)
    for reactor in feeder.reactors:
        if reactor.enabled:
            raise NotBalanced(f"reactor {reactor.name} is there")


def _line(line: Line, code: LineCode, frequency_hz: float) -> _Branch:
    if line.from_nodes != line.to_nodes or set(line.from_nodes) != _PHASES:
        raise NotBalanced(f"line {line.name} has not three phases")
    found = _sequence(code, frequency_hz)
    if found is None:
        raise NotBalanced(f"line {line.name} has phases of different impedance")
    z, siemens = found
    half = 0.5j * siemens * line.length_km
    return _Branch(f"line {line.name}", line.from_bus, line.to_bus, z * line.length_km, half, half)


def _switch(switch: Switch) -> _Branch:
    whole = all(switch.closed) and switch.from_nodes == switch.to_nodes and set(switch.from_nodes) == _PHASES
    if not whole:
        raise NotBalanced(f"switch {switch.name} has not three phases closed")
    z = complex(switch.r_ohm, switch.x_ohm)
    return _Branch(f"switch {switch.name}", switch.from_bus, switch.to_bus, z)


def _transformer(part: Transformer) -> _Branch:
    """Of two windings: resistances and reactance in series, the core at the second winding, as OpenDSS places it.

    The shunt of a part per million that keeps windings from floating is left out: it moves voltages by 1e-7 pu.
    """
    name = f"transformer {part.name}"
    if part.phases != 3 or len(part.windings) != 2:
        raise NotBalanced(f"{name} has {part.phases} phases and {len(part.windings)} windings")
    first, second = part.windings
    if any({n for n in w.nodes if n} != _PHASES for w in part.windings):
        raise NotBalanced(f"{name} has not three phases")
    kva = first.kva
    volts = [w.kv * w.tap_pu for w in part.windings]
    ohm = [1e3 * v * v / kva for v in volts]
    z = complex(first.r_pct + second.r_pct, part.xhl_pct) / 100.0 * ohm[1]
    core = complex(part.no_load_loss_pct, -part.magnetizing_pct) / 100.0 / ohm[1]
    return _Branch(name, first.bus, second.bus, z, 0j, core, volts[1] / volts[0])


def _sequence(code: LineCode, frequency_hz: float) -> tuple[complex, float] | None:
    """Positive-sequence impedance [ohm/km] and charging [S/km] of a line code, None where phases differ."""
    found = []
    for matrix in (code.r_ohm_per_km, code.x_ohm_per_km, code.c_nf_per_km):
        values = np.array(matrix)
        if len(values) != 3:
            return None
        own, mutual = values.diagonal(), values[~np.eye(3, dtype=bool)]
        if max(np.ptp(own), np.ptp(mutual)) > _ALIKE * max(np.abs(values).max(), 1e-12):
            return None
        found.append(float(own[0] - mutual[0]))
    return complex(found[0], found[1]), 2.0 * math.pi * frequency_hz * 1e-9 * found[2]


def _shunts(feeder: Feeder) -> Iterator[tuple[str, complex]]:
    """Bus and admittance [S] of capacitors."""
    for part in feeder.capacitors:
        if part.enabled:
            yield part.bus, _capacitor(part)


def _capacitor(part: Capacitor) -> complex:
    if part.phases != 3 or {n for n in part.nodes if n} != _PHASES:
        raise NotBalanced(f"capacitor {part.name} has not three phases to ground")
    on = part.steps_on or (True,) * len(part.kvar)
    kvar = sum(q for q, there in zip(part.kvar, on, strict=True) if there)
    return 1e-3j * kvar / part.kv**2


def _users(feeder: Feeder) -> Iterator[tuple[tuple[str, str], str]]:
    """Kind, name and bus of loads, generators and storages in service."""
    if following := responsive(feeder):
        raise NotBalanced(f"{len(following)} inverters follow the voltage")
    users: list[tuple[str, Load | Generator | Storage]] = [("load", p) for p in feeder.loads]
    users += [("generator", p) for p in feeder.generators] + [("storage", p) for p in feeder.storages]
    for kind, part in users:
        if not part.enabled:
            continue
        if part.phases != 3 or {n for n in part.nodes if n} != _PHASES:
            raise NotBalanced(f"{kind} {part.name} has not three phases")
        if not isinstance(part, Storage) and part.model != 1:
            raise NotBalanced(f"{kind} {part.name} has model {part.model}, not constant power")
        yield (kind, part.name), part.bus
