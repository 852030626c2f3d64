"""The checks of one feeder: what is wrong with it, as findings.

An ``error`` fails the feeder, since no honest power flow can be made of it; a ``warning`` is for a person to look at.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dtl.errors import Finding, Severity
from dtl.network import plausible
from dtl.network.clock import turn
from dtl.network.feeder import Feeder, Transformer
from dtl.network.topology import Edge, Topology, trace

MISMATCH = 0.15
"""Share by which a rated voltage may differ from the voltage base of its bus."""
ANGLE_DEG = 5.0
"""Angle by which the ends of a ring may differ; that between two sources may be one of load flow [deg]."""
_ROUNDED = 1e-2
"""Share of the largest resistance by which rounding may make an eigenvalue negative."""


def check(feeder: Feeder, topology: Topology | None = None) -> list[Finding]:
    """All findings of a feeder, in a fixed order."""
    found = list(_references(feeder))
    if any(f.severity == "error" for f in found):
        return found
    topology = topology or trace(feeder)
    for rule in (_sources, _islands, _loops, _turned, _phases, _lines, _voltages, _missing):
        found += rule(feeder, topology)
    return [*found, *plausible.check(feeder)]


def _finding(
    feeder: Feeder,
    check: str,
    severity: Severity,
    element: str,
    message: str,
    remedy: str,
    value: str = "",
    field: str = "",
) -> Finding:
    return Finding(
        check=check,
        severity=severity,
        message=message,
        feeder=feeder.id,
        element=element,
        field=field,
        value=value,
        remedy=remedy,
    )


def _references(feeder: Feeder) -> Iterator[Finding]:
    """Names that nothing bears."""
    bus, code = feeder.bus, feeder.line_code
    for element, field, name in _ends(feeder):
        if name not in bus:
            text = "the bus does not exist in this feeder"
            cure = "Add the bus with a voltage base, or correct the name."
            yield _finding(feeder, "network.unknown-bus", "error", element, text, cure, name, field)
    for line in feeder.lines:
        element = f"line.{line.name}"
        if line.line_code not in code:
            cure = "Add the line code, or give the line one that exists."
            text = "the line code does not exist"
            yield _finding(
                feeder, "network.unknown-line-code", "error", element, text, cure, line.line_code, "line_code"
            )
        elif len(code[line.line_code].r_ohm_per_km) != len(line.from_nodes):
            size = f"{len(code[line.line_code].r_ohm_per_km)} conductors, the line {len(line.from_nodes)}"
            text = "the line code has another number of conductors than the line"
            cure = "Give the line a code of its number of phases."
            yield _finding(feeder, "network.line-code-size", "error", element, text, cure, size, "line_code")
    transformers = {t.name: t for t in feeder.transformers}
    for regulator in feeder.regulators:
        if regulator.transformer not in transformers:
            text = "the regulator moves the tap of a transformer that does not exist"
            element = f"regulator.{regulator.name}"
            cure = "Correct the name, or take the regulator out."
            yield _finding(
                feeder,
                "network.unknown-transformer",
                "error",
                element,
                text,
                cure,
                regulator.transformer,
                "transformer",
            )
    for capacitor in feeder.capacitors:
        control = capacitor.control
        if control is not None and feeder.part(control.element) is None:
            text = "the control of the capacitor measures an element that does not exist"
            cure = "Correct the name, or take the control out."
            element = f"capacitor.{capacitor.name}"
            yield _finding(feeder, "network.unknown-element", "error", element, text, cure, control.element, "control")


def _ends(feeder: Feeder) -> Iterator[tuple[str, str, str]]:
    for source in feeder.sources:
        yield f"source.{source.name}", "bus", source.bus
    for kind, branches in (("line", feeder.lines), ("switch", feeder.switches)):
        for branch in branches:
            yield f"{kind}.{branch.name}", "from_bus", branch.from_bus
            yield f"{kind}.{branch.name}", "to_bus", branch.to_bus
    for transformer in feeder.transformers:
        for i, winding in enumerate(transformer.windings, 1):
            yield f"transformer.{transformer.name}", f"winding {i}", winding.bus
    for kind, shunts in (
        ("load", feeder.loads),
        ("capacitor", feeder.capacitors),
        ("reactor", feeder.reactors),
        ("generator", feeder.generators),
        ("storage", feeder.storages),
    ):
        for shunt in shunts:
            yield f"{kind}.{shunt.name}", "bus", shunt.bus


def _sources(feeder: Feeder, topology: Topology) -> Iterator[Finding]:
    if not feeder.sources:
        cure = "Give the feeder a head node and a source, or leave it out of `feeders`."
        yield _finding(feeder, "network.no-source", "error", "", "nothing feeds the feeder", cure)
    elif not topology.order:
        yield _finding(feeder, "network.no-source", "error", "", "the source is at no bus", "Correct its bus.")
    for source in feeder.sources:
        if source.phases == 3 and source.r0_ohm < 0:
            text = "the zero-sequence resistance of the source is negative: its fault current of one phase is too large"
            value = f"{source.r0_ohm:g} + {source.x0_ohm:g}j ohm"
            cure = "State the fault current of one phase beside that of three (OpenDSS: `MVAsc1` or `Isc1`)."
            name = f"source.{source.name}"
            yield _finding(feeder, "network.negative-zero-sequence", "warning", name, text, cure, value)


def _islands(feeder: Feeder, topology: Topology) -> Iterator[Finding]:
    if not topology.order:
        return
    loaded: dict[str, float] = {}
    for load in feeder.loads:
        loaded[load.bus] = loaded.get(load.bus, 0.0) + abs(load.kw) * load.enabled
    plants = [p for p in (*feeder.generators, *feeder.storages) if p.enabled]
    for island in topology.islands:
        kw = sum(loaded.get(b, 0.0) for b in island)
        buses = ", ".join(island[:5]) + (" ..." if len(island) > 5 else "")
        many = "1 bus" if len(island) == 1 else f"{len(island)} buses"
        is_or_are = "is" if len(island) == 1 else "are"
        text = f"{many} with {kw:g} kW of load {is_or_are} not connected to the source: {buses}"
        if cut_off := sorted(p.name for p in plants if p.bus in set(island)):
            named = ", ".join(cut_off[:5]) + (" ..." if len(cut_off) > 5 else "")
            plural = "plant, which gives" if len(cut_off) == 1 else "plants, which give"
            text += f"; with {'it' if len(island) == 1 else 'them'} {len(cut_off)} {plural} nothing: {named}"
        cure = "Close a switch, add the missing line, or waive it: the island is then left out."
        severity: Severity = "error" if kw > 0 else "warning"
        yield _finding(feeder, "network.island", severity, f"bus.{island[0]}", text, cure, many)


def _loops(feeder: Feeder, topology: Topology) -> Iterator[Finding]:
    for loop in topology.loops:
        names = ", ".join(".".join(p) for p in loop.parts[:6]) + (" ..." if len(loop.parts) > 6 else "")
        text = f"the feeder is not radial: {len(loop.parts)} parts form a ring ({names})"
        cure = "Open a switch of the ring where the feeder is meant to be radial."
        yield _finding(feeder, "network.loop", "warning", ".".join(loop.closing), text, cure)


def _turned(feeder: Feeder, topology: Topology) -> Iterator[Finding]:
    """Rings around which transformers turn the voltage by more or less than a whole turn: it would drive currents."""
    if not topology.loops:
        return
    turns = _Turns(feeder)
    hour: dict[str, float | None] = {s.bus: -s.angle_deg / 30.0 for s in feeder.sources}
    for bus in topology.order:
        if bus in topology.parent:
            above, edge = topology.parent[bus]
            start, step = hour[above], turns.of(edge, above, bus)
            hour[bus] = None if start is None or step is None else start + step
    for loop in topology.loops:
        for edge, a, b in ((e, *ends) for e in loop.parts for ends in turns.ends(e)):
            start, end, step = hour.get(a), hour.get(b), turns.of(edge, a, b)
            if start is None or end is None or step is None:
                continue
            off = 30.0 * ((start + step - end + 6.0) % 12.0 - 6.0)
            if abs(off) > ANGLE_DEG:
                names = ", ".join(".".join(p) for p in loop.parts if p[0] == "transformer") or "none"
                text = f"closes a ring of voltages that are {abs(off):.0f} degrees apart; its transformers: {names}"
                cure = "Correct a vector group, a phase shift or the angle of a source, or open a switch of the ring."
                yield _finding(feeder, "network.ring-turned", "error", ".".join(edge), text, cure, f"{off:.0f} degrees")


class _Turns:
    """The hours by which voltage lags across each part; None where that is not known."""

    def __init__(self, feeder: Feeder):
        straight = [("line", p) for p in feeder.lines] + [("switch", p) for p in feeder.switches]
        self._straight = {(k, p.name): (p.from_bus, p.to_bus, p.from_nodes == p.to_nodes) for k, p in straight}
        self._units = {("transformer", t.name): t for t in feeder.transformers}

    def ends(self, edge: Edge) -> list[tuple[str, str]]:
        """The pairs of buses that a part joins."""
        if edge in self._units:
            first, *others = self._units[edge].windings
            return [(first.bus, w.bus) for w in others if w.bus != first.bus]
        return [self._straight[edge][:2]] if edge in self._straight else []

    def of(self, edge: Edge, a: str, b: str) -> int | None:
        """The hours by which bus b lags bus a, which a part joins."""
        if edge not in self._units:
            return 0 if edge in self._straight and self._straight[edge][2] else None
        unit = self._units[edge]
        buses = [w.bus for w in unit.windings]
        if buses[0] not in (a, b):
            return None
        hours = turn(unit, buses.index(b if buses[0] == a else a))
        return hours if hours is None or buses[0] == a else -hours


def _phases(feeder: Feeder, topology: Topology) -> Iterator[Finding]:
    for edge, nodes in topology.unfed:
        phases = "".join("?ABC"[n] for n in nodes)
        text = f"uses phase {phases}, which does not arrive at its bus"
        cure = "Correct the phases of this element, or those of the lines before it."
        yield _finding(feeder, "network.phase-missing", "error", ".".join(edge), text, cure, phases, "phases")
    for load in feeder.loads:
        dead = sorted(topology.dead.get(load.bus, set()) & set(load.nodes))
        if dead and load.enabled:
            phases = "".join("?ABC"[n] if n < 4 else str(n) for n in dead)
            text = f"is on phase {phases}, which an open pole cuts off"
            yield _finding(
                feeder, "network.phase-open", "warning", f"load.{load.name}", text, "Close the pole.", phases
            )


def _lines(feeder: Feeder, topology: Topology) -> Iterator[Finding]:
    for code in feeder.line_codes:
        for i, (r, x) in enumerate(zip(code.r_ohm_per_km, code.x_ohm_per_km, strict=True)):
            if x[i] < 0 or (x[i] == 0 and r[i] == 0):
                text = "a conductor has no impedance, or a negative reactance"
                cure = "Correct the impedances of the line code."
                value = f"r={r[i]:g} x={x[i]:g} ohm/km"
                yield _finding(
                    feeder, "network.negative-impedance", "error", f"line_code.{code.name}", text, cure, value
                )
                break
        else:
            ohms = np.array(code.r_ohm_per_km, np.float64)
            least = float(np.linalg.eigvalsh((ohms + ohms.T) / 2.0)[0])
            if least < -_ROUNDED * np.abs(ohms).max():
                text = "the resistances make power: of some currents the losses are negative"
                cure = "Correct the impedances of the line code, e.g. the sign of r1 or r0."
                value = f"lowest eigenvalue of r {least:.3g} ohm/km"
                yield _finding(
                    feeder, "network.negative-impedance", "error", f"line_code.{code.name}", text, cure, value
                )


def _voltages(feeder: Feeder, topology: Topology) -> Iterator[Finding]:
    for kind, branches in (("line", feeder.lines), ("switch", feeder.switches)):
        for branch in branches:
            a, b = feeder.bus[branch.from_bus].kv_ln, feeder.bus[branch.to_bus].kv_ln
            if branch.enabled and abs(a - b) > 0.01 * max(a, b):
                text = "joins buses of different voltage"
                cure = "Put a transformer between them, or correct the voltage bases."
                value = f"{a:g} and {b:g} kV"
                yield _finding(feeder, "network.base-jump", "error", f"{kind}.{branch.name}", text, cure, value)
    for kind, shunts in (("load", feeder.loads), ("capacitor", feeder.capacitors)):
        for shunt in shunts:
            bus = feeder.bus[shunt.bus]
            base = bus.kv_ll if shunt.phases > 1 or shunt.connection == "delta" or _across(shunt.nodes) else bus.kv_ln
            if abs(shunt.kv / base - 1.0) > MISMATCH:
                text = f"has a rated voltage that does not fit its bus, whose base is {base:g} kV"
                yield _finding(
                    feeder,
                    "network.kv-mismatch",
                    "warning",
                    f"{kind}.{shunt.name}",
                    text,
                    "Check it.",
                    f"{shunt.kv:g}",
                    "kv",
                )
    for transformer in feeder.transformers:
        yield from _windings(feeder, transformer)


def _across(nodes: tuple[int, ...]) -> bool:
    return len([n for n in nodes if n]) > 1


def _windings(feeder: Feeder, transformer: Transformer) -> Iterator[Finding]:
    for i, winding in enumerate(transformer.windings, 1):
        bus = feeder.bus[winding.bus]
        across = transformer.phases > 1 or _across(winding.nodes)
        base = bus.kv_ll if across else bus.kv_ln
        if abs(winding.kv / base - 1.0) > MISMATCH:
            text = f"winding {i} has a rated voltage that does not fit its bus, whose base is {base:g} kV"
            element, value = f"transformer.{transformer.name}", f"{winding.kv:g}"
            yield _finding(
                feeder, "network.kv-mismatch", "warning", element, text, "Check it.", value, f"winding {i} kv"
            )
        if not winding.min_tap_pu - 1e-9 <= winding.tap_pu <= winding.max_tap_pu + 1e-9:
            text = f"the tap of winding {i} lies outside {winding.min_tap_pu:g} to {winding.max_tap_pu:g}"
            element, value = f"transformer.{transformer.name}", f"{winding.tap_pu:g}"
            yield _finding(feeder, "network.tap-outside", "warning", element, text, "Check it.", value, "tap_pu")


def _missing(feeder: Feeder, topology: Topology) -> Iterator[Finding]:
    rated = {c.name for c in feeder.line_codes if c.normal_a}
    bare = [p.name for p in feeder.lines if p.normal_a is None and p.line_code not in rated]
    if bare:
        text = f"{len(bare)} of {len(feeder.lines)} lines have no rating: no loading is computed for them"
        cure = "State ratings in the source (for CYME: `ratings`)."
        yield _finding(
            feeder, "network.no-rating", "info", f"line.{bare[0]} ...", text, cure, str(len(bare)), "normal_a"
        )
    placeless = [b.name for b in feeder.buses if b.x is None]
    if placeless:
        text = f"{len(placeless)} of {len(feeder.buses)} buses have no coordinates: the map leaves them out"
        cure = "Add coordinates to the source."
        element = f"bus.{placeless[0]} ..."
        yield _finding(feeder, "network.no-coordinates", "info", element, text, cure, str(len(placeless)), "x, y")
    if not any(load.enabled for load in feeder.loads):
        yield _finding(feeder, "network.no-load", "warning", "", "the feeder has no load", "Check the load file.")
