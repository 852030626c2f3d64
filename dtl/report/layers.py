"""The layers of the map: which of them the study has, why it lacks the others, and what holds for whole feeders."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc

from dtl import tables

LAYERS = (
    "load", "volt", "fit_generation", "fit_load", "fit_pv", "diff", "risk", "age", "ev", "solar", "outages",
    "growth", "customers",
)  # fmt: skip
"""All layers; the first eight colour the network, the others stand on it."""


class Growing(NamedTuple):
    """Feeder and text of what the learning module ``growth`` warns of, by name; and whether it had an answer."""

    alerts: list[dict[str, Any]]
    answered: bool


def growing(inputs: Mapping[str, Any]) -> Growing:
    """What the learning module ``growth`` says of feeders."""
    folder = inputs["learning"]
    path = Path(folder) / "insights.parquet" if folder else None
    if path is None or not path.is_file():
        return Growing([], False)
    rows = tables.read("insights", path)
    module, metric = (rows[name].cast(tables.TEXT) for name in ("module", "metric"))
    warned = rows.filter(pc.and_(pc.equal(module, "growth"), pc.equal(metric, "warning"))).to_pylist()
    told = [{"feeder": r["feeder"], "text": r["text"]} for r in warned if r["verdict"] == "ok" and r["value"]]
    return Growing(sorted(told, key=lambda r: r["feeder"]), any(r["verdict"] == "ok" for r in warned))


def threatened(inputs: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By feeder the unplanned interruptions of a year that ``outage_risk`` expects, and its text; none if not asked."""
    folder = inputs["learning"]
    path = Path(folder) / "insights.parquet" if folder else None
    asked = json.loads(spec["spec_text"])["analyses"].get("outage_risk")
    if path is None or not path.is_file() or asked is None:
        return {}
    rows = tables.read("insights", path, module="outage_risk", metric="interruptions_ahead", verdict="ok").to_pylist()
    years = asked["horizon_days"] / 365.0
    return {r["feeder"]: {"per_year": round(r["value"] / years, 3), "text": r["text"]} for r in rows if r["feeder"]}


def reasons(
    spec: Mapping[str, Any], seen: Collection[str], grows: Growing, threats: Collection[str] = ()
) -> dict[str, str]:
    """For each layer that the study lacks, why; `seen` are columns that any feeder has, `threats` feeders at risk."""
    whole = json.loads(spec["spec_text"])
    kinds = {s["kind"] for s in whole["sources"].values()}
    analyses = whole["analyses"]
    used = {layer for scenario in spec["scenarios"].values() for layer in scenario["stack"]}
    stacked = {spec["layers"][name]["kind"] for name in used if name in spec["layers"]}
    of = (analyses.get("hosting") or {}).get("of", ["generation"])
    asked = "The study does not ask for the analysis hosting."
    why = {
        "fit_generation": asked if "hosting" not in analyses else _absent("generation" in of, "generation"),
        "fit_load": asked if "hosting" not in analyses else _absent("load" in of, "load"),
        "fit_pv": asked if "hosting" not in analyses else _absent("pv" in of, "pv"),
        "diff": "The study has one case only.",
        "risk": "The study does not ask for the analysis outage_risk." if "outage_risk" not in analyses
        else "No feeder has a record of outages long enough.",
        "age": "No source, as a GIS, tells when assets were installed." if "gis" not in kinds
        else "No asset with a date of installation is linked to an element of the model.",
        "ev": _no_layer("ev", "charging cars", stacked),
        "solar": _no_layer("solar", "roofs with solar", stacked),
        "outages": "The study has no source of outages." if "oms" not in kinds
        else "No outage is linked to an element of the model.",
        "growth": "The study does not ask for the analysis growth." if "growth" not in analyses
        else "No feeder grows beyond chance." if grows.answered else "No feeder has data enough to tell.",
        "customers": "No load of the model tells its customers.",
    }  # fmt: skip
    if "public" in spec:
        why = dict.fromkeys(why, "The public copy does not show it.") | {"diff": why["diff"]}
    there = (
        {*seen, "load", "volt"}
        | ({"growth"} if grows.alerts else set())
        | ({"risk"} if threats else set())
        | ({"diff"} if len(spec["cases"]) > 1 else set())
    )
    return {name: why[name] for name in LAYERS if name not in there}


def _absent(asked: bool, kind: str) -> str:
    return f"No bus has an answer for {kind}." if asked else f"The analysis hosting is not asked of {kind}."


def _no_layer(kind: str, about: str, stacked: Collection[str]) -> str:
    if kind in stacked:
        return f"The layers of {about} place none in any solved case."
    return f"No scenario adds {about}."
