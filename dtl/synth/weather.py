"""Hourly weather of a substation: one region's fronts and storms, with small local differences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from dtl.synth.seeds import generator
from dtl.synth.sun import LONGITUDE, cloud_factor, sun

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Weather:
    """Hourly values; instants at the hour, sums and radiation of the preceding hour, as Open-Meteo labels them."""

    utc: Times
    temperature_c: Floats
    humidity_pct: Floats
    precipitation_mm: Floats
    snowfall_cm: Floats
    wind_kmh: Floats
    gust_kmh: Floats
    wind_direction_deg: Floats
    cloud_pct: Floats
    shortwave_w_m2: Floats
    code: npt.NDArray[np.int64]

    def at(self, utc: Times, values: Floats) -> Floats:
        """Values interpolated to other instants."""
        hours = (utc - self.utc[0]) / np.timedelta64(1, "h")
        interpolated: Floats = np.interp(hours, np.arange(len(self.utc)), values)
        return interpolated


def _walk(rng: np.random.Generator, n: int, memory: float) -> Floats:
    """A standard normal series with autocorrelation ``memory`` from hour to hour."""
    noise = rng.normal(size=n) * np.sqrt(1.0 - memory**2)
    noise[0] = rng.normal()
    walk: Floats = lfilter([1.0], [1.0, -memory], noise)
    return walk


@dataclass(frozen=True, slots=True)
class _Region:
    """What all substations share."""

    utc: Times
    temperature_c: Floats
    cloud: Floats
    wind: Floats
    storm: Floats
    """Gusts that storms add [km/h]."""
    rain: Floats
    thunder: npt.NDArray[np.bool_]


def _storms(rng: np.random.Generator, utc: Times, summer: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Gusts [km/h] and rain [mm] that thunderstorms and winter storms add, and the hours of thunder."""
    n = len(utc)
    gust, rain, thunder = np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.bool_)
    for day in range(n // 24):
        warm = float(summer[day * 24])
        if rng.random() < 0.20 * max(warm + 0.08, 0.0):
            start = day * 24 + 19 + int(rng.integers(0, 9))
            for h in range(start, min(start + int(rng.integers(1, 5)), n)):
                gust[h] += float(rng.gamma(3.0, 9.0))
                rain[h] += float(rng.gamma(1.2, 5.0))
                thunder[h] = True
        if rng.random() < 0.04 * max(-warm, 0.0):
            start = day * 24 + int(rng.integers(0, 24))
            strength = float(rng.gamma(3.0, 11.0))
            for h in range(start, min(start + int(rng.integers(8, 30)), n)):
                gust[h] += strength * float(rng.uniform(0.6, 1.1))
                rain[h] += float(rng.gamma(0.8, 1.2))
    return gust, rain, thunder


@lru_cache(maxsize=4)
def _region(seed: int, first_year: int, last_year: int) -> _Region:
    """The weather that all substations share, two days longer than the years."""
    utc = np.arange(f"{first_year}-01-01", f"{last_year + 1}-01-03", dtype="M8[h]")
    rng = generator(seed, "weather")
    n = len(utc)
    of_year = (utc - utc.astype("M8[Y]").astype("M8[h]")) / np.timedelta64(24, "h")
    summer = np.cos(2.0 * np.pi * (of_year - 201.0) / 365.25)
    solar_hour = (utc.astype(np.int64) % 24) + LONGITUDE / 15.0
    cloud = 1.0 / (1.0 + np.exp(-(1.5 * _walk(rng, n, 0.96) + 0.1 - 0.35 * summer)))
    daily = 5.6 * (1.0 - 0.45 * cloud) * np.cos(2.0 * np.pi * (solar_hour - 15.5) / 24.0)
    temperature = 10.3 + 13.8 * summer + daily + (4.2 - 1.3 * summer) * _walk(rng, n, 0.988)
    for year in range(first_year, last_year + 1):
        for _ in range(int(rng.integers(1, 4))):
            start = int((np.datetime64(f"{year}-06-10T05", "h") - utc[0]) / np.timedelta64(1, "h")) + 24 * int(
                rng.integers(0, 75)
            )
            length = 24 * int(rng.integers(3, 7))
            temperature[start : start + length] += float(rng.uniform(4.0, 8.0)) * np.sin(
                np.linspace(0.15, np.pi - 0.15, length)
            )
    gust, rain, thunder = _storms(rng, utc, summer)
    front = np.maximum(_walk(rng, n, 0.93) - 1.25, 0.0) * (cloud > 0.5)
    wind = 13.0 * np.exp(0.42 * _walk(rng, n, 0.95) - 0.12 * summer)
    return _Region(utc, temperature, cloud, wind, gust, rain + 1.6 * front, thunder)


@lru_cache(maxsize=16)
def weather(seed: int, substation: str, first_year: int, last_year: int) -> Weather:
    """The weather of a substation from 1 January of the first year to 2 January after the last, UTC."""
    region = _region(seed, first_year, last_year)
    rng = generator(seed, "weather", substation)
    n = len(region.utc)
    temperature = region.temperature_c + float(rng.normal(0, 0.4)) + 0.35 * _walk(rng, n, 0.9)
    cloud = np.clip(100.0 * (region.cloud + 0.06 * _walk(rng, n, 0.8)), 0.0, 100.0)
    rain = np.round(region.rain * np.exp(0.3 * _walk(rng, n, 0.9)), 1)
    local = np.where(region.storm > 0, region.storm * np.exp(0.25 * _walk(rng, n, 0.9)), 0.0)
    wind = region.wind * np.exp(0.12 * _walk(rng, n, 0.9)) + 0.25 * local
    gust = wind * 1.55 + 0.5 * local
    cloud = np.where(rain > 0.2, np.maximum(cloud, 85.0), cloud)
    quarter = [np.subtract(region.utc.astype("M8[m]"), np.timedelta64(m, "m")) for m in (52, 37, 22, 7)]
    clear = np.mean([sun(q).clear_w_m2 for q in quarter], axis=0)
    snow: Floats = np.where(temperature < 0.0, 0.7 * rain, 0.0)
    humidity: Floats = 62.0 + 25.0 * (cloud / 100.0 - 0.5) - 0.5 * (temperature - 10.0) + 8.0 * _walk(rng, n, 0.95)
    code = np.select(
        [region.thunder & (rain > 0), (rain > 0) & (np.abs(temperature) < 0.8), snow > 0.5, snow > 0, rain > 4,
        rain > 1, rain > 0,
         cloud > 80, cloud > 40, cloud > 15],
        [95, 66, 73, 71, 65, 63, 61, 3, 2, 1], 0,
    )  # fmt: skip
    return Weather(
        utc=region.utc, temperature_c=np.round(temperature, 1),
        humidity_pct=humidity.clip(15.0, 100.0).round(),
        precipitation_mm=rain, snowfall_cm=np.round(snow, 2), wind_kmh=np.round(wind, 1), gust_kmh=np.round(gust, 1),
        wind_direction_deg=np.round((230.0 + 70.0 * _walk(rng, n, 0.97)) % 360.0), cloud_pct=np.round(cloud),
        shortwave_w_m2=np.round(clear * cloud_factor(cloud)), code=code.astype(np.int64),
    )  # fmt: skip
