"""The sections of one CYME feeder: buses, the devices in series on each section, and voltage bases.

A section can carry several devices. Their order is: what stands at the From side, what stands in the middle, the line,
what stands at the To side; between two devices an extra bus is made, ``<section>__1``. A section without any device in
series is a connection without impedance: a switch of the type ``jumper``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from dtl.errors import first_fault
from dtl.network.feeder import Branch, Bus, Line, LineCode, Part, Reactor, Switch, Transformer
from dtl.sources.cyme_catalog import Catalog, UnusableError
from dtl.sources.cyme_codes import PLACES, SIDES, nodes_of, phases_of, state_of
from dtl.sources.cyme_tables import Row, Tables
from dtl.sources.reading import KIND, Reading, plain

LINES = {
    "OVERHEAD BYPHASE SETTING": (),
    "OVERHEADLINEUNBALANCED SETTING": ("LINE UNBALANCED",),
    "OVERHEADLINE SETTING": ("LINE",),
    "UNDERGROUNDLINE SETTING": ("CABLE", "CONCENTRIC NEUTRAL CABLE"),
    "LINE CONFIGURATION": ("LINE", "CABLE", "CONCENTRIC NEUTRAL CABLE"),
}
"""Blocks of lines, and the equipment they name."""

RATED = ("normal_a", "summer_a", "winter_a", "emergency_a")
MOST_SHARE = 2.0
"""The greatest factor that is a share of one; greater ones are per cent."""

RANK = (0, 1, 3)
"""Rank of a device in series by its place on the section; a line ranks 2."""


@dataclass(frozen=True)
class Span:
    """One piece of a section: between two buses, on some phases."""

    section: str
    start: str
    end: str
    phases: str


@dataclass
class Circuit:
    """What is known of one feeder while it is made."""

    reading: Reading
    catalog: Catalog
    tables: Tables
    feeder: str
    nodes: dict[str, set[int]] = field(default_factory=dict)
    base_kv_ln: dict[str, float] = field(default_factory=dict)
    place: dict[str, tuple[float, float]] = field(default_factory=dict)
    middle: dict[str, str] = field(default_factory=dict)
    ends: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    codes: dict[str, LineCode] = field(default_factory=dict)
    off: list[Row] = field(default_factory=list)
    """Rows of customers with power that are disconnected."""
    own: list[Row] = field(default_factory=list)
    """Lines that state other ratings than their equipment."""
    models: list[Row] = field(default_factory=list)
    """Rows of customers with power of load models that are not taken."""
    bare: list[Row] = field(default_factory=list)
    """Load devices without any customer."""
    tap_changers: str = ""
    """The unit of the set points of load tap changers, if the study says it."""
    load_model: str = ""
    """The id of the load model DEFAULT, if the files name it."""
    unallocated: list[Row] = field(default_factory=list)
    """Rows of customers with connected power or energy, and no power."""
    neutrals: dict[str, int] = field(default_factory=dict)
    """How many star points of a bus have a node of their own."""
    made: list[Part] = field(default_factory=list)
    """The parts of the device that is being made."""

    def add(self, row: Row, part: Part) -> str:
        """Put a part in, under a name of its own; returns it as ``kind.name``."""
        kind = KIND[type(part)]
        if (kind, part.name) in self.reading.parts.get(self.feeder, {}):
            suffix = row.block.split()[0].lower()
            part = part.model_copy(update={"name": f"{part.name}__{suffix}"})
        if self.reading.add(self.feeder, part):
            self.made.append(part)
            self.reading.place(self.feeder, kind, part.name, row.file, row.line or 0)
        row.target = row.target or f"{kind}.{part.name}"
        row.feeder = self.feeder
        return f"{kind}.{part.name}"

    def coded(self, code: LineCode) -> str:
        """Put a line code in, and its name: equipment of one name in two blocks has two."""
        named, n = code, 1
        while (known := self.codes.setdefault(named.name, named)) is not named and known != named:
            n += 1
            named = code.model_copy(update={"name": f"{code.name}_{n}"})
        return named.name

    def touch(self, bus: str, nodes: Iterable[int]) -> None:
        """Note that some nodes exist at a bus."""
        self.nodes.setdefault(bus, set()).update(n for n in nodes if n > 0)

    def neutral(self, bus: str) -> int:
        """A node of its own for a star point that is not grounded solidly."""
        self.neutrals[bus] = count = self.neutrals.get(bus, 0) + 1
        self.touch(bus, [3 + count])
        return 3 + count

    def fault(self, row: Row, err: Exception) -> None:
        """Turn what makes a device unusable into a finding that fails the feeder."""
        row.feeder, row.reason = self.feeder, str(err)
        if isinstance(err, UnusableError):
            check, field_, value, remedy = err.check, err.field, err.value, err.remedy
        elif isinstance(err, ValidationError):
            field_, given, row.reason = first_fault(err)
            check, value, remedy = "cyme.bad-value", str(given)[:60], "Correct the value."
        else:
            field_, _, value = str(err).partition("=")
            check, remedy, row.reason = "cyme.bad-value", "Correct the value.", "the value cannot be read"
        self.reading.find(
            check, "error", row.reason, feeder=self.feeder, file=row.file, line=row.line, element=row.thing,
            field=field_, value=value, remedy=remedy,
        )  # fmt: skip


Maker = Callable[[Circuit, Row, Span], None]


def build_section(circuit: Circuit, row: Row, series: list[tuple[Row, Maker]], split: bool) -> None:
    """Make the devices of one section; `split` asks for a bus in the middle of its line."""
    name = row.text("SectionID")
    start, end = plain(row.text("FromNodeID")), plain(row.text("ToNodeID"))
    phases = phases_of(row.text("Phase", default="ABC"))
    if not start or not end or start == end or not phases:
        text = "the section has no phase" if not phases else "the section does not join two nodes"
        raise UnusableError("cyme.bad-section", text, "FromNodeID", row.text("FromNodeID"), "Correct the section.")
    row.target, row.feeder = f"section {name}", circuit.feeder
    chain = sorted(series, key=lambda s: 2 if s[0].block in LINES else RANK[place_of(circuit, s[0], 1)])
    chain = _once(circuit, chain)
    near = [start, *(f"{plain(name)}__{i}" for i in range(1, len(chain))), end]
    for bus in near[1:-1]:
        _between(circuit, bus, start, end)
    circuit.ends[name] = (start, end, phases)
    for (device, make), a, b in zip(chain, near, near[1:], strict=False):
        span = Span(name, a, b, phases)
        try:
            if split and device.block in LINES and name not in circuit.middle and device.number("Length") > 0:
                circuit.middle[name] = f"{plain(name)}__mid"
                _between(circuit, circuit.middle[name], a, b)
            _state(circuit, device, span, make)
        except (UnusableError, ValidationError, ValueError) as err:
            circuit.fault(device, err)
    if not chain:
        jumper(circuit, row, Span(name, start, end, phases), plain(name))


def _state(circuit: Circuit, device: Row, span: Span, make: Maker) -> None:
    """Make a device as its ConnectionStatus says: 0 connected, 1 disconnected, 2 bypassed."""
    status = device.text("ConnectionStatus")
    state = state_of(status)
    if state == "connected":
        circuit.made.clear()
        make(circuit, device, span)
        _carried(circuit, device, span)
        return
    text = (
        "is disconnected: an open switch stands for it"
        if state == "disconnected"
        else "is bypassed: a closed switch stands for it"
    )
    circuit.reading.find(
        "cyme.not-connected", "warning", text, feeder=circuit.feeder, file=device.file, line=device.line,
        element=device.thing, field="ConnectionStatus", value=status, remedy="Nothing, if that is the state you study.",
    )  # fmt: skip
    jumper(circuit, device, span, plain(device.text("DeviceNumber", default=span.section)), closed=state == "bypassed")


def _carried(circuit: Circuit, device: Row, span: Span) -> None:
    """Find the phases of a section that its device carries to neither end."""
    reached: set[int] = set()
    for part in circuit.made:
        if isinstance(part, Branch):
            reached.update(part.from_nodes)
        elif isinstance(part, Transformer):
            reached.update(n for w in part.windings for n in w.nodes)
        elif isinstance(part, Reactor):
            reached.update(part.nodes)
    lost = "".join(p for p in span.phases if nodes_of(p)[0] not in reached)
    if lost:
        circuit.reading.find(
            "cyme.phase-lost", "error", f"carries not all phases of its section, {span.phases}: the others end here",
            feeder=circuit.feeder, file=device.file, line=device.line, element=device.thing, field="Phase", value=lost,
            remedy="Correct the phases of the section, or those of the device.",
        )  # fmt: skip


def _once(circuit: Circuit, chain: list[tuple[Row, Maker]]) -> list[tuple[Row, Maker]]:
    """The devices of a section without those that stand there again, which are errors; a section has one line."""
    found: dict[tuple[str, str], tuple[Row, Maker]] = {}
    for i, (device, make) in enumerate(chain):
        key = ("line", "") if device.block in LINES else (device.block, device.text("DeviceNumber") or str(i))
        if found.setdefault(key, (device, make))[0] is not device:
            device.feeder, device.reason = circuit.feeder, "the section has it already"
            circuit.reading.find(
                "network.duplicate", "error", f"{device.reason}: {found[key][0].thing}", feeder=circuit.feeder,
                file=device.file, line=device.line, element=device.thing, remedy="Delete one.",
            )  # fmt: skip
    return list(found.values())


def place_of(circuit: Circuit, row: Row, default: int) -> int:
    """Where on its section a device stands: 0 at the From side, 1 in the middle, 2 at the To side."""
    code = row.text("Location").upper()
    if code in PLACES:
        return PLACES[code]
    if code:
        circuit.reading.find(
            "cyme.location", "warning", f"its place is not known: {SIDES[default]} of its section was taken",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="Location", value=code,
            remedy="Correct Location: S, M or L, or 0 From, 2 middle, 1 To.",
        )  # fmt: skip
    return default


def _between(circuit: Circuit, bus: str, start: str, end: str) -> None:
    """A bus that no node of the source stands for, drawn half way."""
    if start in circuit.place and end in circuit.place:
        (xa, ya), (xb, yb) = circuit.place[start], circuit.place[end]
        circuit.place[bus] = ((xa + xb) / 2, (ya + yb) / 2)


def jumper(circuit: Circuit, row: Row, span: Span, name: str, closed: bool = True) -> None:
    """A connection without impedance between the ends of a span."""
    nodes = nodes_of(span.phases)
    part = Switch(
        name=name, from_bus=span.start, to_bus=span.end, from_nodes=nodes, to_nodes=nodes, type="jumper",
        closed=() if closed else (False,) * len(nodes),
    )  # fmt: skip
    circuit.touch(span.start, nodes)
    circuit.touch(span.end, nodes)
    target = circuit.add(row, part)
    if row.block == "SECTION":
        row.target = target


def add_line(circuit: Circuit, row: Row, span: Span) -> None:
    """A line, or its two halves where a load hangs in its middle."""
    length_m = row.number("Length")
    name = plain(row.text("DeviceNumber", default=span.section))
    if length_m < 0:
        raise UnusableError(
            "cyme.zero-length", "the length is negative", "Length", f"{length_m:g}", "Correct the length."
        )
    if length_m == 0:
        _ideal(circuit, row, "cyme.zero-length", "has no length: taken as a closed jumper", "Length", "0")
        jumper(circuit, row, span, name)
        return
    code, phases = _code(circuit, row, span)
    if not any(any(r) for r in (*code.r_ohm_per_km, *code.x_ohm_per_km)):
        _ideal(circuit, row, "cyme.ideal-line", "has no impedance: taken as a closed jumper", "LineCableID", code.name)
        jumper(circuit, row, Span(span.section, span.start, span.end, phases), name)
        return
    coded = circuit.coded(code)
    overhead = row.text("Overhead", default="1") != "0" and row.block != "UNDERGROUNDLINE SETTING"
    nodes = nodes_of(phases)
    buses = [span.start, span.end]
    if (middle := circuit.middle.get(span.section)) is not None:
        buses.insert(1, middle)
    for i, (a, b) in enumerate(pairwise(buses), 1):
        path = _path(circuit, span.section) if len(buses) == 2 else ()
        circuit.add(
            row,
            Line(
                name=name if len(buses) == 2 else f"{name}__{i}",
                from_bus=a,
                to_bus=b,
                from_nodes=nodes,
                to_nodes=nodes,
                length_km=float(f"{length_m / 1000.0 / (len(buses) - 1):.12g}"),
                line_code=coded,
                placement="overhead" if overhead else "underground",
                path=path,
                **_ratings(circuit, row, code),
            ),
        )
    for bus in buses:
        circuit.touch(bus, nodes)


def _ratings(circuit: Circuit, row: Row, code: LineCode) -> dict[str, float]:
    """The ratings of a line that states its own, or an AmpacityDeratingFactor, a share or in per cent of its code's."""
    factor = row.number("AmpacityDeratingFactor")
    factor = factor / 100.0 if factor > MOST_SHARE else factor or 1.0
    amps = {name: getattr(code, name) for name in RATED}
    parallel = max(row.whole("NumberOfCableInParallel", default=1), 1)
    own = {name: value * parallel for name, value in circuit.catalog.own_amps(row).items()}
    if any(not math.isclose(value, amps[name] or 0.0, rel_tol=1e-6) for name, value in own.items()):
        circuit.own.append(row)
        amps |= own
    elif factor == 1.0:
        return {}
    return {name: float(f"{value * factor:.12g}") for name, value in amps.items() if value is not None}


def _code(circuit: Circuit, row: Row, span: Span) -> tuple[LineCode, str]:
    """The line code of a line and its phases."""
    named = row.block == "LINE CONFIGURATION" and not row.text("LineCableID") and row.has("CondID_A")
    if named or row.block == "OVERHEAD BYPHASE SETTING":
        phases = "".join(p for p in "ABC" if row.text(f"CondID_{p}", default="NONE").upper() != "NONE")
        if phases != span.phases:
            circuit.reading.find(
                "cyme.phase-mismatch", "warning", f"has conductors on {phases}, its section says {span.phases}",
                feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="CondID", value=phases,
                remedy="Correct the section or the conductors; the conductors are taken.",
            )  # fmt: skip
        return circuit.catalog.once(row, circuit.catalog.by_phase), phases
    if row.block == "OVERHEADLINEUNBALANCED SETTING":
        return circuit.catalog.once(row, circuit.catalog.unbalanced, span.phases), span.phases
    blocks = LINES[row.block]
    if row.block == "LINE CONFIGURATION":
        blocks = blocks[:1] if row.text("Overhead", default="1") != "0" else blocks[1:]
    return circuit.catalog.once(row, circuit.catalog.sequence, len(span.phases), *blocks), span.phases


def _ideal(circuit: Circuit, row: Row, check: str, text: str, field_: str, value: str) -> None:
    circuit.reading.find(
        check, "warning", text, feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing,
        field=field_, value=value, remedy="Give it a length and an impedance if it is a real line.",
    )  # fmt: skip


def _path(circuit: Circuit, section: str) -> tuple[tuple[float, float], ...]:
    """The vertices of a section between its nodes."""
    rows = circuit.tables.path(section)
    return tuple((r.number("CoordX"), r.number("CoordY")) for r in sorted(rows, key=lambda r: r.whole("SeqNumber")))


def add_buses(circuit: Circuit) -> None:
    """The buses that parts touch, with the voltage bases that sources and transformers gave."""
    for name in sorted(circuit.nodes):
        kv = circuit.base_kv_ln.get(name, 0.0)
        if not kv > 0:
            circuit.reading.find(
                "network.no-base", "error", "the bus has no voltage base: no source and no transformer reaches it",
                feeder=circuit.feeder, element=f"bus.{name}", remedy="Connect it, or give it a UserDefinedBaseVoltage.",
            )  # fmt: skip
            continue
        x, y = circuit.place.get(name, (None, None))
        part = Bus(name=name, nodes=tuple(sorted(circuit.nodes[name])), kv_ln=float(f"{kv:.9g}"), x=x, y=y)
        circuit.reading.add(circuit.feeder, part)


def spread_bases(circuit: Circuit, heads: dict[str, float], steps: dict[str, tuple[str, float, float]]) -> None:
    """Carry voltage bases from the heads along all sections, whatever is open.

    ``steps``: for the sections with a transformer, the bus of its primary side and both rated voltages [kV, line to
    line].
    """
    near: dict[str, list[tuple[str, str]]] = {}
    for section, (a, b, _) in circuit.ends.items():
        near.setdefault(a, []).append((b, section))
        near.setdefault(b, []).append((a, section))
    base = circuit.base_kv_ln
    base.update(heads)
    todo = list(heads)
    for bus in todo:
        for other, section in near.get(bus, ()):
            if other in base:
                continue
            kv = base[bus]
            if section in steps:
                primary, first, second = steps[section]
                kv = (second if bus == primary else first) / math.sqrt(3.0)
            base[other] = kv
            todo.append(other)


def spread_inside(circuit: Circuit, parts: Iterable[Any]) -> None:
    """Give the buses between devices of one section the base of a neighbour, transformers aside."""
    todo = [p for p in parts if isinstance(p, Line | Switch)]
    while todo:
        left = []
        for part in todo:
            a, b = circuit.base_kv_ln.get(part.from_bus), circuit.base_kv_ln.get(part.to_bus)
            if a is None and b is None:
                left.append(part)
            elif a is None or b is None:
                circuit.base_kv_ln.setdefault(part.from_bus, b or 0.0)
                circuit.base_kv_ln.setdefault(part.to_bus, a or 0.0)
        if len(left) == len(todo):
            return
        todo = left
