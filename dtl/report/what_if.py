"""The page "What if": sliders over what was swept, and over a plant at a bus by what the surrogate learned."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from dtl import tables
from dtl.analyses.metrics import METRICS
from dtl.report import payloads
from dtl.report.payloads import Column

Shown = dict[str, Any]

TERMS = ("formula_kw", "voltage_kw", "thermal_kw", "other_kw", "base_pu", "limit_pu", "rise_pu", "own_r", "own_x",
         "drop_pu", "load_kw", "wires", "kv_ll", "top_kw", "hc_kw")  # fmt: skip
"""Columns of ``formula`` that the model reads, and what the search found."""
DIGITS = 6
"""Significant digits of the figures of sweeps."""


def context(spec: Mapping[str, Any], learned: Mapping[str, pa.Table], swept: pa.Table) -> Shown | None:
    """The context of the page; None where the study has neither sweeps nor a surrogate that answers."""
    model = about(learned)
    if not swept.num_rows and model is None:
        return None
    asked = json.loads(spec["spec_text"]).get("analyses", {})
    return {"model": model, "swept": bool(swept.num_rows), "asked": "surrogate" in asked}


def about(learned: Mapping[str, pa.Table]) -> Shown | None:
    """What is known of the surrogate; None where there is none, or none that may answer."""
    if "surrogate_model" not in learned or not learned["surrogate_model"].num_rows:
        return None
    row: Shown = learned["surrogate_model"].to_pylist()[0]
    row.pop("model")
    return row if row["verdict"] == "ok" else None


def payload(
    spec: Mapping[str, Any], learned: Mapping[str, pa.Table], swept: pa.Table, files: Mapping[str, str]
) -> bytes:
    """The payload ``whatif``: sweeps point by point, the model, feeders with sites, and what scenarios are made of."""
    whole = json.loads(spec["spec_text"])
    model = about(learned)
    layers = {name: {k: v for k, v in words.items() if k != "note"} for name, words in whole.get("layers", {}).items()}
    known = sorted(set(learned["surrogate"]["feeder"].cast(tables.TEXT).to_pylist())) if model else []
    return payloads.document({
        "sweeps": sweeps(whole, spec["points"], swept),
        "surrogate": model and {**model, "model": json.loads(learned["surrogate_model"]["model"][0].as_py())},
        "feeders": [{"id": name, "file": files[name]} for name in known if name in files],
        "cases": {c["case"]: c["scenario"] for c in spec["cases"]},
        "stacks": {name: list(s.get("stack", ())) for name, s in whole.get("scenarios", {}).items()},
        "layers": layers,
    })  # fmt: skip


def sweeps(whole: Mapping[str, Any], points: Sequence[Mapping[str, Any]], swept: pa.Table) -> list[Shown]:
    """Each sweep: axes with the numbers they took, and every figure of the study ('') and of feeders at each point."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in swept.to_pylist():
        rows.setdefault(row["sweep"], []).append(row)
    found = []
    for name in sorted(rows):
        own = [p for p in points if p["sweep"] == name]
        number = {p["case"]: i for i, p in enumerate(own)}
        values: dict[str, dict[str, list[float | None]]] = {}
        for row in rows[name]:
            of = values.setdefault(row["metric"], {}).setdefault(row["feeder"], [None] * len(own))
            of[number[row["point"]]] = _short(row["value"])
        axes = sorted(own[0]["values"])
        found.append({
            "name": name, "of": whole["sweeps"][name]["of"], "axes": axes,
            "points": [[p["values"][a] for a in axes] for p in own],
            "figures": [{"metric": m, "meaning": METRICS[m].meaning.partition(";")[0], "unit": METRICS[m].unit,
                         "values": values[m]} for m in METRICS if m in values],
        })  # fmt: skip
    return found


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.{DIGITS}g}")


def sites(learned: Mapping[str, pa.Table], files: Mapping[str, str]) -> dict[str, bytes]:
    """The payloads ``wi/<file>`` of feeders that the model knows: sites with what the formula says of each."""
    if about(learned) is None:
        return {}
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in learned["formula"].to_pylist():
        if row["bus"] and row["feeder"] in files:
            rows.setdefault(row["feeder"], []).append(row)
    return {
        f"wi/{files[name]}": payloads.columns({"sites": _columns(own)}, {"feeder": name}) for name, own in rows.items()
    }


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    return [
        *(payloads.words(key, [str(r[key]) for r in rows]) for key in ("bus", "phases", "case", "of", "formula_term")),
        *(payloads.doubles(key, [r[key] for r in rows]) for key in TERMS),
    ]
