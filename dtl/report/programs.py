"""What the page of assumptions shows of demand-flexibility programs: each execution, with what it brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dtl.analyses.hours import when
from dtl.report import figures

NOTED = 6
"""Programs that the overview tells of; the page of assumptions has all."""


def lines(manifests: Iterable[Mapping[str, Any]], states: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The executions of all cases and groups that held for some hours or missed their target, by case and program.

    The hours of a snapshot are its `states`.
    """
    found = [
        {**row, "case": case, "group": str(manifest.get("group", "")), "when": _when(row, states)}
        for manifest in manifests
        for case, told in manifest["cases"].items()
        for row in told.get("flexibility", ())
    ]
    return sorted(found, key=lambda r: (r["case"], r["number"], r["group"], r["first_hour"]))


def _when(row: Mapping[str, Any], states: Sequence[str]) -> str:
    return f"{row['executed']}, first {when(row['first_hour'], states)}" if row["first_hour"] else str(row["executed"])


def notices(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What the overview says of the rows of `lines`: a sentence for each case and program that was executed."""
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["hours"]:
            found.setdefault((row["case"], row["program"]), []).append(row)
    return [_notice(case, program, own) for (case, program), own in list(found.items())[:NOTED]]


def _notice(case: str, program: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    hours, reached, shed = (sum(row[name] for row in rows) for name in ("hours", "hours_reached", "shed_kwh"))
    worst = max(rows, key=lambda row: row["before_pct"] or 0.0)
    before, after = (figures.text(worst[name], "%") for name in ("before_pct", "after_pct"))
    text = (
        f"In {case}, program {program} acts in {figures.text(hours, 'h')} and reaches its target in "
        f"{figures.text(reached, 'h')} with taps held; it sheds {figures.text(shed, 'kWh')}. In its worst hour "
        f"{worst['element']} goes from {before} to {after}."
    )
    return {"kind": "note" if reached == hours else "trouble", "text": text, "link": "assumptions.html"}
