"""All feeders' figures of all cases in memory, as the summary of a study needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from dtl.analyses.compare import Case


class Cell(NamedTuple):
    """One number of the cube, with what belongs to it."""

    value: float | None = None
    text: str = ""
    hour: int | None = None
    limit: float | None = None
    rule: str = ""


Of = Mapping[str, Mapping[str, Cell]]
"""metric -> feeder -> cell, of one case."""

EVERY = ""
"""The case of facts that hold for all cases."""


@dataclass
class Board:
    """The study's cases, its feeders, and every feeder's cells.

    ``cells`` maps a case (empty: what holds for all) to a metric to a feeder to a cell; ``added`` lists the cells (by
    case, metric and feeder) that are facts of a feeder but stand in no table ``assess``.
    """

    cases: list[Case]
    feeders: list[str] = field(default_factory=list)
    cells: dict[str, dict[str, dict[str, Cell]]] = field(default_factory=dict)
    added: list[tuple[str, str, str]] = field(default_factory=list)
    states: tuple[str, ...] = ()
    """The states of a snapshot, which stand for its hours; none where time runs."""

    def put(self, case: str, metric: str, feeder: str, cell: Cell) -> None:
        """Add one cell."""
        self.cells.setdefault(case, {}).setdefault(metric, {})[feeder] = cell

    def add(self, case: str, metric: str, feeder: str, cell: Cell) -> None:
        """Add one cell that no table ``assess`` holds."""
        self.put(case, metric, feeder, cell)
        self.added.append((case, metric, feeder))

    def of(self, case: str) -> Of:
        """The cells of a case."""
        return self.cells.get(case, {})

    def solved(self, case: str) -> list[str]:
        """The feeders solved in a case."""
        return [f for f in self.feeders if self.number(case, "solved", f) == 1]

    def failed(self, case: str) -> dict[str, str]:
        """The feeders that failed in a case, with the reason."""
        cells = self.of(case).get("solved", {})
        there = set(self.solved(case))
        return {f: cells[f].text if f in cells else "no result" for f in self.feeders if f not in there}

    def violating(self, case: str, metric: str = "violating") -> list[str]:
        """The solved feeders of a case of which a metric is above 0."""
        return [f for f in self.solved(case) if self.number(case, metric, f) > 0]

    def number(self, case: str, metric: str, feeder: str) -> float:
        """A value, 0 where there is none."""
        cell = self.of(case).get(metric, {}).get(feeder)
        return cell.value if cell is not None and cell.value is not None else 0.0

    @property
    def values(self) -> dict[str, dict[str, dict[str, float]]]:
        """The numbers alone: case -> metric -> feeder -> value."""
        return {
            case: {
                metric: {feeder: cell.value for feeder, cell in cells.items() if cell.value is not None}
                for metric, cells in metrics.items()
            }
            for case, metrics in self.cells.items()
        }


ASKED = {
    "feeders_violating": "violating",
    "feeders_thermal": "overload_hours_h",
    "feeders_voltage": "violation_hours_h",
}
"""What the study counts: the solved feeders of which this metric is above 0."""

INPUTS = {
    "customers": "customers",
    "kv_ll": "kv_ll",
    "loads": "loads",
    "load_kw": "kw",
    "buses": "buses",
    "length_km": "length_km",
}
"""Facts of the model by metric, with their key in ``feeders.json``."""


def board(cases: Iterable[Mapping[str, Any]], index: Mapping[str, Any], assess: pa.Table) -> Board:
    """The board of a study, from its cases, the content of ``feeders.json`` and all feeder rows of tables ``assess``.

    Feeders of a group that failed before the power flow count as failed in every case, with the group's reason.
    """
    found = Board(sorted(Case(c["case"], c["scenario"], c["year"]) for c in cases))
    names = ("feeder", "case", "metric", "value", "text", "hour", "limit", "rule")
    for feeder, case, metric, *cell in zip(*(assess[n].to_pylist() for n in names), strict=True):
        found.put(case, metric, feeder, Cell(*cell))
    for name, group in sorted(index["groups"].items()):
        owner = group["feeders"][0] if len(group["feeders"]) == 1 else name
        for metric, entry in INPUTS.items() if group["status"] == "ok" else ():
            found.add(EVERY, metric, owner, Cell(group[entry]))
        for feeder in group["feeders"] if group["status"] == "failed" else ():
            for each in found.cases:
                found.add(each.case, "solved", feeder, Cell(0, group["reason"]))
    found.feeders = sorted({f for each in found.cases for f in found.of(each.case).get("solved", {})})
    _count(found)
    return found


def _count(found: Board) -> None:
    """Add what the study counts, as 1 or 0 of each feeder, and what holds over all cases."""
    cases = [c.case for c in found.cases]
    for case in cases:
        solved = set(found.solved(case))
        for feeder in found.feeders:
            found.put(case, "feeders", feeder, Cell(1))
            found.put(case, "feeders_solved", feeder, Cell(int(feeder in solved)))
            found.put(case, "feeders_failed", feeder, Cell(int(feeder not in solved)))
        for name, metric in ASKED.items():
            for feeder in solved:
                found.put(case, name, feeder, Cell(int(found.number(case, metric, feeder) > 0)))
    for feeder in found.feeders:
        found.put(EVERY, "feeders", feeder, Cell(1))
        found.put(EVERY, "feeders_solved", feeder, Cell(min(found.number(c, "feeders_solved", feeder) for c in cases)))
        for name in (*ASKED, "feeders_failed"):
            found.put(EVERY, name, feeder, Cell(max(found.number(c, name, feeder) for c in cases)))
