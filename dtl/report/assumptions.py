"""What the page of assumptions shows: everything that the resolved study declares, in tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dtl.analyses.hours import MONTHS

ILLUSTRATIVE = ("residential", "commercial", "industrial", "flat")
"""The shapes that DTL ships; pages call them illustrative."""
_TIMES = ("at", "until")
_UNITS = {
    "load_scale": "times all loads", "power_factor": "", "head_voltage": "pu", "impedance": "times all lines",
    "regulator_set": "V", "tap": "steps", "phase": "",
}  # fmt: skip


def context(spec: Mapping[str, Any], cases: list[dict[str, Any]], index: Mapping[str, Any]) -> dict[str, Any]:
    """The context of the page; ``index`` is that of the feeders, which knows what was calibrated."""
    whole = json.loads(spec["spec_text"])
    limits = spec["limits"]
    demand = whole.get("demand", {})
    return {
        "cases": cases,
        "scenarios": [_scenario(name, s, cases) for name, s in sorted(spec["scenarios"].items())],
        "layers": [_layer(name, layer) for name, layer in sorted(spec["layers"].items())],
        "lines": _lines(limits["lines"]),
        "transformers": limits["transformers"],
        "voltage": limits["voltage"],
        "demand": _pairs(demand),
        "illustrative": demand.get("shape") in ILLUSTRATIVE or bool(demand.get("classes")),
        "calibrated": [_calibrated(row) for row in index.get("calibration") or ()],
        "network": _pairs(whole.get("network", {})),
        "powerflow": _pairs(whole.get("powerflow", {})),
        "step_min": step if (step := int(whole.get("powerflow", {}).get("step_min", 60))) < 60 else None,
        "years": _pairs(whole.get("years", {})),
        "sources": [{"name": n, "fields": _pairs(s)} for n, s in sorted(whole.get("sources", {}).items())],
        "timezone": spec["timezone"],
    }


def _calibrated(row: Mapping[str, Any]) -> dict[str, str]:
    """A calibrated value in words; what it was is none where only the demand knows it."""
    was, value = (_value(row["parameter"], row[word]) for word in ("was", "value"))
    about = {word: str(row[word]) for word in ("feeder", "parameter", "element")}
    return about | {"was": was, "value": value, "unit": _UNITS[row["parameter"]]}


def _value(parameter: str, value: float | None) -> str:
    if value is None:
        return "1" if parameter == "load_scale" else "as the loads have it"
    return "ABC"[int(value) - 1] if parameter == "phase" else f"{value:g}"


def _scenario(name: str, scenario: Mapping[str, Any], cases: list[dict[str, Any]]) -> dict[str, Any]:
    years = [c["year"] for c in cases if c["scenario"] == name and c["year"]]
    return {"name": name, "title": scenario.get("title", ""), "stack": scenario.get("stack", []), "years": years}


def _layer(name: str, layer: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "kind": layer["kind"], "fields": _pairs({k: v for k, v in layer.items() if k != "kind"})}


def _lines(lines: Mapping[str, Any]) -> dict[str, Any]:
    return {**lines, "months": ", ".join(MONTHS[m - 1] for m in lines["summer_months"])}


def _pairs(section: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """A section as dotted names with their values in words; what is empty is left out."""
    found: list[tuple[str, str]] = []
    for key, value in section.items():
        if value in (None, "", [], {}):
            continue
        if isinstance(value, Mapping):
            found += _pairs(value, f"{before}{key}.")
        elif isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
            found += [(f"{before}{key} {i}", told(one)) for i, one in enumerate(value, 1)]
        else:
            found.append((f"{before}{key}", _words(value)))
    return found


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        apart = "; " if any(isinstance(v, Mapping) for v in value) else ", "
        return apart.join(_words(v) for v in value) if len(value) <= 24 else f"{len(value)} values"
    return told(value) if isinstance(value, Mapping) else str(value)


def told(section: Mapping[str, Any], apart: str = ", ") -> str:
    """A section in words, its times last: ``open SW-12, at 2026-07-14 09:00``; what is empty is left out."""
    ordered = {k: v for k, v in section.items() if k not in _TIMES}
    ordered |= {k: str(section[k]).replace("T", " ")[:16] for k in _TIMES if k in section}
    words = (f"{key} {_words(value)}" for key, value in ordered.items() if value not in (None, "", [], {}))
    return apart.join(words)
