"""What hangs on the buses of a feeder as CIM objects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dtl.network.feeder import Capacitor, CapacitorControl, Generator, Load, Reactor, Shunt, Storage, Switch
from dtl.sources.cim_write_branches import CLASSES

if TYPE_CHECKING:
    from dtl.sources.cim_write import Document

_FIRST = {(1, 2): "A", (2, 3): "B", (3, 1): "C", (2, 1): "A", (3, 2): "B", (1, 3): "C"}
"""Phase that stands for a delta between two nodes, as far as the order of the two does not count."""


def _phases(document: Document, part: Shunt) -> list[str] | None:
    """The phases of a part, empty for all three; None, and a finding, when CIM has no word for them."""
    nodes = tuple(n for n in part.nodes[: part.phases + (part.connection == "delta" and part.phases == 1)] if n > 0)
    neutral = [n for n in part.nodes[part.phases :] if n > 0] if part.connection == "wye" else []
    split = document.feeder.bus[part.bus].split_phase
    if not neutral and part.phases == 3 and sorted(nodes) == [1, 2, 3]:
        return []
    if not neutral and part.phases == 1 and len(nodes) == 1 and not split and nodes[0] in (1, 2, 3):
        return ["ABC"[nodes[0] - 1]]
    if (
        not neutral
        and part.phases == 2 == len({1, 2, 3}.intersection(nodes))
        and part.connection == "wye"
        and not split
    ):
        return ["ABC"[n - 1] for n in nodes]
    if split and (part.phases == 1 or (part.phases == 2 and not neutral)) and set(part.nodes) - {0} <= {1, 2}:
        return [f"s{n}" for n in part.nodes if n > 0]
    if part.phases == 1 and part.connection == "delta" and not split and nodes in _FIRST:
        return [_FIRST[nodes]]
    document.refuse(part, f"CIM has no word for the nodes {'.'.join(map(str, part.nodes))} of a part like this")
    return None


def _joined(part: Shunt) -> str:
    """Delta of one phase is what stands between two nodes, as across the legs of a service, and nothing else."""
    delta = len([n for n in part.nodes if n > 0]) > 1 if part.phases == 1 else part.connection == "delta"
    return f"PhaseShuntConnectionKind.{'D' if delta else 'Y'}"


def write_loads(document: Document) -> None:
    """Write the loads with their dependence on voltage, at the nominal voltage of their bus."""
    for part in document.feeder.loads:
        phases = _phases(document, part)
        if phases is None:
            continue
        at = _at_nominal(document, part)
        if at is None:
            document.refuse(part, f"a load of model {part.model} cannot be written")
            continue
        kw, kvar, response = at
        sharing = max(len(phases), 1)
        key = document.equipment(
            "EnergyConsumer",
            part,
            [part.bus],
            EnergyConsumer__p=1e3 * kw,
            EnergyConsumer__q=1e3 * kvar,
            EnergyConsumer__customerCount=part.customers,
            EnergyConsumer__phaseConnection_is=_joined(part),
            EnergyConsumer__LoadResponse_to=response,
        )
        for letter in phases:
            document.object(
                "EnergyConsumerPhase",
                f"{part.name} {letter}",
                EnergyConsumerPhase__EnergyConsumer_to=key,
                EnergyConsumerPhase__phase_is=f"SinglePhaseKind.{letter}",
                EnergyConsumerPhase__p=1e3 * kw / sharing,
                EnergyConsumerPhase__q=1e3 * kvar / sharing,
            )


def _at_nominal(document: Document, part: Load) -> tuple[float, float, str | None] | None:
    """Power at the nominal voltage of the bus, and the id of the dependence; None where CIM has no such model."""
    bus = document.feeder.bus[part.bus]
    across = part.phases == 1 and len([n for n in part.nodes if n]) > 1
    u = (bus.kv_ll if across else bus.kv_ln * (1.0 if part.phases == 1 else math.sqrt(3.0))) / part.kv
    if part.model == 4:
        words = {"pVoltageExponent": part.cvr_watts, "qVoltageExponent": part.cvr_vars}
        name = f"exponents {part.cvr_watts:.12g} {part.cvr_vars:.12g}"
        key = document.object(
            "LoadResponseCharacteristic",
            name,
            LoadResponseCharacteristic__exponentModel=True,
            **{f"LoadResponseCharacteristic__{k}": v for k, v in words.items()},
        )
        return part.kw * u**part.cvr_watts, part.kvar * u**part.cvr_vars, key
    pure = {1: (0.0, 0.0, 1.0) * 2, 2: (1.0, 0.0, 0.0) * 2, 5: (0.0, 1.0, 0.0) * 2}
    shares = pure.get(part.model) or (part.zip[:6] if part.model == 8 and not any(part.zip[6:]) else None)
    if shares is None:
        return None
    scaled = [s * u**e for s, e in zip(shares, (2, 1, 0) * 2, strict=True)]
    p, q = sum(scaled[:3]), sum(scaled[3:])
    if min(scaled) < 0 or not p or not q:
        return None
    percent = [100.0 * s / (p if i < 3 else q) for i, s in enumerate(scaled)]
    kinds = [f"{w}Constant{k}" for w in "pq" for k in ("Impedance", "Current", "Power")]
    key = document.object(
        "LoadResponseCharacteristic",
        "zip " + " ".join(f"{v:.15g}" for v in percent),
        LoadResponseCharacteristic__exponentModel=False,
        **{f"LoadResponseCharacteristic__{k}": v for k, v in zip(kinds, percent, strict=True)},
    )
    return part.kw * p, part.kvar * q, key


def write_capacitors(document: Document) -> None:
    """Write the capacitors by susceptance; all steps of a bank must be equal, and those in front connected."""
    for part in document.feeder.capacitors:
        phases = _phases(document, part)
        if phases is None:
            continue
        on = part.steps_on or (True,) * len(part.kvar)
        if len(set(part.kvar)) > 1 or list(on) != sorted(on, reverse=True):
            document.refuse(part, "its steps are of different size, or not connected in their order")
            continue
        # Of each phase: two are rated for the voltage of three.
        siemens = part.kvar[0] / 1e3 / part.kv**2 * (1.5 if part.phases == 2 else 1.0)
        delay = part.control.delay_s if part.control is not None else None
        key = _compensator(document, part, phases, siemens, (len(part.kvar), sum(on)), delay)
        if part.control is not None:
            _write_control(document, part, part.control, key)


def write_reactors(document: Document) -> None:
    """Write the shunt reactors without resistance, by a negative susceptance."""
    for part in document.feeder.reactors:
        if part.to_bus or part.r_ohm or part.x_ohm <= 0.0:
            document.refuse(part, "CIM100 has no reactor in series, nor one with a resistance")
            continue
        phases = _phases(document, part)
        if phases is not None:
            branches = 3.0 if part.connection == "delta" and part.phases == 3 else 1.0
            _compensator(document, part, phases, -branches / part.x_ohm, (1, 1), None)


def _compensator(
    document: Document,
    part: Capacitor | Reactor,
    phases: list[str],
    siemens: float,
    sections: tuple[int, int],
    delay_s: float | None,
) -> str:
    """Write a bank by the susceptance of a phase of a section, of how many sections it has and has on; its id.

    Of what stands across the legs of a service each leg states half.
    """
    most, on = sections
    siemens /= max(len(phases), 1) if part.phases == 1 else 1
    key = document.equipment(
        "LinearShuntCompensator",
        part,
        [part.bus],
        ShuntCompensator__nomU=1e3 * part.kv,
        LinearShuntCompensator__bPerSection=siemens,
        LinearShuntCompensator__gPerSection=0.0,
        ShuntCompensator__phaseConnection_is=_joined(part),
        ShuntCompensator__maximumSections=most,
        ShuntCompensator__normalSections=on,
        ShuntCompensator__sections=on,
        ShuntCompensator__aVRDelay=delay_s,
    )
    for letter in phases:
        document.object(
            "LinearShuntCompensatorPhase",
            f"{part.name} {letter}",
            ShuntCompensatorPhase__ShuntCompensator_to=key,
            ShuntCompensatorPhase__phase_is=f"SinglePhaseKind.{letter}",
            LinearShuntCompensatorPhase__bPerSection=siemens,
            ShuntCompensatorPhase__maximumSections=most,
            ShuntCompensatorPhase__normalSections=on,
            ShuntCompensatorPhase__sections=on,
        )
    return key


_MODES = {"voltage": "voltage", "kvar": "reactivePower", "current": "currentFlow", "time": "timeScheduled"}


def _write_control(document: Document, part: Capacitor, control: CapacitorControl, key: str) -> None:
    """Write what switches a capacitor, by the quantity itself and not that of its transformers: V, var, A or hours."""
    kind, _, name = control.element.partition(".")
    measured = document.feeder.part(control.element)
    classes = {"line": "ACLineSegment", "capacitor": "LinearShuntCompensator"}
    cls = CLASSES.get(measured.type) if isinstance(measured, Switch) else classes.get(kind)
    own = {"voltage": (control.pt_phase,), "current": (control.ct_phase,), "time": (1,)}
    phases = {*own.get(control.type, (control.pt_phase, control.ct_phase))}
    if control.type not in _MODES or control.voltage_override:
        document.refuse(part, f"a control by {control.type}, or with limits of voltage besides, cannot be written")
        return
    if measured is None or cls is None or len(phases) > 1 or not phases <= {1, 2, 3}:
        document.refuse(part, f"its control measures at {control.element}, or no single phase: it cannot be written")
        return
    nodes: tuple[int, ...] = getattr(measured, "from_nodes", ()) or getattr(measured, "nodes", (1, 2, 3))
    conductor = next(n for n in (1, 2, 3) if n in phases)
    letters = document.letters(part.bus, nodes[conductor - 1 : conductor])
    unit = {"voltage": control.pt_ratio, "kvar": 1e3, "current": control.ct_ratio, "time": 1.0}[control.type]
    document.object(
        "RegulatingControl",
        part.name,
        RegulatingControl__RegulatingCondEq_to=key,
        RegulatingControl__Terminal_to=document.id("Terminal", f"{cls} {name} T{control.terminal}"),
        RegulatingControl__mode_is=f"RegulatingControlModeKind.{_MODES[control.type]}",
        RegulatingControl__monitoredPhase_is=f"PhaseCode.{letters[0]}" if letters else None,
        RegulatingControl__enabled=control.enabled,
        RegulatingControl__discrete=True,
        RegulatingControl__targetValue=unit * (control.on + control.off) / 2.0,
        RegulatingControl__targetDeadband=unit * abs(control.on - control.off),
    )


def write_generators(document: Document) -> None:
    """Write generators of constant power as inverters, whatever turns or shines behind them."""
    units = {"pv": "PhotovoltaicUnit", "wind": "PowerElectronicsWindUnit"}
    for part in document.feeder.generators:
        if part.model != 1:
            document.refuse(part, "only generators of constant power can be written")
            continue
        if part.control is not None:
            document.refuse(part, "its curves over voltage cannot be written")
            continue
        key = _inverter(document, part, part.kw, part.kvar, part.kva)
        if key and part.type in units:
            document.object(
                units[part.type],
                part.name,
                PowerElectronicsUnit__PowerElectronicsConnection_to=key,
                PowerElectronicsUnit__maxP=1e3 * part.dc_kw if part.dc_kw else None,
            )


def write_storages(document: Document) -> None:
    """Write the batteries."""
    for part in document.feeder.storages:
        key = _inverter(document, part, 0.0, 0.0, part.kva)
        if key:
            document.object(
                "BatteryUnit",
                part.name,
                PowerElectronicsUnit__PowerElectronicsConnection_to=key,
                PowerElectronicsUnit__maxP=1e3 * part.kw,
                BatteryUnit__ratedE=1e3 * part.kwh,
                BatteryUnit__storedE=1e3 * part.kwh * part.stored,
            )


def _inverter(document: Document, part: Generator | Storage, kw: float, kvar: float, kva: float) -> str:
    """Write the connection of a generator or battery; its id, or nothing when it was refused."""
    phases = _phases(document, part)
    if phases is None:
        return ""
    if part.connection == "delta" and not document.feeder.bus[part.bus].split_phase:
        document.refuse(part, "inverters in delta cannot be written")
        return ""
    key = document.equipment(
        "PowerElectronicsConnection",
        part,
        [part.bus],
        PowerElectronicsConnection__p=1e3 * kw,
        PowerElectronicsConnection__q=1e3 * kvar,
        PowerElectronicsConnection__ratedS=1e3 * kva,
        PowerElectronicsConnection__ratedU=1e3 * part.kv * (math.sqrt(3.0) if len(phases) == 1 else 1.0),
    )
    for letter in phases:
        document.object(
            "PowerElectronicsConnectionPhase",
            f"{part.name} {letter}",
            PowerElectronicsConnectionPhase__PowerElectronicsConnection_to=key,
            PowerElectronicsConnectionPhase__phase_is=f"SinglePhaseKind.{letter}",
            PowerElectronicsConnectionPhase__p=1e3 * kw / len(phases),
            PowerElectronicsConnectionPhase__q=1e3 * kvar / len(phases),
        )
    return key
