"""The model of one feeder, or of several solved together: buses, what joins them and what hangs on them.

Conventions
-----------
- A *node* is a conductor of a bus: 1, 2, 3 stand for the phases A, B, C, 0 for ground, 4 and more for neutrals. On a
  ``split_phase`` bus 1 and 2 are the two legs of a centre-tapped secondary.
- ``nodes`` lists the nodes of a terminal in the order of the conductors of the element.
- ``kv`` of a part is line to line for two and three phases and for delta, and the voltage across the part for one phase
  in wye, as in OpenDSS.
- Names are lower case, unique within a class of part, and keep every character of their source, save blanks and ``=``,
  which become ``_`` (listed in the conversion report).

Each class names the IEC 61970/61968 class it corresponds to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from dtl.network.branches import (
    Branch,
    Bus,
    Line,
    LineCode,
    Name,
    Part,
    Positive,
    Regulator,
    Switch,
    Transformer,
    Winding,
)
from dtl.network.shunts import (
    Capacitor,
    CapacitorControl,
    Generator,
    InverterControl,
    Load,
    Meter,
    Points,
    Reactor,
    Shunt,
    Source,
    Storage,
)

__all__ = [
    "PARTS",
    "Branch",
    "Bus",
    "Capacitor",
    "CapacitorControl",
    "Feeder",
    "Generator",
    "InverterControl",
    "Line",
    "LineCode",
    "Load",
    "Meter",
    "Part",
    "Points",
    "Reactor",
    "Regulator",
    "Shunt",
    "Source",
    "Storage",
    "Switch",
    "Transformer",
    "Winding",
]

PARTS: dict[str, type[Part]] = {
    "bus": Bus,
    "capacitor": Capacitor,
    "generator": Generator,
    "line": Line,
    "line_code": LineCode,
    "load": Load,
    "meter": Meter,
    "reactor": Reactor,
    "regulator": Regulator,
    "source": Source,
    "storage": Storage,
    "switch": Switch,
    "transformer": Transformer,
}
"""The classes of parts by the word of the column ``kind`` of the table ``network``."""


class Feeder(BaseModel):
    """A feeder, or a group of feeders solved as one circuit; every tuple is sorted by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: Name
    """Id of the group: the feeder's, or the ids joined by ``+``."""
    feeders: tuple[str, ...]
    """Feeders in it."""
    frequency_hz: Positive = 60.0
    crs: str = ""
    """Coordinate system of x and y, e.g. EPSG:26910; empty when the source states none."""
    substation: str = ""
    """Substation of the GIS that feeds it, where the study chooses feeders by it."""
    sources: tuple[Source, ...] = ()
    buses: tuple[Bus, ...] = ()
    line_codes: tuple[LineCode, ...] = ()
    lines: tuple[Line, ...] = ()
    switches: tuple[Switch, ...] = ()
    transformers: tuple[Transformer, ...] = ()
    regulators: tuple[Regulator, ...] = ()
    capacitors: tuple[Capacitor, ...] = ()
    reactors: tuple[Reactor, ...] = ()
    loads: tuple[Load, ...] = ()
    generators: tuple[Generator, ...] = ()
    storages: tuple[Storage, ...] = ()
    meters: tuple[Meter, ...] = ()

    @cached_property
    def bus(self) -> dict[str, Bus]:
        """The buses by name."""
        return {b.name: b for b in self.buses}

    @model_validator(mode="after")
    def _sorted(self) -> Feeder:
        for field in _TUPLES:
            names = [p.name for p in getattr(self, field)]
            if any(a >= b for a, b in pairwise(names)):
                raise ValueError(f"{field} must be sorted by name, each name once")
        return self

    @cached_property
    def line_code(self) -> dict[str, LineCode]:
        """The line codes by name."""
        return {c.name: c for c in self.line_codes}

    def part(self, element: str) -> Part | None:
        """The part of an element ``kind.name``, as ``switch.s1``; None if there is none."""
        kind, _, name = element.partition(".")
        field = _FIELD.get(kind, "")
        return next((p for p in getattr(self, field) if p.name == name), None) if field else None

    @property
    def customers(self) -> int:
        """Number of customers."""
        return sum(load.customers for load in self.loads if load.enabled)

    def to_json(self) -> str:
        """Canonical JSON: one part per line, sorted by name, without fields at their default; diffable."""
        lines = []
        for field, info in type(self).model_fields.items():
            value = getattr(self, field)
            if field not in _TUPLES:
                if value != info.default:
                    lines.append(f"{json.dumps(field)}: {json.dumps(value, ensure_ascii=False)}")
            elif value:
                rows = ",\n".join(p.model_dump_json(exclude_defaults=True) for p in value)
                lines.append(f"{json.dumps(field)}: [\n{rows}\n]")
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Feeder:
        """The feeder that `to_json` wrote; raises pydantic's ValidationError for anything else."""
        return cls.model_validate_json(text)

    @classmethod
    def from_parts(cls, rows: Iterable[Mapping[str, Any]]) -> Feeder:
        """The feeder of rows of the table ``network``: ``feeder``, ``kind``, ``name`` and ``body`` each.

        Several feeders give one group; their parts must not share names within a kind.
        """
        fields: dict[str, Any] = {"frequency_hz": 60.0, "crs": ""}
        parts: dict[str, list[Part]] = {field: [] for field in _TUPLES}
        feeders = set()
        for row in rows:
            feeders.add(row["feeder"])
            if row["kind"] == "feeder":
                fields |= json.loads(row["body"])
            else:
                parts[_FIELD[row["kind"]]].append(PARTS[row["kind"]].model_validate_json(row["body"]))
        names = tuple(sorted(feeders))
        ordered = {field: tuple(sorted(group, key=lambda p: p.name)) for field, group in parts.items()}
        return cls(id="+".join(names), feeders=names, **fields, **ordered)

    def rows(self, feeder: str | None = None) -> list[dict[str, str]]:
        """Rows of the table ``network``, all under one feeder: the given one, else the id of the group."""
        owner = feeder or self.id
        body = json.dumps({"frequency_hz": self.frequency_hz, "crs": self.crs}, sort_keys=True)
        found = [{"feeder": owner, "kind": "feeder", "name": owner, "body": body}]
        for kind, field in _FIELD.items():
            found += [
                {"feeder": owner, "kind": kind, "name": p.name, "body": p.model_dump_json(exclude_defaults=True)}
                for p in getattr(self, field)
            ]
        return found


_FIELD = {kind: kind + ("es" if kind in ("bus", "switch") else "s") for kind in PARTS}
_TUPLES = frozenset(_FIELD.values())
