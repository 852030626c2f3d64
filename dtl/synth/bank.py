"""The bank of a substation: a tap changer holds the bus that its feeders start from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from dtl.synth.clock import Clock
from dtl.synth.habits import day_shape
from dtl.synth.seeds import generator
from dtl.synth.weather import Weather

Floats = npt.NDArray[np.float64]

TAP_PU = 0.00625
BAND_PU = 1.0 / 120.0
"""Half the band of the tap changer: one volt on 120."""


@dataclass(frozen=True, slots=True)
class Bus:
    """Voltage of the bus and tap of the bank, (T,)."""

    pu: Floats
    tap: npt.NDArray[np.int64]


def bus(substation: str, set_pu: float, whole: Clock, weather: Weather, seed: int) -> Bus:
    """The bus of a substation at every step: the grid above wanders, load pulls down, the tap changer follows.

    The load is that of a typical day and temperature, not the sum of the feeders, so that feeders can be solved in any
    order.
    """
    rng = generator(seed, "bank", substation)
    step = whole.step_min / 60.0
    rho = float(np.exp(-step / 6.0))
    wander = lfilter([1.0], [1.0, -rho], rng.normal(size=whole.steps) * np.sqrt(1 - rho**2))
    heat = np.maximum(weather.at(whole.utc, weather.temperature_c) - 18.0, 0.0) / 17.0
    load = 0.55 * day_shape("residential", 0, whole.hour, whole.weekend) + 0.45 * heat
    above = 1.005 + 0.006 * wander - 0.045 * load
    tap, pu, taps = (
        round((set_pu - float(above[0])) / TAP_PU),
        np.empty(whole.steps),
        np.empty(whole.steps, dtype=np.int64),
    )
    for t in range(whole.steps):
        now = float(above[t]) + tap * TAP_PU
        while now > set_pu + BAND_PU and tap > -16:
            tap, now = tap - 1, now - TAP_PU
        while now < set_pu - BAND_PU and tap < 16:
            tap, now = tap + 1, now + TAP_PU
        pu[t], taps[t] = now, tap
    return Bus(pu, taps)
