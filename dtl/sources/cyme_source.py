"""What feeds a CYME feeder: ``[SOURCE]`` with its substation, or the equivalent at the head node."""

from __future__ import annotations

import math

from pydantic import ValidationError

from dtl.network.feeder import Source
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_codes import YES
from dtl.sources.cyme_section import Circuit
from dtl.sources.cyme_tables import Row
from dtl.sources.reading import plain

SQRT3 = math.sqrt(3.0)

IMPEDANCE = {
    "R1": "PositiveSequenceResistance",
    "X1": "PositiveSequenceReactance",
    "R0": "ZeroSequenceResistance",
    "X0": "ZeroSequenceReactance",
}
"""The columns of an equivalent's impedance before levels were introduced, by their names in equipment."""


def add_source(circuit: Circuit, network: str) -> dict[str, float]:
    """Add the sources of a feeder; their buses and voltage bases [kV, line to neutral], or nothing and a finding.

    Each head node has one, and each node of another ``[SOURCE]`` of the network.
    """
    tables = circuit.tables
    marker = tables.feeder(network)
    heads: dict[str, Row] = {}
    for head in [r for r in tables.rows("HEADNODES") if r.text("NetworkID") == network]:
        heads.setdefault(head.text("NodeID"), head)
        head.feeder, head.target = circuit.feeder, f"source.{plain(head.text('NodeID'))}"
    if not heads and marker is not None:
        heads = {marker.text("HeadNodeID"): marker}
    every = list(tables.rows("SOURCE"))
    own = [r for r in every if r.text("NetworkID") == network]
    for row in own if len(own) > 1 else ():
        heads.setdefault(row.text("NodeID"), row)
    found: dict[str, float] = {}
    for node in heads or [""]:
        at = next((r for r in every if r.text("NodeID") == node), own[0] if own and len(heads) < 2 else None)
        found |= _source(circuit, network, node, heads.get(node), at)
    return found


def _source(circuit: Circuit, network: str, node: str, head: Row | None, row: Row | None) -> dict[str, float]:
    """Add the source of a head node, which `head` names; its bus and voltage base, or nothing and a finding."""
    equivalent = next((r for r in circuit.tables.rows("SOURCE EQUIVALENT") if r.text("NodeID") == node), None)
    near = row or equivalent or head
    try:
        part = _thevenin(circuit, node, row, equivalent)
        circuit.add(near or Row("SOURCE", "", 0, {}), part)
        for r in (row, equivalent):
            if r is not None:
                r.feeder, r.target = circuit.feeder, f"source.{part.name}"
        circuit.touch(part.bus, part.nodes)
        return {part.bus: part.kv_ll / SQRT3}
    except (UnusableError, ValidationError, ValueError) as err:
        circuit.fault(near or Row("FEEDER", "", 0, {"NETWORKID": network}), err)
        return {}


def _thevenin(circuit: Circuit, node: str, row: Row | None, equivalent: Row | None) -> Source:
    """The source of a head node: held at the voltage of ``[SOURCE]``, else the equivalent with its impedance."""
    of, held = equivalent, _operating(circuit, row, "OperatingVoltage{}", "ABC") * SQRT3 if row is not None else 0.0
    if row is not None:
        held = row.number("DesiredVoltage") or held
    if of is None and row is not None:
        of = _substation(circuit, row, held)
    if of is None:
        text = "nothing feeds the feeder: its head node has neither [SOURCE] nor [SOURCE EQUIVALENT]"
        raise UnusableError("network.no-source", text, "NodeID", node, "Export the source, or add it.")
    kv = of.number("Voltage") if equivalent is not None else of.number("KVLL") if of is not row else held
    if not kv > 0:
        raise UnusableError("cyme.bad-value", "the source has no voltage", "Voltage", f"{kv:g}", "Correct it.")
    if equivalent is not None:
        held = held or _operating(circuit, equivalent, "OperatingVoltage{}", "123") * SQRT3
        _turned(circuit, equivalent)
    held = held or of.number("KVLLdesired")
    level = "Second" if (row or of).text("UseSecondLevelImpedance") in YES else "First"
    z = [of.number(own, short, f"{level}Level{short}") for short, own in IMPEDANCE.items()]
    if equivalent is not None and equivalent.text("ImpedanceUnit") == "1" and any(z):
        base = equivalent.number("BaseMVA", default=100.0)
        if not base > 0:
            text, cure = "the impedance is per unit, and its base is not known", "Export BaseMVA."
            raise UnusableError("cyme.bad-value", text, "BaseMVA", f"{base:g}", cure)
        z = [v * kv * kv / base for v in z]
    if row is not None or not any(z):
        ohm = f"{z[0]:g} + j {z[1]:g} ohm"
        why = f"[SOURCE] holds its voltage at the head node; its impedance ({ohm}) acts in faults only"
        z = [0.0, 1e-4, 0.0, 1e-4]
        circuit.reading.defaulted(
            circuit.feeder, f"{of.thing} impedance", "", f"source.{plain(node)}", "0.0001 ohm", why
        )
    return Source(
        name=plain(node),
        bus=plain(node),
        kv_ll=kv,
        pu=float(f"{(held or kv) / kv:.9g}"),
        angle_deg=of.number("OperatingAngle1", "PhaseAngle"),
        r1_ohm=z[0],
        x1_ohm=z[1],
        r0_ohm=z[2],
        x0_ohm=z[3],
    )


def _substation(circuit: Circuit, row: Row, held: float) -> Row:
    """The equipment of a source; the source itself where it states a voltage and its equipment is missing.

    Raises
    ------
    UnusableError
        The equipment is missing, and the source states no voltage either.
    """
    try:
        return circuit.catalog.find(row, "SourceID", "SUBSTATION")
    except UnusableError:
        if not held > 0:
            raise
    circuit.reading.find(
        "cyme.source-equipment", "warning",
        f"its equipment is not in the file: the voltage that it holds, {held:.5g} kV, is taken as the nominal one",
        feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="SourceID",
        value=row.text("SourceID"), remedy="Add it to [SUBSTATION]; all voltages per unit refer to its KVLL.",
    )  # fmt: skip
    return row


def _operating(circuit: Circuit, row: Row, column: str, names: str) -> float:
    """The voltage to ground that a source holds [kV]: the mean, and a finding, where the phases differ."""
    volts = [row.number(column.format(n)) for n in names]
    if not volts[0] or not all(volts) or max(volts) - min(volts) <= 1e-6 * volts[0]:
        return volts[0]
    circuit.reading.find(
        "cyme.source-unbalanced", "warning", "holds another voltage on each phase: the model has their mean on all",
        feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field=column.format(names[0]),
        value=" ".join(f"{v:g}" for v in volts), remedy="Check whether the study depends on it.",
    )  # fmt: skip
    return sum(volts) / len(volts)


def _turned(circuit: Circuit, row: Row) -> None:
    """Find angles of an equivalent that are not those of a balanced system in the order A, B, C."""
    angles = [row.number(f"OperatingAngle{n}") for n in "123"]
    if not any(angles):
        return
    off = max(
        abs((a - angles[0] + turn + 180.0) % 360.0 - 180.0) for a, turn in zip(angles, (0, 120, -120), strict=True)
    )
    if off > MOST_OFF_DEG:
        circuit.reading.find(
            "cyme.source-unbalanced", "warning", "its angles are not 120 degrees apart in the order A, B, C: those are",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="OperatingAngle2",
            value=" ".join(f"{a:g}" for a in angles), remedy="Check whether the study depends on it.",
        )  # fmt: skip


MOST_OFF_DEG = 0.5
"""The greatest difference from 120 degrees that is still a balanced source."""
