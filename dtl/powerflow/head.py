"""The network as seen from the head: what is fed, from which side, how far away, and where ground is a reference."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dtl.network.feeder import Bus, Feeder

Conductor = tuple[str, int]
Element = tuple[str, str]


@dataclass(frozen=True)
class View:
    """The feeder from its sources.

    Attributes
    ----------
    fed
        Nodes (bus, node) that a source reaches.
    grounded
        Those whose voltage to ground is fixed by the supply, because their section is fed by a source or by a winding
        in wye to ground. In a section behind a delta only voltages between phases mean anything.
    distance_km
        Length of line from the nearest source to each fed bus [km].
    head_end
        Number of the terminal or winding nearest to the head, from 0, by (kind, name) of the lines, switches,
        transformers and series reactors in service.
    """

    fed: frozenset[Conductor]
    grounded: frozenset[Conductor]
    distance_km: dict[str, float]
    head_end: dict[Element, int]

    def judged(self, bus: Bus) -> list[tuple[str, int, int]]:
        """The voltages of `bus` that can be judged, as (phase, node, other node or 0 for ground).

        Between phases where ground is no reference; neutrals (nodes from 4) are left out.
        """
        nodes = [n for n in bus.nodes if 1 <= n <= 3 and (bus.name, n) in self.fed]
        if all((bus.name, n) in self.grounded for n in nodes):
            return [(str(n) if bus.split_phase else "ABC"[n - 1], n, 0) for n in nodes]
        pairs = [(1, 2), (2, 3), (3, 1)]
        return [("ABC"[a - 1] + "ABC"[b - 1], a, b) for a, b in pairs if a in nodes and b in nodes]


def view(feeder: Feeder, closed: Feeder | None = None) -> View:
    """The feeder as seen from its sources: one shortest-path search over its conductors.

    Where switches are operated, `closed` is the feeder with all of them closed that ever are: what is fed only then is
    seen too, and what is fed anyway keeps its side of the head.
    """
    if closed is not None and closed.switches != feeder.switches:
        usual, ever = view(feeder), view(closed)
        ends_of = ever.head_end | {k: end for k, end in usual.head_end.items() if k in ever.head_end}
        return View(ever.fed, ever.grounded, ever.distance_km | usual.distance_km, ends_of)
    wiring = (feeder.sources, feeder.lines, feeder.switches, feeder.transformers, feeder.reactors)
    if not _last or any(a is not b for a, b in zip(_last[0][0], wiring, strict=True)):
        _last[:] = [(wiring, _seen(feeder))]
    return _last[0][1]


_last: list[tuple[tuple[object, ...], View]] = []
"""The parts that were looked at last, and their view: a case asks for that of one wiring several times."""


def _seen(feeder: Feeder) -> View:
    ends = dict(_ends(feeder))
    graph: dict[Conductor, list[tuple[Conductor, float]]] = {}
    for (kind, _), (terminals, length_km) in ends.items():
        for a, b in _joints(kind, terminals):
            graph.setdefault(a, []).append((b, length_km))
            graph.setdefault(b, []).append((a, length_km))
    starts = [(s.bus, n) for s in feeder.sources for n in s.nodes if n]
    reached = _reach(graph, starts)
    near: dict[str, tuple[float, int]] = {}
    for (bus, _), rank in reached.items():
        near[bus] = min(near.get(bus, rank), rank)
    far = (float("inf"), 0)
    head_end = {
        key: min(range(len(terminals)), key=lambda t: (near.get(terminals[t][0], far), t))
        for key, (terminals, _) in ends.items()
    }
    return View(
        fed=frozenset(reached),
        grounded=_grounded(feeder, ends, starts),
        distance_km={bus: rank[0] for bus, rank in near.items()},
        head_end=head_end,
    )


_FIELDS = {
    "line": "lines",
    "switch": "switches",
    "transformer": "transformers",
    "capacitor": "capacitors",
    "reactor": "reactors",
    "load": "loads",
    "generator": "generators",
    "storage": "storages",
}


def served(feeder: Feeder, seen: View | None = None) -> tuple[Feeder, list[str]]:
    """The feeder without the parts that no source reaches, and a warning naming them; `seen` is its view, if known."""
    fed = set((seen or view(feeder)).distance_km)
    dead: list[str] = []
    keep: dict[str, object] = {}
    for kind, field in _FIELDS.items():
        parts = getattr(feeder, field)
        lost = [
            p.name for p in parts
            if p.enabled and (kind != "switch" or p.is_closed) and fed.isdisjoint(_buses(kind, p))
        ]  # fmt: skip
        if lost:
            dead += [f"{kind}.{name}" for name in lost]
            keep[field] = tuple(p for p in parts if p.name not in set(lost))
    if not dead:
        return feeder, []
    return feeder.model_copy(update=keep), [f"left out, since no source reaches them: {', '.join(dead)}"]


def _buses(kind: str, part: Any) -> list[str]:
    """The buses of which one must be fed for a part to be."""
    if kind == "transformer":
        return [w.bus for w in part.windings]
    return [part.from_bus if kind in ("line", "switch") else part.bus]


def _ends(feeder: Feeder) -> Iterator[tuple[Element, tuple[list[tuple[str, tuple[int, ...]]], float]]]:
    for line in feeder.lines:
        if line.enabled:
            terminals = [(line.from_bus, line.from_nodes), (line.to_bus, line.to_nodes)]
            yield ("line", line.name), (terminals, line.length_km)
    for switch in feeder.switches:
        if switch.enabled and switch.is_closed:
            on = [i for i in range(len(switch.from_nodes)) if not switch.closed or switch.closed[i]]
            near, far = (tuple(nodes[i] for i in on) for nodes in (switch.from_nodes, switch.to_nodes))
            yield ("switch", switch.name), ([(switch.from_bus, near), (switch.to_bus, far)], 0.0)
    for transformer in feeder.transformers:
        if transformer.enabled:
            yield ("transformer", transformer.name), ([(w.bus, w.nodes) for w in transformer.windings], 0.0)
    for reactor in feeder.reactors:
        if reactor.enabled and reactor.to_bus:
            yield ("reactor", reactor.name), ([(reactor.bus, reactor.nodes), (reactor.to_bus, reactor.to_nodes)], 0.0)


def _joints(kind: str, terminals: list[tuple[str, tuple[int, ...]]]) -> Iterator[tuple[Conductor, Conductor]]:
    (bus, nodes), *others = terminals
    if kind != "transformer":
        other, far = others[0]
        yield from (((bus, a), (other, b)) for a, b in zip(nodes, far, strict=True) if a and b)
        return
    hub = next((bus, n) for n in nodes if n)
    yield from ((hub, (b, n)) for b, ns in terminals for n in ns if n and (b, n) != hub)


def _reach(
    graph: dict[Conductor, list[tuple[Conductor, float]]], starts: list[Conductor]
) -> dict[Conductor, tuple[float, int]]:
    heap = [(0.0, 0, c) for c in starts]
    seen: dict[Conductor, tuple[float, int]] = {}
    while heap:
        km, hops, at = heapq.heappop(heap)
        if at in seen:
            continue
        seen[at] = (km, hops)
        for to, length_km in graph.get(at, ()):
            if to not in seen:
                heapq.heappush(heap, (km + length_km, hops + 1, to))
    return seen


def _grounded(
    feeder: Feeder, ends: dict[Element, tuple[list[tuple[str, tuple[int, ...]]], float]], starts: list[Conductor]
) -> frozenset[Conductor]:
    graph: dict[Conductor, list[tuple[Conductor, float]]] = {}
    for (kind, _), (terminals, _) in ends.items():
        if kind != "transformer":
            for a, b in _joints(kind, terminals):
                graph.setdefault(a, []).append((b, 0.0))
                graph.setdefault(b, []).append((a, 0.0))
    earthed = [
        (w.bus, n)
        for t in feeder.transformers
        if t.enabled
        for w in t.windings[1:]
        if w.connection == "wye" and (0 in w.nodes or len(w.nodes) == t.phases)
        for n in w.nodes
        if n
    ]
    return frozenset(_reach(graph, starts + earthed))
