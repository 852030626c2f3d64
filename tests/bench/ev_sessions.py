"""Sessions of a campus: drawn from odd days, compared with even days (the criteria E1 of the method page).

Run ``python tests/bench/ev_sessions.py SESSIONS.csv``; prints one line per measure: ours, measured.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import Calendar
from dtl.scenarios import draw
from dtl.scenarios.ev_pool import measured
from dtl.scenarios.ev_sessions import Habit, charge, coincidence, sessions

KW, STATIONS, COUNTS = 6.6, 47, (1, 2, 5, 10, 20, 30, 40, 47)
TABLE = (1.00, 0.89, 0.65, 0.54, 0.44, 0.38, 0.35, 0.32)
"""Coincidence of the whole month at five minutes, charging at once."""


@dataclass(frozen=True)
class Score:
    """Ours and theirs: mean energy, total variation of arrivals (of all days, of weekdays), coincidence by number."""

    kwh: tuple[float, float]
    arrivals_tv: float
    weekday_tv: float
    coincidence: tuple[float, ...]


def score(path: Path, seeds: int = 12) -> Score:
    """Fit to odd days, score on even days; coincidence is the mean over simulated months of March."""
    odd, even = (frozenset(range(first, 32, 2)) for first in (1, 2))
    fitted, held = (measured(path, path.name, days=days) for days in (odd, even))
    habit = Habit(fitted.weekday, fitted.weekend, fitted.weekday_sessions, fitted.weekend_sessions, KW, KW,
                  np.ones(12), is_charger=True, unevenness=fitted.unevenness)  # fmt: skip
    site, found, curves = np.zeros(STATIONS, np.int64), [], []
    for seed in range(seeds):
        units = draw.keys(map(str, range(STATIONS)), "bench", seed)
        year = sessions(habit, units, site, Calendar(2019), "UTC")
        march = year.taken((year.arrival_h >= 24.0 * 59) & (year.arrival_h < 24.0 * 90))
        found.append(year)
        power, _ = charge(march, march.unit, STATIONS, 0.0, 8760 * 12)
        curves.append(coincidence(power, KW, COUNTS, 40, seed))
    arrivals = np.concatenate([m.arrival_h for m in found])
    weekday = (arrivals // 24.0 + 1) % 7 < 5  # 1 January 2019 was a Tuesday
    every = np.concatenate([held.weekday.arrival_h, held.weekend.arrival_h])
    tv, weekday_tv = _distance(arrivals, every), _distance(arrivals[weekday], held.weekday.arrival_h)
    kwh = float(np.concatenate([m.kwh for m in found]).mean())
    even_kwh = np.concatenate([held.weekday.kwh, held.weekend.kwh]).mean()
    return Score((kwh, float(even_kwh)), tv, weekday_tv, tuple(np.mean(curves, axis=0)))


def _distance(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Total variation between two histograms by hour of the day."""
    first, second = (np.bincount((x % 24.0).astype(int), minlength=24) / len(x) for x in (ours, theirs))
    return float(0.5 * np.abs(first - second).sum())


if __name__ == "__main__":
    result = score(Path(sys.argv[1]))
    print(f"mean kWh {result.kwh[0]:.3f} {result.kwh[1]:.3f}  ratio {result.kwh[0] / result.kwh[1]:.3f}")
    print(f"arrivals, total variation {result.arrivals_tv:.3f}; of weekdays {result.weekday_tv:.3f}")
    for count, ours, theirs in zip(COUNTS, result.coincidence, TABLE, strict=True):
        print(f"c({count}) {ours:.3f} {theirs:.2f}")
