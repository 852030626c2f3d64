"""Heat that homes need: over the year by temperature, over the day by hour, and what a heat pump takes for it.

- Daily heat by the sigmoid of the German gas load profiles (BDEW, VKU, GEODE 2011), for the mean household.
- Heat within the day by a formula of ours with two broad peaks that grow steeper in mild weather; against the hourly
  factors of the same profiles for single-family houses, up to 20 degrees C, it is within 6 % of the mean hour (RMSE).
- Coefficients of performance by the regressions of When2Heat (Ruhnau, Hirth and Praktiknjo 2019, Scientific Data 6:189)
  with its field correction of 0.85.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

FIELD = 0.85
"""Measured coefficient of performance over that of the test bench."""
LEAST_LIFT_K = 15.0
COP = {"air_heat_pump": (6.08, -0.0941, 0.000464), "ground_heat_pump": (10.29, -0.2084, 0.001322)}
"""Coefficients of 1, the lift and its square, by technology."""
RADIATOR_C, HOT_WATER_C, GROUND_COOLER_K = 40.0, 50.0, 5.0
"""Temperatures of the sinks (radiators: less the air's), and how much colder than the soil the ground's brine is."""
_SIGMOID = (3.05, -37.18, 5.67)
_COLD = (1.53, 1.03, 2.43, 2.40)
_MILD = (-0.47, 1.26, 1.27, 1.33)
"""Base and heights of the morning, evening and midday humps in the coldest and in mild weather."""
_HUMPS = ((6.6, 1.2), (19.5, 2.9), (10.0, 4.5))
"""Hour and width of the humps."""
_TURN_C, _TURN_WIDTH_K = 8.85, 6.06


def of_days(mean_c: Real) -> Real:
    """Heat of days by their mean temperature, relative to each other; below 40 degrees C."""
    a, b, c = _SIGMOID
    return np.asarray(a / (1.0 + (b / (np.minimum(mean_c, 39.0) - 40.0)) ** c), np.float64)


def of_hours(mean_c: Real, clock_hour: Real) -> Real:
    """Share of the day's heat in each hour, shape (days, 24).

    Parameters
    ----------
    mean_c
        Mean temperature of each day, shape (days,).
    clock_hour
        Start of each hour on the clock, shape (days, 24).
    """
    mild = 1.0 / (1.0 + np.exp(-(mean_c - _TURN_C) / _TURN_WIDTH_K))
    height = np.array(_COLD)[:, None] * (1.0 - mild) + np.array(_MILD)[:, None] * mild
    shape = np.broadcast_to(height[0][:, None], clock_hour.shape).copy()
    for (at, width), high in zip(_HUMPS, height[1:], strict=True):
        away = (clock_hour + 0.5 - at + 12.0) % 24.0 - 12.0
        shape += high[:, None] * np.exp(-0.5 * (away / width) ** 2)
    shape = np.maximum(shape, 0.0)
    return np.asarray(shape / shape.sum(axis=1, keepdims=True), np.float64)


def heating(temp_c: Real, clock_hour: Real, *, normal_c: Real) -> Real:
    """Heat for the rooms in each hour, shape (8760,), as shares of that of a year at the normal temperatures."""
    mean = temp_c.reshape(-1, 24).mean(axis=1)
    heat = of_days(mean)[:, None] * of_hours(mean, clock_hour.reshape(-1, 24))
    return np.asarray(heat.ravel() / of_days(normal_c.reshape(-1, 24).mean(axis=1)).sum(), np.float64)


def cop(technology: str, temp_c: Real, *, sink_c: float | None = None) -> Real:
    """Coefficient of performance in each hour; 1 for ``resistance``.

    Parameters
    ----------
    technology
        ``air_heat_pump``, ``ground_heat_pump`` or ``resistance``.
    temp_c
        Air temperature in each hour [degree C]; the soil is at its mean.
    sink_c
        Temperature of the sink; none: radiators, 40 degrees less the air's.
    """
    if technology == "resistance":
        return np.ones_like(temp_c)
    sink = RADIATOR_C - temp_c if sink_c is None else np.full_like(temp_c, sink_c)
    source = temp_c if technology == "air_heat_pump" else np.full_like(temp_c, temp_c.mean() - GROUND_COOLER_K)
    one, by, squared = COP[technology]
    lift = np.maximum(sink - source, LEAST_LIFT_K)
    return np.asarray(np.maximum(FIELD * (one + by * lift + squared * lift**2), 1.0), np.float64)
