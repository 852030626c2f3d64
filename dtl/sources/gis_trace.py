"""Which transformer feeds which customer: by node ids, or from places alone.

The low-voltage lines are flooded from the transformers along the shortest way, as lines are built. A customer whose
node is known gets the transformer whose flood reached it first. A customer who is only a place gets the lines and
transformers that are nearest to it (within the snapping tolerance of the nearest), and of these the transformer with
the shortest way along lines. Where lines say whose they are, each transformer floods its own lines only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

LINE = 1
"""The number of lines among the kinds of geometries."""
SHORTEST_M = 0.01
"""Length that a line has at least, so that hops count where lengths are missing [m]."""


@dataclass(frozen=True)
class Found:
    """Of each customer the number of its transformer (-1: none), the way to it along lines, and the distance to the
    nearest line or transformer, 0 where ids decide [m]; ``others`` is how many transformers were weighed."""

    unit: Codes
    way_m: Numbers
    distance_m: Numbers
    others: Codes


def flood(count: int, a: Codes, b: Codes, length_m: Numbers, seeds: Codes) -> tuple[Codes, Numbers]:
    """Of each of ``count`` nodes the seed (its number in ``seeds``, -1: none) with the shortest way, and that way [m].

    ``a`` and ``b`` are the nodes of the edges; of several edges between two nodes the shortest counts.
    """
    owner, way = np.full(count, -1), np.full(count, np.inf)
    if not len(seeds):
        return owner, way
    keep = (a != b) & (a >= 0) & (b >= 0)
    low, high = np.minimum(a, b)[keep], np.maximum(a, b)[keep]
    weight = np.maximum(np.nan_to_num(length_m[keep]), SHORTEST_M)
    order = np.lexsort((weight, high, low))
    low, high, weight = low[order], high[order], weight[order]
    first = np.ones(len(low), bool)
    first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    graph = coo_matrix((weight[first], (low[first], high[first])), shape=(count, count)).tocsr()
    places, at = np.unique(seeds, return_index=True)
    way, _, source = dijkstra(graph, directed=False, indices=places, min_only=True, return_predecessors=True)
    number = np.full(count, -1)
    number[places] = at
    reached = np.isfinite(way)
    owner[reached] = number[source[reached]]
    return owner, way


def clusters(at: Numbers, snap_m: float) -> Codes:
    """Numbers of places (n, 2) that are one within the tolerance, from 0; places that are nan are one each."""
    there = np.flatnonzero(np.isfinite(at).all(axis=1))
    found = np.arange(len(at))
    if len(there):
        pairs = cKDTree(at[there]).query_pairs(snap_m, output_type="ndarray")
        size = len(there)
        near = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
        _, number = connected_components(near, directed=False)
        first = np.full(number.max() + 1, size)
        np.minimum.at(first, number, np.arange(size))
        found[there] = there[first[number]]
    _, dense = np.unique(found, return_inverse=True)
    return dense.astype(np.int64)


def by_nodes(a: Codes, b: Codes, length_m: Numbers, units: Codes, customers: Codes) -> Found:
    """The transformer of each customer along lines from node ``a`` to node ``b``.

    ``units`` and ``customers`` are the nodes of the low side of transformers and of customers; -1 is unknown.
    """
    count = int(max(x.max(initial=-1) for x in (a, b, units, customers))) + 1
    known = np.flatnonzero(units >= 0)
    owner, way = flood(count, a, b, length_m, units[known])
    there = customers >= 0
    number = np.where(there, owner[customers], -1) if count else np.full(len(customers), -1)
    unit = np.where(number >= 0, known[number] if len(known) else -1, -1)
    far = np.where(unit >= 0, way[customers] if count else np.inf, np.inf)
    return Found(unit, far, np.zeros(len(customers)), (unit >= 0).astype(np.int64))


def by_places(shapes: Shapes, labels: Codes, units: Numbers, customers: Numbers, snap_m: float = 0.5) -> Found:
    """The transformer of each customer from places alone.

    Parameters
    ----------
    shapes
        Low-voltage lines, in a system in metres.
    labels
        Of each line the number of the transformer that it is recorded for; -1 where none is.
    units, customers
        Places of transformers and customers, shape (n, 2) [m].
    """
    lines = np.flatnonzero(~shapely.is_missing(shapes))
    shapes, labels = shapes[lines], labels[lines].copy()
    n, m = len(shapes), len(units)
    first, last = (shapely.get_coordinates(shapely.get_point(shapes, k)) for k in (0, -1))
    node = clusters(np.vstack([first, last, units]), snap_m)
    a, b, own = node[:n], node[n : 2 * n], node[2 * n :]
    length_m = shapely.length(shapes)
    owner, way = flood(int(node.max(initial=-1)) + 1, a, b, length_m, own)
    nearer = np.where(way[a] <= way[b], owner[a], owner[b])
    labels = np.where(labels >= 0, labels, nearer)
    ends = np.column_stack(_own_ways(a, b, length_m, labels, own))
    everything = np.concatenate([shapes, shapely.points(units)]) if m else shapes
    return _nearest(everything, np.append(labels, np.arange(m)), np.vstack([ends, np.zeros((m, 2))]), customers, snap_m)


def _own_ways(a: Codes, b: Codes, length_m: Numbers, labels: Codes, own: Codes) -> tuple[Numbers, Numbers]:
    """The way from the transformer of each line to both its ends, along lines of the same transformer only [m]."""
    m = len(own) + 1
    keys = np.concatenate([a * m + labels + 1, b * m + labels + 1, own * m + np.arange(len(own)) + 1])
    known, code = np.unique(keys, return_inverse=True)
    n = len(a)
    _, way = flood(len(known), code[:n], code[n : 2 * n], length_m, code[2 * n :])
    return way[code[:n]], way[code[n : 2 * n]]


def _nearest(shapes: Shapes, labels: Codes, ends: Numbers, customers: Numbers, snap_m: float) -> Found:
    """Of what is as near as the nearest, the transformer with the shortest way; ``ends`` are the ways to both ends."""
    count = len(customers)
    unit, way, distance = np.full(count, -1), np.full(count, np.inf), np.full(count, np.inf)
    others = np.zeros(count, np.int64)
    there = np.flatnonzero(np.isfinite(customers).all(axis=1))
    good = np.flatnonzero((labels >= 0) & np.isfinite(ends).any(axis=1))
    if not len(there) or not len(good):
        return Found(unit, way, distance, others)
    tree, points = shapely.STRtree(shapes[good]), shapely.points(customers[there])
    _, closest = tree.query_nearest(points, return_distance=True, all_matches=False)
    who, what = tree.query(points, predicate="dwithin", distance=closest + snap_m)
    what = good[what]
    line = shapely.get_type_id(shapes[what]) == LINE
    along = np.zeros(len(what))
    along[line] = shapely.line_locate_point(shapes[what[line]], points[who[line]])
    ways = np.minimum(ends[what, 0] + along, ends[what, 1] + shapely.length(shapes[what]) - along)
    order = np.lexsort((labels[what], np.round(ways, 2), who))
    who, what, ways = who[order], what[order], ways[order]
    start = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
    row = there[who[start]]
    unit[row], way[row], distance[there] = labels[what[start]], ways[start], closest
    pairs = np.unique(np.column_stack([there[who], labels[what]]), axis=0)
    others += np.bincount(pairs[:, 0], minlength=count)
    return Found(unit, way, distance, others)
