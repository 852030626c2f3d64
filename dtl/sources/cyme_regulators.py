"""The step-voltage regulators of a CYME feeder: single-phase units, or one three-phase unit whose taps move together.

Single-phase units share an equipment, or have one each (``[REGULATOR BYPHASE SETTING]``).

The equipment's KVA is that of the regulation; the power that goes through is KVA over the share of regulation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dtl.network.feeder import Regulator, Switch, Transformer, Winding
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_codes import LETTERS, nodes_of, phases_of
from dtl.sources.cyme_connections import fed_from_end
from dtl.sources.cyme_section import Circuit, Span
from dtl.sources.cyme_tables import Row
from dtl.sources.reading import plain

THREE_PHASE = "1"
"""Type of an equipment that is one unit of three phases; 0 is a single-phase unit."""

FIXED, TERMINAL = "F", "T"
"""SettingOption of a regulator whose taps stay where they stand, and of one that holds its terminal."""

DISTANT = {"L": "the load centre", "Z": "an impedance", "PYTHONSCRIPT": "a script of its own"}
"""Values of SettingOption by which something else is held than Vset at the terminal, or behind Rset and Xset."""


@dataclass(frozen=True)
class _Bank:
    """What the units of one regulator share: row, equipment, place, name, and its taps.

    ``step`` is that of the equipment, its range over its taps [pu]; ``up`` and ``down`` are how many of them the
    regulator may go, which can be fewer than its equipment has; ``share`` is the equipment's share of regulation.
    """

    row: Row
    unit: Row
    span: Span
    name: str
    step: float
    up: int
    down: int
    share: float

    def tap_pu(self, letter: str) -> float:
        """The tap of a phase, per unit."""
        return 1.0 + self.row.number(f"Tap{letter}") * self.step


def add_regulator(circuit: Circuit, row: Row, span: Span) -> None:
    """A step-voltage regulator, taps as stated.

    Single-phase units: an autotransformer and a control for each phase of PhaseON; the other phases of the section pass
    through a closed jumper. A three-phase unit: one of each, which regulates all phases and measures that of PhaseON.
    """
    unit, span = circuit.catalog.find(row, "EqID", "REGULATOR"), _towards(circuit, row, span)
    stated = phases_of(row.text("PhaseON", default=span.phases))
    bank = _bank(row, unit, span)
    _aim(circuit, row)
    _unlike(circuit, row, unit)
    ganged = unit.text("Type") == THREE_PHASE and len(span.phases) == 3
    measured = (stated or span.phases)[0]
    if ganged:
        _ganged(circuit, bank, measured)
    else:
        on = span.phases if unit.text("Type") == THREE_PHASE else stated
        for letter in on:
            _single(circuit, bank, letter, measured if unit.text("Type") == THREE_PHASE else letter)
        if rest := "".join(p for p in span.phases if p not in on):
            _pass_through(circuit, bank, rest)
    _impedance(circuit, bank)


def add_regulator_by_phase(circuit: Circuit, row: Row, span: Span) -> None:
    """Single-phase units with an equipment each; columns of settings may be by phase, as ``MaxBoostA``, or shared.

    Raises
    ------
    UnusableError
        No column that is known names the equipment of a phase, or none states what its units hold.
    """
    units, span = _units(row), _towards(circuit, row, span)
    stated = phases_of(row.text("PhaseON", default="".join(units) or "NONE"))
    if not stated or not set(stated) <= set(span.phases) & set(units):
        text = "no column that is known names an equipment for each of its phases"
        cure = "Export EqIDA, EqIDB, EqIDC, or model it as a regulator with PhaseON."
        raise UnusableError("cyme.unknown-equipment", text, "EqIDA", stated or row.text("EqID"), cure)
    if not any(row.number(f"Vset{letter}") > 0 for letter in stated):
        text, cure = "states no voltage that its units hold", "Export VsetA, VsetB, VsetC."
        raise UnusableError("cyme.bad-value", text, "VsetA", row.text("VsetA"), cure)
    _aim(circuit, row)
    for letter in stated:
        unit = circuit.catalog.find(row, units[letter], "REGULATOR")
        if unit.text("Type") == THREE_PHASE:
            text, cure = "a regulator by phase has single-phase units, and this is one of three", "Choose another."
            raise UnusableError("cyme.connection", text, units[letter], row.text(units[letter]), cure)
        bank = _bank(row, unit, span, letter)
        _unlike(circuit, row, unit)
        _single(circuit, bank, letter, letter)
    if rest := "".join(p for p in span.phases if p not in stated):
        _pass_through(circuit, bank, rest)
    _impedance(circuit, bank)


def _towards(circuit: Circuit, row: Row, span: Span) -> Span:
    """The span from the side that feeds the regulator to the one that it holds."""
    return replace(span, start=span.end, end=span.start) if fed_from_end(circuit, row, span.section) else span


def _units(row: Row) -> dict[str, str]:
    """The phases that have a unit, and the column that names its equipment."""
    found = dict[str, str]()
    for number, letter in enumerate(LETTERS, 1):
        for column in (f"EqID{letter}", f"EqID_{letter}", f"RegulatorID{letter}", f"PhaseRegulatorID{number}"):
            if row.text(column, default="NONE").upper() != "NONE":
                found.setdefault(letter, column)
    return found


def _bank(row: Row, unit: Row, span: Span, letter: str = "") -> _Bank:
    """What the units of a regulator share, or one of them has."""
    steps = unit.whole("Taps", "NumberOfTaps", default=32)
    if steps < 1:
        text, cure = "the regulator has no steps", "Correct the equipment."
        raise UnusableError("cyme.bad-value", text, "Taps", str(steps), cure)
    name = plain(row.text("DeviceNumber", default=span.section))
    own = [unit.number(w) for w in ("MaxBoost", "MaxBuck")]
    may = [row.number(f"{w}{letter}", w, default=o or 10.0) for w, o in zip(("MaxBoost", "MaxBuck"), own, strict=True)]
    boost, buck = own if min(own) >= 0 < max(own) else may
    step = (boost + buck) / 100.0 / steps
    if not step > 0:
        text, cure = "the regulator has no range", "Correct MaxBoost and MaxBuck."
        raise UnusableError("cyme.bad-value", text, "MaxBoost", f"{boost:g}", cure)
    up, down = (int(min(a, b) / 100.0 / step + 1e-6) for a, b in zip(may, (boost, buck), strict=True))
    return _Bank(row, unit, span, name, step, up, down, max(boost, buck) / 100.0)


def _impedance(circuit: Circuit, bank: _Bank) -> None:
    reason = "CYME states no impedance of a regulator: 0.001 per cent reactance and resistance written out"
    target = f"transformer.{bank.name}"
    circuit.reading.defaulted(circuit.feeder, f"{bank.row.thing} impedance", "", target, "0.001 %", reason)


def _aim(circuit: Circuit, row: Row) -> None:
    """What the set point is aimed at: taps that are fixed have no control, and a distant place is not held."""
    option = row.text("SettingOption").upper()
    if option not in (FIXED, *DISTANT):
        return
    where = {"feeder": circuit.feeder, "file": row.file, "line": row.line, "element": row.thing}
    if option == FIXED:
        circuit.reading.find(
            "cyme.fixed-taps", "info", "its taps are fixed: they stand as stated, and no control moves them",
            **where, field="SettingOption", value=option,
            remedy="Nothing; where they are to move, export another SettingOption.",
        )  # fmt: skip
        return
    circuit.reading.find(
        "cyme.setting-option", "warning",
        f"is set for {DISTANT[option]}; the model holds Vset at its own terminal, with Rset and Xset as they stand",
        **where, field="SettingOption", value=option,
        remedy="Check Vset, Rset and Xset, or freeze the controls (`powerflow: {controls: frozen}`).",
    )  # fmt: skip


WYE = {"", "0", "1", "Y", "YG", "YNG"}
"""Connections of regulators from a phase to ground."""


def _unlike(circuit: Circuit, row: Row, unit: Row) -> None:
    """What the model has otherwise: units between phases are refused, settings of the other direction are told."""
    conn = row.text("Conn").upper()
    if conn not in WYE:
        text = "the model does not hold regulators between phases"
        raise UnusableError("cyme.connection", text, "Conn", conn, "Waive it, or connect it in wye.")
    if "1" in (row.text("Reversible"), unit.text("Reversible")):
        circuit.reading.find(
            "cyme.reversible", "info", "can regulate in both directions; the model has its forward settings only",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="Reversible", value="1",
            remedy="Check it where power can flow towards the source.",
        )  # fmt: skip


def _ganged(circuit: Circuit, bank: _Bank, measured: str) -> None:
    """One three-phase unit; its tap is that of the phase it measures."""
    row = bank.row
    taps = [row.number(f"Tap{p}") for p in bank.span.phases]
    if len(set(taps)) > 1:
        circuit.reading.find(
            "cyme.ganged-taps", "warning",
            f"is one three-phase unit and states different taps: that of phase {measured}, which it measures, is taken",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="TapA",
            value=" ".join(f"{t:g}" for t in taps), remedy="Choose single-phase units, or correct the taps.",
        )  # fmt: skip
    _add(circuit, bank, bank.name, bank.span.phases, measured, "")
    reason = f"an equipment of Type 1 is one unit of three phases; PhaseON is the phase it measures ({measured})"
    circuit.reading.defaulted(
        circuit.feeder, f"{row.thing} phases", "", f"transformer.{bank.name}", bank.span.phases, reason
    )


def _single(circuit: Circuit, bank: _Bank, letter: str, settings: str) -> None:
    """One single-phase unit on a phase; `settings` is the phase whose columns hold for it."""
    _add(circuit, bank, f"{bank.name}_{letter.lower()}", letter, settings, bank.name)


def _add(circuit: Circuit, bank: _Bank, name: str, phases: str, settings: str, member_of: str) -> None:
    """The autotransformer of one unit and its control."""
    row, unit, span = bank.row, bank.unit, bank.span
    known = circuit.base_kv_ln
    kv_ln = known.get(span.start) or known.get(span.end) or unit.number("KVLN")
    three = len(phases) == 3
    nodes = nodes_of(phases) if three else (LETTERS.index(phases) + 1, 0)
    kva = _fine((unit.number("KVA") or 100.0) / max(bank.share, 0.01))
    tap = bank.tap_pu(settings)
    low, high = min(1.0 - bank.down * bank.step, tap), max(1.0 + bank.up * bank.step, tap)
    steps = max(round((high - low) / bank.step), 1)
    windings = tuple(
        Winding(
            bus=bus, nodes=nodes, connection="wye", kv=_fine(kv_ln * (3.0**0.5 if three else 1.0)), kva=kva,
            r_pct=0.0005, tap_pu=_fine(t), min_tap_pu=_fine(lo), max_tap_pu=_fine(hi), taps=steps,
        )
        for bus, t, lo, hi in ((span.start, 1.0, 0.9, 1.1), (span.end, tap, low, high))
    )  # fmt: skip
    circuit.add(
        row,
        Transformer(
            name=name,
            phases=3 if three else 1,
            windings=windings,
            xhl_pct=0.001,
            bank=member_of,
            is_regulator=True,
            ppm_antifloat=0.0,
        ),
    )
    for bus in (span.start, span.end):
        circuit.touch(bus, nodes)
    option = row.text("SettingOption").upper()
    set_v, at_terminal = 0.0 if option == FIXED else row.number(f"Vset{settings}"), option == TERMINAL
    ratio = row.number(f"PT{settings}", "PT") or unit.number("PT")
    if set_v > 0 and not ratio > 0:
        ratio = 1000.0 * kv_ln / 120.0
        reason = "neither the regulator nor its equipment states it: the one that gives 120 V at the rated voltage"
        circuit.reading.defaulted(
            circuit.feeder, f"{row.thing} PT {settings}", "PT", f"regulator.{name}", f"{ratio:.6g}", reason
        )
    if set_v > 0:
        control = Regulator(
            name=name,
            transformer=name,
            winding=2,
            set_v=set_v,
            band_v=row.number(f"BandWidth{settings}")
            or row.number("BandWidth")
            or unit.number("Bandwidth", "ForwardBandwidth", default=2.0),
            pt_ratio=_fine(ratio),
            ct_primary_a=row.number(f"CT{settings}", "CT") or unit.number("CT"),
            r_v=0.0 if at_terminal else row.number(f"Rset{settings}"),
            x_v=0.0 if at_terminal else row.number(f"Xset{settings}"),
            delay_s=circuit.tables.delays.get(row.text("DeviceNumber"))
            or row.number("ActivationDelayFirstTap", default=15.0),
            pt_phase=LETTERS.index(settings) + 1 if three else 1,
            max_tap_change=16,
        )
        circuit.add(row, control)


def _pass_through(circuit: Circuit, bank: _Bank, phases: str) -> None:
    """The phases that no unit regulates: a closed jumper, listed."""
    row, span = bank.row, bank.span
    nodes = nodes_of(phases)
    part = Switch(
        name=f"{bank.name}__through", from_bus=span.start, to_bus=span.end, from_nodes=nodes, to_nodes=nodes,
        type="jumper",
    )  # fmt: skip
    for bus in (span.start, span.end):
        circuit.touch(bus, nodes)
    target = circuit.add(row, part)
    reason = "no unit regulates these phases of the section: they pass through a closed jumper"
    circuit.reading.defaulted(circuit.feeder, f"{row.thing} other phases", "", target, phases, reason)
    circuit.reading.find(
        "cyme.phases-pass", "info", reason, feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing,
        field="PhaseON", value=phases, remedy="Nothing, if that is how the regulator is built.",
    )  # fmt: skip


def _fine(value: float) -> float:
    return float(f"{value:.12g}")
