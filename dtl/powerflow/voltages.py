"""Reduction of the judged voltages of all buses over the hours of a year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.network.feeder import Bus, Feeder
from dtl.powerflow import flow_kernels, names
from dtl.powerflow.circuit import Circuit
from dtl.powerflow.head import View
from dtl.powerflow.limits import band
from dtl.powerflow.loading import Events, Peak

Real = NDArray[np.float64]
Ints = NDArray[np.int64]


class Voltages:
    """Running reduction over blocks; read the attributes when all blocks are in.

    Rows are judged voltages, (bus, phase) in the order of ``buses`` and ``phases``; ``bus_start`` says where each bus
    begins. ``low`` and ``high`` hold violating hours per bus, with the worst phase's voltage.
    """

    def __init__(
        self, feeder: Feeder, circuit: Circuit, view: View, limits: Mapping[str, Any], secondary: Any, step_h: float
    ) -> None:
        self._step_h = step_h
        self.buses: list[Bus] = []
        self.phases: list[str] = []
        self.bus_of_row: list[int] = []
        plus: list[int] = []
        minus: list[int] = []
        base: list[float] = []
        low: list[float] = []
        high: list[float] = []
        start: list[int] = []
        for bus in feeder.buses:
            rows = [r for r in view.judged(bus) if f"{names.spelled(bus.name)}.{r[1]}" in circuit.node]
            if not rows:
                continue
            limit = band(bus, limits, secondary)
            start.append(len(plus))
            for phase, node, other in rows:
                plus.append(circuit.node[f"{names.spelled(bus.name)}.{node}"])
                minus.append(circuit.node[f"{names.spelled(bus.name)}.{other}"] if other else 0)
                base.append(1e3 * (bus.kv_ll if other else bus.kv_ln))
                self.phases.append(phase)
                self.bus_of_row.append(len(self.buses))
            low.append(limit.low_pu)
            high.append(limit.high_pu)
            self.buses.append(bus)
        self._plus, self._minus = np.array(plus, np.int64), np.array(minus, np.int64)
        self._per_volt = 1.0 / np.array(base)
        self._bus = np.array(self.bus_of_row, np.int64)
        self.bus_start = np.array(start, np.int64)
        self.low_pu, self.high_pu = np.array(low), np.array(high)
        self._start_reduction(len(plus), len(start))

    def _start_reduction(self, rows: int, buses: int) -> None:
        self.lowest, self.highest = Peak(rows), Peak(rows)
        self.sum_pu, self.steps, self.steps_alive = np.zeros(rows), 0, np.zeros(rows, np.int64)
        self.hours_low, self.hours_high = np.zeros(rows), np.zeros(rows)
        self.bus_hours_low, self.bus_hours_high = np.zeros(buses), np.zeros(buses)
        self.low, self.high = Events(), Events()
        self.worst_pu = np.zeros(rows)
        self.worst_hour = -1
        self._worst = -np.inf

    def per_unit(self, voltages: NDArray[np.complex128]) -> tuple[Real, Real, Real]:
        """Magnitudes of the judged voltages [pu] from node voltages [V], both with hours last.

        Besides all rows, the lowest and the highest voltage of each bus, shape (buses, hours).
        """
        hours = voltages.shape[1]
        pu, low, high = (np.empty((n, hours)) for n in (len(self._plus), len(self.buses), len(self.buses)))
        flow_kernels.per_unit(
            np.ascontiguousarray(voltages), self._plus, self._minus, self._per_volt, self._bus, pu, low, high
        )
        return pu, low, high

    def phasors(self, voltages: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """The judged voltages as phasors [pu], shape (rows, columns), from those of the nodes [V]."""
        return np.asarray((voltages[self._plus] - voltages[self._minus]) * self._per_volt[:, None])

    def add(self, hours: Ints, voltages: NDArray[np.complex128], dead: Ints) -> tuple[Real, Real]:
        """Take in a block; returns the lowest and the highest voltage of each bus, shape (buses, hours) [pu].

        What touches a node of `dead`, which has no supply in the block, is not judged: its lowest voltage is infinite.
        """
        pu, bus_low, bus_high = self.per_unit(voltages)
        self.steps += len(hours)
        if len(dead):
            without = np.isin(self._plus, dead) | (np.isin(self._minus, dead) & (self._minus > 0))
            self.steps_alive[~without] += len(hours)
            self.sum_pu[~without] += pu[~without].sum(axis=1)
            pu[without] = 0.0
            bus_high = np.maximum.reduceat(pu, self.bus_start)
            self.highest.add(pu, hours)
            pu = np.where(without[:, None], np.inf, pu)
            bus_low = np.minimum.reduceat(pu, self.bus_start)
        else:
            self.steps_alive += len(hours)
            self.sum_pu += pu.sum(axis=1)
            self.highest.add(pu, hours)
        self.lowest.add_lowest(pu, hours)
        self._judge(hours, pu, bus_low, bus_high)
        severity = np.empty(len(hours))
        flow_kernels.severity(bus_low, bus_high, self.low_pu, self.high_pu, severity)
        column = int(severity.argmax())
        if severity[column] > self._worst:
            self._worst = float(severity[column])
            self.worst_hour, self.worst_pu = int(hours[column]), pu[:, column].copy()
        return bus_low, bus_high

    def _judge(self, hours: Ints, pu: Real, bus_low: Real, bus_high: Real) -> None:
        too_low = bus_low < self.low_pu[:, None]
        if too_low.any():
            self.bus_hours_low += too_low.sum(axis=1) * self._step_h
            self.hours_low += (pu < self.low_pu[self.bus_of_row, None]).sum(axis=1) * self._step_h
            self.low.add(too_low, hours, bus_low, self.low_pu)
        too_high = bus_high > self.high_pu[:, None]
        if too_high.any():
            self.bus_hours_high += too_high.sum(axis=1) * self._step_h
            self.hours_high += (np.isfinite(pu) & (pu > self.high_pu[self.bus_of_row, None])).sum(axis=1) * self._step_h
            self.high.add(too_high, hours, bus_high, self.high_pu)
