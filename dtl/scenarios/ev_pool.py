"""Charging sessions from which those of a year are drawn: when they begin, how long they stay, what they need.

A pool is either made from the parameters of a profile, or it is what was measured, drawn again as it was.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.scenarios import draw

Real = NDArray[np.float64]

SIZE = 4096
"""Sessions of a pool that is made from parameters."""
LEAST_STAY_H = 0.1
HOUR_WIDE = 0.5
"""Spread of measured arrivals [h]: some hundred sessions tell the hour of arrival, and no more."""


@dataclass(frozen=True)
class Pool:
    """Sessions that are alike in likelihood: arrival [h on the clock], energy [kWh from the grid] and stay [h].

    ``spread_h`` is how far to either side of its arrival a session may begin [h].
    """

    arrival_h: Real
    kwh: Real
    stay_h: Real
    spread_h: float = 0.0

    def drawn(self, at: Real) -> Pool:
        """The sessions at some places of the pool, numbers between 0 and 1."""
        index = np.minimum((at * len(self.arrival_h)).astype(np.int64), len(self.arrival_h) - 1)
        beside = self.spread_h * (2.0 * (at * len(self.arrival_h) - index) - 1.0)
        return Pool(self.arrival_h[index] + beside, self.kwh[index], self.stay_h[index])


def made(arrivals: Real, kwh: float, cv: float, most_kwh: float, stay_h: float, stay_sd_h: float) -> Pool:
    """A pool from parameters.

    Parameters
    ----------
    arrivals
        Sessions that begin in each hour of the clock, relative to each other, shape (24,).
    kwh, cv, most_kwh
        Mean, coefficient of variation and highest energy of a session; log-normal, and the mean holds after the cap.
    stay_h, stay_sd_h
        Mean and standard deviation of the stay; normal.
    """
    seed = draw.keys(["pool"])
    even = (np.arange(SIZE) + 0.5) / SIZE
    edges = np.concatenate([[0.0], np.cumsum(arrivals) / arrivals.sum()])
    arrival = np.interp(even, edges, np.arange(25.0))
    shuffled = [np.argsort(draw.uniform(seed, np.arange(SIZE) + k * SIZE)) for k in (1, 2)]
    z = draw.normal(seed, np.arange(SIZE) + 3 * SIZE)
    z = np.sort(z)
    sigma = float(np.sqrt(np.log1p(cv**2)))
    energy = _capped(np.exp(sigma * z), kwh, most_kwh)
    stay = np.maximum(stay_h + stay_sd_h * z, LEAST_STAY_H)
    return Pool(arrival, energy[shuffled[0]], stay[shuffled[1]])


def _capped(shape: Real, mean: float, most: float) -> Real:
    """Energies of a shape with a mean, none above the cap; the cap gives way where the mean is above it."""
    most = max(most, 1.5 * mean)
    energy = shape * mean / shape.mean()
    for _ in range(50):
        energy = np.minimum(energy * (mean / energy.mean()), most)
    return np.asarray(energy, np.float64)


@dataclass(frozen=True)
class Measured:
    """Measured sessions: pools of weekdays and weekends, sessions of a charger on such days, and their unevenness.

    ``unevenness`` is the coefficient of variation of the mean use of chargers, beyond chance.
    """

    weekday: Pool
    weekend: Pool
    weekday_sessions: float
    weekend_sessions: float
    unevenness: float


def measured(path: Path, name: str, *, days: frozenset[int] | None = None) -> Measured:
    """The sessions of a CSV with the columns arrival, departure (ISO 8601), kwh and, where several chargers, station.

    `days` keeps the sessions that arrive on these days of the month only.

    Raises
    ------
    SolveError
        A column is missing, a row is not as it must be, or there are no sessions on weekdays.
    """
    rows = [r for r in _rows(path, name) if days is None or r[0].day in days]
    dates = {a.date() for a, *_ in rows}
    span = [d for d in _span(dates) if days is None or d.day in days]
    stations = sorted({s for *_, s in rows})
    pools, rates = [], []
    for weekend in (False, True):
        own = [r for r in rows if (r[0].weekday() >= 5) == weekend]
        count = sum((d.weekday() >= 5) == weekend for d in span)
        pools.append(_pool(own))
        rates.append(len(own) / len(stations) / count if count else 0.0)
    if not len(pools[0].arrival_h):
        raise SolveError(f"{name}: has no session on a weekday")
    weekend_pool = pools[1] if len(pools[1].arrival_h) else pools[0]
    uses = np.array([sum(s == station for *_, s in rows) for station in stations], np.float64)
    beyond = float(uses.var() - uses.mean()) if len(uses) > 1 else 0.0
    unevenness = float(np.sqrt(max(beyond, 0.0)) / uses.mean())
    return Measured(pools[0], weekend_pool, rates[0], rates[1], unevenness)


Row = tuple[datetime, datetime, float, str]


def _pool(rows: list[Row]) -> Pool:
    arrival = np.array([a.hour + a.minute / 60.0 + a.second / 3600.0 for a, *_ in rows])
    stay = np.array([(d - a).total_seconds() / 3600.0 for a, d, *_ in rows])
    return Pool(arrival, np.array([k for *_, k, _ in rows]), stay, HOUR_WIDE)


def _rows(path: Path, name: str) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"arrival", "departure", "kwh"} - set(reader.fieldnames or ())
        if missing:
            raise SolveError(f"{name}: sessions have no column {' and '.join(sorted(missing))}")
        found = []
        for line, row in enumerate(reader, 2):
            try:
                arrival, departure = (datetime.fromisoformat(row[c]) for c in ("arrival", "departure"))
                kwh = float(row["kwh"])
            except (ValueError, TypeError) as err:
                raise SolveError(f"{name}:{line}: {err}") from err
            if departure <= arrival or not kwh >= 0.0:
                raise SolveError(f"{name}:{line}: a session leaves after it arrives, and takes no less than 0 kWh")
            found.append((arrival, departure, kwh, row.get("station") or ""))
    if not found:
        raise SolveError(f"{name}: has no sessions")
    return found


def _span(dates: set[date]) -> list[date]:
    first, last = min(dates), max(dates)
    return [first + timedelta(days=k) for k in range((last - first).days + 1)]
