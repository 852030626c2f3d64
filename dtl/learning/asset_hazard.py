"""How often assets fail by their age: a Weibull hazard fitted to a register and what failed; and health by CNAIM.

The hazard of age a is the rate of the class times a^(k-1). With the age known at every failure, and assets watched only
while the record lasts (they enter old, and most never fail), its likelihood is that of a Poisson regression over
years of assets on the log of age (Holford 1980, Biometrics 36), so nothing is assumed of the years before the record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dtl.learning.insight import NotEnough

Array = NDArray[np.float64]
LEAST_EVENTS = 10
LEAST_SPREAD = 3.0
"""Standard deviation of the ages [years] below which age tells nothing."""
YOUNGEST = 0.5
"""Age at which the youngest count [years]."""
SHAPE_SD = 1.0
"""Spread of the shape about 1, no wear, before anything is seen."""
SHARED = 3.0
"""Failures after which a class's own rate counts half, before that of all does."""
Z90 = 1.6449

NEW, EXPECTED, WORST = 0.5, 5.5, 10.0
"""Health scores of CNAIM: of a new asset, at its expected life, and the worst."""
DUTY = ((50.0, 0.9), (70.0, 0.95), (100.0, 1.0), (np.inf, 1.4))
"""Duty factor of a distribution transformer by its highest utilisation [%]: each up to its bound (CNAIM 2.1, 2021)."""
LIFE = 55.0
"""Normal expected life of a distribution transformer, ground mounted [years] (the same)."""
C = 1.087
"""Shape of the probability of failure over the health score (the same)."""


@dataclass(frozen=True)
class Hazard:
    """Failures per unit of exposure and year by class at age 1, and the shape with its 90 % interval."""

    rate: dict[str, float]
    shape: float
    sd: float
    events: int

    @property
    def low(self) -> float:
        """Lower end of the interval of the shape."""
        return self.shape - Z90 * self.sd

    @property
    def high(self) -> float:
        """Upper end of it."""
        return self.shape + Z90 * self.sd

    def of(self, kind: pd.Series, age: Array, exposure: Array) -> Array:
        """Expected failures of assets per year; a class that was not fitted has none."""
        rate = kind.map(self.rate).fillna(0.0).to_numpy(float)
        return np.asarray(rate * exposure * np.maximum(age, YOUNGEST) ** (self.shape - 1), np.float64)


def fit(years: pd.DataFrame) -> Hazard | NotEnough:
    """The hazard of rows of asset and year: ``kind``, ``age`` at its middle, ``exposure`` (units or km), ``events``."""
    known = years[np.isfinite(years["age"].to_numpy(float)) & (years["exposure"].to_numpy(float) > 0)]
    total = int(known["events"].sum())
    if total < LEAST_EVENTS:
        return NotEnough(f"{total} failures of assets whose age is known, {LEAST_EVENTS} are needed")
    spread = float(known["age"].std())
    if spread < LEAST_SPREAD:
        return NotEnough(f"the assets are all about as old (standard deviation {spread:.1f} years)")
    line = np.log(np.maximum(known["age"].to_numpy(float), YOUNGEST))
    exposure, events = known["exposure"].to_numpy(float), known["events"].to_numpy(float)
    kinds, place = np.unique(known["kind"].astype(str).to_numpy(), return_inverse=True)
    failed = np.bincount(place, events, len(kinds))
    bent = 0.0
    for _ in range(100):
        weight = exposure * np.exp(bent * line)
        base, first, second = (np.bincount(place, weight * line**k, len(kinds)) for k in (0, 1, 2))
        mean = first / base
        slope = float((events * line).sum() - (failed * mean).sum() - bent / SHAPE_SD**2)
        bend = float((failed * (second / base - mean**2)).sum() + 1 / SHAPE_SD**2)
        bent += float(np.clip(slope / bend, -0.5, 0.5))
        if abs(slope / bend) < 1e-9:
            break
    base = np.bincount(place, exposure * np.exp(bent * line), len(kinds))
    common = total / base.sum()
    rate = (failed + SHARED) / (base + SHARED / common)
    return Hazard(dict(zip(kinds.tolist(), rate.tolist(), strict=True)), 1 + bent, bend**-0.5, total)


def health(age: Array, duty: Array, life: float = LIFE) -> Array:
    """Initial health score of CNAIM: 0.5 exp(beta age), at most 5.5, with beta = ln(11) / (life / duty)."""
    ageing = np.log(EXPECTED / NEW) / (life / duty)
    return np.asarray(np.minimum(EXPECTED, NEW * np.exp(ageing * np.maximum(age, 0.0))), np.float64)


def chance(score: Array, held: bool = True) -> Array:
    """Probability of failure of a score over that of a score of zero; ``held``: scores below 4 count as 4."""
    x = C * (np.maximum(score, 4.0) if held else score)
    return np.asarray(1 + x + x**2 / 2 + x**3 / 6, np.float64)


def duty(load_pct: Array) -> Array:
    """Duty factor by the highest utilisation of a transformer [%]; 1 where it is not known."""
    bounds, factors = (np.array(c) for c in zip(*DUTY, strict=True))
    return np.where(np.isfinite(load_pct), factors[np.searchsorted(bounds, np.nan_to_num(load_pct))], 1.0)
