"""Transfers of load between feeders: opposite steps of two heads at one time, named and taken out of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from dtl.learning.changepoints import changes
from dtl.learning.insight import NotEnough
from dtl.learning.trend import Array, Trend, daily, design

STEP = 0.05
"""Change of level across the edge of a segment that is called a step [share]; a bend has none."""
EDGE_WEEKS = 4
TRANSFER_WEEKS = 4
UNEQUAL = 0.3
"""How far two opposite steps may differ to be one transfer, as a share of the step."""
SEARCHED_DAYS = 14
"""Days around the week of a transfer in which its day is looked for."""
ROUNDS = 2


@dataclass(frozen=True)
class Step:
    """A step of level of a head."""

    week: pd.Timestamp
    size: float
    """Change over the level before [share]."""
    kw: float
    """Change of the load at that season, of the weeks on both sides [kW]."""
    other: str = ""
    """The feeder that makes the opposite step: then the step is a transfer."""
    share: float = 0.0
    """Share of the other feeder's load that came; 0 where load is handed over."""

    @property
    def text(self) -> str:
        """Size and week in words."""
        return f"{100 * self.size:+.0f} % ({self.kw:+,.0f} kW) in the week of {self.week:%Y-%m-%d}"


@dataclass(frozen=True)
class Head:
    """Hourly series of a feeder's head [kW] and its weather, and the rows of `trend.daily`."""

    load: pd.Series
    temp: pd.Series
    sun: pd.Series | None
    holiday: NDArray[np.bool_]
    days: pd.DataFrame


def steps(found: Trend, days: pd.DataFrame) -> list[Step]:
    """Every step of level of the trend of daily rows."""
    said = changes(found.weekly)
    if isinstance(said, NotEnough):
        return []
    known: Array = found.weekly
    made = []
    for at in said.at:
        before, after = np.nanmedian(known[max(at - EDGE_WEEKS, 0) : at]), np.nanmedian(known[at : at + EDGE_WEEKS])
        size = float(np.exp(after - before) - 1)
        if abs(size) >= STEP:
            load = days["load"].to_numpy(float)
            old, new = load[7 * max(at - EDGE_WEEKS, 0) : 7 * at], load[7 * at : 7 * (at + EDGE_WEEKS)]
            kw = size * float(np.nanmean(old) + np.nanmean(new) / (1 + size)) / 2
            made.append(Step(days.index[0] + pd.Timedelta(weeks=at), size, kw))
    return made


def named(every: Mapping[str, Sequence[Step]]) -> dict[str, list[Step]]:
    """The steps by feeder, with the feeder that makes an equal and opposite step within a month where there is one."""
    return {feeder: [_named(feeder, own, every) for own in made] for feeder, made in every.items()}


def _named(feeder: str, own: Step, every: Mapping[str, Sequence[Step]]) -> Step:
    for other, theirs in sorted(every.items()):
        for step in theirs:
            near = abs((step.week - own.week).days) <= 7 * TRANSFER_WEEKS
            equal = abs(step.kw + own.kw) < UNEQUAL * max(abs(own.kw), abs(step.kw))
            if other != feeder and near and equal:
                return replace(own, other=other, share=max(-step.size, 0.0))
    return own


def without(head: Head, made: Sequence[Step], loads: Mapping[str, pd.Series]) -> pd.Series:
    """Hourly load in which the part before each transfer is brought to the level after it.

    A head that takes load over gets, before the transfer, the share of the other head's load that came: it answers the
    weather as it did there. What step is then left, and the step of a head that hands load over, is a factor of the
    part before. The day of each step is the one that explains most of the daily loads beside weather, calendar, season,
    a trend and the other steps; it and the day before, one of which has both levels, are missing.

    Parameters
    ----------
    head : its series [kW] and daily rows.
    made : all steps of the head, of which those with an ``other`` are taken out.
    loads : hourly load by feeder [kW].
    """
    index, y, x = _logs(head.days)
    at = [int(index.searchsorted(step.week)) for step in made]
    with threadpool_limits(1):
        for _ in range(ROUNDS):
            for k, step in enumerate(made):
                beside = np.column_stack([x, *(_after(index, index[other]) for i, other in enumerate(at) if i != k)])
                at[k] = _day(beside, y, index, step.week, at[k])
        begin = [index[place] for place in at]
        load = head.load.copy()
        for step, day in zip(made, begin, strict=True):
            if step.share > 0:
                before = load.index < day
                load[before] += step.share * loads[step.other].reindex(load.index)[before]
        for step, day in zip(made, begin, strict=True):
            if step.other:
                load[(load.index >= day - pd.Timedelta(days=1)) & (load.index < day + pd.Timedelta(days=1))] = np.nan
        index, y, x = _logs(daily(load, head.temp, head.holiday))
        columns = np.column_stack([x, *(_after(index, day) for day in begin)])
        levels = np.linalg.lstsq(columns, y, rcond=None)[0][x.shape[1] :]
    for step, day, level in zip(made, begin, levels, strict=True):
        if step.other:
            load[load.index < day] *= float(np.exp(level))
    return load


def _logs(days: pd.DataFrame) -> tuple[pd.DatetimeIndex, Array, Array]:
    """Known days, the logarithm of their loads, and what explains it."""
    known = days.dropna()
    known = known[known["load"] > 0]
    index = pd.DatetimeIndex(known.index)
    years = ((index - days.index[0]).days / 365.25).to_numpy(float)
    return index, np.log(known["load"].to_numpy(float)), design(known, years)


def _after(index: pd.DatetimeIndex, day: pd.Timestamp) -> Array:
    return np.asarray(index >= day, np.float64)


def _day(x: Array, y: Array, index: pd.DatetimeIndex, week: pd.Timestamp, now: int) -> int:
    """The row near a week from which on a step explains most beside the columns `x`; `now` where there is none."""
    reach = pd.Timedelta(days=SEARCHED_DAYS)
    low, high = index.searchsorted(week - reach), index.searchsorted(week + reach)
    places = np.arange(max(int(low), 1), min(int(high), len(y) - 1))
    if not len(places):
        return now
    q = np.linalg.qr(x)[0]
    columns = (np.arange(len(y))[:, None] >= places).astype(float)
    rest, free = y - q @ (q.T @ y), columns - q @ (q.T @ columns)
    return int(places[((free.T @ rest) ** 2 / np.maximum((free**2).sum(0), 1e-6)).argmax()])
