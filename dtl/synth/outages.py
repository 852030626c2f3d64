"""Outages of the years before: what failed and why, which device opened, who was out, and how supply came back.

Nine causes compete on every day. Each has a rate per unit of exposure and a factor that depends on the day's weather;
both are truth that a model can try to find (``hazards``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dtl.synth.model import Feeder
from dtl.synth.reach import Reach
from dtl.synth.seeds import generator
from dtl.synth.settings import Settings
from dtl.synth.system import TIMEZONE_OFFSET_H
from dtl.synth.weather import Weather

Floats = npt.NDArray[np.float64]

RATE = {
    "vegetation": 0.150, "wind": 0.040, "lightning": 0.050, "equipment_line": 0.060, "equipment_cable": 0.045,
    "equipment_transformer": 0.0120, "wildlife": 0.065, "public": 0.020, "planned": 0.025,
}  # fmt: skip
"""Events per kilometre of exposed line, or per transformer, and year; the factors of the weather come on top."""
CODE = {
    "vegetation": ("VEG", "Tree - wind or growth"), "wind": ("WX", "Wind"), "lightning": ("WX", "Lightning"),
    "equipment_line": ("EQ", "Overhead conductor or hardware"), "equipment_cable": ("EQ", "Underground cable"),
    "equipment_transformer": ("EQ", "Transformer"), "wildlife": ("ANM", "Squirrel or bird"), "public": ("PUB",
    "Vehicle or dig-in"),
    "planned": ("PLN", "Scheduled maintenance"),
}  # fmt: skip
MEDIAN_MIN = {
    "vegetation": 110.0, "wind": 120.0, "lightning": 85.0, "equipment_line": 130.0, "equipment_cable": 210.0,
    "equipment_transformer": 165.0, "wildlife": 55.0, "public": 140.0, "planned": 95.0,
}  # fmt: skip
MOMENTARY_PER_YEAR = 5.0
"""Successful reclosings of breaker and recloser together, per feeder and year, in plain weather."""
DEVICE_TYPE = {
    "breaker": "Feeder breaker",
    "recloser": "Recloser",
    "fuse": "Line fuse",
    "transformer": "Transformer fuse",
}


@dataclass(slots=True)
class Outage:
    """One interruption; times in minutes of UTC."""

    feeder: str
    cause: str
    asset: str
    """What failed."""
    device: str
    device_type: str
    start: np.datetime64
    steps: list[tuple[np.datetime64, npt.NDArray[np.int64]]] = field(default_factory=list)
    """Instant and meters (by index) of each step of the restoration."""
    storm: bool = False

    @property
    def end(self) -> np.datetime64:
        """When the last customer is back."""
        return self.steps[-1][0]

    def minutes(self, when: np.datetime64) -> int:
        """Minutes from the start."""
        return int((when - self.start) / np.timedelta64(1, "m"))

    @property
    def customers(self) -> int:
        """Customers interrupted for more than five minutes."""
        return sum(len(m) for when, m in self.steps if self.minutes(when) > 5)

    @property
    def customer_minutes(self) -> int:
        """Customer minutes of sustained interruption, step by step."""
        return sum(len(m) * self.minutes(when) for when, m in self.steps if self.minutes(when) > 5)


def age_factor(age: Floats) -> Floats:
    """Failure rate by age over that of a forty-year-old: low in youth, rising with the age squared."""
    factor: Floats = 0.25 + 0.75 * (np.maximum(age, 0.0) / 40.0) ** 2.2
    return factor


@dataclass(slots=True)
class Days:
    """The weather of each local day, as far as it breaks things."""

    first: np.datetime64
    gust: Floats
    thunder_h: Floats
    hottest: Floats
    rain: Floats
    month: npt.NDArray[np.int64]
    hours: Floats
    """(D, 24) weight of each hour of the day by its gust and thunder."""

    @property
    def factors(self) -> dict[str, Floats]:
        """Factor of each cause on each day."""
        spring = np.isin(self.month, (4, 5, 6, 9, 10))
        storm = np.exp(np.clip(self.gust - 62.0, 0.0, 75.0) / 16.0)
        one = np.ones_like(self.gust)
        return {
            "vegetation": 0.45 * storm * np.where(np.isin(self.month, (5, 6, 7, 8, 9, 10)), 1.3, 0.7),
            "wind": 0.35 * storm,
            "lightning": 0.05 + 3.2 * self.thunder_h, "equipment_line": 0.85 + 0.10 * storm,
            "equipment_cable": 0.9 + 0.03 * self.rain,
            "equipment_transformer": 0.75 * np.exp(np.maximum(self.hottest - 30.0, 0.0) / 5.0) + 0.6 * self.thunder_h,
            "wildlife": np.where(spring, 1.7, 0.5), "public": one, "planned": np.where(np.isin(self.month, (4, 5, 9,
            10)), 1.5, 0.7),
        }  # fmt: skip


def days(weather: Weather) -> Days:
    """Daily weather in standard time."""
    shift = -TIMEZONE_OFFSET_H
    count = (len(weather.utc) - shift) // 24
    cut = slice(shift, shift + 24 * count)
    gust, code = weather.gust_kmh[cut].reshape(count, 24), weather.code[cut].reshape(count, 24)
    first = weather.utc[shift] + np.timedelta64(TIMEZONE_OFFSET_H, "h")
    dates = first.astype("M8[D]") + np.arange(count)
    weight = np.exp(np.clip(gust - 55.0, 0, 80) / 18.0) + 4.0 * (code == 95) + 0.3
    return Days(
        first.astype("M8[D]"), gust.max(axis=1), (code == 95).sum(axis=1).astype(np.float64),
        weather.temperature_c[cut].reshape(count, 24).max(axis=1), weather.precipitation_mm[cut].reshape(count,
        24).sum(axis=1),
        dates.astype("M8[M]").astype(np.int64) % 12 + 1, weight / weight.sum(axis=1, keepdims=True),
    )  # fmt: skip


class Exposure:
    """What can fail on a feeder, with a weight per asset and cause."""

    def __init__(self, feeder: Feeder, settings: Settings):
        rng = generator(settings.seed, "trees", feeder.id)
        km = np.array([s.length_m / 1000.0 for s in feeder.sections])
        overhead = np.array([s.overhead for s in feeder.sections])
        year = settings.years[-1] - len(settings.years) / 2.0
        age = age_factor(year - np.array([s.installed for s in feeder.sections]))
        self.trees = np.round(np.clip(rng.gamma(1.5, 0.6, len(km)), 0.02, 5.0), 3)
        """Trees along each section, over the mean."""
        units = age_factor(year - np.array([t.installed for t in feeder.transformers]))
        air = km * overhead
        self.weights: dict[str, Floats] = {
            "vegetation": air * self.trees, "wind": air, "lightning": air, "equipment_line": air * age,
            "equipment_cable": km * ~overhead * age,
            "equipment_transformer": units, "wildlife": air, "public": km, "planned": km,
        }  # fmt: skip

    def rate(self, cause: str) -> float:
        """Events per year in weather of factor one."""
        return RATE[cause] * float(self.weights[cause].sum())


def outages(feeder: Feeder, weather: Weather, settings: Settings, exposure: Exposure) -> list[Outage]:
    """All interruptions of a feeder in the order of their starts."""
    rng = generator(settings.seed, "outages", feeder.id)
    reach, day = Reach(feeder), days(weather)
    first, last = np.datetime64(f"{settings.years[0]}-01-01", "D"), np.datetime64(f"{settings.years[-1]}-12-31", "D")
    inside = (day.first + np.arange(len(day.gust)) >= first) & (day.first + np.arange(len(day.gust)) <= last)
    found: list[Outage] = []
    for cause, factor in day.factors.items():
        rate = exposure.rate(cause) / 365.25
        if rate == 0.0:
            continue
        weights = exposure.weights[cause] / exposure.weights[cause].sum()
        counts = rng.poisson(np.where(inside, rate * factor, 0.0))
        for d in np.flatnonzero(counts):
            for _ in range(min(int(counts[d]), 12)):
                asset = int(rng.choice(len(weights), p=weights))
                found.append(
                    _event(feeder, reach, cause, asset, _instant(day, int(d), cause, rng), float(day.gust[d]), rng)
                )
    shocks = rng.poisson(
        np.where(inside, MOMENTARY_PER_YEAR / 365.25 * (0.7 + 0.6 * day.thunder_h + 0.1 * day.factors["wind"]), 0.0)
    )
    for d in np.flatnonzero(shocks):
        found += [
            _momentary(feeder, reach, _instant(day, int(d), "lightning", rng), rng)
            for _ in range(min(int(shocks[d]), 6))
        ]
    return sorted((o for o in found if any(len(m) for _, m in o.steps)), key=lambda o: (o.start, o.device, o.asset))


def _instant(day: Days, d: int, cause: str, rng: np.random.Generator) -> np.datetime64:
    """A minute of a day: working hours for planned work, the worst hours for weather."""
    hour = int(rng.integers(8, 14)) if cause == "planned" else int(rng.choice(24, p=day.hours[d]))
    minute = (d * 24 + hour - TIMEZONE_OFFSET_H) * 60 + int(rng.integers(0, 60))
    instant: np.datetime64 = day.first.astype("M8[m]") + np.timedelta64(minute, "m")
    return instant


def _event(
    feeder: Feeder, reach: Reach, cause: str, asset: int, start: np.datetime64, gust: float, rng: np.random.Generator
) -> Outage:
    """A sustained interruption with its restoration."""
    storm = gust > 85.0 and cause in ("vegetation", "wind", "lightning")
    minutes = MEDIAN_MIN[cause] * math.exp(0.55 * float(rng.normal())) * (1.9 if storm else 1.0)
    repair = start + np.timedelta64(max(8, round(min(minutes, 2800.0))), "m")
    if cause == "equipment_transformer" or (cause == "planned" and rng.random() < 0.6):
        t = asset if cause == "equipment_transformer" else int(rng.integers(0, len(feeder.transformers)))
        unit = feeder.transformers[t]
        out = Outage(feeder.id, cause, unit.id, unit.id, DEVICE_TYPE["transformer"], start, storm=storm)
        out.steps = [(repair, np.flatnonzero(reach.behind_transformer(t)))]
        return out
    device = reach.guard[asset]
    out = Outage(
        feeder.id, cause, feeder.sections[asset].id, device, DEVICE_TYPE[reach.kinds[device]], start, storm=storm
    )
    left = reach.behind(device)
    when = start
    for early in reach.restored_early(asset, device):
        when = when + np.timedelta64(int(rng.integers(12, 55)), "m")
        now = early & left
        if when < repair and now.any():
            out.steps.append((when, np.flatnonzero(now)))
            left &= ~now
    out.steps.append((repair, np.flatnonzero(left)))
    out.steps = [(w, m) for w, m in out.steps if len(m)]
    return out


def _momentary(feeder: Feeder, reach: Reach, start: np.datetime64, rng: np.random.Generator) -> Outage:
    """A reclosing that succeeds within minutes."""
    names = [n for n, kind in reach.kinds.items() if kind in ("breaker", "recloser")]
    device = str(names[int(rng.integers(0, len(names)))])
    out = Outage(feeder.id, "momentary", "", device, DEVICE_TYPE[reach.kinds[device]], start)
    out.steps = [(start + np.timedelta64(int(rng.integers(1, 4)), "m"), np.flatnonzero(reach.behind(device)))]
    return out


def hazards(feeder: Feeder, exposure: Exposure) -> list[dict[str, object]]:
    """Expected failures per year of each asset, by cause, in weather of factor one."""
    rows: list[dict[str, object]] = []
    lines = [c for c in exposure.weights if c != "equipment_transformer"]
    for k, s in enumerate(feeder.sections):
        rates = {f"{c}_per_year": round(RATE[c] * float(exposure.weights[c][k]), 8) for c in lines}
        rows.append(
            {"feeder": feeder.id, "asset": s.id, "installed": s.installed, "trees": float(exposure.trees[k]), **rates}
        )
    for k, t in enumerate(feeder.transformers):
        rate = RATE["equipment_transformer"] * float(exposure.weights["equipment_transformer"][k])
        rows.append(
            {
                "feeder": feeder.id,
                "asset": t.id,
                "installed": t.installed,
                "equipment_transformer_per_year": round(rate, 8),
            }
        )
    return rows
