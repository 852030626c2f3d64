"""Weeks from the begin of a growth of 5 % per year to its alarm, on heads of feeders of the synthetic utility.

The generator makes five years of hourly load without growth (homes, cars and roofs that come with the years, weather);
growth is put in from a known week on. Without growth every alarm is counted as false, that of a new car as well.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from dtl.learning.early_warning import WATCHED_WEEKS, Watch, watch
from dtl.synth.build import build
from dtl.synth.clock import clock, months
from dtl.synth.demand import Demand
from dtl.synth.habits import habits
from dtl.synth.settings import Settings
from dtl.synth.system import plan
from dtl.synth.weather import weather

SEEDS, BEGINS = (101, 102, 103, 104, 105, 106, 107), (104, 156, 208)
"""Utilities, and weeks in which a year of watching (and growth) begins, years that do not overlap."""


def head(
    number: int, days: int = 1100, meters: tuple[int, int] = (100, 160), seed: int = 7
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Hourly load [kW], temperature [degree C] and irradiance [W/m2] of a feeder, by number from 0, without growth."""
    settings = Settings(feeders=6, seed=seed, meters=meters, start=date(2022, 1, 1), days=days, step_min=60)
    _, stubs = plan(settings)
    feeder, whole = build(stubs[number], stubs, settings), clock(settings)
    sky = weather(settings.seed, feeder.substation, settings.years[0], settings.years[-1])
    demand = Demand(feeder, habits(feeder, settings), sky, 0.0, settings.seed)
    kw = np.concatenate([demand.power(piece, first).net_kw.sum(axis=0) for first, piece in months(whole)])
    index = pd.DatetimeIndex(whole.utc, tz="UTC")
    air, light = (pd.Series(sky.at(whole.utc, v), index) for v in (sky.temperature_c, sky.shortwave_w_m2))
    return pd.Series(kw.astype(float), index), air, light


def delays(load: pd.Series, temp: pd.Series, sun: pd.Series, share: float) -> list[int | None]:
    """Weeks to the alarm within the year after each begin; None where there is none."""
    found = []
    for begin in BEGINS:
        years = np.maximum(np.arange(len(load)) / 168 - begin, 0) / 52.18
        end = 168 * (begin + WATCHED_WEEKS)
        own = (load * (1 + share) ** years).iloc[:end]
        told = watch(own, temp.iloc[:end], np.zeros(len(own), bool), begin, sun.iloc[:end])
        assert isinstance(told, Watch), told.why
        found.append(None if told.alarm is None else told.alarm + 1)
    return found


if __name__ == "__main__":
    every, false = [], []
    for seed in SEEDS:
        for number in range(6):
            series = head(number, 7 * (BEGINS[-1] + WATCHED_WEEKS) + 2, seed=seed)
            late, wrong = delays(*series, 0.05), delays(*series, 0.0)
            print(f"growth | seed {seed}, head {number} | weeks to the alarm at 5 %: {late}, at none: {wrong}")
            every += late
            false += wrong
    known = [w for w in every if w is not None]
    low, middle, high = np.quantile(known, (0.1, 0.5, 0.9))
    span = f"median {middle:.0f}, 80 % from {low:.0f} to {high:.0f} weeks"
    print(f"growth | delay at 5 % per year | {span}; none in {len(every) - len(known)} of {len(every)}")
    print(f"growth | false alarms | {sum(w is not None for w in false)} in {len(false)} years of a feeder")
