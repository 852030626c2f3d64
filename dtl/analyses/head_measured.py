"""The energy of the heads against what was measured there, over the hours that both have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.demand.calendar import DEFAULT_YEAR, Calendar
from dtl.demand.scale import heads

Row = dict[str, Any]

LEAST_H = 168
"""Fewest common hours that are compared: a week."""


def head_measured(
    spec: Mapping[str, Any], hourly: pa.Table, scada: pa.Table, source: str, feeders: Sequence[str]
) -> list[Row]:
    """Rows of the cube: the error of each feeder and of the study, as a share of the measured energy.

    Compared is the first year of the scenario that stacks nothing; ``spec`` needs ``cases`` and ``powerflow``.
    """
    base = [c for c in spec["cases"] if c["scenario"] == "base"]
    case = min(base, key=lambda c: c["year"])["case"]
    clock = spec["powerflow"]
    calendar = Calendar(clock["measured_year"] or DEFAULT_YEAR)
    measured = {f.lower(): kw for f, kw in heads(scada, source, calendar, clock["timezone"]).items()}
    own = hourly.filter(pc.equal(hourly["case"].cast(tables.TEXT), case))
    rows, sums, short = [], np.zeros(2), []
    for feeder in feeders:
        mine = own.filter(pc.equal(own["feeder"].cast(tables.TEXT), feeder))
        hours = np.asarray(mine["hour"].to_numpy(), np.int64)
        kw = np.asarray(mine["source_kw"].to_numpy(), np.float64)
        there = measured.get(feeder.lower(), np.full(8760, np.nan))[hours]
        common = np.isfinite(there)
        if common.sum() < LEAST_H:
            short.append(feeder)
            text = f"not available: {int(common.sum())} hours are measured and solved, {LEAST_H} are needed"
            rows.append(_row(feeder, None, text))
            continue
        both = np.array([kw[common].sum(), there[common].sum()])
        sums += both
        rows.append(_row(feeder, *_error(both, int(common.sum()), case)))
    if sums[1]:
        value, text = _error(sums, None, case)
        return [*rows, _row("", value, text + (f"; without {', '.join(short[:5])}" if short else ""))]
    return [*rows, _row("", None, "not available: no head of the study is measured for a week")]


def _error(both: Any, hours: int | None, case: str) -> tuple[float | None, str]:
    ours, theirs = (float(v) for v in both)
    told = f" in {hours} hours" if hours is not None else ""
    text = f"{case}: {ours:,.0f} kWh against {theirs:,.0f} kWh measured{told}"
    return (abs(ours - theirs) / abs(theirs) if theirs else None), text


def _row(feeder: str, value: float | None, text: str) -> Row:
    return {
        "level": "feeder" if feeder else "study", "feeder": feeder, "scenario": "", "year": 0, "case": "",
        "analysis": "head", "metric": "head_energy_error", "kind": "", "element": "", "value": value, "text": text,
        "hour": None, "limit": None, "rule": "",
    }  # fmt: skip
