"""Reliability under stress: SAIFI and SAIDI that a case's weather and loading make expected, with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from dtl.analyses.indices import interruption, preludes
from dtl.learning import stress_rates
from dtl.learning.insight import NotEnough

Array = NDArray[np.float64]
GROUPS = {"weather": "weather", "lightning": "weather", "vegetation": "weather", "equipment": "equipment"}
"""Causes that answer to weather in their own way; all others are ``other``."""
NAMES = ("weather", "equipment", "other")
LEAST_EVENTS, LEAST_DAYS = 50, 730
"""Sustained interruptions, and days of record with weather, below which nothing is told."""
DRAWS, SHARE = 200, 0.9
"""Bootstrap draws, and the probability of the interval."""


@dataclass(frozen=True)
class Change:
    """An index [per customer and year]: of the base year and of the case, the change with its interval."""

    before: float
    after: float
    low: float
    high: float
    of_weather: float
    of_loading: float
    of_age: float

    @property
    def change(self) -> float:
        """After less before."""
        return self.after - self.before


@dataclass(frozen=True)
class Ask:
    """A case: its days; the factors of the failures of equipment by loading and by age, with their spread of logs."""

    days: pd.DataFrame
    loading: float = 1.0
    age: float = 1.0
    age_sd: float = 0.0


def events(outages: pa.Table, steps: pa.Table) -> pd.DataFrame:
    """Sustained unplanned interruptions: ``day``, ``group``, ``customers`` and ``minutes``, by IEEE 1366 step by step.

    Major event days are among them: they are what stress is about.
    """
    rows = [r for r in outages.to_pylist() if not r["refused"] and not r["planned"] and r["cause"] != "planned"]
    of: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for step in steps.to_pylist():
        of.setdefault((step["source"], step["outage"]), []).append(step)
    tries = preludes(rows)
    found = []
    for row in rows:
        key = (row["source"], row["outage"])
        each = interruption(row, of.get(key, ()))
        if each.sustained and key not in tries:
            found.append((row["day"], GROUPS.get(row["cause"], "other"), float(each.customers), each.minutes))
    table = pd.DataFrame(found, columns=["day", "group", "customers", "minutes"])
    table["day"] = pd.to_datetime(table["day"])
    return table


class Record:
    """What interruptions and the weather of their days tell; `changes` asks it.

    Days of which a stress is not known are left out, with their interruptions: ``left_out`` is their number.
    """

    def __init__(self, found: pd.DataFrame, days: pd.DataFrame, customers: float, seed: int = 0):
        self.scale = stress_rates.scale(days)
        known = self.scale.known(days)
        self.left_out = int((~known).sum())
        days = days[known]
        index = pd.DatetimeIndex(days.index)
        self.days, self.customers = days, customers
        self.found = found[found["day"].isin(index)]
        self._x = self.scale.columns(days)
        place = index.get_indexer(pd.DatetimeIndex(self.found["day"]))
        group = self.found["group"].to_numpy()
        size = len(days)
        self.counts = np.stack([np.bincount(place[group == g], minlength=size) for g in NAMES]).astype(float)
        self._place, self._own = place, np.stack([group == g for g in NAMES])
        month = index.year.to_numpy() * 12 + index.month.to_numpy()
        _, self._block = np.unique(month, return_inverse=True)
        self._rng = np.random.default_rng(seed)

    def compared(self, base: pd.DataFrame, days: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The days of the base year and of a case on whose date all stresses of both are known."""
        known = [own[self.scale.known(own)] for own in (base, days)]
        dates = [pd.Index(pd.DatetimeIndex(own.index).strftime("%m-%d")) for own in known]
        return known[0][dates[0].isin(dates[1])], known[1][dates[1].isin(dates[0])]

    def changes(self, base: pd.DataFrame, asked: Mapping[str, Ask]) -> dict[str, dict[str, Change]]:
        """By case ``saifi`` [1] and ``saidi`` [min] of a year, against the year ``base``.

        The interval holds what the record leaves open: every draw takes months of the record at random, and each
        interruption a random number of times (a compound Poisson process), fits what a day brings to them, and asks
        base and case of the same fit. Chance of a single year comes on top.
        """
        blocks, size = int(self._block.max()) + 1, len(self.found)
        pairs = {name: self.compared(base, ask.days) for name, ask in asked.items()}
        columns = {name: (self.scale.columns(a), self.scale.columns(b)) for name, (a, b) in pairs.items()}
        middle = self._told(np.ones(len(self.days)), np.ones(size), columns, asked, 0.0)
        spread = []
        for _ in range(DRAWS):
            months = np.bincount(self._rng.integers(0, blocks, blocks), minlength=blocks).astype(float)
            each = self._rng.poisson(1.0, size).astype(float)
            z = float(self._rng.standard_normal())
            spread.append(self._told(months[self._block], each, columns, asked, z))
        tail = (1 - SHARE) / 2
        found: dict[str, dict[str, Change]] = {}
        for name in asked:
            found[name] = {}
            for index, word in enumerate(("saifi", "saidi")):
                parts = middle[name][:, index]
                moves = [float((draw[name][-1] - draw[name][0])[index]) for draw in spread]
                low, high = np.quantile(moves, (tail, 1 - tail))
                of = np.diff(parts)
                found[name][word] = Change(float(parts[0]), float(parts[-1]), float(low), float(high), *map(float, of))
        return found

    def _told(
        self,
        times: Array,
        each: Array,
        columns: Mapping[str, tuple[Array, Array]],
        asked: Mapping[str, Ask],
        z: float,
    ) -> dict[str, Array]:
        """By case SAIFI and SAIDI of the base year, then with its weather, its loading and its age, shape (4, 2).

        ``times``: how often each day counts; ``each``: how often each interruption does; ``columns``: of the base year
        and of the case.
        """
        found = {name: np.zeros((4, 2)) for name in asked}
        for index, what in enumerate(("customers", "minutes")):
            for name_of, own in zip(NAMES, self._own, strict=True):
                amounts, unit = self._of(what, own, each)
                b = stress_rates.weights(self._x, amounts, self.scale.stresses, times)
                worn = name_of == "equipment"
                for name, ask in asked.items():
                    start, number = (unit * 365 * float(np.exp(x @ b).mean()) / self.customers for x in columns[name])
                    loaded = number * (ask.loading if worn else 1.0)
                    aged = loaded * (ask.age * float(np.exp(ask.age_sd * z)) if worn else 1.0)
                    found[name][:, index] += (start, number, loaded, aged)
        return found

    def _of(self, what: str, own: NDArray[np.bool_], each: Array) -> tuple[Array, float]:
        """Customers or minutes of a group by day in units of their variance over their mean, and that unit."""
        amount = self.found[what].to_numpy(float)[own]
        unit = float((amount**2).sum() / amount.sum()) if amount.sum() > 0 else 1.0
        return np.bincount(self._place[own], amount * each[own], len(self.days)) / unit, unit


def record(
    found: pd.DataFrame, days: pd.DataFrame, span: Sequence[pd.Timestamp], customers: float, seed: int = 0
) -> Record | NotEnough:
    """The record of interruptions between the two ends of `span`, or why it tells nothing."""
    if not customers > 0:
        return NotEnough("how many customers are served is not known")
    index = pd.DatetimeIndex(days.index)
    own = days[(index >= span[0]) & (index <= span[1]) & days["temp_max"].notna().to_numpy()]
    made = Record(found, own, customers, seed)
    if len(made.days) < LEAST_DAYS:
        lost = f" with all of {', '.join(made.scale.names)}" if made.left_out else ""
        return NotEnough(f"weather and interruptions share {len(made.days)} days{lost}, {LEAST_DAYS} are needed")
    if len(made.found) < LEAST_EVENTS:
        return NotEnough(f"{len(made.found)} sustained interruptions on days with weather, {LEAST_EVENTS} are needed")
    return made if made.scale.parts else NotEnough("the weather never changes, so nothing is told by it")
