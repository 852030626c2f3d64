"""The stage ``assess_feeder``: from the power flow of one case to the long table of its metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.analyses.head import head
from dtl.analyses.metrics import METRICS
from dtl.analyses.registry import ANALYSES
from dtl.analyses.solved import Row, Solved, columns
from dtl.errors import ContractError

TROUBLE = ("thermal", "voltage_low", "voltage_high")
"""The violations that make a feeder need work."""


def assess_feeder(spec: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Path]) -> None:
    """Write the table ``assess`` of one case.

    A case that failed gets one row: analysis ``status``, metric ``solved``, value 0, the reason as text.
    """
    manifest = json.loads(Path(inputs["manifest"]).read_text(encoding="utf-8"))
    if manifest["status"] == "failed":
        rows = failed_rows(spec, Path(inputs["feeder"]), manifest["reason"])
    else:
        found = {name: tables.read(name, Path(inputs[name])) for name in ("powerflow", "hourly", "violations")}
        rows = assess(spec, found)
    tables.write("assess", tables.frame("assess", rows), outputs["assess"])


def assess(spec: Mapping[str, Any], found: Mapping[str, pa.Table]) -> list[Row]:
    """The rows of ``assess`` of a solved case, from its tables ``powerflow``, ``hourly`` and ``violations``."""
    rows: list[Row] = []
    for feeder in sorted(pc.unique(found["hourly"]["feeder"].cast(tables.TEXT)).to_pylist()):
        own = {name: columns(table.filter(pc.equal(table["feeder"], feeder))) for name, table in found.items()}
        case = Solved(
            own["powerflow"],
            own["hourly"],
            own["violations"],
            spec["limits"],
            spec["secondary"],
            spec.get("step_min", 60),
        )
        rows += _placed(spec, feeder, "status", _status(case))
        rows += _placed(spec, feeder, "head", head(case))
        for kind in sorted(set(spec["analyses"]) & set(ANALYSES)):
            module, function = ANALYSES[kind].split(":")
            rows += _placed(spec, feeder, kind, getattr(import_module(module), function)(case))
    return rows


def failed_rows(spec: Mapping[str, Any], feeder: Path, reason: str) -> list[Row]:
    """The rows of a case that failed, of each feeder of the group whose model stands in a file."""
    feeders = json.loads(feeder.read_text(encoding="utf-8"))["feeders"]
    return [row for name in feeders for row in _placed(spec, name, "status", [_failed(reason)])]


def _status(case: Solved) -> list[Row]:
    hours = case.hours(*TROUBLE)
    return [
        {"metric": "solved", "value": 1},
        {"metric": "violating", "value": int(hours > 0)},
        {"metric": "violating_hours_h", "value": hours},
    ]


def _failed(reason: str) -> Row:
    return {"metric": "solved", "value": 0, "text": reason}


def _placed(spec: Mapping[str, Any], feeder: str, analysis: str, rows: Iterable[Row]) -> list[Row]:
    """The rows with feeder, case and analysis, after the list of metrics knew them."""
    place = {
        "feeder": feeder,
        "scenario": spec["scenario"],
        "year": spec["year"],
        "case": spec["case"],
        "analysis": analysis,
    }
    empty = {"kind": "", "element": "", "value": None, "text": "", "hour": None, "limit": None, "rule": ""}
    found = []
    for row in rows:
        metric = METRICS.get(row["metric"])
        if metric is None or metric.analysis != analysis:
            raise ContractError(f"analysis {analysis} gives {row['metric']!r}, which is not in the list of metrics")
        value = row.get("value")
        if value is not None and not np.isfinite(value):
            raise ContractError(f"{feeder} {spec['case']}: {row['metric']} is {value}")
        found.append(empty | row | place)
    return found
