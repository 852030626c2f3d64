"""Numbers that neighbouring loads have in common, for what spreads from neighbour to neighbour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dtl.scenarios.state import State

Real = NDArray[np.float64]

NEAREST = 6
"""Neighbours whose median distance is the length over which numbers stay alike."""


def correlated(state: State, drawn: Real) -> Real:
    """Standard numbers of the loads, smoothed over their neighbours by a Gaussian of their distance, shape (loads,).

    Loads without coordinates keep the number drawn for them: then only customers of one load are alike.
    """
    field = np.array(drawn)
    places = [(state.feeder.bus[b].x, state.feeder.bus[b].y) for b in state.buses]
    known = np.array([i for i, (x, y) in enumerate(places) if x is not None and y is not None], np.int64)
    if len(known) < 3:
        return field
    known = known[np.argsort(np.array(state.loads)[known], kind="stable")]
    at = np.array([places[i] for i in known], np.float64)
    tree = cKDTree(at)
    near = tree.query(at, k=min(NEAREST + 1, len(at)))[0][:, -1]
    length = float(np.median(near))
    if length <= 0.0:
        return field
    pairs = tree.sparse_distance_matrix(tree, 3.0 * length, output_type="coo_matrix").tocsr()
    pairs.sort_indices()
    weight = pairs.copy()
    weight.data = np.exp(-0.5 * (pairs.data / length) ** 2)
    weight.setdiag(0.0)
    own = drawn[known]
    total = own + weight @ own
    spread = np.sqrt(1.0 + np.asarray(weight.multiply(weight).sum(axis=1)).ravel())
    field[known] = total / spread
    return field
