"""Generation and batteries of a CYME feeder: machines, inverters and plants at the power that the model states.

A device states its power itself, or in ``[DGGENERATIONMODEL]``, or its equipment does; the inverter's ratings stand in
``[CONVERTER]``. A positive power factor gives reactive power to the network and a negative one takes it, as the entries
``DEFAULT`` of the libraries show: 85 for a synchronous machine, -85 for an induction machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from dtl.network.feeder import Generator, Storage
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_codes import LETTERS, LOAD_CONNECTIONS, nodes_of, phases_of
from dtl.sources.cyme_section import Circuit
from dtl.sources.cyme_tables import Row
from dtl.sources.reading import plain

SQRT3 = math.sqrt(3.0)
MIN_PU, MAX_PU = 0.8, 1.2
"""Voltages beyond which generation turns into a constant impedance, as with loads."""

EQUIPMENT_ID = ("EquipmentID", "EqID", "DeviceID")
STATED_KW = ("ActiveGeneration", "KWSet")
HELD = ("VoltageControlType", "KVSet", "DesiredVoltage")
"""Columns of a machine that holds the voltage of a bus."""


@dataclass(frozen=True)
class Kind:
    """One kind of generation: its word in the model, its type of device, its equipment and the columns there."""

    type: Literal["synchronous", "pv", "wind", "other"]
    device: str
    equipment: str
    kva: str = "KVA"
    kw: str = "ActiveGeneration"
    pf: str = "PF"
    kv: str = "KVLL"


KINDS = {
    "SYNCHRONOUS GENERATOR": Kind("synchronous", "36", "SYNCHRONOUS GENERATOR"),
    "INDUCTION GENERATOR": Kind("other", "35", "INDUCTION GENERATOR"),
    "ELECTRONIC CONVERTER GENERATOR": Kind("other", "37", "ELECTRONIC CONVERTER GENERATOR"),
    "PHOTOVOLTAIC": Kind("pv", "45", "PHOTOVOLTAIC", "", "", "", ""),
    "WECS": Kind(
        "wind", "41", "WECS", "GeneratorRatedCapacity_KVA", "GeneratorRatedPower_KW", "GeneratorPowerFactor_Percent",
        "GeneratorRatedVoltage_KV",
    ),
    "MICROTURBINE": Kind("other", "43", "MICRO TURBINE", "RatedCapacity", "RatedPower", "", "RatedVoltage"),
    "MICRO TURBINE": Kind("other", "43", "MICRO TURBINE", "RatedCapacity", "RatedPower", "", "RatedVoltage"),
    "SOFC": Kind("other", "44", "SOFC", "", "RatedPower", "", ""),
}  # fmt: skip
"""Generation by the first words of its block."""


@dataclass(frozen=True)
class _Plant:
    """A device, its equipment if it has any, its inverter's row, and what it stands for: units alike."""

    row: Row
    kind: Kind
    unit: Row | None
    inverter: Row | None
    units: int

    def of_unit(self, column: str) -> float:
        """A number of the equipment; zero where there is none."""
        return self.unit.number(column) if self.unit is not None and column else 0.0


def add_generation(circuit: Circuit, row: Row, bus: str, phases: str) -> None:
    """A generator, inverter or plant: one part for three phases, else one for each phase."""
    kind = KINDS[row.block.removesuffix("S").removesuffix(" SETTING")]
    plant = _Plant(
        row, kind, equipment(circuit, row, kind.equipment), _inverter(circuit, row, kind.device),
        max(row.whole("NumberOfGenerators", default=1), 1),
    )  # fmt: skip
    dc_kw = plant.units * _modules_kw(plant)
    kw, kvar = _power(circuit, plant, dc_kw)
    kva = _rating(circuit, plant, max(dc_kw, math.hypot(kw, kvar)), kw, kvar)
    rated = (plant.inverter or row).number("ActivePowerRating")
    _controls(circuit, row, kind.device)
    if (stated := plant.of_unit(kind.kv)) > 0:
        _fits(circuit, row, stated, SQRT3 * circuit.base_kv_ln.get(bus, 0.0))
    for name, share, fields in places(circuit, row, bus, phases):
        part = Generator(
            name=name, bus=bus, **fields, type=kind.type, kw=_fine(kw * share), kvar=_fine(kvar * share),
            kva=_fine(kva * share), dc_kw=_fine(dc_kw * share) if dc_kw else None,
            rated_kw=_fine(rated * share) if rated > 0 else None, systems=plant.units, min_pu=MIN_PU, max_pu=MAX_PU,
        )  # fmt: skip
        circuit.add(row, part)


def add_battery(circuit: Circuit, row: Row, bus: str, phases: str) -> None:
    """A battery, which rests until the study gives it something to do."""
    unit = equipment(circuit, row, "BESS")
    if unit is None:
        raise unknown("BESS", row)
    inverter = _inverter(circuit, row, "80")
    kwh = unit.number("RatedStorageEnergy")
    out, into = unit.number("MaxDischargingPower"), unit.number("MaxChargingPower")
    kw = out or into
    if not (kwh > 0 and kw > 0):
        text = "the battery has no energy or no power"
        raise UnusableError("cyme.bad-value", text, "RatedStorageEnergy", f"{kwh:g} kWh, {kw:g} kW", "Correct it.")
    kva = (inverter or row).number("ConverterRating")
    if not kva > 0:
        kva = max(out, into)
        circuit.reading.defaulted(
            circuit.feeder, f"{row.thing} rating", "ConverterRating", "storage.kva", f"{kva:g}",
            "no [CONVERTER] states one: its greatest power was taken",
        )  # fmt: skip
    if into and into != out:
        circuit.reading.refused(
            circuit.feeder, f"{row.thing} charging", "MaxChargingPower", f"{into:g}",
            "the model gives a battery one power: that of discharging was taken",
        )  # fmt: skip
    if output := row.number("GridOutput"):
        circuit.reading.find(
            "cyme.generation-control", "warning", "the output of the battery is not taken: it rests unless told to act",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="GridOutput",
            value=f"{output:g}", remedy="Dispatch it by a `battery` layer of the study.",
        )  # fmt: skip
    _controls(circuit, row, "80")
    for name, share, fields in places(circuit, row, bus, phases):
        part = Storage(
            name=name, bus=bus, **fields, kw=_fine(kw * share), kva=_fine(kva * share), kwh=_fine(kwh * share),
            stored=_share(row, "InitialSOC", 50.0), reserve=_share(row, "MinimumSOC", 20.0),
            efficiency_charge=_share(unit, "ChargeEfficiency", 95.0),
            efficiency_discharge=_share(unit, "DischargeEfficiency", 95.0),
        )  # fmt: skip
        circuit.add(row, part)


def equipment(circuit: Circuit, row: Row, block: str) -> Row | None:
    """The equipment of a device; None, and a line in the account, where the file has none."""
    column = next((c for c in EQUIPMENT_ID if row.text(c)), "")
    try:
        return circuit.catalog.find(row, column, block) if column else None
    except UnusableError:
        circuit.reading.refused(
            circuit.feeder, f"{row.thing} equipment", column, row.text(column),
            f"the equipment file has no such entry in [{block}]; what the device itself states was taken",
        )  # fmt: skip
        return None


def unknown(block: str, row: Row) -> UnusableError:
    """The error of a device without equipment that states no power itself."""
    column = next((c for c in EQUIPMENT_ID if row.text(c)), EQUIPMENT_ID[0])
    text = f"the equipment file has no such entry in [{block}], and the device states no power of its own"
    return UnusableError("cyme.unknown-equipment", text, column, row.text(column), "Add it to the equipment file.")


def _of_device(circuit: Circuit, row: Row, block: str, device: str) -> list[Row]:
    """The rows of a block about a device; the type tells apart devices of one number."""
    found = circuit.tables.about(block, row.text("DeviceNumber"))
    for other in (mine := [r for r in found if r.text("DeviceType") in ("", device)]):
        other.feeder = circuit.feeder
    return mine


def _inverter(circuit: Circuit, row: Row, device: str) -> Row | None:
    """The row of ``[CONVERTER]`` of a device."""
    rows = _of_device(circuit, row, "CONVERTER", device)
    for other in rows:
        other.target = "storage.kva" if device == "80" else "generator.kva"
    return rows[0] if rows else None


def _modules_kw(plant: _Plant) -> float:
    """The power of photovoltaic modules in series and parallel at standard conditions [kW]; zero for other plants."""
    modules = plant.row.number("NS") * plant.row.number("NP")
    return modules * plant.of_unit("MPPCurrent") * plant.of_unit("MPPVoltage") / 1e3


def _power(circuit: Circuit, plant: _Plant, dc_kw: float) -> tuple[float, float]:
    """Active and reactive power that a plant gives [kW, kvar]."""
    row, kind = plant.row, plant.kind
    stated = _chosen_model(circuit, row, kind.device) or row
    factor = stated.text("PowerFactor") or row.text("PowerFactor", "PF")
    pf = stated.number("PowerFactor") if stated.text("PowerFactor") else row.number("PowerFactor", "PF")
    origin = ""
    if any(stated.text(c) for c in STATED_KW):
        kw = stated.number(*STATED_KW)
        if plant.units > 1:
            circuit.reading.find(
                "cyme.generators-together", "warning",
                f"stands for {plant.units} generators: its active power is taken as that of all together",
                feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="NumberOfGenerators",
                value=str(plant.units), remedy="Check its power.",
            )  # fmt: skip
    elif dc_kw > 0:
        sun = row.number("ConstantInsolation", default=1000.0)
        kw, origin = dc_kw * sun / 1e3, f"modules at {sun:g} W/m2"
    elif plant.unit is not None and plant.unit.text(kind.kw):
        kw, origin = plant.units * plant.of_unit(kind.kw), f"{kind.kw} of its equipment"
    else:
        raise unknown(kind.equipment, row)
    if not factor:
        pf = plant.of_unit(kind.pf) or 100.0
        origin = f"{origin}, power factor {pf:g} per cent" if origin else f"power factor {pf:g} per cent"
    if origin:
        reason = f"the device does not state it: {origin} was taken"
        circuit.reading.defaulted(
            circuit.feeder, f"{row.thing} power", "ActiveGeneration", "generator.kw", f"{kw:g}", reason
        )
    share = abs(pf) / 100.0 if abs(pf) > 1.0 else abs(pf)
    if not 0 < share <= 1:
        if kw == 0:
            return 0.0, 0.0
        text = "the power factor lies outside 0 to 100 per cent"
        raise UnusableError("cyme.bad-value", text, "PowerFactor", f"{pf:g}", "Correct it.")
    return kw, math.copysign(abs(kw) * math.sqrt(1.0 / share**2 - 1.0), pf) if kw else 0.0


def _chosen_model(circuit: Circuit, row: Row, device: str) -> Row | None:
    """The row of ``[DGGENERATIONMODEL]`` that counts: that of the load model DEFAULT, else the first."""
    rows = _of_device(circuit, row, "DGGENERATIONMODEL", device)
    chosen = next((r for r in rows if r.text("LoadModelName").upper() == "DEFAULT"), rows[0] if rows else None)
    for other in rows:
        if other is chosen:
            other.target = "generator.kw"
        else:
            name = chosen.text("LoadModelName") if chosen is not None else ""
            other.reason = f"another year or load model than {name}, which is taken"
    return chosen


def _rating(circuit: Circuit, plant: _Plant, least: float, kw: float, kvar: float) -> float:
    """Rated power [kVA]: of the inverter, else of the equipment, else the greatest that the plant gives."""
    row = plant.row
    kva = (plant.inverter or row).number("ConverterRating")
    kva = kva or plant.units * plant.of_unit(plant.kind.kva)
    given = math.hypot(kw, kvar)
    if kva > 0 and given > kva * (1.0 + 1e-6):
        circuit.reading.find(
            "cyme.generation-rating", "warning", f"gives {given:.5g} kVA and is rated {kva:g}: what it gives is taken",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="ActiveGeneration",
            value=f"{kw:g}", remedy="Correct its generation, or its equipment.",
        )  # fmt: skip
        return given
    if kva > 0:
        return kva
    if not least > 0:
        text = "the plant has neither power nor rating"
        raise UnusableError("cyme.bad-value", text, "ActiveGeneration", f"{kw:g}", "Correct it, or disconnect it.")
    circuit.reading.defaulted(
        circuit.feeder, f"{row.thing} rating", "ConverterRating", "generator.kva", f"{least:g}",
        "neither [CONVERTER] nor the equipment states one: its greatest power was taken",
    )  # fmt: skip
    return least


def _controls(circuit: Circuit, row: Row, device: str) -> None:
    """Controls that are not taken: of the voltage by a machine, and all of inverters but a fixed power factor."""
    held = [(c, row.text(c)) for c in HELD if device == "36" and row.text(c) and row.number(c)]
    rules = _of_device(circuit, row, "CONVERTER CONTROL SETTING", device)
    for rule in rules:
        rule.target = "generator"
    held += [("ControlType", r.text("ControlType")) for r in rules if r.text("ControlType") not in ("", FIXED_PF)]
    for column, value in held[:1]:
        circuit.reading.find(
            "cyme.generation-control", "warning", "its control is not taken: it gives its power at its power factor",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field=column, value=value,
            remedy="Check whether the study depends on it.",
        )  # fmt: skip


FIXED_PF = "10"
"""ControlType of an inverter that keeps its power factor."""


def _fits(circuit: Circuit, row: Row, stated: float, base: float) -> None:
    """Tell a plant whose rated voltage is far from that of its bus; the model has it at the bus's."""
    if base > 0 and not 0.8 < stated / base < 1.25 and not 0.8 < stated * SQRT3 / base < 1.25:
        circuit.reading.find(
            "cyme.generation-voltage", "warning", f"is rated {stated:g} kV on a bus of {base:.4g} kV: taken at the bus",
            feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="KVLL", value=f"{stated:g}",
            remedy="Check its equipment, or put its transformer into the model.",
        )  # fmt: skip


def places(circuit: Circuit, row: Row, bus: str, phases: str) -> Iterator[tuple[str, float, dict[str, object]]]:
    """Name, share and place of each part of a device: one on three phases, one between two, else one for each."""
    letters = phases_of(row.text("Phase", "EqPhase", "PhaseON", default=phases)) or phases
    if lost := [p for p in letters if p not in phases]:
        text = f"stands on a phase that its section, {phases}, does not have"
        raise UnusableError("cyme.phase-lost", text, "Phase", "".join(lost), "Correct the phases.")
    code = row.text("ConnectionConfiguration", "Connection", "Conn", default="0").upper()
    if code not in LOAD_CONNECTIONS:
        text = "the model does not hold this connection"
        raise UnusableError("cyme.connection", text, "ConnectionConfiguration", code, "Connect it in wye or delta.")
    kv_ln = circuit.base_kv_ln.get(bus, 0.0)
    if not kv_ln > 0:
        text = "the device hangs on a bus without voltage base"
        raise UnusableError("network.no-base", text, "bus", bus, "Connect the bus.")
    delta = LOAD_CONNECTIONS[code] == "delta"
    conn = "delta" if delta else "wye"
    name = plain(row.text("DeviceNumber"))
    circuit.touch(bus, nodes_of(letters))
    if len(letters) == 3 or (delta and len(letters) == 2):
        nodes = nodes_of(letters)
        kv = _fine(kv_ln * SQRT3)
        yield name, 1.0, {"nodes": nodes, "phases": 3 if len(letters) == 3 else 1, "connection": conn, "kv": kv}
        return
    for letter in letters:
        node = LETTERS.index(letter) + 1
        nodes = (node, node % 3 + 1) if delta else (node,)
        circuit.touch(bus, nodes)
        own = name if len(letters) == 1 else f"{name}_{letter.lower()}"
        kv = _fine(kv_ln * (SQRT3 if delta else 1.0))
        yield own, 1.0 / len(letters), {"nodes": nodes, "phases": 1, "connection": conn, "kv": kv}


def _share(row: Row, column: str, default: float) -> float:
    value = row.number(column, default=default)
    return _fine(value / 100.0 if value > 1.0 else value)


def _fine(value: float) -> float:
    return float(f"{value:.12g}")


GENERATION: dict[str, Callable[[Circuit, Row, str, str], None]] = {
    **{f"{words} SETTING{s}": add_generation for words in KINDS for s in ("", "S")},
    **{f"BESS SETTING{s}": add_battery for s in ("", "S")},
}
"""What makes the devices of each block; versions differ in the last letter."""
