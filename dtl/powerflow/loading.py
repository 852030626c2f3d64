"""Reduction of the loading of lines, switches and transformers over the hours of a year."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dtl.powerflow.limits import Ratings

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

STILL_KW = 1e-3
"""Power towards the head below which nothing flows back [kW]."""


@dataclass
class Events:
    """Violating hours, collected block by block: element index, hour, value and limit."""

    element: list[Ints] = field(default_factory=list)
    hour: list[Ints] = field(default_factory=list)
    value: list[Real] = field(default_factory=list)
    limit: list[Real] = field(default_factory=list)

    def add(self, broken: NDArray[np.bool_], hours: Ints, value: Real, limit: Real) -> None:
        """Note the entries of `value`, shape (elements, hours), where `broken`; `limit` has shape (elements,)."""
        element, column = np.nonzero(broken)
        if len(element):
            self.element.append(element)
            self.hour.append(hours[column])
            self.value.append(value[element, column])
            self.limit.append(limit[element])

    def joined(self) -> tuple[Ints, Ints, Real, Real]:
        """Element, hour, value and limit of all events."""
        if not self.element:
            none = np.zeros(0, np.int64)
            return none, none, np.zeros(0), np.zeros(0)
        return (
            np.concatenate(self.element),
            np.concatenate(self.hour),
            np.concatenate(self.value),
            np.concatenate(self.limit),
        )


class Peak:
    """Highest value so far of each row, and its hour."""

    def __init__(self, rows: int) -> None:
        self.value = np.full(rows, -np.inf)
        self.hour = np.zeros(rows, np.int64)

    def add(self, values: Real, hours: Ints) -> Real:
        """Take in values of shape (rows, hours); the highest of each row among them."""
        column = values.argmax(axis=1)
        top: Real = values[np.arange(len(values)), column]
        self._keep(top, column, hours)
        return top

    def add_lowest(self, values: Real, hours: Ints) -> None:
        """Take in the negative of values of shape (rows, hours)."""
        column = values.argmin(axis=1)
        self._keep(-values[np.arange(len(values)), column], column, hours)

    def _keep(self, top: Real, column: Ints, hours: Ints) -> None:
        higher = top > self.value
        self.value[higher] = top[higher]
        self.hour[higher] = hours[column[higher]]


class Loading:
    """Running reduction over blocks; read the attributes when all blocks are in.

    Energies are in kWh and times in h, one entry per element. ``windows`` are means over ``Ratings.window_steps``
    consecutive steps; a window that reaches over a gap in the hours does not count.
    """

    def __init__(self, ratings: Ratings, step_h: float) -> None:
        n = len(ratings.over_pct)
        self._ratings, self._step_h = ratings, step_h
        self.peak, self.window_peak = Peak(n), Peak(n)
        self.max_a, self.max_kva = np.zeros(n), np.zeros(n)
        self.hours_over, self.hours_over_emergency, self.window_hours_over = np.zeros(n), np.zeros(n), np.zeros(n)
        self.kwh_over, self.kwh, self.loss_kwh = np.zeros(n), np.zeros(n), np.zeros(n)
        self.reverse_hours, self.reverse_kwh = np.zeros(n), np.zeros(n)
        self.thermal, self.emergency = Events(), Events()
        self._windows = [
            _Window(np.flatnonzero(ratings.window_steps == w), int(w)) for w in np.unique(ratings.window_steps) if w > 1
        ]

    def add(self, hours: Ints, summer: NDArray[np.bool_], amps: Real, kw: Real, kvar: Real, loss_kw: Real) -> Real:
        """Take in a block; returns the loading of each element, shape (elements, hours) [%], 0 without a rating.

        ``amps`` [A], ``kw``, ``kvar`` and ``loss_kw`` have shape (elements, hours).
        """
        r = self._ratings
        rated = 100.0 / (r.seasons * r.amps_per_unit)
        pct: Real = amps * rated[int(summer.all())][:, None]
        if summer.any() and not summer.all():
            pct[:, summer] = amps[:, summer] * rated[1][:, None]
        top = self.peak.add(pct, hours)
        if (top > r.over_pct).any():
            over = pct > r.over_pct[:, None]
            excess = 1.0 - r.over_pct[:, None] / np.where(over, pct, np.inf)
            self.hours_over += over.sum(axis=1) * self._step_h
            self.kwh_over += np.where(over, np.abs(kw) * excess, 0.0).sum(axis=1) * self._step_h
            self.thermal.add(over, hours, pct, r.over_pct)
        most_a = amps.max(axis=1)
        self._judge_emergency(hours, amps, most_a)
        self._judge_windows(hours, pct)
        self.max_a = np.maximum(self.max_a, most_a)
        squares = kw * kw
        squares += kvar * kvar
        self.max_kva = np.maximum(self.max_kva, np.sqrt(squares.max(axis=1)))
        self.kwh += kw.sum(axis=1) * self._step_h
        self._add_reverse(kw)
        self.loss_kwh += loss_kw.sum(axis=1) * self._step_h
        return pct

    def _add_reverse(self, kw: Real) -> None:
        rows = np.flatnonzero(kw.min(axis=1) < -STILL_KW)
        back = kw[rows] < -STILL_KW
        self.reverse_hours[rows] += back.sum(axis=1) * self._step_h
        self.reverse_kwh[rows] += np.where(back, -kw[rows], 0.0).sum(axis=1) * self._step_h

    def _judge_emergency(self, hours: Ints, amps: Real, most_a: Real) -> None:
        limit = self._ratings.emergency * self._ratings.amps_per_unit
        if (most_a > limit).any():
            broken = amps > limit[:, None]
            self.hours_over_emergency += broken.sum(axis=1) * self._step_h
            self.emergency.add(broken, hours, amps * (100.0 / limit)[:, None], np.full(len(limit), 100.0))

    def _judge_windows(self, hours: Ints, pct: Real) -> None:
        for window in self._windows:
            means = window.means(hours, pct[window.rows])
            if means.shape[1]:
                top, limit = means.max(axis=1), self._ratings.over_pct[window.rows]
                if (top > limit).any():
                    self.window_hours_over[window.rows] += (means > limit[:, None]).sum(axis=1) * self._step_h
                self.window_peak.value[window.rows] = np.maximum(self.window_peak.value[window.rows], top)

    def finish(self) -> None:
        """Give elements with a window of one step the values of that step."""
        single = self._ratings.window_steps == 1
        self.window_hours_over[single] = self.hours_over[single]
        self.window_peak.value[single] = self.peak.value[single]


class _Window:
    """Means over some consecutive steps, carried from block to block."""

    def __init__(self, rows: Ints, steps: int) -> None:
        self.rows, self._steps = rows, steps
        self._values = np.zeros((len(rows), 0))
        self._hours = np.zeros(0, np.int64)

    def means(self, hours: Ints, values: Real) -> Real:
        """Means of the windows that end in this block, shape (rows, windows)."""
        steps = self._steps
        values = np.concatenate([self._values, values], axis=1)
        hours = np.concatenate([self._hours, hours])
        self._values, self._hours = values[:, 1 - steps :], hours[1 - steps :]
        count = len(hours) - steps + 1
        if count <= 0:
            return np.zeros((len(values), 0))
        whole = hours[steps - 1 :] - hours[:count] == steps - 1
        total: Real = values[:, :count] + values[:, 1 : 1 + count]
        for k in range(2, steps):
            total += values[:, k : k + count]
        return (total if whole.all() else total[:, whole]) / steps
