"""What the page of reliability says: indices by year, feeder, cause and device, and major-event days, from the cube."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dtl.report import figures
from dtl.report.facts import Facts
from dtl.report.headline import lead

Shown = dict[str, Any]

INDICES = (
    ("saidi_min", "SAIDI", "min"),
    ("saifi", "SAIFI", ""),
    ("caidi_min", "CAIDI", "min"),
    ("asai", "ASAI", "share"),
    ("maifi", "MAIFI", ""),
)
NORMAL = (("saidi_normal_min", "SAIDI", "min"), ("saifi_normal", "SAIFI", ""), ("caidi_normal_min", "CAIDI", "min"))
ROWS = 100
"""Most feeders in the page."""
DEVICES = 25
"""Most devices in the page; `cube.csv` has all."""


def context(facts: Facts) -> Shown | None:
    """The context of the page; None where the study asked for no reliability."""
    if facts.fact("saidi_min") is None and not _years(facts):
        return None
    rows = facts.parts("reliability")
    found = facts.table.to_pylist() if facts.table.num_rows else []
    study = [r for r in found if r["analysis"] == "reliability"]
    years = _years(facts)
    return {
        "lead": lead("reliability", study),
        "indices": [{"title": t, "unit": "" if u == "share" else u} for _, t, u in INDICES],
        "normal": [{"title": t, "unit": u} for _, t, u in NORMAL],
        "years": [_year(facts, year) for year in (*years, 0)] if years else [_year(facts, 0)],
        "major": [_major(facts, year) for year in years],
        "feeders": _feeders(facts),
        "causes": _causes(rows),
        "devices": (devices := _devices(rows))[:DEVICES],
        "all_devices": len(devices),
        "notes": _notes(facts),
    }


def _years(facts: Facts) -> list[int]:
    """The years of which the study has something to say."""
    own = (r for r in facts.table.select(["analysis", "year"]).group_by(["analysis", "year"]).aggregate([]).to_pylist())
    return sorted({r["year"] for r in own if r["analysis"] == "reliability" and r["year"]})


def _cells(facts: Facts, metrics: Sequence[tuple[str, str, str]], feeder: str | None, year: int) -> list[Shown]:
    cells = []
    for metric, _, unit in metrics:
        fact = facts.fact(metric, feeder, year=year)
        value = fact.value if fact else None
        number = f"{value:.6f}" if unit == "share" and value is not None else figures.shown(value, unit)[0]
        text = number if unit or value is None else figures.significant(value)
        cells.append({"metric": metric, "text": text, "why": fact.text if fact and value is None else ""})
    return cells


def _year(facts: Facts, year: int) -> Shown:
    """The indices of the study in a year; 0 is the mean of all years."""
    customers = facts.fact("customers_served", year=year)
    return {
        "year": str(year) if year else "Mean",
        "cells": _cells(facts, INDICES, None, year),
        "normal": _cells(facts, NORMAL, None, year),
        "customers": figures.text(customers.value) if customers else figures.MISSING,
        "basis": customers.text if customers else "",
        "interruptions": figures.text(facts.value("sustained_interruptions", year=year)),
    }


def _major(facts: Facts, year: int) -> Shown:
    """The threshold of a year and the days beyond it."""
    limit, days = facts.fact("t_med_min", year=year), facts.fact("major_days", year=year)
    flagged = facts.fact("major_days_flagged", year=year)
    return {
        "year": year,
        "limit": figures.text(limit.value, "min") if limit else figures.MISSING,
        "basis": limit.text if limit else "",
        "count": figures.text(days.value) if days else figures.MISSING,
        "days": days.text if days else "",
        "catastrophic": figures.text(facts.value("catastrophic_days", year=year)),
        "flagged": figures.text(flagged.value) if flagged else figures.MISSING,
    }


def _feeders(facts: Facts) -> list[Shown]:
    """The feeders in the mean of years, that with the highest SAIDI first."""
    found: list[Shown] = []
    for feeder in facts.feeders:
        saidi = facts.fact("saidi_min", feeder)
        if saidi is None:
            continue
        found.append(
            {
                "feeder": feeder,
                "cells": _cells(facts, INDICES, feeder, 0),
                "customers": figures.text(facts.value("customers_served", feeder)),
                "interruptions": figures.text(facts.value("sustained_interruptions", feeder)),
                "minutes": figures.text(facts.value("customer_interruption_min", feeder)),
                "sort": saidi.value or 0.0,
            }
        )
    found.sort(key=lambda r: (-r["sort"], r["feeder"]))
    return found[:ROWS]


def _causes(rows: Sequence[Shown]) -> list[Shown]:
    """The study's causes in the mean of years, that with the most customer minutes first."""
    by_cause: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["kind"] == "cause" and not row["feeder"] and not row["year"] and row["value"] is not None:
            by_cause.setdefault(row["element"], {})[row["metric"]] = row["value"]
    total = sum(m.get("customer_interruption_min", 0.0) for m in by_cause.values())
    found: list[Shown] = [
        {
            "cause": cause or "not stated",
            "interruptions": figures.text(m.get("sustained_interruptions")),
            "customers": figures.text(m.get("customers_interrupted")),
            "saidi": figures.shown(m.get("saidi_min"), "min")[0],
            "saifi": figures.significant(m["saifi"]) if "saifi" in m else figures.MISSING,
            "share": 100.0 * m.get("customer_interruption_min", 0.0) / total if total else 0.0,
        }
        for cause, m in by_cause.items()
    ]
    return sorted(found, key=lambda r: (-r["share"], r["cause"]))


def _devices(rows: Sequence[Shown]) -> list[Shown]:
    """The devices with the most customer minutes, in the mean of years."""
    found: dict[tuple[str, str, str], Shown] = {}
    for row in rows:
        if row["kind"] != "cause" and row["feeder"] and row["value"] is not None:
            one = found.setdefault((row["feeder"], row["kind"], row["element"]), {})
            one[row["metric"]] = row["value"]
    made: list[Shown] = [
        {
            "feeder": feeder,
            "device": element,
            "kind": kind,
            "interruptions": figures.text(m.get("sustained_interruptions")),
            "customers": figures.text(m.get("customers_interrupted")),
            "minutes": figures.text(m.get("customer_interruption_min")),
            "sort": m.get("customer_interruption_min", 0.0),
        }
        for (feeder, kind, element), m in found.items()
    ]
    return sorted(made, key=lambda r: (-r["sort"], r["feeder"], r["device"]))


def _notes(facts: Facts) -> list[str]:
    """What limits the numbers: interruptions that do not count, and devices that are not linked."""
    notes = []
    for metric, words in (
        ("outages_refused", "interruptions are of far more customers than are served and do not count"),
        ("outages_elsewhere", "interruptions are of feeders outside the study and do not count"),
    ):
        value = facts.value(metric)
        if value:
            notes.append(f"{figures.text(value)} {words}.")
    linked = facts.fact("devices_linked_pct")
    if linked is not None:
        share = f"{figures.text(linked.value, '%', 100.0)} ({linked.text})" if linked.value is not None else linked.text
        notes.append(f"Interruptions that name a device and are linked to an element of the model: {share}.")
    return notes
