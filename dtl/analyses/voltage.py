"""Voltage: the lowest and highest of all phases, who is outside the limits, and for how many hours."""

from __future__ import annotations

from typing import Any

import numpy as np

from dtl.analyses.solved import Columns, Row, Solved, whole, worst

LOW, HIGH = "voltage_low", "voltage_high"

ENDS = (
    # end of the band, its limit, hours outside it, by how much, sign
    ("min", "low_pu", "hours_low", "max_shortfall_pu", -1.0),
    ("max", "high_pu", "hours_high", "max_excess_pu", 1.0),
)


def voltage(case: Solved) -> list[Row]:
    """The voltage rows of a case: the feeder's figures, and those of each bus outside its limits."""
    buses = case.whole("bus")
    rows: list[Row] = [
        {"metric": "violation_hours_low_h", "value": case.hours(LOW)},
        {"metric": "violation_hours_high_h", "value": case.hours(HIGH)},
        {"metric": "violation_hours_h", "value": case.hours(LOW, HIGH)},
        {"metric": "buses_low", "value": int((buses["hours_low"] > 0).sum())},
        {"metric": "buses_high", "value": int((buses["hours_high"] > 0).sum())},
    ]
    limits = [case.voltage_limit(bus, kv) for bus, kv in zip(buses["element"], buses["kv_ll"], strict=True)]
    for end, limit, hours, beyond, sign in ENDS:
        values = buses[f"{end}_pu"]
        at = worst(sign * values, buses["element"])
        rows.append(
            {"metric": f"{end}_pu"}
            | (_told(case, buses, at, end, limits[at][limit], limits[at]) if at is not None else {})
        )
        bad = buses[hours] > 0
        over = np.where(bad, sign * (values - np.array([band[limit] for band in limits])), np.nan)
        far = worst(over, buses["element"])
        told = {} if far is None else _told(case, buses, far, end, limits[far][limit], limits[far])
        rows.append(told | {"metric": beyond, "value": 0.0 if far is None else float(over[far])})
        for i in np.flatnonzero(bad):
            row = _told(case, buses, i, end, limits[i][limit], limits[i]) | {
                "kind": "bus",
                "element": buses["element"][i],
            }
            rows.append(row | {"metric": f"{end}_pu"})
            judged = {key: row[key] for key in ("kind", "element", "limit", "rule")}
            rows.append(judged | {"metric": f"{hours}_h", "value": float(buses[hours][i])})
    return rows


def _told(case: Solved, buses: Columns, at: Any, end: str, limit: float, band: Any) -> Row:
    """The extreme voltage of a bus with the phase that has it, its hour and its limit."""
    name, value = buses["element"][at], buses[f"{end}_pu"][at]
    column = 1 if end == "min" else 2
    phase = next((p[0] for p in case.phases.get(name, []) if p[column] == value), "")
    return {
        "value": float(value),
        "text": f"{name}.{phase}" if phase else name,
        "hour": whole(buses[f"{end}_hour"][at]),
        "limit": limit,
        "rule": band["words"],
    }
