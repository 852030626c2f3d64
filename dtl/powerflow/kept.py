"""Series of single elements that a study asks to keep: loadings of branches, lowest and highest voltage of buses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl import tables

Real = NDArray[np.float64]
Single = NDArray[np.float32]

MOST_VALUES = 20_000_000
"""Values kept of one case of a group, about 80 MB; above it the elements nearest to or beyond their limits stay."""

Element = tuple[str, str, str]
"""Feeder, kind and name."""


@dataclass
class Kept:
    """The series of a case while it is reduced.

    Attributes
    ----------
    branches, buses
        The elements with loadings, and those with voltages, in the order of the rows of `add`.
    over_pct, low_pu, high_pu
        Their limits.
    worst
        How many of either stay; None for all.
    """

    branches: Sequence[Element]
    buses: Sequence[Element]
    over_pct: Real
    low_pu: Real
    high_pu: Real
    worst: int | None
    _load: list[Single] = field(default_factory=list)
    _low: list[Single] = field(default_factory=list)
    _high: list[Single] = field(default_factory=list)

    def add(self, pct: Real, low: Real, high: Real) -> None:
        """Take in a block: loadings [%] of the branches, lowest and highest voltages [pu] of the buses, steps last."""
        for held, values in ((self._load, pct), (self._low, low), (self._high, high)):
            held.append(values.astype(np.float32))

    def table(self, case: Mapping[str, Any]) -> tuple[pa.Table, list[str]]:
        """The table ``kept``, and a warning if not all that was asked could be kept."""
        load, low, high = (np.concatenate(held, axis=1) for held in (self._load, self._low, self._high))
        strain = load.max(axis=1, initial=0.0) / self.over_pct
        nearest = np.maximum(
            self.low_pu - np.fmin.reduce(low, axis=1, initial=9.0), high.max(axis=1, initial=0.0) - self.high_pu
        )
        rows = [(strain[i], self.branches[i], "load_pct", load[i]) for i in self._first(strain, self.branches)
                if strain[i] > 0.0]  # fmt: skip
        for i in self._first(nearest, self.buses):
            rows += [(nearest[i], self.buses[i], "min_pu", low[i]), (nearest[i], self.buses[i], "max_pu", high[i])]
        most = max(1, MOST_VALUES // max(load.shape[1], low.shape[1], 1))
        told = []
        if len(rows) > most:
            told = [
                f"{len(rows)} series are more than are kept of a case; the {most} of the most strained elements stay"
            ]
            chosen = sorted(range(len(rows)), key=lambda i: (rows[i][2] != "load_pct", -rows[i][0]))
            half = most // 2
            loads = [i for i in chosen if rows[i][2] == "load_pct"]
            volts = [i for i in chosen if rows[i][2] != "load_pct"]
            count = min(len(loads), max(half, most - len(volts)))
            rows = [rows[i] for i in (*loads[:count], *volts[: most - count])]
        return tables.frame("kept", list(_rows(rows, case))), told

    def _first(self, by: Real, who: Sequence[Element]) -> list[int]:
        """The rows that stay: of each feeder the most strained ones."""
        found: dict[str, list[int]] = {}
        for i in np.argsort(-by, kind="stable").tolist():
            own = found.setdefault(who[i][0], [])
            if self.worst is None or len(own) < self.worst:
                own.append(i)
        return [i for own in found.values() for i in own]


def _rows(rows: Sequence[tuple[Any, Element, str, Single]], case: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for _, (feeder, kind, name), quantity, values in rows:
        yield {**case, "feeder": feeder, "kind": kind, "element": name, "quantity": quantity, "values": values}


def asked(words: Any) -> tuple[bool, int | None]:
    """Whether the words of ``powerflow.keep`` ask for series, and of how many elements; None for all."""
    if isinstance(words, Mapping):
        worst = words.get("series_of_worst")
        return (words.get("all") == "series" or worst is not None), None if words.get("all") == "series" else worst
    return words == "series", None
