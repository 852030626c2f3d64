"""The works of the layer ``upgrades``: each makes another feeder of one, and tells what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dtl.errors import SolveError
from dtl.network.conductors import CONDUCTORS, line_code
from dtl.network.feeder import Bus, Capacitor, Line, LineCode, Transformer
from dtl.network.topology import Topology, trace
from dtl.scenarios.edited import fed, found, letters, nodes_of, split, swapped, with_parts
from dtl.scenarios.edited_batteries import add_battery
from dtl.scenarios.edited_phases import move_phase
from dtl.scenarios.edited_regulators import add_regulator, set_regulator
from dtl.scenarios.edited_work import Done, Work, absent
from dtl.spec.base import near

__all__ = ["WORKS", "Done", "Work"]


def rebuild_line(work: Work) -> Done:
    """A line with another conductor or other phases; buses at its far end gain the phases that it brings."""
    names = _names(work)
    line = _line(work, names)
    if line is None:
        return absent(*names)
    topology = trace(work.feeder)
    near_bus, far = _ends(line, topology)
    now = tuple(n for n in line.from_nodes if 1 <= n <= 3)
    nodes = nodes_of(str(work.words["phases"])) if "phases" in work.words else now
    alive = fed(work.feeder, topology, near_bus)
    if missing := set(nodes) - set(alive):
        raise SolveError(
            f"layer '{work.layer}': line '{line.name}' cannot have phases {letters(nodes)}: bus '{near_bus}', which "
            f"feeds it, has {letters(alive)} and no {letters(sorted(missing))}"
        )
    code = _code(work, line, len(nodes))
    own = {"normal_a": None, "summer_a": None, "winter_a": None, "emergency_a": None}
    changed = line.model_copy(
        update={"from_nodes": nodes, "to_nodes": nodes, "line_code": code.name}
        | (own if code.name != line.line_code else {})
    )
    feeder = work.feeder
    bus = feeder.bus[far]
    gained = bus.model_copy(update={"nodes": tuple(sorted({*bus.nodes, *nodes}))})
    codes = feeder.line_codes if code.name in feeder.line_code else (*feeder.line_codes, code)
    fields = {"lines": swapped(feeder.lines, changed), "buses": swapped(feeder.buses, gained), "line_codes": codes}
    told = (f"rebuild_line {line.name}", f"{letters(nodes)} {code.name}, was {letters(now)} {line.line_code}", "")
    return Done(with_parts(feeder, **fields), (told,), tuple((what, name, True) for what, name in names))


def _names(work: Work) -> list[tuple[str, str]]:
    """What a rebuilt line is looked for by: its name, or its two buses, of which the first may name the feeder."""
    if "line" in work.words:
        return [("line", str(work.words["line"]))]
    one, other = str(work.words["from"]), str(work.words["to"])
    prefix = split(one)[0] if not split(other)[0] else ""
    return [("bus", one), ("bus", f"{prefix}:{other}" if prefix else other)]


def _line(work: Work, names: list[tuple[str, str]]) -> Line | None:
    if "line" in work.words:
        part = found(work.feeder, *names[0])
        return part if isinstance(part, Line) else None
    one, other = (found(work.feeder, *name) for name in names)
    if one is None or other is None:
        return None
    between = [p for p in work.feeder.lines if p.enabled and {p.from_bus, p.to_bus} == {one.name, other.name}]
    if not between:
        text = f"layer '{work.layer}': no line joins the buses '{one.name}' and '{other.name}'"
        next_to = sorted({b for p in work.feeder.lines for b in (p.from_bus, p.to_bus)
                          if one.name in (p.from_bus, p.to_bus)} - {one.name})  # fmt: skip
        raise SolveError(text + (f"; lines lead from '{one.name}' to {', '.join(next_to)}" if next_to else ""))
    return between[0]


def _ends(line: Line, topology: Topology) -> tuple[str, str]:
    """The bus of a line that is nearer to the head, and the other."""
    above = topology.parent.get(line.from_bus)
    backwards = above is not None and above[1] == ("line", line.name)
    return (line.to_bus, line.from_bus) if backwards else (line.from_bus, line.to_bus)


def _code(work: Work, line: Line, phases: int) -> LineCode:
    """The line code of a rebuilt line: that of the study's word, of the feeder or the catalogue; else its own."""
    codes = work.feeder.line_code
    sized = {n: c for n, c in codes.items() if len(c.r_ohm_per_km) == phases}
    wanted = work.words.get("conductor")
    if wanted is None:
        if line.line_code in sized:
            return codes[line.line_code]
        raise SolveError(
            f"layer '{work.layer}': line '{line.name}' with {phases} phases needs a 'conductor': its line code is of "
            f"{len(codes[line.line_code].r_ohm_per_km)}{near('', {*sized, *CONDUCTORS})}"
        )
    by_name = {n.lower(): c for n, c in sized.items()}
    if (known := by_name.get(str(wanted).lower())) is not None:
        return known
    if str(wanted).lower() in CONDUCTORS:
        return line_code(str(wanted).lower(), phases, work.feeder.frequency_hz)
    other = f" of {phases} phases" if wanted in codes else ""
    known_ones = near(str(wanted), {*sized, *CONDUCTORS})
    raise SolveError(f"layer '{work.layer}': there is no conductor '{wanted}'{other}{known_ones}")


def replace_transformer(work: Work) -> Done:
    """A transformer, or the units of a bank together, with another rating and the impedance per cent as before."""
    at, kva = str(work.words["at"]), float(work.words["kva"])
    one = found(work.feeder, "transformer", at)
    bank = split(at)[1].lower()
    units = [one] if isinstance(one, Transformer) else [t for t in work.feeder.transformers if t.bank.lower() == bank]
    if not units:
        return absent(("transformer", at))
    was = sum(t.windings[0].kva for t in units)
    ratio = kva / was
    changed = [
        t.model_copy(
            update={
                "windings": tuple(w.model_copy(update={"kva": w.kva * ratio}) for w in t.windings),
                "normal_kva": t.normal_kva and t.normal_kva * ratio,
                "emergency_kva": t.emergency_kva and t.emergency_kva * ratio,
            }
        )
        for t in units
    ]
    feeder = with_parts(work.feeder, transformers=swapped(work.feeder.transformers, *changed))
    told = (f"replace_transformer {at}", f"{kva:g}, was {was:g}; impedance per cent as before", "kVA")
    return Done(feeder, (told,), (("transformer", at, True),))


def add_capacitor(work: Work) -> Done:
    """A capacitor bank without a control, always on."""
    at, kvar = str(work.words["at"]), float(work.words["kvar"])
    bus = found(work.feeder, "bus", at)
    if not isinstance(bus, Bus):
        return absent(("bus", at))
    alive = fed(work.feeder, trace(work.feeder), bus.name)
    nodes = nodes_of(str(work.words.get("phases", "ABC")))
    if missing := set(nodes) - set(alive):
        raise SolveError(
            f"layer '{work.layer}': bus '{bus.name}' has phases {letters(alive)} and no {letters(sorted(missing))}"
        )
    names = {p.name for p in work.feeder.capacitors}
    name = next(n for i in range(1, len(names) + 2) if (n := f"added:{bus.name}:{i}") not in names)
    single = len(nodes) == 1
    part = Capacitor(
        name=name, bus=bus.name, nodes=nodes, phases=3 if len(nodes) == 3 else 1, kvar=(kvar,),
        connection="delta" if len(nodes) == 2 else "wye", kv=bus.kv_ln if single else bus.kv_ll,
    )  # fmt: skip
    told = (f"add_capacitor {bus.name}", f"{kvar:g} on {letters(nodes)}, always on", "kvar")
    return Done(with_parts(work.feeder, capacitors=(*work.feeder.capacitors, part)), (told,), (("bus", at, True),))


def set_tap(work: Work) -> Done:
    """The tap of a transformer: of the winding that its regulator moves, else of the high-voltage winding."""
    at, tap = str(work.words["at"]), int(work.words["tap"])
    unit = found(work.feeder, "transformer", at)
    if not isinstance(unit, Transformer):
        return absent(("transformer", at))
    moved = next((r.winding - 1 for r in work.feeder.regulators if r.transformer == unit.name), None)
    which = moved if moved is not None else 1 if unit.is_regulator else 0
    w = unit.windings[which]
    pu = 1.0 + tap * (w.max_tap_pu - w.min_tap_pu) / w.taps if w.taps else 1.0
    if not w.min_tap_pu - 1e-9 <= pu <= w.max_tap_pu + 1e-9:
        raise SolveError(
            f"layer '{work.layer}': tap {tap} of transformer '{unit.name}' is {pu:.5g} pu, outside of its "
            f"{w.min_tap_pu:g} to {w.max_tap_pu:g} in {w.taps} steps"
        )
    windings = tuple(x.model_copy(update={"tap_pu": pu}) if i == which else x for i, x in enumerate(unit.windings))
    changed = unit.model_copy(update={"windings": windings})
    feeder = with_parts(work.feeder, transformers=swapped(work.feeder.transformers, changed))
    told = (f"set_tap {unit.name}", f"{pu:.6g} at winding {which + 1}, was {w.tap_pu:.6g}", "pu")
    return Done(feeder, (told,), (("transformer", at, True),))


WORKS: Mapping[str, Callable[[Work], Done]] = {
    "rebuild_line": rebuild_line,
    "replace_transformer": replace_transformer,
    "add_regulator": add_regulator,
    "add_capacitor": add_capacitor,
    "set_regulator": set_regulator,
    "set_tap": set_tap,
    "move_phase": move_phase,
    "add_battery": add_battery,
}
"""The function of each work."""
