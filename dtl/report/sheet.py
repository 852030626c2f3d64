"""The payload ``f/<file>``: a feeder's answer, facts and figures by case, its worst elements, and what it broke."""

from __future__ import annotations

from functools import partial
from typing import Any

from dtl.analyses.metrics import METRICS
from dtl.report import story, study_payloads
from dtl.report.board import Cell
from dtl.report.facts import BREAKS, Facts
from dtl.report.solution import LINES, Solution

WORST = 20
"""Elements in the list of the most loaded."""
ROWS = 400
"""Most rows of single elements in the list of what is over a limit."""

INPUTS = ("kv_ll", "length_km", "customers", "loads", "load_kw", "buses")
SHOWN = (
    "max_line_load_pct",
    "max_transformer_load_pct",
    "overload_hours_h",
    "min_pu",
    "max_pu",
    "violation_hours_h",
    "peak_kw",
    "energy_kwh",
    "loss_pct",
    "reverse_hours_h",
    "tap_changes",
    "mitigation_before_h",
    "mitigation_left_h",
)
"""The figures of a feeder by case, in the order of the page."""


def sheet(solution: Solution, facts: Facts, reason: str) -> dict[str, Any]:
    """The content of the payload; `reason` says why the feeder failed before any case, empty when it did not."""
    name = solution.feeder
    rows = [row for row in facts.elements(name) if row["analysis"] in BREAKS]
    return {
        "id": name,
        "group": solution.group,
        "answer": study_payloads.worded(facts.answer(name), facts.cases),
        "reason": reason,
        "story": story.of_feeder(facts, name),
        "inputs": {m: _input(facts, m, solution) for m in INPUTS},
        "cases": {case: _case(solution, facts, case) for case in solution.cases},
        "worst_case": facts.text("worst_case", name) or None,
        "metrics": [{"metric": m, "unit": METRICS[m].unit, "meaning": METRICS[m].meaning.split(";")[0]} for m in SHOWN],
        "worst": _worst(solution),
        "broken": [_broken(row) for row in rows[:ROWS]],
        "broken_count": len(rows),
        "works": _works(facts, name),
        "drawn": solution.places is not None and bool(solution.buses),
    }


def _works(facts: Facts, feeder: str) -> list[dict[str, Any]]:
    """The chosen works of a feeder; none where the study does not ask for mitigation."""
    if not any(facts.fact("mitigation_measures", feeder, case.case) for case in facts.cases):
        return []
    rows = [r for r in facts.parts("mitigation") if r["metric"] == "work_cost" and r["feeder"] == feeder]
    return [{"work": r["element"], "cost": r["value"], "text": r["text"]} for r in rows]


def _input(facts: Facts, metric: str, solution: Solution) -> float | None:
    """A fact of the model: the feeder's own, else that of the group it is solved with."""
    value = facts.value(metric, solution.feeder)
    return facts.value(metric, solution.group) if value is None else value


def _case(solution: Solution, facts: Facts, case: str) -> dict[str, Any]:
    name, told = solution.feeder, solution.told.get(case, {})
    solved = facts.value("solved", name, case) == 1
    figures = {}
    for metric in SHOWN:
        cell, delta = facts.fact(metric, name, case), facts.delta(metric, name, case)
        if cell is not None:
            figures[metric] = _cell(cell) | _delta(delta)
    return {
        "solved": solved,
        "reason": "" if solved else facts.text("solved", name, case) or "no result",
        "violating": facts.value("violating", name, case) == 1,
        "figures": figures,
        "engine": f"{told.get('engine', '')} {told.get('engine_version', '')}".strip(),
        "warnings": told.get("warnings", []),
        "tolerance": told.get("tolerance"),
        "balance_max_rel": told.get("balance_max_rel"),
        "worst_hour": told.get("worst_hour"),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {k: v for k, v in cell._asdict().items() if v not in (None, "")}


def _delta(delta: Cell | None) -> dict[str, Any]:
    return {} if delta is None else {"delta": delta.value, "verdict": delta.text}


def _worst(solution: Solution) -> list[dict[str, Any]]:
    """The elements that come nearest to their limit, or furthest beyond it, in any case."""
    parts = solution.flow.elements(*LINES, "transformer")
    found = []
    for (kind, name), *loads in zip(parts, *solution.by_case(partial(solution.loads, parts=parts)), strict=True):
        if any(load is not None for load in loads):
            top = max(load for load in loads if load is not None)
            found.append((-top, kind, name))
    rows = []
    for _, kind, name in sorted(found)[:WORST]:
        cases = {}
        for case in solution.solved:
            get = {
                column: solution.flow.get(column, case, kind, name)
                for column in ("max_load_pct", "max_load_hour", "hours_over", "rating", "rating_unit", "kwh_over")
            }
            if get["max_load_pct"] is not None:
                cases[case] = get
        rows.append({"kind": kind, "element": name, "limit": solution.over_pct(kind), "cases": cases})
    return rows


def _broken(row: dict[str, Any]) -> dict[str, Any]:
    keep = ("case", "analysis", "metric", "kind", "element", "value", "text", "hour", "limit", "rule")
    unit = METRICS[row["metric"]].unit
    return {k: row[k] for k in keep if row[k] not in (None, "")} | {"unit": unit}
