"""The sentence that opens the answer of a study whose headline is an analysis over feeders, from rows of the cube."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dtl.report import figures

Row = Mapping[str, Any]
NAMED = 4
"""How many names a sentence lists."""


def lead(headline: str, rows: Sequence[Row]) -> str:
    """The sentence, from the rows of the cube of that analysis; empty where the headline is one of every feeder."""
    own = [r for r in rows if r["analysis"] == headline]
    return _LEADS[headline](own) if headline in _LEADS else ""


def _reliability(rows: Sequence[Row]) -> str:
    whole = {r["metric"]: r for r in rows if r["level"] == "study" and r["year"] == 0 and not r["element"]}
    saidi = whole.get("saidi_min")
    if saidi is None or saidi["value"] is None:
        return f"Reliability is {saidi['text'] if saidi else 'not available'}."
    saifi = whole["saifi"]["value"]
    own = _values(rows, "saidi_min", year=0)
    worst = max(own, key=lambda r: (r["value"], r["feeder"])) if own else None
    most = f", most on {worst['feeder']}: {figures.text(worst['value'], 'min')}" if worst and len(own) > 1 else ""
    return (
        f"A customer was without supply for {figures.text(saidi['value'], 'min')} a year (SAIDI) in "
        f"{figures.significant(saifi)} interruptions (SAIFI){most}."
    )


def _validate(rows: Sequence[Row]) -> str:
    within = [r for r in rows if r["metric"] == "reference_within" and r["feeder"]]
    bad = sorted(r["feeder"] for r in within if r["value"] == 0)
    rmse = next((r["value"] for r in rows if r["metric"] == "reference_rmse_pu" and not r["feeder"]), None)
    if not within:
        return "No feeder could be compared with the reference."
    told = f": voltages differ by {rmse:.5f} pu (root mean square)" if rmse is not None else ""
    if not bad:
        only = f"Feeder {within[0]['feeder']} is"
        who = f"All {len(within)} feeders that were compared are" if len(within) > 1 else only
        return f"{who} within tolerance of the reference{told}."
    who = f"{len(bad)} of {len(within)} feeders {'is' if len(bad) == 1 else 'are'}"
    return f"{who} not within tolerance of the reference, {_listed(bad)}{told}."


def _compliance(rows: Sequence[Row]) -> str:
    judged = sum(r["value"] for r in rows if r["metric"] == "compliance_judged")
    bad = sorted({r["feeder"] for r in _values(rows, "compliance_violated") if r["value"]})
    if not judged:
        return "No limit of a grid code could be judged."
    rest = _curtailed(_values(rows, "curtailed_kwh"))
    if not bad:
        return f"All {judged:,.0f} limits of grid codes that were judged are kept{rest}"
    broken = sum(r["value"] for r in rows if r["metric"] == "compliance_violated")
    return f"{broken:,.0f} of {judged:,.0f} limits of grid codes are broken, on {_listed(bad)}{rest}"


def _curtailed(taken: Sequence[Row]) -> str:
    """The end of the sentence: the case in which plants give up most, where the study asks for it."""
    kwh: dict[str, float] = {}
    for row in taken:
        kwh[row["case"]] = kwh.get(row["case"], 0.0) + row["value"]
    case = max(sorted(kwh), key=lambda c: kwh[c], default="")
    if not case:
        return "."
    return (
        f"; {figures.text(kwh[case], 'kWh')} would be curtailed in {case}." if kwh[case] else "; no plant is curtailed."
    )


def _substations(rows: Sequence[Row]) -> str:
    over = sorted({r["element"] for r in rows if r["metric"] == "bank_hours_over_h" and r["value"]})
    loads = [r for r in rows if r["metric"] == "bank_load_pct" and r["value"] is not None]
    if not loads:
        return "No bank could be judged: nobody states which feeders it has and what it can carry."
    top = max(loads, key=lambda r: (r["value"], r["element"]))
    many = "1 bank exceeds its" if len(over) == 1 else f"{len(over)} banks exceed their"
    first = f"{many} rating: {_listed(over)}" if over else "No bank exceeds its rating"
    return (
        f"{first}; highest is {top['element']} in {top['case']} with {figures.text(top['value'], '%', top['limit'])}."
    )


def _hosting(rows: Sequence[Row]) -> str:
    parts = []
    for of in ("generation", "load", "pv"):
        one = _values(rows, f"hosting_{of}_median_kw")
        own = one or _values(rows, f"hosting_{of}_deployed_kw")
        if own:
            least = min(own, key=lambda r: (r["value"], r["feeder"], r["case"]))
            kw, where = figures.text(least["value"], "kW"), "at its median bus" if one else "by random deployments"
            rest = [r for r in own if r["feeder"] == least["feeder"] and r["case"] != least["case"]]
            also = ", ".join(f"{figures.text(r['value'], 'kW')} in {r['case']}" for r in rest[:NAMED])
            parts.append(
                f"least {of} fits on {least['feeder']} in {least['case']}, {kw} {where}{f' ({also})' if also else ''}"
            )
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else "Nothing could be said of what more would fit."


def _mitigation(rows: Sequence[Row]) -> str:
    return next((r["text"] for r in rows if r["metric"] == "portfolio_still_violating"), "")


def _values(rows: Iterable[Row], metric: str, year: int | None = None) -> list[Row]:
    """The rows of feeders of a metric that have a value."""
    return [
        r for r in rows
        if r["metric"] == metric and r["level"] == "feeder" and r["value"] is not None
        and (year is None or r["year"] == year)
    ]  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest


_LEADS: Mapping[str, Callable[[Sequence[Row]], str]] = {
    "reliability": _reliability,
    "validate": _validate,
    "compliance": _compliance,
    "substations": _substations,
    "hosting": _hosting,
    "mitigation": _mitigation,
}
