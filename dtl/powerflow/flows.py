"""Currents, powers and losses of all delivery elements in a block of hours, from its voltages alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.network.feeder import Feeder, Transformer
from dtl.powerflow import flow_kernels, names
from dtl.powerflow.circuit import Circuit
from dtl.powerflow.head import View
from dtl.powerflow.opendss import Block

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

SERIES = ("line", "switch", "transformer")
"""Kinds of the elements that carry power from bus to bus and are judged by their loading."""


@dataclass(frozen=True)
class Flows:
    """What flows in a block; hours last.

    Attributes
    ----------
    amps
        Highest phase current at the first terminal of each series element [A].
    kw, kvar
        Power into each series element at the terminal nearest to the head.
    loss_kw
        Losses of each element of the circuit, no-load losses included [kW].
    no_load_kw
        No-load losses of each transformer that has any [kW].
    """

    amps: Real
    kw: Real
    kvar: Real
    loss_kw: Real
    no_load_kw: Real


class FlowMeter:
    """Computes the flows of a circuit; made once, used for every block.

    ``series`` holds the indices of the series elements among the circuit's elements, ``no_load`` those of the
    transformers with no-load losses.
    """

    def __init__(self, feeder: Feeder, circuit: Circuit, view: View) -> None:
        self.circuit = circuit
        self.series = np.array([i for i, (kind, _) in enumerate(circuit.elements) if kind in SERIES], np.int64)
        at = {(e, n): i for i, (e, n) in enumerate(zip(circuit.terminal_element, circuit.terminal_number, strict=True))}
        ends = np.array([at[int(e), view.head_end[circuit.elements[e]]] for e in self.series], np.int64)
        y = circuit.admittance
        self._fixed = (y.indptr.astype(np.int64), y.indices.astype(np.int64), y.data.real.copy(), y.data.imag.copy())
        self._rows = (circuit.row_node, *_roles(circuit, self.series, ends))
        index = {key: i for i, key in enumerate(circuit.elements)}
        parts = [t for t in feeder.transformers if t.enabled and t.no_load_loss_pct > 0]
        self.no_load = np.array([index["transformer", t.name] for t in parts], np.int64)
        self._cores = _Cores(parts, circuit)

    def flows(self, block: Block) -> Flows:
        """The flows of a block."""
        shape, hours = len(self.series), block.voltages.shape[1]
        amps, kw, kvar = (np.empty((shape, hours)) for _ in range(3))
        loss = np.empty((len(self.circuit.elements), hours))
        fixed = self._without(block.opened) if len(block.opened) else self._fixed
        flow_kernels.flows(*fixed, self._moving(block), block.voltages, *self._rows, amps, kw, kvar, loss)
        return Flows(
            amps=amps,
            kw=kw,
            kvar=kvar,
            loss_kw=loss,
            no_load_kw=self._cores.loss_kw(block),
        )

    def _without(self, opened: Ints) -> tuple[Ints, Ints, Real, Real]:
        """The rows of the elements that never move, of which some are open and conduct nothing."""
        start, columns, real, imag = self._fixed
        element = np.repeat(self._rows[1][: len(start) - 1], np.diff(start))
        shut = ~np.isin(element, opened)
        return start, columns, real * shut, imag * shut

    def _moving(self, block: Block) -> NDArray[np.complex128]:
        """Currents of the rows of the movers, which come after all others."""
        circuit, v = self.circuit, block.voltages
        fixed = circuit.admittance.shape[0]
        current = np.empty((len(circuit.row_node) - fixed, v.shape[1]), np.complex128)
        for mover, positions in zip(circuit.movers, block.positions, strict=True):
            rows = slice(mover.rows.start - fixed, mover.rows.stop - fixed)
            across = v[mover.nodes]
            for position in np.unique(positions):
                hours = positions == position
                current[rows, hours] = mover.admittances[position] @ across[:, hours]
        return current


def _roles(circuit: Circuit, series: Ints, ends: Ints) -> tuple[Ints, Ints, Ints]:
    """Of each row: its element, and the series element of whose head terminal and of whose phases it is (-1: none)."""
    rows = len(circuit.row_node)
    element = np.repeat(np.arange(len(circuit.elements)), np.diff(circuit.element_start, append=rows))
    begin, end_of = circuit.terminal_start, np.append(circuit.terminal_start[1:], rows)
    head, phase = np.full(rows, -1, np.int64), np.full(rows, -1, np.int64)
    stop = np.append(circuit.phase_start[1:], len(circuit.phase_rows))
    for i, (e, end) in enumerate(zip(series, ends, strict=True)):
        head[begin[end] : end_of[end]] = i
        phase[circuit.phase_rows[circuit.phase_start[e] : stop[e]]] = i
    return element, head, phase


class _Cores:
    """The no-load branches of transformers: each lies on the turns of its second winding, as in the engine."""

    def __init__(self, parts: list[Transformer], circuit: Circuit) -> None:
        movers = {m.full_name: i for i, m in enumerate(circuit.movers)}
        self._movers, self._count = circuit.movers, len(parts)
        self._moved: list[tuple[int, int]] = []
        plus: list[int] = []
        minus: list[int] = []
        owner: list[int] = []
        scale: list[float] = []
        for i, part in enumerate(parts):
            winding = part.windings[1]
            at = [circuit.node[f"{names.spelled(winding.bus)}.{n}"] if n else 0 for n in winding.nodes]
            ends = _turns(part, at)
            mover = movers.get(names.element("transformer", part.name))
            if mover is not None:
                self._moved.append((i, mover))
            tap = winding.tap_pu if mover is None else 1.0
            root = 3**0.5 if part.phases > 1 and winding.connection == "wye" else 1.0
            rated_kw = part.no_load_loss_pct / 100.0 * part.windings[0].kva / part.phases
            plus += [a for a, _ in ends]
            minus += [b for _, b in ends]
            owner += [i] * len(ends)
            scale += [rated_kw / (1e3 * winding.kv / root * tap) ** 2] * len(ends)
        self._turns = tuple(np.array(v, np.int64) for v in (plus, minus, owner))
        self._scale = np.array(scale, np.float64)

    def loss_kw(self, block: Block) -> Real:
        """No-load losses of each in each hour [kW]."""
        loss = np.empty((self._count, block.voltages.shape[1]))
        flow_kernels.squares(block.voltages, *self._turns, self._scale, loss)
        for row, mover in self._moved:
            second = np.array([taps[1] for taps in self._movers[mover].taps])
            loss[row] /= second[block.positions[mover]] ** 2
        return loss


def _turns(part: Transformer, at: list[int]) -> list[tuple[int, int]]:
    """The two nodes of each phase of a second winding, whose conductors have the nodes `at`."""
    if part.phases == 1:
        return [(at[0], at[1] if len(at) > 1 else 0)]
    if part.windings[1].connection == "wye":
        neutral = at[part.phases] if len(at) > part.phases else 0
        return [(a, neutral) for a in at[: part.phases]]
    return list(zip(at, [*at[1:], at[0]], strict=True))
