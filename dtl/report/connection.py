"""The sentences that open the answer of a study of one request: does its plant fit, and which works make it fit.

A study is one of a request where every scenario but the baseline holds the same plants (layers ``project``). They fit
in a case in which nothing is beyond its limit for longer than in the baseline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.analyses.compare import Case, baseline_of
from dtl.report.board import Board

Key = tuple[str, str, str, str]
"""Feeder, metric, kind and name of an element."""

_IS = {"hours_over_h": "over its limit", "hours_low_h": "too low", "hours_high_h": "too high"}
_OF = {"pv": "photovoltaics", "ev": "charging", "synchronous": "synchronous machine", "induction": "induction machine"}


def lead(spec: Mapping[str, Any], board: Board, assess: pa.Table) -> str:
    """The sentences, from the rows of `assess` of single elements; empty for a study that is of no request."""
    baseline = str(spec["baseline"]).split("@")[0]
    plants = _plants(spec, baseline)
    if not plants or any(board.failed(c.case) for c in board.cases):
        return ""
    judged = _Judged(_hours(assess), {}, "states" if board.states else "hours")
    words = " and ".join(_words(layer) for layer in plants.values())
    own = {*spec["definitions"][baseline]["stack"], *plants}
    asked, works = list[Case](), list[Case]()
    for case in board.cases:
        base = baseline_of(case, board.cases, str(spec["baseline"]))
        if base is not None and case.scenario != baseline:
            judged.put(case, base)
            (asked if set(spec["definitions"][case.scenario]["stack"]) == own else works).append(case)
    parts = [judged.as_asked(words, asked)] if asked else []
    if works and (not asked or any(judged.worse[c] for c in asked)):
        parts.append(judged.with_works("It" if asked else words, works))
    return " ".join(parts)


def _plants(spec: Mapping[str, Any], baseline: str) -> dict[str, Mapping[str, Any]]:
    """The plants that all scenarios hold and the baseline does not, by the name of their layer."""
    nothing: dict[str, Any] = {"layers": {}}
    of = {c["scenario"]: spec["definitions"].get(c["scenario"], nothing)["layers"] for c in spec["cases"]}
    before = of.pop(baseline, None)
    if before is None or not of:
        return {}
    first, *others = of.values()
    found = {name: layer for name, layer in first.items() if layer["kind"] == "project" and name not in before}
    return {name: layer for name, layer in found.items() if all(name in layers for layers in others)}


def _words(plant: Mapping[str, Any]) -> str:
    """A plant in words: ``500 kW of photovoltaics at bus 645``."""
    return f"{plant['kw']:,g} kW of {_OF.get(plant['type'], plant['type'])} at bus {plant['at']}"


def _hours(assess: pa.Table) -> dict[str, dict[Key, float]]:
    """The hours of every element beyond a limit, by case."""
    found: dict[str, dict[Key, float]] = {}
    for row in assess.filter(pc.is_in(assess["metric"].cast(tables.TEXT), pa.array(list(_IS)))).to_pylist():
        if row["element"] and row["value"]:
            key = (row["feeder"], row["metric"], row["kind"], row["element"])
            found.setdefault(row["case"], {})[key] = row["value"]
    return found


@dataclass
class _Judged:
    """What each case makes worse: hours beyond a limit by case and element, and what they are called."""

    hours: Mapping[str, Mapping[Key, float]]
    worse: dict[Case, list[tuple[float, Key]]]
    unit: str

    def put(self, case: Case, base: Case) -> None:
        """Find what is beyond a limit for longer than in the baseline, the most first."""
        before = self.hours.get(base.case, {})
        grown = [(value - before.get(key, 0.0), key) for key, value in self.hours.get(case.case, {}).items()]
        self.worse[case] = sorted((g for g in grown if g[0] > 0), key=lambda g: (-g[0], g[1]))

    def as_asked(self, words: str, asked: Sequence[Case]) -> str:
        """Whether the plants fit with nothing else."""
        bad = next((c for c in asked if self.worse[c]), None)
        if bad is None:
            return f"{words} can connect as asked: {self._harmless(asked)}."
        return f"{words} cannot connect as asked: in {bad.case} {self._told(bad)}."

    def with_works(self, words: str, works: Sequence[Case]) -> str:
        """Which scenarios with more than the plants make them fit, or what each of them makes worse."""
        bad: dict[str, Case | None] = {}
        for case in works:
            bad[case.scenario] = bad.get(case.scenario) or (case if self.worse[case] else None)
        fits = [scenario for scenario, case in bad.items() if case is None]
        if fits:
            own = [c for c in works if c.scenario in fits]
            return f"{words} can as in {' or '.join(fits)}: {self._harmless(own)}."
        told = "; ".join(f"in {case.case} {self._told(case)}" for case in bad.values() if case is not None)
        return f"{words} cannot with the works of the other scenarios either: {told}."

    def _harmless(self, cases: Sequence[Case]) -> str:
        if not any(self.hours.get(c.case) for c in cases):
            return "nothing is over a limit with it"
        return f"what is over a limit with it is so without it, in as many {self.unit} or more"

    def _told(self, case: Case) -> str:
        """The element whose hours grow most, with its hours before and after."""
        grown, key = self.worse[case][0]
        _, metric, kind, element = key
        after = self.hours[case.case][key]
        instead = f"instead of {_number(after - grown)}" if after > grown else "and in none without it"
        return (
            f"{kind} {element} is {_IS[metric]} in {_number(after)} {self.unit[: -1 if after == 1 else None]} {instead}"
        )


def _number(hours: float) -> str:
    return f"{hours:,.0f}" if hours == round(hours) else f"{hours:,.3g}"
