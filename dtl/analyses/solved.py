"""One solved case of one feeder, as plain numpy columns that the analyses share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dtl.errors import ContractError

Columns = Mapping[str, np.ndarray[Any, Any]]
Row = dict[str, Any]
"""A row of the table ``assess`` without feeder, case and analysis."""

LINES = ("line", "switch")
"""The kinds that count as lines."""


@dataclass(frozen=True)
class Solved:
    """What the analyses read: the tables of the power flow, and the limits of the study.

    Texts are object arrays, numbers float64 with nan for what is missing. ``limits`` is the resolved section of the
    study: ``lines``, ``transformers`` and ``voltage``.
    """

    powerflow: Columns
    hourly: Columns
    violations: Columns
    limits: Mapping[str, Any]

    def elements(self, *kinds: str) -> Columns:
        """The rows of branches of some kinds, one per element: that of all phases together, else the worst phase."""
        flow = self.powerflow
        rows = np.flatnonzero(np.isin(flow["kind"], kinds))
        load = np.nan_to_num(flow["max_load_pct"][rows], nan=-1.0)
        phases = flow["phase"][rows]
        order = sorted(range(len(rows)), key=lambda i: (phases[i] != "", -load[i], phases[i]))
        names = [(flow["kind"][rows[i]], flow["element"][rows[i]]) for i in order]
        first = dict(zip(reversed(names), reversed(order), strict=True))
        keep = rows[[first[name] for name in sorted(first)]] if first else rows
        return {name: column[keep] for name, column in flow.items()}

    def buses(self) -> Columns:
        """The rows of the phases of buses, without neutrals, that have a voltage."""
        flow = self.powerflow
        keep = (flow["kind"] == "bus") & (flow["phase"] != "N") & ~np.isnan(flow["min_pu"])
        return {name: column[keep] for name, column in flow.items()}

    def hours(self, *violations: str) -> int:
        """Number of hours with at least one violation of these kinds [h]."""
        return len(np.unique(self.violations["hour"][np.isin(self.violations["violation"], violations)]))

    def voltage_limit(self, kv: float) -> Mapping[str, Any]:
        """The limits of a nominal voltage [kV, line to line]: the first entry that holds it."""
        for limit in self.limits["voltage"]:
            if limit["kv"][0] - 1e-6 <= kv <= limit["kv"][1] + 1e-6:
                return limit  # type: ignore[no-any-return]
        raise ContractError(f"a solved case has a bus of {kv:g} kV, for which the study has no voltage limit")


def columns(table: pa.Table) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of a table as numpy arrays: texts as objects, numbers as float64 with nan for what is missing."""
    found = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
            found[name] = np.array(column.to_pylist(), dtype=object)
        else:
            found[name] = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    return found


def worst(values: np.ndarray[Any, Any], *names: np.ndarray[Any, Any]) -> int | None:
    """Index of the highest value; of equal ones the first by name, so that the order of rows decides nothing."""
    if not len(values) or np.isnan(values).all():
        return None
    best = np.flatnonzero(values == np.nanmax(values))
    return int(min(best, key=lambda i: tuple(n[i] for n in names)))


def number(value: float) -> float | None:
    """A number of a table cell: None for nan."""
    return None if np.isnan(value) else float(value)


def whole(value: float) -> int | None:
    """A whole number of a table cell, such as an hour: None for nan."""
    return None if np.isnan(value) else int(value)
