"""The folder ``api``: feeders, networks, answers and sweeps as static JSON, with the keys of the small LV twin.

``feeders.json`` lists the feeders with their files; ``net/<file>.json`` is the network as the source ``mini_twin``
states it; ``simulate/<file>.json`` has the 24 hours of the day of the highest power of every case;
``sweep/<file>.json`` the curve of random deployments, where the study asks for one; ``metrics.json`` counts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from dtl.network.feeder import Feeder
from dtl.report.advice import FINE, advice
from dtl.report.facts import Facts
from dtl.report.solution import Solution

DAY = 24
DIGITS, FINE_DIGITS = 2, 7
"""Decimals of coordinates: of metres, and of those that may be degrees; 1 cm either way."""
TURN = 360.0
"""Coordinates of a feeder that reach no further may be degrees, whatever its source says of their system."""


class Api:
    """Writes the folder, feeder by feeder."""

    def __init__(self) -> None:
        self._known: list[dict[str, Any]] = []
        self._hours = 0

    def take(self, other: Api) -> None:
        """Take in the feeders that another one wrote."""
        self._known += other._known
        self._hours += other._hours

    def add(
        self, folder: Path, facts: Facts, solution: Solution, file: str, hosted: Sequence[Mapping[str, Any]]
    ) -> None:
        """Write what is known of one feeder; a feeder without a model is listed and has no files."""
        there: dict[str, Any] = {"feeder_id": solution.feeder, "file": file, "cases": list(solution.solved)}
        if solution.model is not None and solution.buses:
            _put(folder, f"net/{file}", net(solution))
            rows = simulate(solution, facts)
            self._hours += len(rows)
            if rows:
                _put(folder, f"simulate/{file}", {"feeder_id": solution.feeder, "results": rows})
            swept = sweep(solution.feeder, hosted)
            if swept is not None:
                _put(folder, f"sweep/{file}", swept)
            there |= {"net": f"net/{file}.json", "simulate": f"simulate/{file}.json" if rows else None}
            there |= {"sweep": None if swept is None else f"sweep/{file}.json"}
        self._known.append(there)

    def close(self, folder: Path, facts: Facts) -> None:
        """Write the list of feeders and the counts."""
        told = sorted(self._known, key=lambda f: f["feeder_id"])
        _put(folder, "feeders", {"feeders": [f["feeder_id"] for f in told], "files": told})
        solved = sum(len(f["cases"]) for f in told)
        counts = {"feeders": len(told), "cases": len(facts.cases), "solved": solved, "hours": self._hours}
        _put(folder, "metrics", counts)


def _put(folder: Path, name: str, content: Mapping[str, Any]) -> None:
    path = folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def net(solution: Solution) -> dict[str, Any]:
    """The network: nodes with place, customers and load; lines with length; transformers."""
    model = solution.model
    assert model is not None
    kw: dict[str, float] = {}
    customers: dict[str, int] = {}
    for load in model.loads:
        kw[load.bus] = kw.get(load.bus, 0.0) + load.kw
        customers[load.bus] = customers.get(load.bus, 0) + load.customers
    own = solution.number
    known = [abs(v) for b in solution.buses for v in (b.x, b.y) if v is not None]
    digits = FINE_DIGITS if max(known, default=0.0) <= TURN else DIGITS
    nodes = [
        {"id": b.name, "x": _rounded(b.x, digits), "y": _rounded(b.y, digits), "kv": round(b.kv_ll, 6),
         "customers": customers.get(b.name, 0), "load_kw": round(kw.get(b.name, 0.0), 3)}
        for b in solution.buses
    ]  # fmt: skip
    lines = [
        {"id": p.name, "from": p.from_bus, "to": p.to_bus, "length_m": round(1000.0 * p.length_km, 3)}
        for p in model.lines
        if p.from_bus in own
    ]
    transformers = [
        {"id": t.name, "from": t.windings[0].bus, "to": t.windings[-1].bus, "kva": t.windings[0].kva}
        for t in model.transformers
        if t.windings[0].bus in own
    ]
    return {"feeder_id": solution.feeder, "nodes": nodes, "lines": lines, "transformers": transformers}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def simulate(solution: Solution, facts: Facts) -> list[dict[str, Any]]:
    """A row per case and hour of the day of its highest power; loading per unit of the rating.

    ``voltage_violation`` says whether the lowest voltage is below the lowest limit that any bus has, or the highest one
    above the highest.

    ``transformer_loading`` is that of the one transformer at the head, by the power of the source; None where there is
    none or several.
    """
    kva = _head_kva(solution.model)
    rows = []
    for case in solution.solved:
        hours = solution.hourly[case]
        order = np.argsort(hours["hour"])
        hour = hours["hour"][order].astype(int)
        kw, kvar, low, high = (hours[n][order] for n in ("source_kw", "source_kvar", "min_pu", "max_pu"))
        day = int(hour[int(np.argmax(kw))]) // DAY
        least, most = _limits(solution)
        told = advice(partial(_value, facts, solution.feeder, case))
        roofs, packs = (_adoption(solution, kind, case) for kind in ("solar", "battery"))
        for i in np.flatnonzero(hour // DAY == day):
            out = float(low[i]) < least or float(high[i]) > most
            rows.append(
                {
                    "feeder_id": solution.feeder, "case": case, "hour": int(hour[i]), "head_kw": round(float(kw[i]), 3),
                    "transformer_loading": None if kva is None else round(math.hypot(kw[i], kvar[i]) / kva, 5),
                    "min_voltage_pu": round(float(low[i]), 5), "voltage_violation": int(out),
                    "max_voltage_pu": round(float(high[i]), 5),
                    "pv_adoption": roofs, "battery_adoption": packs, "advice": told or FINE,
                }
            )  # fmt: skip
    return rows


def _value(facts: Facts, feeder: str, case: str, metric: str) -> float | None:
    return facts.value(metric, feeder, case)


def _head_kva(model: Feeder | None) -> float | None:
    if model is None:
        return None
    heads = {s.bus for s in model.sources}
    found = [t.windings[0].kva for t in model.transformers if t.windings[0].bus in heads and not t.is_regulator]
    return float(found[0]) if len(found) == 1 and len(model.transformers) == 1 else None


def _limits(solution: Solution) -> tuple[float, float]:
    """The lowest and the highest limit of any bus: what the lowest and highest voltage of all are judged by."""
    bands = [b for b in solution.bands if b is not None]
    return min((b.low_pu for b in bands), default=-math.inf), max((b.high_pu for b in bands), default=math.inf)


def _adoption(solution: Solution, kind: str, case: str) -> float:
    """Devices of a kind that layers placed in a case, per customer."""
    units = solution.overlays.units.get(kind, {}).get(case, {})
    mine = sum(n for bus, n in units.items() if bus in solution.number)
    people = sum(n for (_, bus), n in solution.overlays.of_part.get("customers", {}).items() if bus in solution.number)
    return round(mine / people, 5) if people else 0.0


def sweep(feeder: str, hosted: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The curve of random deployments of generation in the last hosted case; None where there is none.

    ``pv`` is the power over the largest tried; ``hosting_capacity`` the median over deployments, in the same measure.
    """
    whole = [r for r in hosted if r["method"] == "stochastic" and not r["bus"] and r["of"] == "generation"]
    told = [r for r in whole if r["feeder"] == feeder and r["levels_kw"]]
    if not told:
        return None
    row = max(told, key=lambda r: (r["year"], r["case"]))
    most = max(row["levels_kw"])
    points = [
        {"pv": round(kw / most, 5), "pv_kw": round(kw, 3), "violation_share": round(share, 5)}
        for kw, share in zip(row["levels_kw"], row["violation_share"], strict=True)
    ]
    kw, hour = row["hc_kw_p50"], row["limiting_hour"]
    return {
        "feeder_id": feeder, "case": row["case"], "hours": [] if hour is None else [hour],
        "points": points, "hosting_capacity": None if kw is None else round(kw / most, 5), "hosting_capacity_kw": kw,
    }  # fmt: skip
