"""The hours that are judged: all, listed ones, or those that the load at the head of a group chooses; and their steps.

An hour is judged in all of its steps. What a slice says of hours is turned once, by `resolved`, into numbers of steps,
which is what the power flow counts in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand

Ints = NDArray[np.int64]
Real = NDArray[np.float64]


def net_kw(demand: Demand) -> Real:
    """Power of all loads less that of all driven plants in every hour [kW], shape (8760,)."""
    total = np.zeros(HOURS)
    for sign, drives in ((1.0, demand.drives), (-1.0, demand.plants)):
        for drive in drives.values():
            total += sign * drive.kw * demand.profiles[drive.kw_profile].reshape(HOURS, -1).mean(axis=1)
    return total


def chosen(word: str | Sequence[int] | Mapping[str, int], demand: Demand, calendar: Calendar) -> Ints:
    """The hours that a study's word means, ascending.

    ``month_extremes_576`` takes the 24 hours of the day with the highest and of the day with the lowest hour of
    net load in each month (as the integration capacity analysis of the Californian utilities does),
    ``extremes_48`` those two days of the year, ``{peak_days: N}`` the N days with the highest hours. A list is itself.
    """
    if word == "all":
        return np.arange(HOURS)
    if not isinstance(word, (str, Mapping)):
        return np.unique(np.asarray(word, np.int64))
    net = net_kw(demand).reshape(-1, 24)
    if isinstance(word, Mapping):
        order = np.argsort(-net.max(axis=1), kind="stable")
        return _of(set(order[: word["peak_days"]].tolist()))
    month = calendar.month.reshape(-1, 24)[:, 0]
    months = [month == m for m in range(1, 13)] if word == "month_extremes_576" else [month > 0]
    days: set[int] = set()
    for here in months:
        of = np.flatnonzero(here)
        high = int(of[net[of].max(axis=1).argmax()])
        rest = of[of != high]
        days |= {high, int(rest[net[rest].min(axis=1).argmin()])}
    return _of(days)


def _of(days: set[int]) -> Ints:
    return (24 * np.array(sorted(days))[:, None] + np.arange(24)).ravel()


def steps(word: str | Sequence[int] | Mapping[str, Any], demand: Demand, calendar: Calendar) -> Ints:
    """The steps of the hours that a study's word means, ascending; ``{steps: [...]}`` are those steps themselves."""
    if isinstance(word, Mapping) and "steps" in word:
        return np.unique(np.asarray(word["steps"], np.int64))
    return calendar.steps_of(chosen(word, demand, calendar))


def resolved(spec: Mapping[str, Any], demand: Demand, calendar: Calendar) -> dict[str, Any]:
    """A slice with ``hours`` as ``all`` or a list of steps; by the base demand, so that all cases have the same."""
    word = spec["hours"]
    return {**spec, "hours": word if word == "all" else steps(word, demand, calendar).tolist()}
