"""The criteria that need no power flow with the plant: islanding, ground-fault overvoltage and fault currents.

A plant is an inverter that feeds ``FAULT_MULTIPLE`` times its rated current into a fault. Screens ask for generation
only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting.grid import Linear
from dtl.analyses.hosting.protection import FAULT_MULTIPLE, protection
from dtl.analyses.hosting.sites import Of, Site
from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder
from dtl.powerflow.head import view
from dtl.powerflow.reduce import terminal_buses

Real = NDArray[np.float64]
Ints = NDArray[np.int64]


def linear(
    feeder: Feeder, demand: Demand, hours: Ints, places: Sequence[Site], of: Of, words: Mapping[str, Any]
) -> list[Linear]:
    """The screens of a study's words, for some sites; none for load."""
    asked = {k: v for k, v in (words.get("criteria") or {}).items() if v is not None}
    if of == "load":
        return []
    made = []
    if "islanding" in asked or "ground_fault_overvoltage" in asked:
        behind = _sections(feeder)
        least = _least_load(feeder, demand, hours, behind)
        weight = np.array([[float(p.bus in buses) for p in places] for _, buses in behind]).reshape(-1, len(places))
        names = tuple(name for name, _ in behind)
        for criterion in ("islanding", "ground_fault_overvoltage"):
            if criterion in asked:
                share = asked[criterion]["at_most_pct"] / 100.0
                made.append(Linear(criterion, weight, share * least[0] - least[1], names))
    if "sympathetic_tripping" in asked:
        per_kw = np.array([[3.0 * FAULT_MULTIPLE / (3.0 * p.kv_ll / 3**0.5) if p.phases == 3 else
                            FAULT_MULTIPLE / p.kv] for p in places]).T  # fmt: skip
        head_kv = max(s.kv_ll for s in feeder.sources)
        scale = np.array([p.kv_ll / head_kv for p in places])
        pickup = np.array([asked["sympathetic_tripping"]["pickup_a"]])
        made.append(Linear("sympathetic_tripping", per_kw * scale, pickup, ("head",)))
    return [*made, *protection(feeder, places, asked)]


def _sections(feeder: Feeder) -> list[tuple[str, frozenset[str]]]:
    """The buses behind the head and behind each closed switch: those that only it connects to a source."""
    seen = view(feeder)
    ends = terminal_buses(feeder)
    edges = [(key, ends[key]) for key in seen.head_end]
    found = [("head", frozenset(seen.distance_km))]
    starts = {s.bus for s in feeder.sources}
    for switch in feeder.switches:
        key = ("switch", switch.name)
        if key in seen.head_end:
            found.append((f"switch {switch.name}", frozenset(seen.distance_km) - _reached(edges, starts, key)))
    return found


def _reached(
    edges: Sequence[tuple[tuple[str, str], tuple[str, ...]]], starts: set[str], without: tuple[str, str]
) -> set[str]:
    joined: dict[str, list[str]] = {}
    for key, buses in edges:
        if key != without:
            for a in buses:
                joined.setdefault(a, []).extend(b for b in buses if b != a)
    seen, stack = set(starts), list(starts)
    while stack:
        for bus in joined.get(stack.pop(), ()):
            if bus not in seen:
                seen.add(bus)
                stack.append(bus)
    return seen


def _least_load(
    feeder: Feeder, demand: Demand, hours: Ints, behind: Sequence[tuple[str, frozenset[str]]]
) -> tuple[Real, Real]:
    """Least load [kW] in the judged hours, and most generation, behind each device."""
    load, made = [], []
    for _, buses in behind:
        taken, given = np.zeros(len(hours)), np.zeros(len(hours))
        for parts, drives, total in ((feeder.loads, demand.drives, taken), (feeder.generators, demand.plants, given)):
            for part in parts:
                if part.enabled and part.bus in buses:
                    drive = drives.get(part.name)
                    total += drive.kw * demand.profiles[drive.kw_profile][hours] if drive is not None else part.kw
        load.append(float(taken.min()))
        made.append(float(given.max()))
    return np.array(load), np.array(made)
