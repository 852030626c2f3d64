"""A compiled circuit as arrays: which admittance rows give its currents, and where elements and terminals lie in them.

All delivery elements (lines, switches, transformers, capacitors, reactors) have their conductors stacked into rows. The
current into row ``r`` is the row's admittance times the node voltages; for elements without a control that moves them
the rows form one sparse matrix. A transformer under a regulator, or a switched capacitor, has one primitive admittance
per position, fetched from the engine when that position is first seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dtl.network.feeder import Feeder
from dtl.powerflow import engine, names

Ints = NDArray[np.int64]
Complex = NDArray[np.complex128]


@dataclass
class Mover:
    """An element whose admittance changes with the position of its control."""

    full_name: str
    rows: slice
    nodes: Ints
    """Node of each of its rows."""
    kept: Ints
    """Conductors that have a row."""
    regulators: Ints
    """Indices of its regulators among the regulators of the engine; empty for a capacitor."""
    position: dict[tuple[int, ...], int] = field(default_factory=dict)
    """Number of each position seen so far."""
    admittances: list[Complex] = field(default_factory=list)
    taps: list[tuple[float, ...]] = field(default_factory=list)
    """Tap of each winding in each position [pu]; empty tuples for a capacitor."""

    def see(self, position: tuple[int, ...]) -> int:
        """Number of the position in which the element stands now in the engine."""
        if position not in self.position:
            y, _, _ = engine.admittance(self.full_name)
            self.position[position] = len(self.admittances)
            self.admittances.append(y[np.ix_(self.kept, self.kept)])
            self.taps.append(engine.taps(self.full_name.partition(".")[2]) if len(self.regulators) else ())
        return self.position[position]


@dataclass(frozen=True)
class Circuit:
    """Arrays of the circuit that the engine holds.

    Elements come in the order: those that never move, then the movers. Within an element come its terminals, within a
    terminal its conductors; conductors at ground have no row, save the phases of the first terminal.

    Attributes
    ----------
    nodes
        Names ``bus.node`` by the index of their voltage; index 0 is ground.
    elements
        (kind, name) of each element.
    admittance
        Rows of the elements that never move, shape (rows of these, nodes) [S].
    row_node
        Node of each row.
    element_start, terminal_start
        First row of each element and of each terminal.
    terminal_element, terminal_number
        Element of each terminal, and which of its terminals it is.
    phase_rows, phase_start
        Rows of the phases of the first terminals, element after element, and where each element begins among them.
    """

    nodes: tuple[str, ...]
    elements: tuple[tuple[str, str], ...]
    admittance: sparse.csr_array
    row_node: Ints
    element_start: Ints
    terminal_start: Ints
    terminal_element: Ints
    terminal_number: Ints
    phase_rows: Ints
    phase_start: Ints
    movers: tuple[Mover, ...]
    regulators: tuple[str, ...]
    """Names of the regulators in the engine's order."""

    @cached_property
    def node(self) -> dict[str, int]:
        """Index of each node by its name in the engine."""
        return {name: i for i, name in enumerate(self.nodes)}


def read(feeder: Feeder, *, controls_active: bool = True) -> Circuit:
    """The arrays of the circuit of `feeder`, which the engine must hold, solved at least once.

    Without active controls everything stays as it is now, and there are no movers.
    """
    nodes = ("", *engine.node_names())
    tables = _Tables()
    regulators = tuple(r.name for r in feeder.regulators if r.enabled and _transformer_on(feeder, r.transformer))
    moving = _moving(feeder, regulators) if controls_active else {}
    parts = list(_parts(feeder))
    for part in [p for p in parts if p[:2] not in moving] + [p for p in parts if p[:2] in moving]:
        tables.add(*part, moving.get(part[:2]))
    fixed = sum(len(p[0]) for p in tables.pieces)
    return Circuit(
        nodes=nodes,
        elements=tuple(tables.elements),
        admittance=_stack(tables.pieces, fixed, len(nodes)),
        row_node=np.array(tables.row_node, dtype=np.int64),
        element_start=np.array(tables.element_start, dtype=np.int64),
        terminal_start=np.array(tables.terminal_start, dtype=np.int64),
        terminal_element=np.array(tables.terminal_element, dtype=np.int64),
        terminal_number=np.array(tables.terminal_number, dtype=np.int64),
        phase_rows=np.array(tables.phase_rows, dtype=np.int64),
        phase_start=np.array(tables.phase_start, dtype=np.int64),
        movers=tuple(tables.movers),
        regulators=regulators,
    )


class _Tables:
    """The lists that `read` fills element by element."""

    def __init__(self) -> None:
        self.elements: list[tuple[str, str]] = []
        self.pieces: list[tuple[Complex, Ints]] = []
        self.row_node: list[int] = []
        self.element_start: list[int] = []
        self.terminal_start: list[int] = []
        self.terminal_element: list[int] = []
        self.terminal_number: list[int] = []
        self.phase_rows: list[int] = []
        self.phase_start: list[int] = []
        self.movers: list[Mover] = []

    def add(self, kind: str, name: str, phases: int, regulators: Ints | None) -> None:
        """Append one element; `regulators` is None when it never moves."""
        full_name = names.element(kind, name)
        y, nodes, terminals = engine.admittance(full_name)
        conductors = len(nodes) // terminals
        at = nodes.tolist()
        rows_kept = [i for i, n in enumerate(at) if n or i < phases]
        start, terminal = len(self.row_node), -1
        for row, conductor in enumerate(rows_kept):
            if conductor // conductors != terminal:
                terminal = conductor // conductors
                self.terminal_start.append(start + row)
                self.terminal_element.append(len(self.elements))
                self.terminal_number.append(terminal)
        self.element_start.append(start)
        self.phase_start.append(len(self.phase_rows))
        self.phase_rows += range(start, start + phases)
        self.row_node += [at[i] for i in rows_kept]
        self.elements.append((kind, name))
        if regulators is None:
            self.pieces.append((y if len(rows_kept) == len(at) else y[rows_kept], nodes.astype(np.int64)))
        else:
            kept = np.array(rows_kept, np.int64)
            rows = slice(start, start + len(kept))
            self.movers.append(Mover(full_name, rows, nodes[kept].astype(np.int64), kept, regulators))


def _stack(pieces: list[tuple[Complex, Ints]], rows: int, nodes: int) -> sparse.csr_array:
    values: list[Complex] = []
    row_index: list[Ints] = []
    columns: list[Ints] = []
    start = 0
    for y, at in pieces:
        row, column = np.nonzero(y)
        values.append(y[row, column])
        row_index.append(row + start)
        columns.append(at[column])
        start += len(y)
    if not values:
        return sparse.csr_array((rows, nodes), dtype=np.complex128)
    row_all, column_all, value_all = np.concatenate(row_index), np.concatenate(columns), np.concatenate(values)
    live = column_all > 0
    matrix = sparse.csr_array((value_all[live], (row_all[live], column_all[live])), shape=(rows, nodes))
    matrix.sum_duplicates()
    return matrix


def _transformer_on(feeder: Feeder, name: str) -> bool:
    return any(t.name == name and t.enabled for t in feeder.transformers)


def _moving(feeder: Feeder, regulators: tuple[str, ...]) -> dict[tuple[str, str], Ints]:
    control = {r.name: r.transformer for r in feeder.regulators}
    moving: dict[tuple[str, str], Ints] = {}
    for transformer in sorted({control[r] for r in regulators}):
        mine = [i for i, r in enumerate(regulators) if control[r] == transformer]
        moving["transformer", transformer] = np.array(mine, dtype=np.int64)
    for part in feeder.capacitors:
        if part.enabled and part.control is not None and part.control.enabled:
            moving["capacitor", part.name] = np.zeros(0, dtype=np.int64)
    return moving


def _parts(feeder: Feeder) -> Iterator[tuple[str, str, int]]:
    yield from (("line", p.name, len(p.from_nodes)) for p in feeder.lines if p.enabled)
    for switch in feeder.switches:
        if switch.enabled and switch.is_closed:
            yield "switch", switch.name, sum(switch.closed) if switch.closed else len(switch.from_nodes)
    yield from (("transformer", p.name, p.phases) for p in feeder.transformers if p.enabled)
    yield from (("capacitor", p.name, p.phases) for p in feeder.capacitors if p.enabled)
    yield from (("reactor", p.name, p.phases) for p in feeder.reactors if p.enabled)
