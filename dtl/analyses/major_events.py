"""Major-event days by the 2.5 beta method of IEEE 1366: days on which a system's SAIDI is beyond what is usual.

The logarithms of the daily SAIDI of five years are taken as normal; days without any minute are left out. An
interruption belongs wholly to the day on which it began. The standard deviation has the divisor n - 1 (of a sample).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

YEARS = 5
"""Years of history that the method asks for; with fewer a threshold is provisional."""
MAJOR, CATASTROPHIC = 2.5, 4.15
"""Standard deviations above the mean of the logarithms."""


@dataclass(frozen=True)
class Threshold:
    """``alpha`` and ``beta`` are mean and standard deviation of ln(SAIDI [min]) over ``days`` days."""

    alpha: float
    beta: float
    days: int

    @property
    def t_med_min(self) -> float:
        """Daily SAIDI above which a day is major [min]."""
        return math.exp(self.alpha + MAJOR * self.beta)

    @property
    def t_cat_min(self) -> float:
        """Daily SAIDI above which a day is catastrophic [min]."""
        return math.exp(self.alpha + CATASTROPHIC * self.beta)


def threshold(daily_saidi_min: Iterable[float]) -> Threshold | None:
    """The threshold of daily values [min]; None where fewer than two days had any minute."""
    logs = [math.log(v) for v in daily_saidi_min if v > 0]
    if len(logs) < 2:
        return None
    return Threshold(statistics.fmean(logs), statistics.stdev(logs), len(logs))


@dataclass(frozen=True)
class Year:
    """The major days of one year, ``limit`` being None where nothing can be said; ``basis`` says from which history."""

    limit: Threshold | None
    basis: str
    major: frozenset[date] = frozenset()
    catastrophic: frozenset[date] = frozenset()


def judged(daily: Mapping[date, float], year: int, first: int) -> Year:
    """The days of a year against the history before it.

    ``daily`` is the SAIDI by day [min]; ``first`` the first year of which the sources have anything. A year without any
    history is judged by itself, which is provisional, as is less than five years of history.
    """
    history = range(max(first, year - YEARS), year)
    years = set(history) or {year}
    limit = threshold(v for d, v in daily.items() if d.year in years)
    span = f"{min(years)}-{max(years)}" if len(years) > 1 else str(min(years))
    if not history:
        basis = f"provisional: there is no earlier year, so it is of {span} itself"
    elif len(history) < YEARS:
        basis = f"provisional: of {len(history)} instead of {YEARS} years, {span}"
    else:
        basis = f"of {span}"
    if limit is None:
        return Year(None, f"{basis}; fewer than two days with interruptions")
    basis += f"; {limit.days} days with interruptions, divisor n - 1"
    mine = {d: v for d, v in daily.items() if d.year == year}
    return Year(
        limit,
        basis,
        frozenset(d for d, v in mine.items() if v > limit.t_med_min),
        frozenset(d for d, v in mine.items() if v > limit.t_cat_min),
    )
