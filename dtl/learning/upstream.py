"""Distances along the tree of a feeder, and what feeds several of its buses together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from dtl.learning.density import Near, within
from dtl.network.feeder import Feeder
from dtl.network.topology import Edge, trace

Array = NDArray[np.float64]
CHUNK = 256
"""Buses whose distances to all others are held at once."""
SAMPLE = 200
"""Places at which the distance to the nearest others is looked up."""


class Tree:
    """The tree of a feeder from its head; what no head reaches is left out."""

    def __init__(self, feeder: Feeder):
        self.found = trace(feeder)
        self.number = {bus: i for i, bus in enumerate(self.found.order)}
        self._ends = _ends(feeder)

    def bus(self, kind: str, name: str) -> str:
        """The bus at which an element stands: of a branch its end away from the head; empty if nothing feeds it."""
        if kind == "bus":
            return name if name in self.number else ""
        ends = [bus for bus in self._ends.get((kind, name), ()) if bus in self.number]
        return max(ends, key=lambda bus: self.number[bus]) if ends else ""

    @cached_property
    def _graph(self) -> sp.csr_array:
        pairs = [(self.number[bus], self.number[up]) for bus, (up, _) in self.found.parent.items()]
        child, parent = np.asarray(pairs, np.int64).reshape(-1, 2).T
        far = 1000.0 * np.asarray([self.found.distance_km[bus] for bus in self.found.order])
        size = len(self.number)
        length = np.maximum(far[child] - far[parent], 1e-9)
        return sp.csr_array(sp.coo_array((length, (child, parent)), shape=(size, size)))

    def near(self, buses: Sequence[str], reach_m: float) -> Near:
        """Path lengths of at most `reach_m` [m] between things that stand at `buses`."""
        at = np.asarray([self.number[bus] for bus in buses], np.int64)
        first, second, apart = [], [], []
        for start in range(0, len(at), CHUNK):
            rows = at[start : start + CHUNK]
            path = dijkstra(self._graph, directed=False, indices=rows, limit=reach_m)[:, at]
            i, j = np.nonzero(path <= reach_m)
            own = i + start < j
            first.append(i[own] + start)
            second.append(j[own])
            apart.append(path[i[own], j[own]])
        return within(np.concatenate(first), np.concatenate(second), np.concatenate(apart), len(at))

    def nearest(self, buses: Sequence[str], others: int) -> Array:
        """Path length [m] from some of the things (evenly taken) to their n-th nearest other; infinity where none."""
        at = np.asarray([self.number[bus] for bus in buses], np.int64)
        if len(at) <= others:
            return np.full(len(at), np.inf)
        some = at[np.unique(np.linspace(0, len(at) - 1, SAMPLE).astype(np.int64))]
        path = dijkstra(self._graph, directed=False, indices=some)[:, at]
        return np.asarray(np.partition(path, others, axis=1)[:, others], np.float64)

    def common(self, buses: Sequence[str]) -> str:
        """The bus nearest to all of them through which all are fed: their lowest common ancestor."""
        shared: list[str] = []
        for turn, bus in enumerate(dict.fromkeys(buses)):
            way = [bus]
            while way[-1] in self.found.parent:
                way.append(self.found.parent[way[-1]][0])
            seen = set(way)
            shared = way if turn == 0 else [b for b in shared if b in seen]
        return shared[0] if shared else ""

    def feeds(self, bus: str) -> Edge:
        """The part through which a bus is fed; of a head, the head."""
        return self.found.parent[bus][1] if bus in self.found.parent else ("head", "")


def _ends(feeder: Feeder) -> dict[Edge, tuple[str, ...]]:
    ends: dict[Edge, tuple[str, ...]] = {}
    for line in feeder.lines:
        ends["line", line.name] = (line.from_bus, line.to_bus)
    for switch in feeder.switches:
        ends["switch", switch.name] = (switch.from_bus, switch.to_bus)
    for transformer in feeder.transformers:
        ends["transformer", transformer.name] = tuple(w.bus for w in transformer.windings)
    return ends
