"""Whether the figures of a feeder can be what they are called: a wrong unit stands out by its size.

The limits lie well outside what distribution grids have (the smallest service wires, wires of steel, the largest
busbars), since a factor of a thousand, a mile taken for a kilometre of a thousand feet, or per unit taken for per cent
have to be told, and an unusual grid has not. Nothing is changed or left out.
"""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyproj

from dtl.errors import Finding
from dtl.network.feeder import Feeder, Line, Transformer

LEAST_M = 100.0
"""Lines of one code that are shorter together are bars and stand-ins for switches, whose impedances are arbitrary."""
_DRAWN_M, _ENOUGH = 20.0, 5
"""Length on the map from which a line says something of its length [m], and how many such lines are needed."""
_EARTH_M = 6_371_008.8
_ROOT3 = math.sqrt(3.0)


class Limits(NamedTuple):
    """What a figure of some kind of part lies between."""

    kind: str
    field: str
    low: float
    high: float
    unit: str
    remedy: str


_PER_KM = "Check the unit of the impedances (per km, mile, 1000 ft) and of the lengths."
_AMPERES = "Check the unit of its power (kW, MW, W) and its rated voltage."
RESISTANCE = Limits("line_code", "r_ohm_per_km", 0.003, 20.0, "ohm/km", _PER_KM)
REACTANCE = Limits("line_code", "x_ohm_per_km", 0.005, 3.0, "ohm/km", _PER_KM)
CAPACITANCE = Limits(
    "line_code", "c_nf_per_km", 0.1, 3000.0, "nF/km", "Check the unit of the capacitance or susceptance."
)
AMPACITY = Limits("line", "normal_a", 3.0, 6000.0, "A", "Check the unit of the rating (A, kA).")
LENGTH = Limits("line", "length_km", 0.7, 3.0, "times the way on the map",
                "Check the unit of the lengths, and the coordinates with their system.")  # fmt: skip
VOLTAGE = Limits("bus", "kv_ln", 0.05, 500.0, "kV", "Check the unit of the voltages (V, kV).")
IMPEDANCE = Limits("transformer", "xhl_pct", 0.2, 35.0, "% with its resistance",
                   "Check whether the impedance is in per cent or per unit, and on which kva.")  # fmt: skip
NO_LOAD = Limits("transformer", "no_load_loss_pct", 0.0, 5.0, "%", "Check the unit of the losses (W, kW, per cent).")
WINDING = Limits(
    "transformer", "kva", 1.0, 20e3, "A in its largest winding", "Check the unit of the kva and of the kv."
)
LOAD = Limits("load", "kw", 0.0, 10e3, "A", _AMPERES)
SERVED = Limits("load", "kw", 0.002, 5.0, "of the transformers to low voltage", _AMPERES)
GENERATOR = Limits("generator", "kva", 0.01, 20e3, "A", _AMPERES)
CAPACITOR = Limits("capacitor", "kvar", 0.02, 8e3, "A", "Check the unit of its kvar and its rated voltage.")
SOURCE = Limits("source", "x1_ohm", 0.05, math.inf, "kA of three-phase fault", "Check the impedance of the source.")

Figures = Iterator[tuple[Limits, str, float]]


def check(feeder: Feeder) -> Iterator[Finding]:
    """One warning for each kind of figure that lies outside its limits, with the one that is furthest out."""
    figures: dict[Limits, list[tuple[str, float]]] = defaultdict(list)
    for read in (_codes, _lines, _buses, _transformers, _shunts, _low_voltage):
        for limits, name, value in read(feeder):
            figures[limits].append((name, value))
    for limits, rows in figures.items():
        out = [(_beyond(limits, value), name, value) for name, value in rows if not limits.low <= value <= limits.high]
        if not out:
            continue
        _, name, value = max(out, key=lambda row: row[0])
        yield Finding(
            check="network.implausible", severity="warning", feeder=feeder.id, element=f"{limits.kind}.{name}",
            field=limits.field, value=f"{value:.4g}", remedy=limits.remedy,
            message=f"is not of a size that distribution grids have, {_bounds(limits)}"
            + (f"; {len(out)} of {len(rows)} such values are not, this one is furthest out" if len(out) > 1 else ""),
        )  # fmt: skip


def _bounds(limits: Limits) -> str:
    if not limits.low:
        return f"at most {limits.high:g} {limits.unit}"
    if math.isinf(limits.high):
        return f"at least {limits.low:g} {limits.unit}"
    return f"{limits.low:g} to {limits.high:g} {limits.unit}"


def _beyond(limits: Limits, value: float) -> float:
    """How far a value lies outside, as the logarithm of the factor."""
    if value <= 0.0:
        return math.inf
    return math.log(limits.low / value) if value < limits.low else math.log(value / limits.high)


def _codes(feeder: Feeder) -> Figures:
    length: dict[str, float] = defaultdict(float)
    for line in feeder.lines:
        length[line.line_code] += 1e3 * line.length_km
    for code in feeder.line_codes:
        if length[code.name] < LEAST_M:
            continue
        for limits, matrix in (
            (RESISTANCE, code.r_ohm_per_km), (REACTANCE, code.x_ohm_per_km), (CAPACITANCE, code.c_nf_per_km),
        ):  # fmt: skip
            mean = float(np.mean(np.diagonal(np.array(matrix, np.float64))))
            if mean > 0.0:
                yield limits, code.name, mean


def _lines(feeder: Feeder) -> Figures:
    for line in feeder.lines:
        rating = line.normal_a if line.normal_a is not None else feeder.line_code[line.line_code].normal_a
        if rating:
            yield AMPACITY, line.name, rating
    ratios = sorted((1e3 * line.length_km / drawn, line.name) for line, drawn in _drawn(feeder) if drawn >= _DRAWN_M)
    if len(ratios) >= _ENOUGH:
        middle = ratios[len(ratios) // 2]
        yield LENGTH, middle[1], middle[0]


def _drawn(feeder: Feeder) -> Iterable[tuple[Line, float]]:
    """The lines that are on a map, with the way of each there [m]; none where no system says what a coordinate is."""
    if not feeder.crs:
        return
    unit = _metres(feeder.crs)
    for line in feeder.lines:
        a, b = feeder.bus[line.from_bus], feeder.bus[line.to_bus]
        if a.x is None or a.y is None or b.x is None or b.y is None:
            continue
        way = np.array([(a.x, a.y), *line.path, (b.x, b.y)], np.float64)
        steps = np.diff(way, axis=0)
        if unit == 0.0:
            steps *= math.radians(1.0) * _EARTH_M
            steps[:, 0] *= math.cos(math.radians(a.y))
        else:
            steps *= unit
        yield line, float(np.hypot(steps[:, 0], steps[:, 1]).sum())


@functools.lru_cache(maxsize=8)
def _metres(crs: str) -> float:
    """Metres of a unit of a projected system; 0 for one of degrees."""
    system = pyproj.CRS(crs)
    return 0.0 if system.is_geographic else float(system.axis_info[0].unit_conversion_factor)


def _buses(feeder: Feeder) -> Figures:
    for bus in feeder.buses:
        yield VOLTAGE, bus.name, bus.kv_ln


def _transformers(feeder: Feeder) -> Figures:
    for unit in feeder.transformers:
        amperes = [_amperes(w.kva, w.kv, unit.phases) for w in unit.windings]
        yield WINDING, unit.name, max(amperes)
        if not unit.is_regulator and not _same_voltage(unit):
            yield IMPEDANCE, unit.name, math.hypot(unit.xhl_pct, sum(w.r_pct for w in unit.windings[:2]))
            yield NO_LOAD, unit.name, unit.no_load_loss_pct


def _same_voltage(unit: Transformer) -> bool:
    """Whether it is an autotransformer or an isolating unit, of any small impedance."""
    volts = [w.kv for w in unit.windings]
    return max(volts) < 2.0 * min(volts)


def _amperes(kva: float, kv: float, phases: int) -> float:
    return kva / kv / (_ROOT3 if phases > 1 else 1.0)


def _shunts(feeder: Feeder) -> Figures:
    for load in feeder.loads:
        yield LOAD, load.name, _amperes(math.hypot(load.kw, load.kvar), load.kv, load.phases)
    for plant in feeder.generators:
        yield GENERATOR, plant.name, _amperes(plant.kva, plant.kv, plant.phases)
    for bank in feeder.capacitors:
        yield CAPACITOR, bank.name, _amperes(sum(bank.kvar), bank.kv, bank.phases)
    for source in feeder.sources:
        ohms = math.hypot(source.r1_ohm, source.x1_ohm)
        if ohms:
            yield SOURCE, source.name, source.kv_ll / ohms / _ROOT3


def _low_voltage(feeder: Feeder) -> Figures:
    """The loads at low voltage together, over the transformers that can feed them."""
    low = {b.name for b in feeder.buses if b.kv_ln < 0.6}
    loads = [p for p in feeder.loads if p.enabled and p.bus in low]
    total = sum(math.hypot(p.kw, p.kvar) for p in loads)
    kva = sum(
        t.windings[0].kva for t in feeder.transformers
        if t.enabled and t.windings[0].bus not in low and any(w.bus in low for w in t.windings)
    )  # fmt: skip
    if total and kva:
        yield SERVED, max(loads, key=lambda p: math.hypot(p.kw, p.kvar)).name, total / kva
