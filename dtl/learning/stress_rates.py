"""Interruptions of a day from its weather, by group of causes: rates that weather only raises, and their spread.

A quasi-Poisson regression (McCullagh and Nelder 1989) in which the rate rises as a power and exponentially with what
wind, heat, cold and rain are above a threshold; neither weight is negative, both are drawn to zero, the season is free.
Weather beyond all that was seen counts as the worst that was seen: what lies outside the record is not told by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
STRESSES = {"wind": ("gust_max", "wind_max"), "heat": ("temp_max",), "cold": ("temp_min",), "rain": ("rain",)}
"""What raises the rate, and the columns of a day that show it, the first that is known."""
FROM = 0.8
"""Quantile of the days of the record from which a stress counts."""
KNOWN_SHARE = 0.5
"""Share of the days on which a column must be known."""
STEPS, LONGEST = 50, 2.0
"""Steps of Newton's method at most, and the longest of one [log of the rate]."""
PRIOR_SD, SEASON_SD = 1.0, 0.5
"""Spread, before anything is seen, of a weight (a power of 1: the rate rises in proportion) and of the season's."""


@dataclass(frozen=True)
class Scale:
    """How the days of a record become stresses: column, sign, threshold, spread and worst of each."""

    parts: dict[str, tuple[str, float, float, float, float]]

    @property
    def stresses(self) -> int:
        """Columns that belong to stresses: two of each."""
        return 2 * len(self.parts)

    @property
    def names(self) -> list[str]:
        """Columns of a day that show the stresses."""
        return [part[0] for part in self.parts.values()]

    def columns(self, days: pd.DataFrame) -> Array:
        """Stresses and their logs, then the season, of days, shape (days, stresses + 3), a column of ones last.

        Rows of days that are not `known` have nan.
        """
        found = []
        for column, sign, start, spread, worst in self.parts.values():
            value = sign * days[column].to_numpy(float)
            over = np.clip(value - start, 0.0, worst) / spread
            found += [over, np.log1p(over)]
        turn = 2 * np.pi * pd.DatetimeIndex(days.index).day_of_year.to_numpy() / 365.25
        return np.column_stack([*found, np.sin(turn), np.cos(turn), np.ones(len(days))])

    def known(self, days: pd.DataFrame) -> NDArray[np.bool_]:
        """Whether every stress of a day is known; of any other day nothing can be told."""
        return np.asarray(days[self.names].notna().all(axis=1), bool)

    def beyond(self, days: pd.DataFrame) -> int:
        """Days on which a stress is larger than on any day of the record."""
        over = np.zeros(len(days), bool)
        for column, sign, start, _, worst in self.parts.values():
            over |= sign * days[column].to_numpy(float) - start > worst * (1 + 1e-9)
        return int(over.sum())


def scale(days: pd.DataFrame) -> Scale:
    """The scale of a record; a column that is mostly missing, or never changes beyond its threshold, has no part."""
    parts = {}
    for stress, columns in STRESSES.items():
        known = [c for c in columns if c in days and days[c].notna().mean() >= KNOWN_SHARE]
        if not known:
            continue
        sign = -1.0 if stress == "cold" else 1.0
        value = sign * days[known[0]].dropna().to_numpy(float)
        start = float(np.quantile(value, FROM))
        over = np.clip(value - start, 0.0, None)
        if float(over.std()) > 1e-6:
            parts[stress] = (known[0], sign, start, float(over.std()), float(over.max()))
    return Scale(parts)


def weights(x: Array, counts: Array, stresses: int, times: Array | None = None) -> Array:
    """The most probable weights of rows of `Scale.columns`, those of the stresses not below zero.

    ``counts`` may be any amounts that are not negative, in units of their variance over their mean.

    ``times``: how often each day counts, once if left out. Newton's method, in which a weight that leaves its bound is
    held there (Bertsekas 1982, SIAM J. Control Optim. 20).
    """
    size, each = x.shape[1], np.ones(len(counts)) if times is None else times
    seen = max(float((each * counts).sum()), 0.5)
    tight = np.r_[np.full(stresses, PRIOR_SD**-2), np.full(size - stresses - 1, SEASON_SD**-2), 1e-6]
    b = np.r_[np.zeros(size - 1), np.log(seen / float(each.sum()))]
    for _ in range(STEPS):
        rate = each * np.exp(np.clip(x @ b, -30, 20))
        slope = x.T @ (rate - each * counts) + tight * np.r_[b[:-1], 0.0]
        free = np.ones(size, bool)
        free[:stresses] = (b[:stresses] > 0) | (slope[:stresses] < 0)
        own = x[:, free]
        move = np.zeros(size)
        move[free] = np.linalg.solve((own * rate[:, None]).T @ own + np.diag(tight[free]), slope[free])
        move *= min(1.0, LONGEST / max(float(np.abs(move).max()), 1e-12))
        after = b - move
        after[:stresses] = np.maximum(after[:stresses], 0.0)
        done, b = float(np.abs(after - b).max()) < 1e-8, after
        if done:
            break
    return np.asarray(b, np.float64)


def explained(days: pd.DataFrame, counts: pd.Series) -> float | None:
    """Share of the deviance of left-out years that weather explains over season and level; None below two years.

    Level and season of a left-out year are its own, so that a change of reporting is not taken for weather.
    """
    year = pd.DatetimeIndex(days.index).year.to_numpy()
    n = counts.to_numpy(float)
    plain = full = best = 0.0
    years = [y for y in sorted(set(year)) if (year == y).sum() >= 90 and n[year == y].sum() >= 1]
    if len(years) < 2:
        return None
    for out in years:
        own, rest = year == out, year != out
        rule = scale(days[rest])
        known = rule.known(days)
        own, rest = own & known, rest & known
        if not n[own].sum() or not rest.any():
            continue
        best += float(sum(k - k * np.log(k) for k in n[own & (n > 0)]))
        x, stresses = rule.columns(days), rule.stresses
        b = weights(x[rest], n[rest], stresses)
        none = weights(x[rest][:, stresses:], n[rest], 0)
        for line, weather in ((x[own] @ b, True), (x[own][:, stresses:] @ none, False)):
            rate = np.exp(line)
            rate *= n[own].sum() / rate.sum()
            left = float((rate - n[own] * np.log(rate)).sum())
            full, plain = (full + left, plain) if weather else (full, plain + left)
    return (plain - full) / (plain - best) if plain > best else None
