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
    weekend = calendar.weekday[::24] >= 5
    for key in np.flatnonzero((basis == UNCOVERED).any(axis=1) & enough.any(axis=1)):
        _from_days(kw[key], kvar[key], basis[key], weekend)
    return Cleaned(found, kw, kvar, basis)


def _from_days(kw: Reals, kvar: Reals, basis: NDArray[np.uint8], weekend: NDArray[np.bool_]) -> None:
    """Fill one key in place by rule 2."""
    days = len(weekend)
    by_day, reactive = kw.reshape(days, -1), kvar.reshape(days, -1)
    known = ~np.isnan(by_day)
    near = np.convolve(known.any(axis=1), np.ones(2 * WINDOW + 1), "same") > 0.0
    lacking = np.flatnonzero(near & ~known.all(axis=1))
    total_kw, total_kvar = np.zeros((2, len(lacking), known.shape[1]))
    number = np.zeros(total_kw.shape, np.int64)
    for away in range(1, WINDOW + 1):
        for shift in (-away, away):
            other = lacking + shift
            inside = (other >= 0) & (other < days)
            other = np.where(inside, other, 0)
            fits = (inside & (weekend[other] == weekend[lacking]))[:, None] & known[other] & (number < DAYS)
            if not fits.any():
                continue
            total_kw += np.where(fits, by_day[other], 0.0)
            total_kvar += np.where(fits, reactive[other], 0.0)
            number += fits
    fill = ~known[lacking] & (number > 0)
    day, step = np.nonzero(fill)
    by_day[lacking[day], step] = total_kw[fill] / number[fill]
    reactive[lacking[day], step] = total_kvar[fill] / number[fill]
    basis.reshape(days, -1)[lacking[day], step] = NEIGHBOURS
