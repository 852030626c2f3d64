"""The devices in series on the sections of a CYME feeder: switches and reactors, and which module makes the others."""

from __future__ import annotations

import math

from dtl.network.feeder import Reactor, Switch
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_codes import nodes_of, phases_of
from dtl.sources.cyme_regulators import add_regulator, add_regulator_by_phase
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
            value=" ".join(f"{c}={v}" for c in ("EqState", "Status", "NStatus") if (v := row.peek(c))),
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
    """A reactor in series, or a capacitor, whose reactance is negative."""
    unit = circuit.catalog.find(row, "EqID", row.block.removesuffix(" SETTING"))
    ohm = abs(unit.number("Reactance")) * (-1.0 if row.block == "SERIE CAPACITOR SETTING" else 1.0)
    nodes = nodes_of(span.phases)
    circuit.touch(span.start, nodes)
    circuit.touch(span.end, nodes)
    part = Reactor(
        name=plain(row.text("DeviceNumber", default=span.section)), bus=span.start, nodes=nodes, phases=len(nodes),
        kv=_rated(circuit, span.start, len(nodes)), r_ohm=0.0, x_ohm=ohm,
        to_bus=span.end, to_nodes=nodes,
    )  # fmt: skip
    circuit.add(row, part)


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
    "REGULATOR BYPHASE SETTING": add_regulator_by_phase,
    "SERIE REACTOR SETTING": add_series_reactor,
    "SERIE CAPACITOR SETTING": add_series_reactor,
}  # fmt: skip
"""What makes the devices of each block in series."""
