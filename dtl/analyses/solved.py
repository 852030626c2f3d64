"""One solved case of one feeder, as plain numpy columns that the analyses share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
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


HOURS_OF = {"thermal": "hours_over", "voltage_low": "hours_low", "voltage_high": "hours_high"}
"""The column of ``powerflow`` that counts the hours of a violation, element by element."""

PRIMARY_KV = 1.0
"""Nominal voltage above which a bus is primary: a secondary that is not modelled hangs behind it [kV]."""


@dataclass(frozen=True)
class Solved:
    """What the analyses read: the tables of the power flow, and the limits of the study.

    Texts are object arrays, numbers float64 with nan for what is missing. ``limits`` is the resolved section of the
    study: ``lines``, ``transformers`` and ``voltage``; ``secondary`` is ``modelled`` or holds ``drop_pct``. A step of
    the power flow has ``step_min``; ``hourly`` has means of hours whatever its length.
    """

    powerflow: Columns
    hourly: Columns
    violations: Columns
    limits: Mapping[str, Any]
    secondary: Mapping[str, float] | str
    step_min: int = 60

    def within(self, name: str, plain: str) -> np.ndarray[Any, Any]:
        """A column of ``hourly`` that tells of steps within the hour, and `plain` of hours that are one step."""
        told = self.hourly.get(name)
        values = self.hourly[plain]
        return np.asarray(values if told is None else np.where(np.isnan(told), values, told), np.float64)

    @cached_property
    def solved_h(self) -> np.ndarray[Any, Any]:
        """How much of each hour of ``hourly`` was solved [h]."""
        told = self.hourly.get("solved_h")
        return np.ones(len(self.hourly["hour"])) if told is None else np.where(np.isnan(told), 1.0, told)

    def whole(self, *kinds: str) -> Columns:
        """The rows of some kinds of element that stand for all their phases, by kind and name."""
        flow = self.powerflow
        rows = np.flatnonzero(np.isin(flow["kind"], kinds) & (flow["phase"] == ""))
        rows = rows[np.lexsort((flow["element"][rows].astype(str), flow["kind"][rows].astype(str)))]
        return {name: column[rows] for name, column in flow.items()}

    @cached_property
    def phases(self) -> dict[str, list[tuple[str, float, float]]]:
        """The judged phases of each bus with their lowest and highest voltage [pu], by phase."""
        flow = self.powerflow
        rows = np.flatnonzero((flow["kind"] == "bus") & (flow["phase"] != ""))
        found: dict[str, list[tuple[str, float, float]]] = {}
        for i in rows:
            found.setdefault(flow["element"][i], []).append((flow["phase"][i], flow["min_pu"][i], flow["max_pu"][i]))
        return {bus: sorted(phases) for bus, phases in found.items()}

    def hours(self, *violations: str) -> float:
        """Time with at least one violation of these kinds, as many steps as have one [h]; whole where steps are hours.

        The table of violations may hold only the worst hours of each element, so this is a lower bound where the
        manifest says that it was cut; no less than the hours of the element that has most.
        """
        mine = np.isin(self.violations["violation"], violations)
        minutes = 60.0 * self.violations["hour"][mine]
        if (minute := self.violations.get("minute")) is not None:
            minutes = minutes + np.nan_to_num(minute[mine])
        longest = (np.nan_to_num(self.powerflow[HOURS_OF[v]]).max(initial=0.0) for v in violations)
        most = max(len(np.unique(minutes)) * self.step_min / 60.0, *map(float, longest))
        return int(most) if self.step_min == 60 else most

    def voltage_limit(self, bus: str, kv: float) -> Mapping[str, Any]:
        """The limits of a bus of a nominal voltage [kV, line to line]: the first entry that fits, with its ``words``.

        Behind a primary bus a service limit is raised, at its lower end, by the drop that the study declares.
        """
        count = len({letter for phase, _, _ in self.phases.get(bus, []) for letter in phase})
        for limit in self.limits["voltage"]:
            wanted = limit.get("phases")
            fits = wanted is None or count in (wanted if isinstance(wanted, list) else [wanted])
            if fits and limit["kv"][0] - 1e-6 <= kv <= limit["kv"][1] + 1e-6:
                return self._with_drop(limit, kv)
        raise ContractError(f"bus {bus} of a solved case has {kv:g} kV, for which the study has no voltage limit")

    def _with_drop(self, limit: Mapping[str, Any], kv: float) -> Mapping[str, Any]:
        drop = 0.0 if isinstance(self.secondary, str) else self.secondary.get("drop_pct", 0.0)
        if not drop or limit["at"] != "service" or kv <= PRIMARY_KV or not limit["low_pu"]:
            return {**limit, "words": rule_text(limit)}
        words = f"{rule_text(limit)}; at a primary bus plus the secondary's drop of {drop:g} %"
        return {**limit, "low_pu": limit["low_pu"] + drop / 100, "words": words}


def rule_text(limit: Mapping[str, Any]) -> str:
    """A voltage limit in words: rule and edition, range, place and clause."""
    band = f"range {limit['range']}" if limit["range"] else ""
    words = " ".join(x for x in (limit["rule"] or "study:", band, limit["at"]) if x)
    return f"{words}: {limit['clause']}" if limit["clause"] else f"{words} voltage"


def columns(table: pa.Table) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of a table as numpy arrays: texts as objects, numbers as float64 with nan for what is missing."""
    found = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if pa.types.is_dictionary(column.type):
            words = np.array([*column.dictionary.to_pylist(), None], dtype=object)
            found[name] = words[column.indices.to_numpy(zero_copy_only=False)]
        elif pa.types.is_string(column.type):
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
