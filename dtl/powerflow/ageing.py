"""Thermal ageing of transformers by two standards, which are never mixed: IEEE C57.91 and IEC 60076-7.

Load is per unit of the rating, temperatures in degree C, rises in K. References: IEEE C57.91-2011, clause 7 (hot spot
by ultimate rises and time constants; equations in this order below) and 5.2 (ageing acceleration); IEC 60076-7:2018,
clause 8.2 (difference equations) and 6.3 (relative ageing rate).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numba import types
from numpy.typing import ArrayLike, NDArray

from dtl.network.feeder import Transformer
from dtl.powerflow.compiled import compiled

Real = NDArray[np.float64]

REFERENCE_K = {65: 383.0, 55: 368.0}
"""Reference hot spot by average winding rise, thermally upgraded paper or not: 110 and 95 degree C [K]."""
HOT_SPOT_RISE_K = {65: 80.0, 55: 65.0}
"""Rise of the hot spot over ambient at rated load by average winding rise [K]."""
LOSS_RATIO = 5.0
"""Load loss over no-load loss of a transformer of which no no-load loss is known."""
HOTTEST_C = 180.0
"""Limit of the short-time hot spot (C57.91, 8.2): above it the models say nothing, and temperatures are held here."""
WINDING_MIN = 5.0
"""Time constant of the winding, C57.91 [min]."""
SUB_MIN = 5
"""Ageing is integrated in steps of this length, exactly between them [min]."""


def ageing_factor(hot_spot_c: ArrayLike, winding_rise: int = 65) -> Real:
    """Ageing acceleration factor F_AA of C57.91, 1 at 110 degree C (55 K units: at 95)."""
    reference = REFERENCE_K[winding_rise]
    return np.asarray(np.exp(15000.0 / reference - 15000.0 / (np.asarray(hot_spot_c, np.float64) + 273.0)))


def relative_rate(hot_spot_c: ArrayLike, *, upgraded: bool = False) -> Real:
    """Relative ageing rate V of IEC 60076-7: 1 at 98 degree C, doubling every 6 K; upgraded paper: 1 at 110."""
    theta = np.asarray(hot_spot_c, np.float64)
    if upgraded:
        return np.asarray(np.exp(15000.0 / (110.0 + 273.0) - 15000.0 / (theta + 273.0)))
    return np.asarray(2.0 ** ((theta - 98.0) / 6.0))


def loss_ratio(unit: Transformer) -> float:
    """Load loss at rated load over no-load loss of a transformer; `LOSS_RATIO` where the model has no no-load loss."""
    own = unit.windings[0].kva
    load = float(sum(w.r_pct * own / w.kva for w in unit.windings[:2]))
    none: float = unit.no_load_loss_pct
    return load / none if none > 0 else LOSS_RATIO


@dataclass(frozen=True)
class Thermal:
    """What both models need of some units, one entry each: loss ratio, rises at rated load and time constants.

    ``loss_ratio`` is load loss at rated load over no-load loss; ``oil_min`` the time constant of the top oil [min].
    """

    loss_ratio: Real
    top_oil_k: Real
    hot_spot_k: Real
    oil_min: Real
    m: float = 0.8
    n: float = 0.8

    def ultimate(self, load_pu: ArrayLike) -> tuple[Real, Real]:
        """Ultimate rises of top oil over ambient and of the hot spot over top oil (C57.91, 7.2.4 and 7.2.5) [K]."""
        k = np.asarray(load_pu, np.float64)
        oil = self.top_oil_k * ((k * k * self.loss_ratio + 1.0) / (self.loss_ratio + 1.0)) ** self.n
        return np.asarray(oil), np.asarray(self.hot_spot_k * k ** (2.0 * self.m))


@compiled(
    types.void(
        types.float64[:, ::1], types.float64[::1], types.float64, types.int64, types.float64, types.float64,
        types.float64, types.float64[:, ::1], types.float64[::1], types.float64[:, ::1], types.float64[:, ::1],
        types.float64[:, ::1],
    )
)  # fmt: skip
def c57_91(load, ambient, step_min, parts, reference_k, m, n, units, state_winding, state, top, out):  # type: ignore[no-untyped-def]
    """Follow the rises of units through steps of constant load, exactly; ``units``: R, top oil, hot spot, tau oil.

    ``state`` (units, 1) and ``state_winding`` (units,) hold the rises at the beginning and are left at the end. ``top``
    and ``out`` (units, 2 x steps): top oil and hot spot at the end of each step, then the means of F_AA and 0.
    """
    steps = load.shape[1]
    sub = step_min / parts
    for u in range(load.shape[0]):
        oil, winding = state[u, 0], state_winding[u]
        a = np.exp(-sub / units[u, 3])
        b = np.exp(-sub / WINDING_MIN)
        for s in range(steps):
            k = load[u, s]
            to = units[u, 1] * ((k * k * units[u, 0] + 1.0) / (units[u, 0] + 1.0)) ** n
            hs = units[u, 2] * k ** (2.0 * m)
            hottest = min(ambient[s] + oil + winding, HOTTEST_C)
            before = np.exp(15000.0 / reference_k - 15000.0 / (hottest + 273.0))
            total = 0.0
            for _ in range(parts):
                oil = to + (oil - to) * a
                winding = hs + (winding - hs) * b
                theta = min(ambient[s] + oil + winding, HOTTEST_C)
                after = np.exp(15000.0 / reference_k - 15000.0 / (theta + 273.0))
                total += 0.5 * (before + after)
                before = after
                hottest = max(hottest, theta)
            top[u, s] = min(ambient[s] + oil, HOTTEST_C)
            out[u, s] = hottest
            out[u, steps + s] = total / parts
        state[u, 0] = oil
        state_winding[u] = winding


@dataclass(frozen=True)
class Iec:
    """Constants of IEC 60076-7, table 4, by kind of unit."""

    x: float
    y: float
    k11: float
    k21: float
    k22: float
    oil_min: float
    winding_min: float


IEC = {
    "distribution": Iec(0.8, 1.6, 1.0, 1.0, 2.0, 180.0, 4.0),
    "onan": Iec(0.8, 1.3, 0.5, 2.0, 2.0, 210.0, 10.0),
    "onaf": Iec(0.8, 1.3, 0.5, 2.0, 2.0, 150.0, 7.0),
}
"""Small ONAN distribution transformers, and medium and large power transformers ONAN and ONAF."""


def iec_temperatures(
    load_pu: Real,
    ambient_c: Real,
    step_min: float,
    loss_ratio: ArrayLike,
    top_oil_k: ArrayLike,
    hot_spot_k: ArrayLike,
    of: Iec,
    begin: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None,
) -> tuple[Real, Real]:
    """Top oil and hot spot at the end of each step [degree C] by the difference equations of IEC 60076-7, 8.2.3.

    Parameters
    ----------
    load_pu
        Shape (units, steps); ``ambient_c``, shape (steps,).
    loss_ratio, top_oil_k, hot_spot_k
        Of each unit: load loss over no-load loss, rise of the top oil and gradient H g_r at rated load [K].
    begin
        Rises of the top oil and of both winding terms at the beginning [K]; none: those of the first load, settled.
    """
    ratio, rated, gradient = (np.broadcast_to(np.asarray(v, np.float64), load_pu.shape[:1])
                              for v in (loss_ratio, top_oil_k, hot_spot_k))  # fmt: skip
    # the standard asks for steps of at most half the smallest time constant
    parts = max(1, math.ceil(step_min / min(step_min, of.winding_min / 2.0))) if step_min > 1.0 else 1
    d = step_min / parts
    first = load_pu[:, 0]
    settled = rated * ((1.0 + ratio * first**2) / (1.0 + ratio)) ** of.x
    if begin is None:
        oil, one, two = settled, of.k21 * gradient * first**of.y, (of.k21 - 1.0) * gradient * first**of.y
    else:
        oil, one, two = (np.broadcast_to(np.asarray(v, np.float64), first.shape).copy() for v in begin)
    top, hot = np.empty_like(load_pu), np.empty_like(load_pu)
    for s in range(load_pu.shape[1]):
        k = load_pu[:, s]
        wanted = rated * ((1.0 + ratio * k * k) / (1.0 + ratio)) ** of.x
        rise = gradient * k**of.y
        for _ in range(parts):
            oil = oil + d / (of.k11 * of.oil_min) * (wanted - oil)
            one = one + d / (of.k22 * of.winding_min) * (of.k21 * rise - one)
            two = two + d * of.k22 / of.oil_min * ((of.k21 - 1.0) * rise - two)
        top[:, s] = ambient_c[s] + oil
        hot[:, s] = top[:, s] + one - two
    return top, hot


class Life:
    """Ageing of the transformers of a feeder through the steps of a case, block by block; an hour is a step of 60 min.

    ``rows`` are the indices of the transformers among the elements of the loading. After the last block
    ``hot_spot_c``, ``hot_spot_hour``, ``top_oil_c``, ``factor`` (mean of the ageing factor) and ``hours_hot`` (hours
    above 140 degree C, where bubbles may form) hold one entry each.
    """

    BUBBLES_C = 140.0

    def __init__(
        self, rows: NDArray[np.int64], loss_ratio: Real, temp_c: Real, words: Mapping[str, Any], step_h: float
    ):
        count = len(rows)
        rise = int(words["winding_rise_k"])
        top = float(words["top_oil_rise_k"])
        self.rows, self._temp, self._step_h = rows, temp_c, step_h
        self._iec = words["standard"] == "iec-60076-7"
        self._rise = rise
        self._thermal = Thermal(
            loss_ratio, np.full(count, top), np.full(count, HOT_SPOT_RISE_K[rise] - top),
            np.full(count, 60.0 * float(words["oil_time_constant_h"])),
        )  # fmt: skip
        self._winding, self._oil = np.zeros(count), np.zeros((count, 1))
        self._iec_state: tuple[Real, Real] | None = None
        self._next = -1
        self._sum, self._steps = np.zeros(count), 0
        self.hot_spot_c, self.top_oil_c = np.full(count, -np.inf), np.full(count, -np.inf)
        self.hot_spot_hour, self.hours_hot = np.zeros(count, np.int64), np.zeros(count)
        self.normal_life_h = float(words["normal_life_h"])

    @property
    def steps(self) -> int:
        """Steps that were taken in."""
        return self._steps

    @property
    def factor(self) -> Real:
        """Mean of the ageing factor over the hours."""
        return self._sum / max(self._steps, 1)

    @property
    def loss_pct(self) -> Real:
        """Loss of life over the hours, at most all of it [% of the normal life]."""
        return np.minimum(100.0 * self._sum * self._step_h / self.normal_life_h, 100.0)

    def add(self, hours: NDArray[np.int64], pct: Real) -> None:
        """Take in the loading of all elements in a block, shape (elements, steps) [%]."""
        load = np.ascontiguousarray(pct[self.rows] / 100.0)
        for start, end in _runs(hours):
            self._add(hours[start:end], np.ascontiguousarray(load[:, start:end]))

    def _add(self, hours: NDArray[np.int64], load: Real) -> None:
        ambient = np.ascontiguousarray(self._temp[hours], np.float64)
        begins = int(hours[0]) != self._next
        self._next = int(hours[-1]) + 1
        steps = load.shape[1]
        if self._iec:
            top, hot, rate = self._by_iec(load, ambient, begins=begins)
        else:
            if begins:
                oil, self._winding = self._thermal.ultimate(load[:, 0])
                self._oil = oil[:, None].copy()
            t, found = self._thermal, np.empty((len(load), 2 * steps))
            units = np.ascontiguousarray(np.stack([t.loss_ratio, t.top_oil_k, t.hot_spot_k, t.oil_min], axis=1))
            top = np.empty((len(load), steps))
            minutes = 60.0 * self._step_h
            c57_91(load, ambient, minutes, max(1, int(minutes // SUB_MIN)), REFERENCE_K[self._rise], t.m, t.n, units,
                   self._winding, self._oil, top, found)  # fmt: skip
            hot, rate = found[:, :steps], found[:, steps:]
        self._sum += rate.sum(axis=1)
        self._steps += steps
        self.hours_hot += (hot > self.BUBBLES_C).sum(axis=1) * self._step_h
        at = hot.argmax(axis=1)
        most = np.take_along_axis(hot, at[:, None], axis=1)[:, 0]
        higher = most > self.hot_spot_c
        self.hot_spot_c[higher], self.hot_spot_hour[higher] = most[higher], hours[at][higher]
        self.top_oil_c = np.maximum(self.top_oil_c, top.max(axis=1))

    def _by_iec(self, load: Real, ambient: Real, *, begins: bool) -> tuple[Real, Real, Real]:
        of, t = IEC["distribution"], self._thermal
        begin = None if begins or self._iec_state is None else (*self._iec_state, np.zeros(len(load)))
        top, hot = iec_temperatures(
            load, ambient, 60.0 * self._step_h, t.loss_ratio, t.top_oil_k, t.hot_spot_k, of, begin
        )
        self._iec_state = top[:, -1] - ambient[-1], hot[:, -1] - top[:, -1]
        top, hot = np.minimum(top, HOTTEST_C), np.minimum(hot, HOTTEST_C)
        return top, hot, relative_rate(hot, upgraded=self._rise == 65)


def _runs(hours: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where consecutive hours begin and end."""
    edges = np.flatnonzero(np.diff(hours) != 1) + 1
    bounds = [0, *edges.tolist(), len(hours)]
    return list(pairwise(bounds))
