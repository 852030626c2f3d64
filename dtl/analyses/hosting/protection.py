"""The criteria of fault currents: how much plants raise the current into a fault, and hide a fault from the head.

A plant is an inverter: it feeds ``FAULT_MULTIPLE`` times its rated current into a fault, balanced and with the phases
of the voltages without load. What plants add is taken by magnitude, plant after plant, against the magnitude without
them: a bound, exact where their currents and that of the fault are in phase. Faults are bolted, on all phases together
and from each phase to ground, at the ends of the primary network: towards an end both the part of a plant in the fault
and the voltage drop beyond it grow, so that no fault nearer to the head is worse on a radial feeder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dtl.analyses.hosting.grid import Linear
from dtl.analyses.hosting.judged import PRIMARY_KV
from dtl.analyses.hosting.sites import Site
from dtl.network.feeder import Feeder
from dtl.powerflow import names
from dtl.powerflow.faults import FaultStudy
from dtl.powerflow.head import View, view
from dtl.powerflow.reduce import terminal_buses

Real = NDArray[np.float64]

FAULT_MULTIPLE = 1.2
"""Current of an inverter into a fault, in rated currents (IEEE 1547.1 tests; the public descriptions of DRIVE)."""


def protection(feeder: Feeder, places: Sequence[Site], asked: Mapping[str, Any]) -> list[Linear]:
    """The criteria ``fault_current`` and ``protection`` of a study's words, for some sites.

    Values and limits are in A: the largest current without plants times the share that is allowed.
    """
    wanted = [c for c in ("fault_current", "protection") if c in asked]
    if not wanted:
        return []
    study = FaultStudy(feeder)
    study.plants(injected(study, places))
    rows: dict[str, list[tuple[str, float, Real]]] = {c: [] for c in wanted}
    for name, at in _faults(feeder, study):
        found = study.fault(at)
        for i, node in enumerate(at):
            label = name if len(at) == 1 else f"{name}, {'ABC'[i] if i < 3 else node}"
            rows.setdefault("fault_current", []).append((label, abs(found.fault_a[i]), np.abs(found.added_a[i])))
        seen = int(np.abs(found.head_a).argmax())
        rows.setdefault("protection", []).append((name, abs(found.head_a[seen]), np.abs(found.relieved_a[seen])))
    made = []
    for criterion in wanted:
        share = asked[criterion]["at_most_pct"] / 100.0
        here = rows[criterion]
        weight = np.array([w for _, _, w in here]).reshape(-1, len(places))
        made.append(Linear(criterion, weight, share * np.array([a for _, a, _ in here]), tuple(n for n, _, _ in here)))
    return made


def injected(study: FaultStudy, places: Sequence[Site]) -> sparse.csc_array:
    """The currents into a fault of a plant of 1 kW at each site [A], shape (nodes, sites)."""
    values: list[complex] = []
    rows: list[int] = []
    columns: list[int] = []
    for i, place in enumerate(places):
        at = [study.node[f"{names.spelled(place.bus)}.{n}"] if n else 0 for n in place.nodes]
        for node, amps in _currents(study, place, at):
            values.append(FAULT_MULTIPLE * amps)
            rows.append(node)
            columns.append(i)
    shape = (len(study.no_load_v), len(places))
    return sparse.csc_array((values, (rows, columns)), shape=shape)


def _currents(study: FaultStudy, place: Site, at: Sequence[int]) -> Iterator[tuple[int, complex]]:
    """Node and rated current of a plant of 1 kW at unity power factor."""
    volts = study.no_load_v
    if place.phases == 3:
        mean = volts[list(at[:3])].mean()
        for node in at[:3]:
            to_middle = volts[node] - mean
            yield node, to_middle / abs(to_middle) / (3**0.5 * place.kv)
        return
    other = at[1] if len(at) > 1 else 0
    across = volts[at[0]] - volts[other]
    yield at[0], across / abs(across) / place.kv
    if other:
        yield other, -across / abs(across) / place.kv


def _faults(feeder: Feeder, study: FaultStudy) -> Iterator[tuple[str, list[int]]]:
    """Name and nodes of every fault: where each phase of the primary network ends."""
    seen = view(feeder)
    for bus, phases, letters in _ends(feeder, seen):
        at = [study.node[f"{names.spelled(bus)}.{n}"] for n in phases]
        if len(at) > 1:
            yield f"all phases of bus {bus}", at
        for n, node, letter in zip(phases, at, letters, strict=True):
            if (bus, n) in seen.grounded:
                yield f"phase {letter} of bus {bus} to ground", [node]


def _ends(feeder: Feeder, seen: View) -> Iterator[tuple[str, list[int], list[str]]]:
    """Primary buses beyond which no primary bus has all of their phases; of a feeder without any, all such buses."""
    buses = feeder.bus
    high = {b.name for b in feeder.buses if b.kv_ll > PRIMARY_KV} or set(buses)
    phases = {b: sorted(n for n in buses[b].nodes if 1 <= n <= 3 and (b, n) in seen.fed) for b in high}
    feeding = {s.bus for s in feeder.sources}
    ends = terminal_buses(feeder)
    onward: set[str] = set()
    for key, near in seen.head_end.items():
        terminals = ends[key]
        first = terminals[near]
        if any(b in high and b != first and set(phases.get(first, ())) <= set(phases[b]) for b in terminals):
            onward.add(first)
    for bus in sorted(high):
        if phases[bus] and bus not in onward and bus not in feeding:
            letters = [str(n) if buses[bus].split_phase else "ABC"[n - 1] for n in phases[bus]]
            yield bus, phases[bus], letters
