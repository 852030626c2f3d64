"""Interruptions to come by feeder: rates shrunk to their common mean, with the spread of counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
FLOOR = 0.25
"""Least variance of rates between feeders, as a share of the squared mean over the number of feeders."""


@dataclass(frozen=True)
class Rates:
    """The gamma distribution of rates: ``a`` events in ``b`` units of exposure before anything was seen."""

    a: float
    b: float

    def rate(self, events: Array, exposure: Array) -> Array:
        """Expected rate: (a + events) / (b + exposure)."""
        return np.asarray((self.a + events) / (self.b + exposure), np.float64)

    def ahead(self, events: Array, exposure: Array, span: float, share: float = 0.9) -> tuple[Array, Array, Array]:
        """Expected events in a further `span` of exposure, and the central interval (negative binomial)."""
        a, b = self.a + events, self.b + exposure
        tail = (1 - share) / 2
        low, high = (stats.nbinom.ppf(q, a, b / (b + span)) for q in (tail, 1 - tail))
        return np.asarray(a / b * span, np.float64), np.asarray(low, np.float64), np.asarray(high, np.float64)


def rates(events: Array, exposure: Array) -> Rates:
    """The gamma of feeders, by moments (Carlin and Louis 2008): the spread beyond chance is between them."""
    mean = float(events.sum() / exposure.sum())
    spread = float(np.average((events / exposure - mean) ** 2, weights=exposure))
    chance = mean * len(events) / float(exposure.sum())
    between = max(spread - chance, FLOOR * mean**2 / len(events))
    return Rates(mean**2 / between, mean / between)
