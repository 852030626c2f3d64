"""Hosting capacity against a number that is varied: the points of the sweep that the study's hosting names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dtl import tables
from dtl.analyses.hosting.answers import ALL
from dtl.report import figures, sweeps
from dtl.report.hosting_payloads import KINDS, PLANTS, SINGLE_FIRST

Shown = dict[str, Any]
Row = Mapping[str, Any]

METHODS = (*SINGLE_FIRST, "stochastic")
FIRST = 60
"""Most feeders whose first violations stand on the page."""


def table(inputs: Mapping[str, Any]) -> pa.Table:
    """The rows of hosting capacity of all points; none where the study asks for none."""
    found = [tables.read("hosting", Path(p)) for _, p in sorted(inputs.get("hosted", {}).items())]
    return tables.concat("hosting", found)


def context(
    spec: Mapping[str, Any], inputs: Mapping[str, Any], index: Mapping[str, Any], hosted: pa.Table
) -> Shown | None:
    """What the page says of the sweep; None where the study's hosting names none."""
    asked = (json.loads(spec["spec_text"])["analyses"].get("hosting") or {}).get("methods", {}).get("sweep")
    points = [p for p in spec["points"] if asked and p["sweep"] == asked["of"]]
    if not points:
        return None
    axes = sorted(points[0]["values"])
    points.sort(key=lambda p: [p["values"][a] for a in axes])
    rows = [r for r in hosted.to_pylist() if r["criterion"] == ALL and r["hc_kw"] is not None]
    series = [s for of in KINDS for method in METHODS if (s := _series(axes, points, rows, of, method)) is not None]
    first = _first(axes[0], points, spec, inputs, index) if len(axes) == 1 else {"read": [], "count": 0}
    if not series and not first["read"]:
        return None
    return {
        "name": asked["of"],
        "axes": axes,
        "series": series,
        "rows": [
            {"at": [f"{p['values'][a]:.6g}" for a in axes], "cells": [s["cells"][i] for s in series]}
            for i, p in enumerate(points)
        ],
        **first,
    }


def beside(page: Shown | None, swept: Shown | None) -> Shown | None:
    """The context of the page of hosting capacity with that of a sweep; None where the study asks for neither."""
    if page is None and swept is None:
        return None
    return {**(page or {"leads": [], "rows": [], "count": 0, "single": False}), "swept": swept}


def _series(
    axes: Sequence[str], points: Sequence[Mapping[str, Any]], rows: Sequence[Row], of: str, method: str
) -> Shown | None:
    """The median over feeders of what fits by one method at each point: at the median bus, or all over the feeder."""
    middle: list[float | None] = []
    for point in points:
        by_feeder: dict[str, list[float]] = {}
        for r in rows:
            same = r["case"] == point["case"] and r["of"] == of and r["method"] == method
            if same and (not r["bus"] if method == "stochastic" else r["mode"] == "single"):
                by_feeder.setdefault(r["feeder"], []).append(r["hc_kw_p50"])
        medians = [float(np.median(kw)) for kw in by_feeder.values()]
        middle.append(float(np.median(medians)) if medians else None)
    if all(v is None for v in middle):
        return None
    where = "random deployments all over a feeder" if method == "stochastic" else "at the median bus"
    drawn = sweeps.line(axes[0], [p["values"][axes[0]] for p in points], middle, "kW") if len(axes) == 1 else None
    return {
        "title": f"{PLANTS[of]} that fits, {where}, by {method}",
        "cells": [figures.text(v, "kW") for v in middle],
        "chart": drawn,
    }


def _first(
    axis: str, points: Sequence[Mapping[str, Any]], spec: Mapping[str, Any], inputs: Mapping[str, Any],
    index: Mapping[str, Any],
) -> Shown:  # fmt: skip
    """Of each feeder the largest value before the first violation: the capacity that the sweep itself tells."""
    found = sweeps.figured(spec, inputs, index)
    values, read = found.values, []
    at = [p["values"][axis] for p in points]
    for feeder in found.feeders:
        cells = [values.get(p["case"], {}).get("feeders_violating", {}).get(feeder) for p in points]
        if all(c is None for c in cells):
            continue
        good = next((i for i, c in enumerate(cells) if c is None or c > 0), len(cells))
        bad = (at[good], cells[good] is None) if good < len(cells) else None
        last = at[good - 1] if good else None
        read.append({"feeder": feeder, "last": last, "text": _told(axis, last, bad)})
    lowest = sorted(read, key=lambda r: (-1.0 if r["last"] is None else r["last"], r["feeder"]))
    return {"read": lowest[:FIRST], "count": len(read)}


def _told(axis: str, last: float | None, bad: tuple[float, bool] | None) -> str:
    if bad is None:
        return f"no violation up to {axis} {last:g}, the largest of the sweep"
    why = "there is no solution" if bad[1] else "the first violation"
    if last is None:
        return f"none: {why} at {axis} {bad[0]:g}, the smallest of the sweep"
    return f"{axis} {last:g}; {why} at {bad[0]:g}"
