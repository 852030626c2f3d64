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

    def reach(self, now: tuple[Values, Values], base: Values, hour: Ints, pre_existing: str) -> tuple[Real, Ints]:
        """Plant at which the first row meets its limit, in those of the second of two solved plants; and that row.

        The first plant is half of the second. Squares of voltages and currents are nearly quadratic in a plant. Both of
        shape (columns,); ``base`` has all hours, of which each column has one.
        """
        mode = kernels.CHANGE if self.change else _MODES[pre_existing]
        near, far, before = (np.ascontiguousarray(self.value(x)) for x in (*now, base))
        out, at = np.empty(len(hour)), np.empty(len(hour), np.int64)
        kernels.reach(
            before, hour, near, far, self.rows, self.limit, self.sign, self.worse, mode, self.power, out, at
        )  # fmt: skip
        return out, at

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
