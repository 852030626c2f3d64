"""Load of every hour under given weather, with quantiles: a regression and boosted trees, conformally calibrated.

Three members are averaged: the regression, trees on the load, and the regression with trees on its residual. Trees hold
their last value beyond what they have seen, the regression goes on in a straight line: their mean lies between, their
spread widens the interval there, and the answer says so. Quantiles are those of errors at hours that were left out of
the fit in whole blocks of 14 days, in units of the error expected at that hour and temperature [1]_, widened by what no
block of the same year can show: the level of another year.

References
----------
.. [1] J. Lei, M. G'Sell, A. Rinaldo, R. J. Tibshirani, L. Wasserman, Distribution-free predictive inference for
   regression, J. American Statistical Association 113 (2018) 1094-1111, section 5.2 (locally weighted).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from xgboost import XGBRegressor

from dtl.learning import weather_load
from dtl.learning.insight import NotEnough
from dtl.learning.weather_load import LEVEL_NOISE, TREND_SPREAD, Array, WeatherLoad, shrinkage

LEVELS = np.arange(1, 100) / 100.0
BLOCK_DAYS, FOLDS = 14, 4
LEAST_DAYS = 60
LEAST_SPREAD_C = 2.0
"""Range of temperature (5 to 95 per cent) below which its effect cannot be told from the calendar's [degree C]."""
_SEEN = ("temp", "day_type", "hour", "month")


@dataclass(frozen=True)
class Ensemble:
    """The three members, fitted."""

    base: WeatherLoad
    direct: XGBRegressor
    residual: XGBRegressor
    mean: float

    def members(self, x: pd.DataFrame) -> Array:
        """Load by member [unit of the fitted load], shape (3, n)."""
        base, plain = self.base.predict(x), _inputs(x)
        direct = self.direct.predict(plain) * self.mean
        residual = base + self.residual.predict(plain) * self.mean
        return np.asarray(np.stack([base, direct, residual]) + self.base.growth(x), float)


@dataclass(frozen=True)
class Answer:
    """Load under given weather; arrays of one value per hour, in the unit of the fitted load."""

    load: Array
    quantiles: Array
    """Shape (n, 99): the quantiles 0.01 to 0.99, never crossing."""
    extrapolated: NDArray[np.bool_]
    """Hours whose temperature or stored heat lies outside all that was fitted."""

    def between(self, share: float) -> tuple[Array, Array]:
        """The central interval that holds a share of the hours, in steps of 0.02."""
        k = round((1 - share) / 2 * 100) - 1
        return self.quantiles[:, k], self.quantiles[:, 98 - k]


@dataclass(frozen=True)
class LoadModel:
    """A fitted load with its calibrated errors."""

    ensemble: Ensemble
    scales: dict[str, dict[int, float]]
    edges: Array
    typical: float
    scores: Array
    """Errors of hours left out, in units of their expected size, sorted."""
    left_out_mape_pct: float
    days: float

    def predict(self, x: pd.DataFrame) -> Answer:
        """The load of rows of `weather_load.design`; where the temperature is missing the answer is nan."""
        members = self.ensemble.members(x)
        load, outside = members.mean(0), self.ensemble.base.outside(x)
        size = self.typical * _size(_keys(x, self.edges), self.scales, len(x))
        apart = np.where(outside, np.ptp(members, axis=0) / 2, 0.0)
        level = self.ensemble.mean * self._level(x)
        wider = np.sqrt(1 + (level**2 + apart**2) / (size * self.scores.std()) ** 2)
        quantiles = load[:, None] + (size * wider)[:, None] * np.quantile(self.scores, LEVELS)
        missing = x["temp"].isna().to_numpy()
        load[missing], quantiles[missing] = np.nan, np.nan
        return Answer(load, quantiles, outside)

    def _level(self, x: pd.DataFrame) -> Array:
        """Standard deviation of the level at a time, by the doubt about trend and year [share of the mean]."""
        ahead = np.abs(x["years"].to_numpy() - self.ensemble.base.middle)
        slope = TREND_SPREAD**2 * (1 - shrinkage(self.days / 365.25))
        return np.asarray(np.sqrt(LEVEL_NOISE**2 + slope * ahead**2))


def _inputs(x: pd.DataFrame) -> pd.DataFrame:
    return x.drop(columns="years")


def _trees(x: pd.DataFrame, y: Array, depth: int, rounds: int, seed: int) -> XGBRegressor:
    trees = XGBRegressor(
        n_estimators=rounds,
        learning_rate=0.05,
        max_depth=depth,
        min_child_weight=10,
        subsample=0.7,
        colsample_bytree=0.6,
        reg_lambda=2.0,
        tree_method="hist",
        n_jobs=1,
        random_state=seed,
    )
    return trees.fit(_inputs(x), y)


def ensemble(x: pd.DataFrame, load: Array, seed: int = 0) -> Ensemble:
    """Fit the three members to rows of `weather_load.design` without missing values."""
    base = weather_load.fit(x, load)
    mean = float(np.abs(load).mean())
    flat = load - base.growth(x)
    direct = _trees(x, flat / mean, 6, 400, seed)
    return Ensemble(base, direct, _trees(x, (flat - base.predict(x)) / mean, 5, 300, seed), mean)


def fit(x: pd.DataFrame, load: Array, seed: int = 0) -> LoadModel | NotEnough:
    """Fit a load to calendar and weather, or say why that cannot be.

    Parameters
    ----------
    x : rows of `weather_load.design`, hourly.
    load : mean load of each hour, nan where missing; any unit, negative where power flows back.
    seed : of the trees.
    """
    load = np.asarray(load, float)
    use = np.isfinite(load) & x.notna().all(axis=1).to_numpy()
    why = _lacks(x, load, use)
    if why:
        return NotEnough(why)
    x, load = x[use].reset_index(drop=True), load[use]
    day = np.floor(x["years"].to_numpy() * 365.25)
    fold = ((day - day[0]) // BLOCK_DAYS).astype(int) % FOLDS
    error = np.empty(len(load))
    for k in range(FOLDS):
        out = fold == k
        error[out] = load[out] - ensemble(x[~out], load[~out], seed).members(x[out]).mean(0)
    edges = np.unique(np.quantile(x["temp"], (0.1, 0.25, 0.5, 0.75, 0.9, 0.97)))
    typical = float(np.abs(error).mean())
    scales = _scales(_keys(x, edges), np.abs(error) / typical)
    scores = np.sort(error / (typical * _size(_keys(x, edges), scales, len(x))))
    near = np.abs(load) > 0.01 * np.abs(load).mean()
    mape = 100 * float(np.mean(np.abs(error[near] / load[near])))
    return LoadModel(ensemble(x, load, seed), scales, edges, typical, scores, mape, len(load) / 24)


def _lacks(x: pd.DataFrame, load: Array, use: NDArray[np.bool_]) -> str:
    """Why a load cannot be fitted; empty if it can."""
    if use.sum() < 24 * LEAST_DAYS:
        return f"{use.sum() / 24:.0f} days have load and temperature, {LEAST_DAYS} are needed"
    if use.mean() < 0.5:
        return f"load or temperature is missing in {100 * (1 - use.mean()):.0f} % of the hours"
    if not np.any(load[use]):
        return "the load is zero in every hour"
    if (zeros := float((load[use] == 0).mean())) > 0.5:
        return f"the load is zero in {100 * zeros:.0f} % of the hours"
    if np.ptp(load[use]) <= 1e-6 * np.abs(load[use]).max():
        return "the load never changes"
    spread = float(np.ptp(np.quantile(x["temp"][use], (0.05, 0.95))))
    if spread < LEAST_SPREAD_C:
        return f"the temperature varies by {spread:.1f} degree C only, so its effect cannot be seen"
    return ""


def _keys(x: pd.DataFrame, edges: Array) -> dict[str, NDArray[np.int64]]:
    """Classes of hours whose errors differ in size."""
    return {
        "temp": np.digitize(x["temp"], edges),
        "day_type": (x["day_type"].to_numpy() >= 5).astype(int),
        "hour": x["hour"].to_numpy(int),
        "month": ((x["day_of_year"].to_numpy() - 1) // 30.5).astype(int),
    }


def _size(keys: dict[str, NDArray[np.int64]], scales: dict[str, dict[int, float]], n: int) -> Array:
    size = np.ones(n)
    for name in _SEEN:
        size *= np.asarray([scales[name].get(int(v), 1.0) for v in keys[name]])
    return size


def _scales(keys: dict[str, NDArray[np.int64]], error: Array) -> dict[str, dict[int, float]]:
    """Factors whose product is the size of the error; rare classes are shrunk to 1 by a hundred hours."""
    scales: dict[str, dict[int, float]] = {name: {} for name in _SEEN}
    size = np.ones(len(error))
    for _ in range(3):
        for name in _SEEN:
            ratio = error / size
            for value in np.unique(keys[name]):
                own = keys[name] == value
                factor = float((ratio[own].sum() + 100) / (own.sum() + 100))
                scales[name][int(value)] = scales[name].get(int(value), 1.0) * factor
                size[own] *= factor
    return scales
