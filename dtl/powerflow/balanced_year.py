"""The year of a balanced feeder by one phase: the sweep of a radial one, or Newton-Raphson of a meshed one.

What the reduction needs beside voltages (currents, loadings, losses) comes from the admittances that OpenDSS computes,
as in the other engines, so that the hourly balance of power tests the one-phase model as a whole.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dtl.demand.demand import Demand
from dtl.errors import NotConverged, SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import names, newton
from dtl.powerflow.balanced import Balanced, NotBalanced, balanced
from dtl.powerflow.batch import BatchYear, Guess
from dtl.powerflow.opendss import TOLERANCE, Block
from dtl.powerflow.radial import Tree, sweep, tree

Ints = NDArray[np.int64]
Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Engine = Literal["radial", "newton"]

_CLOSER = 1e-3
"""Part of the tolerance of the other engines to which voltages are solved: it is cheap here."""
_BALANCED = 1e-6


def unsuited(feeder: Feeder, engine: Engine) -> str:
    """Why an engine cannot solve a feeder, and which can; empty when it can."""
    try:
        model = balanced(feeder)
    except NotBalanced as err:
        return f"{err}; engine opendss, batch or auto solves feeders that are not balanced"
    if engine == "radial" and (closing := model.loop()):
        return f"{closing} closes a loop; engine newton, opendss, batch or auto solves meshed feeders"
    return newton.missing() if engine == "newton" else ""


class BalancedYear(BatchYear):
    """A balanced feeder ready to be solved through hours of the year, with controls frozen."""

    def __init__(self, feeder: Feeder, demand: Demand, by: Engine, *, tolerance: float = TOLERANCE) -> None:
        super().__init__(feeder, demand, tolerance=tolerance)
        self._model = model = balanced(self.feeder)
        count = len(self.batch.ports.owners)
        self._tree = radial_tree(model) if by == "radial" else None
        if lost := [name for key in self.batch.ports.owners if key not in model.node_of for name in key[1:]]:
            raise SolveError(f"no source reaches {lost[0]}")
        self._taken = np.where(np.arange(count) < self.batch.ports.loads, 1.0, -1.0)[:, None]
        self._nodes, self._factor = self._phases()

    def _phases(self) -> tuple[Ints, Complex]:
        """The node of each phase voltage of the circuit, and what its voltage is over the one-phase one [V per kV]."""
        at = [[self.circuit.node.get(f"{names.spelled(b)}.{n}", 0) for n in (1, 2, 3)] for b in self._model.buses[1:]]
        rows = np.array(at, np.int64).reshape(-1, 3)
        if (rows == 0).any() or len(self.circuit.nodes) != rows.size + 1:
            raise SolveError("the circuit has nodes beside those of the three phases of its buses")
        idle = self.batch.network.no_load_v[rows]
        twist = np.exp(-2j * np.pi / 3.0 * np.arange(3))
        straight = idle / twist
        if np.abs(straight - straight[:, :1]).max() > _BALANCED * np.abs(idle).max():
            raise SolveError("the voltages without load are not balanced")
        head = straight[0, 0] / abs(straight[0, 0])
        shift = np.exp(1j * np.pi / 6.0 * np.round(np.angle(straight[:, :1] / head) / (np.pi / 6.0))) * head
        factor = shift * twist * self._model.turns[1:, None] * 1e3 / 3**0.5
        return rows, np.asarray(factor, np.complex128)

    def _block(self, hours: Ints, tolerance: float, guess: Guess | None = None) -> Block:
        kw, kvar = self._powers.at(hours)
        owners, loads = self.batch.ports.owners, self.batch.ports.loads
        drawn_kw, drawn_kvar = (self._model.drawn(owners, loads, own) for own in (kw, kvar))
        volts = self._solved(drawn_kw, drawn_kvar, tolerance * _CLOSER)
        if found := self._model.beyond(self.feeder, owners, volts):
            raise NotConverged(f"hour {hours[found[1]]}: {found[2]}")
        nodes = np.zeros((len(self.circuit.nodes), len(hours)), np.complex128)
        nodes[self._nodes] = self._factor[:, :, None] * volts[1:, None, :]
        amps = 1e-3 * (drawn_kw - 1j * drawn_kvar) / volts.conj() + self._model.shunt_s[:, None] * volts
        delivered = amps[1:].sum(axis=0)
        power = self._taken * (kw + 1j * kvar)
        count = len(hours)
        return Block(
            hours=hours,
            voltages=nodes,
            load_kva=power[:loads],
            generator_kva=power[loads:],
            source_a=-self._factor[0, :, None] / self._model.turns[1] * delivered[None, :],
            positions=np.zeros((0, count), np.int64),
            taps=np.repeat(self._taps[:, None], count, axis=1),
            tap_steps=np.zeros((len(self._taps), count), np.int64),
            control_iterations=np.ones(count, np.int64),
        )

    def _solved(self, kw: Real, kvar: Real, tolerance: float) -> Complex:
        if self._tree is not None:
            return sweep(self._tree, kw, kvar, self._model.head_kv, tolerance)
        return newton.solve(self._model, kw, kvar, tolerance)


def radial_tree(model: Balanced) -> Tree:
    """The tree of a radial feeder; SolveError where it is meshed."""
    if closing := model.loop():
        raise SolveError(f"{closing} closes a loop")
    return tree(model.start, model.end, model.z_ohm, 0, model.shunt_s)
