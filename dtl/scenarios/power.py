"""Powers of all loads of a feeder through the year, kept as factors times the series that loads share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Ints = NDArray[np.int64]
Series = NDArray[np.float32] | NDArray[np.float64]

_ROWS = 256
"""Rows that are turned to double precision at a time."""


@dataclass(frozen=True, eq=False)
class Power:
    """One quantity of every load: load ``i`` has ``scale[i] * shapes[row[i]]``.

    Attributes
    ----------
    scale
        Factor of each load, shape (loads,).
    row
        Which series each load follows, shape (loads,).
    shapes
        The series, shape (series, steps). Loads may share them; nobody writes to them.
    """

    scale: Real
    row: Ints
    shapes: Series

    @classmethod
    def none(cls, loads: int, steps: int) -> Power:
        """No power at all."""
        return cls(np.zeros(loads), np.zeros(loads, np.int64), np.zeros((1, steps), np.float32))

    @classmethod
    def each(cls, values: Series) -> Power:
        """A series of its own for every load, shape (loads, steps)."""
        return cls(np.ones(len(values)), np.arange(len(values)), values)

    @classmethod
    def shared(cls, scale: Real, shape: Series) -> Power:
        """One series of shape (steps,) for all loads, times a factor of each."""
        return cls(np.asarray(scale, np.float64), np.zeros(len(scale), np.int64), shape[None, :])

    @property
    def loads(self) -> int:
        """Number of loads."""
        return len(self.scale)

    @property
    def steps(self) -> int:
        """Number of steps."""
        return int(self.shapes.shape[1])

    def values(self) -> Real:
        """The powers in double precision, shape (loads, steps)."""
        return np.asarray(self.scale[:, None] * self.shapes[self.row], np.float64)

    def of(self, load: int) -> Real:
        """The power of one load, shape (steps,)."""
        return np.asarray(self.scale[load] * self.shapes[self.row[load]], np.float64)

    def total(self, weight: Real | None = None) -> Real:
        """The sum over all loads, each times its weight, shape (steps,)."""
        factor = self.scale if weight is None else self.scale * weight
        by_row = np.bincount(self.row, weights=factor, minlength=len(self.shapes))
        used = np.flatnonzero(by_row)
        total = np.zeros(self.steps)
        for start in range(0, len(used), _ROWS):
            some = used[start : start + _ROWS]
            total += by_row[some] @ self.shapes[some].astype(np.float64)
        return total

    def sums(self) -> Real:
        """The sum over all steps of each load, shape (loads,)."""
        return np.asarray(self.scale * self.shapes.sum(axis=1, dtype=np.float64)[self.row], np.float64)

    def highest(self) -> Real:
        """The highest value of each load, shape (loads,)."""
        top = np.where(self.scale >= 0.0, self.shapes.max(axis=1)[self.row], self.shapes.min(axis=1)[self.row])
        return np.asarray(self.scale * top, np.float64)

    def scaled(self, by: Real | float) -> Power:
        """Every load times its factor."""
        return Power(self.scale * by, self.row, self.shapes)

    def reshaped(self, change: Callable[[Series], Series]) -> Power:
        """Every series changed by a function that is linear in it, shape (series, steps) to the same."""
        return Power(self.scale, self.row, change(self.shapes))

    def taken(self, order: Ints) -> Power:
        """The powers of some loads, in this order."""
        return Power(self.scale[order], self.row[order], self.shapes)


def summed(powers: list[Power]) -> Power:
    """The sum of several powers of the same loads; loads whose sums are multiples of each other share a series.

    Powers that follow the same series alike are added by their factors, so that growth of a load leaves its series
    as it is.
    """
    terms = _merged(powers)
    if len(terms) == 1:
        return terms[0]
    scales = np.array([p.scale for p in terms])
    rows = np.array([np.where(p.scale != 0.0, p.row, -1) for p in terms])
    first = (scales != 0.0).argmax(axis=0)
    unit = scales[first, np.arange(scales.shape[1])]
    unit = np.where(unit == 0.0, 1.0, unit)
    ratios = scales / unit
    keys = np.concatenate([rows, np.round(ratios, 12)]).T
    _, example, row = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    shapes = np.empty((len(example), terms[0].steps), np.float32)
    for i, load in enumerate(example):
        shapes[i] = sum(ratios[k, load] * p.shapes[p.row[load]].astype(np.float64) for k, p in enumerate(terms)
                        if scales[k, load] != 0.0)  # fmt: skip
    return Power(np.where(scales.any(axis=0), unit, 0.0), row.reshape(-1), shapes)


def _merged(powers: list[Power]) -> list[Power]:
    merged: list[Power] = []
    for power in [p for p in powers if p.scale.any()] or powers[:1]:
        for i, known in enumerate(merged):
            if known.shapes is power.shapes and np.array_equal(known.row, power.row):
                merged[i] = Power(known.scale + power.scale, known.row, known.shapes)
                break
        else:
            merged.append(power)
    return merged
