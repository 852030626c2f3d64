"""Clusters by density (DBSCAN) on any distance, numbered alike in every order of input, and what chance would give."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Near: TypeAlias = sp.csr_array
"""Distances of at most the reach between n things, shape (n, n), symmetric, each also near itself."""
TINY = 1e-9
"""What a distance of zero is stored as, since a sparse matrix does not tell zero from nothing."""
CHUNK = 100
"""Permutations that are counted at once."""


def within(first: NDArray[np.int64], second: NDArray[np.int64], distance: Array, size: int) -> Near:
    """The matrix of pairs (each once, without pairs of a thing with itself) and their distances."""
    own = np.arange(size)
    rows, columns = np.concatenate([first, second, own]), np.concatenate([second, first, own])
    values = np.maximum(np.concatenate([distance, distance, np.zeros(size)]), TINY)
    return sp.csr_array(sp.coo_array((values, (rows, columns)), shape=(size, size)))


def straight(places: Array, reach: float) -> Near:
    """Straight distances of at most `reach` between places, shape (n, 2), in the same unit."""
    pairs = cKDTree(places).query_pairs(reach, output_type="ndarray").astype(np.int64)
    apart = np.linalg.norm(places[pairs[:, 0]] - places[pairs[:, 1]], axis=1)
    return within(pairs[:, 0], pairs[:, 1], np.asarray(apart, np.float64), len(places))


def clusters(near: Near, least: int) -> NDArray[np.int64]:
    """Number of the cluster of each thing, 1 the largest, 0 for those in none (Ester et al. 1996).

    A core has `least` things within reach, itself counted; cores within reach of each other are one cluster. What is
    no core but within reach of one belongs to the nearest (ties: the first). Clusters of equal size are numbered by
    their first member, so things given in the order of their names have the same numbers in every run.
    """
    size = near.shape[0]
    label = np.zeros(size, np.int64)
    core = np.flatnonzero(np.diff(near.indptr) >= least)
    if not len(core):
        return label
    _, part = connected_components(near[core][:, core], directed=False)
    label[core] = part + 1
    is_core = np.zeros(size, np.bool_)
    is_core[core] = True
    for other in np.flatnonzero(~is_core):
        row = slice(near.indptr[other], near.indptr[other + 1])
        friends = [(d, i) for d, i in zip(near.data[row], near.indices[row], strict=True) if is_core[i]]
        label[other] = label[min(friends)[1]] if friends else 0
    names = np.unique(label[label > 0])
    members = {n: np.flatnonzero(label == n) for n in names}
    order = sorted(names, key=lambda n: (-len(members[n]), members[n][0]))
    renamed = {n: i for i, n in enumerate(order, 1)} | {0: 0}
    return np.asarray([renamed[n] for n in label], np.int64)


def chance(near: Near, hit: NDArray[np.bool_], permutations: int, seed: int) -> float:
    """Probability that as many hits, put at random on the same things, have as many pairs within reach.

    The join count of Cliff and Ord (1981) against `permutations` random relabellings; things that stand densely do not
    look like a cluster by that. Never 0: (1 + as many or more) / (1 + permutations).
    """
    joined = sp.csr_array((np.ones(len(near.data), np.float32), near.indices, near.indptr), shape=near.shape)
    seen = float(hit @ (joined @ hit.astype(np.float32)))
    rng: Any = np.random.default_rng(seed)
    size, count, more = len(hit), int(hit.sum()), 0
    for start in range(0, permutations, CHUNK):
        columns = min(CHUNK, permutations - start)
        drawn = np.argpartition(rng.random((columns, size)), count - 1, axis=1)[:, :count]
        labels = np.zeros((size, columns), np.float32)
        labels[drawn.T, np.arange(columns)] = 1.0
        more += int(((labels * (joined @ labels)).sum(0) >= seen).sum())
    return (1 + more) / (1 + permutations)
