"""Layer ``weather``: the load under other temperatures, through the response of the feeder to its own year.

The event is a week, a day or a whole year of the past, or the one that comes back once in so many years; it is put
where the study says, and any of it may be shifted. A heatwave or cold snap that never was is an event with a shift.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS
from dtl.demand.weather_response import Response, fit
from dtl.errors import SolveError
from dtl.scenarios.context import Context
from dtl.scenarios.electrification import temp_c
from dtl.scenarios.power import Power
from dtl.scenarios.state import Component, State, assumption
from dtl.spec.year_checks import LEAST_YEARS

Real = NDArray[np.float64]

LENGTH_H = {"hottest_week": 168, "coldest_week": 168, "hottest_day": 24, "coldest_day": 24}
WEAK = 0.3
"""Share of the variance below which a response says little."""


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with what the base load changes by, feeder by feeder."""
    name = str(layer["name"])
    measured = temp_c(name, context)
    before = measured if state.temp_c is None else state.temp_c
    base, calendar = state.base, context.calendar
    feeders = np.array(state.feeders)
    every = np.array([base.kw.total(np.asarray(feeders == f, float)) for f in dict.fromkeys(state.feeders)])
    per_hour = context.steps // HOURS
    hourly = every.reshape(len(every), HOURS, per_hour).mean(axis=2)
    after, rows = temperatures(layer, before, hourly.sum(axis=0), context)
    state = replace(state.assuming(name, *rows), temp_c=after)
    factors = []
    for feeder, load in zip(dict.fromkeys(state.feeders), hourly, strict=True):
        response = fit(load, measured, calendar, context.timezone)
        factors.append(np.repeat(response.ratio(before, after, calendar, context.timezone), per_hour) - 1.0)
        state = _told(state, name, feeder, response, after)
    place = {f: i for i, f in enumerate(dict.fromkeys(state.feeders))}
    of = np.array([place[f] for f in state.feeders])
    kw, kvar = (_changed(p, of, np.array(factors)) for p in (base.kw, base.kvar))
    return state.with_component(Component(name, kw, kvar, "load", kind="weather"))


def _changed(power: Power, of: NDArray[np.int64], factors: Real) -> Power:
    """The powers times the factors of their feeder, shape (feeders, steps)."""
    pairs, row = np.unique(np.stack([power.row, of]), axis=1, return_inverse=True)
    shapes = power.shapes[pairs[0]] * factors[pairs[1]]
    return Power(power.scale, row.reshape(-1).astype(np.int64), shapes)


def _told(state: State, name: str, feeder: str, response: Response, after: Real) -> State:
    beyond = int(response.beyond(after).sum())
    rows = [assumption(f"variance explained on {feeder}", response.r2, "share", "response"),
            assumption(f"hours beyond the observed on {feeder}", beyond, "h", "response")]  # fmt: skip
    state = state.assuming(name, *rows)
    if beyond:
        state = state.noting(f"layer '{name}': in {beyond} hours the temperature is outside of what {feeder} saw "
                             f"({response.low_c:.1f} to {response.high_c:.1f} degree C, felt); its response goes on in "
                             "a straight line")  # fmt: skip
    if response.r2 < WEAK:
        state = state.noting(
            f"layer '{name}': temperature explains only {100 * response.r2:.0f} % of the load of {feeder}"
        )
    return state


def temperatures(
    layer: Mapping[str, Any], before: Real, load: Real, context: Context
) -> tuple[Real, list[dict[str, Any]]]:
    """The temperatures of the year under a layer [degree C], shape (8760,), and what was assumed.

    Raises
    ------
    SolveError
        There is no weather of the year of the event, or of too few years for a return level.
    """
    shift = float(layer.get("shift_c", 0.0))
    rows = [assumption("shift_c", shift, "K", "study", default=not shift)]
    if layer.get("event") is None:
        return before + shift, rows
    event, onto = str(layer["event"]), str(layer.get("onto", "same_dates"))
    taken = _event(layer, context)
    rows += [assumption("event", event, "", "study"), assumption("of", taken.year, "year", taken.basis),
             assumption("mean of it", float(taken.values.mean() + taken.raise_c), "degree C", "weather")]  # fmt: skip
    if event == "year" or onto == "whole_year":
        whole = taken.values if event == "year" else np.resize(taken.values, HOURS)
        return whole + taken.raise_c + shift, rows
    start = taken.start if onto == "same_dates" else _hottest(load, 168)
    if onto == "peak_week" and LENGTH_H[event] < 168:
        start += 24 * int(load[start : start + 168].reshape(7, 24).max(axis=1).argmax())
    after = before.copy()
    after[start : start + len(taken.values)] = taken.values + taken.raise_c + shift
    return after, [*rows, assumption("first hour", start, "h", onto)]


@dataclass(frozen=True)
class Event:
    """An event: its year, where it begins, its temperatures, what they are raised by to a return level, and why."""

    year: int
    start: int
    values: Real
    raise_c: float
    basis: str


def _event(layer: Mapping[str, Any], context: Context) -> Event:
    kind, name = str(layer["event"]), str(layer["name"])
    every = layer.get("return_years")
    if every is None:
        return _of_year(kind, int(layer["of"]), name, context)
    years = sorted(y for y, w in context.weather.items() if w.basis == "year" and not w.missing.get("temp_c"))
    if len(years) < LEAST_YEARS:
        raise SolveError(f"layer '{name}': a return level needs whole years of weather, at least {LEAST_YEARS}; there "
                         f"are {len(years)}")  # fmt: skip
    events = [_of_year(kind, y, name, context) for y in years]
    sign = -1.0 if kind.startswith("coldest") else 1.0
    extremes = np.array([sign * float(e.values.mean()) for e in events])
    level = return_level(extremes, float(every))
    worst = events[int(extremes.argmax())]
    raised = sign * level - float(worst.values.mean())
    return Event(worst.year, worst.start, worst.values, raised, f"level of {float(every):g} years, {len(years)} years")


def return_level(extremes: Real, years: float) -> float:
    """What the extreme of a year reaches once in some years: Gumbel, by L-moments (Hosking 1990, JRSS B 52(1))."""
    ordered = np.sort(extremes)
    n = len(ordered)
    weighted = float((np.arange(n) / (n - 1) * ordered).mean())
    scale = (2.0 * weighted - float(ordered.mean())) / math.log(2.0)
    return float(ordered.mean()) - 0.5772156649 * scale - scale * math.log(-math.log(1.0 - 1.0 / years))


def _of_year(kind: str, year: int, name: str, context: Context) -> Event:
    if year not in context.weather:
        there = ", ".join(str(y) for y in sorted(context.weather)) or "none"
        raise SolveError(f"layer '{name}': there is no weather of {year} at this feeder; there is {there}")
    values = np.asarray(context.weather[year].needed("temp_c"), np.float64)
    if kind == "year":
        return Event(year, 0, values, 0.0, "study")
    length = LENGTH_H[kind]
    start = _hottest(-values if kind.startswith("coldest") else values, length)
    return Event(year, start, values[start : start + length], 0.0, "study")


def _hottest(values: Real, length: int) -> int:
    """Where the highest mean over some hours begins, at the start of a day."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    starts = np.arange(0, len(values) - length + 1, 24)
    return int(starts[(total[starts + length] - total[starts]).argmax()])
