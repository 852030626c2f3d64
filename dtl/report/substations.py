"""What the page of substations says: banks and substations of every judged case; its numbers are the cube's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dtl.analyses.hours import when
from dtl.report import figures
from dtl.report.facts import Facts

Shown = dict[str, Any]
Rows = Mapping[str, Mapping[str, Any]]
"""Rows of the cube about one thing, by metric."""


def context(facts: Facts, cases: Sequence[Mapping[str, Any]]) -> Shown | None:
    """The context of the page; None where the study asked for no substations."""
    judged = [c for c in cases if facts.fact("banks", case=c["case"]) is not None]
    if not judged:
        return None
    own = facts.parts("substations")
    banks = [_bank(c, name, rows, own, facts.states) for c in judged for name, rows in _things(own, "bank", c)]
    stations = [_station(c, name, rows) for c in judged for name, rows in _things(own, "substation", c)]
    banks.sort(key=lambda b: (-b["sort"], b["name"], b["case"]["case"]))
    stations.sort(key=lambda s: (-s["sort"], s["name"], s["case"]["case"]))
    missing = facts.fact("feeders_without_bank", case=judged[0]["case"])
    nothing = facts.text("banks", case=judged[0]["case"])
    return {
        "banks": banks,
        "stations": stations,
        "lead": _lead(banks, stations, nothing),
        "unplaced": missing.text.split() if missing else [],
        "scale": max([150.0, *(b["load"] for b in banks if b["load"] is not None)]),
    }


def _things(own: Sequence[Mapping[str, Any]], kind: str, case: Mapping[str, Any]) -> list[tuple[str, Rows]]:
    """The banks, or substations, of a case with their rows by metric, by name."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in own:
        if row["kind"] == kind and row["case"] == case["case"] and not row["feeder"]:
            found.setdefault(row["element"], {})[row["metric"]] = row
    return sorted(found.items())


def _number(rows: Rows, metric: str, unit: str) -> str:
    row = rows.get(metric)
    return figures.text(row["value"], unit, row["limit"]) if row else figures.MISSING


def _when(rows: Rows, metric: str, states: Sequence[str]) -> str:
    return when(rows[metric]["hour"] if metric in rows else None, states).removeprefix("on ")


def _bank(
    case: Mapping[str, Any], name: str, rows: Rows, own: Sequence[Mapping[str, Any]], states: Sequence[str]
) -> Shown:
    load = rows.get("bank_load_pct")
    hours = rows.get("bank_hours_over_h")
    parts = sorted(
        (r for r in own if r["metric"] == "bank_feeder_kw" and r["element"] == name and r["case"] == case["case"]),
        key=lambda r: -r["value"],
    )
    return {
        "name": name,
        "case": case,
        "substation": rows["bank_peak_mw"]["text"] if "bank_peak_mw" in rows else "",
        "peak": _number(rows, "bank_peak_kva", "kVA"),
        "when": _when(rows, "bank_peak_kva", states),
        "note": rows["bank_peak_kva"]["text"],
        "load": load["value"] if load else None,
        "load_text": _number(rows, "bank_load_pct", "%"),
        "limit": load["limit"] if load else 100.0,
        "rating": load["text"] if load else "",
        "hours": _number(rows, "bank_hours_over_h", "h"),
        "trouble": bool(hours and hours["value"]),
        "coincidence": _number(rows, "bank_coincidence", "share"),
        "lowest": _number(rows, "bank_min_kw", "kW"),
        "reverse": _number(rows, "bank_reverse_hours_h", "h"),
        "feeders": ", ".join(f"{r['feeder']} {figures.text(r['value'], 'kW')}" for r in parts),
        "sort": load["value"] if load and load["value"] is not None else 0.0,
    }


def _station(case: Mapping[str, Any], name: str, rows: Rows) -> Shown:
    pct, hours = rows["station_n_1_pct"], rows.get("station_n_1_hours_over_h")
    return {
        "name": name,
        "case": case,
        "peak": _number(rows, "station_peak_kva", "kVA"),
        "firm": _number(rows, "station_firm_mva", "MVA"),
        "units": pct["text"],
        "pct": _number(rows, "station_n_1_pct", "%"),
        "hours": _number(rows, "station_n_1_hours_over_h", "h"),
        "short": _number(rows, "station_n_1_short_kva", "kVA"),
        "energy": _number(rows, "station_n_1_short_kvah", "kVAh"),
        "trouble": bool(hours and hours["value"]),
        "sort": hours["value"] if hours else 0.0,
    }


def _lead(banks: Sequence[Shown], stations: Sequence[Shown], nothing: str) -> str:
    """The answer in a sentence or two."""
    if nothing:
        return f"Nothing can be said: {nothing}."
    over = sorted({b["name"] for b in banks if b["trouble"]})
    rated = [b for b in banks if b["load"] is not None]
    if over:
        first = f"{len(over)} of {len({b['name'] for b in banks})} banks exceed their rating: {', '.join(over[:5])}."
    elif rated:
        first = "No bank exceeds its rating."
    else:
        first = "No bank states a rating, so that its power is shown and not judged."
    if rated:
        top = rated[0]
        first += f" Highest is {top['name']} in {top['case']['label']} with {top['load_text']} of {top['rating']}."
    short = sorted({s["name"] for s in stations if s["trouble"]})
    if short:
        first += f" With the largest unit out, {', '.join(short[:5])} cannot carry the load in some hours."
    return first
