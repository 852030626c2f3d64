"""Weeks from the begin of a growth of 5 % per year to its alarm, on heads of feeders of the synthetic utility.

The generator makes four years of hourly load without growth (homes, cars and roofs that come with the years, weather);
growth is put in from a known week on. Without growth every alarm is false.
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


def head(
    number: int, days: int = 1100, meters: tuple[int, int] = (100, 160), seed: int = 7
) -> tuple[pd.Series, pd.Series]:
    """Hourly load [kW] and temperature [degree C] of a feeder, by its number from 0, from 2022 on, without growth."""
    settings = Settings(feeders=6, seed=seed, meters=meters, start=date(2022, 1, 1), days=days, step_min=60)
    _, stubs = plan(settings)
    feeder, whole = build(stubs[number], stubs, settings), clock(settings)
    sky = weather(settings.seed, feeder.substation, settings.years[0], settings.years[-1])
    demand = Demand(feeder, habits(feeder, settings), sky, 0.0, settings.seed)
    kw = np.concatenate([demand.power(piece, first).net_kw.sum(axis=0) for first, piece in months(whole)])
    index = pd.DatetimeIndex(whole.utc, tz="UTC")
    return pd.Series(kw.astype(float), index), pd.Series(sky.at(whole.utc, sky.temperature_c), index)


def delays(load: pd.Series, temp: pd.Series, share: float) -> list[int | None]:
    """Weeks to the alarm within the year after each of three begins; None where there is none."""
    found = []
    for begin in (104, 117, 130):
        years = np.maximum(np.arange(len(load)) / 168 - begin, 0) / 52.18
        end = 168 * (begin + WATCHED_WEEKS)
        own = (load * (1 + share) ** years).iloc[:end]
        told = watch(own, temp.iloc[:end], np.zeros(len(own), bool), begin)
        assert isinstance(told, Watch), told.why
        found.append(None if told.alarm is None else told.alarm + 1)
    return found


if __name__ == "__main__":
    every, false = [], []
    for number in range(6):
        load, temp = head(number, 1300)
        late, wrong = delays(load, temp, 0.05), delays(load, temp, 0.0)
        print(f"growth | head {number}, 100 to 160 meters | weeks to the alarm at 5 %: {late}, at none: {wrong}")
        every += late
        false += wrong
    known = [w for w in every if w is not None]
    span = f"median {np.median(known):.0f}, {min(known)} to {max(known)} weeks"
    print(f"growth | delay at 5 % per year | {span}; none in {len(every) - len(known)} of {len(every)}")
    print(f"growth | false alarms | {sum(w is not None for w in false)} in {len(false)} years of a feeder")
