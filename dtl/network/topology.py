"""How a feeder hangs together: order from the head, distances, loops, islands and phases that nothing feeds.

Everything is linear in the number of parts. Open switches and disabled parts do not connect; a switch with one open
pole does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import or_

from dtl.network.feeder import Feeder, Transformer

Edge = tuple[str, str]
"""Kind and name of a part that joins buses: ``("line", "650632")``."""


@dataclass(frozen=True)
class Loop:
    """A closed ring; ``closing`` is the part that closes it, the farthest switch on it where there is one."""

    closing: Edge
    parts: tuple[Edge, ...]


@dataclass
class Topology:
    """What `trace` found; buses and parts by name.

    ``order``: fed buses, nearest first along the tree; ``parent``: for each of them but the heads the bus before it
    and the part between; ``distance_km``: along that tree; ``ties``: open switches whose both ends are fed; ``unfed``:
    parts on phases that do not arrive, with those phases; ``dead``: nodes of a bus behind an open pole.
    """

    order: list[str] = field(default_factory=list)
    parent: dict[str, tuple[str, Edge]] = field(default_factory=dict)
    distance_km: dict[str, float] = field(default_factory=dict)
    loops: list[Loop] = field(default_factory=list)
    islands: list[list[str]] = field(default_factory=list)
    ties: list[str] = field(default_factory=list)
    unfed: list[tuple[Edge, tuple[int, ...]]] = field(default_factory=list)
    dead: dict[str, set[int]] = field(default_factory=dict)


def trace(feeder: Feeder) -> Topology:
    """The topology of a feeder, from its enabled sources over what is closed."""
    graph = _graph(feeder)
    found = Topology()
    heads = sorted({s.bus for s in feeder.sources if s.bus in graph})
    chords = _walk(graph, heads, found)
    found.islands = sorted(_islands(graph, found.distance_km.keys()))
    phases = {("switch", s.name): frozenset(s.from_nodes) for s in feeder.switches}
    phases |= {("line", p.name): frozenset(p.from_nodes) for p in feeder.lines}
    for u, v, edge in chords:
        loop = _loop(found, u, v, edge, phases)
        if loop is not None:
            found.loops.append(loop)
    for switch in feeder.switches:
        if switch.enabled and not switch.is_closed and {switch.from_bus, switch.to_bus} <= found.distance_km.keys():
            found.ties.append(switch.name)
    found.unfed, found.dead = _phases(feeder, found, _feeds(feeder))
    return found


Graph = dict[str, list[tuple[Edge, str, float]]]
"""For each bus what is joined to it: the part, the bus at its other end, and its length [km]."""


def _graph(feeder: Feeder) -> Graph:
    """The graph of buses over what is enabled and closed."""
    graph: Graph = {b.name: [] for b in feeder.buses}

    def join(a: str, b: str, edge: Edge, length_km: float) -> None:
        graph.setdefault(a, []).append((edge, b, length_km))
        graph.setdefault(b, []).append((edge, a, length_km))

    for line in feeder.lines:
        if line.enabled:
            join(line.from_bus, line.to_bus, ("line", line.name), line.length_km)
    for switch in feeder.switches:
        if switch.enabled and switch.is_closed:
            join(switch.from_bus, switch.to_bus, ("switch", switch.name), 0.0)
    for transformer in feeder.transformers:
        if transformer.enabled:
            first = transformer.windings[0].bus
            for other in {w.bus for w in transformer.windings[1:]} - {first}:
                join(first, other, ("transformer", transformer.name), 0.0)
    for reactor in feeder.reactors:
        if reactor.enabled and reactor.to_bus:
            join(reactor.bus, reactor.to_bus, ("reactor", reactor.name), 0.0)
    return graph


def _walk(graph: Graph, heads: list[str], found: Topology) -> list[tuple[str, str, Edge]]:
    """Breadth first from the heads; returns the edges that close rings."""
    chords = []
    used: set[tuple[str, str, Edge]] = set()
    todo = list(heads)
    distance = found.distance_km
    distance.update(dict.fromkeys(heads, 0.0))
    for bus in todo:
        found.order.append(bus)
        near = graph[bus]
        for key, other, length in sorted(near) if len(near) > 1 else near:
            if (other, bus, key) in used or (bus, other, key) in used:
                continue
            used.add((bus, other, key))
            if other in distance:
                chords.append((bus, other, key))
            else:
                distance[other] = distance[bus] + length
                found.parent[other] = (bus, key)
                todo.append(other)
    return chords


def _islands(graph: Graph, fed: Collection[str]) -> Iterator[list[str]]:
    """The buses that no head reaches, part by part, sorted."""
    seen: set[str] = set()
    for start in graph:
        if start in fed or start in seen:
            continue
        seen.add(start)
        island = [start]
        for bus in island:
            fresh = {other for _, other, _ in graph[bus]} - seen
            seen |= fresh
            island += sorted(fresh)
        yield sorted(island)


def _loop(found: Topology, u: str, v: str, edge: Edge, phases: dict[Edge, frozenset[int]]) -> Loop | None:
    """The ring that an edge closes; None when no conductor goes all the way round."""
    left, right = _path(found, u), _path(found, v)
    while left and right and left[-1] == right[-1]:
        left.pop()
        right.pop()
    parts = [edge, *left, *right]
    shared = frozenset.intersection(*(phases.get(p, _ALL) for p in parts))
    if not shared or (u != v and _bank(parts)):
        return None
    rank = {p: i for path in (left, right) for i, p in enumerate(path)}
    switches = [p for p in (edge, *sorted(rank, key=lambda p: (rank[p], p))) if p[0] == "switch"]
    return Loop(switches[0] if switches else edge, tuple(sorted(parts)))


_ALL = frozenset(range(21))


def _bank(parts: list[Edge]) -> bool:
    """Whether a ring is only units of a transformer bank side by side."""
    return len(parts) == 2 and all(kind == "transformer" for kind, _ in parts)


def _path(found: Topology, bus: str) -> list[Edge]:
    edges = []
    while bus in found.parent:
        bus, edge = found.parent[bus]
        edges.append(edge)
    return edges


Feeds = dict[str, list[tuple[str, Edge, tuple[int, ...], tuple[int, ...], tuple[bool, ...]]]]


def _feeds(feeder: Feeder) -> Feeds:
    """For each bus what leads on: other bus, part, nodes here and there, and which of these conductors are closed."""
    feeds: Feeds = {}

    def both(a: str, b: str, edge: Edge, x: tuple[int, ...], y: tuple[int, ...], closed: tuple[bool, ...]) -> None:
        feeds.setdefault(a, []).append((b, edge, x, y, closed))
        feeds.setdefault(b, []).append((a, edge, y, x, closed))

    for line in feeder.lines:
        if line.enabled:
            both(line.from_bus, line.to_bus, ("line", line.name), line.from_nodes, line.to_nodes, ())
    for switch in feeder.switches:
        if switch.enabled and switch.is_closed:
            edge = ("switch", switch.name)
            both(switch.from_bus, switch.to_bus, edge, switch.from_nodes, switch.to_nodes, switch.closed or ())
    for reactor in feeder.reactors:
        if reactor.enabled and reactor.to_bus:
            both(reactor.bus, reactor.to_bus, ("reactor", reactor.name), reactor.nodes, reactor.to_nodes, ())
    return feeds


PHASES, OPEN = 0b1110, 1 << 62
"""Nodes 1 to 3 as bits, and the bit of what feeds nothing: no node has its number."""


@lru_cache(maxsize=4096)
def _bits(nodes: tuple[int, ...]) -> int:
    """Nodes as bits of a number: node 1 is the second."""
    return reduce(or_, (1 << n for n in nodes), 0)


def _nodes(bits: int) -> tuple[int, ...]:
    return tuple(n for n in range(bits.bit_length()) if bits >> n & 1)


def _phases(
    feeder: Feeder, found: Topology, feeds: Feeds
) -> tuple[list[tuple[Edge, tuple[int, ...]]], dict[str, set[int]]]:
    """Parts on phases that do not arrive at their bus, and nodes that are dead behind open poles."""
    behind: dict[str, list[Transformer]] = {}
    for transformer in feeder.transformers:
        if transformer.enabled:
            for bus in {w.bus for w in transformer.windings}:
                behind.setdefault(bus, []).append(transformer)
    there, live = dict.fromkeys(found.order, 0), dict.fromkeys(found.order, 0)
    for source in feeder.sources:
        if source.bus in there:
            there[source.bus] |= _bits(source.nodes)
            live[source.bus] |= _bits(source.nodes)
    seen: set[Edge] = set()
    unfed = []
    for bus in found.order:
        for edge, here, far in _onward(bus, feeds, behind, seen):
            missing = here & PHASES & ~there[bus]
            if missing:
                unfed.append((edge, _nodes(missing)))
            fed = here & live[bus] | missing
            for other, nodes, needs in far:
                there[other] |= nodes
                live[other] |= nodes & fed if needs is None else nodes if needs & fed or not needs else 0
    for edge, bus, own in _shunts(feeder):
        if missing := _bits(own) & PHASES & ~there.get(bus, PHASES):
            unfed.append((edge, _nodes(missing)))
    dead = {bus: bits & ~live[bus] & ~1 for bus, bits in there.items() if bits != live[bus]}
    return sorted(unfed), {bus: set(_nodes(bits)) for bus, bits in dead.items() if bits}


def _onward(
    bus: str, feeds: Feeds, behind: dict[str, list[Transformer]], seen: set[Edge]
) -> Iterator[tuple[Edge, int, Iterable[tuple[str, int, int | None]]]]:
    """What leads on from a bus: part, its nodes here, and beyond (bus, nodes, nodes here that feed them), all as bits.

    None for the nodes that feed stands for each node by the same one here.
    """
    for other, edge, x, y, closed in feeds.get(bus, ()):
        if edge not in seen:
            seen.add(edge)
            here = _bits(x)
            if x == y and all(closed):
                yield edge, here, ((other, here, None),)
            else:
                poles = closed or (True,) * len(x)
                yield edge, here, [(other, 1 << b, 1 << a if p else OPEN) for a, b, p in zip(x, y, poles, strict=True)]
    for transformer in behind.get(bus, ()):
        edge = ("transformer", transformer.name)
        if edge not in seen:
            seen.add(edge)
            here = _bits(tuple(n for w in transformer.windings if w.bus == bus for n in w.nodes))
            yield edge, here, [(w.bus, _bits(w.nodes) & ~1, here) for w in transformer.windings if w.bus != bus]


def _shunts(feeder: Feeder) -> Iterator[tuple[Edge, str, tuple[int, ...]]]:
    for kind, parts in (
        ("load", feeder.loads),
        ("capacitor", feeder.capacitors),
        ("generator", feeder.generators),
        ("storage", feeder.storages),
    ):
        for part in parts:
            if part.enabled:
                yield (kind, part.name), part.bus, part.nodes
