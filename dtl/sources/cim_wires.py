"""Impedances of CIM lines that are stated as wires and spacing, by the line constants of `dtl.network.catalog`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from dtl.network.catalog import ConcentricCable, Matrices, TapeCable, Wire, concentric, overhead, taped
from dtl.sources.cim_circuit import Circuit
from dtl.sources.cim_objects import Thing
from dtl.sources.reading import Reading, plain
from dtl.sources.record import UnusableError, tell

_COPPER_OHM_M = 2.3715e-8
"""Resistivity of the copper of a tape shield, at 50 degrees."""
_POLYETHYLENE = 2.3
_PERMITTIVITY = {
    "ethylenePropyleneRubber": 3.0, "butyl": 4.0, "beltedPilc": 4.0, "unbeltedPilc": 4.0,
    "oilPaper": 3.6, "highPressureFluidFilled": 3.7,
}  # fmt: skip
"""Relative permittivity of insulations other than polyethylene (IEC 60287-1-1, table of insulating materials)."""
_GMR = (0.2, 1.1)
"""Over the radius of its conductor, a geometric mean radius: 0.78 of a round bar, down to a third with a steel core."""
_CABLES = ("ConcentricNeutralCableInfo", "TapeShieldCableInfo")
_WIRES = ("OverheadWireInfo", "WireInfo")


Placement = Literal["overhead", "underground", "unknown"]


def spaced(circuit: Circuit, thing: Thing, letters: list[str]) -> tuple[str, Matrices, Placement] | None:
    """Name, matrices and place of a line by its wires and spacing; None when it names no spacing.

    Raises
    ------
    UnusableError
        A position or a wire is missing, or phase conductors are of different make.
    """
    store = circuit.store
    spacing = store.to(thing, "ACLineSegment.WireSpacingInfo") or _by_sheet(circuit, thing)
    if spacing is None:
        return None
    spacing.feeder, spacing.target = circuit.feeder, thing.thing
    positions = circuit.use(store.back(spacing, "WirePosition.WireSpacingInfo"), thing)
    at = {p.whole("WirePosition.sequenceNumber"): p for p in positions}
    found: list[tuple[str, Thing, tuple[float, float]]] = []
    rows = {p.text("ACLineSegmentPhase.phase").upper(): p for p in _phases(circuit, thing)}
    for number, letter in enumerate(letters, 1):
        phase = rows.get(letter)
        place = at.get(phase.whole("ACLineSegmentPhase.sequenceNumber", number) if phase is not None else number)
        info = (store.to(phase, "ACLineSegmentPhase.WireInfo") if phase is not None else None) or _wire(circuit, thing)
        if place is None or info is None:
            text = f"phase {letter} has no position or no wire"
            raise UnusableError("cim.impedance", text, "ACLineSegmentPhase.WireInfo", letter, "Add it.")
        info.feeder, info.target = circuit.feeder, thing.thing
        xy = (place.number("WirePosition.xCoord"), place.number("WirePosition.yCoord"))
        found.append((letter, info, xy))
    found.sort(key=lambda f: f[0] == "N")
    overhead_line = all(info.cls in _WIRES for _, info, _ in found)
    return f"line_{plain(thing.name)}", _made(circuit, thing, found), "overhead" if overhead_line else "underground"


def _phases(circuit: Circuit, thing: Thing) -> list[Thing]:
    return circuit.store.back(thing, "ACLineSegmentPhase.ACLineSegment")


def _by_sheet(circuit: Circuit, thing: Thing) -> Thing | None:
    sheet = circuit.datasheet(thing)
    return sheet if sheet is not None and sheet.cls == "WireSpacingInfo" else None


def _wire(circuit: Circuit, thing: Thing) -> Thing | None:
    sheet = circuit.datasheet(thing)
    return sheet if sheet is not None and sheet.cls in (*_WIRES, *_CABLES) else None


def _made(circuit: Circuit, thing: Thing, found: list[tuple[str, Thing, tuple[float, float]]]) -> Matrices:
    live = [(i, p) for letter, i, p in found if letter != "N"]
    neutrals = [(i, p) for letter, i, p in found if letter == "N"]
    kinds = {i.cls for i, _ in live}
    hz = circuit.frequency_hz
    if kinds <= set(_WIRES):
        every = [*live, *neutrals]
        if any(y <= 0 for _, (_, y) in every):
            text = "a wire hangs at no height above ground"
            raise UnusableError("cim.impedance", text, "WirePosition.yCoord", "", "Correct the position.")
        return overhead([_bare(i) for i, _ in every], [p for _, p in every], len(live), hz)
    if kinds <= set(_CABLES):
        stated = ", ".join(sorted({f"{_permittivity(i):g}" for i, _ in live}))
        reason = "CIM states none: that of polyethylene, or by IEC 60287-1-1 for the material"
        circuit.reading.defaulted(
            circuit.feeder, f"{thing.thing} permittivity", "", f"line {plain(thing.name)}", stated, reason
        )
    bare, places = [_bare(i) for i, _ in neutrals], [p for _, p in neutrals]
    if kinds == {"ConcentricNeutralCableInfo"}:
        return concentric([_concentric(i) for i, _ in live], [p for _, p in live], bare, places, hz)
    if kinds == {"TapeShieldCableInfo"}:
        return taped([_taped(i) for i, _ in live], [p for _, p in live], bare, places, hz)
    text = "its conductors are of kinds that have no common model"
    raise UnusableError("cim.impedance", text, "WireInfo", " ".join(sorted(kinds)), "State its matrix instead.")


def _bare(info: Thing) -> Wire:
    ohm = next((w for w in ("rAC25", "rAC50", "rAC75", "rDC20") if f"WireInfo.{w}" in info.values), "rAC25")
    values = [info.number(f"WireInfo.{w}") for w in (ohm, "gmr", "radius")]
    if min(values[1:]) <= 0:
        raise UnusableError("source.bad-value", "must be greater than 0", "WireInfo.gmr", values[1], "Correct it.")
    return Wire(1e3 * values[0], values[1], values[2])


def _concentric(info: Thing) -> ConcentricCable:
    word = "ConcentricNeutralCableInfo"
    radius, gmr = info.number(f"{word}.neutralStrandRadius"), info.number(f"{word}.neutralStrandGmr")
    around = info.number(f"{word}.diameterOverNeutral") / 2.0 - radius
    if min(radius, gmr, around) <= 0:
        raise UnusableError("source.bad-value", "must be greater than 0", f"{word}.neutralStrandRadius", radius)
    strand = Wire(1e3 * info.number(f"{word}.neutralStrandRDC20"), gmr, radius)
    count = info.whole(f"{word}.neutralStrandCount")
    return ConcentricCable(_bare(info), strand, count, around, _permittivity(info), _insulation(info))


def _taped(info: Thing) -> TapeCable:
    thick = info.number("TapeShieldCableInfo.tapeThickness")
    outer = info.number("CableInfo.diameterOverScreen") / 2.0
    middle = outer - thick / 2.0
    if min(thick, middle) <= 0:
        word = "TapeShieldCableInfo.tapeThickness"
        raise UnusableError("source.bad-value", "must be greater than 0", word, thick, "Correct it.")
    ohm_per_km = 1e3 * _COPPER_OHM_M / (2.0 * math.pi * middle * thick)
    return TapeCable(_bare(info), middle, ohm_per_km, _permittivity(info), _insulation(info))


def _permittivity(info: Thing) -> float:
    return _PERMITTIVITY.get(info.text("WireInfo.insulationMaterial").rpartition(".")[2], _POLYETHYLENE)


def _insulation(info: Thing) -> tuple[float, float] | None:
    """Inner and outer radius [m] of the insulation, where both its thickness and its diameter are stated."""
    thick = info.number("WireInfo.insulationThickness", 0.0)
    outer = info.number("CableInfo.diameterOverInsulation", 0.0) / 2.0
    return (outer - thick, outer) if 0 < thick < outer else None


def judge_wires(reading: Reading, things: Iterable[Thing]) -> None:
    """Tell of wires and strands that lines use, whose geometric mean radius does not fit their radius."""
    strand = "ConcentricNeutralCableInfo.neutralStrand"
    for info in things:
        if info.cls not in (*_WIRES, *_CABLES) or not info.target:
            continue
        for word, of in (("WireInfo.gmr", "WireInfo.radius"), (f"{strand}Gmr", f"{strand}Radius")):
            if word not in info.values:
                continue
            gmr, radius = info.number(word), info.number(of)
            if not _GMR[0] <= gmr / radius <= _GMR[1]:
                text = f"the geometric mean radius is {gmr / radius:.2g} of the radius: one has another unit"
                tell(reading, info, "cim.gmr", "warning", text, word, f"{gmr:g}", "Correct the export; it was taken.")
