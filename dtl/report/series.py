"""The feeder page's payloads of time and distance: ``ts/<file>`` and ``profile/<file>``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.report import payloads
from dtl.report.payloads import Column
from dtl.report.solution import Solution

DAYS, WEEK_H = 365, 168
HOURLY_FEEDERS = 200
"""Feeders, the worst first, of which the page has all hours; of the others it has days and the peak week."""

Real = NDArray[np.float64]


def may_show(spec: Mapping[str, Any]) -> bool:
    """Whether the pages of a slice may show the hours of a head; a public copy may be without the customers' load."""
    return "customer_load" not in spec.get("public", {}).get("hide", ())


def time(solution: Solution, *, hourly: bool) -> bytes:
    """The payload ``ts/<file>``: tables ``days`` (365 rows), ``week`` (168) and, if `hourly`, ``hours`` (8,760).

    Of steps shorter than an hour the days have the extremes, and hours the means.

    Columns of a case carry ``@i``. ``week`` begins at hour ``meta.week_start``, of the week around the highest power of
    any case, the same for all; ``meta.peak`` holds the hour of the highest power of each case.
    """
    hours = {case: _full(solution.hourly[case]) for case in solution.solved}
    start, peaks = _week(hours)
    days: list[Column] = []
    week: list[Column] = []
    every: list[Column] = []
    for i, case in enumerate(solution.cases):
        if case not in hours:
            continue
        found = hours[case]
        power = found["source_kw"]
        days += [
            payloads.numbers(f"kw_min@{i}", _daily(found["lowest_kw"], np.fmin), 1, "kW"),
            payloads.numbers(f"kw_max@{i}", _daily(found["highest_kw"], np.fmax), 1, "kW"),
            payloads.numbers(f"load@{i}", _daily(found["max_load_pct"], np.fmax), 2, "%"),
            payloads.numbers(f"low@{i}", _daily(found["min_pu"], np.fmin), 4, "pu"),
            payloads.numbers(f"high@{i}", _daily(found["max_pu"], np.fmax), 4, "pu"),
        ]
        for name, column, digits, unit in _WEEKLY:
            week.append(payloads.numbers(f"{name}@{i}", found[column][start : start + WEEK_H], digits, unit))
        if hourly:
            every.append(payloads.numbers(f"kw@{i}", power, _digits(power), "kW"))
            every.append(payloads.numbers(f"load@{i}", found["max_load_pct"], 1, "%"))
    told = {"days": days, "week": week} | ({"hours": every} if hourly else {})
    tables = {name: [column.stepped() for column in cols] for name, cols in told.items()}
    return payloads.columns(tables, {"feeder": solution.feeder, "week_start": start, "peak": peaks})


_WEEKLY = (("kw", "source_kw", 1, "kW"), ("load", "max_load_pct", 2, "%"), ("low", "min_pu", 4, "pu"),
           ("high", "max_pu", 4, "pu"))  # fmt: skip


def _digits(values: Real) -> int:
    """Decimals with which the values still fit 16 bits, at most one."""
    return 1 if len(values) and np.nanmax(np.abs(values), initial=0.0) < 3200 else 0


def _full(columns: Mapping[str, Any]) -> dict[str, Real]:
    """The columns as arrays of 8,760 hours, nan where an hour was not solved."""
    hour = columns["hour"].astype(int)
    found = {}
    for name in ("source_kw", "max_load_pct", "min_pu", "max_pu", "highest_kw", "lowest_kw"):
        values = np.full(24 * DAYS, np.nan)
        values[hour] = columns[name]
        found[name] = values
    for name in ("highest_kw", "lowest_kw"):
        found[name] = np.where(np.isnan(found[name]), found["source_kw"], found[name])
    return found


def _daily(values: Real, pick: np.ufunc) -> Real:
    return np.asarray(pick.reduce(values.reshape(DAYS, 24), axis=1), dtype=float)


def _week(hours: Mapping[str, Mapping[str, Real]]) -> tuple[int, dict[str, int]]:
    """First hour of the week around the highest power of all cases, and the hour of the highest power of each case."""
    peaks = {case: int(np.nanargmax(found["highest_kw"])) for case, found in hours.items()}
    if not peaks:
        return 0, {}
    top = max(sorted(peaks), key=lambda case: hours[case]["highest_kw"][peaks[case]])
    return 24 * min(max(peaks[top] // 24 - 3, 0), DAYS - 7), peaks


def profile(solution: Solution) -> bytes:
    """The payload ``profile/<file>``: a row per bus, with its parent's row, its distance, limits and voltages.

    ``pu@i.A`` is the voltage of phase A in the worst hour of case i, which ``meta.hour`` names.
    """
    where = solution.places
    assert where is not None
    tree, number = where.topology, solution.number
    order = [b for b in tree.order if b in number]
    at = {b: i for i, b in enumerate(order)}
    buses = {b.name: b for b in solution.buses}
    bands = [solution.bands[number[b]] for b in order]
    cols = [
        payloads.words("name", order),
        payloads.numbers("parent", [at.get(tree.parent[b][0]) if b in tree.parent else None for b in order]),
        payloads.numbers("km", [tree.distance_km[b] for b in order], 4, "km"),
        payloads.numbers("kv", [buses[b].kv_ll for b in order], 3, "kV"),
        payloads.numbers("low", [b.low_pu if b else None for b in bands], 4, "pu"),
        payloads.numbers("high", [b.high_pu if b and b.high_pu < 10 else None for b in bands], 4, "pu"),
    ]
    phases, parts = solution.flow.phases("bus"), [("bus", b) for b in order]
    worst = solution.by_case(lambda case: [solution.flow.values("worst_pu", case, parts, phase) for phase in phases])
    for i, case in enumerate(solution.cases):
        for phase, values in zip(phases, worst[i], strict=True) if case in solution.hourly else ():
            cols.append(payloads.numbers(f"pu@{i}.{phase}", values, 4, "pu"))
    hour = {c: solution.told[c].get("worst_hour") for c in solution.solved if c in solution.told}
    return payloads.columns({"buses": cols}, {"feeder": solution.feeder, "phases": phases, "hour": hour})
