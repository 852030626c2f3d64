"""What the page of hosting capacity says in words and tables; its numbers are the cube's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dtl.analyses.hours import when
from dtl.report import figures
from dtl.report.facts import Facts
from dtl.report.hosting_payloads import KINDS

ROWS = 60
"""Most rows of the table in the page; the interactive part below it holds all."""


def context(facts: Facts, cases: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The context of the page; None where the study asked for no hosting capacity."""
    rows = [
        row
        for case in cases
        for of in KINDS
        for feeder in facts.feeders
        if (row := _row(facts, feeder, case, of)) is not None
    ]
    silent = [
        {"feeder": feeder, "case": case, "of": of, "why": _dated(fact.text, facts.states)}
        for case in cases
        for of in KINDS
        for feeder in facts.feeders
        if (fact := facts.fact(f"hosting_{of}_unanswered", feeder, case["case"])) is not None
    ]
    if not rows and not silent:
        return None
    rows.sort(key=lambda r: (KINDS.index(r["of"]), r["sort"], r["feeder"]))
    single = any(row["buses"] is not None for row in rows)
    return {"leads": _leads(rows), "rows": rows[:ROWS], "count": len(rows), "single": single, "silent": silent}


def _row(facts: Facts, feeder: str, case: Mapping[str, Any], of: str) -> dict[str, Any] | None:
    """A feeder in a case: what fits at its buses, what fits in total, and what limits it."""

    def cell(metric: str) -> Any:
        return facts.fact(f"hosting_{of}_{metric}", feeder, case["case"])

    median, least, deployed, buses, zero = (
        cell(m) for m in ("median_kw", "min_kw", "deployed_kw", "buses", "zero_buses")
    )
    if median is None and deployed is None:
        return None
    return {
        "feeder": feeder,
        "case": case,
        "of": of,
        "median": figures.text(median.value, "kW") if median else figures.MISSING,
        "p5": figures.text(found.value, "kW") if (found := cell("p5_kw")) else figures.MISSING,
        "least": figures.text(least.value, "kW") if least else figures.MISSING,
        "least_text": _dated(least.text, facts.states) if least else "",
        "buses": int(buses.value) if buses else None,
        "limits": buses.text if buses else "",
        "zero": int(zero.value) if zero else None,
        "method": median.text if median else "",
        "deployed": figures.text(deployed.value, "kW") if deployed else figures.MISSING,
        "deployed_text": _dated(deployed.text, facts.states) if deployed else "",
        "sort": median.value if median else deployed.value,
    }


def _dated(text: str, states: Sequence[str]) -> str:
    """A verdict with its hour as a date, or as the state of a snapshot, and a true sign."""
    return re.sub(r"\bin hour (\d+)\b", lambda m: when(int(m[1]), states), text).replace("+-", "±")


def _leads(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One sentence for each kind: the feeder and case in which least fits."""
    found = []
    for of in KINDS:
        own = [r for r in rows if r["of"] == of]
        if own:
            feeders = len({r["feeder"] for r in own})
            found.append({**own[0], "rows": len(own), "feeders": feeders})
    return found
