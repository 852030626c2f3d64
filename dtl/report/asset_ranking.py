"""The page that ranks transformers, and lines near their limit, across dimensions, by the values of the tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from dtl.analyses.ranking import DIMENSIONS, Asset, Ranked, ranked
from dtl.network.feeder import Feeder
from dtl.network.topology import Edge, Topology
from dtl.report import figures
from dtl.report.solution import Solution

Shown = dict[str, Any]

ROWS = 200
"""Assets in the page; the file for download holds all."""
LINES_FROM_PCT = 50.0
"""Loading, of the limit, from which a line is among the assets."""
TITLES = {
    "load_pct": ("Loading, of its limit", "%"),
    "voltage_pct": ("Voltage behind it, of its limit", "%"),
    "loss_kwh": ("Losses", "kWh"),
    "age_years": ("Age", "years"),
    "customers": ("Customers behind", ""),
    "customer_min": ("Customer minutes of outages", "min"),
}
_KNOWN = {"age_years": "age", "customer_min": "cmi"}
"""Dimensions that the overlays of the map know of parts."""


class Assets:
    """Collects the assets of one feeder after the other."""

    def __init__(self) -> None:
        self._found: list[Asset] = []
        self._group = ""
        self._far: dict[Edge, str] = {}
        self._behind: dict[Edge, int] = {}

    def add(self, solution: Solution) -> None:
        """Take in the transformers of a solved feeder, and its lines near their limit."""
        if solution.model is None or solution.places is None or not solution.solved:
            return
        if self._group != solution.group:
            seen = solution.places.topology
            self._group, self._far = solution.group, far_buses(solution.model, seen)
            self._behind = behind(solution.model, seen, self._far)
        bands = {b.name: band for b, band in zip(solution.buses, solution.bands, strict=True)}
        of_case = dict(
            zip(solution.cases, solution.by_case(partial(solution.loads, parts=solution.parts)), strict=True)
        )
        for at, (kind, element) in enumerate(solution.parts):
            loads = {c: load for c in solution.solved if (load := of_case[c][at]) is not None}
            case = max(loads, key=lambda c: (loads[c], c)) if loads else solution.solved[-1]
            if kind != "transformer" and loads.get(case, 0.0) < LINES_FROM_PCT:
                continue
            values = {"load_pct": loads[case]} if loads else {}
            loss = solution.flow.get("loss_kwh", case, kind, element)
            bus = self._far.get((kind, element), "")
            values |= {} if loss is None else {"loss_kwh": float(loss)}
            values |= _voltage(solution, case, bus, bands.get(bus))
            values["customers"] = float(self._behind.get((kind, element), 0))
            for dimension, column in _KNOWN.items():
                known = solution.overlays.of_part.get(column, {}).get((kind, element))
                values |= {} if known is None else {dimension: float(known)}
            self._found.append(Asset(solution.feeder, kind, element, values, case))

    def take(self, other: Assets) -> None:
        """Take in the assets that another one collected."""
        self._found += other._found

    def ranked(self) -> list[Ranked]:
        """All assets, the first to look at first."""
        return ranked(self._found)


def _voltage(solution: Solution, case: str, bus: str, band: Any) -> dict[str, float]:
    """How much of the room for voltage is used at a bus [%], the worse end counts."""
    low, high = (solution.flow.get(c, case, "bus", bus) for c in ("min_pu", "max_pu"))
    if band is None or low is None or high is None:
        return {}
    used = [100.0 * (high - 1.0) / (band.high_pu - 1.0)] if band.high_pu > 1.0 else []
    used += [100.0 * (1.0 - low) / (1.0 - band.low_pu)] if 0.0 < band.low_pu < 1.0 else []
    return {"voltage_pct": max(0.0, *used)} if used else {}


def far_buses(model: Feeder, topology: Topology) -> dict[Edge, str]:
    """The bus of each part on the side away from the head."""
    km = topology.distance_km
    found: dict[Edge, str] = {}
    for kind, parts in (("line", model.lines), ("switch", model.switches)):
        for part in parts:
            near, far = part.from_bus, part.to_bus
            found[kind, part.name] = near if km.get(far, math.inf) < km.get(near, math.inf) else far
    found |= {("transformer", t.name): t.windings[1].bus for t in model.transformers}
    return found | {edge: bus for bus, (_, edge) in reversed(topology.parent.items())}


def behind(model: Feeder, topology: Topology, far: Mapping[Edge, str]) -> dict[Edge, int]:
    """Customers behind each part that is in service; in a ring those behind its part nearest to the head."""
    count: dict[str, int] = {}
    for load in model.loads:
        if load.enabled:
            count[load.bus] = count.get(load.bus, 0) + load.customers
    found: dict[Edge, int] = {}
    for bus in reversed(topology.order):
        if bus in topology.parent:
            near, edge = topology.parent[bus]
            found[edge] = found.get(edge, 0) + count.get(bus, 0)
            count[near] = count.get(near, 0) + count.get(bus, 0)
    beside = [("line", p.name) for p in model.lines if p.enabled]
    beside += [("switch", p.name) for p in model.switches if p.enabled and p.is_closed]
    beside += [("transformer", p.name) for p in model.transformers if p.enabled]
    fed = topology.distance_km
    return {edge: count.get(far[edge], 0) for edge in beside if far[edge] in fed} | found


REASONS = 3
"""So many dimensions say why an asset stands first."""


def context(found: list[Ranked], cases: Mapping[str, str]) -> Shown | None:
    """The context of the page; None where no asset was solved."""
    if not found:
        return None
    there = [d for d in DIMENSIONS if any(d in r.asset.values for r in found)]
    kwh = figures.of_column((r.asset.values.get("loss_kwh", 0.0) for r in found[:ROWS]), "kWh")
    rows = [
        {
            "place": place,
            "feeder": r.asset.feeder,
            "kind": r.asset.kind,
            "element": r.asset.element,
            "case": cases.get(r.asset.case, r.asset.case),
            "score": round(r.score),
            "cells": [_cell(r, dimension, kwh[1]) for dimension in there],
        }
        for place, r in enumerate(found[:ROWS], 1)
    ]
    heads = [{"title": TITLES[d][0], "unit": kwh[0] if d == "loss_kwh" else TITLES[d][1]} for d in there]
    lacking = [TITLES[d][0].lower() for d in DIMENSIONS if d not in there]
    return {"lead": _lead(found, cases), "rows": rows, "heads": heads, "count": len(found),
            "lacking": lacking, "from_pct": f"{LINES_FROM_PCT:g}"}  # fmt: skip


def _lead(found: list[Ranked], cases: Mapping[str, str]) -> str:
    """The answer in two sentences: how many are beyond a limit, who stands first, and by what: limits broken first."""
    first, count = found[0], len(found)
    asset, beyond = first.asset, sum(r.asset.beyond for r in found)
    order = {d: (not _broken(d, asset.values[d]), -first.standing[d], DIMENSIONS.index(d)) for d in first.standing}
    high = sorted(order, key=lambda d: order[d])[:REASONS]
    why = ", ".join(_why(d, asset.values[d]) for d in high)
    told = f"{beyond:,} of {count:,} assets {'is' if beyond == 1 else 'are'} beyond a limit. "
    which = f"{asset.kind.capitalize()} {asset.element} of {asset.feeder}"
    return f"{told * (count > 1)}{which} stands first, in {cases.get(asset.case, asset.case)}: {why}."


def _why(dimension: str, value: float) -> str:
    """A dimension in words with its number, as *loading 130 % of its limit* or *7 customers behind*."""
    title, unit = TITLES[dimension]
    what, _, of = title.lower().partition(", ")
    number = figures.text(value, unit)
    return f"{what} {number} {of}".rstrip() if unit else f"{number} {what}"


def _cell(found: Ranked, dimension: str, kwh: float) -> Shown:
    """A value with its standing; energy in the unit of the head, of so many kWh."""
    value = found.asset.values.get(dimension)
    unit = TITLES[dimension][1]
    if unit == "kWh" and value is not None:
        text = figures.significant(value / kwh)
    else:
        text = figures.shown(value, unit, 100.0 if unit == "%" else None)[0]
    return {
        "text": text,
        "standing": round(found.standing.get(dimension, 0.0)),
        "bad": _broken(dimension, value),
    }


def _broken(dimension: str, value: float | None) -> bool:
    return TITLES[dimension][1] == "%" and (value or 0.0) > 100.0


def table(found: list[Ranked]) -> pa.Table:
    """All assets with values, standings and score, for those who take it away."""
    columns: dict[str, Any] = {
        "place": list(range(1, len(found) + 1)),
        "feeder": [r.asset.feeder for r in found],
        "kind": [r.asset.kind for r in found],
        "element": [r.asset.element for r in found],
        "case": [r.asset.case for r in found],
        "score_pct": [r.score for r in found],
    }
    for d in DIMENSIONS:
        columns[d] = pa.array([r.asset.values.get(d) for r in found], pa.float64())
        columns[f"{d}_standing_pct"] = pa.array([r.standing.get(d) for r in found], pa.float64())
    return pa.table(columns)
