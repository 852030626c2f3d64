"""Transformers and regulators of a feeder as CIM objects: ends for three phases, tanks for one."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from dtl.network.clock import hour_of, way_of
from dtl.network.feeder import Regulator, Transformer, Winding

if TYPE_CHECKING:
    from dtl.sources.cim_write import Document

_PHASES = {1: "A", 2: "B", 3: "C", 0: "N"}
_LEGS = {1: "s1", 2: "s2", 0: "N"}


def write_transformers(document: Document) -> None:
    """Write the transformers with their taps and regulators."""
    by_name: dict[str, list[Regulator]] = {}
    for regulator in document.feeder.regulators:
        by_name.setdefault(regulator.transformer, []).append(regulator)
    for part in document.feeder.transformers:
        ends = _whole(document, part) if part.phases == 3 else _tank(document, part) if part.phases == 1 else None
        if ends is None:
            document.refuse(part, "its phases, or the order of its conductors, cannot be written")
            continue
        for number, (winding, end) in enumerate(zip(part.windings, ends, strict=True), 1):
            _tap(document, part, number, winding, end, [r for r in by_name.get(part.name, []) if r.winding == number])


def _ohm(part: Transformer, winding: Winding) -> float:
    """Base impedance of a winding at the power of the first [ohm]."""
    return 1e3 * winding.kv**2 / part.windings[0].kva


def _reactances(part: Transformer) -> dict[tuple[int, int], float]:
    """Reactance between pairs of windings, per unit of the first."""
    found = [part.xhl_pct, part.xht_pct or 0.0, part.xlt_pct or 0.0]
    pairs = list(combinations(range(len(part.windings)), 2))
    return {pair: x / 100.0 for pair, x in zip(pairs, found, strict=False)}


def _whole(document: Document, part: Transformer) -> list[str] | None:
    """The ids of the ends of a transformer of three phases."""
    way = way_of(part.windings, part.lead_lag)
    hours = [hour_of(part.windings[0], w, way) for w in part.windings]
    if None in hours:
        return None
    buses = [w.bus for w in part.windings]
    key = document.equipment("PowerTransformer", part, buses)
    ends = []
    for number, (w, hour) in enumerate(zip(part.windings, hours, strict=True), 1):
        floating = w.connection == "wye" and len(w.nodes) > 3 and w.nodes[3] > 0
        earthed = w.connection == "wye" and (not floating or w.r_neutral_ohm >= 0)
        ends.append(document.object(
            "PowerTransformerEnd",
            f"{part.name} {number}",
            PowerTransformerEnd__PowerTransformer_to=key,
            TransformerEnd__endNumber=number,
            TransformerEnd__Terminal_to=document.id("Terminal", f"PowerTransformer {part.name} T{number}"),
            TransformerEnd__BaseVoltage_to=document.level(document.feeder.bus[w.bus]),
            TransformerEnd__grounded=earthed,
            TransformerEnd__rground=w.r_neutral_ohm if floating and earthed else 0.0,
            TransformerEnd__xground=w.x_neutral_ohm if floating and earthed else 0.0,
            PowerTransformerEnd__connectionKind_is=f"WindingConnection.{_kind(w, earthed)}",
            PowerTransformerEnd__phaseAngleClock=hour,
            PowerTransformerEnd__ratedS=1e3 * w.kva,
            PowerTransformerEnd__ratedU=1e3 * w.kv,
            PowerTransformerEnd__r=w.r_pct / 100.0 * _ohm(part, w),
        ))  # fmt: skip
    for (i, j), x in _reactances(part).items():
        document.object(
            "TransformerMeshImpedance",
            f"{part.name} {i + 1} {j + 1}",
            TransformerMeshImpedance__FromTransformerEnd_to=ends[i],
            TransformerMeshImpedance__ToTransformerEnd_to=ends[j],
            TransformerMeshImpedance__r=(part.windings[i].r_pct + part.windings[j].r_pct) / 100.0
            * _ohm(part, part.windings[i]),
            TransformerMeshImpedance__x=x * _ohm(part, part.windings[i]),
        )  # fmt: skip
    document.object(
        "TransformerCoreAdmittance",
        part.name,
        TransformerCoreAdmittance__TransformerEnd_to=ends[0],
        TransformerCoreAdmittance__g=part.no_load_loss_pct / 100.0 / _ohm(part, part.windings[0]),
        TransformerCoreAdmittance__b=-part.magnetizing_pct / 100.0 / _ohm(part, part.windings[0]),
    )
    return ends


def _kind(winding: Winding, earthed: bool) -> str:
    return "D" if winding.connection == "delta" else "Yn" if earthed else "Y"


def _tank(document: Document, part: Transformer) -> list[str] | None:
    """The ids of the ends of a transformer of one phase, which is a tank of its own or of its bank."""
    codes = [_code(document, w) for w in part.windings]
    if not all(codes):
        return None
    bank = document.object(
        "PowerTransformer",
        part.bank or part.name,
        Equipment__EquipmentContainer_to=document.id("Feeder", document.feeder.id),
        Equipment__inService=None if part.enabled else False,
    )
    info = document.object("TransformerTankInfo", part.name)
    tank = document.object(
        "TransformerTank",
        part.name,
        TransformerTank__PowerTransformer_to=bank,
        TransformerTank__TransformerTankInfo_to=info,
    )
    ends, rows = [], []
    for number, (w, code) in enumerate(zip(part.windings, codes, strict=True), 1):
        terminal = document.terminal(bank, f"TransformerTank {part.name}", number, w.bus)
        ends.append(document.object(
            "TransformerTankEnd",
            f"{part.name} {number}",
            TransformerTankEnd__TransformerTank_to=tank,
            TransformerTankEnd__orderedPhases_is=f"OrderedPhaseCodeKind.{code}",
            TransformerEnd__endNumber=number,
            TransformerEnd__Terminal_to=terminal,
            TransformerEnd__BaseVoltage_to=document.level(document.feeder.bus[w.bus]),
            TransformerEnd__grounded=0 in w.nodes,
        ))  # fmt: skip
        rows.append(document.object(
            "TransformerEndInfo",
            f"{part.name} {number}",
            TransformerEndInfo__TransformerTankInfo_to=info,
            TransformerEndInfo__endNumber=number,
            TransformerEndInfo__connectionKind_is="WindingConnection.I",
            TransformerEndInfo__ratedU=1e3 * w.kv,
            TransformerEndInfo__ratedS=1e3 * w.kva,
            TransformerEndInfo__emergencyS=1e3 * part.emergency_kva if part.emergency_kva else None,
            TransformerEndInfo__r=w.r_pct / 100.0 * _ohm(part, w),
        ))  # fmt: skip
    _tests(document, part, rows)
    return ends


def _code(document: Document, winding: Winding) -> str:
    letters = _LEGS if document.feeder.bus[winding.bus].split_phase else _PHASES
    if len(winding.nodes) != 2 or not set(winding.nodes) <= letters.keys():
        return ""
    code = "".join(letters[n] for n in winding.nodes)
    return {"s1s2": "s12N"}.get(code, code)


def _tests(document: Document, part: Transformer, rows: list[str]) -> None:
    """Write the tests from which the impedances of a tank follow."""
    watts = 1e3 * part.windings[0].kva
    for (i, j), x in _reactances(part).items():
        r = (part.windings[i].r_pct + part.windings[j].r_pct) / 100.0
        document.object(
            "ShortCircuitTest",
            f"{part.name} {i + 1} {j + 1}",
            ShortCircuitTest__EnergisedEnd_to=rows[i],
            ShortCircuitTest__GroundedEnds_to=rows[j],
            ShortCircuitTest__leakageImpedance=abs(complex(r, x)) * _ohm(part, part.windings[i]),
            ShortCircuitTest__loss=r * watts / 1e3,
            TransformerTest__basePower=watts,
        )
    document.object(
        "NoLoadTest",
        part.name,
        NoLoadTest__EnergisedEnd_to=rows[0],
        NoLoadTest__excitingCurrent=abs(complex(part.no_load_loss_pct, part.magnetizing_pct)),
        NoLoadTest__loss=part.no_load_loss_pct / 100.0 * watts / 1e3,
        TransformerTest__basePower=watts,
    )


def _tap(
    document: Document, part: Transformer, number: int, winding: Winding, end: str, regulators: list[Regulator]
) -> None:
    """Write the tap of a winding with its control, unless it is at rest and nobody moves it."""
    for regulator in regulators[1:]:
        document.refuse(regulator, "a second regulator on one winding cannot be written")
    if winding.tap_pu == 1.0 and not regulators:
        return
    step = (winding.max_tap_pu - winding.min_tap_pu) / max(winding.taps, 1)
    position = round((winding.tap_pu - 1.0) / step) if step else 0
    if not position and winding.tap_pu != 1.0:
        position = 1
    if position and abs((winding.tap_pu - 1.0) / position - step) > 1e-12:
        step = (winding.tap_pu - 1.0) / position
    control = None
    name = regulators[0].name if regulators else f"{part.name} {number}"
    if regulators:
        control = _control(document, part, regulators[0], winding)
    document.object(
        "RatioTapChanger",
        name,
        RatioTapChanger__TransformerEnd_to=end,
        TapChanger__TapChangerControl_to=control,
        RatioTapChanger__stepVoltageIncrement=100.0 * step,
        TapChanger__lowStep=round((winding.min_tap_pu - 1.0) / step),
        TapChanger__highStep=round((winding.max_tap_pu - 1.0) / step),
        TapChanger__neutralStep=0,
        TapChanger__normalStep=position,
        TapChanger__step=position,
        TapChanger__controlEnabled=regulators[0].enabled if regulators else None,
        TapChanger__initialDelay=regulators[0].delay_s if regulators else None,
        TapChanger__subsequentDelay=regulators[0].tap_delay_s if regulators else None,
        TapChanger__ptRatio=regulators[0].pt_ratio if regulators else None,
        TapChanger__ctRating=regulators[0].ct_primary_a if regulators else None,
    )


def _control(document: Document, part: Transformer, regulator: Regulator, winding: Winding) -> str:
    if regulator.monitored_bus and regulator.monitored_bus.split(".")[0] != winding.bus:
        document.refuse(regulator, "measures at another bus, which is not written")
    node = winding.nodes[0] if part.phases == 1 else regulator.pt_phase
    return document.object(
        "TapChangerControl",
        regulator.name,
        RegulatingControl__mode_is="RegulatingControlModeKind.voltage",
        RegulatingControl__monitoredPhase_is=f"PhaseCode.{_PHASES.get(node, 'A') if isinstance(node, int) else 'A'}",
        RegulatingControl__enabled=regulator.enabled,
        RegulatingControl__discrete=True,
        RegulatingControl__targetValue=regulator.set_v,
        RegulatingControl__targetDeadband=regulator.band_v,
        TapChangerControl__lineDropCompensation=bool(regulator.r_v or regulator.x_v),
        TapChangerControl__lineDropR=regulator.r_v,
        TapChangerControl__lineDropX=regulator.x_v,
        TapChangerControl__reversible=regulator.reversible,
    )
