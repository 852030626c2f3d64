"""Tap changers of a CIM model and their controls.

A position is the number of a step; a number with decimals between 0.8 and 1.2, which some programs write, is the ratio
itself. A control holds a voltage at the secondary of its voltage transformer.
"""

from __future__ import annotations

from typing import Any

from dtl.network.feeder import Regulator, Transformer
from dtl.sources.cim_circuit import Circuit
from dtl.sources.cim_objects import Thing
from dtl.sources.cim_targets import target_value
from dtl.sources.record import UnusableError, tell

BASE_V = 120.0
"""Secondary of the voltage transformer of a control that states none [V]."""
NEAR = 0.5
"""A voltage that a control holds is no less of the rated one, and no more than its reciprocal."""
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


def held(circuit: Circuit, part: Transformer, winding: int, changer: Thing, other: bool) -> tuple[Transformer, int]:
    """A transformer with its tap on the side whose voltage the control of a changer holds, and that winding.

    The engine's regulator raises the tap to raise the voltage, which is so on the winding that it measures. A tap on
    the other side is the reciprocal one here. The winding is 0 where no tap can hold the voltage: ``other`` says that
    another winding has a changer, too.
    """
    control = circuit.store.to(changer, "TapChanger.TapChangerControl")
    terminal = circuit.store.to(control, "RegulatingControl.Terminal") if control is not None else None
    if control is None or terminal is None or control.text("RegulatingControl.mode", "voltage") != "voltage":
        return part, winding
    bus, windings = circuit.bus(terminal), list(part.windings)
    if bus == windings[winding - 1].bus:
        return part, winding
    at = next((i for i, w in enumerate(windings, 1) if w.bus == bus), 2 if winding == 1 else winding)
    if at == winding:
        return part, winding
    if other or (len(windings) > 2 and bus != windings[at - 1].bus):
        text = "its tap is not on the side that it measures, and cannot be put there: it stays where it is"
        tell(circuit.reading, control, "conversion.property-refused", "warning", text, "RegulatingControl.Terminal",
             bus, "Check whether the study depends on it.")  # fmt: skip
        return part, 0
    own = windings[winding - 1]
    low, tap, high = (float(f"{1.0 / t:.12g}") for t in (own.max_tap_pu, own.tap_pu, own.min_tap_pu))
    windings[winding - 1] = own.model_copy(update={"tap_pu": 1.0, "min_tap_pu": 0.9, "max_tap_pu": 1.1, "taps": 32})
    windings[at - 1] = windings[at - 1].model_copy(
        update={"tap_pu": tap, "min_tap_pu": low, "max_tap_pu": high, "taps": own.taps}
    )
    reason = f"its control holds the voltage of winding {at}: the tap is there, with the reciprocal ratio"
    target = f"transformer.{part.name} winding {at} tap_pu"
    circuit.reading.defaulted(circuit.feeder, changer.thing, "TransformerEnd", target, f"winding {winding}", reason)
    return part.model_copy(update={"windings": tuple(windings)}), at


def _held_volts(part: Transformer, winding: int, changer: Thing, control: Thing) -> tuple[float, float, float] | None:
    """Voltage and band at the secondary of the voltage transformer [V], and its ratio; none where nothing says them.

    A changer without a ratio, as in CGMES, is controlled by the voltage of the bus itself, line to line.
    """
    volts, band = target_value(control), target_value(control, "Deadband")
    if "TapChanger.ptRatio" in changer.values:
        return volts, band or 2.0, changer.number("TapChanger.ptRatio")
    own = part.windings[winding - 1]
    line = own.kv * 1e3
    if part.phases == 1 or not NEAR < volts / line < 1.0 / NEAR:
        return None
    across = line / 3**0.5 if own.connection == "wye" else line
    return BASE_V * volts / line, BASE_V * band / line or 2.0, float(f"{across / BASE_V:.12g}")


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
    if not winding:
        return []
    volts = _held_volts(part, winding, changer, control)
    if volts is None:
        text = "states no ptRatio, and its target is no voltage of the bus: its tap stays where it is"
        tell(circuit.reading, changer, "conversion.property-refused", "warning", text, "TapChanger.ptRatio", "",
             "State the ratio, or the voltage of the bus with its unit.")  # fmt: skip
        return []
    compensated = control.flag("TapChangerControl.lineDropCompensation", False)
    phase = control.text("RegulatingControl.monitoredPhase").upper()
    reverse = control.flag("TapChangerControl.reversible", False)
    regulator = Regulator(
        name=circuit.called(changer, "regulator"),
        transformer=part.name,
        winding=winding,
        set_v=volts[0],
        band_v=volts[1],
        pt_ratio=volts[2],
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
