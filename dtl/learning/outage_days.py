"""Days with many interruptions, from weather: two models of counts and events, calibrated on years they did not see."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
from sklearn.preprocessing import SplineTransformer, StandardScaler  # type: ignore[import-untyped]

from dtl.learning.insight import NotEnough

Array = NDArray[np.float64]
MANY_SHARE = 0.1
"""A busy day has a number of interruptions that about this share of days reaches."""
FIRST_YEARS, LEAST_EVENTS = 2, 15
"""Years before the first that is predicted, and busy days in them, below which nothing is fitted."""
CAP = 10.0
"""Interruptions of a day beyond which the fit counts no more: a storm is one event."""
RECENT_DAYS, PRIOR_SD = 365, 0.5
"""Window of the rolling base rate, and how far the log-odds may move before the window has to show it."""
SHIFT_DAYS, SHIFT_GAIN = 2, 0.2
RISING = ("wind_max", "wind_mean", "gust_max", "rain", "rain_7", "thunder", "snow", "wind_3", "n_1", "n_3", "n_7")
"""Features with which the risk only rises."""
TREES = {"max_depth": 3, "eta": 0.03, "subsample": 0.8, "colsample_bytree": 0.5, "min_child_weight": 5, "lambda": 5,
         "nthread": 1, "tree_method": "hist"}  # fmt: skip
COUNTS = {"objective": "count:poisson", "max_delta_step": 0.7}
ROUNDS = 300
KNOWN_SHARE = 0.5
"""Share of the days fitted on which a feature has to be known."""


def aligned(gust: pd.Series, wind: pd.Series) -> tuple[pd.Series, int]:
    """The gusts on the days whose wind they fit, and by how many days they were moved.

    A day's gust cannot be below its highest wind: where it often is and a shift by a day or two correlates clearly
    better, the column was written against the wrong days.
    """
    fits = {days: float(gust.shift(days).corr(wind)) for days in range(-SHIFT_DAYS, SHIFT_DAYS + 1)}
    best = max(fits, key=lambda days: (fits[days], -abs(days)))
    wrong = float((gust < wind).mean()) > 0.05
    days = best if wrong and fits[best] > fits[0] + SHIFT_GAIN else 0
    return gust.shift(days), days


def features(weather: pd.DataFrame, counts: pd.Series) -> pd.DataFrame:
    """What is known of each day: its weather, that of the days before, the season, and interruptions until yesterday.

    ``weather`` has a row per day and any of ``wind_max``, ``wind_mean``, ``gust_max``, ``rain``, ``temp_max``,
    ``temp_min``, ``humidity``, ``humidity_min``, ``humidity_max``, ``thunder``, ``snow``; ``counts`` are interruptions
    by day on the same index.
    """
    found = weather.copy()
    if {"gust_max", "wind_max"} <= set(found):
        found["gust_max"] = aligned(found["gust_max"], found["wind_max"])[0]
    if "rain" in found:
        found["rain_7"] = found["rain"].rolling(7, 1).sum()
        found["rain_30"] = found["rain"].rolling(30, 1).sum()
    for name in sorted({"wind_max", "gust_max"} & set(found)):
        found[f"{name}_before"] = found[name].shift(1)
    if "wind_max" in found:
        found["wind_3"] = found["wind_max"].rolling(3, 1).max()
        found["wind_rank"] = found["wind_max"].rolling(365, 60).rank(pct=True)
    if {"humidity_max", "humidity_min"} <= set(found):
        found["humidity_swing"] = found["humidity_max"] - found["humidity_min"]
    if {"temp_max", "temp_min"} <= set(found):
        found["swing"] = found["temp_max"] - found["temp_min"]
        found["warmer"] = found["temp_max"].diff()
        mean = (found["temp_max"] + found["temp_min"]) / 2
        found["mean_3"] = mean.rolling(3, 1).mean()
        found["warmer_30"] = mean - mean.rolling(30, 1).mean()
    turn = 2 * np.pi * pd.DatetimeIndex(found.index).day_of_year.to_numpy() / 365.25
    found["sin"], found["cos"] = np.sin(turn), np.cos(turn)
    for days in (1, 3, 7):
        found[f"n_{days}"] = counts.clip(upper=2 * CAP).shift(1).rolling(days, 1).mean()
    return found.dropna(axis=1, how="all")


@dataclass(frozen=True)
class BackTest:
    """Probability of a busy day of each day that was predicted, whether it was one, from how many on, and base rate."""

    chance: pd.Series
    busy: pd.Series
    least: int
    usual: float


def back_test(
    known: pd.DataFrame, counts: pd.Series, first: int | None = None, least: int = 0, seed: int = 0
) -> BackTest | NotEnough:
    """Probabilities of busy days by year, each from models of the years before alone.

    Three members (boosted trees of counts and of busy days, splines with a logistic link) are averaged on the log
    scale; level and slope are fitted (Platt) on what they said of earlier years, and the level of each month follows
    the 12 months before it. ``first``: first year that is given out; ``least``: interruptions of a busy day, else by
    rule from the years before.
    """
    years = sorted(set(pd.DatetimeIndex(known.index).year))
    year = pd.DatetimeIndex(known.index).year.to_numpy()
    start = years[0] + FIRST_YEARS
    first = first or start + 1
    before = counts[year < first]
    if not len(before) or years[-1] < first:
        return NotEnough(
            f"{len(years)} calendar years of interruptions with weather, a back-test needs {FIRST_YEARS + 2}"
        )
    many = _many(before)
    least = least or many
    fitted, busy = (counts >= many).astype(int), (counts >= least).astype(int)
    for seen, days, number, why in (
        (fitted[year < start], "first two years", many, "fit"),
        (busy[(year >= start) & (year < first)], "years before the first one told", least, "calibration"),
    ):
        events = int(seen.sum())
        if min(events, len(seen) - events) < LEAST_EVENTS:
            text = f"{events} of {len(seen)} days with {number} or more interruptions in the {days}"
            return NotEnough(f"{text}, the {why} needs {LEAST_EVENTS} with and without")
    score = pd.Series(np.nan, known.index)
    chance = pd.Series(np.nan, known.index)
    for now in [y for y in years if y >= start]:
        past, own = year < now, year == now
        score[own] = _scores(known[past], counts[past], fitted[past], known[own], seed)
        seen = past & score.notna().to_numpy()
        if now >= first:
            line = LogisticRegression(C=1e3).fit(score[seen].to_numpy()[:, None], busy[seen])
            odds = pd.Series(line.decision_function(score[seen | own].to_numpy()[:, None]), known.index[seen | own])
            chance[own] = _rolling(odds, busy[seen | own], now)
    told = chance.notna()
    return BackTest(chance[told], busy[told], least, float(busy[~told].mean()))


def _many(counts: pd.Series) -> int:
    """The number of interruptions whose share of days is nearest to one in ten, on the log scale."""
    shares = {n: float((counts >= n).mean()) for n in range(1, int(counts.max()) + 1)}
    return min(shares, key=lambda n: (abs(np.log(shares[n] / MANY_SHARE)), n)) if shares else 1


def _scores(known: pd.DataFrame, counts: pd.Series, busy: pd.Series, asked: pd.DataFrame, seed: int) -> Array:
    """Mean of the members' log expectation and log odds, shape (days asked,)."""
    known, asked = usable(known, asked)
    number = grown(known, counts.clip(upper=CAP), COUNTS, seed).predict(xgb.DMatrix(asked))
    split = grown(known, busy, {"objective": "binary:logistic"}, seed)
    sides = split.predict(xgb.DMatrix(asked), output_margin=True)
    odds = smooth(LogisticRegression(C=0.003, max_iter=500), known, busy).decision_function(
        asked.fillna(known.median())
    )
    return np.asarray((np.log(number) + sides + np.clip(odds, -9, 9)) / 3, np.float64)


def usable(known: pd.DataFrame, asked: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both with the features that are known on enough of the days that are fitted."""
    columns = known.columns[known.notna().mean() >= KNOWN_SHARE]
    return known[columns], asked[columns]


def grown(known: pd.DataFrame, target: pd.Series, aim: Mapping[str, Any], seed: int) -> xgb.Booster:
    """Boosted trees that rise with the features in `RISING`."""
    rising = str(tuple(int(column in RISING) for column in known))
    words = {**TREES, "seed": seed, "monotone_constraints": rising, **aim}
    return xgb.train(words, xgb.DMatrix(known, target), ROUNDS)


def smooth(link: Any, known: pd.DataFrame, target: pd.Series, beyond: str = "linear") -> Any:
    """Splines of each feature under a regression of scikit-learn, a missing value at the median of its feature.

    ``beyond``: how they go on beyond what was fitted, ``linear`` or ``constant``.
    """
    fitted = make_pipeline(
        SplineTransformer(4, degree=2, knots="quantile", extrapolation=beyond), StandardScaler(), link
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fitted.fit(known.fillna(known.median()), target)


def _rolling(odds: pd.Series, busy: pd.Series, year: int) -> Array:
    """Probabilities of the days of a year, the level of each month moved to the 12 months before it."""
    index = pd.DatetimeIndex(odds.index)
    own = index[index.year == year]
    moves = {}
    for month in sorted(set(own.month)):
        start = pd.Timestamp(year, month, 1)
        recent = (index < start) & (index >= start - pd.Timedelta(days=RECENT_DAYS))
        moves[month] = _level(odds[recent].to_numpy(float), busy[recent].to_numpy(float))
    move = np.asarray([moves[month] for month in own.month], np.float64)
    return np.asarray(1 / (1 + np.exp(-odds[own].to_numpy(float) - move)), np.float64)


def _level(odds: Array, busy: Array) -> float:
    """Most probable shift of log-odds under a normal prior about zero (Newton's method)."""
    move = 0.0
    for _ in range(20):
        p = 1 / (1 + np.exp(-odds - move))
        move += float((busy - p).sum() - move / PRIOR_SD**2) / float((p * (1 - p)).sum() + 1 / PRIOR_SD**2)
    return move


def brier_skill(chance: Array, busy: Array, usual: float) -> float:
    """Share of the mean squared error that is less than that of always saying `usual`."""
    return float(1 - ((chance - busy) ** 2).mean() / ((usual - busy) ** 2).mean())
