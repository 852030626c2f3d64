"""The tables of results as the public copy has them: new names, rounded powers, and no flow of a small group."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables
from dtl.analyses.metrics import METRICS
from dtl.network.topology import Edge
from dtl.report.public.names import Names

ANALYSES = ("status", "thermal", "voltage", "losses", "head")
"""The analyses of feeders of which the copy tells; those over feeders are in `OVER_FEEDERS`."""

OVER_FEEDERS = ("compare", "hosting", "reliability")
"""The analyses over feeders of which the copy tells."""

POWERS = ("kW", "kWh", "kvar", "kVA", "MW")
"""Units of what is rounded, and left out where the study hides the load of customers."""

OF_ONE = {"max_line_load_pct": ("line", "switch"), "max_transformer_load_pct": ("transformer",)}
"""The metrics of a feeder that are the flow of one part: the copy has the highest of those that it shows."""

SMALL = ("kwh_over",)
"""Metrics of a feeder that may be the flow of a single part, and are left out of feeders and parts."""

LOADS = ("load_factor", "customers", "loads", "load_kw")

_PLACES = ("kind", "element")
_FREE = ("rating", "hours_over_emergency", "min_pu", "min_hour", "max_pu", "max_hour", "mean_pu", "hours_low",
         "hours_high", "worst_pu", "distance_km")  # fmt: skip
"""What tells nothing of customers; of the other columns of a flow only loading, hours and rating are ever shown."""
_SHOWN = ("max_load_pct", "max_load_hour", "hours_over", "reverse_hours")


def rounded(values: Any, step: float) -> Any:
    """Numbers as multiples of a step; missing ones stay so."""
    return np.round(np.asarray(values, dtype=float) / step) * step


def powerflow(table: pa.Table, names: Names, shown: Collection[Edge], *, settings: bool) -> pa.Table:
    """The table ``powerflow``: parts that are drawn, with their loading where it may be shown, in whole per cent."""
    rows, new = _renamed(table, names)
    part = list(zip(*(rows[k].to_pylist() for k in _PLACES), strict=True))
    open_to = pa.array([kind == "bus" or (kind, name) in shown for kind, name in part])
    free = [c for c in _FREE if settings or c != "rating"]
    columns: dict[str, Any] = {c: rows[c] for c in rows.column_names}
    for column in tables.TABLES["powerflow"].columns:
        if not column.null or column.name in free:
            continue
        values = rows[column.name] if column.name in _SHOWN else pa.nulls(rows.num_rows, column.type)
        if column.name == "max_load_pct":
            values = pc.round(values, 0)
        columns[column.name] = pc.if_else(open_to, values, pa.scalar(None, column.type))
    if not settings:
        columns["rating"] = pa.nulls(rows.num_rows, pa.float64())
        columns["rating_unit"] = [""] * rows.num_rows
    return tables.frame("powerflow", columns | {"element": new})


def _renamed(table: pa.Table, names: Names) -> tuple[pa.Table, list[str]]:
    new = [names.of(k, e) for k, e in zip(*(table[c].to_pylist() for c in _PLACES), strict=True)]
    keep = pa.array([bool(n) for n in new], pa.bool_())
    return table.filter(keep), [n for n in new if n]


def hourly(table: pa.Table, publish: Mapping[str, Any]) -> pa.Table:
    """The table ``hourly`` with rounded powers, all 0 where the load of customers is hidden.

    The highest loading of an hour is mostly that of a small transformer, which is the profile of its few customers: it
    is left out, and so is what steps within the hour say.
    """
    hidden = "customer_load" in publish["hide"]
    columns: dict[str, Any] = {c: table[c] for c in table.column_names}
    for name in table.column_names:
        if name.endswith(("_kw", "_kvar")):
            values = rounded(table[name].to_numpy(), publish["round_kw"])
            columns[name] = np.zeros(len(values)) if hidden else values
    for column in tables.TABLES["hourly"].columns:
        if column.null:
            columns[column.name] = pa.nulls(table.num_rows, column.type)
    if "device_settings" in publish["hide"]:
        columns["tap_changes"] = np.zeros(table.num_rows, int)
    return tables.frame("hourly", columns)


def assess(
    table: pa.Table,
    feeders: Mapping[str, Names],
    shown: Collection[Edge],
    highest: Mapping[tuple[str, str, str], tuple[float, int, str]],
    publish: Mapping[str, Any],
) -> pa.Table:
    """The table ``assess``: the copy's analyses of the kept feeders; rows of elements only where they may be shown.

    `highest` maps a feeder, case and metric of `OF_ONE` to the loading, hour and name of the part that has the most.
    """
    rows = []
    for row in table.to_pylist():
        if row["feeder"] not in feeders or row["analysis"] not in ANALYSES or _hidden(row["metric"], publish):
            continue
        names = feeders[row["feeder"]]
        if row["element"]:
            new = names.of(row["kind"], row["element"])
            if not new or (row["kind"] != "bus" and (row["kind"], row["element"]) not in shown):
                continue
            row["element"] = new
        failed = row["metric"] == "solved" and row["value"] == 0
        row["text"] = "the power flow gave no answer" if failed else names.text(row["text"])
        row["value"] = _value(row["metric"], row["value"], publish)
        if row["metric"] in OF_ONE:
            none = (None, None, "")
            row["value"], row["hour"], row["text"] = highest.get((row["feeder"], row["case"], row["metric"]), none)
        rows.append(row)
    return tables.frame("assess", rows)


def highest(flow: pa.Table) -> dict[tuple[str, str, str], tuple[float, int, str]]:
    """What `assess` needs, from the copy's table ``powerflow``."""
    found: dict[tuple[str, str, str], tuple[float, int, str]] = {}
    metric = {kind: name for name, kinds in OF_ONE.items() for kind in kinds}
    names = ("feeder", "case", "kind", "phase", "element", "max_load_pct", "max_load_hour")
    for feeder, case, kind, phase, element, pct, hour in zip(*(flow[n].to_pylist() for n in names), strict=True):
        if kind in metric and phase == "" and pct is not None:
            key = (feeder, case, metric[kind])
            if key not in found or pct > found[key][0]:
                found[key] = (pct, hour, element)
    return found


def _hidden(metric: str, publish: Mapping[str, Any]) -> bool:
    if metric in SMALL:
        return True
    if metric == "tap_changes" and "device_settings" in publish["hide"]:
        return True
    loads = METRICS[metric].unit in POWERS or metric in LOADS
    return loads and "customer_load" in publish["hide"]


def _value(metric: str, value: float | None, publish: Mapping[str, Any]) -> float | None:
    if value is None:
        return None
    unit = METRICS[metric].unit
    if unit in POWERS:
        return float(rounded(value, publish["round_kw"]))
    return float(round(value)) if unit == "%" and METRICS[metric].analysis == "thermal" else value


def hosting(table: pa.Table, feeders: Mapping[str, Names], publish: Mapping[str, Any]) -> pa.Table:
    """The table ``hosting``: whole feeders and the buses that are drawn, rounded down to the step."""
    rows = []
    for row in table.to_pylist():
        if row["feeder"] not in feeders:
            continue
        names = feeders[row["feeder"]]
        if row["bus"]:
            row["bus"] = names.of("bus", row["bus"])
            if not row["bus"]:
                continue
        for column in ("hc_kw", "hc_kw_mean", "hc_kw_p5", "hc_kw_p50", "hc_kw_p95"):
            row[column] = _down(row[column], publish["round_kw"])
        row["limiting_element"] = names.text(row["limiting_element"])
        row["limiting_value"] = row["limiting_limit"] = row["standard_error_kw"] = None
        row["verdict"] = names.text(row["verdict"])
        rows.append(row)
    return tables.frame("hosting", rows)


def _down(value: float | None, step: float) -> float | None:
    return None if value is None else float(np.floor(value / step) * step)


def outages(outages: pa.Table, steps: pa.Table, kept: Collection[str]) -> tuple[pa.Table, pa.Table]:
    """The tables ``outages`` and ``steps`` of the kept feeders, without devices, elements and the source's own words.

    Interruptions get numbers for ids, the same in both; those that are not counted are left out.
    """
    counted = pc.and_(
        pc.is_in(outages["feeder"].cast(tables.TEXT), pa.array(sorted(kept), tables.TEXT)),
        pc.equal(outages["refused"], ""),
    )
    rows = outages.filter(counted)
    ids = list(zip(rows["source"].to_pylist(), rows["outage"].to_pylist(), strict=True))
    number = {key: f"{i}" for i, key in enumerate(ids, 1)}
    told: dict[str, Any] = {c: rows[c] for c in rows.column_names}
    told |= {c: [""] * rows.num_rows for c in _UNTOLD}
    told |= {"outage": [number[i] for i in ids], "source": ["oms"] * rows.num_rows}
    told |= {"device_link": ["none"] * rows.num_rows, "line": [0] * rows.num_rows}
    known = [
        row | {"source": "oms", "outage": number[row["source"], row["outage"]], "customer": ""}
        for row in steps.to_pylist()
        if (row["source"], row["outage"]) in number
    ]
    return tables.frame("outages", told), tables.frame("steps", known)


_UNTOLD = ("feeder_alias", "device", "device_alias", "kind", "element", "failed", "cause_stated", "file")
