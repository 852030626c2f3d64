"""Delay of the alarm of growth against its false alarms, by the deviation of a usual week: what can be reached at all.

Days of white noise under the design of `early_warning` at a made temperature: the usual load and the deviation are
estimated from two years as the watch does it (least squares in place of Huber's), then growth of 5 % per year begins.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dtl.learning import early_warning as ours
from dtl.synth.weather import weather

Array = NDArray[np.float64]
DRAWS, WEEKS, GROWTH = 1500, ours.WATCHED_WEEKS, float(np.log(1.05)) / 52.18


def watched() -> tuple[Array, Array, Array]:
    """Rests of the watched weeks, shape (weeks, draws), of weeks of deviation 1; that as estimated; what they share."""
    sky = weather(7, "S1", 2022, 2024)
    index = pd.DatetimeIndex(sky.utc, tz="UTC")[: 168 * (ours.REFERENCE_WEEKS + WEEKS)]
    temp, sun = (pd.Series(v[: len(index)], index) for v in (sky.temperature_c, sky.shortwave_w_m2))
    x = ours.days(temp * 0 + 1, temp, np.zeros(len(temp), bool), sun)[1]
    before = 7 * ours.REFERENCE_WEEKS
    noise = np.random.default_rng(5).normal(size=(len(x), DRAWS)) * np.sqrt(7)
    weekly = ours.by_week(noise - x @ (np.linalg.pinv(x[:before]) @ noise[:before]))
    shared = ours.doubt(x[:before], ours.by_week(x))
    free = float((1 - np.diag(shared)[: ours.REFERENCE_WEEKS]).sum())
    deviation = np.sqrt((weekly[: ours.REFERENCE_WEEKS] ** 2).sum(axis=0) / free)
    return weekly[ours.REFERENCE_WEEKS :], deviation, shared[ours.REFERENCE_WEEKS :, ours.REFERENCE_WEEKS :]


def highest(weeks: Array, shared: Array) -> Array:
    """The highest statistic until each week, shape (weeks, draws), of weeks in deviations."""
    return np.asarray(np.maximum.accumulate(ours.highest(weeks, np.arange(WEEKS), shared), axis=0), np.float64)


if __name__ == "__main__":
    weeks, deviation, shared = watched()
    still = highest(weeks / deviation, shared)[-1]
    false = 100 * float((still > ours.LIMIT).mean())
    print(f"growth | white noise, limit {ours.LIMIT} | false alarms in 100 years of a feeder | {false:.1f}")
    for usual in (0.003, 0.006, 0.012, 0.02):
        rise = GROWTH * np.arange(1, WEEKS + 1)[:, None] / usual
        height = highest((weeks + rise) / deviation, shared)
        for often in (1, 2, 5, 10):
            limit = float(np.quantile(still, 1 - often / 100))
            over = height > limit
            delay = np.where(over.any(axis=0), over.argmax(axis=0) + 1, 99)
            span = f"{np.median(delay):.0f} (90 %: {np.quantile(delay, 0.9):.0f})"
            given = (
                f"a usual week deviates by {100 * usual:.1f} %, {often} false alarms in 100 years (limit {limit:.2f})"
            )
            print(f"growth | {given} | weeks to the alarm | {span}")
