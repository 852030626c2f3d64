"""The motors of a CYME feeder: loads of constant power at their rated power and load factor.

The power of a motor is what its shaft gives: what it takes is that over its efficiency. It is in kilowatts, in an
imperial file in horsepower, which no public file proves; so each motor is a finding with the power that came out.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from dtl.network.feeder import Load
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_codes import YES
from dtl.sources.cyme_generation import MAX_PU, MIN_PU, equipment, places, unknown
from dtl.sources.cyme_section import Circuit
from dtl.sources.cyme_tables import Row


def add_motor(circuit: Circuit, row: Row, bus: str, phases: str) -> None:
    """A motor as a load: one part for three phases, else one for each phase.

    Raises
    ------
    UnusableError
        Its equipment is in no file, or states no power, no efficiency or no power factor.
    """
    block = row.block.removesuffix("S").removesuffix(" SETTING")
    unit = equipment(circuit, row, block)
    if unit is None:
        raise unknown(block, row)
    loaded = row.text("EnableLoadFactor", default="1").upper() in YES and row.number("LoadFactor") > 0
    rated, factor = unit.number("RatedPower"), row.number("LoadFactor") / 100.0 if loaded else 1.0
    efficiency = unit.number("Efficiency", "EfficiencyPercent") / 100.0
    pf = ((loaded and row.number("LoadPowerFactor")) or unit.number("FullLoadPF")) / 100.0
    for column, value, good in (
        ("RatedPower", rated, rated > 0),
        ("Efficiency", efficiency, 0 < efficiency <= 1),
        ("FullLoadPF", pf, 0 < abs(pf) <= 1),
    ):
        if not good:
            text = "the equipment of the motor states no rated power, efficiency or power factor in per cent"
            raise UnusableError("cyme.bad-value", text, column, f"{value:g}", "Correct the equipment.")
    kw = rated * factor / efficiency
    kvar = math.copysign(kw * math.sqrt(1.0 / pf**2 - 1.0), pf)
    for name, share, fields in places(circuit, row, bus, phases):
        part = Load(
            name=name, bus=bus, **fields, kw=_fine(kw * share), kvar=_fine(kvar * share), customers=0,
            min_pu=MIN_PU, max_pu=MAX_PU,
        )  # fmt: skip
        circuit.add(row, part)
    circuit.reading.find(
        "cyme.motor", "warning",
        "is a load of constant power, as if it ran: its shaft's power over its efficiency, at its load factor",
        feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="RatedPower",
        value=f"{kw:.4g} kW, {kvar:.4g} kvar", remedy="Disconnect it in the source if it stands still.",
    )  # fmt: skip


def _fine(value: float) -> float:
    return float(f"{value:.12g}")


MOTORS: dict[str, Callable[[Circuit, Row, str, str], None]] = {
    f"{kind} MOTOR SETTING{s}": add_motor for kind in ("INDUCTION", "SYNCHRONOUS") for s in ("", "S")
}
"""What makes the motors of each block; versions differ in the last letter."""
