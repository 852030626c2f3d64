"""What stops a plant: for every column of a solved block, by how much each criterion is exceeded, and where.

The numbers are those of EPRI's public description of DRIVE (criteria 1 to 15), with limits and thresholds from the
study. An *excess* is what a value lies above its limit, in the unit of the criterion; a column passes a criterion when
no excess is positive. What holds without the plant in the same hour is the *base* of that hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dtl.analyses.hosting import judged, kernels
from dtl.analyses.hosting.rule import Values
from dtl.demand.calendar import Calendar
from dtl.network.feeder import Feeder
from dtl.powerflow.circuit import Circuit
from dtl.powerflow.flows import FlowMeter
from dtl.powerflow.head import View
from dtl.powerflow.limits import ratings, summer
from dtl.powerflow.opendss import Block
from dtl.powerflow.voltages import Voltages

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_SOLUTION = "no_solution"
FAILED = 1.0
"""Excess of a column without a solution."""


class Judge:
    """Judges the blocks of one held circuit, in some ``hours`` of the year.

    ``rules`` come in the order of `judged.ORDER`; ``criteria`` are their names.
    """

    def __init__(
        self, feeder: Feeder, circuit: Circuit, view: View, calendar: Calendar, spec: Mapping[str, Any],
        words: Mapping[str, Any], regulators: Feeder, hours: Ints,
    ) -> None:  # fmt: skip
        step_h = spec["step_min"] / 60.0
        self._meter = FlowMeter(feeder, circuit, view)
        self._series = [circuit.elements[i] for i in self._meter.series]
        self.voltages = Voltages(feeder, circuit, view, spec["limits"], spec["secondary"], step_h)
        self._calendar, self._limits = calendar, spec["limits"]
        self._hours, self._season = hours, summer(calendar, hours, spec["limits"]).astype(np.int64)
        self._ratings = ratings(feeder, self._series, spec["limits"], step_h)
        self._sources = judged.source_rows(feeder, circuit)
        self._sequence = judged.three_phase(feeder, circuit, view)
        self._pre_existing = words["pre_existing"]
        board = judged.Board(
            feeder, regulators, self.voltages, self._series, self._ratings.over_pct,
            [s.name for s in feeder.sources], [b for b, _ in self._sequence],
        )  # fmt: skip
        self.rules = judged.rules(board, words)
        self.criteria = tuple(r.criterion for r in self.rules)
        first = len(feeder.sources)
        self._want_power = any(r.power == 1.0 and bool((r.rows >= first).any()) for r in self.rules)
        self._phase_y, self._phase_of = self._phases(circuit)
        self._want_vuf = "unbalance" in self.criteria

    def _phases(self, circuit: Circuit) -> tuple[tuple[Ints, Ints, Real, Real], Ints]:
        """Admittances of the phases at the first terminals of the series elements, and the element of each."""
        stop = np.append(circuit.phase_start[1:], len(circuit.phase_rows))
        rows = [circuit.phase_rows[circuit.phase_start[e] : stop[e]] for e in self._meter.series]
        owner = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        y = circuit.admittance[np.concatenate([np.zeros(0, np.int64), *rows])]
        csr = (y.indptr.astype(np.int64), y.indices.astype(np.int64), y.data.real.copy(), y.data.imag.copy())
        return csr, owner

    def phase_amps(self, voltages: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Currents of the phases of the series elements [A], shape (phases, columns), from the nodes' voltages [V]."""
        start, column, real, imag = self._phase_y
        shape = (len(start) - 1, len(voltages))
        return np.asarray(sparse.csr_array((real + 1j * imag, column, start), shape) @ voltages)

    def rated_amps(self, hour: int) -> tuple[Real, Ints]:
        """Current at 100 % of the rating of each series element [A], and the element of each phase."""
        season = int(summer(self._calendar, np.array([hour]), self._limits)[0])
        return np.asarray(self._ratings.seasons[season] * self._ratings.amps_per_unit), self._phase_of

    def values(self, block: Block) -> Values:
        """What criteria judge of a block."""
        amps = np.empty((len(self._series), len(block.hours)))
        kernels.amps(*self._phase_y, np.ascontiguousarray(block.voltages), self._phase_of, amps)
        rated = 100.0 / (self._ratings.seasons * self._ratings.amps_per_unit)
        pct = amps * rated[self._season[np.searchsorted(self._hours, block.hours)]].T
        source = np.stack([-1e-3 * (block.voltages[n] * block.source_a[r].conj()).sum(axis=0).real for n, r in
                           self._sources])  # fmt: skip
        back = -source
        if self._want_power:
            back = np.concatenate([back, -self._meter.flows(block).kw])
        pu = self.voltages.per_unit(block.voltages)[0]
        return Values(pu, np.asarray(pct), back, self._vuf(block) if self._want_vuf else np.zeros((0, pu.shape[1])))

    def _vuf(self, block: Block) -> Real:
        turn = np.exp(2j * np.pi / 3.0)
        a, b, c = (block.voltages[np.array([n[i] for _, n in self._sequence], np.int64)] for i in range(3))
        return np.asarray(100.0 * np.abs(a + turn**2 * b + turn * c) / np.abs(a + turn * b + turn**2 * c))

    def judge(self, now: Values, base: Values, hour: Ints, good: NDArray[np.bool_]) -> tuple[Real, Ints]:
        """Largest excess of each criterion, and its row; both of shape (criteria + 1, columns).

        ``base`` has all hours, of which ``hour`` is that of each column. The last row is `NO_SOLUTION`; a column
        without a solution fails nothing else.
        """
        columns = len(good)
        worst = np.full((len(self.rules) + 1, columns), -np.inf)
        at = np.zeros((len(self.rules) + 1, columns), np.int64)
        for i, rule in enumerate(self.rules):
            if len(rule.rows):
                rule.largest(now, base, hour, self._pre_existing, worst[i], at[i])
        worst[:, ~good] = -np.inf
        worst[-1] = np.where(good, -np.inf, FAILED)
        return worst, at

    def existing(self, base: Values) -> NDArray[np.bool_]:
        """Which criteria fail in the base of any hour, shape (criteria,)."""
        found = [
            not r.change and len(r.rows) and bool((r.sign * r.value(base)[r.rows] > r.limit[:, None]).any())
            for r in self.rules
        ]
        return np.array(found, np.bool_)
