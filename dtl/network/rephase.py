"""A branch, and all that hangs on it, on other phases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dtl.network.feeder import Feeder, Line, Regulator, Switch, Transformer
from dtl.network.topology import Edge, Topology

_BRANCHES = ("lines", "switches")
_SHUNTS = ("loads", "capacitors", "reactors", "generators", "storages")


def rephased(
    feeder: Feeder, part: Line | Transformer, wanted: tuple[int, ...], topology: Topology
) -> tuple[Feeder, str]:
    """The feeder with a part, and all behind it, on the phases `wanted`; and in words what was changed.

    What hangs behind a transformer with phases of its own stays.

    Raises
    ------
    ValueError
        Nothing is fed through the part, it has another number of phases, the bus that feeds it lacks one, or it is in
        a ring; the text says which.
    """
    edge: Edge = ("line" if isinstance(part, Line) else "transformer", part.name)
    first = next((b for b, (_, e) in topology.parent.items() if e == edge), None)
    if first is None:
        raise ValueError(f"nothing is fed through '{part.name}', so that it has no phases to move")
    above = topology.parent[first][0]
    now, alive = phases_of(part, above), fed(feeder, topology, above)
    if len(now) != len(wanted):
        raise ValueError(
            f"'{part.name}' has phases {letters(now)}, so that it can be moved to as many; '{letters(wanted)}' are not"
        )
    if missing := set(wanted) - set(alive):
        raise ValueError(
            f"bus '{above}', which feeds '{part.name}', has phases {letters(alive)} and no {letters(sorted(missing))}"
        )
    moved = moved_buses(feeder, topology, edge, first)
    if ring := _beside(feeder, moved, edge):
        raise ValueError(f"'{part.name}' is in a ring, which {' '.join(ring)} closes; open it first")
    told = f"{letters(wanted)}, was {letters(now)}; {len(moved)} buses"
    return _mapped(feeder, moved, dict(zip(now, wanted, strict=True)), edge, above), told


def fed(feeder: Feeder, topology: Topology, bus: str) -> tuple[int, ...]:
    """The phase nodes of a bus that are alive, ascending."""
    if bus not in topology.distance_km:
        return ()
    return tuple(n for n in feeder.bus[bus].nodes if 1 <= n <= 3 and n not in topology.dead.get(bus, set()))


def letters(nodes: Iterable[int]) -> str:
    """The letters of phase nodes, as ``BC``."""
    return "".join("ABC"[n - 1] for n in nodes if 1 <= n <= 3)


def phases_of(part: Line | Transformer, above: str) -> tuple[int, ...]:
    """The phases of a part at its end at the bus `above`."""
    if isinstance(part, Transformer):
        nodes = next(w.nodes for w in part.windings if w.bus == above)
    else:
        nodes = part.from_nodes if part.from_bus == above else part.to_nodes
    return tuple(sorted(n for n in nodes if 1 <= n <= 3))


def moved_buses(feeder: Feeder, topology: Topology, edge: Edge, first: str) -> set[str]:
    """The buses behind a part whose phases are those of the part; none behind a transformer with its own."""
    units = {t.name: t for t in feeder.transformers}
    behind: dict[str, list[tuple[str, Edge]]] = {}
    for bus, (above, part) in topology.parent.items():
        behind.setdefault(above, []).append((bus, part))
    todo = [(first, edge)]
    found_buses: set[str] = set()
    while todo:
        bus, (kind, name) = todo.pop()
        if kind == "transformer" and not _keeps(units[name], feeder, bus):
            continue
        found_buses.add(bus)
        todo += behind.get(bus, [])
    return found_buses


def _beside(feeder: Feeder, moved: set[str], edge: Edge) -> Edge | None:
    """Another part in service that leads into the buses that move."""
    for kind, parts in (("line", feeder.lines), ("switch", feeder.switches)):
        for p in parts:
            closed = p.enabled and getattr(p, "is_closed", True)
            if closed and (kind, p.name) != edge and (p.from_bus in moved) != (p.to_bus in moved):
                return kind, p.name
    return None


def _keeps(unit: Transformer, feeder: Feeder, bus: str) -> bool:
    """Whether the phases behind a transformer are those before it."""
    phases = {tuple(sorted(n for n in w.nodes if n)) for w in unit.windings}
    return len(phases) == 1 and not feeder.bus[bus].split_phase and len({w.connection for w in unit.windings}) == 1


def _mapped(feeder: Feeder, moved: set[str], mapping: Mapping[int, int], edge: Edge, above: str) -> Feeder:
    """The feeder with the nodes of some buses mapped, and of the near end of the part that is moved."""

    def nodes(old: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(mapping.get(n, n) for n in old)

    def here(bus: str, kind: str, name: str) -> bool:
        return bus in moved or (bus == above and (kind, name) == edge)

    def touches(part: Line | Switch, end: str, kind: str) -> bool:
        tie = isinstance(part, Switch) and not part.is_closed
        ends = (part.from_bus, part.to_bus) if tie else (getattr(part, f"{end}_bus"),)
        return any(here(bus, kind, part.name) for bus in ends)

    fields: dict[str, Any] = {
        "buses": [b.model_copy(update={"nodes": tuple(sorted(nodes(b.nodes)))}) if b.name in moved else b
                  for b in feeder.buses],
    }  # fmt: skip
    for field in _BRANCHES:
        kind = "line" if field == "lines" else "switch"
        fields[field] = [
            p.model_copy(
                update={
                    f"{end}_nodes": nodes(getattr(p, f"{end}_nodes")) for end in ("from", "to") if touches(p, end, kind)
                }
            )
            for p in getattr(feeder, field)
        ]
    fields["transformers"] = [
        t.model_copy(
            update={
                "windings": tuple(
                    w.model_copy(update={"nodes": nodes(w.nodes)}) if here(w.bus, "transformer", t.name) else w
                    for w in t.windings
                )
            }
        )
        for t in feeder.transformers
    ]
    for field in _SHUNTS:
        fields[field] = [
            p.model_copy(update={"nodes": nodes(p.nodes)}) if p.bus in moved else p for p in getattr(feeder, field)
        ]
    fields["regulators"] = [_watching(r, moved, mapping) for r in feeder.regulators]
    known = {name: getattr(feeder, name) for name in Feeder.model_fields}
    return Feeder(**known | {field: tuple(parts) for field, parts in fields.items()})


def _watching(part: Regulator, moved: set[str], mapping: Mapping[int, int]) -> Regulator:
    """A regulator that measures a node which moves measures it where it is then."""
    bus, _, node = part.monitored_bus.rpartition(".")
    if bus not in moved or not node.isdigit():
        return part
    return part.model_copy(update={"monitored_bus": f"{bus}.{mapping.get(int(node), int(node))}"})
