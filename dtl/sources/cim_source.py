"""Sources of a CIM model: the voltage that they hold and the impedance behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dtl.network.feeder import Part, Source
from dtl.sources.cim_circuit import PHASES, Circuit
from dtl.sources.cim_objects import Thing
from dtl.sources.record import UnusableError


def feeds(circuit: Circuit, thing: Thing) -> bool:
    """Whether an EnergySource holds the voltage; in planning models (CGMES) one that states its power generates it.

    Where nothing else feeds the circuit, one that states both its power and a voltage holds this.
    """
    if "EnergySource.activePower" not in thing.values:
        return True
    every = circuit.of("EnergySource", "ExternalNetworkInjection")
    if any("EnergySource.activePower" not in t.values for t in every):
        return False
    return len(every) == 1 or "EnergySource.voltageMagnitude" in thing.values


def source(circuit: Circuit, thing: Thing, bus: str) -> Iterator[Part]:
    """The source at a bus."""
    for word in ("activePower", "reactivePower"):
        thing.drop(f"EnergySource.{word}", "is an answer of the power flow: this is the source")
    circuit.touch(bus, PHASES)
    volts = thing.number("EnergySource.nominalVoltage", 0.0) or 1e3 * circuit.kv_ll(bus)
    r1, x1, r0, x0 = _impedance(circuit, thing)
    yield Source(
        name=circuit.called(thing, "source"),
        bus=bus,
        kv_ll=volts / 1e3,
        pu=float(f"{thing.number('EnergySource.voltageMagnitude', volts) / volts:.12g}") if volts > 0 else 0.0,
        angle_deg=float(f"{math.degrees(thing.number('EnergySource.voltageAngle', 0.0)):.9g}"),
        r1_ohm=r1,
        x1_ohm=x1,
        r0_ohm=r0,
        x0_ohm=x0,
    )


def _impedance(circuit: Circuit, thing: Thing) -> tuple[float, float, float, float]:
    """Resistance and reactance of positive and of zero sequence [ohm]; what is not stated is listed.

    Raises
    ------
    UnusableError
        The resistance of positive sequence is negative.
    """
    missing = [w for w in ("r", "x", "r0", "x0") if f"EnergySource.{w}" not in thing.values]
    r1, x1 = (thing.number(f"EnergySource.{w}", 0.0) for w in ("r", "x"))
    if r1 < 0:
        text = "a resistance must not be negative"
        raise UnusableError("cim.impedance", text, "EnergySource.r", r1, "Correct its r.")
    r0, x0 = (thing.number(f"EnergySource.{w}", v) for w, v in (("r0", r1), ("x0", x1)))
    taken, reason = "r0 = r, x0 = x, r = 0", f"the source does not state {', '.join(missing)}"
    if none := "x" in missing or r1 == x1 == 0:
        r1, x1, r0, x0 = 0.0, 1e-4, 0.0, 1e-4
        taken, reason = "0.0001 ohm", "the source states no impedance"
    if missing or none:
        circuit.reading.defaulted(circuit.feeder, f"{thing.thing} impedance", "", f"source {thing.name}", taken, reason)
    return r1, x1, r0, x0
