"""What hangs on a node of a CYME section: capacitors and reactors; generation and batteries have their own module."""

from __future__ import annotations

import math
from collections.abc import Callable

from dtl.network.feeder import Capacitor, Reactor
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_codes import CAPACITOR_CONNECTIONS, LETTERS, nodes_of, phases_of
from dtl.sources.cyme_generation import GENERATION
from dtl.sources.cyme_motors import MOTORS
from dtl.sources.cyme_section import Circuit
from dtl.sources.cyme_tables import Row
from dtl.sources.reading import plain

SQRT3 = math.sqrt(3.0)


def add_capacitor(circuit: Circuit, row: Row, bus: str, phases: str) -> None:
    """A shunt capacitor: one bank where the phases are equal, else one per phase."""
    kvar = _kvar_by_phase(row, phases)
    connection = _connection(row)
    delta = connection == "delta"
    kv_ln = row.number("KV", "KVLN")
    if kv_ln <= 0:
        kv_ln = circuit.catalog.find(row, "ShuntCapacitorID", "SHUNT CAPACITOR").number("KV", "KVLN")
    name = plain(row.text("DeviceNumber", default=row.text("SectionID")))
    letters = [p for p in LETTERS if kvar.get(p)]
    _controlled(circuit, row)
    if not letters and any(row.number(f"SwitchedKVAR{p}") for p in LETTERS):
        row.feeder = circuit.feeder
        row.reason = "InitiallyClosedPhase has all of it open: the capacitor is disconnected"
        return
    if not letters:
        raise UnusableError(
            "cyme.bad-value", "the capacitor has no power", "KVAR", "0", "Correct it, or disconnect it."
        )
    star = _star(circuit, row, bus, connection, letters)
    if len(letters) == 3 and len({kvar[p] for p in letters}) == 1:
        part = Capacitor(
            name=name, bus=bus, nodes=(1, 2, 3, *star), phases=3, connection="delta" if delta else "wye",
            kv=_fine(kv_ln * SQRT3), kvar=(_fine(sum(kvar.values())),),
        )  # fmt: skip
        circuit.add(row, part)
    else:
        for p in letters:
            node = LETTERS.index(p) + 1
            part = Capacitor(
                name=name if len(letters) == 1 else f"{name}_{p.lower()}", bus=bus,
                nodes=(node, node % 3 + 1) if delta else (node, *star), phases=1,
                connection="delta" if delta else "wye", kv=_fine(kv_ln * (SQRT3 if delta else 1.0)),
                kvar=(_fine(kvar[p]),),
            )  # fmt: skip
            circuit.add(row, part)
    circuit.touch(bus, nodes_of("".join(letters)))


def _controlled(circuit: Circuit, row: Row) -> None:
    """Tell a control, which is not taken, with the state that the file has the capacitor in."""
    control = row.text("Control", default="0").upper()
    inner = sorted(k for k, v in row.values.items() if k.startswith("CAPACITORCONTROL/") and v)
    if control in ("0", "NONE") and not inner:
        return
    state = [f"{c}={v}" for c in ("InitiallyClosedPhase", "SwitchedCapacitorStatus") if (v := row.text(c))]
    circuit.reading.find(
        "cyme.capacitor-control", "warning", "the control of the capacitor is not taken: it stays as the file has it",
        feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="Control",
        value=" ".join([control if control != "0" else inner[0], *state]),
        remedy="Check whether the study depends on it.",
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


def add_reactor(circuit: Circuit, row: Row, bus: str, phases: str) -> None:
    """A shunt reactor: the impedances that take its power and its losses at its rated voltage, one part per phase."""
    kvar = _kvar_by_phase(row, phases)
    connection = _connection(row)
    delta = connection == "delta"
    kv_ln = row.number("KV", "KVLN")
    if kv_ln <= 0:
        column = next((c for c in ("ShuntReactorID", "EqID", "EquipmentID") if row.text(c)), "ShuntReactorID")
        unit = circuit.catalog.find(row, column, "SHUNT REACTOR")
        kv_ln = unit.number("KV", "KVLN")
    letters = [p for p in LETTERS if kvar.get(p)]
    if not letters or kv_ln <= 0:
        text, value = "the reactor has no power or no rated voltage", f"{sum(kvar.values()):g} kvar, {kv_ln:g} kV"
        raise UnusableError("cyme.bad-value", text, "KVAR", value, "Correct it, or disconnect it.")
    kv = kv_ln * (SQRT3 if delta else 1.0)
    name = plain(row.text("DeviceNumber", default=row.text("SectionID")))
    star = _star(circuit, row, bus, connection, letters)
    for p in letters:
        node = LETTERS.index(p) + 1
        lost = row.number(f"Losses{p}") or row.number("Losses") or row.number("ThreePhaseLosses", "LossesTotal") / 3.0
        kva2 = kvar[p] ** 2 + lost**2
        nodes = (node, node % 3 + 1) if delta else (node, *star)
        circuit.add(row, Reactor(
            name=name if len(letters) == 1 else f"{name}_{p.lower()}", bus=bus, nodes=nodes, phases=1,
            connection="delta" if delta else "wye", kv=_fine(kv), r_ohm=_fine(1e3 * kv * kv * lost / kva2),
            x_ohm=_fine(1e3 * kv * kv * kvar[p] / kva2),
        ))  # fmt: skip
        circuit.touch(bus, nodes)


def _connection(row: Row) -> str:
    """How a capacitor or reactor is connected: wye, which is grounded, floating, or delta."""
    word = row.text("Connection", "ConnectionConfiguration").upper()
    if word not in CAPACITOR_CONNECTIONS:
        text = "an unknown connection of a capacitor or reactor"
        raise UnusableError("cyme.connection", text, "Connection", word, "Correct it.")
    return CAPACITOR_CONNECTIONS[word]


def _star(circuit: Circuit, row: Row, bus: str, connection: str, letters: list[str]) -> tuple[int, ...]:
    """The node of the star point that floats; none where it is grounded, or where a phase alone has none."""
    if connection != "floating":
        return ()
    alone = len(letters) == 1
    text = "has a star point that is not grounded, as its connection states"
    circuit.reading.find(
        "cyme.star-point", "warning" if alone else "info",
        "is of one phase, and its connection a star without ground: it stands between phase and ground"
        if alone else text,
        feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="Connection",
        value=row.text("Connection", "ConnectionConfiguration"), remedy="Correct it where it is built otherwise.",
    )  # fmt: skip
    return () if alone else (circuit.neutral(bus),)


def _fine(value: float) -> float:
    return float(f"{value:.12g}")


Maker = Callable[[Circuit, Row, str, str], None]

SHUNTS: dict[str, Maker] = {
    "SHUNT CAPACITOR SETTING": add_capacitor,
    "SHUNT REACTOR SETTING": add_reactor,
    **GENERATION,
    **MOTORS,
}
"""What makes the devices of each block, given the bus and the phases of the section."""

NOUNS = (
    {"SHUNT CAPACITOR SETTING": "capacitor", "SHUNT REACTOR SETTING": "reactor"}
    | dict.fromkeys(GENERATION, "plant")
    | dict.fromkeys(MOTORS, "motor")
)
"""What a device of each block is called."""
