"""What hangs on the buses of a CIM model: sources, loads, capacitors, inverters with their units, and machines.

The power of a load is the total; its phase objects say how it is shared. Where the shares are equal in three phases one
part is made, else one for each phase. Rated voltages of loads are not stated in CIM: the nominal voltage is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from dtl.network.feeder import Generator, Load, Part, Source, Storage
from dtl.sources.cim_capacitors import capacitor
from dtl.sources.cim_circuit import LIMITS, PHASES, Circuit
from dtl.sources.cim_objects import Thing
from dtl.sources.cim_source import feeds, source
from dtl.sources.cim_spread import spread
from dtl.sources.cim_targets import target_value
from dtl.sources.record import UNUSABLE, UnusableError, fault, refuse, tell


def add_shunts(circuit: Circuit) -> None:
    """Add all sources and whatever hangs on one bus."""
    for thing in circuit.members:
        make = MAKERS.get(thing.cls)
        if make is None:
            continue
        try:
            (bus,) = circuit.ends(thing, 1)
            circuit.base(bus, circuit.store.to(thing, "ConductingEquipment.BaseVoltage"))
            circuit.locate(thing)
            for part in make(circuit, thing, bus):
                circuit.add(thing, part)
        except UNUSABLE as err:
            fault(circuit.reading, thing, err)


def _consumer(circuit: Circuit, thing: Thing, bus: str) -> Iterator[Part]:
    watts, vars_ = _now_or_fixed(thing, "EnergyConsumer.", "p"), _now_or_fixed(thing, "EnergyConsumer.", "q")
    rows = circuit.phases(thing, "EnergyConsumerPhase.EnergyConsumer", "EnergyConsumerPhase.phase", across=True)
    powers = [(thing, "EnergyConsumer."), *((row, "EnergyConsumerPhase.") for _, row in rows)]
    if not any(f"{word}{w}" in of.values for of, word in powers for w in ("p", "pfixed")):
        text = "states no power, and draws none: is the file with the state (SSH) there?"
        tell(circuit.reading, thing, "cim.no-power", "warning", text, "EnergyConsumer.p", "", "Add the file.")
    n = max(sum(letter != "N" for letter, _ in rows), 1)
    word = "EnergyConsumerPhase."
    shares = [
        (a, _now_or_fixed(row, word, "p", watts / n), _now_or_fixed(row, word, "q", vars_ / n))
        for a, row in rows
        if a != "N"
    ]
    told = sum(p for _, p, _ in shares)
    if shares and watts and abs(told - watts) > 1e-3 * abs(watts) + 1.0:
        text = f"the phases add up to {told:g} W, the total is another; the phases were taken"
        tell(circuit.reading, thing, "cim.total", "warning", text, "EnergyConsumer.p", f"{watts:g}", "Correct one.")
    delta = thing.text("EnergyConsumer.phaseConnection").upper() == "D"
    voltage = _dependence(circuit, thing)
    people = thing.whole("EnergyConsumer.customerCount", 1)
    for i, (where, p, q) in enumerate(spread(circuit, thing, bus, delta, shares or [("", watts, vars_)], "load")):
        yield Load(**where, **voltage, **LIMITS, kw=p / 1e3, kvar=q / 1e3, customers=people if i == 0 else 0)


def _now_or_fixed(thing: Thing, word: str, which: str, otherwise: float = 0.0) -> float:
    """The power now, else the fixed one, which equipment profiles state; of phases in place of their share."""
    fixed = thing.number(f"{word}{which}fixed", otherwise)
    return thing.number(f"{word}{which}", fixed)


def _dependence(circuit: Circuit, thing: Thing) -> dict[str, Any]:
    """How a load depends on voltage, as fields of `Load`."""
    response = circuit.store.to(thing, "EnergyConsumer.LoadResponse")
    if response is None:
        return {"model": 1}
    circuit.use([response], thing)
    word = "LoadResponseCharacteristic."
    if response.flag(f"{word}exponentModel", False):
        p, q = (response.number(f"{word}{w}VoltageExponent", 0.0) for w in "pq")
        return {"model": 1} if p == q == 0 else {"model": 4, "cvr_watts": p, "cvr_vars": q}
    shares = [[response.number(f"{word}{w}Constant{k}", 0.0) for k in ("Impedance", "Current", "Power")] for w in "pq"]
    for row in shares:
        total = sum(row)
        if not total:
            row[2] = total = 1.0
        if min(row) < 0:
            text = "a share of the load is negative"
            raise UnusableError("source.bad-value", text, f"{word}pConstantPower", min(row), "Correct it.")
        row[:] = [v / total for v in row]
    pure: dict[tuple[float, ...], Literal[1, 2, 5]] = {(0.0, 0.0, 1.0): 1, (1.0, 0.0, 0.0): 2, (0.0, 1.0, 0.0): 5}
    if shares[0] == shares[1] and tuple(shares[0]) in pure:
        return {"model": pure[tuple(shares[0])]}
    return {"model": 8, "zip": (*shares[0], *shares[1], 0.0)}


def _inverter(circuit: Circuit, thing: Thing, bus: str) -> Iterator[Part]:
    """An inverter: a battery behind it makes it a storage, anything else a generator."""
    word = "PowerElectronicsConnection."
    units = circuit.store.back(thing, "PowerElectronicsUnit.PowerElectronicsConnection")
    one = circuit.store.to(thing, f"{word}PowerElectronicsUnit")
    units = circuit.use([*units, *([one] if one is not None and one not in units else [])], thing)
    for unit in units:
        circuit.locate(unit)
    rows = circuit.phases(
        thing, f"PowerElectronicsConnectionPhase.{word[:-1]}", "PowerElectronicsConnectionPhase.phase", across=True
    )
    p, q = thing.number(f"{word}p", 0.0), thing.number(f"{word}q", 0.0)
    kva = thing.number(f"{word}ratedS", 0.0) / 1e3 or math.hypot(p, q) / 1e3 or 1.0
    parts = "PowerElectronicsConnectionPhase."
    n = max(len(rows), 1)
    shares = [(a, row.number(f"{parts}p", p / n), row.number(f"{parts}q", q / n)) for a, row in rows if a != "N"]
    batteries = [u for u in units if u.cls == "BatteryUnit"]
    kind_of = "storage" if batteries else "generator"
    places = list(spread(circuit, thing, bus, False, shares or [("", p, q)], kind_of))
    turned = 1.0
    if batteries and (p or q):
        text = "the power of the battery is not taken: it rests unless told to act"
        remedy = "Give it a layer of the kind `battery`."
        tell(circuit.reading, thing, "cim.battery", "warning", text, f"{word}p", f"{p:g}", remedy)
    if p < 0 and units and not batteries:
        text = "its power is negative, as consumption is positive in the standard: it generates"
        tell(circuit.reading, thing, "cim.sign", "info", text, f"{word}p", f"{p:g}", "Check it.")
        turned = -1.0
    for where, watts, vars_ in places:
        share = 1.0 / len(places)
        if batteries:
            for name in ("p", "q"):
                thing.drop(f"{word}{name}", "is the power now; the model's storage follows its own rule")
            yield _battery(where, batteries, kva * share, share)
            continue
        kinds: dict[str, Literal["pv", "wind"]] = {"PhotovoltaicUnit": "pv", "PowerElectronicsWindUnit": "wind"}
        kind = kinds.get(units[0].cls, "other") if units else "other"
        most = sum(u.number("PowerElectronicsUnit.maxP", 0.0) for u in units) / 1e3 * share
        dc = most if kind == "pv" and most > 0 else None
        yield Generator(**where, **LIMITS, type=kind, kw=turned * watts / 1e3, kvar=turned * vars_ / 1e3,
                        kva=kva * share, dc_kw=dc)  # fmt: skip


def _battery(where: dict[str, Any], units: list[Thing], kva: float, share: float) -> Storage:
    energy = sum(u.number("BatteryUnit.ratedE") for u in units)
    stored = sum(u.number("BatteryUnit.storedE", 0.5 * energy / len(units)) for u in units)
    kw = sum(u.number("PowerElectronicsUnit.maxP", 0.0) for u in units) / 1e3 * share
    return Storage(
        **where, kw=kw or kva, kva=kva, kwh=energy / 1e3 * share, stored=stored / energy if energy > 0 else 0.5
    )


def _machine(circuit: Circuit, thing: Thing, bus: str) -> Iterator[Part]:
    """A synchronous machine at the power that the file states, which counts consumption positive.

    Files of distribution that state neither mode nor kind count what it generates positive; they are turned, and told.
    """
    if _holds_voltage(circuit, thing):
        refuse(circuit.reading, thing, "holds its voltage, which the model's generators do not", remedy=_STATE_POWER)
        return
    word = "SynchronousMachinePhase."
    rows = circuit.phases(thing, f"{word}SynchronousMachine", f"{word}phase", across=True)
    own = [sum(row.number(f"{word}{w}", 0.0) for _, row in rows) for w in "pq"]
    p, q, sign = thing.number("RotatingMachine.p", own[0]), thing.number("RotatingMachine.q", own[1]), -1.0
    mode = thing.text("SynchronousMachine.operatingMode") or thing.text("SynchronousMachine.type")
    if p > 0 and not mode:
        text = "its power is positive, consumption by the standard, and nothing states a motor: it generates"
        remedy = "State SynchronousMachine.operatingMode, or check it."
        tell(circuit.reading, thing, "cim.sign", "warning", text, "RotatingMachine.p", f"{p:g}", remedy)
        sign = 1.0
    kva = thing.number("RotatingMachine.ratedS", 0.0) / 1e3 or math.hypot(p, q) / 1e3 or 1.0
    n = max(len(rows), 1)
    shares = [(a, row.number(f"{word}p", p / n), row.number(f"{word}q", q / n)) for a, row in rows if a != "N"]
    places = list(spread(circuit, thing, bus, False, shares or [("", p, q)], "generator"))
    for where, watts, vars_ in places:
        yield Generator(**where, **LIMITS, type="synchronous", kw=sign * watts / 1e3, kvar=sign * vars_ / 1e3,
                        kva=kva / len(places))  # fmt: skip


_STATE_POWER = "Disable its control and state its p and q, or waive it."


def _holds_voltage(circuit: Circuit, thing: Thing) -> bool:
    """Whether a machine or injection has a control of a voltage that is not disabled."""
    control = circuit.store.to(thing, "RegulatingCondEq.RegulatingControl")
    if control is None:
        return bool(thing.text("RegulatingCondEq.RegulatingControl"))
    circuit.use([control], thing)
    enabled = thing.flag("RegulatingCondEq.controlEnabled", True) and control.flag("RegulatingControl.enabled", True)
    return enabled and control.text("RegulatingControl.mode").rpartition(".")[2] in ("", "voltage")


def _power(circuit: Circuit, thing: Thing, bus: str, p: float, q: float, kva: float = 0.0) -> Iterator[Part]:
    """A constant power [W, var], consumption positive: a load, or a generator where it is negative."""
    for where, watts, vars_ in spread(circuit, thing, bus, False, [("", p, q)], "load" if p >= 0 else "generator"):
        if p >= 0:
            yield Load(**where, **LIMITS, model=1, kw=watts / 1e3, kvar=vars_ / 1e3, customers=0)
        else:
            kva = kva or math.hypot(p, q) / 1e3
            yield Generator(**where, **LIMITS, kw=-watts / 1e3, kvar=-vars_ / 1e3, kva=kva)


def _motor(circuit: Circuit, thing: Thing, bus: str) -> Iterator[Part]:
    """An asynchronous machine at its power now, else at its rated one; slip and starting have no place."""
    kva = thing.number("RotatingMachine.ratedS", 0.0) / 1e3
    p, q = thing.number("RotatingMachine.p", 0.0), thing.number("RotatingMachine.q", 0.0)
    if "RotatingMachine.p" not in thing.values:
        word = "AsynchronousMachine."
        efficiency = thing.number(f"{word}efficiency", 100.0) / 100.0
        pf = abs(thing.number("RotatingMachine.ratedPowerFactor", 1.0))
        p = thing.number(f"{word}ratedMechanicalPower", 0.0) / efficiency if efficiency > 0 else 0.0
        if not (p > 0 and 0 < pf <= 1):
            text = "states neither its power (SSH) nor a rated one with efficiency and power factor"
            raise UnusableError(
                "source.bad-value", text, f"{word}ratedMechanicalPower", p, "Add the file with the state."
            )
        q = p * math.sqrt(1.0 / pf**2 - 1.0)
        reason = "the files state no power now: the rated mechanical one over the efficiency was taken"
        circuit.reading.defaulted(circuit.feeder, f"{thing.thing} power", "", f"load {thing.name}", f"{p:g} W", reason)
    return _power(circuit, thing, bus, p, q, kva)


def _energy(circuit: Circuit, thing: Thing, bus: str) -> Iterator[Part]:
    """A source, or what generates the power that the file states, which counts consumption positive."""
    word = "EnergySource."
    if feeds(circuit, thing):
        yield from source(circuit, thing, bus)
        return
    for name in ("voltageMagnitude", "voltageAngle", "r", "x", "r0", "x0", "rn", "xn"):
        thing.drop(f"{word}{name}", "another source holds the voltage; its power counts")
    yield from _power(
        circuit, thing, bus, thing.number(f"{word}activePower"), thing.number(f"{word}reactivePower", 0.0)
    )


def _equivalent(circuit: Circuit, thing: Thing, bus: str) -> Iterator[Part]:
    """An equivalent injection at the power that the file states, which counts consumption positive."""
    if thing.flag("EquivalentInjection.regulationStatus", False):
        refuse(circuit.reading, thing, "holds its voltage, which the model's generators do not", remedy=_STATE_POWER)
        return
    word = "EquivalentInjection."
    yield from _power(circuit, thing, bus, thing.number(f"{word}p", 0.0), thing.number(f"{word}q", 0.0))


def _external(circuit: Circuit, thing: Thing, bus: str) -> Iterator[Part]:
    """The network beyond: the source where the feeder has no other, else its power."""
    word = "ExternalNetworkInjection."
    beyond = [t for t in circuit.members if t.cls == thing.cls]
    ranked = [t for t in beyond if t.number(f"{word}referencePriority", 0.0) > 0]
    others = any(feeds(circuit, t) for t in circuit.of("EnergySource"))
    if others or (ranked and thing not in ranked):
        if _holds_voltage(circuit, thing):
            refuse(circuit.reading, thing, "holds its voltage beside another source", remedy=_STATE_POWER)
            return
        yield from _power(circuit, thing, bus, thing.number(f"{word}p", 0.0), thing.number(f"{word}q", 0.0))
        return
    held = _holds_voltage(circuit, thing)
    control = circuit.store.to(thing, "RegulatingCondEq.RegulatingControl") if held else None
    volts = target_value(control) if control is not None else 1e3 * circuit.kv_ll(bus)
    for name in ("p", "q"):
        thing.drop(f"{word}{name}", "is an answer of the power flow: this is the source")
    reason = "the network beyond holds the voltage: nearly no impedance" + (
        "" if control is not None else ", and at the nominal voltage, as no control states one"
    )
    value = f"{volts:g} V, 0.0001 ohm"
    circuit.reading.defaulted(circuit.feeder, f"{thing.thing} source", "", f"source {thing.name}", value, reason)
    circuit.touch(bus, PHASES)
    kv = circuit.kv_ll(bus)
    yield Source(
        name=circuit.called(thing, "source"), bus=bus, kv_ll=kv, pu=float(f"{volts / 1e3 / kv:.12g}"),
        r1_ohm=0.0, x1_ohm=1e-4, r0_ohm=0.0, x0_ohm=1e-4,
    )  # fmt: skip


MAKERS: Mapping[str, Callable[[Circuit, Thing, str], Iterator[Part]]] = {
    "EnergySource": _energy,
    "EnergyConsumer": _consumer,
    "ConformLoad": _consumer,
    "NonConformLoad": _consumer,
    "LinearShuntCompensator": capacitor,
    "PowerElectronicsConnection": _inverter,
    "SynchronousMachine": _machine,
    "AsynchronousMachine": _motor,
    "EquivalentInjection": _equivalent,
    "ExternalNetworkInjection": _external,
}
"""What makes the parts of each class."""
