"""The network without its loads as a factored admittance matrix, ordered so that an iteration touches few rows.

Buses are eliminated in an order of our own: first those without any load that have at most two neighbours left, which
costs no fill, then by minimum degree (Tinney and Walker 1967, scheme 2). In the iteration currents are drawn from nodes
with loads only, so forward substitution leaves zeros in every row above which no such node lies. These *passive* rows
are left out of the iteration and filled in once at its end; the others are *active*.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import engine, names
from dtl.powerflow.circuit import Circuit
from dtl.powerflow.opendss import first_terminals

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Complex = NDArray[np.complex128]

_PIVOT = 1e-13
"""Smallest part of a node's own admittance that may be left when it is eliminated; less is an island."""


@dataclass(frozen=True)
class Rows:
    """Rows of a triangular factor without its diagonal, in compressed form."""

    start: Ints
    column: Ints
    re: Real
    im: Real


@dataclass(frozen=True)
class Network:
    """Factors of the admittance matrix, and the state of the circuit without load.

    Positions run over the active rows in the order of elimination, then over the passive ones from the last to the
    first, so that the passive ones can be filled in one after the other.

    Attributes
    ----------
    position
        Position of each node of the circuit but ground, shape (nodes - 1,).
    active
        How many positions are active.
    lower, upper
        Rows of L of the active positions, and of U of all; columns are positions.
    pivot
        Inverse of the diagonal of U by position [ohm].
    no_load_v
        Voltages without load by node, ground first, shape (nodes,) [V].
    sources
        Rows of the sources' admittances, one per conductor of a first terminal, shape (conductors, nodes) [S].
    no_load_a
        Current into those conductors without load [A].
    """

    position: Ints
    active: int
    lower: Rows
    upper: Rows
    pivot: Complex
    no_load_v: Complex
    sources: sparse.csr_array
    no_load_a: Complex


def network(feeder: Feeder, circuit: Circuit, loaded: Ints) -> Network:
    """The factored network of a circuit without movers, which the engine must hold, solved without load.

    Parameters
    ----------
    loaded
        Nodes from which ports draw current; ground may be among them.

    Raises
    ------
    SolveError
        A node is touched by nothing but loads, or a part of the circuit has no path to a source or to ground.
    """
    y, first, drawn = bare(feeder, circuit)
    count = len(circuit.nodes)
    mask = np.zeros(count, bool)
    mask[loaded] = True
    order = _order(y, circuit.nodes[1:], mask[1:])
    lu = _factor(y, order, circuit.nodes[1:])
    volts = np.zeros(count, np.complex128)
    for _ in range(2):  # the second pass refines the rounding of the first
        rest = drawn[1:] - y @ volts[1:]
        volts[1:][order] += lu.solve(rest[order])
    return Network(*_arranged(lu, order, mask[1:]), volts, first.rows, first.amps(volts))


@dataclass(frozen=True)
class Supply:
    """The first terminals of the sources: rows of their admittances, and the currents that their sources drive [A]."""

    rows: sparse.csr_array
    emf_a: Complex

    def amps(self, volts: Complex) -> Complex:
        """Current into the conductors of the first terminals from the nodes' voltages, ground first [A]."""
        return np.asarray((self.rows @ volts).T - self.emf_a).T


def bare(feeder: Feeder, circuit: Circuit) -> tuple[sparse.csr_array, Supply, Complex]:
    """The network alone, which the engine must hold, solved: no load, no generator.

    Returns
    -------
    tuple
        Admittance of the nodes without ground, shape (nodes - 1, nodes - 1) [S]; the sources; and the currents that
        they drive into the nodes, ground first, shape (nodes,) [A].

    Raises
    ------
    SolveError
        A node is touched by nothing but loads.
    """
    count = len(circuit.nodes)
    y_source, first, at = _sources(feeder, count)
    emf_a = _injected(feeder, first)
    pick = sparse.csr_array((np.ones(len(circuit.row_node)), (circuit.row_node, np.arange(len(circuit.row_node)))))
    pick.resize((count, len(circuit.row_node)))
    y = sparse.csr_array(pick @ circuit.admittance + y_source)[1:, 1:]
    _judge_diagonal(y, circuit.nodes[1:])
    drawn = np.zeros(count, np.complex128)
    np.add.at(drawn, at, emf_a)
    return y, Supply(first, emf_a), drawn


def _sources(feeder: Feeder, count: int) -> tuple[sparse.csr_array, sparse.csr_array, Ints]:
    """Admittances of all sources, their rows of first terminals, and the node of each of those rows."""
    whole: list[tuple[Complex, Ints, Ints]] = []
    first: list[tuple[Complex, Ints, Ints]] = []
    at: list[int] = []
    for i, part in enumerate(feeder.sources):
        y, nodes, _ = engine.admittance(names.source(i, part.name))
        columns = nodes.astype(np.int64)
        whole.append((y, columns, columns))
        rows = np.arange(len(at), len(at) + part.phases)
        first.append((y[: part.phases], rows, columns))
        at += columns[: part.phases].tolist()
    return _scatter(whole, (count, count)), _scatter(first, (len(at), count)), np.array(at, np.int64)


def _scatter(pieces: list[tuple[Complex, Ints, Ints]], shape: tuple[int, int]) -> sparse.csr_array:
    values = np.concatenate([y.ravel() for y, _, _ in pieces])
    rows = np.concatenate([np.repeat(r, len(c)) for _, r, c in pieces])
    columns = np.concatenate([np.tile(c, len(r)) for _, r, c in pieces])
    live = (columns > 0) & (values != 0)
    return sparse.csr_array((values[live], (rows[live], columns[live])), shape=shape)


def _injected(feeder: Feeder, first: sparse.csr_array) -> Complex:
    """Currents that the voltages behind the sources' impedances drive, by the engine's last solution."""
    volts = np.empty(first.shape[1], np.complex128)
    engine.Voltages().read(volts)
    return np.asarray(first @ volts - engine.Batch("vsource").currents()[first_terminals(feeder)])


def _judge_diagonal(y: sparse.csr_array, nodes: tuple[str, ...]) -> None:
    bare = np.flatnonzero(y.diagonal() == 0)
    if len(bare):
        raise SolveError(
            f"node {nodes[bare[0]]}{_more(bare)} carries a load and is joined to nothing: "
            "the phase does not exist there"
        )


def _more(found: Ints) -> str:
    return f" (and {len(found) - 1} more)" if len(found) > 1 else ""


def _order(y: sparse.csr_array, nodes: tuple[str, ...], loaded: NDArray[np.bool_]) -> Ints:
    """Elimination order of the nodes, bus by bus."""
    bus_of: dict[str, int] = {}
    bus = np.array([bus_of.setdefault(n.rpartition(".")[0], len(bus_of)) for n in nodes], np.int64)
    keep = np.zeros(len(bus_of), bool)
    keep[bus[loaded]] = True
    row, column = y.nonzero()
    neighbours: list[set[int]] = [set() for _ in bus_of]
    for a, b in set(zip(bus[row].tolist(), bus[column].tolist(), strict=True)):
        if a != b:
            neighbours[a].add(b)
    rank = np.empty(len(bus_of), np.int64)
    for i, b in enumerate(_eliminated(neighbours, keep)):
        rank[b] = i
    return np.lexsort((np.arange(len(nodes)), rank[bus]))


def _eliminated(neighbours: list[set[int]], keep: NDArray[np.bool_]) -> list[int]:
    """Buses in the order of elimination; `neighbours` is used up."""
    cheap = [2 if not k else -1 for k in keep]
    heap = [(_cost(len(n), c), b) for b, (n, c) in enumerate(zip(neighbours, cheap, strict=True))]
    heapq.heapify(heap)
    done: list[int] = []
    gone = [False] * len(neighbours)
    while heap:
        cost, bus = heapq.heappop(heap)
        if gone[bus] or cost != _cost(len(neighbours[bus]), cheap[bus]):
            continue
        gone[bus] = True
        done.append(bus)
        around = neighbours[bus]
        for other in around:
            neighbours[other] |= around
            neighbours[other] -= {bus, other}
        for other in around:
            heapq.heappush(heap, (_cost(len(neighbours[other]), cheap[other]), other))
    return done


def _cost(degree: int, cheap: int) -> tuple[bool, int]:
    """Rank of a bus: those without load first while they have at most `cheap` neighbours."""
    return degree > cheap, degree


def _factor(y: sparse.csr_array, order: Ints, nodes: tuple[str, ...]) -> SuperLU:
    """The factors in the given order, which the library may rearrange without fill."""
    options = {"SymmetricMode": True, "Equil": False}
    try:
        lu = splu(y[order][:, order].tocsc(), permc_spec="NATURAL", diag_pivot_thresh=0.0, options=options)
    except RuntimeError as err:
        raise SolveError(_island(nodes[order[-1]], "the admittance matrix is singular")) from err
    if not np.array_equal(lu.perm_r, lu.perm_c):
        raise SolveError(_island(nodes[order[-1]], "the admittance matrix has an empty pivot"))
    own = np.abs(y.diagonal())[order][np.argsort(lu.perm_c)]
    left = np.abs(lu.U.diagonal()) / own
    worst = int(left.argmin())
    if not left[worst] > _PIVOT:
        raise SolveError(
            _island(nodes[order[np.argsort(lu.perm_c)[worst]]], f"{left[worst]:.0e} of its admittance is left")
        )
    return lu


def _arranged(lu: SuperLU, order: Ints, loaded: NDArray[np.bool_]) -> tuple[Ints, int, Rows, Rows, Complex]:
    """The first five fields of `Network`."""
    size = len(order)
    node = order[np.argsort(lu.perm_c)]
    below = sparse.csc_array(sparse.tril(lu.L, -1))
    below.sort_indices()
    reached = loaded[node].copy()
    for i in range(size):
        if reached[i]:
            reached[below.indices[below.indptr[i] : below.indptr[i + 1]]] = True
    arranged = np.concatenate([np.flatnonzero(reached), np.flatnonzero(~reached)[::-1]])
    active = int(reached.sum())
    position = np.empty(size, np.int64)
    position[node[arranged]] = np.arange(size)
    lower = below.tocsr()[arranged[:active]][:, arranged[:active]]
    upper = sparse.csr_array(sparse.triu(lu.U, 1).tocsr())[arranged][:, arranged]
    return position, active, _rows(lower), _rows(upper), 1.0 / lu.U.diagonal()[arranged]


def _rows(matrix: sparse.csr_array) -> Rows:
    matrix = sparse.csr_array(matrix)
    matrix.sort_indices()
    values = matrix.data
    return Rows(
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int64),
        np.ascontiguousarray(values.real),
        np.ascontiguousarray(values.imag),
    )


def _island(node: str, why: str) -> str:
    return (
        f"the part of the circuit around node {node} has no path to a source or to ground ({why}): "
        "close a switch, ground a winding, or take it out of service"
    )
