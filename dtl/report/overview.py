"""What the overview shows: figures, the matrix of cases, the feeders to look at first, and what the study noticed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dtl.analyses.hours import stamp
from dtl.analyses.metrics import METRICS
from dtl.report import figures, overloaded, ranking, story, study_payloads
from dtl.report.facts import Facts, Figure
from dtl.report.headline import lead

FIRST = 10
"""Feeders in the list of those to look at first."""

MATRIX = (
    ("feeders_violating", "Feeders over a limit"),
    ("feeders_thermal", "overloaded"),
    ("feeders_voltage", "voltage out"),
    ("max_line_load_pct", "Highest line loading"),
    ("max_transformer_load_pct", "Highest transformer loading"),
    ("overload_hours_h", "Hours overloaded"),
    ("min_pu", "Lowest voltage"),
    ("max_pu", "Highest voltage"),
    ("violation_hours_h", "Hours voltage out"),
    ("loss_pct", "Losses"),
)
"""The columns of the matrix of cases."""

BAR_LEAST, BAR_MOST = 150.0, 250.0
"""The bars of loading reach at least, and at most, this far [% of the limit]; a longer bar ends in an arrow."""
VOLT_MARGIN = 0.01

Shown = dict[str, Any]


def context(facts: Facts, cases: Sequence[Mapping[str, Any]], findings: Sequence[Shown], doubted: str) -> Shown:
    """The context of the page; `doubted` says in a sentence which data to doubt."""
    case = facts.text("worst_case")
    told = {c["case"]: c for c in cases}
    return {
        "answer": sentences(study_payloads.worded(facts.answer(), facts.cases)),
        "overloaded": overloaded.sentences(facts, cases),
        "banks": banks(facts),
        "doubted": doubted,
        "case": told.get(case),
        "why": chosen(facts, case),
        "figures": figure_strip(facts, case),
        "matrix": matrix(facts, cases),
        "columns": [{"metric": m, "title": t, "unit": METRICS[m].unit} for m, t in MATRIX],
        "first": first(facts, told),
        "advice": story.of_study(facts),
        "feeders": len(facts.feeders),
        "findings": [*noticed(facts), *findings],
    }


def banks(facts: Facts) -> str:
    """What the banks of substations carry; empty where the study does not ask, or its answer says it already."""
    rows = facts.parts("substations")
    told = lead("substations", rows) if rows else ""
    return "" if told in facts.answer() else study_payloads.worded(told, facts.cases)


def sentences(answer: str) -> list[str]:
    """The sentences of the answer; joined by a blank they are the answer."""
    return re.sub(r"(?<=\.) (?=[A-Z0-9])", "\n", answer).split("\n")


def chosen(facts: Facts, case: str) -> str:
    """Why the figures are those of this case, in words; empty where the study has one case or none was solved.

    The rule is that of ``ranking.worst_case``: the most feeders over a limit, then the worst feeder.
    """
    many = {c.case: facts.value("feeders_violating", case=c.case) or 0.0 for c in facts.cases}
    if len(many) < 2 or case not in many:
        return ""
    most, several = max(many.values()), len(facts.feeders) > 1
    if list(many.values()).count(most) == 1:
        return "the case with the most feeders over a limit" if several else "the only case over a limit"
    if facts.text("headline").split() == [*ranking.FIGURES["losses"]]:
        worst = "the highest losses of a feeder" if several else "the highest losses"
    elif most:
        worst = "the worst feeder" if several else "the most hours over a limit"
    else:
        return "the case that comes nearest to a limit"
    return f"the case with {worst}" + f", of those with the most feeders over a limit ({most:.0f})" * (
        several and min(many.values()) < most
    )


def figure_strip(facts: Facts, case: str) -> list[Shown]:
    """The five figures of a case with their differences to the baseline."""
    strip = []
    for figure in facts.headline(case) if case else []:
        number, unit = figures.shown(figure.cell.value, figure.unit, figure.cell.limit)
        summed = figure.unit == "h" and METRICS[figure.metric].rollup == "sum" and len(facts.feeders) > 1
        strip.append(
            {
                "metric": figure.metric,
                "number": number,
                "unit": unit,
                "meaning": _meaning(figure) + ", summed over feeders" * summed,
                "place": place(figure.cell.text, figure.cell.hour, facts.states),
                "limit": figures.text(figure.cell.limit, figure.unit) if figure.cell.limit is not None else "",
                "delta": "" if figure.delta is None else _changed(figure),
                "verdict": figure.verdict,
            }
        )
    return strip


def _meaning(figure: Figure) -> str:
    """What a figure is; one feeder is one, and a reader may not know what a voltage is counted in."""
    words = figure.meaning.split(";")[0] + "; 1 pu is the nominal voltage" * (figure.unit == "pu")
    return words.replace("feeders ", "feeder ", 1) if figure.cell.value == 1 and not figure.unit else words


def _changed(figure: Figure) -> str:
    """The change with its verdict; a change that is not material has no number."""
    if figure.verdict == "same" or figure.delta is None:
        return "no real change"
    return f"{figures.change(figure.delta, figure.unit)} {figure.verdict}"


def place(text: str, hour: int | None, states: Sequence[str] = ()) -> str:
    """Where and when, in words; the hours of a snapshot are its states."""
    return ", ".join(p for p in (text, (states[hour] if states else stamp(hour)) if hour is not None else "") if p)


def matrix(facts: Facts, cases: Sequence[Mapping[str, Any]]) -> list[Shown]:
    """A row per case, a cell per column; a cell says whether it breaks a limit, and how it changed."""
    rows = []
    for case in cases:
        cells = []
        for metric, _ in MATRIX:
            cell, delta = facts.fact(metric, case=case["case"]), facts.delta(metric, case=case["case"])
            value = cell.value if cell else None
            unit = METRICS[metric].unit
            changed = delta is not None and delta.value and delta.text != "same"
            cells.append(
                {
                    "metric": metric,
                    "number": figures.shown(value, unit, cell.limit if cell else None)[0],
                    "unit": unit,
                    "trouble": broken(facts, metric, case["case"]),
                    "delta": figures.change(delta.value, unit) if changed and delta and delta.value else "",
                    "verdict": delta.text if delta else "",
                    "place": place(cell.text, cell.hour, facts.states) if cell else "",
                }
            )
        failed = len(facts.failed(case["case"]))
        rows.append({**case, "cells": cells, "failed": failed})
    return rows


def broken(facts: Facts, metric: str, case: str) -> bool:
    """Whether a figure of the study says that a limit is broken."""
    cell = facts.fact(metric, case=case)
    if cell is None or cell.value is None:
        return False
    if metric in ("max_line_load_pct", "max_transformer_load_pct"):
        return cell.limit is not None and cell.value > cell.limit
    if metric == "min_pu":
        return (facts.value("max_shortfall_pu", case=case) or 0) > 0
    if metric == "max_pu":
        return (facts.value("max_excess_pu", case=case) or 0) > 0
    return metric != "loss_pct" and cell.value > 0


def first(facts: Facts, cases: Mapping[str, Mapping[str, Any]]) -> list[Shown]:
    """The feeders to look at first, each in its worst case, with what its bars need."""
    rows = []
    for ranked in facts.worst(FIRST):
        case = cases[ranked.case]
        base = case["baseline"] if case["baseline"] != ranked.case else None
        before, now = (_loading(facts, ranked.feeder, c) for c in (base, ranked.case))
        numbers = ranked.numbers
        low, high = facts.fact("min_pu", ranked.feeder, ranked.case), facts.fact("max_pu", ranked.feeder, ranked.case)
        rows.append(
            {
                "feeder": ranked.feeder,
                "case": case,
                "violating": ranked.violating,
                "load": now,
                "load_text": figures.text(now, "%", 100.0),
                "load_before": before,
                "low": _end(low),
                "high": _end(high),
                "low_limit": low.limit if low else None,
                "high_limit": high.limit if high else None,
                "low_text": figures.shown(_end(low), "pu", low.limit if low else None)[0],
                "high_text": figures.shown(_end(high), "pu", high.limit if high else None)[0],
                "hours": figures.text(numbers.get("overload_hours_h"), "h"),
                "volt_hours": figures.text(numbers.get("violation_hours_h"), "h"),
                "broke_volt": numbers.get("violation_hours_h", 0) > 0,
                "broke_load": numbers.get("overload_hours_h", 0) > 0 and (now is None or now > 100.0),
            }
        )
    return [row | _scales(rows) for row in rows]


def _scales(rows: Sequence[Shown]) -> Shown:
    """The common scales of the bars: loading from 0, voltage around the limits."""
    loads = [min(r[k] or 0.0, BAR_MOST) for r in rows for k in ("load", "load_before")]
    volts = [r[k] for r in rows for k in ("low", "high", "low_limit", "high_limit") if r[k] is not None]
    return {
        "scale": max([BAR_LEAST, *loads]),
        "volt_from": min(volts, default=1.0) - VOLT_MARGIN,
        "volt_to": max(volts, default=1.0) + VOLT_MARGIN,
    }


def _end(cell: Any, default: float | None = None) -> float | None:
    return cell.value if cell is not None and cell.value is not None else default


def _loading(facts: Facts, feeder: str, case: str | None) -> float | None:
    """Highest loading of a feeder, per cent of its limit, of lines or transformers, whichever is nearer to it."""
    shares = []
    for metric in ("max_line_load_pct", "max_transformer_load_pct") if case else ():
        cell = facts.fact(metric, feeder, case)
        if cell is not None and cell.value is not None and cell.limit:
            shares.append(100.0 * cell.value / cell.limit)
    return max(shares, default=None)


def noticed(facts: Facts) -> list[Shown]:
    """What stands out in the numbers, in words; each with its severity and the page that shows why."""
    found: list[Shown] = []
    year = facts.fact("first_violating_year")
    if year is not None and year.value is not None:
        cases = study_payloads.worded(", ".join(year.text.split()), facts.cases)
        found.append(
            _notice("trouble", f"The first year with anything over a limit is {year.value:.0f} ({cases}).", "")
        )
    for case in facts.cases:
        hits = facts.value("emergency_elements", case=case.case) or 0
        if hits and case.case == facts.text("worst_case"):
            words = f"{hits:.0f} elements exceed" if hits > 1 else "1 element exceeds"
            told = study_payloads.label(case.scenario, case.year)
            found.append(_notice("trouble", f"In {told}, {words} the emergency rating.", ""))
    found += _unshown(facts)
    first_case = facts.cases[0].case if facts.cases else None
    unrated = facts.value("unrated_elements", case=first_case) or 0
    if unrated:
        words = f"{unrated:,.0f} lines and transformers have" if unrated > 1 else "1 line or transformer has"
        text = f"{words} no rating: nothing can judge how much that carries."
        found.append(_notice("note", text, "data-quality.html"))
    warnings = max((facts.value("warnings", case=c.case) or 0 for c in facts.cases), default=0)
    if warnings:
        found.append(
            _notice(
                "note",
                f"The power flow gave up to {warnings:,.0f} warning{'s' * (warnings != 1)} in a case.",
                "method.html",
            )
        )
    return found


def _unshown(facts: Facts) -> list[Shown]:
    """That a public copy counts what it does not show, told of the worst case."""
    case = next((c for c in facts.cases if c.case == facts.text("worst_case")), None)
    many = len(facts.unshown.get(case.case, ())) if case else 0
    if case is None or not many:
        return []
    who = f"{many:,} feeders have" if many > 1 else "1 feeder has"
    where = study_payloads.label(case.scenario, case.year)
    return [_notice("note", f"In {where}, {who} something over a limit in a part that is not shown here.", "")]


def _notice(kind: str, text: str, link: str) -> Shown:
    return {"kind": kind, "text": text, "link": link}
