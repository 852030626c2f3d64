"""Layer ``connection_rules``: how much generation may be connected, and how much of it may be exported.

The layer adds no power. It stands before generation in the order of layers, and what connects later keeps to it: a
system is no larger than its cap, no more systems stand behind a transformer than its rating allows, and what is
exported is limited. What was refused and what was cut is told in the assumptions of the layer that asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.network import topology
from dtl.network.feeder import Feeder, Generator, Load
from dtl.scenarios import draw
from dtl.scenarios.context import Context
from dtl.scenarios.rise import Rise, within
from dtl.scenarios.state import State, assumption

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

WORDS = {
    "max_kw_per_transformer_kva": "kW/kVA",
    "max_kw_per_customer": "kW",
    "export_limit": "share",
    "max_rise_pu": "pu",
}
"""The rules, and the unit of each."""
CHANGES_VOLTAGE = 1.05
"""Ratio of voltages from which a transformer is one, and no regulator."""


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the rules of the layer."""
    name = str(layer["name"])
    rows = [assumption(word, float(layer[word]), unit, "study") for word, unit in WORDS.items() if word in layer]
    rows += [assumption("volt_var", str(layer["volt_var"]), "", "study")] if "volt_var" in layer else []
    return replace(state.assuming(name, *rows), rules=(*state.rules, layer))


def strictest(word: str, state: State) -> float | None:
    """The lowest value that the rules of a state give to a word; None where none says it."""
    return min((float(rule[word]) for rule in state.rules if word in rule), default=None)


def required(word: str, layer: Mapping[str, Any], state: State) -> str:
    """The characteristic of new inverters: that of their own layer, else the one that the rules require, or none."""
    return str(layer.get(word) or next((rule[word] for rule in state.rules if rule.get(word)), ""))


def sized(kw_each: Real, state: State) -> Real:
    """Power of a system at each load, not above what one customer may have [kW]."""
    cap = strictest("max_kw_per_customer", state)
    return kw_each if cap is None else np.minimum(kw_each, cap)


def connected(units: Ints, kw_each: Real, state: State) -> Ints:
    """The systems that may be connected, shape (loads,), by the transformers and by the rise of the voltage.

    Generation of the model and of earlier layers counts. Where not all can be connected behind a transformer, each load
    keeps the same part of its systems, as nearly as whole systems allow. Of what is left, loads come one after the
    other, in an order drawn by their names, and each connects what the rise that is left allows.
    """
    return _by_rise(_by_rating(units, kw_each, state), kw_each, state)


def _by_rise(units: Ints, kw_each: Real, state: State) -> Ints:
    limit = strictest("max_rise_pu", state)
    if limit is None or not units.any():
        return units
    loads = {p.name: p for p in state.feeder.loads}
    parts = [loads[name] for name in state.loads]
    givers = _givers(state)
    there = {*(p.name for i, p in enumerate(parts) if units[i]), *(p.name for p, _ in givers if isinstance(p, Load))}
    seen = [*(p for p in parts if p.name in there), *(p for p, _ in givers if isinstance(p, Generator))]
    rise = Rise(state.feeder, sorted({(p.bus, n) for p in seen for n in p.nodes if 1 <= n <= 3}))
    before = np.zeros(len(rise.places))
    for part, kw in givers:
        before += rise.by(part.bus, part.nodes, between=part.connection == "delta") * kw
    names = [f"{feeder}:{name}" for feeder, name in zip(state.feeders, state.loads, strict=True)]
    order = np.argsort(draw.uniform(draw.keys(names, "connection rules"), 0), kind="stable")
    wanted = [(int(i), parts[i], int(units[i]), float(kw_each[i])) for i in order if units[i]]
    kept = within(limit, rise, before, wanted)
    return np.array([kept.get(i, 0) for i in range(len(units))], np.int64)


def _givers(state: State) -> list[tuple[Load | Generator, float]]:
    """What gives power already, and how much at its rating: generators, plants, and the systems at loads [kW]."""
    loads = {p.name: p for p in state.feeder.loads}
    found: list[tuple[Load | Generator, float]] = [(g, max(g.kw, 0.0)) for g in state.feeder.generators if g.enabled]
    found += [(p.part, max(p.part.kw, 0.0)) for p in state.plants if isinstance(p.part, Generator)]
    for component in state.components.values():
        if component.carrier == "generation" and component.rated_kw is not None:
            found += [(loads[name], float(kw)) for name, kw in zip(state.loads, component.rated_kw, strict=True) if kw]
    return found


def _by_rating(units: Ints, kw_each: Real, state: State) -> Ints:
    factor = strictest("max_kw_per_transformer_kva", state)
    if factor is None:
        return units
    behind = transformers(state.feeder)
    before = _before(state, behind)
    allowed = units.copy()
    for transformer in sorted({behind[b] for b in state.buses if b in behind}):
        mine = np.array([i for i, bus in enumerate(state.buses) if behind.get(bus) == transformer])
        room = factor * transformer[1] - before.get(transformer, 0.0)
        allowed[mine] = _within(units[mine], kw_each[mine], room)
    return allowed


def exported(kw: Real, own_kw: Real, installed_kw: Real, state: State) -> Real:
    """Generation of each load after the limit of export, shape (loads, steps).

    Parameters
    ----------
    kw
        Generation that there is [kW].
    own_kw
        Load of those who generate [kW].
    installed_kw
        AC power of their inverters [kW], shape (loads,).
    """
    limit = strictest("export_limit", state)
    if limit is None:
        return kw
    return np.minimum(kw, np.maximum(own_kw, 0.0) + limit * installed_kw[:, None])


Bank = tuple[str, float]
"""Name of the first transformer of a bank, and the rating of all of it [kVA]."""


def transformers(feeder: Feeder) -> dict[str, Bank]:
    """The nearest bank that changes the voltage above each bus; buses without one are left out."""
    banks: dict[frozenset[str], list[tuple[str, float]]] = {}
    for part in feeder.transformers:
        volts = [feeder.bus[w.bus].kv_ln for w in part.windings if w.bus in feeder.bus]
        if part.enabled and len(volts) > 1 and max(volts) > CHANGES_VOLTAGE * min(volts):
            head, *others = [w.bus for w in part.windings]
            for other in others:
                banks.setdefault(frozenset((head, other)), []).append((part.name, part.windings[0].kva))
    parent = topology.trace(feeder).parent
    found: dict[str, Bank] = {}
    for bus in topology.trace(feeder).order:
        above = parent.get(bus)
        if above is None:
            continue
        bank = banks.get(frozenset((bus, above[0])))
        if bank is not None:
            found[bus] = (min(bank)[0], sum(kva for _, kva in bank))
        elif above[0] in found:
            found[bus] = found[above[0]]
    return found


def _before(state: State, behind: Mapping[str, Bank]) -> dict[Bank, float]:
    """Generation behind each bank already [kW]."""
    total: dict[Bank, float] = {}

    def add(buses: Iterable[str], powers: Iterable[float]) -> None:
        for bus, kw in zip(buses, powers, strict=True):
            if bus in behind:
                total[behind[bus]] = total.get(behind[bus], 0.0) + kw

    plants = [g for g in state.feeder.generators if g.enabled]
    plants += [p.part for p in state.plants if isinstance(p.part, Generator) and not p.kwh]
    add((g.bus for g in plants), (max(g.kw, 0.0) for g in plants))
    for component in state.components.values():
        if component.carrier == "generation" and component.rated_kw is not None:
            add(state.buses, component.rated_kw.tolist())
    return total


def _within(units: Ints, kw_each: Real, room_kw: float) -> Ints:
    wanted = float((units * kw_each).sum())
    if wanted <= room_kw + 1e-9:
        return units
    exact = units * max(room_kw, 0.0) / wanted
    kept: Ints = np.floor(exact + 1e-9).astype(np.int64)
    left = room_kw - float((kept * kw_each).sum())
    for i in np.argsort(kept - exact, kind="stable"):
        if kept[i] < units[i] and kw_each[i] <= left + 1e-9:
            kept[i] += 1
            left -= float(kw_each[i])
    return kept
