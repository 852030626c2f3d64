"""Voltage: the lowest and highest of all phases, who is outside the limits, and for how many hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dtl.analyses.solved import Columns, Row, Solved, whole, worst

LOW, HIGH = "voltage_low", "voltage_high"


def voltage(case: Solved) -> list[Row]:
    """The voltage rows of a case: the feeder's figures, and those of each bus outside its limits."""
    buses = case.buses()
    outside = case.violations
    low, high = outside["violation"] == LOW, outside["violation"] == HIGH
    rows = [
        _extreme(case, buses, "min"),
        _extreme(case, buses, "max"),
        {"metric": "violation_hours_low_h", "value": case.hours(LOW)},
        {"metric": "violation_hours_high_h", "value": case.hours(HIGH)},
        {"metric": "violation_hours_h", "value": case.hours(LOW, HIGH)},
        {"metric": "buses_low", "value": len(set(outside["element"][low]))},
        {"metric": "buses_high", "value": len(set(outside["element"][high]))},
        _furthest(case, buses, "max_shortfall_pu", low, outside["limit"] - outside["value"]),
        _furthest(case, buses, "max_excess_pu", high, outside["value"] - outside["limit"]),
    ]
    return rows + _each_bus(case, buses)


def rule_text(limit: Mapping[str, Any]) -> str:
    """A voltage limit in words: rule and edition, range, place and clause."""
    band = f"range {limit['range']}" if limit.get("range") else ""
    words = " ".join(x for x in (limit["rule"], band, limit["at"]) if x)
    return f"{words}: {limit['clause']}" if limit.get("clause") else words


def _extreme(case: Solved, buses: Columns, end: str) -> Row:
    value, hour = buses[f"{end}_pu"], buses[f"{end}_hour"]
    at = worst(-value if end == "min" else value, buses["element"], buses["phase"])
    if at is None:
        return {"metric": f"{end}_pu"}
    limit = case.voltage_limit(buses["kv_ll"][at])
    return {
        "metric": f"{end}_pu",
        "value": float(value[at]),
        "text": _place(buses["element"][at], buses["phase"][at]),
        "hour": whole(hour[at]),
        "limit": limit["low_pu" if end == "min" else "high_pu"],
        "rule": rule_text(limit),
    }


def _furthest(case: Solved, buses: Columns, metric: str, mask: Any, beyond: Any) -> Row:
    """The violation furthest beyond its limit; 0 when there is none."""
    bad = {name: column[mask] for name, column in case.violations.items()}
    at = worst(beyond[mask], bad["hour"], bad["element"], bad["phase"])
    if at is None:
        return {"metric": metric, "value": 0.0}
    kv = buses["kv_ll"][buses["element"] == bad["element"][at]]
    return {
        "metric": metric,
        "value": float(beyond[mask][at]),
        "text": _place(bad["element"][at], bad["phase"][at]),
        "hour": whole(bad["hour"][at]),
        "limit": float(bad["limit"][at]),
        "rule": rule_text(case.voltage_limit(kv[0])) if len(kv) else "",
    }


def _each_bus(case: Solved, buses: Columns) -> list[Row]:
    rows: list[Row] = []
    for violation, end, hours in ((LOW, "min", "hours_low_h"), (HIGH, "max", "hours_high_h")):
        bad = case.violations["violation"] == violation
        names, when = case.violations["element"][bad], case.violations["hour"][bad]
        distinct: dict[str, set[float]] = {}
        for name, hour in zip(names, when, strict=True):
            distinct.setdefault(name, set()).add(hour)
        for name in sorted(distinct):
            phases = {column: values[buses["element"] == name] for column, values in buses.items()}
            row = {"kind": "bus", "element": name}
            extreme = row | _extreme(case, phases, end)
            rows.append(extreme)
            judged = {key: extreme[key] for key in ("limit", "rule") if key in extreme}
            rows.append(row | judged | {"metric": hours, "value": len(distinct[name])})
    return rows


def _place(bus: str, phase: str) -> str:
    return f"{bus}.{phase}" if phase else bus
