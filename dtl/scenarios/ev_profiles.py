"""The charging profiles: built-in ones, with any parameter of them replaced, or files of one's own."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS, Calendar
from dtl.scenarios import series_file
from dtl.scenarios.context import Context
from dtl.scenarios.ev_pool import made, measured
from dtl.scenarios.ev_sessions import Habit

Real = NDArray[np.float64]

FOLDER = Path(__file__).parent / "profiles"
SEASONS = ("winter", "spring", "summer", "autumn")
MONTHS = tuple(SEASONS[(month % 12) // 3] for month in range(1, 13))
"""Season of each month, January first; winter is December to February."""
DEFAULT_FACTOR = 0.99
"""Power factor of chargers whose profile is none of the built-in ones."""


@dataclass(frozen=True)
class Charging:
    """A profile as it is used: how its units charge, or the load of one unit through the year.

    Attributes
    ----------
    said
        Each parameter with its value, and whether the study says it.
    habit
        Sessions; None where ``shape`` is.
    shape
        Load of one unit [kW], shape (steps,); None where sessions make it.
    power_factor
        Power factor, inductive.
    """

    said: Mapping[str, tuple[float | str, bool]]
    habit: Habit | None
    shape: Real | None
    charger_kw: float
    power_factor: float


@cache
def built_in(name: str) -> Mapping[str, float | str]:
    """The parameters of a built-in profile."""
    with (FOLDER / "sessions.csv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(line for line in file if not line.startswith("#"))
        row = next(r for r in rows if r["profile"] == name)
    return {k: v if k in ("profile", "unit") else float(v) for k, v in row.items()}


@cache
def arrivals(name: str) -> tuple[Real, Real]:
    """Sessions that begin in each hour of a weekday and of a weekend day, relative to each other."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return np.array([float(r["weekday"]) for r in rows]), np.array([float(r["weekend"]) for r in rows])


def charging(words: Mapping[str, Any], context: Context) -> Charging:
    """The profile that some words of the section ``profiles`` describe; SolveError where a file is wrong."""
    like = str(words.get("like") or "")
    known: dict[str, Any] = dict(built_in(like)) if like else {"efficiency": 1.0, "power_factor": DEFAULT_FACTOR}
    own = {k: v for k, v in words.items() if k not in ("like", "seasons") and v is not None}
    known |= own | dict(words.get("seasons") or {})
    if "charger_kw" in own and like:
        first = built_in(like)
        known["lowest_kw"] = float(first["lowest_kw"]) * float(own["charger_kw"]) / float(first["charger_kw"])
    season = np.array([float(known.get(s, 1.0)) for s in MONTHS])
    season /= season.mean()
    habit, shape = None, None
    if "sessions" in own:
        habit = _of_measured(known, context, season)
    elif "weekday" in own or "year" in own:
        shape = _of_files(known, context, season, scaled="energy_kwh_per_day" in known)
    else:
        habit = _of_parameters(like, known, season)
    said = {k: (_told(v), k in own or k in (words.get("seasons") or {})) for k, v in sorted(known.items())}
    kw = float(known["charger_kw"]) if "charger_kw" in known else float(shape.max() if shape is not None else 1.0)
    return Charging(said, habit, shape, kw, float(known["power_factor"]))


def _told(value: float | str | Sequence[float]) -> float | str:
    """A word of a profile in a line; of the values of a day their number and their range."""
    if isinstance(value, str | int | float):
        return value
    return f"{len(value)} values from {min(value):g} to {max(value):g}"


def _options(known: Mapping[str, Any], season: Real) -> dict[str, Any]:
    return {
        "charger_kw": float(known["charger_kw"]),
        "season": season,
        "taper_share": float(known.get("taper_share", 0.0)),
        "vehicles_per_charger": float(known.get("vehicles_per_charger", 1.0)),
        "managed": float(known.get("managed", 0.0)),
        "managed_from": known.get("managed_from"),
        "managed_spread_h": float(known.get("managed_spread_h", 1.0)),
    }


def _of_parameters(like: str, known: Mapping[str, Any], season: Real) -> Habit:
    rates = [float(known["weekday_sessions"]), float(known["weekend_sessions"])]
    mean = (5.0 * rates[0] + 2.0 * rates[1]) / 7.0
    if "sessions_per_day" in known:
        rates = [r * float(known["sessions_per_day"]) / mean for r in rates]
        mean = float(known["sessions_per_day"])
    kwh = float(known["energy_kwh_per_day"]) / float(known["efficiency"]) / mean
    rest = [float(known[k]) for k in ("energy_cv", "most_kwh", "stay_h", "stay_sd_h")]
    pools = [made(hours, kwh, *rest) for hours in arrivals(like)]
    charger = known["unit"] == "charger"
    return Habit(pools[0], pools[1], rates[0], rates[1], float(known["lowest_kw"]), is_charger=charger,
                 regular=not charger, **_options(known, season))  # fmt: skip


def _of_measured(known: Mapping[str, Any], context: Context, season: Real) -> Habit:
    name = str(known["sessions"])
    found = measured(series_file.file_of(name, context.files), name)
    rates = [found.weekday_sessions, found.weekend_sessions]
    kw = float(known["charger_kw"])
    return Habit(found.weekday, found.weekend, rates[0], rates[1], kw, is_charger=True, unevenness=found.unevenness,
                 **_options(known, season))  # fmt: skip


def _of_files(known: Mapping[str, Any], context: Context, season: Real, *, scaled: bool) -> Real:
    """The load of a unit from its files; relative values where the energy of a day is known, else kW."""
    if "year" in known:
        shape = series_file.year(str(known["year"]), context.files, context.steps)
    else:
        shape = _of_days(known["weekday"], known["weekend"], context)
        shape = shape * np.repeat(season[context.calendar.month - 1], context.steps // HOURS)
    if not scaled:
        return shape
    daily = float(shape.sum()) * context.step_min / 60.0 / 365.0
    return shape * (float(known["energy_kwh_per_day"]) / float(known["efficiency"]) / daily if daily > 0.0 else 0.0)


def _of_days(weekday: str | Sequence[float], weekend: str | Sequence[float], context: Context) -> Real:
    """A year of days on the clock."""
    per_hour = context.steps // HOURS
    both = np.stack([series_file.day(name, context.files, 24 * per_hour) for name in (weekday, weekend)])
    calendar: Calendar = context.calendar
    hour = calendar.clock_hour(context.timezone)
    step = np.repeat(hour * per_hour, per_hour) + np.tile(np.arange(per_hour), HOURS)
    is_weekend = np.repeat((calendar.weekday >= 5).astype(np.int64), per_hour)
    return np.asarray(both[is_weekend, step.astype(np.int64)], np.float64)
