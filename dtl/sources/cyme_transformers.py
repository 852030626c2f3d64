"""The transformers of a CYME feeder: three-phase units, and banks of single-phase units, open ones too."""

from __future__ import annotations

import math
from typing import Any

from dtl.network.feeder import Transformer, Winding
from dtl.sources import cyme_ltc as ltc
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_codes import LETTERS, nodes_of, phases_of
from dtl.sources.cyme_connections import connected, fed_from_end, floats, grounded, turned, unturned
from dtl.sources.cyme_section import Circuit, Span
from dtl.sources.cyme_tables import Row
from dtl.sources.reading import plain

SQRT3 = math.sqrt(3.0)

LINE_TO_LINE = {"", "0", "KVLL"}
"""Values of VoltageUnit that are known: kilovolts from line to line."""


TAPS = (("Primary", "PrimTap"), ("Secondary", "SecondaryTap"))
"""How the columns of taps begin in a bank, by phase, and what they are called for all phases [per cent]."""


def rated(circuit: Circuit, row: Row, span: Span) -> tuple[str, float, float]:
    """The bus of the primary side of a transformer, and its rated voltages, line to line [kV]."""
    column = "EqID" if row.block == "TRANSFORMER SETTING" else _units(row)[0][1]
    primary, secondary = _voltages(row, circuit.catalog.find(row, column, "TRANSFORMER"))
    return (span.end if fed_from_end(circuit, row, span.section) else span.start), primary, secondary


def _voltages(row: Row, unit: Row) -> tuple[float, float]:
    """The rated voltages of a transformer, or of one unit of a bank, line to line [kV]."""
    if (measure := unit.text("VoltageUnit").upper()) not in LINE_TO_LINE:
        text, cure = "its rated voltages are not line to line in kV, or nobody knows", "Export them line to line."
        raise UnusableError("cyme.bad-value", text, "VoltageUnit", measure, cure)
    primary = row.number("PrimaryBaseVoltage") or unit.number("KVLLprim")
    secondary = row.number("SecondaryBaseVoltage") or unit.number("KVLLsec")
    if not (primary > 0 and secondary > 0):
        raise UnusableError(
            "cyme.bad-value", "the transformer has no rated voltages", "KVLLprim", f"{primary:g}", "Correct it."
        )
    return primary, secondary


def add_transformer(circuit: Circuit, row: Row, span: Span) -> None:
    """A transformer of two windings, three-phase, or single-phase units side by side."""
    unit = circuit.catalog.find(row, "EqID", "TRANSFORMER")
    primary, kv1, kv2 = rated(circuit, row, span)
    how = connected(row, unit)
    first, second = how.kinds
    single = unit.text("Type") == "1"
    letters = _open_phases(circuit, row, span, single) if how.is_open else span.phases
    phases = len(letters)
    kva = unit.number("KVA") * (phases if single else 1.0)
    taps = (row.number("PrimTap", default=100.0) / 100.0, row.number("SecondaryTap", default=100.0) / 100.0)
    name = plain(row.text("DeviceNumber", default=span.section))
    ends = (primary, span.start if primary == span.end else span.end)
    held = _tap_changer(circuit, row, phases)
    if phases == 3:
        windings = []
        second_nodes, way = turned(circuit, row, unit, how, (kv1, kv2))
        nodes = (nodes_of(letters), second_nodes)
        for i, (bus, kv, tap) in enumerate(zip(ends, (kv1, kv2), taps, strict=True)):
            star, earth = how.star(circuit, i, bus)
            winding = _winding(bus, (*nodes[i], *star), how.kinds[i], kv, kva, unit, tap)
            windings.append(winding.model_copy(update=earth))
        if held:
            windings[1] = ltc.tapped(row, unit, windings[1])
        shared = _losses(circuit, row, unit, kva)
        made = circuit.add(row, Transformer(name=name, phases=3, windings=tuple(windings), lead_lag=way, **shared))
        if held and (moves := ltc.control(circuit, row, unit, made.partition(".")[2], windings[1])):
            circuit.add(row, moves)
        floats(circuit, row, how)
        for bus in ends:
            circuit.touch(bus, nodes[0])
    elif phases == 2 and not how.is_open and "delta" in (first, second):
        unturned(circuit, row, unit, how)
        _between_lines(
            circuit, row, unit, name, letters, tuple(zip(ends, (first, second), (kv1, kv2), taps, strict=True))
        )
    else:
        grounded(circuit, row, how)
        unturned(circuit, row, unit, how)
        for letter in letters:
            tag, bank = (name, "") if phases == 1 else (f"{name}_{letter.lower()}", name)
            sides = tuple(zip(ends, (first, second), (kv1, kv2), taps, strict=True))
            _add_unit(circuit, row, unit, tag, bank, letter, kva / phases, sides)


def add_bank(circuit: Circuit, row: Row, span: Span) -> None:
    """A bank of single-phase units, ``[TRANSFORMER BYPHASE SETTING]``."""
    if row.text("CenterTapPhase") not in ("", "0", "NONE"):
        text, tap = "the model does not hold centre-tapped banks from CYME", row.text("CenterTapPhase")
        cure = "Waive it, or model it as a load at the primary."
        raise UnusableError("cyme.connection", text, "CenterTapPhase", tap, cure)
    primary, *_ = rated(circuit, row, span)
    ends = (primary, span.start if primary == span.end else span.end)
    name = plain(row.text("DeviceNumber", default=span.section))
    for i, (letter, column) in enumerate(_units(row)):
        unit = circuit.catalog.find(row, column, "TRANSFORMER")
        how = connected(row, unit)
        if i == 0:
            grounded(circuit, row, how)
            unturned(circuit, row, unit, how)
        taps = [row.number(f"{side}TapSetting{letter}", tap, default=100.0) / 100.0 for side, tap in TAPS]
        sides = tuple(zip(ends, how.kinds, _voltages(row, unit), taps, strict=True))
        _add_unit(circuit, row, unit, f"{name}_{letter.lower()}", name, letter, unit.number("KVA"), sides)


def _units(row: Row) -> list[tuple[str, str]]:
    """The phases of a bank that have a unit, with the column that names it."""
    columns = [(letter, f"PhaseTransformerID{i}") for i, letter in enumerate(LETTERS, 1)]
    found = [c for c in columns if row.text(c[1], default="NONE").upper() != "NONE"]
    if not found:
        text = "the bank has no unit on any phase"
        raise UnusableError("cyme.connection", text, "PhaseTransformerID1", "NONE", "Correct the bank.")
    return found


def _open_phases(circuit: Circuit, row: Row, span: Span, single: bool) -> str:
    """The two phases of an open bank that have a unit: those of ODPrimPh, or of a section of two phases.

    Raises
    ------
    UnusableError
        The file does not say which two, or its equipment is a three-phase unit, which cannot be opened.
    """
    stated = row.text("ODPrimPh", default="NONE")
    letters = "" if stated.upper() == "NONE" else phases_of(stated)
    if not letters and len(span.phases) == 2:
        letters = span.phases
    if len(letters) != 2:
        text = "an open bank has units on two phases, and the file does not say on which"
        cure = "Say it in ODPrimPh as two letters, or export the bank by phase."
        raise UnusableError("cyme.connection", text, "ODPrimPh", stated, cure)
    if not single:
        text = "an open bank is made of two single-phase units, and its equipment is a three-phase transformer"
        cure = "Choose an equipment of Type 1, or waive the transformer."
        raise UnusableError("cyme.connection", text, "EqID", row.text("EqID"), cure)
    reason = "ODPrimPh names the phases that have a unit" if stated.upper() != "NONE" else "the phases of its section"
    circuit.reading.defaulted(
        circuit.feeder, f"{row.thing} open bank", "ODPrimPh", "transformer.windings.nodes", letters, reason
    )
    return letters


Side = tuple[str, str, float, float]
"""Bus, connection, rated voltage line to line [kV] and tap of one side."""


def _add_unit(
    circuit: Circuit, row: Row, unit: Row, name: str, bank: str, letter: str, kva: float, sides: tuple[Side, ...]
) -> None:
    """One single-phase unit on a phase; in delta it stands between that phase and the next."""
    windings = []
    for bus, connection, kv_ll, tap in sides:
        node = LETTERS.index(letter) + 1
        nodes = (node, node % 3 + 1) if connection == "delta" else (node, 0)
        kv = kv_ll if connection == "delta" else _fine(kv_ll / SQRT3)
        windings.append(_winding(bus, nodes, "wye", kv, kva, unit, tap))
        circuit.touch(bus, nodes)
    shared = _losses(circuit, row, unit, kva)
    circuit.add(row, Transformer(name=name, phases=1, windings=tuple(windings), bank=bank, **shared))


def _between_lines(circuit: Circuit, row: Row, unit: Row, name: str, letters: str, sides: tuple[Side, ...]) -> None:
    """One single-phase unit between the two phases of its section, on both sides.

    Raises
    ------
    UnusableError
        One side is in wye: the file does not say which of the two phases that side has.
    """
    if any(connection != "delta" for _, connection, _, _ in sides):
        text = "a unit between two phases has its other side in wye, and the file does not say on which phase"
        raise UnusableError("cyme.connection", text, "Conn", row.text("Conn"), "Waive it, or export it by phase.")
    nodes, kva = nodes_of(letters), unit.number("KVA")
    windings = tuple(_winding(bus, nodes, "wye", kv, kva, unit, tap) for bus, _, kv, tap in sides)
    for bus, *_ in sides:
        circuit.touch(bus, nodes)
    circuit.add(row, Transformer(name=name, phases=1, windings=windings, **_losses(circuit, row, unit, kva)))


def _losses(circuit: Circuit, row: Row, unit: Row, kva: float) -> dict[str, Any]:
    """Reactance, magnetising current and no-load loss of a unit of `kva`."""
    if not kva > 0:
        raise UnusableError("cyme.bad-value", "the transformer has no rated power", "KVA", f"{kva:g}", "Correct it.")
    z = unit.number("Z1")
    if z < 0:
        raise UnusableError(
            "network.negative-impedance", "the transformer has a negative impedance", "Z1", f"{z:g}", "Correct it."
        )
    if z > 0 and not unit.number("XR") > 0:
        circuit.reading.find(
            "cyme.no-xr", "warning", "its equipment states no X/R: the whole impedance is taken as a reactance",
            feeder=circuit.feeder, file=unit.file, line=unit.line, element=unit.thing, field="XR",
            value=unit.text("XR"), remedy="Complete the equipment; losses and voltage drops depend on it.",
        )  # fmt: skip
    thing = f"{row.thing} zero sequence"
    known = (circuit.feeder, thing, "Z0 XR0") in circuit.reading.conversion
    if abs(unit.number("Z0") - z) > 1e-6 * max(z, 1.0) and unit.number("Z0") > 0 and not known:
        circuit.reading.refused(
            circuit.feeder, thing, "Z0 XR0", unit.text("Z0"),
            "the model gives a transformer one impedance for all sequences",
        )  # fmt: skip
    return {
        "xhl_pct": _fine(_impedance(unit)[1]),
        "magnetizing_pct": max(unit.number("MagnetizingCurrent"), 0.0),
        "no_load_loss_pct": _fine(100.0 * unit.number("NoLoadLosses") / kva),
    }


def _impedance(unit: Row) -> tuple[float, float]:
    """Resistance and reactance of a unit [per cent]; without X/R all is reactance."""
    z, ratio = unit.number("Z1"), unit.number("XR")
    r = z / math.sqrt(1.0 + ratio * ratio)
    return (r, r * ratio) if ratio > 0 else (0.0, z)


def _winding(
    bus: str, nodes: tuple[int, ...], connection: str, kv: float, kva: float, unit: Row, tap_pu: float
) -> Winding:
    return Winding(
        bus=bus,
        nodes=nodes,
        connection=connection,
        kv=kv,
        kva=_fine(kva),
        r_pct=_fine(_impedance(unit)[0] / 2.0),
        tap_pu=_fine(tap_pu),
        min_tap_pu=min(0.9, tap_pu),
        max_tap_pu=max(1.1, tap_pu),
    )


def _tap_changer(circuit: Circuit, row: Row, phases: int) -> bool:
    """Whether the tap changer of a transformer is taken; one that is not is told."""
    if not ltc.has(row):
        return False
    if phases == 3 and circuit.tap_changers:
        return True
    ltc.tell(circuit, row, ", which only units of three phases have" if circuit.tap_changers else "")
    return False


def _fine(value: float) -> float:
    return float(f"{value:.12g}")
