"""Tap changers of a CIM model and their controls.

A position is the number of a step; a number with decimals between 0.8 and 1.2, which some programs write, is the ratio
itself. A control holds a voltage at the secondary of its voltage transformer.
"""

from __future__ import annotations

from typing import Any

from dtl.network.feeder import Regulator, Transformer
from dtl.sources.cim_circuit import Circuit
from dtl.sources.cim_objects import Thing
from dtl.sources.record import UnusableError, tell

_PHASES = {"A": 1, "B": 2, "C": 3, "AN": 1, "BN": 2, "CN": 3, "S1": 1, "S2": 2}


def changers(circuit: Circuit, end: Thing) -> list[Thing]:
    """The tap changer of an end, as a list of one or none.

    Raises
    ------
    UnusableError
        There are several, or it turns the phase.
    """
    found = circuit.store.back(end, "RatioTapChanger.TransformerEnd")
    if len(found) > 1:
        raise UnusableError("cim.windings", "a winding has two tap changers", "RatioTapChanger", len(found), "Correct.")
    for word in (
        "PhaseTapChanger",
        "PhaseTapChangerLinear",
        "PhaseTapChangerSymmetrical",
        "PhaseTapChangerAsymmetrical",
    ):
        if circuit.store.back(end, f"{word}.TransformerEnd"):
            text = "its tap turns the phase, which the model cannot hold"
            raise UnusableError("cim.connection", text, word, "", "Waive it, or replace it.")
    return found


def tap(circuit: Circuit, owner: Thing, found: list[Thing]) -> dict[str, Any]:
    """Position and range of the tap of a winding, as fields of `Winding`; none without a tap changer."""
    for changer in found:
        circuit.use([changer], owner)
        low, high = (changer.whole(f"TapChanger.{w}Step") for w in ("low", "high"))
        neutral = changer.number("TapChanger.neutralStep", 0.0)
        ratios = _table(circuit, owner, changer)
        percent = changer.number("RatioTapChanger.stepVoltageIncrement", 0.0 if ratios else None)
        normal = changer.number("TapChanger.normalStep", neutral)
        step = changer.number("TapChanger.step", normal)
        if 0.8 < step < 1.2 and step != int(step):
            text = "the step is no whole number; it was taken as the ratio itself"
            tell(circuit.reading, changer, "cim.tap", "warning", text, "TapChanger.step", f"{step:g}", "Check it.")
            ratio = step
        else:
            ratio = _ratio(ratios, step, neutral, percent)
        ends = sorted(_ratio(ratios, n, neutral, percent) for n in (low, high))
        return {
            "tap_pu": float(f"{ratio:.12g}"),
            "min_tap_pu": float(f"{ends[0]:.12g}"),
            "max_tap_pu": float(f"{ends[1]:.12g}"),
            "taps": max(high - low, 1),
        }
    return {}


def _table(circuit: Circuit, owner: Thing, changer: Thing) -> dict[float, float]:
    """The ratio at each step, where the changer follows a table; empty otherwise."""
    table = circuit.store.to(changer, "RatioTapChanger.RatioTapChangerTable")
    if table is None:
        return {}
    points = circuit.store.back(table, "RatioTapChangerTablePoint.RatioTapChangerTable")
    circuit.use([table, *points], owner)
    return {p.number("TapChangerTablePoint.step"): p.number("TapChangerTablePoint.ratio", 1.0) for p in points}


def _ratio(ratios: dict[float, float], step: float, neutral: float, percent: float) -> float:
    """The ratio at a step, by the table of a changer, else by its increment [%]."""
    if not ratios:
        return 1.0 + (step - neutral) * percent / 100.0
    if step not in ratios:
        text = "its table has no such step"
        raise UnusableError("source.bad-value", text, "TapChangerTablePoint.step", f"{step:g}", "Complete the table.")
    return ratios[step]


def add_regulator(circuit: Circuit, part: Transformer, winding: int, changer: Thing) -> list[tuple[Thing, Regulator]]:
    """The regulator of a tap changer, as a list of one or none."""
    control = circuit.store.to(changer, "TapChanger.TapChangerControl")
    if control is None:
        return []
    circuit.use([control], changer)
    if control.text("RegulatingControl.mode", "voltage") != "voltage":
        text = "controls something else than a voltage: its tap stays where it is"
        tell(circuit.reading, control, "conversion.property-refused", "warning", text, "RegulatingControl.mode",
             control.text("RegulatingControl.mode"), "Check whether the study depends on it.")  # fmt: skip
        return []
    compensated = control.flag("TapChangerControl.lineDropCompensation", False)
    phase = control.text("RegulatingControl.monitoredPhase").upper()
    reverse = control.flag("TapChangerControl.reversible", False)
    regulator = Regulator(
        name=circuit.called(changer, "regulator"),
        transformer=part.name,
        winding=winding,
        set_v=control.number("RegulatingControl.targetValue"),
        band_v=control.number("RegulatingControl.targetDeadband", 2.0),
        pt_ratio=changer.number("TapChanger.ptRatio"),
        ct_primary_a=changer.number("TapChanger.ctRating", 0.0),
        r_v=control.number("TapChangerControl.lineDropR", 0.0) if compensated else 0.0,
        x_v=control.number("TapChangerControl.lineDropX", 0.0) if compensated else 0.0,
        delay_s=changer.number("TapChanger.initialDelay", 15.0),
        tap_delay_s=changer.number("TapChanger.subsequentDelay", 2.0),
        monitored_bus=_elsewhere(circuit, part, winding, control),
        pt_phase=1 if part.phases == 1 else _PHASES.get(phase, 1),
        reversible=reverse,
        enabled=control.flag("RegulatingControl.enabled", True) and changer.flag("TapChanger.controlEnabled", True),
    )
    return [(changer, regulator)]


def _elsewhere(circuit: Circuit, part: Transformer, winding: int, control: Thing) -> str:
    """The bus that a control measures when it is not that of its own winding, with the node of one phase."""
    terminal = circuit.store.to(control, "RegulatingControl.Terminal")
    if terminal is None:
        return ""
    bus, own = circuit.bus(terminal), part.windings[winding - 1]
    if bus == own.bus:
        return ""
    return f"{bus}.{own.nodes[0]}" if part.phases == 1 else bus
