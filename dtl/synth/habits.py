"""What customers do: shapes of a day, and the habits that each meter draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dtl.synth.model import Feeder
from dtl.synth.seeds import generator
from dtl.synth.settings import Settings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DESIGN_HOUR, DESIGN_C, COMFORT_C, HEAT_BELOW_C = 17.5, 35.0, 19.0, 13.0
"""The design hour: a working day, half past five in the afternoon, 35 degrees."""

SHAPES: dict[str, tuple[tuple[float, tuple[tuple[float, float, float], ...], float], ...]] = {
    "residential": (
        (0.32, ((7.2, 1.3, 0.45), (19.0, 2.6, 1.00)), 1.10),
        (0.38, ((7.8, 1.6, 0.40), (12.5, 2.5, 0.45), (18.5, 2.8, 0.85)), 1.05),
        (0.30, ((6.0, 1.0, 0.60), (20.5, 2.2, 1.05)), 1.15),
        (0.40, ((9.0, 2.0, 0.35), (22.5, 2.5, 0.70), (16.0, 3.0, 0.55)), 1.00),
    ),
    "commercial": ((0.30, ((13.0, 3.9, 1.00),), 0.50), (0.35, ((11.5, 2.5, 0.75), (18.5, 2.8, 0.85)), 0.95)),
    "industrial": ((0.65, ((12.0, 5.5, 0.45),), 0.75), (0.55, ((9.5, 3.0, 0.60), (17.0, 3.5, 0.50)), 0.60)),
    "farm": ((0.35, ((5.8, 1.4, 0.95), (17.3, 1.8, 1.00)), 1.00),),
}
"""Archetypes of each class: floor, bumps (hour, width [h], height) and the factor of weekends."""

COOLING = {"residential": (0.35, 0.65), "commercial": (0.25, 0.45), "industrial": (0.03, 0.15), "farm": (0.10, 0.30)}
"""Range of the share of the design demand that is air conditioning."""
NOISE = {"residential": 0.38, "commercial": 0.14, "industrial": 0.10, "farm": 0.30}
"""Standard deviation of the logarithm of a meter's own noise."""


def bump(hour: Floats, centre: float, width_h: float) -> Floats:
    """A Gaussian around an hour of the day, the day taken as a circle."""
    apart = (hour - centre + 12.0) % 24.0 - 12.0
    value: Floats = np.exp(-0.5 * (apart / width_h) ** 2)
    return value


def day_shape(kind: str, archetype: int, hour: Floats, weekend: npt.NDArray[np.bool_]) -> Floats:
    """Demand without heating and cooling, over that of the class in the design hour."""
    floor, bumps, on_weekend = SHAPES[kind][archetype]
    value = floor + sum((height * bump(hour, centre, width) for centre, width, height in bumps), np.zeros_like(hour))
    shape: Floats = np.where(weekend, floor + (value - floor) * on_weekend, value) / design_level(kind)
    return shape


def design_level(kind: str) -> float:
    """Mean over the archetypes of a class in the design hour."""
    hour = np.array([DESIGN_HOUR])
    levels = [f + sum(h * float(bump(hour, c, w)[0]) for c, w, h in bumps) for f, bumps, _ in SHAPES[kind]]
    return sum(levels) / len(levels)


@dataclass(slots=True)
class Habits:
    """What each meter of a feeder does, one array element per meter."""

    archetype: Ints
    shift_h: Floats
    """Individual shift of the day, in quarters of an hour [h]."""
    cooling: Floats
    heat_kw: Floats
    """Electric heating at 30 degrees below HEAT_BELOW_C [kW]."""
    noise: Floats
    pv_kw: Floats
    """Rated power of the roof [kW dc], 0 for none."""
    pv_ac_kw: Floats
    tilt_deg: Floats
    azimuth_deg: Floats
    pv_from: npt.NDArray[np.datetime64]
    pv_registered: npt.NDArray[np.bool_]
    ev_kw: Floats
    """Rated power of the charger [kW], 0 for none."""
    ev_from: npt.NDArray[np.datetime64]
    ev_night: npt.NDArray[np.bool_]
    """Whether the charger waits for midnight."""
    away_from: npt.NDArray[np.datetime64]
    away_days: Ints


def habits(feeder: Feeder, settings: Settings) -> Habits:
    """Draw the habits of all meters of a feeder."""
    rng = generator(settings.seed, "habits", feeder.id)
    m = feeder.customers
    n = len(m)
    kinds = np.array(m.kind)
    home = kinds == "residential"

    def ranged(table: dict[str, tuple[float, float]]) -> Floats:
        low, high = (np.array([table[k][j] for k in m.kind]) for j in (0, 1))
        value: Floats = low + (high - low) * rng.random(n)
        return value

    cooling = ranged(COOLING)
    cooling[home & (rng.random(n) < 0.08)] = 0.0
    pv = rng.random(n) < np.where(home | (kinds == "farm"), 0.09, 0.02)
    pv_kw = np.where(pv, np.round(np.clip(rng.lognormal(np.log(6.5), 0.35, n), 2.5, 14.0), 1), 0.0)
    pv_kw = np.where(pv & (kinds == "commercial"), np.round(pv_kw * 4.0, 1), pv_kw)
    pv_kw = np.where(pv & (kinds == "industrial"), np.round(pv_kw * 15.0, 1), pv_kw)
    ev = home & (rng.random(n) < 0.07)
    long_ago, span = np.datetime64("2016-01-01", "D"), max(settings.days, 1)
    first = np.datetime64(settings.start, "D")
    inside = rng.random((2, n)) < 0.12
    when = [np.where(inside[j], first + rng.integers(0, span, n), long_ago + rng.integers(0, 2500, n)) for j in (0, 1)]
    return Habits(
        archetype=np.array([int(rng.integers(0, len(SHAPES[k]))) for k in m.kind]),
        shift_h=np.clip(np.round(rng.normal(0, 0.8, n) * 4) / 4, -2.0, 2.0), cooling=cooling,
        heat_kw=np.where(home & (rng.random(n) < 0.22), rng.uniform(2.0, 6.0, n), 0.0),
        noise=np.array([NOISE[k] for k in m.kind]) * rng.uniform(0.7, 1.3, n),
        pv_kw=pv_kw, pv_ac_kw=np.round(pv_kw / 1.2, 2), tilt_deg=np.round(rng.uniform(15, 38, n)),
        azimuth_deg=rng.normal(185, 45, n).clip(80.0, 290.0).round(), pv_from=when[0],
        pv_registered=pv & (rng.random(n) < 0.65),
        ev_kw=np.where(ev, rng.choice([3.8, 7.2, 7.2, 9.6, 11.5], n), 0.0), ev_from=when[1],
        ev_night=rng.random(n) < 0.3,
        away_from=first + rng.integers(0, span, n), away_days=np.where(home & (rng.random(n) < 0.10), rng.integers(3,
        12, n), 0),
    )  # fmt: skip
