"""The nodes that lines end at: by ids where the source has them, else by places within a tolerance.

Primary lines meet primary lines only, and what is below the transformers only its kind: at one pole both may end
without being joined. A node without an id is called after its level and the place of the first end in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from dtl.sources.gis_trace import clusters

Numbers = npt.NDArray[np.float64]
Words = npt.NDArray[np.object_]
Mask = npt.NDArray[np.bool_]

PRIMARY = "primary"
SAME_M = 0.05
"""Distances that differ by less are the same [m]."""


@dataclass
class Lines:
    """Conductors as columns; ``ends`` are places (n, 2 ends, 2) [m], ``nodes`` names (n, 2), ``given`` whether by id,
    ``owners`` the feeder and the transformer that each is recorded for (n, 2).

    ``cuts`` are the places where something stands on a line: its number, metres from its beginning, the node on the
    side of the beginning and the node on the other side.
    """

    id: Words
    primary: Mask
    shapes: Words
    length_m: Numbers
    nodes: Words
    given: Mask
    ends: Numbers
    owners: Words
    phases: Words
    cuts: list[tuple[int, float, str, str]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.id)


def ends(shapes: Words) -> Numbers:
    """Both ends of each line, shape (n, 2, 2) [m]; nan without a shape."""
    found = np.full((len(shapes), 2, 2), np.nan)
    there = ~shapely.is_missing(shapes)
    for k, which in enumerate((0, -1)):
        found[there, k] = shapely.get_coordinates(shapely.get_point(shapes[there], which))
    return found


def name_nodes(lines: Lines, snap_m: float) -> int:
    """Name the nodes of ends that have no id, in place; how many ends stay without a node: neither id nor place."""
    for primary in (True, False):
        rows = np.flatnonzero(lines.primary == primary)
        at = lines.ends[rows].reshape(-1, 2)
        given, named = lines.given[rows].reshape(-1), lines.nodes[rows].reshape(-1)
        there = np.isfinite(at).all(axis=1)
        free = np.flatnonzero(~given & there)
        if len(free):
            named[free] = _names(at[free], "p" if primary else "s", snap_m)
            _join(at, named, np.flatnonzero(given & there), free, snap_m)
        lines.nodes[rows] = named.reshape(-1, 2)
    lost = lines.nodes == ""
    for row, k in np.argwhere(lost):
        lines.nodes[row, k] = f"{lines.id[row]}.{k + 1}"
    return int(lost.sum())


def _names(at: Numbers, level: str, snap_m: float) -> Words:
    """Names of clustered places: level and coordinates of the first of each cluster from the west, then the south."""
    number = clusters(at, snap_m)
    order = np.lexsort((at[:, 1], at[:, 0]))
    first = np.full(number.max() + 1, -1)
    first[number[order[::-1]]] = order[::-1]
    label = np.array([f"{level}:{x:.2f},{y:.2f}" for x, y in at[first]], object)
    found: Words = label[number]
    return found


def _join(at: Numbers, named: Words, known: npt.NDArray[np.int64], free: npt.NDArray[np.int64], snap_m: float) -> None:
    """Ends without an id that are near one with an id get that id, and so does their whole cluster."""
    if not len(known):
        return
    distance, nearest = cKDTree(at[known]).query(at[free], distance_upper_bound=snap_m)
    change: dict[str, str] = {}
    for i in np.argsort(distance, kind="stable"):
        if np.isfinite(distance[i]):
            change.setdefault(named[free[i]], named[known[nearest[i]]])
    named[free] = [change.get(n, n) for n in named[free]]


def join_ends(lines: Lines, snap_m: float) -> int:
    """Join ends that stand on the middle of a line of the same level to it; how many places were joined.

    These are ends that meet nothing, and places where several ends meet, as two laterals at one pole, of lines that
    nothing else joins to that line, are recorded for nothing else and do not run along it. Only ends and lines
    without ids are looked at: ids say by themselves what is joined.
    """
    parts = _Parts(lines.nodes)
    joined = 0
    for primary in (True, False):
        rows = np.flatnonzero((lines.primary == primary) & ~lines.given.any(axis=1) & ~shapely.is_missing(lines.shapes))
        tree = shapely.STRtree(lines.shapes[rows])
        for single in (True, False):
            loose = np.argwhere(parts.alone[rows] == single)
            loose[:, 0] = rows[loose[:, 0]]
            points = shapely.points(lines.ends[loose[:, 0], loose[:, 1]])
            seen: set[int] = set()
            for i, j in zip(*tree.query(points, predicate="dwithin", distance=snap_m), strict=True):
                (row, k), other = loose[i], int(rows[j])
                node, on = int(parts.number[row, k]), int(parts.number[other, 0])
                if other == row or node in seen:
                    continue
                if not single and not (parts.apart(node, on) and _branches(lines, parts.at(node), other, snap_m)):
                    continue
                seen.add(node)
                along = float(shapely.line_locate_point(lines.shapes[other], points[i]))
                lines.cuts.append((other, along, lines.nodes[row, k], lines.nodes[row, k]))
                parts.join(node, on)
                joined += 1
    return joined


class _Parts:
    """The nodes of lines by number, which of them lines join, and whether an end is the only one at its node."""

    def __init__(self, nodes: Words):
        names, counts = np.unique(nodes.astype(str), return_counts=True)
        self.number = np.searchsorted(names, nodes.astype(str))
        self.alone = counts[self.number] == 1
        self._order = np.argsort(self.number, axis=None, kind="stable")
        self._start = np.append(0, np.cumsum(counts))
        self._above = list(range(len(names)))
        for a, b in self.number.tolist():
            self.join(a, b)

    def at(self, node: int) -> list[tuple[int, int]]:
        """The line and the end of each end at a node."""
        return [divmod(int(i), 2) for i in self._order[self._start[node] : self._start[node + 1]]]

    def join(self, a: int, b: int) -> None:
        """Note that something joins two nodes."""
        self._above[self._top(a)] = self._top(b)

    def apart(self, a: int, b: int) -> bool:
        """Whether nothing joins two nodes."""
        return self._top(a) != self._top(b)

    def _top(self, node: int) -> int:
        above = self._above
        while above[node] != node:
            above[node] = node = above[above[node]]
        return node


def _branches(lines: Lines, meeting: list[tuple[int, int]], other: int, snap_m: float) -> bool:
    """Whether the lines that meet at a node leave another line, and are recorded for what it is or for nothing."""
    for row, end in meeting:
        away = shapely.line_interpolate_point(lines.shapes[row], -2 * snap_m if end else 2 * snap_m)
        own, its = lines.owners[row], lines.owners[other]
        if shapely.distance(away, lines.shapes[other]) <= snap_m or ((own != its) & (own != "") & (its != "")).any():
            return False
    return True


class Finder:
    """Finds the line that something stands on, or the node that it stands at."""

    def __init__(self, lines: Lines, snap_m: float):
        self._lines, self._snap = lines, snap_m
        self._by_id = {name: i for i, name in reversed(list(enumerate(lines.id)))}
        self._rows = np.flatnonzero(~shapely.is_missing(lines.shapes))
        self._trees: dict[bool, tuple[npt.NDArray[np.int64], shapely.STRtree]] = {}
        for primary in (True, False):
            rows = self._rows[lines.primary[self._rows] == primary]
            self._trees[primary] = rows, shapely.STRtree(lines.shapes[rows])

    def line(self, name: str, at: Numbers, primary: bool) -> tuple[int, float] | None:
        """The line by its id, else the nearest of the level within the tolerance, and the metres from its beginning."""
        row = self._by_id.get(name, -1) if name else -1
        if row < 0:
            row = self._near(at, primary)
        if row < 0:
            return None
        shape = self._lines.shapes[row]
        if shape is None or not np.isfinite(at).all():
            return row, float(np.nan_to_num(self._lines.length_m[row])) / 2
        return row, float(shapely.line_locate_point(shape, shapely.points(*at)))

    def _near(self, at: Numbers, primary: bool) -> int:
        rows, tree = self._trees[primary]
        if not np.isfinite(at).all() or not len(rows):
            return -1
        found = tree.query_nearest(shapely.points(*at), max_distance=self._snap, all_matches=False)
        return int(rows[found[0]]) if len(found) else -1

    def node(self, at: Numbers, primary: bool, name: str) -> str:
        """The node of a level at a place; a line that passes is divided at ``name``. Empty where there is none."""
        if (place := self.line("", at, primary)) is None:
            return ""
        row, along = place
        end = self.end(row, along)
        if end >= 0:
            return str(self._lines.nodes[row, end])
        self._lines.cuts.append((row, along, name, name))
        return name

    def ending(self, at: Numbers, primary: bool) -> str:
        """The node of a line of the level that ends at a place; empty where none does."""
        for row, along in self.meeting(at, primary):
            if (end := self.end(row, along)) >= 0:
                return str(self._lines.nodes[row, end])
        return ""

    def meeting(self, at: Numbers, primary: bool) -> list[tuple[int, float]]:
        """The lines of the level at a place, none further than the nearest, and the metres from their beginnings."""
        rows, tree = self._trees[primary]
        if not np.isfinite(at).all() or not len(rows):
            return []
        point = shapely.points(*at)
        near = rows[np.sort(tree.query(point, predicate="dwithin", distance=self._snap))]
        away = shapely.distance(self._lines.shapes[near], point)
        near = near[away <= away.min(initial=np.inf) + SAME_M]
        return [(int(row), float(shapely.line_locate_point(self._lines.shapes[row], point))) for row in near]

    def end(self, row: int, along: float) -> int:
        """Which end of a line a place is at: 0 or 1; -1 in between."""
        shape = self._lines.shapes[row]
        length = float(shapely.length(shape)) if shape is not None else float(np.nan_to_num(self._lines.length_m[row]))
        return 0 if along <= self._snap else 1 if along >= length - self._snap else -1
