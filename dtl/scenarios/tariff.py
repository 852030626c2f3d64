"""Layer ``tariff``: a time-of-use tariff moves load out of its peak hours into the hours around them.

What leaves a peak comes back in the hours before and after it, most next to it and less with every hour; all of it
unless the study says what share. A price ratio in place of a share means the reduction by the meta-regression of
Faruqui, Sergici and Warner (2017, The Electricity Journal 30(10), "Arcturus 2.0"): 1.1 + 6.5 ln(ratio) per cent, with
enabling technology 1.1 + 11.1 ln(ratio), none at a ratio of 1, and at most 30 or 40 per cent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dtl.demand.calendar import HOURS
from dtl.errors import SolveError
from dtl.scenarios.context import Context
from dtl.scenarios.power import Power, Series, summed
from dtl.scenarios.state import Component, State, assumption

BESIDE_H = 4
"""Hours before and after a peak to which load moves."""
_SLOPE, _CAP = {False: 6.5, True: 11.1}, {False: 0.30, True: 0.40}
_INTERCEPT = 1.1


def response(price_ratio: float, *, technology: bool) -> float:
    """Share of the peak load that a peak to off-peak price ratio takes away."""
    if price_ratio <= 1.0:
        return 0.0
    return min((_INTERCEPT + _SLOPE[technology] * math.log(price_ratio)) / 100.0, _CAP[technology])


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with what moves, a component for the loads and one for the vehicles."""
    name, ratio = str(layer["name"]), layer.get("price_ratio")
    technology = bool(layer.get("technology", False))
    share = response(float(ratio), technology=technology) if ratio is not None else float(layer["shift_share"])
    back = float(layer.get("returns", 1.0))
    peak = is_peak(layer, context)
    move = moved(peak, share, back, context.steps // HOURS)
    rows = [assumption("share of the peak that leaves it", share, "share", "Arcturus 2.0" if ratio else "study"),
            assumption("returns", back, "share", "study", default="returns" not in layer or back == 1.0),
            assumption("hours beside the peak", BESIDE_H, "h", "ours", default=True)]  # fmt: skip
    state = replace(state.assuming(name, *rows), peak=peak if state.peak is None else peak | state.peak)
    for what in sorted(layer.get("moves", ["load"])):
        chosen = [c for c in state.components.values() if (c.kind == "ev" if what == "ev" else c.carrier == "load")]
        if not chosen:
            continue
        key = name if what == "load" else f"{name}:{what}"
        kw, kvar = (_shifted(summed(powers), move) for powers in ([c.kw for c in chosen], [c.kvar for c in chosen]))
        state = state.with_component(Component(key, kw, kvar, chosen[0].carrier, kind="tariff"))
    return state


def is_peak(layer: Mapping[str, Any], context: Context) -> NDArray[np.bool_]:
    """Whether each hour of the year is one of the peak's, shape (8760,); hours are on the clock."""
    calendar = context.calendar
    begin, end = (int(h) for h in layer["peak_hours"])
    first, last = (int(m) for m in layer.get("months", (1, 12)))
    clock, month = calendar.clock_hour(context.timezone), calendar.month
    inside = (clock >= begin) & (clock < end) if begin < end else (clock >= begin) | (clock < end)
    season = (month >= first) & (month <= last) if first <= last else (month >= first) | (month <= last)
    days = layer.get("days", "all")
    weekend = calendar.weekday >= 5
    right = np.ones(HOURS, bool) if days == "all" else weekend if days == "weekends" else ~weekend
    return np.asarray(inside & season & right, np.bool_)


def moved(peak: NDArray[np.bool_], share: float, returns: float, per_hour: int) -> sparse.csr_array:
    """The matrix that gives from a load what a tariff adds to it in each step, shape (steps, steps).

    Parameters
    ----------
    peak
        The hours of the peak, shape (8760,).
    share
        Share of the load that leaves each of them.
    returns
        Share of it that comes back.
    per_hour
        Steps of an hour; each moves to the step of its place in other hours.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], peak, [False]]).astype(np.int8)))
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float64]] = []
    for start, end in edges.reshape(-1, 2):
        own = np.arange(start, end)
        away = np.arange(1, BESIDE_H + 1)
        to = np.concatenate([start - away, end - 1 + away]) % HOURS
        weight = np.tile(BESIDE_H + 1.0 - away, 2)[~peak[to]]
        to = to[~peak[to]]
        if not len(to):
            raise SolveError(f"the peak that begins in hour {start} has no hour beside it to which load could move")
        rows += [own, np.repeat(to, len(own))]
        columns += [own, np.tile(own, len(to))]
        values += [np.full(len(own), -share), np.repeat(share * returns * weight / weight.sum(), len(own))]
    if not rows:
        return sparse.csr_array((HOURS * per_hour, HOURS * per_hour))
    place = [np.concatenate(x)[:, None] * per_hour + np.arange(per_hour) for x in (rows, columns)]
    value = np.repeat(np.concatenate(values), per_hour)
    size = HOURS * per_hour
    return sparse.csr_array((value, (place[0].ravel(), place[1].ravel())), shape=(size, size))


def _shifted(power: Power, move: sparse.csr_array) -> Power:
    def change(shapes: Series) -> Series:
        return np.ascontiguousarray((move @ shapes.T.astype(np.float64)).T)

    return power.reshaped(change)
