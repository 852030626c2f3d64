"""What the page of insights shows: what the learning modules say, by module and feeder, and what was decided."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from dtl import tables
from dtl.learning.insight import OK, identity
from dtl.report import cube_insights, downloads, figures
from dtl.report.facts import Facts

MOST, EACH = 4000, 12
"""Most insights on the page, and most of one metric of a feeder; the files for download hold all."""
REASONS = 200
"""Most reasons for which there is no answer on the page."""
NAMED = 6
"""Names that a reason lists before it counts the rest."""

TITLES = {
    "ageing": "How fast transformers age",
    "anomaly": "Meters and feeders that do not behave",
    "clusters": "Customers and feeders that are alike",
    "disaggregate": "Behind the meters",
    "forecast": "Load of the coming days",
    "growth": "Where load grows",
    "ask": "A question in plain words",
    "mitigation": "Works and what they remove",
    "narrate": "Advice, by rule",
    "priority": "Which feeders are worked on first",
    "calibrate": "What would make the model follow the measurements",
    "outage_risk": "Interruptions to expect",
    "recommend": "What to run next",
    "spatial": "Where violations stand together",
    "surrogate": "Hosting capacity without a search",
}
"""Headings; a module without one stands under its name."""

PAGES = {
    **dict.fromkeys(("readings", "scada", "meters", "outages", "weather", "assets", "register"), "data-quality.html"),
    **dict.fromkeys(("powerflow", "violations"), "feeder.html"),
}
"""Where the table of an evidence can be seen, where it is no file for download."""
FILES = {"assess": "cube.csv"}
"""Files of tables that stand in one of another name."""

FACTORS = {
    "times_10": "of about ten times the usual",
    "times_1000": "of about a thousand times the usual",
    "unit": "in another unit than the rest of their record",
    "too_high": "above all that the head of their feeder took",
}
"""Alerts of readings that may be wrong by a factor of ten and more."""

_UNITS = ("kw", "kwh", "kvar", "pct", "pu", "h", "min")
_SHORT = {"saidi": "SAIDI", "saifi": "SAIFI", "auc": "AUC", "mape": "MAPE", "rmse": "RMSE", "pv": "PV", "ev": "EV",
          "p95": "P95", "kw": "kW", "pct": "%"}  # fmt: skip
"""Words of metrics that are written as abbreviations."""

Row = dict[str, Any]


def learned(inputs: Mapping[str, Any]) -> dict[str, pa.Table]:
    """The tables of the learning modules by their contract; none where the study asks nothing of them."""
    folder = inputs["learning"]
    paths = sorted(Path(folder).glob("*.parquet")) if folder else []
    return {path.stem: tables.read(path.stem, path) for path in paths}


def told(inputs: Mapping[str, Any], spec: Mapping[str, Any], facts: Facts) -> dict[str, pa.Table]:
    """The same, their insights with those that the cube gives."""
    return cube_insights.beside(learned(inputs), facts, spec["study"], spec.get("currency") or "")


def feeders(inputs: Mapping[str, Any]) -> set[str]:
    """The feeders of which a module says anything."""
    told = learned(inputs).get("insights")
    return set() if told is None else set(told["feeder"].cast(tables.TEXT).to_pylist())


def notices(found: Mapping[str, pa.Table]) -> list[dict[str, str]]:
    """What the overview says of readings that are wrong by a factor: peaks of the study may stand on them."""
    rows = found["insights"].to_pylist() if "insights" in found else []
    own = [r for r in rows if r["module"] == "anomaly" and r["metric"] in FACTORS and r["verdict"] == OK]
    if not own:
        return []
    of = sorted({r["feeder"] for r in own if r["feeder"]})
    counts = Counter(r["metric"] for r in own)
    kinds = [f"{counts[kind]:,} {words}" for kind, words in FACTORS.items() if counts[kind]]
    where = ", ".join(of[:NAMED]) + (" and others" if len(of) > NAMED else "")
    text = (
        f"Alerts of doubtful readings: {', '.join(kinds)} ({where}). "
        "Unless no service could carry them, demand takes them as they are: look at them before you trust a peak there."
    )
    return [{"kind": "trouble", "text": text, "link": "insights.html#module=anomaly"}]


def files(found: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """What of them readers may take away; each insight with its id."""
    taken = {name: table for name, table in found.items() if f"{name}.csv" in downloads.ABOUT}
    if "insights" in taken:
        ids = [identity(row) for row in taken["insights"].to_pylist()]
        taken["insights"] = taken["insights"].add_column(0, "id", pa.array(ids, pa.string()))
    return taken


def payload(found: Mapping[str, pa.Table], decisions: Mapping[str, Mapping[str, Any]], files: Mapping[str, str]) -> Row:
    """The content of the payload ``insights``: cards, reasons without answer, and decisions about nothing.

    ``files`` are those to take away, as they stand in the folder, by plain name.
    """
    rows = found["insights"].to_pylist() if "insights" in found else []
    for row in rows:
        row["id"] = identity(row)
    known = {row["id"] for row in rows}
    told = [row for row in rows if row["verdict"] == OK]
    shown, lines = _chosen(told, decisions)
    return {
        "titles": {m: TITLES.get(m, m.replace("_", " ").capitalize()) for m in sorted({r["module"] for r in rows})},
        "cards": [_line(key, own, lines[key], decisions, files) for key, own in shown.items()],
        "quiet": _quiet(row for row in rows if row["verdict"] != OK),
        "stray": [{"id": name, **decisions[name]} for name in sorted(set(decisions) - known)],
        "counts": {"told": len(told), "quiet": len(rows) - len(told), "decided": len(known & set(decisions))},
    }


def context(content: Mapping[str, Any], decisions: Mapping[str, Any]) -> Row | None:
    """The context of the page; None where the study asks for no learning and nobody decided anything."""
    if not content["titles"] and not decisions:
        return None
    proposed = any(card["module"] == "calibrate" for card in content["cards"])
    lead = _lead(content["cards"])
    return {"counts": content["counts"], "modules": len(content["titles"]), "proposed": proposed, "lead": lead}


def _lead(cards: Iterable[Row]) -> str:
    """What the statements come to: the feeder that is first, what works remove, and of which kinds the alerts are."""
    of: dict[str, list[Row]] = {}
    for card in cards:
        of.setdefault(card["module"], []).append(card)
    told = []
    for card in of.get("priority", []):
        place, _, why = card["rows"][0]["text"].partition(": ")
        if place.startswith("1 of "):
            told.append(f"First to work on is {card['feeder']}: {'; '.join(why.split('; ')[:2])}")
    told += [card["rows"][0]["text"] for card in of.get("mitigation", []) if card["metric"] == "portfolio_removed_h"]
    alerts: Counter[str] = Counter()
    for card in of.get("anomaly", []):
        alerts[card["title"].lower()] += card["count"] if card["metric"] != "alerts" else 0
    if most := [f"{kind} ({count:,})" for kind, count in alerts.most_common(3) if count]:
        told.append(f"Most alerts of readings: {', '.join(most)}")
    return " ".join(f"{sentence}." for sentence in told)


def _chosen(rows: Iterable[Row], decisions: Mapping[str, Any]) -> tuple[dict[tuple[str, ...], list[Row]], Any]:
    """By module, feeder, case and metric: the rows that are shown, and how many there are, with how many not zero."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["module"], row["feeder"], row["case"], row["metric"]), []).append(row)
    each = max(1, min(EACH, MOST // max(len(groups), 1)))
    counts = {key: (len(own), sum(bool(r["value"]) for r in own)) for key, own in groups.items()}
    shown = {}
    for key in sorted(groups):
        own = sorted(groups[key], key=lambda r: (r["id"] not in decisions, -abs(r["value"] or 0.0),
                                                 -(r["confidence"] or 0.0), r["kind"], r["element"]))  # fmt: skip
        shown[key] = own[:each]
    return shown, counts


def _title(metric: str) -> str:
    """A metric in words, without the unit that the number has."""
    words = metric.split("_")
    words = words[:-1] if len(words) > 1 and words[-1] in _UNITS else words
    text = " ".join(_SHORT.get(w, w) for w in words)
    return text if words[0] in _SHORT else text[:1].upper() + text[1:]


def _line(
    key: tuple[str, ...],
    rows: list[Row],
    count: tuple[int, int],
    decisions: Mapping[str, Any],
    files: Mapping[str, str],
) -> Row:
    """One metric of a feeder with the insights of it that are shown."""
    module, feeder, case, metric = key
    told = [
        {
            "id": row["id"],
            "about": " ".join(w for w in (row["kind"], row["element"]) if w) if row["element"] else "",
            "number": _number(row["value"], row["unit"]),
            "text": _CELL.sub("", row["text"]),
            "sure": row["confidence"],
            "evidence": [_evidence(cell, files) for cell in json.loads(row["evidence"])],
            "decision": decisions.get(row["id"]),
        }
        for row in rows
    ]
    scenario, _, year = case.partition("@")
    return {"module": module, "feeder": feeder, "case": case, "label": f"{scenario} {year}".strip(), "metric": metric,
            "title": _title(metric), "count": count[0], "nonzero": count[1], "rows": told}  # fmt: skip


_CELL = re.compile(r" \[cube [^\]]*\]")
"""The cell behind a number of an answer in plain words; the page has it as evidence."""


def _number(value: float | None, unit: str) -> str:
    """The number of an insight; one without a unit may be a factor as well as a count."""
    if unit == "1" and value is not None and value != round(value):
        return figures.significant(value)
    return figures.text(value, "" if unit == "1" else unit)


def _evidence(cell: Mapping[str, str], files: Mapping[str, str]) -> Row:
    """A cell in words, with the page or file where its table is."""
    table = cell["table"]
    text = " ".join(w for w in (table, cell["key"], cell["column"]) if w)
    file = files.get(FILES.get(table, f"{table}.csv"))
    page = PAGES.get(table) or (f"downloads/{file}" if file else "")
    return {"text": text, "table": table.replace("_", " "), "href": page}


def _quiet(rows: Iterable[Row]) -> list[Row]:
    """Why modules gave no answer, each reason once, with whom it holds for."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["module"], row["verdict"], row["text"]), []).append(row)
    ordered = sorted(groups.items(), key=lambda g: (g[0][0], -len(g[1]), g[0][2]))
    return [
        {
            "module": module,
            "verdict": verdict.replace("_", " "),
            "text": text,
            "count": len(own),
            "feeders": sorted({r["feeder"] for r in own if r["feeder"]}),
            "named": [r["element"] for r in own if r["element"]][:NAMED],
        }
        for (module, verdict, text), own in ordered[:REASONS]
    ]
