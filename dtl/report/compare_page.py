"""The page that sets two cases beside one another: its words, and the payload ``compare`` with all cases' figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dtl.analyses.metrics import METRICS
from dtl.report import payloads
from dtl.report.assumptions import told
from dtl.report.facts import Facts
from dtl.report.payloads import Column

FIGURES = (
    "feeders_violating", "violating_hours_h", "overload_hours_h", "lines_over", "transformers_over",
    "max_line_load_pct", "max_transformer_load_pct", "kwh_over", "violation_hours_h", "buses_low", "buses_high",
    "min_pu", "max_pu", "peak_kw", "energy_kwh", "loss_kwh", "loss_pct", "reverse_hours_h", "tap_changes",
)  # fmt: skip
"""The figures of the page, in its order."""

MOST_BROKEN = 60_000
"""Most violations in the payload, those furthest beyond their limit; the file for download holds all."""

_OF_FEEDERS = {"feeders_violating": "violating"}
"""What stands for a count of feeders in one feeder."""


def context(spec: Mapping[str, Any], facts: Facts, cases: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The context of the page; None for a study of one case that names no other study: it has nothing to compare."""
    also = json.loads(spec["spec_text"]).get("analyses", {}).get("compare", {}).get("also")
    if len(cases) < 2 and not also:
        return None
    makes = [{"case": c, "stack": _stack(spec, c["scenario"])} for c in cases]
    return {"also": also, "many": len(cases) > 1, "makes": makes, "feeders": len(facts.feeders)}


def _stack(spec: Mapping[str, Any], scenario: str) -> list[dict[str, str]]:
    """The layers of a scenario with what each says."""
    definition = spec["definitions"].get(scenario, {"stack": [], "layers": {}})
    return [{"layer": n, "words": _words(definition["layers"].get(n, {}))} for n in definition["stack"]]


def _words(layer: Mapping[str, Any]) -> str:
    """The kind of a layer, and what else it says: ``growth: per_year 0.02; to all``."""
    said = told({k: v for k, v in sorted(layer.items()) if k != "kind"}, "; ")
    return f"{layer.get('kind', '')}: {said}".strip(": ")


def payload(facts: Facts, cases: Sequence[Mapping[str, Any]]) -> bytes:
    """The payload ``compare``: ``feeders`` with ``<metric>@<case>``, and ``broken``, a row per violation and case."""
    there = [
        m for m in FIGURES if any(facts.value(_own(m), f, c["case"]) is not None for f in facts.feeders for c in cases)
    ]
    weights = {METRICS[m].weight for m in there} - {"", *there}
    cols = [payloads.words("id", facts.feeders)]
    for i, case in enumerate(cases):
        cols.append(payloads.numbers(f"solved@{i}", [facts.value("solved", f, case["case"]) for f in facts.feeders]))
        cols += [
            payloads.reals(f"{name}@{i}", [facts.value(_own(name), f, case["case"]) for f in facts.feeders])
            for name in (*there, *sorted(weights))
        ]
    broken, left_out = _broken(facts, cases)
    meta = {
        "metrics": [_metric(m) for m in there],
        "headline": [m for m in facts.text("headline").split() if m in there],
        "left_out": left_out,
    }
    return payloads.columns({"feeders": cols, "broken": broken}, meta)


def _own(metric: str) -> str:
    return _OF_FEEDERS.get(metric, metric)


def _metric(name: str) -> dict[str, Any]:
    metric = METRICS[name]
    return {
        "metric": name, "unit": metric.unit, "meaning": metric.meaning.split(";")[0], "worse": metric.worse,
        "rollup": metric.rollup or "sum", "weight": metric.weight, "material": metric.material, "share": metric.share,
    }  # fmt: skip


_BREAKS = {"max_load_pct": "loading", "min_pu": "too low", "max_pu": "too high"}
_HOURS = {"loading": "hours_over_h", "too low": "hours_low_h", "too high": "hours_high_h"}


def _broken(facts: Facts, cases: Sequence[Mapping[str, Any]]) -> tuple[list[Column], int]:
    """A row per element, criterion and case beyond its limit, the furthest first; and how many are left out."""
    number = {c["case"]: i for i, c in enumerate(cases)}
    place = {f: i for i, f in enumerate(facts.feeders)}
    cells: dict[tuple[Any, ...], float] = {}
    found: list[dict[str, Any]] = []
    for row in facts.violations():
        key = (row["case"], row["feeder"], row["kind"], row["element"])
        cells[(*key, row["metric"])] = row["value"]
        what = _BREAKS.get(row["metric"])
        if what and row["limit"] is not None and row["case"] in number and row["feeder"] in place:
            found.append({**row, "what": what, "key": key})
    found.sort(key=lambda r: (-abs(r["value"] / r["limit"] - 1.0), r["key"], r["what"]))
    kept = found[:MOST_BROKEN]
    cols = [
        payloads.numbers("feeder", [place[r["feeder"]] for r in kept]),
        payloads.numbers("case", [number[r["case"]] for r in kept]),
        payloads.words("kind", [r["kind"] for r in kept]),
        payloads.words("element", [r["element"] for r in kept]),
        payloads.words("what", [r["what"] for r in kept]),
        payloads.reals("value", [r["value"] for r in kept]),
        payloads.reals("limit", [r["limit"] for r in kept]),
        payloads.reals("hours", [cells.get((*r["key"], _HOURS[r["what"]])) for r in kept], "h"),
    ]
    return cols, len(found) - len(kept)
