"""Power of every meter at every step: archetype, weather, habits, noise, growth, roofs and cars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from dtl.synth.clock import Clock
from dtl.synth.habits import COMFORT_C, DESIGN_C, HEAT_BELOW_C, Habits, bump, day_shape
from dtl.synth.model import Feeder
from dtl.synth.seeds import generator
from dtl.synth.sun import cloud_factor, on_roof, sun
from dtl.synth.weather import Weather

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

PERFORMANCE = 0.86
"""What a roof yields of its rating times irradiance."""


@dataclass(slots=True)
class Power:
    """Power of the meters of a feeder, all (M, T) [kW, kvar]; net = use + cars - roofs."""

    use_kw: Singles
    ev_kw: Singles
    pv_kw: Singles
    kvar: Singles

    @property
    def net_kw(self) -> Singles:
        """What the meter sees, mean of the step [kW]."""
        return self.use_kw + self.ev_kw - self.pv_kw


class Demand:
    """Makes the power of a feeder month by month; the noise goes on from one month to the next."""

    def __init__(self, feeder: Feeder, habits: Habits, weather: Weather, growth: float, seed: int):
        self.feeder, self.habits, self.weather, self.growth = feeder, habits, weather, growth
        self.seed = seed
        self.noise_state: Floats = generator(seed, "noise", feeder.id).normal(size=(len(feeder.customers), 1))
        self.cloud_state = 0.0

    def power(self, clock: Clock, first: int) -> Power:
        """Power of one piece of the clock, whose first step has number ``first``."""
        rng = generator(self.seed, "demand", self.feeder.id, first)
        use = self._use(clock, first, rng)
        ev = self._cars(clock, rng)
        pv = self._roofs(clock, rng)
        ratio = np.tan(np.arccos(self.feeder.customers.power_factor))[:, None].astype(np.float32)
        wobble = (1.0 + 0.04 * rng.standard_normal(use.shape, dtype=np.float32)).clip(0.8, 1.2)
        return Power(use, ev, pv, use * ratio * wobble)

    def _temperatures(self, clock: Clock) -> Floats:
        """Temperature felt by buildings: the mean of the last hours with more weight on the latest [degree Celsius]."""
        felt = lfilter([1 - 0.85], [1.0, -0.85], self.weather.temperature_c, zi=[0.85 * self.weather.temperature_c[0]])[
            0
        ]
        return self.weather.at(clock.utc, felt)

    def _use(self, clock: Clock, first: int, rng: np.random.Generator) -> Singles:
        """Demand without cars and roofs [kW]."""
        m, h = self.feeder.customers, self.habits
        felt, hour, weekend = self._temperatures(clock), clock.hour, clock.weekend
        cool = np.maximum(felt - COMFORT_C, 0.0) / (DESIGN_C - COMFORT_C) * (0.72 + 0.28 * bump(hour, 17.5, 5.0))
        heat = np.maximum(HEAT_BELOW_C - felt, 0.0) / 30.0 * (0.85 + 0.25 * bump(hour, 7.0, 2.5))
        years = first * clock.step_min / (60.0 * 8766.0) + clock.years
        growth = (1.0 + self.growth) ** years
        out = np.empty((len(m), clock.steps), dtype=np.float32)
        shapes: dict[tuple[str, int, float], Floats] = {}
        for k, kind in enumerate(m.kind):
            key = (kind, int(h.archetype[k]), float(h.shift_h[k]))
            if key not in shapes:
                shapes[key] = day_shape(kind, key[1], (hour + key[2]) % 24.0, weekend)
            c = h.cooling[k]
            out[k] = (m.peak_kw[k] * ((1.0 - c) * shapes[key] + c * cool) + h.heat_kw[k] * heat) * growth
        out *= self._noise(clock, rng)
        return self._appliances(out, clock, rng)

    def _noise(self, clock: Clock, rng: np.random.Generator) -> Singles:
        """Each meter's own factor, of mean one, with a memory of two hours."""
        rho = float(np.exp(-clock.step_min / 120.0))
        shocks = rng.standard_normal((len(self.feeder.customers), clock.steps), dtype=np.float32) * np.float32(
            np.sqrt(1 - rho**2)
        )
        walk, self.noise_state = lfilter([1.0], [1.0, -rho], shocks, axis=1, zi=self.noise_state * rho / max(rho, 1e-9))
        sigma = self.habits.noise[:, None].astype(np.float32)
        factor: Singles = np.exp(sigma * walk.astype(np.float32) - 0.5 * sigma**2)
        return factor

    def _appliances(self, use: Singles, clock: Clock, rng: np.random.Generator) -> Singles:
        """Ovens and dryers of homes, and days away."""
        homes = np.array([k == "residential" for k in self.feeder.customers.kind])
        likely = (
            clock.step_min / 15.0 * (0.010 + 0.035 * bump(clock.hour, 18.5, 2.5) + 0.015 * bump(clock.hour, 11.0, 3.0))
        ).astype(np.float32)
        hit = (rng.random(use.shape, dtype=np.float32) < likely) & homes[:, None]
        size = (0.4 + 1.8 * rng.random(use.shape, dtype=np.float32)) * np.float32(15.0 / max(clock.step_min, 15))
        use += np.where(hit, size, np.float32(0.0))
        day = clock.local.astype("M8[D]")
        for k in np.flatnonzero(self.habits.away_days):
            gone = (day >= self.habits.away_from[k]) & (day < self.habits.away_from[k] + self.habits.away_days[k])
            use[k, gone] = use[k, gone] * np.float32(0.25)
        return np.maximum(use, np.float32(0.02), out=use)

    def _cars(self, clock: Clock, rng: np.random.Generator) -> Singles:
        """Charging [kW]: three evenings in four, from arrival or from midnight, until the day's miles are back."""
        out = np.zeros((len(self.feeder.customers), clock.steps), dtype=np.float32)
        h, per_hour = self.habits, 60.0 / clock.step_min
        local = clock.local
        days = np.unique(local.astype("M8[D]"))
        edges = np.arange(clock.steps)
        for k in np.flatnonzero(h.ev_kw):
            for day in days:
                plugged, arrival, kwh = rng.random() < 0.75, rng.normal(18.3, 1.5), rng.gamma(3.2, 3.4)
                if not plugged or day < h.ev_from[k]:
                    continue
                hour = 24.0 + rng.uniform(0, 0.5) if h.ev_night[k] else arrival
                start = float((day - local[0]) / np.timedelta64(60, "m")) * per_hour + hour * per_hour
                stop = start + kwh / h.ev_kw[k] * per_hour
                a, b = max(int(start), 0), min(int(stop) + 1, clock.steps)
                inside = np.minimum(edges[a:b] + 1, stop) - np.maximum(edges[a:b], start)
                out[k, a:b] += (h.ev_kw[k] * np.clip(inside, 0.0, 1.0)).astype(np.float32)
        return np.minimum(out, h.ev_kw[:, None].astype(np.float32))

    def irradiance(self, clock: Clock, rng: np.random.Generator) -> Floats:
        """Global irradiance over the feeder with passing clouds, at the middle of each step [W/m2]."""
        middle = clock.utc + np.timedelta64(clock.step_min, "m") / 2
        cover = self.weather.at(middle, self.weather.cloud_pct)
        shocks = rng.standard_normal(clock.steps)
        walk, state = lfilter([1.0], [1.0, -0.6], shocks * 0.8, zi=[self.cloud_state])
        self.cloud_state = float(state[0])
        broken = np.clip(cover * (100.0 - cover) / 2500.0, 0.0, 1.0)
        ghi: Floats = sun(middle).clear_w_m2 * np.clip(cloud_factor(cover) * (1.0 + 0.22 * broken * walk), 0.05, 1.05)
        return ghi

    def _roofs(self, clock: Clock, rng: np.random.Generator) -> Singles:
        """Generation of the roofs [kW]; the inverter clips."""
        out = np.zeros((len(self.feeder.customers), clock.steps), dtype=np.float32)
        h, ghi = self.habits, self.irradiance(clock, rng)
        at = sun(clock.utc + np.timedelta64(clock.step_min, "m") / 2)
        day = clock.local.astype("M8[D]")
        for k in np.flatnonzero(h.pv_kw):
            plane = on_roof(at, ghi, float(h.tilt_deg[k]), float(h.azimuth_deg[k]))
            kw = np.minimum(h.pv_kw[k] * PERFORMANCE * plane / 1000.0, h.pv_ac_kw[k])
            out[k] = np.where(day >= h.pv_from[k], kw, 0.0)
        return out
