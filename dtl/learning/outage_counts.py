"""Interruptions expected on each day from its weather, told from earlier years, at the level of the last 12 months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.linear_model import PoissonRegressor  # type: ignore[import-untyped]

from dtl.learning.insight import NotEnough
from dtl.learning.outage_days import CAP, COUNTS, FIRST_YEARS, RECENT_DAYS, grown, smooth, usable
from dtl.plural import many

Array = NDArray[np.float64]
LEAST_EVENTS = 50
"""Interruptions, in the years before the first that is told, below which nothing is fitted."""
LEVEL_PRIOR = 150.0
"""Interruptions expected in the window before what came in it moves the level by half."""
PENALTY = 1.0
"""Weight of the penalty of the splines."""


@dataclass(frozen=True)
class CountTest:
    """By day that was told: interruptions that came, expected ones, and the factor of the level in them."""

    came: pd.Series
    expected: pd.Series
    level: pd.Series

    @property
    def explained(self) -> float:
        """Share of the Poisson deviance that is less than that of the mean of the days told (D squared)."""
        mean = pd.Series(float(self.came.mean()), self.came.index)
        return 1.0 - deviance(self.came, self.expected) / deviance(self.came, mean)


def deviance(came: pd.Series, expected: pd.Series) -> float:
    """Poisson deviance of counts (McCullagh and Nelder 1989)."""
    n, mean = came.to_numpy(float), expected.to_numpy(float)
    ratio = np.where(n > 0, n / mean, 1.0)
    return float(2 * (n * np.log(ratio) - (n - mean)).sum())


def count_test(
    known: pd.DataFrame, counts: pd.Series, first: int | None = None, seed: int = 0
) -> CountTest | NotEnough:
    """Expected interruptions by day, those of each year from models of the years before alone.

    Two members, boosted trees and splines with a logarithmic link, are averaged on the log scale, each month at the
    level of the 12 months before it. ``known``: rows of `outage_days.features`; ``counts``: interruptions by day on the
    same index; ``first``: first year that is told, else the fourth calendar year.
    """
    year = pd.DatetimeIndex(known.index).year.to_numpy()
    first = first or int(year.min()) + FIRST_YEARS + 1
    if first - 1 <= year.min() or year.max() < first:
        return NotEnough(
            f"{many(len(set(year)), 'calendar years')} of interruptions with weather, counts by day need "
            f"{FIRST_YEARS + 2}"
        )
    before = counts[year < first - 1]
    if before.sum() < LEAST_EVENTS:
        there = many(int(before.sum()), "interruptions")
        return NotEnough(f"{there} before {first - 1}, counts by day need {LEAST_EVENTS}")
    came = counts[year >= first]
    if came.nunique() < 2:
        return NotEnough(f"from {first} on every day has {many(int(came.iloc[0]), 'interruptions')}")
    told = pd.Series(np.nan, known.index)
    for now in range(first - 1, int(year.max()) + 1):
        if (year == now).any():
            told[year == now] = _members(known[year < now], counts[year < now], known[year == now], seed)
    level = _levels(told, counts, first)
    return CountTest(came, (told * level)[came.index], level[came.index])


def _members(known: pd.DataFrame, counts: pd.Series, asked: pd.DataFrame, seed: int) -> Array:
    """Expected interruptions of the days asked; weather beyond all that was fitted counts as the worst that was.

    One wrong reading of a gust would else bring more interruptions than any day had.
    """
    known, asked = usable(known, asked)
    trees = grown(known, counts, COUNTS, seed).predict(xgb.DMatrix(asked))
    link = PoissonRegressor(alpha=PENALTY, max_iter=1000)
    splines = smooth(link, known, counts.clip(upper=CAP), "constant").predict(asked.fillna(known.median()))
    return np.asarray(np.sqrt(trees * splines), np.float64)


def _levels(told: pd.Series, counts: pd.Series, first: int) -> pd.Series:
    """By day the mean of a gamma distribution of mean 1 after what came in the 12 months before its month."""
    index = pd.DatetimeIndex(told.index)
    level = pd.Series(1.0, index)
    months = index.to_period("M")
    for month in months[index.year >= first].unique():
        start = month.start_time
        window = (index < start) & (index >= start - pd.Timedelta(days=RECENT_DAYS))
        level[months == month] = (LEVEL_PRIOR + counts[window].sum()) / (LEVEL_PRIOR + told[window].sum())
    return level
