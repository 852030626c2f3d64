"""The year of many batteries, step after step: what they take and give, and what they hold."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


@numba.njit(cache=True)
def run(wish: Real, kw: Real, kwh: Real, one_way: float, step_h: float, held: Real, power: Real) -> None:
    """Follow a wish as far as power and energy allow.

    Parameters
    ----------
    wish
        Power that each battery should take, negative to give, shape (batteries, steps) [kW].
    kw, kwh
        Rated power and usable energy of each.
    one_way
        Share of the energy that is left on the way in, and again on the way out.
    step_h
        Length of a step [h].
    held
        Energy held at the start [kWh], shape (batteries,); that at the end afterwards.
    power
        Becomes the power at the terminals, shape (batteries, steps) [kW].
    """
    for i in range(wish.shape[0]):
        soc = held[i]
        for t in range(wish.shape[1]):
            want = min(max(wish[i, t], -kw[i]), kw[i])
            if want > 0.0:
                taken = min(want, (kwh[i] - soc) / (one_way * step_h))
                soc = min(soc + taken * one_way * step_h, kwh[i])
            else:
                taken = -min(-want, soc * one_way / step_h)
                soc = max(soc + taken / one_way * step_h, 0.0)
            power[i, t] = taken
        held[i] = soc


@numba.njit(cache=True)
def to_be_full(
    peak: NDArray[np.bool_], own: Real, surplus: Real, kw: Real, kwh: Real, one_way: float, step_h: float, held: Real,
    power: Real,
) -> None:  # fmt: skip
    """Give in the peak what those who own the batteries use; before it fill them evenly, with surplus first.

    ``peak`` has shape (steps,), ``own`` and ``surplus`` (batteries, steps) [kW]; the others are as in `run`.
    """
    steps = len(peak)
    left = np.zeros(steps, np.int64)
    ahead = 0
    for twice in range(2 * steps - 1, -1, -1):
        t = twice % steps
        ahead = 0 if peak[t] else ahead + 1
        left[t] = ahead
    for i in range(own.shape[0]):
        soc = held[i]
        for t in range(steps):
            if peak[t]:
                taken = -min(min(max(own[i, t], 0.0), kw[i]), soc * one_way / step_h)
                soc = max(soc + taken / one_way * step_h, 0.0)
            else:
                room = (kwh[i] - soc) / (one_way * step_h)
                taken = min(max(room / left[t], min(surplus[i, t], room)), kw[i])
                soc = min(soc + taken * one_way * step_h, kwh[i])
            power[i, t] = taken
        held[i] = soc


@numba.njit(cache=True)
def holds(load: Real, ceiling: float, kw: float, kwh: float, one_way: float, step_h: float, soc: float) -> bool:
    """Whether one battery that is so full at the start keeps a load of shape (steps,) under a ceiling all year."""
    for t in range(len(load)):
        over = load[t] - ceiling
        if over > 0.0:
            if over > kw * (1.0 + 1e-12):
                return False
            soc -= over / one_way * step_h
            if soc < -1e-12 * kwh:
                return False
        else:
            soc = min(soc + min(-over, kw) * one_way * step_h, kwh)
    return True


@numba.njit(cache=True)
def ceilings(load: Real, kw: Real, kwh: Real, one_way: float, step_h: float, rounds: int) -> Real:
    """The lowest ceiling under which each battery keeps its load all year, by halving; shape (batteries,) [kW]."""
    found = np.zeros(load.shape[0])
    for i in range(load.shape[0]):
        high = load[i].max()
        low = high - kw[i]
        for _ in range(rounds):
            middle = 0.5 * (low + high)
            if holds(load[i], middle, kw[i], kwh[i], one_way, step_h, kwh[i]):
                high = middle
            else:
                low = middle
        found[i] = high
    return found
