"""Sources, lines and switches of a feeder as CIM objects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dtl.network.feeder import Line, LineCode, Switch

if TYPE_CHECKING:
    from dtl.sources.cim_write import Document

CLASSES = {
    "switch": "LoadBreakSwitch",
    "breaker": "Breaker",
    "fuse": "Fuse",
    "recloser": "Recloser",
    "sectionalizer": "Sectionaliser",
    "protector": "Breaker",
    "jumper": "Jumper",
}
"""Class of each kind of switch."""

_ALWAYS_S, _DAY_S = 5e9, 86400.0


def write_sources(document: Document) -> None:
    """Write the sources."""
    for part in document.feeder.sources:
        if part.phases != 3 or tuple(part.nodes) != (1, 2, 3):
            document.refuse(part, "only a source of three phases in their order can be written")
            continue
        document.equipment(
            "EnergySource",
            part,
            [part.bus],
            EnergySource__nominalVoltage=1e3 * part.kv_ll,
            EnergySource__voltageMagnitude=1e3 * part.kv_ll * part.pu,
            EnergySource__voltageAngle=math.radians(part.angle_deg),
            EnergySource__r=part.r1_ohm,
            EnergySource__x=part.x1_ohm,
            EnergySource__r0=part.r0_ohm,
            EnergySource__x0=part.x0_ohm,
        )


def write_lines(document: Document) -> None:
    """Write the lines, and each line code as impedances per length."""
    feeder = document.feeder
    for code in feeder.line_codes:
        _code(document, code)
    for part in feeder.lines:
        letters = document.letters(part.from_bus, part.from_nodes)
        if not letters or part.from_nodes != part.to_nodes or len(letters) != len(part.from_nodes):
            document.refuse(part, "its conductors are no phases, or change them on the way")
            continue
        key = document.equipment(
            "ACLineSegment",
            part,
            [part.from_bus, part.to_bus],
            Conductor__length=1e3 * part.length_km,
            ACLineSegment__PerLengthImpedance_to=document.id("PerLengthPhaseImpedance", part.line_code),
        )
        for number, letter in enumerate(letters, 1):
            document.object(
                "ACLineSegmentPhase",
                f"{part.name} {letter}",
                ACLineSegmentPhase__ACLineSegment_to=key,
                ACLineSegmentPhase__phase_is=f"SinglePhaseKind.{letter}",
                ACLineSegmentPhase__sequenceNumber=number,
            )
        code = feeder.line_code[part.line_code]
        normal = part.normal_a if part.normal_a is not None else code.normal_a
        emergency = part.emergency_a if part.emergency_a is not None else code.emergency_a
        _limits(document, part, key, normal, emergency)


def _code(document: Document, code: LineCode) -> None:
    n = len(code.r_ohm_per_km)
    key = document.object("PerLengthPhaseImpedance", code.name, PerLengthPhaseImpedance__conductorCount=n)
    omega = 2.0 * math.pi * document.feeder.frequency_hz
    for i in range(n):
        for j in range(i + 1):
            document.object(
                "PhaseImpedanceData",
                f"{code.name} {i + 1} {j + 1}",
                PhaseImpedanceData__PhaseImpedance_to=key,
                PhaseImpedanceData__row=i + 1,
                PhaseImpedanceData__column=j + 1,
                PhaseImpedanceData__r=code.r_ohm_per_km[i][j] / 1e3,
                PhaseImpedanceData__x=code.x_ohm_per_km[i][j] / 1e3,
                PhaseImpedanceData__b=code.c_nf_per_km[i][j] * omega / 1e12,
            )


def _limits(
    document: Document, part: Line | Switch, equipment: str, normal: float | None, emergency: float | None
) -> None:
    """Ratings of a line or switch [A]."""
    name = f"{type(part).__name__} {part.name}"
    for word, amps, lasts in (("normal", normal, _ALWAYS_S), ("emergency", emergency, _DAY_S)):
        if amps is None:
            continue
        kind = document.object("OperationalLimitType", word, OperationalLimitType__acceptableDuration=lasts)
        group = document.object("OperationalLimitSet", name, OperationalLimitSet__Equipment_to=equipment)
        document.object(
            "CurrentLimit",
            f"{name} {word}",
            OperationalLimit__OperationalLimitSet_to=group,
            OperationalLimit__OperationalLimitType_to=kind,
            CurrentLimit__value=amps,
        )


def write_switches(document: Document) -> None:
    """Write the switches, with the state of each pole."""
    for part in document.feeder.switches:
        near = document.letters(part.from_bus, part.from_nodes)
        far = document.letters(part.to_bus, part.to_nodes)
        if not near or not far or len(near) != len(part.from_nodes) or len(far) != len(part.to_nodes):
            document.refuse(part, "its conductors are no phases")
            continue
        key = document.equipment(
            CLASSES[part.type],
            part,
            [part.from_bus, part.to_bus],
            Switch__open=not part.is_closed,
            Switch__normalOpen=not part.is_closed,
            Switch__ratedCurrent=part.normal_a,
        )
        closed = part.closed or (True,) * len(near)
        for first, second, shut in zip(near, far, closed, strict=True):
            document.object(
                "SwitchPhase",
                f"{part.name} {first}",
                SwitchPhase__Switch_to=key,
                SwitchPhase__phaseSide1_is=f"SinglePhaseKind.{first}",
                SwitchPhase__phaseSide2_is=f"SinglePhaseKind.{second}",
                SwitchPhase__closed=shut,
                SwitchPhase__normalOpen=not shut,
            )
        _limits(document, part, key, None, part.emergency_a)
