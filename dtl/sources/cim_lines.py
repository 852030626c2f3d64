"""Lines, series compensators and switches of a CIM model, with the impedances of lines in each of their four forms.

A matrix has one row per phase object of the line, by its sequence number; a neutral among them is reduced. Lines
without phase objects have three phases. Switches have no impedance in CIM: the model's default is listed.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from dtl.network.catalog import Matrices, sequence
from dtl.network.feeder import Line, LineCode, Reactor, Switch
from dtl.sources.cim_circuit import NODES, PHASES, Circuit
from dtl.sources.cim_objects import Thing
from dtl.sources.cim_wires import Placement, spaced
from dtl.sources.reading import plain
from dtl.sources.record import UNUSABLE, UnusableError, fault

SWITCHES = {
    "Switch": "switch",
    "LoadBreakSwitch": "switch",
    "Disconnector": "switch",
    "GroundDisconnector": "switch",
    "ProtectedSwitch": "switch",
    "Cut": "switch",
    "Breaker": "breaker",
    "DisconnectingCircuitBreaker": "breaker",
    "Fuse": "fuse",
    "Recloser": "recloser",
    "Sectionaliser": "sectionalizer",
    "Jumper": "jumper",
}
"""Kind of switch by class."""

COMPENSATOR_M = 1.0
"""Length of the line that stands for a reactor in series; CIM states none [m]."""

_Complex = npt.NDArray[np.complex128]


def add_lines(circuit: Circuit) -> None:
    """Add all lines of the feeder, with their line codes."""
    codes: dict[str, LineCode] = {}
    for thing in circuit.of("ACLineSegment", "SeriesCompensator"):
        try:
            (_line if thing.cls == "ACLineSegment" else _compensator)(circuit, thing, codes)
        except UNUSABLE as err:
            fault(circuit.reading, thing, err)
    for code in codes.values():
        circuit.reading.add(circuit.feeder, code)


def _line(circuit: Circuit, thing: Thing, codes: dict[str, LineCode]) -> None:
    first, last = circuit.ends(thing, 2)
    rows = circuit.phases(thing, "ACLineSegmentPhase.ACLineSegment", "ACLineSegmentPhase.phase")
    order = {"A": 1, "B": 2, "C": 3, "N": 4, "S1": 1, "S2": 2}
    rows.sort(key=lambda r: r[1].number("ACLineSegmentPhase.sequenceNumber", order[r[0]]))
    letters = [letter for letter, _ in rows] or ["A", "B", "C"]
    live = [letter for letter in letters if letter != "N"]
    if not live:
        raise UnusableError("cim.phase", "has a neutral only", "ACLineSegmentPhase.phase", "N", "Add its phases.")
    nodes = tuple(NODES[letter] for letter in live)
    level = circuit.store.to(thing, "ConductingEquipment.BaseVoltage")
    for bus in (first, last):
        circuit.base(bus, level)
        circuit.touch(bus, nodes)
        circuit.mark(bus, live)
    meters = thing.number("Conductor.length")
    if meters <= 0:
        raise UnusableError("source.bad-value", "must be greater than 0", "Conductor.length", meters, "Correct it.")
    name, made, placement = _impedance(circuit, thing, letters, meters)
    normal, emergency = circuit.amps(thing)
    code = _shared(codes, name, made, normal, emergency)
    part = Line(
        name=circuit.called(thing, "line"),
        from_bus=first,
        to_bus=last,
        from_nodes=nodes,
        to_nodes=nodes,
        length_km=float(f"{meters / 1e3:.12g}"),
        line_code=code.name,
        placement=placement,
        path=tuple(circuit.locate(thing)[1:-1]),
        enabled=circuit.in_service(thing),
    )
    circuit.add(thing, part)


def _compensator(circuit: Circuit, thing: Thing, codes: dict[str, LineCode]) -> None:
    """A reactor in series is a short line, which keeps its zero sequence and its rating; a capacitor is a `Reactor`."""
    first, last = circuit.ends(thing, 2)
    level = circuit.store.to(thing, "ConductingEquipment.BaseVoltage")
    for bus in (first, last):
        circuit.base(bus, level)
        circuit.touch(bus, PHASES)
    circuit.locate(thing)
    r, x = (thing.number(f"SeriesCompensator.{w}", 0.0) for w in ("r", "x"))
    if r < 0 or (r == 0 and x == 0):
        text = "a resistance must not be negative" if r < 0 else "has no impedance"
        raise UnusableError("cim.impedance", text, "SeriesCompensator.r", r, "Correct its r and x.")
    r0, x0 = (thing.number(f"SeriesCompensator.{w}", v) for w, v in (("r0", r), ("x0", x)))
    missing = [w for w in ("r0", "x0") if f"SeriesCompensator.{w}" not in thing.values]
    if missing:
        reason = "the source states no zero sequence: that of three phases without coupling was taken"
        circuit.reading.defaulted(circuit.feeder, f"{thing.thing} zero sequence", " ".join(missing), "r x", "", reason)
    if x < 0:
        _series_capacitor(circuit, thing, (first, last), complex(r, x), complex(r0, x0))
        return
    ohm = 1e3 / COMPENSATOR_M
    made = sequence(r * ohm, x * ohm, r0 * ohm, x0 * ohm)
    code = _shared(codes, f"series_{plain(thing.name)}", made, *circuit.amps(thing))
    part = Line(
        name=circuit.called(thing, "line"),
        from_bus=first,
        to_bus=last,
        from_nodes=PHASES,
        to_nodes=PHASES,
        length_km=COMPENSATOR_M / 1e3,
        line_code=code.name,
        enabled=circuit.in_service(thing),
    )
    reason = "CIM states no length of a series compensator; its impedance is that of the file"
    told = f"{COMPENSATOR_M:g} m"
    circuit.reading.defaulted(circuit.feeder, f"{thing.thing} length", "", f"line.{part.name}", told, reason)
    circuit.add(thing, part)


def _series_capacitor(circuit: Circuit, thing: Thing, buses: tuple[str, str], z: complex, z0: complex) -> None:
    """A capacitor in series: three phases without coupling.

    Raises
    ------
    UnusableError
        Its zero sequence differs: the model has no capacitor whose phases are coupled.
    """
    if z != z0:
        text = "a capacitor in series has no coupling between its phases, and its zero sequence differs"
        raise UnusableError("cim.impedance", text, "SeriesCompensator.x0", z0.imag, "Give it r0 = r and x0 = x.")
    rating_a, _ = circuit.amps(thing)
    if rating_a is not None:
        reason = "the model has no rating of a capacitor in series"
        circuit.reading.refused(circuit.feeder, f"{thing.thing} rating", "CurrentLimit", f"{rating_a:g} A", reason)
    part = Reactor(
        name=circuit.called(thing, "reactor"), bus=buses[0], nodes=PHASES, phases=3, kv=circuit.kv_ll(buses[0]),
        r_ohm=z.real, x_ohm=z.imag, to_bus=buses[1], to_nodes=PHASES, enabled=circuit.in_service(thing),
    )  # fmt: skip
    circuit.add(thing, part)


def _shared(
    codes: dict[str, LineCode], name: str, made: Matrices, normal: float | None, emergency: float | None
) -> LineCode:
    code = LineCode(
        name=name,
        r_ohm_per_km=made.r_ohm_per_km,
        x_ohm_per_km=made.x_ohm_per_km,
        c_nf_per_km=made.c_nf_per_km,
        normal_a=normal,
        emergency_a=emergency,
        origin="CIM",
    )
    k = 1
    while codes.setdefault(code.name, code) != code:
        k += 1
        code = code.model_copy(update={"name": f"{name}@{k}"})
    return code


def _impedance(circuit: Circuit, thing: Thing, letters: list[str], meters: float) -> tuple[str, Matrices, Placement]:
    """Name and matrices of the impedance of a line, in whichever form it is stated, and where it runs."""
    record = circuit.store.to(thing, "ACLineSegment.PerLengthImpedance")
    phases = sum(letter != "N" for letter in letters)
    if record is not None:
        record.feeder, record.target = circuit.feeder, f"line_code.{plain(record.name)}"
        if record.cls == "PerLengthPhaseImpedance":
            return plain(record.name), _matrix(circuit, record, letters), "unknown"
        if record.cls == "PerLengthSequenceImpedance":
            name = plain(record.name) + f"_{phases}" * (phases != 3)
            return name, _sequence(circuit, record, phases, 1.0, True), "unknown"
        text = "is no impedance per length that the reader knows"
        raise UnusableError("cim.impedance", text, "ACLineSegment.PerLengthImpedance", record.cls, "Correct it.")
    if "ACLineSegment.x" in thing.values or "ACLineSegment.r" in thing.values:
        return f"line_{plain(thing.name)}", _sequence(circuit, thing, phases, 1.0 / meters, False), "unknown"
    wires = spaced(circuit, thing, letters)
    if wires is not None:
        return wires
    text = "states no impedance: neither per length, nor of its own, nor wires and spacing"
    raise UnusableError("cim.impedance", text, "ACLineSegment.PerLengthImpedance", "", "Add one of them.")


def _sequence(circuit: Circuit, record: Thing, phases: int, per_m: float, stated_per_m: bool) -> Matrices:
    cls = "PerLengthSequenceImpedance" if stated_per_m else "ACLineSegment"
    r, x, b = (record.number(f"{cls}.{w}", None if w == "x" else 0.0) for w in ("r", "x", "bch"))
    r0, x0, b0 = (record.number(f"{cls}.{w}", -1.0) for w in ("r0", "x0", "b0ch"))
    if r0 < 0 or x0 < 0:
        r0, x0 = 4.0 * r, 4.0 * x
        reason = "the source states no zero sequence: r0, x0 = 4 r, 4 x was taken"
        circuit.reading.defaulted(circuit.feeder, f"{record.thing} zero sequence", "r0 x0", "line_code", "", reason)
    farad = per_m * 1e12 / (2.0 * math.pi * circuit.frequency_hz)
    ohm = 1e3 * per_m
    return sequence(r * ohm, x * ohm, r0 * ohm, x0 * ohm, b * farad, (b if b0 < 0 else b0) * farad, phases)


def _matrix(circuit: Circuit, record: Thing, letters: list[str]) -> Matrices:
    """The matrices of a record of phase impedances, neutrals reduced."""
    n = len(letters)
    z, b = np.full((n, n), np.nan, np.complex128), np.zeros((n, n))
    pairs = [(i, j) for j in range(n) for i in range(j, n)]
    for cell in circuit.use(circuit.store.back(record, "PhaseImpedanceData.PhaseImpedance"), record):
        if "PhaseImpedanceData.row" in cell.values:
            i, j = (cell.whole(f"PhaseImpedanceData.{w}") - 1 for w in ("row", "column"))
        else:
            k = cell.whole("PhaseImpedanceData.sequenceNumber") - 1
            i, j = pairs[k] if 0 <= k < len(pairs) else (n, n)
        if not (0 <= i < n and 0 <= j < n):
            text = f"has other rows than the {n} conductors of a line that uses it"
            raise UnusableError("cim.impedance", text, "PhaseImpedanceData.row", i + 1, "Correct the matrix.")
        z[i, j] = z[j, i] = complex(cell.number("PhaseImpedanceData.r"), cell.number("PhaseImpedanceData.x"))
        b[i, j] = b[j, i] = cell.number("PhaseImpedanceData.b", 0.0)
    if np.isnan(z).any():
        text = f"lacks cells of the {n} by {n} matrix that a line needs"
        raise UnusableError("cim.impedance", text, "PhaseImpedanceData", record.name, "Add the missing cells.")
    keep = [i for i, letter in enumerate(letters) if letter != "N"]
    gone = [i for i, letter in enumerate(letters) if letter == "N"]
    if gone:
        z = _reduced(z, keep, gone)
    c = b[np.ix_(keep, keep)] * 1e12 / (2.0 * math.pi * circuit.frequency_hz)
    return Matrices(_rows(z.real * 1e3), _rows(z.imag * 1e3), _rows(c))


def _reduced(z: _Complex, keep: list[int], gone: list[int]) -> _Complex:
    """Kron's reduction to the conductors that are kept."""
    inner = z[np.ix_(gone, gone)]
    if abs(np.linalg.det(inner)) == 0.0:
        raise UnusableError("cim.impedance", "its neutral has no impedance", "PhaseImpedanceData", "", "Correct it.")
    found: _Complex = z[np.ix_(keep, keep)] - z[np.ix_(keep, gone)] @ np.linalg.solve(inner, z[np.ix_(gone, keep)])
    return found


def _rows(matrix: npt.NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(f"{v + 0.0:.12g}") for v in row) for row in matrix)


def add_switches(circuit: Circuit) -> None:
    """Add all switches of the feeder."""
    for thing in circuit.of(*SWITCHES):
        try:
            _switch(circuit, thing)
        except UNUSABLE as err:
            fault(circuit.reading, thing, err)


def _switch(circuit: Circuit, thing: Thing) -> None:
    first, last = circuit.ends(thing, 2)
    opened = thing.flag("Switch.open", thing.flag("Switch.normalOpen", False))
    near: list[int] = []
    far: list[int] = []
    closed: list[bool] = []
    letters = []
    for phase in circuit.use(circuit.store.back(thing, "SwitchPhase.Switch"), thing):
        sides = [phase.text(f"SwitchPhase.phaseSide{s}").upper() for s in (1, 2)]
        sides[1] = sides[1] or sides[0]
        if not set(sides) <= NODES.keys():
            raise UnusableError("cim.phase", "is no phase", "SwitchPhase.phaseSide1", sides, "Correct it.")
        if "N" in sides:
            continue
        letters += sides
        near.append(NODES[sides[0]])
        far.append(NODES[sides[1]])
        shut = phase.flag("SwitchPhase.closed", not phase.flag("SwitchPhase.normalOpen", opened))
        closed.append(shut and not opened)
    if not near:
        near, far, closed = list(PHASES), list(PHASES), [not opened] * 3
    level = circuit.store.to(thing, "ConductingEquipment.BaseVoltage")
    for bus, nodes in ((first, near), (last, far)):
        circuit.base(bus, level)
        circuit.touch(bus, nodes)
        circuit.mark(bus, letters)
    normal, emergency = circuit.amps(thing)
    rated = thing.number("Switch.ratedCurrent", 0.0)
    part = Switch(
        name=circuit.called(thing, "switch"),
        from_bus=first,
        to_bus=last,
        from_nodes=tuple(near),
        to_nodes=tuple(far),
        type=SWITCHES[thing.cls],
        closed=() if all(closed) else tuple(closed),
        normal_a=normal or rated or None,
        emergency_a=emergency,
        enabled=circuit.in_service(thing),
    )
    ohm = f"{part.r_ohm:g} + j {part.x_ohm:g} ohm"
    reason = "CIM states no impedance of switches"
    circuit.reading.defaulted(circuit.feeder, f"{thing.thing} impedance", "", f"switch.{part.name}", ohm, reason)
    circuit.locate(thing)
    circuit.add(thing, part)
