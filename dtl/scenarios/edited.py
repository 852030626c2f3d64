"""Changing a network: its parts by name, the feeder with other parts, and that all its loads are still supplied."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from dtl.errors import SolveError
from dtl.network.feeder import Bus, Feeder, Part
from dtl.network.rephase import fed as fed
from dtl.network.rephase import letters as letters
from dtl.network.topology import Edge, Topology, trace
from dtl.plural import many
from dtl.scenarios.context import Context
from dtl.scenarios.state import State
from dtl.spec.base import near

P = TypeVar("P", bound=Part)

FIELDS = {
    "bus": "buses", "line": "lines", "switch": "switches", "transformer": "transformers", "regulator": "regulators",
    "capacitor": "capacitors", "load": "loads", "generator": "generators",
}  # fmt: skip
"""The field of a feeder by the word of what is looked for."""
_NEAREST = 3


def with_parts(feeder: Feeder, **fields: Iterable[Part]) -> Feeder:
    """The feeder with other parts in some of its fields, sorted."""
    known = {name: getattr(feeder, name) for name in Feeder.model_fields}
    return Feeder(**known | {name: tuple(sorted(parts, key=lambda p: p.name)) for name, parts in fields.items()})


def swapped(parts: Sequence[P], *changed: P) -> tuple[P, ...]:
    """Parts with some of them in place of those of their names."""
    others = {p.name: p for p in changed}
    return tuple(others.get(p.name, p) for p in parts)


def found(feeder: Feeder, what: str, name: str) -> Part | None:
    """A part by its name, or by ``FEEDER:NAME``; None where this feeder has none."""
    parts: Mapping[str, Part] = {p.name.lower(): p for p in getattr(feeder, FIELDS[what])}
    if name.lower() in parts:
        return parts[name.lower()]
    prefix, own = split(name)
    if not is_of(feeder, prefix):
        return None
    part = parts.get(f"{prefix}__{own}".lower()) or parts.get(own.lower())
    wrong = isinstance(part, Bus) and part.feeder and part.feeder.lower() != prefix.lower()
    return None if wrong else part


def split(name: str) -> tuple[str, str]:
    """The feeder of a name, empty if it states none, and the name itself."""
    prefix, _, own = name.partition(":")
    return (prefix, own) if own else ("", name)


def is_of(feeder: Feeder, name: str) -> bool:
    """Whether a feeder of the group has the name."""
    return name.lower() in {f.lower() for f in feeder.feeders}


def sought(layer: Mapping[str, Any], state: State, what: str, name: str, *, there: bool) -> State:
    """The state that remembers what was looked for: what no feeder of the study has is an error of the whole study.

    Raises
    ------
    SolveError
        The part is not there and must be: its name states this feeder, or the study has no other.
    """
    row: dict[str, Any] = {"layer": str(layer["name"]), "what": what, "name": name, "found": there, "near": []}
    if not there:
        prefix, own = split(name)
        must = is_of(state.feeder, prefix)
        names = [p.name for p in getattr(state.feeder, FIELDS[what])]
        if must or layer.get("only_feeder"):
            own = own if must else name
            raise SolveError(f"layer '{row['layer']}': {state.feeder.id} has no {what} '{own}'{near(own, names)}")
        row["near"] = [] if prefix else difflib.get_close_matches(name.lower(), names, _NEAREST, 0.6)
    return replace(state, sought=(*state.sought, row))


def in_service(year: int | None, context: Context) -> bool:
    """Whether what comes in a year is there in the case; without planned years everything is."""
    return year is None or not context.planned or year <= context.year


def free(feeder: Feeder, field: str, name: str) -> str:
    """A name that no part of a field has: `name`, or `name` with a number."""
    taken = {p.name for p in getattr(feeder, field)}
    name, number = name.lower(), 2
    tried = name
    while tried in taken:
        tried, number = f"{name}:{number}", number + 1
    return tried


def supplied(layer: str, before: Feeder, after: Feeder) -> Topology:
    """The topology of a changed feeder, all of whose parts must have the supply that they had.

    Raises
    ------
    SolveError
        Loads are without supply, or parts without a phase; the text names them, and customers and power of the loads.
    """
    now = trace(after)
    had = _lacking(before, trace(before))
    lost = {name: why for name, why in _lacking(after, now).items() if name not in had}
    if lost:
        loads = [p for p in after.loads if ("load", p.name) in lost]
        shown = ", ".join(f"{n} ({why})" for (_, n), why in sorted(lost.items())[:5]) + ", ..." * (len(lost) > 5)
        raise SolveError(
            f"layer '{layer}': {many(len(lost), 'parts lose supply')}, among them {many(len(loads), 'loads')} with "
            f"{many(sum(p.customers for p in loads), 'customers')} and {sum(p.kw for p in loads):.6g} kW: {shown}"
        )
    return now


def _lacking(feeder: Feeder, topology: Topology) -> dict[Edge, str]:
    """The parts in service that lack a phase, and the loads that lack supply, by kind and name with what they lack."""
    islands = {bus for island in topology.islands for bus in island}
    lacking = {edge: f"no phase {letters(nodes)}" for edge, nodes in topology.unfed}
    for load in feeder.loads:
        if load.enabled and load.bus in islands:
            lacking["load", load.name] = "dead"
        elif load.enabled and (dead := set(load.nodes) & topology.dead.get(load.bus, set())):
            lacking["load", load.name] = f"no phase {letters(sorted(dead))}"
    return lacking


def grounded(feeder: Feeder, topology: Topology, bus: str) -> bool:
    """Whether ground is a reference at a fed bus: its section is fed by a source, or by a winding in wye to ground."""
    units = {t.name: t for t in feeder.transformers}
    while bus in topology.parent:
        above, (kind, name) = topology.parent[bus]
        if kind == "transformer":
            here = next(w for w in units[name].windings if w.bus == bus)
            return here.connection == "wye" and (0 in here.nodes or len(here.nodes) == units[name].phases)
        bus = above
    return True


def nodes_of(phases: str) -> tuple[int, ...]:
    """The nodes of phases, as (2, 3) of ``BC``."""
    return tuple(sorted("ABC".index(c) + 1 for c in phases if c in "ABC"))
