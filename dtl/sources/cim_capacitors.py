"""Capacitors and reactors of CIM, by their susceptance, with the controls that switch them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

from dtl.network.feeder import Capacitor, CapacitorControl, Part, Reactor
from dtl.sources.cim_circuit import NODES, Circuit
from dtl.sources.cim_lines import SWITCHES
from dtl.sources.cim_objects import Thing
from dtl.sources.cim_spread import spread
from dtl.sources.cim_targets import target_value
from dtl.sources.reading import plain
from dtl.sources.record import UnusableError, tell

_KINDS: dict[str, Literal["voltage", "kvar", "current", "time"]] = {
    "voltage": "voltage", "reactivePower": "kvar", "currentFlow": "current", "timeScheduled": "time",
}  # fmt: skip
"""Modes of a control that the model can hold."""
_MEASURED = {
    "ACLineSegment": "line", "PowerTransformer": "transformer", "LinearShuntCompensator": "capacitor",
    **dict.fromkeys(SWITCHES, "switch"),
}  # fmt: skip
_NEAR = (0.75, 1.3)
"""Of the nominal voltage, what a capacitor is switched at; line to line and to neutral are further apart."""


def capacitor(circuit: Circuit, thing: Thing, bus: str) -> Iterator[Part]:
    """A bank, by its susceptance of each section; with a negative one a reactor.

    Raises
    ------
    UnusableError
        Its sections are no number, or a phase has others than the bank.
    """
    rows = circuit.phases(thing, "ShuntCompensatorPhase.ShuntCompensator", "ShuntCompensatorPhase.phase", across=True)
    delta = thing.text("ShuntCompensator.phaseConnection").upper() == "D"
    volts = thing.number("ShuntCompensator.nomU", 0.0) or 1e3 * circuit.kv_ll(bus)
    most, on = _sections(thing, "ShuntCompensator")
    word = "LinearShuntCompensatorPhase.bPerSection"
    siemens = [(a, row.number(word, thing.number("LinearShuntCompensator.bPerSection", 0.0)), 0.0) for a, row in rows]
    if not siemens:
        siemens = [("", thing.number("LinearShuntCompensator.bPerSection"), 0.0)]
    for _, row in rows:
        steps = _sections(row, "ShuntCompensatorPhase", most, on)
        if steps != (most, on):
            raise UnusableError("cim.total", "a phase has other sections than the bank", word, "", "Correct the bank.")
    is_reactor = sum(b for _, b, _ in siemens) < 0
    grounded = delta or thing.flag("ShuntCompensator.grounded", True) or len(rows) == 1
    star = () if grounded else (circuit.neutral(bus),)
    places = list(spread(circuit, thing, bus, delta, siemens, "reactor" if is_reactor else "capacitor"))
    own = f"capacitor.{places[0][0]['name']}"
    control = None if is_reactor else _control(circuit, thing, own)
    for where, b, _ in places:
        kv, where["nodes"] = volts / 1e3, (*where["nodes"], *star)
        if where["phases"] == 3:
            share = b / max(len(siemens), 1)
        else:
            share = b
            if not delta and kv > 1.4 * circuit.kv_ln(bus):
                kv /= math.sqrt(3.0)
        if share < 0:
            here = where | {"kv": kv, "enabled": where["enabled"] and on > 0}
            yield _reactor(circuit, thing, here, -share * max(on, 1))
            continue
        kvar = float(f"{share * kv * kv * 1e3:.12g}")
        states = () if on == most else tuple(i < on for i in range(most))
        if control is not None and control.element == own:
            control = control.model_copy(update={"element": f"capacitor.{where['name']}"})
            own = control.element
        yield Capacitor(**(where | {"kv": kv}), kvar=(kvar,) * most, steps_on=states, control=control)


def _reactor(circuit: Circuit, thing: Thing, where: dict[str, Any], siemens: float) -> Reactor:
    """A bank whose susceptance is negative; of three phases in delta each branch has a third of it."""
    if "RegulatingCondEq.RegulatingControl" in thing.values:
        text = "it is a reactor, whose control the model cannot hold: it stays connected as it is"
        tell(circuit.reading, thing, "conversion.property-refused", "warning", text,
             "RegulatingCondEq.RegulatingControl", "", "Check whether the study depends on it.")  # fmt: skip
    branches = 3.0 if where["connection"] == "delta" and where["phases"] == 3 else 1.0
    return Reactor(**where, r_ohm=0.0, x_ohm=float(f"{branches / siemens:.12g}"))


def _sections(row: Thing, cls: str, most: int = 1, on: int = 1) -> tuple[int, int]:
    most = row.whole(f"{cls}.maximumSections", most)
    on = row.whole(f"{cls}.sections", row.whole(f"{cls}.normalSections", on))
    if not 1 <= most <= 1000 or not 0 <= on <= most:
        raise UnusableError("source.bad-value", "is no number of sections", f"{cls}.sections", on, "Correct it.")
    return most, on


def _control(circuit: Circuit, thing: Thing, own: str) -> CapacitorControl | None:
    """The control of a capacitor by voltage, reactive power, current or time; others are told and left out.

    `own` is the element that a control measures which names no other place. Models of distribution refer from the
    control to the capacitor, CGMES the other way.
    """
    control = circuit.store.to(thing, "RegulatingCondEq.RegulatingControl")
    control = control or next(iter(circuit.store.back(thing, "RegulatingControl.RegulatingCondEq")), None)
    if control is None:
        return None
    circuit.use([control], thing)
    mode = control.text("RegulatingControl.mode").rpartition(".")[2]
    terminal = circuit.store.to(control, "RegulatingControl.Terminal")
    home = circuit.ends(thing, 1)[0]
    bus = circuit.bus(terminal) if terminal is not None else home
    element = circuit.store.to(terminal, "Terminal.ConductingEquipment") if terminal is not None else None
    if element is None or element is thing or (element.cls not in _MEASURED and bus == home):
        kind, name, number = "capacitor", own.partition(".")[2], 1
    else:
        kind, name = _MEASURED.get(element.cls, ""), plain(element.name)
        number = terminal.whole("ACDCTerminal.sequenceNumber", 1) if terminal is not None else 1
    untold = "RegulatingControl.targetValue" not in control.values
    target, half = 0.0 if untold else target_value(control), target_value(control, "Deadband") / 2.0
    share = _share(target, circuit.kv_ll(bus)) if mode == "voltage" else 1.0
    lost = [
        (mode not in _KINDS or not kind, "RegulatingControl.mode", "its control measures what the model cannot hold"),
        (untold, "RegulatingControl.targetValue", "its control states no target"),
        (share == 0.0, "RegulatingControl.targetValue", "the target of its control is none of the nominal voltage"),
        (half == 0.0, "RegulatingControl.targetDeadband", "its control has no dead band"),
    ]
    for bad, field, text in lost:
        if bad:
            text += ": it stays connected as it is"
            tell(circuit.reading, control, "conversion.property-refused", "warning", text, field,
                 control.text(field), "Check whether the study depends on it.")  # fmt: skip
            return None
    if half < 0.0:
        text = "is negative, as OpenDSS writes it of a bank that is switched on above and off below: its width counts"
        tell(circuit.reading, control, "cim.sign", "warning", text, "RegulatingControl.targetDeadband",
             control.text("RegulatingControl.targetDeadband"), "Check the control.")  # fmt: skip
        half = -half
    scale = 1e-3 if mode == "reactivePower" else share
    low, high = (target - half) * scale, (target + half) * scale
    on, off = (low, high) if mode in ("voltage", "timeScheduled") else (high, low)
    conductor = _conductor(circuit, kind, name, control)
    return CapacitorControl(
        type=_KINDS[mode], element=f"{kind}.{name}", terminal=number, pt_phase=conductor, ct_phase=conductor,
        on=on, off=off, pt_ratio=1.0, ct_ratio=1.0, delay_s=thing.number("ShuntCompensator.aVRDelay", 15.0),
        enabled=control.flag("RegulatingControl.enabled", True) and thing.flag("RegulatingCondEq.controlEnabled", True),
    )  # fmt: skip


def _share(target: float, kv_ll: float) -> float:
    """What a target in volts is multiplied by to be line to neutral; 0 where it is near neither voltage."""
    line = 1e3 * kv_ll
    if _NEAR[0] <= target / line <= _NEAR[1]:
        return 1.0 / math.sqrt(3.0)
    return 1.0 if _NEAR[0] <= target * math.sqrt(3.0) / line <= _NEAR[1] else 0.0


def _conductor(circuit: Circuit, kind: str, name: str, control: Thing) -> int:
    """Which conductor of the part that is measured has the phase of the control, from 1."""
    node = NODES.get(control.text("RegulatingControl.monitoredPhase").rpartition(".")[2][:1], 1)
    part = circuit.reading.parts[circuit.feeder].get((kind, name))
    nodes = getattr(part, "from_nodes", None) or (1, 2, 3)
    return nodes.index(node) + 1 if node in nodes else 1
