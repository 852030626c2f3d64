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


@dataclass
class Lines:
    """Conductors as columns; ``ends`` are places (n, 2 ends, 2) [m], ``nodes`` names (n, 2), ``given`` whether by id.

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
    """Join ends that meet nothing to the middle of the line of the same level that they touch; how many were joined.

    Only ends and lines without ids are looked at: ids say by themselves what is joined.
    """
    names, counts = np.unique(lines.nodes.astype(str), return_counts=True)
    alone = set(names[counts == 1])
    joined = 0
    for primary in (True, False):
        rows = np.flatnonzero((lines.primary == primary) & ~lines.given.any(axis=1) & ~shapely.is_missing(lines.shapes))
        loose = [(r, k) for r in rows for k in (0, 1) if lines.nodes[r, k] in alone]
        if not loose:
            continue
        points = shapely.points(np.array([lines.ends[r, k] for r, k in loose]))
        tree = shapely.STRtree(lines.shapes[rows])
        seen: set[int] = set()
        for i, j in zip(*tree.query(points, predicate="dwithin", distance=snap_m), strict=True):
            (row, k), other = loose[i], int(rows[j])
            if other == row or i in seen:
                continue
            seen.add(int(i))
            along = float(shapely.line_locate_point(lines.shapes[other], points[i]))
            lines.cuts.append((other, along, lines.nodes[row, k], lines.nodes[row, k]))
            joined += 1
    return joined


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

    def end(self, row: int, along: float) -> int:
        """Which end of a line a place is at: 0 or 1; -1 in between."""
        shape = self._lines.shapes[row]
        length = float(shapely.length(shape)) if shape is not None else float(np.nan_to_num(self._lines.length_m[row]))
        return 0 if along <= self._snap else 1 if along >= length - self._snap else -1
