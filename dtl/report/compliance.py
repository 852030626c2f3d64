"""What the page of compliance says: codes, broken limits, lights and curtailment; its numbers are the cube's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dtl.analyses.hours import when
from dtl.report import figures
from dtl.report.facts import Facts

Shown = dict[str, Any]

_ANSWERS = ("compliance_violated", "light_red_h")
"""What a feeder has in a case that could be judged."""

ROWS = 100
"""Most broken limits in the page; the downloads hold all."""
GRID = 200
"""Most feeders and cases in the page."""


def context(facts: Facts, cases: Sequence[Mapping[str, Any]]) -> Shown | None:
    """The context of the page; None where the study asked for no compliance."""
    pairs = [(f, c) for c in cases for f in facts.feeders if facts.fact("compliance_judged", f, c["case"]) is not None]
    if not pairs:
        return None
    label = {c["case"]: c["label"] for c in cases}
    missing = _missing(facts, pairs)
    parts = [r for r in facts.parts("compliance") if r["case"] in label]
    seen = [(f, c) for f, c in pairs if any(facts.value(m, f, c["case"]) is not None for m in _ANSWERS)]
    grid = [_feeder(facts, feeder, case) for feeder, case in seen]
    grid.sort(key=lambda r: (-r["violated_n"], -r["red_n"], r["feeder"], r["case"]["case"]))
    broken = [_broken(r, label, facts.states) for r in parts if r["metric"] == "code_value"]
    broken.sort(key=lambda r: -r["beyond"])
    segments = _segments(parts, label)
    curtailed = any(r["curtailed"] for r in grid)
    return {
        "lead": _lead(grid, missing),
        "rows": grid[:GRID],
        "row_count": len(grid),
        "missing": missing,
        "codes": _codes(parts, label),
        "broken": broken[:ROWS],
        "broken_count": sum(int(r["violated_n"]) for r in grid),
        "segments": segments[:ROWS],
        "segment_count": len(segments),
        "curtailed": curtailed,
        "unjudged": sorted({t for r in grid for t in r["unjudged"].split("; ") if t}),
    }


def _feeder(facts: Facts, feeder: str, case: Mapping[str, Any]) -> Shown:
    def cell(metric: str, unit: str = "") -> str:
        return figures.text(facts.value(metric, feeder, case["case"]), unit)

    worst = facts.fact("light_worst_kw", feeder, case["case"])
    judged = facts.value("compliance_judged", feeder, case["case"]) or 0
    return {
        "feeder": feeder,
        "case": case,
        "violated_n": facts.value("compliance_violated", feeder, case["case"]) or 0,
        "red_n": facts.value("light_red_h", feeder, case["case"]) or 0,
        "violated": cell("compliance_violated"),
        "what": _words(facts.text("compliance_violated" if judged else "compliance_unjudged", feeder, case["case"])),
        "judged": cell("compliance_judged"),
        "judged_n": judged,
        "unjudged": facts.text("compliance_unjudged", feeder, case["case"]),
        "red": cell("light_red_h", "h"),
        "yellow": cell("light_yellow_h", "h"),
        "causes": facts.text("light_red_h", feeder, case["case"]),
        "needed": figures.text(worst.value, "kW") if worst else figures.MISSING,
        "needed_text": f"{worst.text} {when(worst.hour, facts.states)}".rstrip() if worst else "",
        "curtailed": facts.fact("curtailed_kwh", feeder, case["case"]) is not None,
        "kwh": cell("curtailed_kwh", "kWh"),
        "hours": cell("curtailed_h", "h"),
        "share": cell("curtailed_pct", "%"),
        "left": cell("curtail_left_h", "h"),
        "left_text": facts.text("curtail_left_h", feeder, case["case"]),
    }


def _codes(parts: Sequence[Mapping[str, Any]], label: Mapping[str, str]) -> list[Shown]:
    """How each code stands in each case over all feeders."""
    found: dict[tuple[str, str], Shown] = {}
    for row in parts:
        if row["kind"] != "code":
            continue
        one = found.setdefault(
            (row["element"], row["case"]),
            {"code": row["element"], "case": label[row["case"]], "judged": 0, "violated": 0, "feeders": 0, "lost": ""},
        )
        if row["metric"] == "code_judged":
            one["judged"] += int(row["value"])
        else:
            one["violated"] += int(row["value"])
            one["feeders"] += int(row["value"] > 0)
            one["lost"] = one["lost"] or row["text"]
    return [found[key] for key in sorted(found)]


def _broken(row: Mapping[str, Any], label: Mapping[str, str], states: Sequence[str]) -> Shown:
    code, _, what = row["kind"].partition(" ")
    unit, _, text = row["text"].partition(": ")
    return {
        "feeder": row["feeder"],
        "case": label[row["case"]],
        "code": code,
        "what": _words(what.replace("_", " ")),
        "element": row["element"],
        "value": figures.text(row["value"], unit, row["limit"]),
        "limit": figures.text(row["limit"], unit),
        "when": when(row["hour"], states).removeprefix("on "),
        "clause": row["rule"].partition(": ")[2],
        "text": text,
        "beyond": abs(row["value"] - row["limit"]) / abs(row["limit"] or 1.0),
    }


def _segments(parts: Sequence[Mapping[str, Any]], label: Mapping[str, str]) -> list[Shown]:
    """The segments that are red at all, the longest first."""
    rows = [
        {
            "feeder": r["feeder"],
            "case": label[r["case"]],
            "segment": r["element"],
            "text": r["text"],
            "sort": r["value"],
        }
        for r in parts
        if r["metric"] == "segment_red_h" and (r["value"] or ", 0 h yellow" not in r["text"])
    ]
    rows.sort(key=lambda r: (-r["sort"], r["feeder"], r["segment"]))
    return rows


def _missing(facts: Facts, pairs: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Shown]:
    """The feeders of which no limit was judged in a case that was asked for, with the reason, by feeder and reason."""
    cases = {c["case"]: c for _, c in pairs}
    there = {(f, c["case"]) for f, c in pairs}
    found: dict[tuple[str, str], list[str]] = {}
    for feeder, name in ((f, c) for f in facts.feeders for c in cases):
        if not facts.value("compliance_judged", feeder, name):
            told = facts.text("compliance_unjudged", feeder, name) if (feeder, name) in there else ""
            reason = told or facts.text("solved", feeder, name) or "not solved"
            found.setdefault((feeder, reason), []).append(cases[name]["label"])
    return [{"feeder": f, "reason": reason, "cases": labels} for (f, reason), labels in found.items()]


def _words(text: str) -> str:
    """What is judged, in words: the unit stands with the numbers."""
    return re.sub(r" pct\b", "", text)


def _lead(grid: Sequence[Shown], missing: Sequence[Shown]) -> str:
    """The answer in a sentence or two, and whom it does not speak for."""
    lost = len({r["feeder"] for r in missing})
    said = f" Of {lost} feeder{'s' * (lost > 1)} there is no answer, or not in every case: see below." if lost else ""
    return _answer(grid) + said


def _answer(grid: Sequence[Shown]) -> str:
    bad = [r for r in grid if r["violated_n"]]
    judged = sum(r["judged_n"] for r in grid)
    if not judged:
        return "Nothing could be judged."
    if not bad:
        return f"All {judged:,.0f} limits that were judged are kept."
    names = sorted({r["feeder"] for r in bad})
    feeders = len({r["feeder"] for r in grid if r["judged_n"]})
    shown = ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")
    worst = bad[0]
    verb = "breaks" if len(names) == 1 else "break"
    return (
        f"{len(names)} of {feeders} feeders {verb} a code: {shown}. Most in {worst['feeder']}, "
        f"{worst['case']['label']}: {worst['violated']} of {worst['judged']} limits judged ({worst['what']})."
    )
