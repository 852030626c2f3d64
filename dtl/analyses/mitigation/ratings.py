"""Measures for what carries too much: a larger conductor, a larger transformer, a battery that shaves the peak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dtl.analyses.mitigation.measure import Measure, Refused
from dtl.analyses.mitigation.scene import Over, Scene
from dtl.network.conductors import CONDUCTORS, line_code
from dtl.network.feeder import Line, LineCode, Transformer

STANDARD_KVA = {
    (60, 1): (5, 10, 15, 25, 37.5, 50, 75, 100, 167, 250, 333, 500, 833),
    (60, 3): (15, 30, 45, 75, 112.5, 150, 225, 300, 500, 750, 1000, 1500, 2000, 2500, 3750, 5000, 7500, 10000, 12000,
              15000, 20000, 25000, 30000, 40000, 50000, 60000),
    (50, 1): (5, 10, 16, 25, 50, 100, 167),
    (50, 3): (25, 50, 100, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500, 3150, 4000, 5000,
              6300, 8000, 10000, 12500, 16000, 20000, 25000, 31500, 40000, 50000, 63000),
}  # fmt: skip
"""Preferred ratings: IEEE C57.12.20, .34 and .36 at 60 Hz; IEC 60076-1 (R10 series) and EN 50588-1 at 50 Hz [kVA]."""

_PRIMARY_KV = 1.0
_CABLE_NF = 50.0
"""Capacitance above which a conductor counts as a cable [nF/km]: overhead lines have about 10, cables above 150."""
_NEAR_KW = 50.0
"""Step of the power of batteries [kW]."""
_SPARE = 1.1
"""Power and energy of a battery per what the overload needs."""

Offer = Measure | Refused


def reconductor(scene: Scene) -> Iterator[Offer]:
    """Each run of adjoining lines of one conductor that carry too much, with the smallest conductors that carry it."""
    over = {o.name: o for o in scene.named("line") if o.name in scene.lines}
    for run in _runs(scene, list(over)):
        first = scene.lines[run[0]]
        owner, place = scene.owner(first.from_bus), f"line {run[0]}" + (f" and {len(run) - 1} more" if run[1:] else "")
        needed = max(over[n].needed_a for n in run)
        found = list(conductors(scene, first, needed))
        if any(">" in n for n in run):
            yield Refused("reconductor", owner, place, "a name with '>' cannot be written into the file of works")
            found = []
        elif not found:
            yield Refused("reconductor", owner, place, _no_conductor(first, needed, scene))
        for name, _ in found[:2]:
            yield _rebuilt(scene, run, name, place)


def _rebuilt(scene: Scene, run: Sequence[str], conductor: str, place: str) -> Measure:
    first = scene.lines[run[0]]
    steps = tuple(
        {"rebuild_line": {"line": scene.asset(scene.lines[n].from_bus, n), "conductor": conductor}} for n in run
    )
    km = sum(scene.lines[n].length_km for n in run)
    return Measure(
        "reconductor", scene.owner(first.from_bus), place, steps, size=f"{conductor}, {km:.3g} km", amount=km,
        phases=_phases(first), placement=first.placement, conductor=conductor,
    )  # fmt: skip


def _no_conductor(line: Line, needed: float, scene: Scene) -> str:
    where = "the catalogue is of overhead lines above 1 kV, and " if _lv(scene, line) or _is_cable(scene, line) else ""
    return f"{where}no conductor of the feeder of {_phases(line)} phases carries {needed:.0f} A with less resistance"


def conductors(scene: Scene, line: Line, needed_a: float) -> Iterator[tuple[str, float]]:
    """Conductors that carry a current with less resistance than the line's own, with their ratings, smallest first."""
    own = scene.feeder.line_code[line.line_code]
    count, codes = len(own.r_ohm_per_km), dict[str, LineCode]()
    for code in scene.feeder.line_codes:
        if len(code.r_ohm_per_km) == count and _cable(code) == _cable(own):
            codes[code.name] = code
    if not _lv(scene, line) and not _is_cable(scene, line) and count <= 3:
        codes |= {name: line_code(name, count, scene.feeder.frequency_hz) for name in CONDUCTORS}
    rated = {name: _amps(scene, line, code) for name, code in codes.items()}
    fit = [
        n for n, a in rated.items()
        if a >= needed_a and a > _amps(scene, line, None) and _r(codes[n]) < _r(own) * (1 - 1e-6)
    ]  # fmt: skip
    yield from ((n, rated[n]) for n in sorted(fit, key=lambda n: (rated[n], _r(codes[n]), n)))


def _runs(scene: Scene, names: Sequence[str]) -> Iterator[list[str]]:
    """Lines of one conductor that meet at buses, as runs in the order of their names."""
    left = sorted(names)
    while left:
        run, todo = [], [left[0]]
        left = left[1:]
        while todo:
            line = scene.lines[todo.pop()]
            run.append(line.name)
            ends = {line.from_bus, line.to_bus}
            near = [
                n for n in left
                if ends & {scene.lines[n].from_bus, scene.lines[n].to_bus}
                and (scene.lines[n].line_code, scene.lines[n].from_nodes) == (line.line_code, line.from_nodes)
            ]  # fmt: skip
            left = [n for n in left if n not in near]
            todo += near
        yield sorted(run)


def _amps(scene: Scene, line: Line, code: LineCode | None) -> float:
    """Lowest rating of the seasons of a line, or of it with another line code [A]; 0 without one."""
    words = {scene.limits["lines"][w] for w in ("summer", "otherwise")} | {"normal"}
    own = scene.feeder.line_code[line.line_code]
    if code is None or code.name == own.name:
        found = [getattr(line, f"{w}_a") or getattr(own, f"{w}_a") for w in words]
    else:
        found = [getattr(code, f"{w}_a") for w in words]
    return min((a for a in found if a), default=0.0)


def _r(code: LineCode) -> float:
    return float(np.mean(np.diag(np.array(code.r_ohm_per_km))))


def _cable(code: LineCode) -> bool:
    return float(np.mean(np.diag(np.array(code.c_nf_per_km)))) > _CABLE_NF


def _is_cable(scene: Scene, line: Line) -> bool:
    own = scene.feeder.line_code[line.line_code]
    return line.placement == "underground" or (line.placement == "unknown" and _cable(own))


def _lv(scene: Scene, line: Line) -> bool:
    return scene.feeder.bus[line.from_bus].kv_ll <= _PRIMARY_KV


def _phases(line: Line) -> int:
    return len([n for n in line.from_nodes if 1 <= n <= 3])


def transformer(scene: Scene) -> Iterator[Offer]:
    """Each transformer that carries too much, with the next rating that does, all units of its bank alike."""
    done = set[str]()
    over = {o.name: o for o in scene.named("transformer")}
    for name, one in over.items():
        unit = scene.transformers[name]
        if name in done or unit.is_regulator:
            continue
        units = [t for t in scene.transformers.values() if t.bank == unit.bank] if unit.bank else [unit]
        done |= {t.name for t in units}
        loads = [over[t.name] for t in units if t.name in over]
        place = f"transformer {name}" if len(units) == 1 else f"bank {unit.bank}"
        yield _replaced(scene, units, max(o.needed * _kva(scene.transformers[o.name]) for o in loads), place, one)


def _replaced(scene: Scene, units: Sequence[Transformer], needed: float, place: str, one: Over) -> Offer:
    unit = scene.transformers[one.name]
    bus = unit.windings[0].bus
    phases = 1 if unit.phases == 1 else 3
    present = max(t.windings[0].kva for t in units)
    standard = STANDARD_KVA[50 if scene.feeder.frequency_hz < 55 else 60, phases]
    sizes = sorted({float(k) for k in scene.stock.get(phases, ())}) or [float(k) for k in standard]
    if not any(k >= needed and k > present for k in sizes):
        sizes = [float(k) for k in standard]
    size = next((k for k in sizes if k >= needed * (1 - 1e-9) and k > present), None)
    if size is None:
        reason = f"no standard rating carries the {needed:.0f} kVA that it would need"
        return Refused("transformer", scene.owner(bus), place, reason)
    steps = tuple({"replace_transformer": {"at": scene.asset(bus, t.name), "kva": size}} for t in units)
    count = len(units)
    return Measure(
        "transformer", scene.owner(bus), place, steps, size=f"{size:g} kVA" + (f" x {count}" if count > 1 else ""),
        amount=size, count=count, phases=phases,
    )  # fmt: skip


def _kva(unit: Transformer) -> float:
    return unit.normal_kva if unit.normal_kva is not None else unit.windings[0].kva


def battery(scene: Scene) -> Iterator[Offer]:
    """Behind the worst overloads above 1 kV, a battery of the power and energy that is beyond the limit."""
    for one in scene.over:
        edge = (one.kind, one.name)
        bus = scene.fed_by.get(edge, "")
        if not bus:
            continue
        if scene.feeder.bus[bus].kv_ll <= _PRIMARY_KV:
            reason = "batteries of the layer upgrades shave the peak of the whole feeder, not that of one transformer"
            yield Refused("battery", scene.owner(bus), f"{one.kind} {one.name}", reason)
            continue
        if scene.case.spec.get("states"):
            reason = "a battery needs the hours before and after; the states of a snapshot have none"
            yield Refused("battery", scene.owner(bus), f"bus {bus}", reason)
            continue
        kw, kwh = _excess(scene, one)
        place = f"bus {bus}"
        step: dict[str, Any] = {"add_battery": {"at": scene.asset(bus, bus), "kw": kw, "kwh": kwh}}
        yield Measure("battery", scene.owner(bus), place, (step,), size=f"{kw:g} kW, {kwh:g} kWh", amount=kwh, kw=kw)


def _excess(scene: Scene, one: Over) -> tuple[float, float]:
    """Power beyond the limit and the most energy of one stretch of hours beyond it, with some to spare [kW, kWh]."""
    found = scene.reduction
    row = found.series.index((one.kind, one.name))
    at, hour, value, limit = found.loading.thermal.joined()
    mine = at == row
    order = np.argsort(hour[mine])
    hours = hour[mine][order]
    kva = (value - limit)[mine][order] / one.pct * one.kva
    parts = np.split(kva, np.flatnonzero(np.diff(hours) > 1) + 1)
    kw = max(_NEAR_KW, _NEAR_KW * float(np.ceil(kva.max() * _SPARE / _NEAR_KW)))
    energy = max(float(part.sum()) for part in parts) * _SPARE * found.step_h
    return kw, max(kw, _NEAR_KW * float(np.ceil(energy / _NEAR_KW)))
