"""Regulators: their settings, and new ones before a bus."""

from __future__ import annotations

from typing import Any

from dtl.errors import SolveError
from dtl.network.feeder import Bus, Feeder, Line, Regulator, Transformer, Winding
from dtl.network.topology import Edge, trace
from dtl.scenarios.edited import FIELDS, fed, found, free, grounded, letters, split, swapped, with_parts
from dtl.scenarios.edited_work import Done, Work, absent

BASE_V = 120.0
_SAME = 0.02
"""Deviation of the nominal voltage behind a voltage transformer from 120 V up to which it counts as 120 V."""
_ADDED_KVA = 1667.0
"""Rating of an added unit where its line states none [kVA]."""


def chosen(feeder: Feeder, name: str) -> list[Regulator]:
    """The regulators of a name: their own, that of their transformer or its bank, or that of a bus where they stand."""
    own = split(name)[1].lower()
    bus = found(feeder, "bus", name)
    at = bus.name if bus is not None else ""
    units = {
        t.name
        for t in feeder.transformers
        if own in (t.name.lower(), t.bank.lower()) or (at and at in [w.bus for w in t.windings])
    }
    return [r for r in feeder.regulators if r.name.lower() == own or r.transformer in units]


def volts(part: Regulator, feeder: Feeder, on_120: float) -> float:
    """A voltage on the 120 V base as a setting of a regulator, whose voltage transformer may have another base."""
    unit = next(t for t in feeder.transformers if t.name == part.transformer)
    winding = unit.windings[part.winding - 1]
    watched = feeder.bus.get(part.monitored_bus.rpartition(".")[0] or part.monitored_bus) or feeder.bus[winding.bus]
    nominal = 1e3 * (watched.kv_ll if winding.connection == "delta" else watched.kv_ln) / part.pt_ratio
    return on_120 if abs(nominal / BASE_V - 1.0) <= _SAME else on_120 * nominal / BASE_V


def set_regulator(work: Work) -> Done:
    """Regulators with another set-point."""
    at, target = str(work.words["at"]), float(work.words["volts"])
    units = chosen(work.feeder, at)
    if not units:
        return absent(("regulator", at))
    changed = [r.model_copy(update={"set_v": volts(r, work.feeder, target)}) for r in units]
    feeder = with_parts(work.feeder, regulators=swapped(work.feeder.regulators, *changed))
    was = ", ".join(f"{v:g}" for v in sorted({r.set_v for r in units}))
    told = (f"set_regulator {at}", f"{target:g} for {len(units)} regulators, was {was}", "V")
    return Done(feeder, (told,), (("regulator", at, True),))


def add_regulator(work: Work) -> Done:
    """A step-voltage regulator of +-10 % in 32 steps at a bus: one unit a phase, in the part that feeds the bus."""
    at = str(work.words["at"])
    place, line = found(work.feeder, "bus", at), found(work.feeder, "line", at)
    topology = trace(work.feeder)
    if place is None and isinstance(line, Line):
        fed_by_it = [b for b, (_, edge) in topology.parent.items() if edge == ("line", line.name)]
        place = work.feeder.bus[fed_by_it[0]] if fed_by_it else None
    if not isinstance(place, Bus):
        return absent(("bus", at))
    nodes = fed(work.feeder, topology, place.name)
    if place.name not in topology.parent or not nodes or not grounded(work.feeder, topology, place.name):
        raise SolveError(
            f"layer '{work.layer}': bus '{place.name}' takes no regulator: it must be fed by a line or transformer, "
            "with ground as a reference"
        )
    edge = topology.parent[place.name][1]
    before = Bus.model_validate(place.model_dump() | {"name": free(work.feeder, "buses", f"{place.name}:reg")})
    feeder = _aside(work.feeder, edge, place.name, before.name)
    units = [_unit(work, n, before.name, place, _kva(work.feeder, edge, place)) for n in nodes]
    feeder = with_parts(
        feeder,
        buses=(*feeder.buses, before),
        transformers=(*feeder.transformers, *(t for t, _ in units)),
        regulators=(*feeder.regulators, *(r for _, r in units)),
    )
    told = (f"add_regulator {place.name}", f"{work.words.get('set_volts', 122.0):g} on {letters(nodes)}, 32 steps", "V")
    return Done(feeder, (told,), (("bus", at, True),))


def _unit(work: Work, node: int, before: str, place: Bus, kva: float) -> tuple[Transformer, Regulator]:
    name = free(work.feeder, "transformers", f"added:{place.name}:{letters((node,))}")
    same: dict[str, Any] = {"nodes": (node, 0), "connection": "wye", "kv": place.kv_ln, "kva": kva, "r_pct": 0.0005}
    windings = (Winding(bus=before, **same), Winding(bus=place.name, **same))
    unit = Transformer(
        name=name, phases=1, windings=windings, xhl_pct=0.001, bank=f"added:{place.name}", is_regulator=True
    )
    control = Regulator(
        name=name, transformer=name, winding=2, set_v=float(work.words.get("set_volts", 122.0)), band_v=2.0,
        pt_ratio=1e3 * place.kv_ln / BASE_V, delay_s=30.0,
    )  # fmt: skip
    return unit, control


def _kva(feeder: Feeder, edge: Edge, bus: Bus) -> float:
    """Rating of a unit: that of the line before it [kVA]."""
    line = next((p for p in feeder.lines if edge == ("line", p.name)), None)
    amperes = line and (line.normal_a or feeder.line_code[line.line_code].normal_a)
    return amperes * bus.kv_ln if amperes else _ADDED_KVA


def _aside(feeder: Feeder, edge: Edge, bus: str, other: str) -> Feeder:
    """The feeder in which a part ends at another bus than it did."""
    kind, name = edge
    field = FIELDS.get(kind, "reactors")
    part: Any = next(p for p in getattr(feeder, field) if p.name == name)
    if kind == "transformer":
        windings = tuple(w.model_copy(update={"bus": other}) if w.bus == bus else w for w in part.windings)
        update: dict[str, Any] = {"windings": windings}
    else:
        update = {word: other for word in ("from_bus", "to_bus", "bus") if getattr(part, word, None) == bus}
    return feeder.model_copy(update={field: swapped(getattr(feeder, field), part.model_copy(update=update))})
