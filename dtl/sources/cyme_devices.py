"""The devices of a CYME feeder in series and in shunt: switches, transformers, regulators, reactors, capacitors."""

from __future__ import annotations

import math
from typing import Any

from dtl.network.feeder import Capacitor, Reactor, Regulator, Switch, Transformer, Winding
from dtl.sources.cyme_blocks import Row
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_codes import CAPACITOR_CONNECTIONS, LETTERS, TRANSFORMER_CONNECTIONS, nodes_of, phases_of
from dtl.sources.cyme_section import Circuit, Maker, Span, add_line
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
    text = row.text("ClosedPhase", default=span.phases if row.block == "MISCELLANEOUS SETTING" else "NONE")
    closed = phases_of(text)
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


def rated(circuit: Circuit, row: Row, span: Span) -> tuple[str, float, float]:
    """The bus of the primary side of a transformer, and its rated voltages, line to line [kV]."""
    column = "EqID" if row.block == "TRANSFORMER SETTING" else "PhaseTransformerID1"
    unit = circuit.catalog.find(row, column, "TRANSFORMER")
    primary = row.number("PrimaryBaseVoltage") or unit.number("KVLLprim")
    secondary = row.number("SecondaryBaseVoltage") or unit.number("KVLLsec")
    if not (primary > 0 and secondary > 0):
        raise UnusableError(
            "cyme.bad-value", "the transformer has no rated voltages", "KVLLprim", f"{primary:g}", "Correct it."
        )
    side = plain(row.text("FromNodeID"))
    return (span.end if side == span.end else span.start), primary, secondary


def _connection(circuit: Circuit, row: Row, unit: Row) -> tuple[str, str]:
    """The connections of both windings; the setting's wins over the equipment's."""
    text = (row.text("Conn", "TransformerConnection") or unit.text("Conn")).upper()
    word = TRANSFORMER_CONNECTIONS.get(text, text)
    sides = word.replace("YG", "Y").split("_")
    kinds = {"Y": "wye", "YNG": "wye", "YN": "wye", "D": "delta"}
    if len(sides) != 2 or sides[0] not in kinds or sides[1] not in kinds:
        raise UnusableError(
            "cyme.connection", "the model does not hold this connection of a transformer", "Conn", text,
            "Waive the transformer, or give it a wye or delta connection.",
        )  # fmt: skip
    if "Y" in sides:
        circuit.reading.defaulted(
            circuit.feeder, f"{row.thing} grounding", "Conn", "transformer.windings.nodes", word,
            "Y does not state its grounding; with Rg = Xg = 0 the star point is taken as solidly grounded",
        )  # fmt: skip
    return kinds[sides[0]], kinds[sides[1]]


def add_transformer(circuit: Circuit, row: Row, span: Span) -> None:
    """A transformer of two windings, three-phase, or single-phase units side by side."""
    unit = circuit.catalog.find(row, "EqID", "TRANSFORMER")
    primary, kv1, kv2 = rated(circuit, row, span)
    secondary = span.start if primary == span.end else span.end
    first, second = _connection(circuit, row, unit)
    phases = len(span.phases)
    kva = unit.number("KVA") * (phases if unit.text("Type") == "1" else 1.0)
    if not kva > 0:
        raise UnusableError("cyme.bad-value", "the transformer has no rated power", "KVA", f"{kva:g}", "Correct it.")
    losses = unit.number("NoLoadLosses")
    shared: dict[str, Any] = {**_impedance(circuit, row, unit), "no_load_loss_pct": _fine(100.0 * losses / kva)}
    taps = (row.number("PrimTap", default=100.0) / 100.0, row.number("SecondaryTap", default=100.0) / 100.0)
    name = plain(row.text("DeviceNumber", default=span.section))
    nodes = nodes_of(span.phases)
    if phases == 3:
        windings = tuple(
            _winding(bus, nodes, conn, kv, kva, unit, tap)
            for bus, conn, kv, tap in zip((primary, secondary), (first, second), (kv1, kv2), taps, strict=True)
        )
        circuit.add(row, Transformer(name=name, phases=3, windings=windings, **shared))
    else:
        for letter in span.phases:
            ends = (_unit_end(letter, first, kv1), _unit_end(letter, second, kv2))
            windings = tuple(
                _winding(bus, end[0], "wye", end[1], kva / phases, unit, tap)
                for bus, end, tap in zip((primary, secondary), ends, taps, strict=True)
            )
            tag = name if phases == 1 else f"{name}_{letter.lower()}"
            bank = "" if phases == 1 else name
            circuit.add(row, Transformer(name=tag, phases=1, windings=windings, bank=bank, **shared))
    circuit.touch(primary, nodes)
    circuit.touch(secondary, nodes)
    _tap_changer(circuit, row)


def add_bank(circuit: Circuit, row: Row, span: Span) -> None:
    """A bank of single-phase units, ``[TRANSFORMER BYPHASE SETTING]``."""
    if row.text("CenterTapPhase") not in ("", "0", "NONE"):
        text, tap = "the model does not hold centre-tapped banks from CYME", row.text("CenterTapPhase")
        cure = "Waive it, or model it as a load at the primary."
        raise UnusableError("cyme.connection", text, "CenterTapPhase", tap, cure)
    primary, kv1, kv2 = rated(circuit, row, span)
    secondary = span.start if primary == span.end else span.end
    name = plain(row.text("DeviceNumber", default=span.section))
    for i, letter in enumerate(LETTERS, 1):
        if not row.text(f"PhaseTransformerID{i}") or row.text(f"PhaseTransformerID{i}").upper() == "NONE":
            continue
        unit = circuit.catalog.find(row, f"PhaseTransformerID{i}", "TRANSFORMER")
        first, second = _connection(circuit, row, unit)
        kva = unit.number("KVA")
        ends = (_unit_end(letter, first, kv1), _unit_end(letter, second, kv2))
        windings = tuple(
            _winding(bus, end[0], "wye", end[1], kva, unit, 1.0)
            for bus, end in zip((primary, secondary), ends, strict=True)
        )
        for bus, end in zip((primary, secondary), ends, strict=True):
            circuit.touch(bus, end[0])
        losses = _fine(100.0 * unit.number("NoLoadLosses") / kva)
        impedance = _impedance(circuit, row, unit)
        unit_name = f"{name}_{letter.lower()}"
        part = Transformer(name=unit_name, phases=1, windings=windings, bank=name, no_load_loss_pct=losses, **impedance)
        circuit.add(row, part)


def _unit_end(letter: str, connection: str, kv_ll: float) -> tuple[tuple[int, int], float]:
    """The nodes of a single-phase winding and its rated voltage."""
    node = LETTERS.index(letter) + 1
    if connection == "delta":
        return (node, node % 3 + 1), kv_ll
    return (node, 0), _fine(kv_ll / SQRT3)


def _impedance(circuit: Circuit, row: Row, unit: Row) -> dict[str, float]:
    z, ratio = unit.number("Z1"), unit.number("XR")
    if z < 0:
        raise UnusableError(
            "network.negative-impedance", "the transformer has a negative impedance", "Z1", f"{z:g}", "Correct it."
        )
    r = z / math.sqrt(1.0 + ratio * ratio)
    if abs(unit.number("Z0") - z) > 1e-6 * max(z, 1.0) and unit.number("Z0") > 0:
        circuit.reading.refused(
            circuit.feeder, f"{row.thing} zero sequence", "Z0 XR0", unit.text("Z0"),
            "the model gives a transformer one impedance for all sequences",
        )  # fmt: skip
    return {"xhl_pct": _fine(r * ratio), "magnetizing_pct": max(unit.number("MagnetizingCurrent"), 0.0)}


def _winding(
    bus: str, nodes: tuple[int, ...], connection: str, kv: float, kva: float, unit: Row, tap_pu: float
) -> Winding:
    z, ratio = unit.number("Z1"), unit.number("XR")
    return Winding(
        bus=bus,
        nodes=nodes,
        connection=connection,
        kv=kv,
        kva=_fine(kva),
        r_pct=_fine(z / math.sqrt(1.0 + ratio * ratio) / 2.0),
        tap_pu=_fine(tap_pu),
        min_tap_pu=min(0.9, tap_pu),
        max_tap_pu=max(1.1, tap_pu),
    )


def _tap_changer(circuit: Circuit, row: Row) -> None:
    if row.number("SetPoint") > 0:
        circuit.reading.find(
            "conversion.property-refused", "warning", "the tap changer of the transformer is not taken: its tap stays",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="SetPoint",
            value=row.text("SetPoint"), remedy="Check whether the study depends on it.",
        )  # fmt: skip


def add_regulator(circuit: Circuit, row: Row, span: Span) -> None:
    """A step-voltage regulator: one autotransformer and one control per phase, taps as stated.

    The equipment's KVA is that of the regulation; the power that goes through is KVA over the share of regulation.
    """
    unit = circuit.catalog.find(row, "EqID", "REGULATOR")
    phases = phases_of(row.text("PhaseON", default=span.phases))
    kv_ln = _fine(circuit.base_kv_ln.get(span.start) or circuit.base_kv_ln.get(span.end) or unit.number("KVLN"))
    steps = unit.whole("Taps", "NumberOfTaps", default=32)
    boost, buck = row.number("MaxBoost", default=10.0) / 100.0, row.number("MaxBuck", default=10.0) / 100.0
    name = plain(row.text("DeviceNumber", default=span.section))
    kva = _fine((unit.number("KVA") or 100.0) / max(boost, buck, 0.01))
    band = row.number("BandWidth") or unit.number("Bandwidth", "ForwardBandwidth", default=2.0)
    for letter in phases:
        node = LETTERS.index(letter) + 1
        tap = 1.0 + row.number(f"Tap{letter}") * (boost + buck) / steps
        low, high = min(1.0 - buck, tap), max(1.0 + boost, tap)
        ends = ((span.start, 1.0, 0.9, 1.1), (span.end, tap, low, high))
        windings = tuple(
            Winding(
                bus=bus, nodes=(node, 0), connection="wye", kv=kv_ln, kva=kva, r_pct=0.0005, tap_pu=_fine(t),
                min_tap_pu=_fine(lo), max_tap_pu=_fine(hi), taps=steps,
            )
            for bus, t, lo, hi in ends
        )  # fmt: skip
        transformer = f"{name}_{letter.lower()}"
        made = Transformer(
            name=transformer,
            phases=1,
            windings=windings,
            xhl_pct=0.001,
            bank=name,
            is_regulator=True,
            ppm_antifloat=0.0,
        )
        circuit.add(row, made)
        set_v = row.number(f"Vset{letter}")
        if set_v > 0:
            control = Regulator(
                name=transformer,
                transformer=transformer,
                winding=2,
                set_v=set_v,
                band_v=row.number(f"BandWidth{letter}") or band,
                pt_ratio=row.number("PT") or unit.number("PT", default=1.0),
                ct_primary_a=row.number("CT") or unit.number("CT"),
                r_v=row.number(f"Rset{letter}"),
                x_v=row.number(f"Xset{letter}"),
                delay_s=circuit.tables.delays.get(row.text("DeviceNumber"), 15.0),
                max_tap_change=16,
            )
            circuit.add(row, control)
    nodes = nodes_of(phases)
    circuit.touch(span.start, nodes)
    circuit.touch(span.end, nodes)
    reason = "CYME states no impedance of a regulator: 0.001 per cent reactance and resistance written out"
    circuit.reading.defaulted(circuit.feeder, f"{row.thing} impedance", "", f"transformer.{name}", "0.001 %", reason)


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
