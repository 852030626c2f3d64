"""One criterion of the power flow: what it judges, by which limit, and what a violation without the plant means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.hosting import kernels

Real = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAME = 1e-6
"""What rounding of a base may differ by."""


_MODES = {"counts": kernels.COUNTS, "only_if_worse": kernels.ONLY_IF_WORSE, "ignored": kernels.IGNORED}


@dataclass(frozen=True)
class Values:
    """What criteria judge, of a block: rows by columns.

    ``pu`` voltages, ``pct`` loadings, ``back_kw`` power towards the head, ``vuf_pct`` unbalance.
    """

    pu: Real
    pct: Real
    back_kw: Real
    vuf_pct: Real

    def of(self, columns: Ints) -> Values:
        """The values of some columns."""
        return Values(*(np.take(x, columns, axis=1) for x in (self.pu, self.pct, self.back_kw, self.vuf_pct)))


@dataclass(frozen=True)
class Rule:
    """One criterion of the power flow.

    ``value`` picks its values of a block, ``limit`` is theirs by row [same unit], and ``worse`` how much worse than
    the base counts. ``change`` says that it judges the difference from the base, ``sign`` -1 that it is a lower limit.
    ``power`` is the power of the value that is
    nearly quadratic in that of a plant. ``rows`` are the rows it judges, ``names`` the element of each.
    """

    criterion: str
    value: Callable[[Values], Real]
    rows: Ints
    names: tuple[str, ...]
    limit: Real
    worse: float = 0.0
    sign: float = 1.0
    change: bool = False
    power: float = 2.0

    def largest(self, now: Values, base: Values, hour: Ints, pre_existing: str, out: Real, at: Ints) -> None:
        """Fill in the largest excess of each column and its row among ``rows``; as `excess`, in one pass.

        ``base`` has all hours, of which each column has one.
        """
        mode = kernels.CHANGE if self.change else _MODES[pre_existing]
        value, before = np.ascontiguousarray(self.value(now)), self.value(base)
        kernels.largest(value, before, hour, self.rows, self.limit, self.sign, self.worse + _SAME, mode, out, at)

    def without(self, base: Values, hours: Ints) -> Real:
        """What the rows are without plants in some hours, shape (rows, hours)."""
        return np.ascontiguousarray(self.value(base)[np.ix_(self.rows, hours)], np.float64)

    def across(
        self, now: tuple[Values, Values], first: Real, sun: Real, there: tuple[Real, Real], pre_existing: str
    ) -> tuple[Real, Ints, Ints, Real, Ints]:
        """Plant at which a row meets its limit in the first of some hours, in those of the second of two solved plants.

        The first plant is half of the second; ``first`` are the rows without it in the hours of the columns, shape
        (columns, rows), ``there`` those of all hours and what a kilowatt gives in them, ``sun`` that of the columns.
        Squares of voltages and currents are nearly quadratic in a plant, and hours differ by where the quadratics
        begin. Returned with row and number of the hour, and plant and row in the hour of the column alone; each of
        shape (columns,).
        """
        mode = kernels.CHANGE if self.change else _MODES[pre_existing]
        near, far = (np.ascontiguousarray(self.value(x)[self.rows].T) for x in now)
        (out, own), (at, when, mine) = np.empty((2, len(sun))), np.empty((3, len(sun)), np.int64)
        kernels.across(
            first, near, far, sun, *there, self.limit, self.sign, self.worse, mode, self.power, out, at, when, own, mine
        )
        return out, at, when, own, mine

    def excess(self, now: Values, base: Values, pre_existing: str) -> Real:
        """How far each row lies above its limit, shape (rows, columns)."""
        found = self.value(now)[self.rows]
        limit = self.limit[:, None]
        if self.change:
            return np.asarray(np.abs(found - self.value(base)[self.rows]) - limit)
        value = self.sign * found
        if pre_existing == "counts":
            return np.asarray(value - limit)
        before = self.sign * self.value(base)[self.rows]
        if pre_existing == "ignored":
            return np.where(before > limit, -np.inf, value - limit)
        return np.asarray(value - np.where(before > limit, before + (self.worse + _SAME), limit))
