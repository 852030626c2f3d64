"""OpenDSS solves the truth: one state for the design hour, and every step of the meter data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from dss import DSS

from dtl.errors import SolveError
from dtl.synth.circuit import commands
from dtl.synth.model import Feeder, nodes_of

Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class State:
    """A solved state of a feeder."""

    head_kw: float
    head_kvar: float
    load_kw: float
    loss_kw: float
    min_pu: float
    max_pu: float
    iterations: int


@dataclass(slots=True)
class Series:
    """A feeder solved step by step; ``T`` steps, ``M`` meters."""

    head_kw: Floats
    """(T,) power into the feeder [kW]."""
    head_kvar: Floats
    """(T,) [kvar]."""
    head_kv: Floats
    """(T,) mean line-to-line voltage of the head [kV]."""
    head_a: Floats
    """(T, 3) current of each phase at the head [A]."""
    taps: Floats
    """(T, R) tap number of each regulator unit, -16 to 16."""
    volts: npt.NDArray[np.float32]
    """(M, T) mean voltage of each meter, phase to neutral, or across 240 V [V]."""


class Circuit:
    """One feeder in the engine, which holds one circuit per process at a time."""

    def __init__(self, feeder: Feeder):
        self.feeder = feeder
        DSS.AllowForms = False
        DSS.AllowChangeDir = False
        DSS.Text.Commands(commands(feeder))
        DSS.Text.Commands(
            ["Set Tolerance=1e-7", "Set MaxIterations=100", "Set MaxControlIter=200", "Set ControlMode=Static"]
        )
        self.circuit: Any = DSS.ActiveCircuit
        self.circuit.Solution.Solve()
        order = {name.lower(): k for k, name in enumerate(self.circuit.YNodeOrder)}
        meters = feeder.customers
        self.first = np.zeros((len(meters), 3), dtype=np.int64)
        self.share = np.zeros((len(meters), 3))
        for k, meter in enumerate(meters.id):
            nodes = nodes_of(feeder.transformers[meters.transformer[k]].phases)
            for j, node in enumerate(nodes):
                self.first[k, j] = order[f"{meter.lower()}.{node}"]
                self.share[k, j] = 1.0 / len(nodes)
        self.head = np.array([order[f"{feeder.head.lower()}.{n}"] for n in (1, 2, 3)])
        self.units = [f"{r.id}{p}" for r in feeder.regulators for p in "ABC"]

    def solve(self, factor: float = 1.0) -> State:
        """Solve the present loads, all multiplied by a factor; the plan stays as it is.

        Raises
        ------
        SolveError
            The engine found no solution.
        """
        solution = self.circuit.Solution
        DSS.Text.Commands(f"Set LoadMult={factor:g}")
        solution.Solve()
        DSS.Text.Commands("Set LoadMult=1")
        if not solution.Converged:
            raise SolveError(f"{self.feeder.id}: the power flow of the synthetic feeder does not converge")
        kw, kvar = (-float(v) for v in self.circuit.TotalPower)
        loads = self.circuit.Loads
        load_kw = factor * sum(load.kW for load in loads)
        vpu = np.asarray(self.circuit.AllBusVmagPu)
        vpu = vpu[vpu > 0.05]
        return State(kw, kvar, load_kw, kw - load_kw, float(vpu.min()), float(vpu.max()), int(solution.Iterations))

    def scale(self, factor: float) -> None:
        """Scale the demand of every meter, here and in the plan."""
        self.feeder.customers.peak_kw = np.round(self.feeder.customers.peak_kw * factor, 3)
        DSS.Text.Commands(
            [
                f"Load.{m}.kw={kw:.7g}"
                for m, kw in zip(self.feeder.customers.id, self.feeder.customers.peak_kw, strict=True)
            ]
        )

    def shapes(self, kw: npt.NDArray[np.float32], kvar: npt.NDArray[np.float32], step_min: int) -> None:
        """Give every load its series; both arrays are (M, T), in kW and kvar."""
        steps = kw.shape[1]
        meters = self.feeder.customers.id
        existing = self.circuit.LoadShapes.Count > 1
        if not existing:
            DSS.Text.Commands([f"New LoadShape.P{m} npts={steps} minterval={step_min} useactual=yes" for m in meters])
        shapes = self.circuit.LoadShapes
        for k, meter in enumerate(meters):
            shapes.Name = f"P{meter}"
            shapes.Npts = steps
            shapes.Pmult = kw[k].astype(np.float64)
            shapes.Qmult = kvar[k].astype(np.float64)
        if not existing:
            DSS.Text.Commands([f"Load.{meter}.yearly=P{meter}" for meter in meters])

    def series(
        self, kw: npt.NDArray[np.float32], kvar: npt.NDArray[np.float32], source_pu: Floats, step_min: int
    ) -> Series:
        """Solve all steps of a run; regulators keep their taps from one run to the next."""
        steps = kw.shape[1]
        self.shapes(kw, kvar, step_min)
        DSS.Text.Commands(
            [f"Set Mode=Yearly Number=1 StepSize={step_min}m", "Set Hour=0 Sec=0", "Set ControlMode=Static"]
        )
        out = Series(
            np.zeros(steps), np.zeros(steps), np.zeros(steps), np.zeros((steps, 3)), np.zeros((steps, len(self.units))),
            np.zeros((kw.shape[0], steps), dtype=np.float32),
        )  # fmt: skip
        circuit, solution, sources = self.circuit, self.circuit.Solution, self.circuit.Vsources
        sources.First  # noqa: B018
        for t in range(steps):
            sources.pu = float(source_pu[t])
            solution.Solve()
            if not solution.Converged:
                raise SolveError(f"{self.feeder.id}: step {t} of the synthetic year does not converge")
            v = np.asarray(DSS.YMatrix.getV()).view(np.complex128)[1:]
            out.volts[:, t] = (np.abs(v[self.first]) * self.share).sum(axis=1)
            out.head_kw[t], out.head_kvar[t] = (-p for p in circuit.TotalPower)
            at_head = v[self.head]
            out.head_kv[t] = np.abs(at_head - np.roll(at_head, -1)).mean() / 1000.0
            circuit.SetActiveElement("Vsource.source")
            out.head_a[t] = np.asarray(circuit.ActiveCktElement.CurrentsMagAng)[0:6:2]
            for j, unit in enumerate(self.units):
                circuit.Transformers.Name = unit
                circuit.Transformers.Wdg = 2
                out.taps[t, j] = round((circuit.Transformers.Tap - 1.0) / 0.00625)
        return out
