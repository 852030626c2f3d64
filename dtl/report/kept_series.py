"""The feeder page's payload ``kept/<file>``: the series that the study keeps, those of the most strained elements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl import tables
from dtl.report import payloads
from dtl.report.rows import of_feeders
from dtl.report.series import may_show
from dtl.report.solution import Solution
from dtl.tables.named import unfolded

Real = NDArray[np.float64]

SHOWN = 20
"""Branches, and buses, of a case that the page offers; the table ``kept`` of the results holds all that is kept."""


def payload(spec: Mapping[str, Any], inputs: Mapping[str, Any], solution: Solution) -> bytes | None:
    """The payload of one feeder; None where nothing of it was kept, or a public copy may not show it.

    Tables: ``series`` (number of the ``case``, ``kind``, ``element``, ``quantity``, ``column`` of ``values``) and
    ``values`` with a row per solved hour, and its ``hour``: of shorter steps the highest loading, the lowest and the
    highest voltage in it.
    """
    path = inputs["kept"].get(solution.group)
    if path is None or not may_show(spec) or not solution.solved:
        return None
    found = unfolded(of_feeders(tables.read("kept", Path(path)), [solution.feeder]), solution.flow.like)
    if not found.num_rows:
        return None
    number = {case: i for i, case in enumerate(solution.cases)}
    rows = [(number[r["case"]], r["kind"], r["element"], r["quantity"], np.asarray(r["values"], np.float64))
            for r in found.to_pylist() if r["case"] in number]  # fmt: skip
    chosen = [
        row for case in sorted({r[0] for r in rows}) for row in _worst(solution, [r for r in rows if r[0] == case])
    ]
    hourly = solution.hourly[solution.solved[0]]
    hours = np.asarray(hourly["hour"], np.float64)
    cols = [payloads.numbers("hour", hours)]
    for i, (_, _, _, quantity, values) in enumerate(chosen):
        extreme = by_hour(values, hourly["solved_h"], lowest=quantity == "min_pu")
        cols.append(payloads.numbers(f"v{i}", extreme, 2 if quantity == "load_pct" else 5))
    listed = [
        payloads.numbers("case", [r[0] for r in chosen]),
        payloads.words("kind", [r[1] for r in chosen]),
        payloads.words("element", [r[2] for r in chosen]),
        payloads.words("quantity", [r[3] for r in chosen]),
        payloads.words("column", [f"v{i}" for i in range(len(chosen))]),
    ]
    told = {"feeder": solution.feeder, "kept": len(rows), "step_min": _step_min(chosen[0][4], hourly["solved_h"])}
    return payloads.columns({"series": listed, "values": cols}, told)


def _step_min(values: Real, solved_h: Real) -> int:
    """Length of the steps of a series [min]."""
    return 60 if np.isnan(solved_h).all() else round(60.0 * float(solved_h.sum()) / len(values))


def by_hour(values: Real, solved_h: Real, *, lowest: bool) -> Real:
    """The extreme of each hour from its steps; ``solved_h`` was solved of it, missing where a step is an hour [h]."""
    if np.isnan(solved_h).all():
        return values
    count = np.round(solved_h * len(values) / solved_h.sum()).astype(np.int64)
    return np.asarray((np.minimum if lowest else np.maximum).reduceat(values, np.cumsum(count) - count), np.float64)


def _worst(solution: Solution, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The series of one case that are shown: the highest loadings, then the buses farthest from their band's middle."""
    loads = sorted((r for r in rows if r[3] == "load_pct"), key=lambda r: (-r[4].max(), r[1], r[2]))[:SHOWN]
    bands = dict(zip((b.name for b in solution.buses), solution.bands, strict=True))
    beyond: dict[str, float] = {}
    for _, _, name, quantity, values in (r for r in rows if r[3] != "load_pct"):
        band = bands.get(name)
        if band is not None:
            off = band.low_pu - values.min() if quantity == "min_pu" else values.max() - band.high_pu
            beyond[name] = max(beyond.get(name, -np.inf), float(off))
    names = sorted(beyond, key=lambda n: (-beyond[n], n))[:SHOWN]
    place = {name: i for i, name in enumerate(names)}
    volts = sorted((r for r in rows if r[3] != "load_pct" and r[2] in place), key=lambda r: (place[r[2]], r[3]))
    return [*loads, *volts]
