"""What the page of sweeps says: what the numbers that were varied do to the study, point by point and axis by axis."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.analyses.compare import roll
from dtl.analyses.metrics import METRICS
from dtl.report import figures
from dtl.report.board import Board, board

Shown = dict[str, Any]

RESPONSES = (
    "feeders_violating", "overload_hours_h", "max_line_load_pct", "max_transformer_load_pct", "violation_hours_h",
    "min_pu", "max_pu", "loss_kwh",
)  # fmt: skip
"""The figures of the study that are followed over the points."""
QUARTER = 0.25
"""The effect of an axis is told between the means of the lowest and of the highest quarter of its points."""
WIDTH, HEIGHT, EDGE = 260.0, 110.0, 12.0
"""Of a small chart, in its own units."""


def table(spec: Mapping[str, Any], inputs: Mapping[str, Any], index: Mapping[str, Any]) -> pa.Table:
    """Every figure of every point: of the study (no feeder) and of each feeder; empty without sweeps."""
    rows = []
    found = figured(spec, inputs, index)
    for point in spec["points"]:
        case = point["case"]
        same = {"sweep": point["sweep"], "point": case, "values": json.dumps(point["values"], sort_keys=True)}
        for metric in RESPONSES:
            cells = found.values.get(case, {}).get(metric, {})
            whole = {"": _rolled(found, case, metric)} if cells else {}
            for feeder, value in sorted({**whole, **cells}.items()):
                rows.append({**same, "feeder": feeder, "metric": metric, "value": value, "unit": METRICS[metric].unit})
    columns = ("sweep", "point", "values", "feeder", "metric", "value", "unit")
    schema = pa.schema([(c, pa.float64() if c == "value" else pa.string()) for c in columns])
    return pa.Table.from_pylist(rows, schema=schema)


def context(spec: Mapping[str, Any], inputs: Mapping[str, Any], index: Mapping[str, Any]) -> Shown | None:
    """The context of the page; None where the study has no sweeps."""
    if not spec["points"]:
        return None
    found = figured(spec, inputs, index)
    names = sorted({p["sweep"] for p in spec["points"]})
    return {"sweeps": [_sweep(n, [p for p in spec["points"] if p["sweep"] == n], found) for n in names]}


def figured(spec: Mapping[str, Any], inputs: Mapping[str, Any], index: Mapping[str, Any]) -> Board:
    """The figures of all points, whose cases are those of the board."""
    files = [tables.read("assess", Path(p)) for _, p in sorted(inputs["swept"].items())]
    assess = tables.concat("assess", files)
    cases = [{"case": p["case"], "scenario": p["sweep"], "year": _year(p["case"])} for p in spec["points"]]
    whole = pc.equal(assess["kind"].cast(tables.TEXT), "")
    return board(cases, index, assess.filter(whole))


def _year(case: str) -> int:
    return int(case.rpartition("@")[2]) if "@" in case else 0


def _rolled(found: Board, case: str, metric: str) -> float | None:
    own = found.values.get(case, {})
    return roll(METRICS[metric], own, own[metric]) if metric in own else None


def _sweep(name: str, points: Sequence[Mapping[str, Any]], found: Board) -> Shown:
    axes = sorted(points[0]["values"])
    values = {m: [_rolled(found, p["case"], m) for p in points] for m in RESPONSES}
    known = [m for m in RESPONSES if any(v is not None for v in values[m])]
    rows = [
        {
            "point": p["case"],
            "at": [f"{p['values'][a]:.6g}" for a in axes],
            "cells": [figures.text(values[m][i], METRICS[m].unit) for m in known],
            "failed": len(found.failed(p["case"])),
        }
        for i, p in enumerate(points)
    ]
    charts = [_chart(axes[0], [p["values"][axes[0]] for p in points], m, values[m]) for m in known]
    return {
        "name": name, "axes": axes, "rows": rows, "lead": _lead(name, axes, points, values),
        "heads": [{"name": _called(m), "metric": m} for m in known],
        "charts": [c for c in charts if c] if len(axes) == 1 else [],
        "tornado": [t for m in known if (t := _tornado(axes, points, m, values[m]))] if len(axes) > 1 else [],
    }  # fmt: skip


def _lead(
    name: str, axes: Sequence[str], points: Sequence[Mapping[str, Any]], values: Mapping[str, Sequence[float | None]]
) -> str:
    """The answer of a sweep in words."""
    counts = values["feeders_violating"]
    bad = [(c, p) for c, p in zip(counts, points, strict=True) if c]
    said = f"{name}: {len(points)} points over {', '.join(axes)}."
    if not bad:
        return f"{said} No feeder needs work at any of them."
    if len(axes) == 1:
        axis = axes[0]
        lowest = min(p["values"][axis] for _, p in bad)
        clean = [p["values"][axis] for c, p in zip(counts, points, strict=True) if not c]
        below = [v for v in clean if v < lowest]
        first = f"up to {axis} {max(below):g} none needs work; " if below else "already "
        most, at = max((c, -p["values"][axis]) for c, p in bad)
        begin = next(c for c, p in bad if p["values"][axis] == lowest)
        told = f"{first}at {axis} {lowest:g}, {begin:g} feeder{'s need' if begin != 1 else ' needs'} work"
        rest = f", at most {most:g} (at {-at:g})" if most > begin else ""
        return f"{said} {told[0].upper()}{told[1:]}{rest}."
    return f"{said} Feeders need work at {len(bad)} of them, at most {max(c for c, _ in bad):g}."


def _called(metric: str) -> str:
    return METRICS[metric].meaning.partition(";")[0]


def _scaled(values: Sequence[float], low: float, high: float, size: float) -> list[float]:
    span = high - low or 1.0
    return [EDGE + (v - low) / span * (size - 2 * EDGE) for v in values]


def _chart(axis: str, at: Sequence[float], metric: str, values: Sequence[float | None]) -> Shown | None:
    """A line of one figure over one axis, with what its ends are."""
    drawn = line(axis, at, values, METRICS[metric].unit)
    return drawn and {"metric": metric, "meaning": _called(metric), **drawn}


def line(axis: str, at: Sequence[float], values: Sequence[float | None], unit: str) -> Shown | None:
    """A line of values over one axis, with what its ends are; None of fewer than two."""
    pairs = sorted((x, v) for x, v in zip(at, values, strict=True) if v is not None)
    if len(pairs) < 2:
        return None
    xs, ys = [p[0] for p in pairs], [p[1] for p in pairs]
    across, up = _scaled(xs, xs[0], xs[-1], WIDTH), _scaled(ys, min(ys), max(ys), HEIGHT)
    dots = [(round(x, 1), round(HEIGHT - y, 1)) for x, y in zip(across, up, strict=True)]
    return {
        "dots": dots, "line": " ".join(f"{x},{y}" for x, y in dots),
        "axis": axis, "from": f"{xs[0]:g}", "to": f"{xs[-1]:g}",
        "low": figures.text(min(ys), unit), "high": figures.text(max(ys), unit),
        "first": figures.text(ys[0], unit), "last": figures.text(ys[-1], unit),
    }  # fmt: skip


def _tornado(
    axes: Sequence[str], points: Sequence[Mapping[str, Any]], metric: str, values: Sequence[float | None]
) -> Shown | None:
    """What each axis does to one figure: the mean of its highest quarter of points less that of its lowest."""
    known = [(p["values"], v) for p, v in zip(points, values, strict=True) if v is not None]
    effects = []
    for axis in axes:
        at = sorted({own[axis] for own, _ in known})
        if len(at) < 2:
            continue
        reach = max(1, round(QUARTER * len(at)))
        low = [v for own, v in known if own[axis] in at[:reach]]
        high = [v for own, v in known if own[axis] in at[-reach:]]
        effects.append((axis, sum(high) / len(high) - sum(low) / len(low)))
    most = max((abs(e) for _, e in effects), default=0.0)
    if not most:
        return None
    unit = METRICS[metric].unit
    bars = [
        {"axis": axis, "text": figures.change(effect, unit), "share": round(100 * effect / most, 1)}
        for axis, effect in sorted(effects, key=lambda e: (-abs(e[1]), e[0]))
    ]
    return {"metric": metric, "meaning": _called(metric), "bars": bars}
