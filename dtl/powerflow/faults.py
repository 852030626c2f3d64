"""Bolted faults in the network alone, and what plants of given current add to them: superposition in the node matrix.

With ``Z`` the impedance matrix of the nodes (sources behind their impedances, no load, no generator) and ``V0`` the
voltages without load, a fault that ties the nodes ``F`` to ground draws ``I0 = Z_FF^-1 V0_F``. Currents ``J`` of plants
change that by ``Z_FF^-1 Z_F J``, and the voltages of the healthy nodes with it (Grainger and Stevenson 1994, Power
System Analysis, chapters 8 and 10). Admittances are those that OpenDSS has for the circuit, as in the batch engine;
controls stand where the model has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from dtl.errors import SolveError
from dtl.network.feeder import Feeder
from dtl.powerflow import dss, engine
from dtl.powerflow.batch_network import bare
from dtl.powerflow.opendss import at_no_load

Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Fault:
    """A bolted fault.

    Attributes
    ----------
    fault_a
        Current from each faulted node into the fault without plants [A], shape (faulted nodes,).
    head_a
        Current from the sources into the network in each of their conductors, then [A], shape (conductors,).
    added_a
        What each plant adds to ``fault_a``, as a phasor on its own [A], shape (faulted nodes, plants).
    relieved_a
        What each plant changes ``head_a`` by [A], shape (conductors, plants).
    """

    fault_a: Complex
    head_a: Complex
    added_a: Complex
    relieved_a: Complex


class FaultStudy:
    """A feeder ready for faults, with plants of given currents; SolveError where its matrix is singular.

    ``node`` maps names ``bus.node`` of the engine to indices; ``no_load_v`` are the voltages without load [V].
    """

    def __init__(self, feeder: Feeder) -> None:
        engine.load(dss.write(feeder))
        circuit = at_no_load(feeder, controls_active=False)
        self.node = circuit.node
        y, self._supply, drawn = bare(feeder, circuit)
        try:
            self._lu = splu(sparse.csc_array(y))
        except RuntimeError as err:
            raise SolveError(f"no fault can be computed: the admittance matrix is singular ({err})") from err
        self.no_load_v = np.concatenate([np.zeros(1, np.complex128), self._lu.solve(drawn[1:])])
        self._raised = np.zeros((len(self.no_load_v), 0), np.complex128)

    def plants(self, currents: sparse.csc_array) -> None:
        """Set the plants: their currents into the nodes, ground first [A], shape (nodes, plants)."""
        whole = currents.toarray()
        self._raised = np.zeros_like(whole)
        self._raised[1:] = self._lu.solve(np.ascontiguousarray(whole[1:]))

    def fault(self, nodes: Sequence[int]) -> Fault:
        """The fault that ties some nodes to ground and to each other."""
        at = np.asarray(nodes, np.int64)
        unit = np.zeros((len(self.no_load_v) - 1, len(at)), np.complex128)
        unit[at - 1, np.arange(len(at))] = 1.0
        z = np.concatenate([np.zeros((1, len(at)), np.complex128), self._lu.solve(unit)])
        fault_a = np.linalg.solve(z[at], self.no_load_v[at])
        added_a = np.asarray(np.linalg.solve(z[at], self._raised[at]), np.complex128)
        near = np.unique(self._supply.rows.indices)
        rows = self._supply.rows[:, near]
        return Fault(
            fault_a,
            -self._supply.amps(self.no_load_v - z @ fault_a),
            added_a,
            -np.asarray(rows @ (self._raised[near] - z[near] @ added_a)),
        )
