"""A feeder as CIM100 RDF/XML: one file, the same bytes for the same feeder, ids made from names (UUID version 5).

Power of a load is that at the nominal voltage of its bus, so loads that depend on voltage are converted from their
rated voltage. Left out, since CIM100 has no place for them: voltage limits of loads, shapes, customer classes, summer
and winter ratings, impedances of switches, dead times of capacitors' controls and their delays to switch off. What
would make another network is refused.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from dtl import layout
from dtl.errors import Finding, NetworkError, StoreError
from dtl.network.feeder import Bus, Feeder, Part
from dtl.sources.cim_write_branches import write_lines, write_sources, write_switches
from dtl.sources.cim_write_shunts import write_capacitors, write_generators, write_loads, write_reactors, write_storages
from dtl.sources.cim_write_transformers import write_transformers
from dtl.sources.reading import KIND

_SPACE = uuid.UUID("b0a0e7c6-0a4f-5d55-9d3c-6a1b6a5f3d10")
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<rdf:RDF xmlns:cim="http://iec.ch/TC57/CIM100#" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
)
_CIM = "http://iec.ch/TC57/CIM100#"
Value = str | float | int | bool
LETTERS = {1: "A", 2: "B", 3: "C"}


class Document:
    """The objects written so far; `refused` grows by what CIM cannot hold."""

    def __init__(self, feeder: Feeder) -> None:
        self.feeder = feeder
        self.rows: list[str] = []
        self.refused: list[Finding] = []
        self.levels: set[float] = set()
        self.known: dict[str, list[str]] = {}
        """What stands under each id."""

    def id(self, *words: str) -> str:
        """The id of an object, by its class and name."""
        return str(uuid.uuid5(_SPACE, "/".join((self.feeder.id, *words)))).upper()

    def object(self, cls: str, name: str, **values: Value | None) -> str:
        """Write an object once and return its id; ``Class__word`` is a property, ``..._to`` a reference, ``..._is`` an
        enumeration as ``Kind.value``. Another object of the class and name, as a battery called like a plant, gets an
        id of its own.
        """
        properties = []
        for word, value in ({"IdentifiedObject__name": name} | values).items():
            if value is None:
                continue
            prop = word.replace("__", ".")
            if prop.endswith("_to"):
                properties.append(f'  <cim:{prop[:-3]} rdf:resource="urn:uuid:{value}"/>')
            elif prop.endswith("_is"):
                properties.append(f"  <cim:{prop[:-3]} rdf:resource={quoteattr(_CIM + str(value))}/>")
            else:
                properties.append(f"  <cim:{prop}>{_text(value)}</cim:{prop}>")
        key = self.id(cls, name)
        for number in count(2):
            if key not in self.known:
                break
            if self.known[key] == properties:
                return key
            key = self.id(cls, name, str(number))
        self.known[key] = properties
        head = [
            f'<cim:{cls} rdf:about="urn:uuid:{key}">',
            f"  <cim:IdentifiedObject.mRID>{key}</cim:IdentifiedObject.mRID>",
        ]
        self.rows += [*head, *properties, f"</cim:{cls}>"]
        return key

    def equipment(self, cls: str, part: Part, buses: Iterable[str], **values: Value | None) -> str:
        """Write a piece of equipment with its terminals, place and nominal voltage."""
        buses = list(buses)
        name, kind = part.name, KIND[type(part)]
        first = self.feeder.bus[buses[0]]
        if getattr(part, "enabled", True) is False:
            values["Equipment__inService"] = False
        key = self.object(
            cls,
            name,
            Equipment__EquipmentContainer_to=self.id("Feeder", self.feeder.id),
            ConductingEquipment__BaseVoltage_to=self.level(first),
            PowerSystemResource__Location_to=self.location(f"{kind} {name}", buses, getattr(part, "path", ())),
            **values,
        )
        for number, bus in enumerate(buses, 1):
            self.terminal(key, f"{cls} {name}", number, bus)
        return key

    def terminal(self, equipment: str, name: str, number: int, bus: str) -> str:
        """Write a terminal and return its id."""
        return self.object(
            "Terminal",
            f"{name} T{number}",
            Terminal__ConductingEquipment_to=equipment,
            Terminal__ConnectivityNode_to=self.id("ConnectivityNode", bus),
            ACDCTerminal__sequenceNumber=number,
        )

    def level(self, bus: Bus) -> str:
        """The id of the nominal voltage of a bus, written once."""
        volts = float(f"{1e3 * bus.kv_ll:.12g}")
        return self.object("BaseVoltage", f"{volts:.12g} V", BaseVoltage__nominalVoltage=volts)

    def location(self, name: str, buses: list[str], path: Iterable[tuple[float, float]] = ()) -> str | None:
        """The place of equipment, where all its buses have one."""
        ends = [(self.feeder.bus[b].x, self.feeder.bus[b].y) for b in buses]
        if any(x is None for x, _ in ends):
            return None
        points = [ends[0], *path, *ends[1:]]
        key = self.object("Location", name, Location__CoordinateSystem_to=self.id("CoordinateSystem", self.feeder.id))
        for number, (x, y) in enumerate(points, 1):
            self.object(
                "PositionPoint",
                f"{name} {number}",
                PositionPoint__Location_to=key,
                PositionPoint__sequenceNumber=number,
                PositionPoint__xPosition=x,
                PositionPoint__yPosition=y,
            )
        return key

    def refuse(self, part: Part, why: str) -> None:
        """Note that CIM cannot hold a part."""
        element = f"{KIND[type(part)]}.{part.name}"
        cure = "Leave it out, or keep the feeder in its own format."
        self.refused.append(
            Finding("cim.cannot-hold", "error", why, feeder=self.feeder.id, element=element, remedy=cure)
        )

    def letters(self, bus: str, nodes: Iterable[int]) -> list[str] | None:
        """The phases of nodes at a bus, None when one of them is no phase."""
        split = self.feeder.bus[bus].split_phase
        names = {1: "s1", 2: "s2"} if split else LETTERS
        found = [names.get(n) for n in nodes if n > 0]
        return None if None in found else [f for f in found if f]


def write(feeder: Feeder) -> bytes:
    """The feeder as one CIM100 file.

    Raises
    ------
    NetworkError
        It has parts that CIM cannot hold; one finding for each.
    """
    document = Document(feeder)
    crs = feeder.crs or "local"
    document.object("CoordinateSystem", feeder.id, CoordinateSystem__crsUrn=crs)
    document.object("Feeder", feeder.id)
    for bus in feeder.buses:
        container = document.id("Feeder", feeder.id)
        document.object("ConnectivityNode", bus.name, ConnectivityNode__ConnectivityNodeContainer_to=container)
    for step in (
        write_sources,
        write_lines,
        write_switches,
        write_transformers,
        write_capacitors,
        write_reactors,
        write_loads,
        write_generators,
        write_storages,
    ):
        step(document)
    if document.refused:
        raise NetworkError(document.refused)
    return (_HEAD + "\n".join(document.rows) + "\n</rdf:RDF>\n").encode()


def export(study: str, group: str, target: Path) -> int:
    """Write a feeder of a computed study as CIM into a file; the exit code of the verb.

    Raises
    ------
    StoreError
        The study has no such feeder among its results.
    NetworkError
        CIM cannot hold the feeder.
    """
    source = Path(layout.FEEDER.format(study=study, group=group))
    if not source.is_file():
        raise StoreError(f"{study} has no feeder {group} among its results; run it first: dtl run {study}")
    data = write(Feeder.from_json(source.read_text(encoding="utf-8")))
    target.write_bytes(data)
    print(f"{target}: {len(data)} bytes")
    return 0


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value == int(value) and abs(value) < 1e15 and math.isfinite(value) else repr(value)
    return escape(str(value))
