"""The criteria of the power flow, made from the words of a study for one circuit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.rule import Rule
from dtl.analyses.hosting.sites import Of
from dtl.network.feeder import Feeder
from dtl.powerflow import names
from dtl.powerflow.circuit import Circuit
from dtl.powerflow.head import View
from dtl.powerflow.loading import STILL_KW
from dtl.powerflow.voltages import Voltages

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

PRIMARY_KV = 1.0
"""Nominal voltage above which a bus is primary [kV]."""
DEFAULT: Mapping[str, Any] = {"overvoltage": {}, "undervoltage": {}, "thermal": {}}
"""The criteria of a study that names none."""
FLEXIBILITY = "operational_flexibility"


@dataclass(frozen=True)
class Board:
    """What rules are made for: the rows of voltages, loadings, reverse powers and unbalances of a circuit.

    ``controlled`` is the feeder with its regulators, which the held circuit has no longer.
    """

    feeder: Feeder
    controlled: Feeder
    voltages: Voltages
    series: Sequence[tuple[str, str]]
    over_pct: Real
    sources: Sequence[str]
    three_phase: Sequence[str]


def rules(board: Board, words: Mapping[str, Any]) -> list[Rule]:
    """The rules of a study's words, the slice of ``hosting``, in a fixed order."""
    asked = {k: v for k, v in (words.get("criteria") or DEFAULT).items() if v is not None}
    worse, worse_kw = float(words["worse_by_pct"]), float(words["worse_by_kw"])
    found = [*_voltage(board, asked, worse / 100.0), *_others(board, asked, worse)]
    if "reverse_flow" in asked:
        flow = asked["reverse_flow"]
        found.append(_reverse(board, "reverse_flow", flow["at"], flow["over_kw"], worse_kw))
    if words["operational_flexibility"] != "without":
        found.append(_reverse(board, FLEXIBILITY, "scada_switches", 0.0, worse_kw))
    return found


def asked_of(words: Mapping[str, Any], of: Of) -> Mapping[str, Any]:
    """The words that count for a kind of plant: load makes no power flow back, whatever it does to other loads."""
    if of != "load":
        return words
    criteria = {**(words.get("criteria") or DEFAULT), "reverse_flow": None}
    return {**words, "criteria": criteria, "operational_flexibility": "without"}


def _voltage(board: Board, asked: Mapping[str, Any], worse: float) -> Iterator[Rule]:
    v = board.voltages
    labels = [f"bus {v.buses[b].name}.{p}" for b, p in zip(v.bus_of_row, v.phases, strict=True)]
    kv = np.array([v.buses[b].kv_ll for b in v.bus_of_row])
    low, high = v.low_pu[v.bus_of_row], v.high_pu[v.bus_of_row]
    for level, mask in (("primary", kv > PRIMARY_KV), ("secondary", kv <= PRIMARY_KV)):
        at = np.flatnonzero(mask)
        here = tuple(labels[i] for i in at)
        if "overvoltage" in asked:
            yield Rule(f"overvoltage_{level}", lambda x: x.pu, at, here, high[at], worse)
        if "undervoltage" in asked:
            yield Rule(f"undervoltage_{level}", lambda x: x.pu, at, here, -low[at], worse, -1.0)
        if "voltage_deviation" in asked:
            most = np.full(len(at), asked["voltage_deviation"]["at_most_pct"] / 100.0)
            yield Rule(f"voltage_deviation_{level}", lambda x: x.pu, at, here, most, change=True)
    if "regulator_deviation" in asked:
        bands = _bands(board.controlled)
        base_v = {b.name: 1e3 * b.kv_ln for b in board.feeder.buses}
        at = np.array([i for i, b in enumerate(v.bus_of_row) if v.buses[b].name in bands], np.int64)
        share = asked["regulator_deviation"]["at_most_pct"] / 100.0
        most = np.array([share * bands[n] / base_v[n] for n in (v.buses[v.bus_of_row[i]].name for i in at)])
        yield Rule("regulator_deviation", lambda x: x.pu, at, tuple(labels[i] for i in at), most, change=True)


def _bands(feeder: Feeder) -> dict[str, float]:
    """The band of the narrowest regulator at each bus that one measures [V]."""
    windings = {t.name: t.windings for t in feeder.transformers if t.enabled}
    found: dict[str, float] = {}
    for part in feeder.regulators:
        if part.enabled and part.transformer in windings:
            monitored = part.monitored_bus
            own = windings[part.transformer][part.winding - 1].bus
            bus = monitored if monitored in feeder.bus else monitored.rpartition(".")[0] or own
            width = part.band_v * part.pt_ratio
            found[bus] = min(width, found.get(bus, width))
    return found


def _others(board: Board, asked: Mapping[str, Any], worse: float) -> Iterator[Rule]:
    if "thermal" in asked:
        names_of = tuple(f"{kind} {name}" for kind, name in board.series)
        every = np.arange(len(board.series))
        yield Rule("thermal", lambda x: x.pct, every, names_of, board.over_pct, worse)
    if "unbalance" in asked:
        every = np.arange(len(board.three_phase))
        most = np.full(len(every), float(asked["unbalance"]["at_most_pct"]))
        here = tuple(f"bus {b}" for b in board.three_phase)
        yield Rule("unbalance", lambda x: x.vuf_pct, every, here, most, worse)


def _reverse(board: Board, criterion: str, at: str, over_kw: float, worse_kw: float) -> Rule:
    first = len(board.sources)
    if at == "head":
        chosen = [(i, f"head {name}") for i, name in enumerate(board.sources)]
    else:
        regulated = {r.transformer for r in board.controlled.regulators if r.enabled}
        switched = at == "scada_switches"
        chosen = [
            (first + i, f"{kind} {name}")
            for i, (kind, name) in enumerate(board.series)
            if (kind == "switch" if switched else kind == "transformer" and name in regulated)
        ]
    rows = np.array([i for i, _ in chosen], np.int64)
    most = np.full(len(rows), max(over_kw, STILL_KW))
    return Rule(criterion, lambda x: x.back_kw, rows, tuple(n for _, n in chosen), most, worse_kw, power=1.0)


def source_rows(feeder: Feeder, circuit: Circuit) -> list[tuple[Ints, slice]]:
    """Nodes of the first terminal of each source, and their rows among the currents of sources."""
    found, start = [], 0
    for source in feeder.sources:
        nodes = [circuit.node[f"{names.spelled(source.bus)}.{n}"] for n in source.nodes[: source.phases]]
        found.append((np.array(nodes, np.int64), slice(start, start + len(nodes))))
        start += len(nodes)
    return found


def three_phase(feeder: Feeder, circuit: Circuit, view: View) -> list[tuple[str, tuple[int, int, int]]]:
    """The buses with three fed phases, and their nodes."""
    found = []
    for bus in feeder.buses:
        if bus.split_phase or not all((bus.name, n) in view.fed for n in (1, 2, 3)):
            continue
        spelled = names.spelled(bus.name)
        a, b, c = (circuit.node.get(f"{spelled}.{n}", 0) for n in (1, 2, 3))
        if a and b and c:
            found.append((bus.name, (a, b, c)))
    return found
