"""Load as a function of calendar and weather: one additive regression per hour of the day, with a damped trend.

Each weather variable enters as a piecewise linear function with knots at quantiles of what was observed, so beyond the
last knot the load continues on a straight line; heat stored over hours and days enters only within its observed range.
The form is the recency model [1]_ with splines instead of cubics; the trend is shrunk by how well its length of record
identifies it, as growth of a single year is mostly noise of its level.

References
----------
.. [1] P. Wang, B. Liu, T. Hong, Electric load forecasting with recency effect, Int. J. Forecasting 32 (2016) 585-597.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

HEAT = ("temp_lag1", "temp_lag3", "temp_lag6", "temp_lag24", "mean24", "mean72", "mean168", "max24", "min24")
"""What the past hours have stored; a straight line beyond the observed range would count the same heat many times."""
KNOTS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
RIDGE = 30.0
LEVEL_NOISE = 0.010
"""Standard deviation of the level of a year that weather and calendar do not explain [share of the mean]."""
TREND_SPREAD = 0.014
"""Standard deviation over feeders of true growth [share per year], the prior of the trend."""


def shrinkage(years: float) -> float:
    """How much of an estimated trend is believed after so many years of record, 0 to 1 (empirical Bayes).

    The slope of n yearly levels with noise s has the variance 12 s2 / (n (n2 - 1)); below 1.5 years there is no slope.
    """
    if years < 1.5:
        return 0.0
    noise = 12 * LEVEL_NOISE**2 / (years * (years**2 - 1))
    return float(TREND_SPREAD**2 / (TREND_SPREAD**2 + noise))


def design(start: NDArray[np.datetime64], temp_c: Array, holiday: NDArray[np.bool_], timezone: str) -> pd.DataFrame:
    """Calendar and weather variables of every hour; rows as given, hourly and without gaps.

    Parameters
    ----------
    start : UTC starts of the hours.
    temp_c : air temperature [degree C]; the lagged variables of the first hours see what there is.
    holiday : whether the local day is a public holiday.
    timezone : IANA name; load follows the clock, not the sun.
    """
    stamps = pd.DatetimeIndex(start).tz_localize("UTC").tz_convert(timezone)
    day = stamps.tz_localize(None).normalize()
    temp = pd.Series(np.asarray(temp_c, float))
    days = pd.Series(holiday).groupby(day).max()
    found = {
        "hour": stamps.hour,
        "day_type": np.where(holiday, 6, stamps.day_of_week),
        "day_of_year": stamps.day_of_year,
        "holiday": holiday,
        "before": days.shift(-1, fill_value=False).reindex(day).to_numpy(),
        "after": days.shift(1, fill_value=False).reindex(day).to_numpy(),
        "years": (stamps.as_unit("s").asi8 / 86400.0) / 365.25,
        "temp": temp,
    }
    for lag in (1, 2, 3, 6, 12, 24, 48):
        found[f"temp_lag{lag}"] = temp.shift(lag).bfill()
    for hours in (6, 24, 48, 72, 168):
        found[f"mean{hours}"] = temp.rolling(hours, min_periods=1).mean()
    found["max24"] = temp.rolling(24, min_periods=1).max()
    found["min24"] = temp.rolling(24, min_periods=1).min()
    return pd.DataFrame({k: np.asarray(v, float) for k, v in found.items()})


def _bent(values: Array, knots: Array) -> Array:
    """A straight line and one that starts at every knot, shape (n, 1 + knots)."""
    return np.column_stack([values, *(np.maximum(values - k, 0.0) for k in knots)])


@dataclass(frozen=True)
class WeatherLoad:
    """A fitted regression: coefficients per hour of the day, and the range that it has seen."""

    knots: dict[str, Array]
    low: dict[str, float]
    high: dict[str, float]
    centre: Array
    scale: Array
    hour_centre: Array
    hour_mean: Array
    weights: Array
    annual: bool
    trend: Array
    """Growth of each hour of the day [kW per year], shrunk."""
    middle: float
    """Time to which the levels belong [years since 1970]."""

    def predict(self, x: pd.DataFrame) -> Array:
        """Load without trend [unit of the fitted load]."""
        hour = x["hour"].to_numpy(int)
        z = (_columns(x, self.knots, self.low, self.high, self.annual) - self.centre) / self.scale
        return np.asarray(self.hour_mean[hour] + ((z - self.hour_centre[hour]) * self.weights[hour]).sum(1))

    def growth(self, x: pd.DataFrame) -> Array:
        """What the damped trend adds to each hour [unit of the fitted load]."""
        return np.asarray(self.trend[x["hour"].to_numpy(int)] * (x["years"].to_numpy() - self.middle))

    def outside(self, x: pd.DataFrame) -> NDArray[np.bool_]:
        """Hours whose temperature or stored heat is beyond all that was fitted."""
        names = ("temp", "mean24", "mean72")
        found = np.zeros(len(x), bool)
        for name in names:
            values = x[name].to_numpy()
            found |= (values < self.low[name]) | (values > self.high[name])
        return found


def fit(x: pd.DataFrame, load: Array) -> WeatherLoad:
    """Fit rows of `design` to a load of any unit; rows whose load or temperature is missing are left out."""
    use = np.isfinite(load) & x.notna().all(axis=1).to_numpy()
    x, y = x[use], np.asarray(load, float)[use]
    names = ("temp", *HEAT)
    knots = {n: np.unique(np.quantile(x[n], KNOTS)) for n in names}
    low, high = {n: float(x[n].min()) for n in names}, {n: float(x[n].max()) for n in names}
    years = float(len(y)) / 8766.0
    annual = years > 0.8
    columns = _columns(x, knots, low, high, annual)
    centre, scale = columns.mean(0), columns.std(0)
    scale = np.where(scale > 1e-9 * (1 + np.abs(centre)), scale, np.inf)
    z = (columns - centre) / scale
    time = x["years"].to_numpy()
    middle, believed = float(time.mean()), shrinkage(years)
    hour = x["hour"].to_numpy(int)
    width = z.shape[1]
    hour_centre, weights = np.zeros((24, width)), np.zeros((24, width))
    hour_mean, trend = np.full(24, y.mean()), np.zeros(24)
    for h in np.unique(hour):
        own = hour == h
        if believed:
            clock = time[own] - middle
            slope = _ridge(np.column_stack([z[own], clock / time.std()]), y[own])[-1] / time.std()
            trend[h] = believed * slope
        flat = y[own] - trend[h] * (time[own] - middle)
        hour_centre[h], hour_mean[h] = z[own].mean(0), flat.mean()
        weights[h] = _ridge(z[own], flat)
    return WeatherLoad(knots, low, high, centre, scale, hour_centre, hour_mean, weights, annual, trend, middle)


def _ridge(z: Array, y: Array) -> Array:
    a = z - z.mean(0)
    return np.asarray(np.linalg.solve(a.T @ a + RIDGE * np.eye(a.shape[1]), a.T @ (y - y.mean())))


def _columns(
    x: pd.DataFrame, knots: dict[str, Array], low: dict[str, float], high: dict[str, float], annual: bool
) -> Array:
    temp, free = x["temp"].to_numpy(), (x["day_type"].to_numpy() >= 5).astype(float)[:, None]
    parts = [_bent(temp, knots["temp"])]
    parts += [_bent(np.clip(x[n].to_numpy(), low[n], high[n]), knots[n]) for n in HEAT]
    parts.append(parts[0][:, :-1] * free)
    parts.append(np.column_stack([x["day_type"] == d for d in range(7)]).astype(float))
    parts.append(x[["holiday", "before", "after"]].to_numpy())
    if annual:
        day = x["day_of_year"].to_numpy()
        angle = 2 * np.pi * day / 365.25
        waves = np.column_stack([f(i * angle) for i in (1, 2, 3) for f in (np.sin, np.cos)])
        turn = ((day >= 358) | (day <= 12)).astype(float)[:, None]
        mean24 = np.clip(x["mean24"].to_numpy(), low["mean24"], high["mean24"])[:, None]
        parts += [waves, waves * free, waves[:, :2] * mean24, waves[:, :2] * temp[:, None], turn, turn * free]
    return np.column_stack(parts)
