"""Forward-backward sweep for balanced radial networks: one phase stands for three, many states as columns.

With ``U`` the line-to-line voltage [kV], ``S`` the power of all phases [MVA] and ``Z`` the positive-sequence impedance
[ohm], the scaled current ``J = conj(S / U)`` [kA times root 3] runs through the tree: sums of J from the leaves to the
root, then ``U_child = U_parent - Z J`` from the root to the leaves, until no voltage moves (Shirmohammadi et al. 1988,
IEEE Trans. Power Systems 3(2)). A `Tree` never changes and a sweep keeps nothing, so threads may share one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order

from dtl.errors import NotConverged, SolveError
from dtl.plural import many
from dtl.powerflow import radial_kernels

Ints = NDArray[np.int64]
Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

TOLERANCE = 1e-9
"""Largest change of a voltage in the last sweep, part of the root's."""
MAX_SWEEPS = 200
_NAMED = 8
_BISECTIONS = 30


@dataclass(frozen=True)
class Tree:
    """A radial network, its nodes in an order in which parents come before their children.

    Attributes
    ----------
    order
        The node at each place; the root comes first, shape (nodes,).
    parent
        Place of the parent of each place, 0 for the root.
    z_ohm
        Impedance of the branch to the parent, 0 for the root [ohm].
    shunt_s
        Admittance from each place to ground, all phases alike [S].
    """

    order: Ints
    parent: Ints
    z_ohm: Complex
    shunt_s: Complex


def tree(
    from_node: ArrayLike, to_node: ArrayLike, z_ohm: ArrayLike, root: int = 0, shunt_s: ArrayLike | None = None
) -> Tree:
    """The tree of some branches, in time linear in their number.

    Parameters
    ----------
    from_node, to_node
        The two nodes of each branch, in any direction; nodes are counted from 0 without a gap.
    z_ohm
        Positive-sequence impedance of each branch [ohm].
    shunt_s
        Admittance from each node to ground [S]; none where not given.

    Raises
    ------
    SolveError
        The branches form a loop (those that close one are named), or do not reach a node.
    """
    a, b = np.asarray(from_node, np.int64), np.asarray(to_node, np.int64)
    z = np.asarray(z_ohm, np.complex128)
    count = int(max(a.max(initial=root), b.max(initial=root))) + 1
    graph = sparse.csr_array((np.ones(len(a)), (a, b)), shape=(count, count))
    order, before = breadth_first_order(graph, root, directed=False, return_predecessors=True)
    if len(order) < count:
        lost = np.setdiff1d(np.arange(count), order)
        raise SolveError(f"{many(len(lost), 'nodes have no path')} to node {root}: {_some(lost.tolist())}")
    child = np.where(before[b] == a, b, np.where(before[a] == b, a, -1))
    joined = np.flatnonzero(child >= 0)
    first = np.full(count, -1, np.int64)
    first[child[joined[::-1]]] = joined[::-1]
    spare = np.flatnonzero((child < 0) | (first[child] != np.arange(len(a))))
    if len(spare):
        raise SolveError(f"the network is not radial; loops are closed by {_some([f'{a[k]}-{b[k]}' for k in spare])}")
    place = np.empty(count, np.int64)
    place[order] = np.arange(count)
    parent = np.zeros(count, np.int64)
    parent[1:] = place[before[order[1:]]]
    branch = np.zeros(count, np.complex128)
    branch[place[child]] = z
    shunt = np.zeros(count, np.complex128) if shunt_s is None else np.asarray(shunt_s, np.complex128)[order]
    return Tree(order.astype(np.int64), parent, branch, shunt)


def sweep(
    network: Tree, kw: Real, kvar: Real, root_kv: ArrayLike, tolerance: float = TOLERANCE, *, explain: bool = True
) -> Complex:
    """Voltages of all nodes in all columns [kV, line to line].

    Parameters
    ----------
    kw, kvar
        Constant power drawn at each node, all phases together, shape (nodes, columns).
    root_kv
        Line-to-line voltage of the root, one or per column [kV].
    explain
        Whether a column without solution is told with the part of its load that still has one.

    Raises
    ------
    NotConverged
        Some columns have no solution; they are named, with the nose of the first.
    """
    columns = kw.shape[1]
    head = np.array(np.broadcast_to(np.asarray(root_kv, np.complex128), (columns,)))
    volts = np.empty(kw.shape, np.complex128)
    change = np.empty(columns)
    z, y = network.z_ohm, network.shunt_s
    radial_kernels.sweep(
        network.order, network.parent, z.real.copy(), z.imag.copy(), y.real.copy(), y.imag.copy(),
        np.ascontiguousarray(kw, np.float64), np.ascontiguousarray(kvar, np.float64),
        head, tolerance, MAX_SWEEPS, volts, change,
    )  # fmt: skip
    lost = np.flatnonzero(~(change <= tolerance))
    if len(lost):
        nose = f"; column {lost[0]} collapses above {_nose(network, kw, kvar, head, lost[0]):.1%}" if explain else ""
        raise NotConverged(f"no voltages carry the load in column {_some(lost.tolist())}{nose} of it")
    return volts


def _nose(network: Tree, kw: Real, kvar: Real, head: Complex, column: int) -> float:
    """Largest part of the load of a column that has a solution, by bisection."""
    low, high = 0.0, 1.0
    p, q = kw[:, [column]], kvar[:, [column]]
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        try:
            sweep(network, middle * p, middle * q, head[[column]], 1e-6, explain=False)
            low = middle
        except NotConverged:
            high = middle
    return low


def _some(things: Sequence[object]) -> str:
    more = f" and {len(things) - _NAMED} more" if len(things) > _NAMED else ""
    return ", ".join(map(str, things[:_NAMED])) + more
