"""The names of the public copy: parts are numbered along the tree, and what is not shown has no name at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from dtl.network.feeder import Feeder
from dtl.network.topology import Edge, Topology

WORD = re.compile(r"[^\s,;:()\[\]{}\"'<>|=/\\]+")
"""A word of a text: a name has none of the marks that end it."""

GRID_KV = 1.0
"""Nominal voltage from which a bus is of the network that the copy draws [kV]; below are the customers' own."""


@dataclass
class Names:
    """New names by kind and old name, and the old names of everything, which the copy must not have."""

    new: dict[Edge, str] = field(default_factory=dict)
    secret: set[str] = field(default_factory=set)

    def of(self, kind: str, name: str) -> str:
        """The new name; empty where the part is not shown."""
        return self.new.get((kind, name), "")

    def text(self, text: str) -> str:
        """A text of a table as the copy may have it: a part's name becomes its new one, a text with a name is left out.

        Knows ``name``, ``name.phase`` and ``kind name``, as the analyses write them.
        """
        kind, _, rest = text.partition(" ")
        if rest and (kind, rest) in self.new:
            return f"{kind} {self.new[kind, rest]}"
        stem, dot, phase = text.rpartition(".")
        for name, tail in ((text, ""), (stem, dot + phase)):
            found = next((self.new[k, name] for k in KINDS if (k, name) in self.new), "")
            if found:
                return found + tail
        return "" if self.tells(text) else text

    def tells(self, text: str) -> bool:
        """Whether a secret name stands in a text."""
        if text.lower() in self.secret:
            return True
        return any(w in self.secret or w.split(".")[0] in self.secret for w in WORD.findall(text.lower()))


KINDS = ("bus", "line", "switch", "transformer")


def drawn(model: Feeder, kept: Iterable[str]) -> set[str]:
    """The buses that the copy draws: of the kept feeders, at or above `GRID_KV`, and the heads."""
    own, heads = set(kept), {s.bus for s in model.sources}
    first = model.feeders[0]
    return {b.name for b in model.buses if (b.feeder or first) in own and (b.kv_ll >= GRID_KV or b.name in heads)}


def names(model: Feeder, topology: Topology, buses: set[str]) -> Names:
    """Numbers along the tree for the buses that are drawn and for what joins them; every old name is secret."""
    found = Names()
    rank = {bus: i for i, bus in enumerate(topology.order)}
    order = sorted(buses, key=lambda b: (rank.get(b, len(rank)), b))
    found.new |= {("bus", bus): f"bus-{i}" for i, bus in enumerate(order, 1)}
    ends: dict[str, list[tuple[str, tuple[str, ...]]]] = {
        "line": [(p.name, (p.from_bus, p.to_bus)) for p in model.lines],
        "switch": [(p.name, (p.from_bus, p.to_bus)) for p in model.switches],
        "transformer": [(p.name, tuple(w.bus for w in p.windings)) for p in model.transformers],
    }
    for kind, of_kind in ends.items():
        own = sorted((max(rank.get(b, len(rank)) for b in at), name) for name, at in of_kind if buses >= set(at))
        found.new |= {(kind, name): f"{kind}-{i}" for i, (_, name) in enumerate(own, 1)}
    every = (model.buses, model.lines, model.switches, model.transformers, model.regulators, model.capacitors,
             model.reactors, model.loads, model.generators, model.storages, model.meters)  # fmt: skip
    found.secret = {part.name.lower() for parts in every for part in parts}
    return found
