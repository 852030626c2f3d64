"""Several feeders as one circuit, and a feeder without what its sources do not reach."""

from __future__ import annotations

from typing import Any

from dtl.network.branches import Part
from dtl.network.feeder import PARTS, Bus, Feeder
from dtl.network.topology import trace

FIELDS = {kind: kind + ("es" if kind in ("bus", "switch") else "s") for kind in PARTS}
"""The field of a feeder that holds the parts of a kind."""

_REFERENCES = {
    "bus": "bus",
    "from_bus": "bus",
    "to_bus": "bus",
    "line_code": "line_code",
    "transformer": "transformer",
    "load": "load",
}
"""Fields that name another part, and the kind of that part."""


def join(feeders: list[Feeder]) -> Feeder:
    """One circuit of several feeders.

    A bus that two of them have at the same coordinates and voltage is one place, and a part that is equal in both is
    one part: so ties meet. The place belongs to the first feeder that feeds it by itself, as a bus behind a tie that is
    open does not belong to the feeder whose model ends there; where none does, to the first. Any other name that occurs
    twice gets its feeder before it.
    """
    if len(feeders) == 1:
        return feeders[0]
    owned = [_renamed(f, _clashes(f, feeders[:i])) for i, f in enumerate(feeders)]
    fed = {f.id: set(trace(f).order) for f in owned}
    fields: dict[str, Any] = {}
    for field in FIELDS.values():
        parts: dict[str, Part] = {}
        for feeder in owned:
            for part in getattr(feeder, field):
                known = parts.get(part.name)
                if isinstance(known, Bus) and isinstance(part, Bus):
                    nodes = tuple(sorted({*known.nodes, *part.nodes}))
                    owner = next((b.feeder for b in (known, part) if b.name in fed[b.feeder]), known.feeder)
                    part = known.model_copy(update={"nodes": nodes, "feeder": owner})
                parts[part.name] = part
        fields[field] = tuple(parts[n] for n in sorted(parts))
    ids = tuple(sorted(i for f in feeders for i in f.feeders))
    first = feeders[0]
    return Feeder(id="+".join(ids), feeders=ids, frequency_hz=first.frequency_hz, crs=first.crs, **fields)


def _clashes(feeder: Feeder, before: list[Feeder]) -> set[tuple[str, str]]:
    """Names of a feeder, by kind, that mean something else in a feeder before it.

    A part that is equal in both but hangs on something that is not the same is another part.
    """
    found: set[tuple[str, str]] = set()
    first = ("bus", "line_code", "transformer", "load")
    for kind in (*first, *(k for k in FIELDS if k not in first)):
        mine = {p.name: p for p in getattr(feeder, FIELDS[kind])}
        for other in before:
            for part in getattr(other, FIELDS[kind]):
                if part.name in mine and (not _same(part, mine[part.name]) or found & _refers(part)):
                    found.add((kind, part.name))
    return found


def _refers(part: Part) -> set[tuple[str, str]]:
    """Kind and name of all that a part names."""
    named = {(kind, getattr(part, field)) for field, kind in _REFERENCES.items() if getattr(part, field, "")}
    return named | {("bus", w.bus) for w in getattr(part, "windings", ())}


def _same(a: Part, b: Part) -> bool:
    if isinstance(a, Bus) and isinstance(b, Bus):
        return a.x is not None and (a.x, a.y, a.kv_ln) == (b.x, b.y, b.kv_ln)
    return a == b


def _renamed(feeder: Feeder, clashes: set[tuple[str, str]]) -> Feeder:
    """The feeder with its id before the names that clash, and its id in buses and sources."""

    def name(kind: str, old: str) -> str:
        return f"{feeder.id}__{old}" if (kind, old) in clashes else old

    def change(kind: str, part: Any) -> Any:
        update: dict[str, Any] = {"name": name(kind, part.name)} if "name" in type(part).model_fields else {}
        for field, target in _REFERENCES.items():
            if getattr(part, field, ""):
                update[field] = name(target, getattr(part, field))
        if kind == "transformer":
            update["windings"] = tuple(change("winding", w) for w in part.windings)
        if kind in ("bus", "source"):
            update["feeder"] = feeder.id
        if kind == "regulator" and part.monitored_bus:
            bus, dot, node = part.monitored_bus.partition(".")
            update["monitored_bus"] = name("bus", bus) + dot + node
        if kind == "capacitor" and part.control:
            cls, _, element = part.control.element.partition(".")
            kinds = [k for k in ("line", "switch", "transformer") if (k, element) in clashes]
            if kinds:
                control = part.control.model_copy(update={"element": f"{cls}.{name(kinds[0], element)}"})
                update["control"] = control
        return part.model_copy(update=update)

    fields = {}
    for kind, field in FIELDS.items():
        parts = [change(kind, p) for p in getattr(feeder, field)]
        fields[field] = tuple(sorted(parts, key=lambda p: p.name))
    return feeder.model_copy(update=fields)


def pruned(feeder: Feeder) -> Feeder:
    """The feeder without the buses that no source reaches, and without what touches them."""
    topology = trace(feeder)
    lost = {bus for island in topology.islands for bus in island}
    if not lost:
        return feeder
    fields: dict[str, Any] = {"buses": tuple(b for b in feeder.buses if b.name not in lost)}
    for kind in ("line", "switch", "source", "load", "capacitor", "reactor", "generator", "storage"):
        field = FIELDS[kind]
        fields[field] = tuple(p for p in getattr(feeder, field) if lost.isdisjoint(_touches(p)))
    kept = tuple(t for t in feeder.transformers if lost.isdisjoint(w.bus for w in t.windings))
    names = {t.name for t in kept}
    fields["transformers"] = kept
    fields["regulators"] = tuple(r for r in feeder.regulators if r.transformer in names)
    return Feeder(**{f: getattr(feeder, f) for f in Feeder.model_fields if f not in fields}, **fields)


def _touches(part: Any) -> set[str]:
    return {getattr(part, f) for f in ("bus", "from_bus", "to_bus") if getattr(part, f, "")}
