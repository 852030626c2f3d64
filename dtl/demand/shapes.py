"""Yearly shapes of the classes of customers that we ship: our own formula, illustrative, not measured.

For a class with the parameters of `CLASSES`, at hour h of day d,

    load = day_type[d] * (base + sum over both peaks of height * bell(h - at, width)) * weather(d, h)
    weather = 1 + heating * cold(d) + cooling * warm(d) * bell(h - 17, 4.5)

where ``bell`` is a Gaussian around the clock, ``cold`` and ``warm`` are the negative and the positive part of the day's
temperature index

    index(d) = -cos(2 pi (d - 20) / 365) + 0.18 a(d),      a(d) = 0.7 a(d-1) + sqrt(1 - 0.7**2) n(d)

(coldest around 20 January; ``n`` are standard normal numbers of one fixed seed, so weather is the same in every study
and for every class). Hours of the day are on the clock, so the peaks follow daylight saving. The result is divided by
its highest value: a load at 1.0 is at the peak that its model states. Every page that shows them says illustrative.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import Calendar

Real = NDArray[np.float64]

SEED = 20
FLAT = "flat"
"""The shape that is 1.0 in every hour."""


@dataclass(frozen=True)
class Shape:
    """Parameters of one class: see the formula of this module.

    Heights are relative to each other, times in hours on the clock. ``saturday`` and ``sunday`` scale the day, and
    ``weekend_bump`` replaces the height of the first peak on those days.
    """

    base: float
    first: tuple[float, float, float]
    """Height, hour and width of the first peak."""
    second: tuple[float, float, float]
    """Height, hour and width of the second peak."""
    saturday: float
    sunday: float
    weekend_first: float
    """Height of the first peak at weekends."""
    heating: float
    cooling: float


CLASSES = {
    "residential": Shape(0.62, (0.26, 7.5, 1.6), (0.62, 19.5, 2.6), 1.03, 1.05, 0.22, 0.20, 0.48),
    "commercial": Shape(0.62, (0.60, 11.0, 2.8), (0.64, 15.5, 2.8), 0.82, 0.72, 0.45, 0.06, 0.24),
    "industrial": Shape(0.88, (0.40, 10.0, 3.0), (0.35, 15.0, 3.0), 0.86, 0.78, 0.20, 0.02, 0.09),
}
"""The classes that have a shape, besides ``flat``."""


def names() -> tuple[str, ...]:
    """Names of all shapes."""
    return (*sorted(CLASSES), FLAT)


def shape(name: str, calendar: Calendar, timezone: str) -> NDArray[np.float32]:
    """Hourly values of a shape, per unit of its peak, shape (8760,), local standard time."""
    return np.ones(len(calendar.hour), np.float32) if name == FLAT else _of_class(name, calendar, timezone).copy()


@cache
def _of_class(name: str, calendar: Calendar, timezone: str) -> NDArray[np.float32]:
    p = CLASSES[name]
    clock = calendar.clock_hour(timezone)
    saturday, sunday = calendar.weekday == 5, calendar.weekday == 6
    weekend = saturday | sunday
    height = np.where(weekend, p.weekend_first, p.first[0])
    day = p.base + height * _bell(clock, *p.first[1:]) + p.second[0] * _bell(clock, *p.second[1:])
    index = np.repeat(_temperature_index(), 24)
    weather = 1.0 + p.heating * np.maximum(-index, 0.0) + p.cooling * np.maximum(index, 0.0) * _bell(clock, 17.0, 4.5)
    load = np.select([saturday, sunday], [p.saturday, p.sunday], 1.0) * day * weather
    return np.asarray(load / load.max(), np.float32)


def _bell(clock: Real, at: float, width: float) -> Real:
    away = (clock - at + 12.0) % 24.0 - 12.0
    bell: Real = np.exp(-0.5 * (away / width) ** 2)
    return bell


@cache
def _temperature_index() -> Real:
    normal = random.Random(SEED)
    anomaly, anomalies = 0.0, []
    for _ in range(365):
        anomaly = 0.7 * anomaly + (1.0 - 0.7**2) ** 0.5 * normal.gauss(0.0, 1.0)
        anomalies.append(anomaly)
    season: Real = -np.cos(2.0 * np.pi * (np.arange(365) - 20.0) / 365.0)
    return season + 0.18 * np.array(anomalies)
