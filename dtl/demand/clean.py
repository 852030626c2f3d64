"""Gaps in the series of transformers are filled by two declared rules, in this order, and each filled hour is listed.

1. ``meters``: where meters with at least `HALF` of the energy are present, theirs is divided by their share.
2. ``days``: else the mean of the same step of the nearest days of the same type (weekday or weekend) that rule 1 or
   full measurement covers, `DAYS` of them at most, none more than `WINDOW` days away.

What neither rule reaches stays uncovered: the demand of those steps comes from the next origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.aggregate import Aggregate, Reals
from dtl.demand.calendar import Calendar

HALF = 0.5
"""Least share of the energy that stands for the rest."""
WHOLE = 0.9995
"""Share of the energy from which on a step counts as measured."""
DAYS, WINDOW = 4, 14
MEASURED, METERS, NEIGHBOURS, UNCOVERED = range(4)
"""Where the energy of a step is from."""


@dataclass(frozen=True)
class Cleaned:
    """Series by key without gaps where the rules reach, nan elsewhere; arrays have the shape (keys, steps)."""

    aggregate: Aggregate
    kw: Reals
    kvar: Reals
    basis: NDArray[np.uint8]
    """`MEASURED`, `METERS`, `NEIGHBOURS` or `UNCOVERED`."""

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Whether each key has a value in every step, shape (keys,)."""
        return np.asarray((self.basis != UNCOVERED).all(axis=1))

    def table(self, feeder: str) -> pa.Table:
        """What was measured and what was filled, by transformer and class: the table ``coverage``."""
        hours = self.aggregate.step_min / 60.0
        energy = np.nan_to_num(self.kw) * hours
        measured = np.where(self.basis == NEIGHBOURS, 0.0, self.aggregate.kwh)
        columns: dict[str, Any] = {
            "feeder": [feeder] * len(self.kw),
            "transformer": [t for t, _ in self.aggregate.keys],
            "customer_class": [c for _, c in self.aggregate.keys],
            "meters": self.aggregate.meters,
        }
        for name, basis in (("measured", MEASURED), ("meters", METERS), ("days", NEIGHBOURS), ("uncovered", UNCOVERED)):
            columns[f"{name}_h"] = (self.basis == basis).sum(axis=1) * hours
        columns["measured_kwh"] = np.where(self.basis == UNCOVERED, 0.0, measured).sum(axis=1)
        columns["meters_kwh"] = np.where(self.basis == METERS, energy - measured, 0.0).sum(axis=1)
        columns["days_kwh"] = np.where(self.basis == NEIGHBOURS, energy, 0.0).sum(axis=1)
        columns["unused_kwh"] = self.aggregate.kwh.sum(axis=1) - columns["measured_kwh"]
        return tables.frame("coverage", columns)


def clean(found: Aggregate, calendar: Calendar) -> Cleaned:
    """Fill the gaps of an aggregate by the rules of this module; kW are means of a step."""
    hours = found.step_min / 60.0
    share = found.share.astype(np.float64)
    enough = share >= HALF
    scale = np.where(enough, np.where(share >= WHOLE, 1.0, share), np.nan)
    kw, kvar = found.kwh / hours / scale, found.kvarh / hours / scale
    basis = np.where(share >= WHOLE, MEASURED, np.where(enough, METERS, UNCOVERED)).astype(np.uint8)
    _from_days(kw, kvar, basis, calendar.weekday[::24] >= 5)
    return Cleaned(found, kw, kvar, basis)


def _from_days(kw: Reals, kvar: Reals, basis: NDArray[np.uint8], weekend: NDArray[np.bool_]) -> None:
    """Fill all keys in place by rule 2."""
    days = len(weekend)
    by_day, reactive = (values.reshape(len(kw), days, -1) for values in (kw, kvar))
    known = ~np.isnan(by_day)
    told = np.asarray(known.any(axis=2))
    near = np.array([np.convolve(row, np.ones(2 * WINDOW + 1), "same") > 0.0 for row in told]).reshape(told.shape)
    key, day = np.nonzero(near & ~known.all(axis=2))
    total_kw, total_kvar = np.zeros((2, len(key), known.shape[2]))
    number = np.zeros(total_kw.shape, np.int64)
    for away in range(1, WINDOW + 1):
        for shift in (-away, away):
            rows = np.flatnonzero((day + shift >= 0) & (day + shift < days))
            rows = rows[weekend[day[rows] + shift] == weekend[day[rows]]]
            rows = rows[told[key[rows], day[rows] + shift]]
            other = key[rows], day[rows] + shift
            fits = known[other] & (number[rows] < DAYS)
            total_kw[rows] += np.where(fits, by_day[other], 0.0)
            total_kvar[rows] += np.where(fits, reactive[other], 0.0)
            number[rows] += fits
    row, step = np.nonzero(~known[key, day] & (number > 0))
    there = key[row], day[row], step
    by_day[there] = total_kw[row, step] / number[row, step]
    reactive[there] = total_kvar[row, step] / number[row, step]
    basis.reshape(by_day.shape)[there] = NEIGHBOURS
