"""The hours in which a plant is judged: chosen by the load of the case at the head of its group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand

Ints = NDArray[np.int64]
Real = NDArray[np.float64]


def net_kw(demand: Demand) -> Real:
    """Power of all loads less that of all driven plants in every hour [kW], shape (8760,)."""
    total = np.zeros(HOURS)
    for sign, drives in ((1.0, demand.drives), (-1.0, demand.plants)):
        for drive in drives.values():
            total += sign * drive.kw * demand.profiles[drive.kw_profile].reshape(HOURS, -1).mean(axis=1)
    return total


def chosen(word: str, demand: Demand, calendar: Calendar) -> Ints:
    """The hours that a study's word means, ascending.

    ``month_extremes_576`` takes the 24 hours of the day with the highest and of the day with the lowest hour of
    net load in each month (as the integration capacity analysis of the Californian utilities does),
    ``extremes_48`` those two days of the year.
    """
    if word == "all":
        return np.arange(HOURS)
    net = net_kw(demand).reshape(-1, 24)
    month = calendar.month.reshape(-1, 24)[:, 0]
    months = [month == m for m in range(1, 13)] if word == "month_extremes_576" else [month > 0]
    days: set[int] = set()
    for here in months:
        of = np.flatnonzero(here)
        high = int(of[net[of].max(axis=1).argmax()])
        rest = of[of != high]
        days |= {high, int(rest[net[rest].min(axis=1).argmin()])}
    return (24 * np.array(sorted(days))[:, None] + np.arange(24)).ravel()
