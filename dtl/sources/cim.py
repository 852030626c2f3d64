"""The source ``cim``: distribution networks in CIM (IEC 61970/61968), RDF/XML of one file or of several profiles.

Equipment belongs to the Feeder that contains it; what stands in the substation that energizes a feeder is read with
it. A model without a Feeder is one circuit, named like its first file. What CIM does not state (voltage limits of
loads, the impedance of switches) is listed as defaulted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dtl.errors import SourceError
from dtl.sources.cim_circuit import Circuit
from dtl.sources.cim_lines import SWITCHES, add_lines, add_switches
from dtl.sources.cim_objects import Store, Thing, load, rename
from dtl.sources.cim_shunts import MAKERS, add_shunts
from dtl.sources.cim_transformers import add_transformers
from dtl.sources.cim_units import to_plain
from dtl.sources.cim_wires import judge_wires
from dtl.sources.reading import Reading
from dtl.sources.record import account, refuse

HARMLESS = {
    "BusbarSection": "is a place in a substation; its node is the bus",
    "Junction": "is a place; its node is the bus",
    "Ground": "is the ground itself",
    "UsagePoint": "is a meter's place",
    "TransformerTank": "is read with its transformer",
}
"""Equipment at terminals without a part of its own."""

REASONS = {
    "TopologicalNode": "follows from the switches; the connectivity nodes are the buses",
    "TopologicalIsland": "follows from the switches",
    "Substation": "contains equipment",
    "Bay": "contains equipment",
    "VoltageLevel": "contains equipment",
    "Line": "contains equipment",
    "GeographicalRegion": "groups substations",
    "SubGeographicalRegion": "groups substations",
    "CoordinateSystem": "names the coordinate system",
    "VoltageLimit": "is a limit; the study sets limits",
    "OperationalLimitSet": "holds limits of voltage; the study sets limits",
}
"""Classes that make no part, and why."""

IDLE = {
    "IdentifiedObject.mRID": "is an id; parts are called by name",
    "IdentifiedObject.name": "names nothing that was made",
    "Equipment.EquipmentContainer": "says the feeder",
    "ConnectivityNode.ConnectivityNodeContainer": "says the feeder",
    "Location.CoordinateSystem": "names the coordinate system",
    "Switch.retained": "serves the making of topological nodes",
    "ProtectedSwitch.breakingCapacity": "acts in faults only",
    "PowerElectronicsConnection.maxIFault": "acts in faults only",
    "SeriesCompensator.varistorPresent": "acts in faults only",
    "SeriesCompensator.varistorRatedCurrent": "acts in faults only",
    "SeriesCompensator.varistorVoltageThreshold": "acts in faults only",
    "TransformerTest.temperature": "is the temperature of the test",
}
"""Properties that nobody asks for, and why they are harmless."""

_CONDUCTING = (*SWITCHES, "ACLineSegment", "SeriesCompensator", "PowerTransformer", *MAKERS)


def read(name: str, spec: Mapping[str, Any], files: Mapping[str, Path]) -> Reading:
    """Read all feeders of the files, which belong together; `spec` is the source in the study.

    Raises
    ------
    SourceError
        None of the files can be read.
    """
    reading = Reading(name, "cim", frequency_hz=float(spec.get("frequency_hz") or 60.0))
    store, broken = Store(), []
    for file, path in sorted(files.items()):
        try:
            if not path.is_file():
                raise SourceError("does not exist")
            load(store, file, path)
        except SourceError as err:
            broken.append((file, str(err)))
    list(rename(store))
    to_plain(reading, store)
    reading.crs = str(spec.get("crs") or _crs(store))
    members = _members(store, Path(min(files, default="cim")).stem)
    for feeder, things in members.items():
        _feeder(Circuit(reading, store, feeder, things, reading.frequency_hz))
    for file, text in broken:
        for feeder in sorted(members) or [""]:
            remedy = "Correct the file, or leave it out of `path`."
            reading.find("source.unreadable", "error", text, feeder=feeder, file=file, remedy=remedy)
    _edition(reading, store, sorted(members))
    judge_wires(reading, store.things.values())
    _rest(reading, store, sorted(members))
    return reading


def _edition(reading: Reading, store: Store, feeders: list[str]) -> None:
    """Tell of a model of an edition before 16, whose windings are equipment of their own."""
    old = store.of("TransformerWinding")
    if old:
        text = "transformers have windings of the class TransformerWinding: the model is of an edition before CIM16"
        place: dict[str, str | int | None] = {"file": old[0].file, "line": old[0].line, "element": old[0].thing}
        remedy = "Export the model as CIM16 (CGMES 2.4) or CIM100."
        for feeder in feeders or [""]:
            reading.find("cim.edition", "error", text, feeder=feeder, value=str(len(old)), remedy=remedy, **place)


def _crs(store: Store) -> str:
    """The coordinate system, where the model names one that is known by a number."""
    for system in store.of("CoordinateSystem"):
        stated = system.text("CoordinateSystem.crsUrn").upper()
        if "EPSG" in stated:
            return "EPSG:" + "".join(c for c in stated.rpartition(":")[2] if c.isdigit())
    return ""


def _members(store: Store, otherwise: str) -> dict[str, list[Thing]]:
    """The conducting equipment of each feeder, by the feeder's id."""
    equipment = [t for t in store.things.values() if t.cls in _CONDUCTING]
    feeders = store.of("Feeder")
    if len(feeders) <= 1:
        for feeder in feeders:
            feeder.target = "feeder"
        called = feeders[0].name if feeders else otherwise
        return {_id(called): equipment} if equipment or feeders else {}
    found: dict[str, list[Thing]] = {}
    substations = {t.id: _container(store, t, "Substation") for t in equipment}
    for feeder in feeders:
        called = _id(feeder.name)
        called = called if called not in found else f"{called}@{feeder.id[:8].lower()}"
        feeder.feeder, feeder.target = called, "feeder"
        home = feeder.text("Feeder.NormalEnergizingSubstation")
        found[called] = [
            t for t in equipment if _container(store, t, "Feeder") == feeder.id or (home and substations[t.id] == home)
        ]
    return found


def _container(store: Store, thing: Thing, cls: str) -> str:
    """The id of the container of a class in which an object stands, directly or not; empty for none."""
    words = ("Equipment.EquipmentContainer", "Bay.VoltageLevel", "Bay.Substation", "VoltageLevel.Substation")
    here: Thing | None = thing
    for _ in range(8):
        target = next((str(here.values[w]) for w in words if w in here.values), "") if here is not None else ""
        here = store.things.get(target)
        if here is None or here.cls == cls:
            return target if here is not None else ""
    return ""


def _id(name: str) -> str:
    return "".join("_" if c.isspace() or c == "=" else c for c in name.strip()) or "feeder"


def _feeder(circuit: Circuit) -> None:
    circuit.reading.parts.setdefault(circuit.feeder, {})
    for thing in circuit.members:
        thing.feeder = circuit.feeder
    add_transformers(circuit)
    add_lines(circuit)
    add_switches(circuit)
    add_shunts(circuit)
    circuit.close()


def _rest(reading: Reading, store: Store, feeders: list[str]) -> None:
    """Account for everything, and tell what stands at a terminal and became no part."""
    only = feeders[0] if len(feeders) == 1 else ""
    for thing in list(store.things.values()):
        if thing.target or thing.reason:
            continue
        thing.feeder = thing.feeder or only
        if store.back(thing, "Terminal.ConductingEquipment"):
            if thing.cls in HARMLESS:
                thing.reason = HARMLESS[thing.cls]
            elif thing.cls in _CONDUCTING:
                refuse(reading, thing, "stands in none of the feeders", harmless=False)
            else:
                refuse(reading, thing, "the model has no such element")
        else:
            thing.reason = REASONS.get(thing.cls, "")
    for (_, word), places in sorted(store.repeated.items()):
        file, line, key, value = places[0]
        text = f"{len(places)} objects state this value twice, and not alike: the first counts; one of them is shown"
        place: dict[str, str | int | None] = {"file": file, "line": line, "element": store.things[key].thing}
        remedy = "Correct the export."
        reading.find("cim.repeated", "warning", text, feeder=only, field=word, value=value, remedy=remedy, **place)
    account(reading, store.things.values(), IDLE)
    for header, text in sorted(store.headers.items()):
        reading.unused(only, header, "", text, "says what the file is")
