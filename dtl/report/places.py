"""Where the buses of a feeder are drawn: at their coordinates, or in a schematic tree where they have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dtl.network.feeder import Feeder
from dtl.network.topology import Topology, trace

Point = tuple[float, float]

KNOWN_SHARE = 0.5
"""Share of buses that must have coordinates for a feeder to be drawn by them."""

SKETCH_M, SKETCH_SHARE = 50.0, 0.05
"""Coordinates that cover less ground [m], and less of it per metre of the feeder, are a sketch in units of its own."""

GEOGRAPHIC = ("EPSG:4326", "EPSG:4269", "WGS84", "OGC:CRS84")
"""Coordinate systems whose x and y are longitude and latitude [degree]."""


@dataclass(frozen=True)
class Places:
    """Points of one feeder's buses; x to the east, y to the north.

    ``kind`` is ``metres`` (or any plane unit), ``degrees`` or ``schematic``; ``filled`` counts buses without
    coordinates of their own that stand where their neighbour stands.
    """

    kind: str
    points: Mapping[str, Point]
    topology: Topology
    filled: int = 0


def places(feeder: Feeder, crs: str) -> Places:
    """The points of a feeder; `crs` is the coordinate system of the map, and a feeder in another one becomes a tree."""
    topology = trace(feeder)
    known = {b.name: (b.x, b.y) for b in feeder.buses if b.x is not None and b.y is not None}
    spread = len(set(known.values()))
    if feeder.crs != crs or spread < 2 or len(known) < KNOWN_SHARE * len(feeder.buses) or _sketch(known, topology, crs):
        return Places("schematic", tree(feeder, topology), topology)
    points = _fill(feeder, topology, known)
    return Places(kind_of(crs), points, topology, len(feeder.buses) - len(known))


def _sketch(known: Mapping[str, Point], topology: Topology, crs: str) -> bool:
    """Whether plane coordinates cannot be metres: the feeder is far longer than the ground that they cover."""
    if kind_of(crs) != "metres":
        return False
    xs, ys = [p[0] for p in known.values()], [p[1] for p in known.values()]
    across = max(max(xs) - min(xs), max(ys) - min(ys))
    longest_m = 1000.0 * max((topology.distance_km[b] for b in topology.order), default=0.0)
    return across < min(SKETCH_M, SKETCH_SHARE * longest_m)


def kind_of(crs: str) -> str:
    """``degrees`` for a geographic coordinate system, else ``metres``."""
    return "degrees" if crs.upper().replace(" ", "") in GEOGRAPHIC else "metres"


def _fill(feeder: Feeder, topology: Topology, known: Mapping[str, Point]) -> dict[str, Point]:
    points = dict(known)
    for bus in reversed(topology.order):
        near = topology.parent.get(bus)
        if near is not None and bus in points:
            points.setdefault(near[0], points[bus])
    for bus in topology.order:
        near = topology.parent.get(bus)
        if bus not in points and near is not None and near[0] in points:
            points[bus] = points[near[0]]
    middle = _middle(list(points.values()))
    for each in feeder.buses:
        points.setdefault(each.name, middle)
    return points


def _middle(points: Sequence[Point]) -> Point:
    return sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)


def tree(feeder: Feeder, topology: Topology) -> dict[str, Point]:
    """A tree from left to right: x is the distance from the head [m], y gives every end of the feeder its own row.

    The way to the farthest end runs straight; buses that nothing feeds stand in a row of their own below.
    """
    children: dict[str, list[str]] = {}
    for bus in topology.order:
        if bus in topology.parent:
            children.setdefault(topology.parent[bus][0], []).append(bus)
    far = {bus: topology.distance_km[bus] for bus in topology.order}
    for bus in reversed(topology.order):
        far[bus] = max([far[bus], *(far[c] for c in children.get(bus, []))])
    steps = _steps(topology)
    longest = max((topology.distance_km[b] + 0.0 for b in topology.order), default=0.0)
    unit = 1000.0 if longest > 0 else 0.0
    row_of, rows = _rows(topology, children, far)
    height = (1000.0 * longest or 100.0 * max(steps.values(), default=1)) / 1.8
    step = height / max(rows, 8)
    points = {b: (unit * topology.distance_km[b] or 100.0 * steps[b] * (unit == 0), -step * row_of[b]) for b in row_of}
    rest = [b.name for b in feeder.buses if b.name not in points]
    return points | {name: (step * i, -step * (rows + 2)) for i, name in enumerate(rest)}


def _steps(topology: Topology) -> dict[str, int]:
    steps: dict[str, int] = {}
    for bus in topology.order:
        steps[bus] = steps[topology.parent[bus][0]] + 1 if bus in topology.parent else 0
    return steps


def _rows(
    topology: Topology, children: Mapping[str, Sequence[str]], far: Mapping[str, float]
) -> tuple[dict[str, int], int]:
    """Depth first: the farthest child keeps its parent's row, the others open new ones."""
    row_of: dict[str, int] = {}
    rows = 0
    todo = [(b, -1) for b in reversed(topology.order) if b not in topology.parent]
    while todo:
        bus, row = todo.pop()
        if row < 0:
            row, rows = rows, rows + 1
        row_of[bus] = row
        ordered = sorted(children.get(bus, []), key=lambda c: (-far[c], c))
        todo += [(c, -1) for c in reversed(ordered[1:])]
        todo += [(c, row) for c in ordered[:1]]
    return row_of, rows
