"""The devices of a CYME feeder: switches, reactors and capacitors, and which module makes the others."""

from __future__ import annotations

import math

from dtl.network.feeder import Capacitor, Reactor, Switch
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_codes import CAPACITOR_CONNECTIONS, LETTERS, nodes_of, phases_of
from dtl.sources.cyme_regulators import add_regulator
from dtl.sources.cyme_section import Circuit, Maker, Span, add_line
from dtl.sources.cyme_tables import Row
from dtl.sources.cyme_transformers import add_bank, add_transformer
from dtl.sources.reading import plain

SWITCHES = {
    "SWITCH SETTING": "switch",
    "BREAKER SETTING": "breaker",
    "LVCB SETTING": "breaker",
    "FUSE SETTING": "fuse",
    "RECLOSER SETTING": "recloser",
    "SECTIONALIZER SETTING": "sectionalizer",
    "NETWORKPROTECTOR SETTING": "protector",
    "MISCELLANEOUS SETTING": "jumper",
}
"""Blocks of switching devices, and the type of switch they are; their equipment block is named like them."""

SQRT3 = math.sqrt(3.0)


def add_switch(circuit: Circuit, row: Row, span: Span) -> None:
    """A switching device; ClosedPhase is its state, NStatus is not."""
    nodes = nodes_of(span.phases)
    text = row.text("ClosedPhase")
    closed = phases_of(text or span.phases)
    if not text and row.block != "MISCELLANEOUS SETTING":
        circuit.reading.find(
            "cyme.switch-state", "warning", "does not say which phases are closed: it is taken as closed",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="ClosedPhase",
            remedy="Export ClosedPhase; it is NONE for a device that stands open.",
        )  # fmt: skip
    amps: dict[str, float | None] = {}
    try:
        amps = circuit.catalog.amps(circuit.catalog.find(row, "EqID", row.block.removesuffix(" SETTING")))
    except UnusableError:
        circuit.reading.find(
            "cyme.no-switch-rating", "info", "its equipment is not in the file: the switch has no rating",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="EqID",
            value=row.text("EqID"), remedy="Add it to the equipment file if its loading matters.",
        )  # fmt: skip
    state = tuple(p in closed for p in span.phases)
    part = Switch(
        name=plain(row.text("DeviceNumber", default=span.section)),
        from_bus=span.start,
        to_bus=span.end,
        from_nodes=nodes,
        to_nodes=nodes,
        type=SWITCHES[row.block],
        closed=() if all(state) else state,
        normal_a=amps.get("normal_a"),
        emergency_a=amps.get("emergency_a"),
        scada_controlled=row.text("RC") == "1",
    )
    circuit.touch(span.start, nodes)
    circuit.touch(span.end, nodes)
    circuit.add(row, part)


def add_series_reactor(circuit: Circuit, row: Row, span: Span) -> None:
    """A reactor in series."""
    unit = circuit.catalog.find(row, "EqID", "SERIE REACTOR")
    nodes = nodes_of(span.phases)
    circuit.touch(span.start, nodes)
    circuit.touch(span.end, nodes)
    part = Reactor(
        name=plain(row.text("DeviceNumber", default=span.section)), bus=span.start, nodes=nodes, phases=len(nodes),
        kv=_rated(circuit, span.start, len(nodes)), r_ohm=0.0, x_ohm=unit.number("Reactance"),
        to_bus=span.end, to_nodes=nodes,
    )  # fmt: skip
    circuit.add(row, part)


def add_capacitor(circuit: Circuit, row: Row, bus: str, phases: str) -> None:
    """A shunt capacitor: one bank where the phases are equal, else one per phase."""
    kvar = _kvar_by_phase(row, phases)
    word = row.text("Connection", "ConnectionConfiguration").upper()
    if word not in CAPACITOR_CONNECTIONS:
        raise UnusableError(
            "cyme.connection", "an unknown connection of a capacitor", "Connection", word, "Correct it."
        )
    delta = CAPACITOR_CONNECTIONS[word] == "delta"
    kv_ln = row.number("KV")
    if kv_ln <= 0:
        kv_ln = circuit.catalog.find(row, "ShuntCapacitorID", "SHUNT CAPACITOR").number("KV")
    name = plain(row.text("DeviceNumber"))
    letters = [p for p in LETTERS if kvar.get(p)]
    if not letters:
        raise UnusableError(
            "cyme.bad-value", "the capacitor has no power", "KVAR", "0", "Correct it, or disconnect it."
        )
    if len(letters) == 3 and len({kvar[p] for p in letters}) == 1:
        part = Capacitor(
            name=name, bus=bus, nodes=(1, 2, 3), phases=3, connection="delta" if delta else "wye",
            kv=_fine(kv_ln * SQRT3), kvar=(_fine(sum(kvar.values())),),
        )  # fmt: skip
        circuit.add(row, part)
    else:
        for p in letters:
            node = LETTERS.index(p) + 1
            part = Capacitor(
                name=name if len(letters) == 1 else f"{name}_{p.lower()}", bus=bus,
                nodes=(node, node % 3 + 1) if delta else (node,), phases=1, connection="delta" if delta else "wye",
                kv=_fine(kv_ln * (SQRT3 if delta else 1.0)), kvar=(_fine(kvar[p]),),
            )  # fmt: skip
            circuit.add(row, part)
    circuit.touch(bus, nodes_of("".join(letters)))
    if row.text("Control", default="0") not in ("0", "NONE"):
        circuit.reading.find(
            "cyme.capacitor-control", "warning", "the control of the capacitor is not taken: it stays connected",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="Control",
            value=row.text("Control"), remedy="Check whether the study depends on it.",
        )  # fmt: skip


def _kvar_by_phase(row: Row, phases: str) -> dict[str, float]:
    """Reactive power of each phase [kvar]; the columns differ between versions."""
    if row.has("FixedKVARA"):
        closed = phases_of(row.text("InitiallyClosedPhase", default="ABC"))
        return {
            p: row.number(f"FixedKVAR{p}") + (row.number(f"SwitchedKVAR{p}") if p in closed else 0.0) for p in LETTERS
        }
    letters = phases_of(row.text("Phase", default=phases))
    if any(row.number(f"KVAR{p}") for p in LETTERS):
        return {p: row.number(f"KVAR{p}") for p in LETTERS if p in letters}
    each = row.number("KVAR") or row.number("ThreePhaseKVAR") / 3.0
    return dict.fromkeys(letters, each)


def _rated(circuit: Circuit, bus: str, phases: int) -> float:
    return _fine(circuit.base_kv_ln[bus] * (SQRT3 if phases > 1 else 1.0))


def _fine(value: float) -> float:
    return float(f"{value:.12g}")


SERIES: dict[str, Maker] = {
    **dict.fromkeys(
        (
            "OVERHEAD BYPHASE SETTING", "OVERHEADLINEUNBALANCED SETTING", "OVERHEADLINE SETTING",
            "UNDERGROUNDLINE SETTING", "LINE CONFIGURATION",
        ),
        add_line,
    ),
    **dict.fromkeys(SWITCHES, add_switch),
    "TRANSFORMER SETTING": add_transformer,
    "TRANSFORMER BYPHASE SETTING": add_bank,
    "REGULATOR SETTING": add_regulator,
    "SERIE REACTOR SETTING": add_series_reactor,
}  # fmt: skip
"""What makes the devices of each block in series."""
