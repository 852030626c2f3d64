"""The stage ``gather`` and its reader: every fact of a study in one table, ``cube``.

Pages, the command line and the answer in words read nothing else, so a number is the same wherever it is printed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.analyses.compare import Case
from dtl.analyses.head_measured import head_measured
from dtl.analyses.metrics import DELTA, METRICS
from dtl.analyses.registry import ANALYSES, OVER_CASES
from dtl.report import connection, cube
from dtl.report.board import EVERY, Cell, board
from dtl.report.headline import lead
from dtl.spec.twins import twins
from dtl.tables.named import all_cases, unfolded


def gather(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write the ``cube`` of a study from all tables ``assess``, all manifests, the outages and ``feeders.json``."""
    index = json.loads(Path(inputs["index"]).read_text(encoding="utf-8"))
    like = _twins(spec, index)
    found_of = [unfolded(tables.read("assess", Path(p)), like[g]) for g, p in sorted(inputs["assess"].items())]
    assess = tables.concat("assess", found_of)
    whole = pc.and_(pc.equal(assess["element"], ""), pc.equal(assess["kind"].cast(tables.TEXT), ""))
    found = board(spec["cases"], index, assess.filter(whole))
    found.states = tuple(state["name"] for state in spec.get("powerflow", {}).get("states", ()))
    manifests = {
        g: {"cases": all_cases(json.loads(Path(p).read_text(encoding="utf-8"))["cases"], like[g])}
        for g, p in inputs["manifest"].items()
    }
    cube.put_engines(found, index, manifests)
    level = pc.if_else(whole, "feeder", "element")
    copied = tables.frame("cube", {"level": level} | {name: assess[name] for name in assess.column_names})
    past = _past(spec, inputs, found.feeders, like)
    first = lead(spec["headline"], past) or connection.lead(spec, found, assess.filter(pc.invert(whole)))
    rows = [*cube.rows(found, spec["headline"], spec["baseline"], first), *past]
    own = tables.frame("cube", rows)
    tables.write("cube", tables.concat("cube", [copied, own]), outputs["cube"])


def _twins(spec: Mapping[str, Any], index: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """By group the cases that it was not asked, each with the one like it."""
    reach = spec.get("reach", {})
    return {group: twins(reach, about["feeders"]) for group, about in index["groups"].items()}


def _past(
    spec: dict[str, Any], inputs: dict[str, Any], feeders: list[str], like: Mapping[str, Mapping[str, str]]
) -> list[dict[str, Any]]:
    """The rows of the analyses over all cases and feeders, where the study asks for them."""
    asked, cases = spec["analyses"], spec["cases"]
    rows: list[dict[str, Any]] = []
    if "reliability" in asked:
        known = (tables.read(name, Path(inputs[name])) for name in ("outages", "steps", "served"))
        rows += _over_cases("reliability")(asked["reliability"], *known, feeders)
    if "validate" in asked:
        found = [tables.read("deviations", Path(p)) for _, p in sorted(inputs["deviations"].items())]
        reference = tables.read("reference", Path(inputs["reference"]))
        rows += _over_cases("validate")(asked["validate"], tables.concat("deviations", found), reference, feeders)
    if "hosting" in asked:
        hosting = [tables.read("hosting", Path(p)) for _, p in sorted(inputs["hosting"].items())]
        rows += _over_cases("hosting")(tables.concat("hosting", hosting))
    if spec.get("head_energy"):
        read = _heads(inputs, like)
        scada = tables.read("scada", Path(inputs["scada"]))
        rows += head_measured(spec, pa.concat_tables(read), scada, spec["head_energy"], feeders)
    if "compliance" in asked:
        names = ("compliance", "lights", "curtailment")
        found = [tables.concat(n, [tables.read(n, Path(p)) for _, p in sorted(inputs[n].items())]) for n in names]
        rows += _over_cases("compliance")(*found, spec["powerflow"]["step_min"])
    if "mitigation" in asked:
        parts = [tables.concat(n, [tables.read(n, Path(p)) for _, p in sorted(inputs[n].items())])
                 for n in ("measures", "packages")]  # fmt: skip
        rows += _over_cases("mitigation")(*parts, tables.read("portfolio", Path(inputs["portfolio"])))
    if "substations" in asked:
        heads = _heads(inputs, like)
        assets = tables.read("assets", Path(inputs["assets"]))
        rows += _over_cases("substations")(asked["substations"], cases, pa.concat_tables(heads), assets, feeders)
    return rows


_HEADS = ("feeder", "case", "hour", "source_kw", "source_kvar")
"""What of the hours of a feeder counts for its bank."""


def _heads(inputs: Mapping[str, Any], like: Mapping[str, Mapping[str, str]]) -> list[pa.Table]:
    return [unfolded(tables.read("hourly", Path(p), _HEADS), like[g]) for g, p in sorted(inputs["hourly"].items())]


def _over_cases(kind: str) -> Callable[..., list[dict[str, Any]]]:
    module, function = OVER_CASES[kind].split(":")
    found: Callable[..., list[dict[str, Any]]] = getattr(import_module(module), function)
    return found


@dataclass(frozen=True)
class Figure:
    """One of the five figures of the overview; ``delta`` is None in the baseline, ``verdict`` then empty."""

    metric: str
    meaning: str
    unit: str
    cell: Cell
    delta: float | None
    verdict: str


@dataclass(frozen=True)
class Ranked:
    """One line of the list of worst feeders; ``numbers`` maps a metric to its value, where the feeder has it."""

    place: int
    feeder: str
    case: str
    violating: bool
    numbers: dict[str, float]


SHOWN = ("overload_hours_h", "max_line_load_pct", "max_transformer_load_pct", "violation_hours_h", "min_pu", "max_pu")
"""The numbers in the list of worst feeders."""


BREAKS = ("thermal", "voltage")
"""The analyses whose rows of single elements are all of something over a limit."""


_TOLD_BY = {"hours_over_h": "overload_hours_h", "hours_low_h": "violation_hours_h", "hours_high_h": "violation_hours_h"}
"""Hours of an element over a limit, by those of its feeder that they are part of."""


class Facts:
    """The cube of one study, to be asked by metric, feeder and case.

    ``feeder`` is None for the study; ``case`` is None for what holds for all cases. ``year`` chooses among facts that
    hold for all cases and differ by year, as those of past outages; 0 is their yearly mean.
    """

    def __init__(self, table: pa.Table):
        self.table = table

    def fact(self, metric: str, feeder: str | None = None, case: str | None = None, year: int = 0) -> Cell | None:
        """A fact with its text, hour, limit and rule; None when the cube has none.

        Raises
        ------
        KeyError
            The list of metrics does not know the name.
        """
        METRICS[metric.removeprefix(DELTA)]
        return self._cells.get((feeder or "", case or EVERY, metric, year))

    def value(self, metric: str, feeder: str | None = None, case: str | None = None, year: int = 0) -> float | None:
        """The number of a fact, in the unit of its metric; None when the cube has none."""
        cell = self.fact(metric, feeder, case, year)
        return cell.value if cell else None

    def text(self, metric: str, feeder: str | None = None, case: str | None = None) -> str:
        """The text of a fact; empty when the cube has none."""
        cell = self.fact(metric, feeder, case)
        return cell.text if cell else ""

    def delta(self, metric: str, feeder: str | None = None, case: str | None = None) -> Cell | None:
        """The difference of a metric to the baseline case; its text is the verdict."""
        return self.fact(DELTA + metric, feeder, case)

    def answer(self, feeder: str | None = None) -> str:
        """The answer in words, of the study or of one feeder."""
        return self.text("answer", feeder)

    @cached_property
    def states(self) -> list[str]:
        """The states of a snapshot, which stand for its hours from 0; none where time runs."""
        return self.text("states").split()

    @cached_property
    def cases(self) -> list[Case]:
        """The cases, by name."""
        seen = self.table.filter(pc.not_equal(self.table["case"].cast(tables.TEXT), EVERY))
        unique = seen.group_by(["case", "scenario", "year"]).aggregate([])
        return sorted(Case(row["case"], row["scenario"], row["year"]) for row in unique.to_pylist())

    @cached_property
    def feeders(self) -> list[str]:
        """The feeders, solved or not, by name."""
        return sorted({feeder for feeder, _, metric, _ in self._cells if metric == "solved"})

    def failed(self, case: str) -> dict[str, str]:
        """The feeders that failed in a case, with the reason."""
        return {f: self.text("solved", f, case) for f in self.feeders if self.value("solved", f, case) == 0}

    def headline(self, case: str | None = None) -> list[Figure]:
        """The five figures of a case, that with the most to mend unless another is named."""
        case = case or self.text("worst_case")
        figures = []
        for name in self.text("headline").split():
            metric, delta = METRICS[name], self.delta(name, case=case)
            cell = self.fact(name, case=case) or Cell()
            change, verdict = (delta.value, delta.text) if delta else (None, "")
            figures.append(Figure(name, metric.meaning, metric.unit, cell, change, verdict))
        return figures

    def worst(self, n: int, case: str | None = None) -> list[Ranked]:
        """The `n` worst solved feeders of a case; without a case each in its own worst case."""
        places = [(self.value("rank", f, case), f) for f in self.feeders]
        ranked = []
        for place, feeder in sorted((int(p), f) for p, f in places if p is not None)[:n]:
            at = case or self.text("worst_case", feeder)
            found = {m: self.value(m, feeder, at) for m in SHOWN}
            numbers = {m: v for m, v in found.items() if v is not None}
            ranked.append(Ranked(place, feeder, at, self.value("violating", feeder, at) == 1, numbers))
        return ranked

    def matrix(self, metric: str, feeders: Iterable[str] | None = None) -> dict[str, dict[str, float | None]]:
        """A metric of feeders (all unless some are named) by case: feeder -> case -> value."""
        names = self.feeders if feeders is None else list(feeders)
        return {f: {c.case: self.value(metric, f, c.case) for c in self.cases} for f in names}

    def elements(self, feeder: str, case: str | None = None) -> list[dict[str, Any]]:
        """The rows of single elements of a feeder, by case, analysis, metric and element: over a limit, or ageing."""
        found = self._elements.filter(_is(self._elements, "feeder", feeder))
        if case is not None:
            found = found.filter(_is(found, "case", case))
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows

    def violations(self) -> list[dict[str, Any]]:
        """The rows of single elements of all feeders and cases."""
        rows: list[dict[str, Any]] = self._elements.to_pylist()
        return rows

    @cached_property
    def unshown(self) -> dict[str, list[str]]:
        """The feeders by case that count hours over a limit of which no element tells: a public copy hides the part."""
        own = self._elements.filter(pc.greater(self._elements["value"], 0.0)).select(["case", "feeder", "metric"])
        told = {(r["case"], r["feeder"], _TOLD_BY.get(r["metric"])) for r in own.to_pylist()}
        counted = dict.fromkeys(_TOLD_BY.values())
        found: dict[str, list[str]] = {}
        for case in (c.case for c in self.cases):
            for feeder in self.feeders:
                over = [m for m in counted if (self.value(m, feeder, case) or 0.0) > 0.0]
                if any((case, feeder, m) not in told for m in over):
                    found.setdefault(case, []).append(feeder)
        return found

    def overloads(self) -> list[dict[str, Any]]:
        """Of all feeders and cases the lines and transformers that are loaded beyond their limit."""
        own = self._elements.filter(_is(self._elements, "metric", "max_load_pct"))
        above = pc.and_(pc.greater(own["limit"], 0.0), pc.greater(own["value"], own["limit"]))
        columns = ("case", "feeder", "kind", "element", "value", "limit")
        rows: list[dict[str, Any]] = own.filter(above).select(columns).to_pylist()
        return rows

    @cached_property
    def _elements(self) -> pa.Table:
        judged = pc.is_in(self.table["analysis"].cast(tables.TEXT), pa.array(list(ANALYSES)))
        own = pc.and_(_is(self.table, "level", "element"), judged)
        return self.table.filter(pc.and_not(own, _is(self.table, "case", EVERY)))

    def parts(self, analysis: str) -> list[dict[str, Any]]:
        """The rows of an analysis over feeders about single things: banks, plants, causes of outages."""
        own = pc.and_(_is(self.table, "level", "element"), _is(self.table, "analysis", analysis))
        rows: list[dict[str, Any]] = self.table.filter(own).to_pylist()
        return rows

    @cached_property
    def _cells(self) -> dict[tuple[str, str, str, int], Cell]:
        """By feeder, case, metric and year; of a case, which has one year, the year is 0."""
        table = self.table.filter(pc.invert(_is(self.table, "level", "element")))
        names = ("feeder", "case", "metric", "year", "value", "text", "hour", "limit", "rule")
        rows = zip(*(table[name].to_pylist() for name in names), strict=True)
        return {(f, case, metric, 0 if case else year): Cell(*cell) for f, case, metric, year, *cell in rows}


def load(path: Path) -> Facts:
    """The facts of a file ``cube.parquet``."""
    return Facts(tables.read("cube", path))


def _is(table: pa.Table, column: str, text: str) -> pa.ChunkedArray:
    return pc.equal(table[column].cast(tables.TEXT), text)
