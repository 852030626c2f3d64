"""What the pages need of one feeder: its parts, its places, and the answers of the power flow by case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.analyses.solved import columns
from dtl.errors import SolveError
from dtl.network.feeder import Bus, Feeder
from dtl.powerflow.limits import Band, band
from dtl.report.overlays import Overlays
from dtl.report.places import Places
from dtl.report.rows import listed

Case = str
Part = tuple[str, str]
Told = TypeVar("Told")
LINES = ("line", "switch")


class Flow:
    """The table ``powerflow`` of one feeder, to be asked by case, kind, element and phase.

    ``like`` maps cases that it has no rows of to those that are answered as they.
    """

    def __init__(self, table: pa.Table, like: Mapping[Case, Case] | None = None):
        self._table = table
        self.like = like or {}
        self._columns: dict[str, list[Any]] = {}
        self._rows: dict[tuple[Case, str], dict[Part, int]] = {}
        keys = zip(*(listed(table[k]) for k in ("case", "phase", "kind", "element")), strict=True)
        for i, (case, phase, kind, element) in enumerate(keys):
            self._rows.setdefault((case, phase), {})[kind, element] = i

    def get(self, column: str, case: Case, kind: str, element: str, phase: str = "") -> Any:
        """A cell; None where the table has no such row or no value."""
        return self.values(column, case, [(kind, element)], phase)[0]

    def values(self, column: str, case: Case, parts: Sequence[Part], phase: str = "") -> list[Any]:
        """The cells of some parts; None where the table has no such row or no value."""
        if column not in self._columns:
            self._columns[column] = [*listed(self._table[column]), None]
        rows, cells = self._rows.get((self.like.get(case, case), phase), {}), self._columns[column]
        return [cells[rows.get(part, -1)] for part in parts]

    def elements(self, *kinds: str) -> list[Part]:
        """Kind and name of all elements of some kinds, in any case, by name."""
        return sorted({part for rows in self._rows.values() for part in rows if part[0] in kinds})

    def phases(self, kind: str) -> list[str]:
        """The phases that elements of a kind have, without the neutral."""
        there = {phase for (_, phase), rows in self._rows.items() if any(k == kind for k, _ in rows)}
        return sorted(there - {"", "N"})


@dataclass(frozen=True)
class Solution:
    """One feeder with its answers.

    ``model`` is None when the feeder failed before there was a model; ``told`` maps a case to its object in the
    manifest; ``hourly`` maps a solved case to the columns of the table of that name.
    """

    feeder: str
    group: str
    cases: tuple[Case, ...]
    limits: Mapping[str, Any]
    model: Feeder | None = None
    places: Places | None = None
    flow: Flow = field(default_factory=lambda: Flow(tables.TABLES["powerflow"].schema.empty_table()))
    hourly: Mapping[Case, Mapping[str, Any]] = field(default_factory=dict)
    told: Mapping[Case, Mapping[str, Any]] = field(default_factory=dict)
    overlays: Overlays = field(default_factory=Overlays)

    @cached_property
    def buses(self) -> list[Bus]:
        """The buses of this feeder, by name."""
        if self.model is None:
            return []
        first = self.model.feeders[0]
        return [b for b in self.model.buses if (b.feeder or first) == self.feeder]

    @cached_property
    def number(self) -> dict[str, int]:
        """Position of each bus in `buses`."""
        return {b.name: i for i, b in enumerate(self.buses)}

    @cached_property
    def parts(self) -> list[tuple[str, str]]:
        """Kind and name of the lines, switches and transformers of this feeder."""
        if self.model is None:
            return []
        ends = [("line", p.name, p.from_bus) for p in self.model.lines]
        ends += [("switch", p.name, p.from_bus) for p in self.model.switches]
        ends += [("transformer", p.name, p.windings[0].bus) for p in self.model.transformers]
        return [(kind, name) for kind, name, bus in ends if bus in self.number]

    @cached_property
    def solved(self) -> list[Case]:
        """The solved cases."""
        return [c for c in self.cases if c in self.hourly]

    @cached_property
    def bands(self) -> list[Band | None]:
        """The voltage limits of each bus; None where the study has none for its nominal voltage."""
        secondary = next((t["secondary"] for t in self.told.values() if "secondary" in t), {"drop_pct": 0.0})
        found: list[Band | None] = []
        for bus in self.buses:
            try:
                found.append(band(bus, self.limits, secondary))
            except SolveError:
                found.append(None)
        return found

    def by_case(self, make: Callable[[Case], Told]) -> list[Told]:
        """What `make` says of each case by its rows of the power flow: made once for cases that are answered alike."""
        made: dict[Case, Told] = {}
        keys = [self.flow.like.get(case, case) for case in self.cases]
        for case, key in zip(self.cases, keys, strict=True):
            if key not in made:
                made[key] = make(case)
        return [made[key] for key in keys]

    def over_pct(self, kind: str) -> float:
        """The loading above which an element of a kind is overloaded [% of its rating]."""
        return float(self.limits["lines" if kind in LINES else "transformers"]["over_pct"])

    def load(self, case: Case, kind: str, element: str) -> float | None:
        """The highest loading of the year, per cent of its *limit*; None without a rating."""
        return self.loads(case, [(kind, element)])[0]

    def loads(self, case: Case, parts: Sequence[Part]) -> list[float | None]:
        """The same of several parts."""
        over = {kind: self.over_pct(kind) for kind in {kind for kind, _ in parts}}
        found = zip(parts, self.flow.values("max_load_pct", case, parts), strict=True)
        return [None if pct is None else 100.0 * pct / over[kind] for (kind, _), pct in found]


def hours_by_case(hourly: pa.Table, cases: tuple[Case, ...]) -> dict[Case, dict[str, Any]]:
    """The columns of the table ``hourly`` by case, for the cases that have rows."""
    plain = hourly["case"].cast(tables.TEXT)
    found = {case: hourly.filter(pc.equal(plain, case)) for case in cases}
    return {case: columns(rows) for case, rows in found.items() if rows.num_rows}
