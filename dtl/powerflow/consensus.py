"""The second opinion on balanced radial feeders: the radial sweep, which shares nothing with OpenDSS but the data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.network.feeder import Feeder, LineCode
from dtl.powerflow import names
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.radial import Tree, sweep, tree

Ints = NDArray[np.int64]
_BALANCED = 1e-9
_PHASES = {1, 2, 3}


@dataclass(frozen=True)
class Balanced:
    """A feeder as a tree; node 0 is the voltage behind the source's impedance, the others are ``buses``."""

    tree: Tree
    buses: tuple[str, ...]
    head_kv: float
    load_node: Ints
    """Node of each load in service."""


def balanced(feeder: Feeder) -> Balanced | None:
    """The feeder as a balanced tree, or None where it is none.

    It is one when a single source feeds nothing but lines, closed switches and constant-power loads of three phases,
    every line has one self and one mutual impedance, and no loop closes.
    """
    others = (feeder.transformers, feeder.capacitors, feeder.reactors, feeder.generators, feeder.storages)
    if len(feeder.sources) != 1 or any(p.enabled for parts in others for p in parts):
        return None
    loads = [p for p in feeder.loads if p.enabled]
    (source,) = feeder.sources
    plain = source.phases == 3 and all(p.phases == 3 and p.model == 1 and set(p.nodes) - {0} == _PHASES for p in loads)
    branches = list(_branches(feeder)) if plain else [None]
    node = {source.bus: 1}
    rows = [(0, 1, complex(source.r1_ohm, source.x1_ohm), 0.0)]
    for branch in branches:
        if branch is None:
            return None
        start, end, z, shunt = branch
        rows.append((node.setdefault(start, len(node) + 1), node.setdefault(end, len(node) + 1), z, shunt))
    if any(p.bus not in node for p in loads):
        return None
    a, b, z_ohm, siemens = zip(*rows, strict=True)
    shunts = np.zeros(len(node) + 1, np.complex128)
    for ends in (a, b):
        np.add.at(shunts, np.array(ends), 0.5j * np.array(siemens))
    try:
        found = tree(a, b, z_ohm, 0, shunts)
    except SolveError:
        return None
    load_node = np.array([node[p.bus] for p in loads], np.int64)
    return Balanced(found, ("", *node), source.kv_ll * source.pu, load_node)


def _branches(feeder: Feeder) -> Iterator[tuple[str, str, complex, float] | None]:
    """Buses, impedance [ohm] and charging [S] of each line and switch; None for one that is not balanced."""
    codes = {code.name: _sequence(code, feeder.frequency_hz) for code in feeder.line_codes}
    for line in feeder.lines:
        if line.enabled:
            z, shunt = codes[line.line_code] or (0j, math.nan)
            whole = not math.isnan(shunt) and line.from_nodes == line.to_nodes and set(line.from_nodes) == _PHASES
            yield (line.from_bus, line.to_bus, z * line.length_km, shunt * line.length_km) if whole else None
    for switch in feeder.switches:
        if switch.enabled and switch.is_closed:
            whole = all(switch.closed) and switch.from_nodes == switch.to_nodes and set(switch.from_nodes) == _PHASES
            yield (switch.from_bus, switch.to_bus, complex(switch.r_ohm, switch.x_ohm), 0.0) if whole else None


def _sequence(code: LineCode, frequency_hz: float) -> tuple[complex, float] | None:
    """Positive-sequence impedance [ohm/km] and charging [S/km] of a line code, None where phases differ."""
    found = []
    for matrix in (code.r_ohm_per_km, code.x_ohm_per_km, code.c_nf_per_km):
        values = np.array(matrix)
        if len(values) != 3:
            return None
        own, mutual = values.diagonal(), values[~np.eye(3, dtype=bool)]
        if max(np.ptp(own), np.ptp(mutual)) > _BALANCED * max(np.abs(values).max(), 1e-12):
            return None
        found.append(float(own[0] - mutual[0]))
    return complex(found[0], found[1]), 2.0 * math.pi * frequency_hz * 1e-9 * found[2]


def second_opinion(feeder: Feeder, year: BatchYear, hours: Ints) -> float | None:
    """Largest difference of a bus voltage between the radial sweep and the batch engine [pu].

    None where the feeder is no balanced tree, or where voltages leave the limits within which loads are constant power.
    """
    model = balanced(feeder)
    if model is None:
        return None
    kw, kvar = (np.zeros((len(model.buses), len(hours))) for _ in range(2))
    powers = year.powers(hours)
    for total, own in zip((kw, kvar), powers, strict=True):
        np.add.at(total, model.load_node, own)
    theirs = np.abs(sweep(model.tree, kw, kvar, model.head_kv))[1:]
    volts = np.abs(year.voltages(hours)) * 1e-3
    at = [[year.circuit.node[f"{names.spelled(b)}.{n}"] for n in (1, 2, 3)] for b in model.buses[1:]]
    base = np.array([feeder.bus[b].kv_ln for b in model.buses[1:]])[:, None]
    loads = [p for p in feeder.loads if p.enabled]
    seen = theirs[model.load_node - 1] / np.array([p.kv for p in loads])[:, None]
    within = [(p.min_pu <= v).all() and (v <= p.max_pu).all() for p, v in zip(loads, seen, strict=True)]
    if not all(within):
        return None
    return float(np.abs(volts[at] / base[:, None] - (theirs / 3**0.5 / base)[:, None]).max())
