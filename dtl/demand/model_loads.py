"""Demand of feeders that come without meters: the load of the model, times the yearly shape of its class."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dtl.demand import shapes
from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand, Drive
from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Load


@dataclass(frozen=True)
class ClassRow:
    """Class and number of customers of one load, as a row of the classes table says."""

    customer_class: str
    customers: int | None


def model_loads(
    feeder: Feeder, spec: Mapping[str, Any], calendar: Calendar, timezone: str, classes: Path | None
) -> Demand:
    """The demand of a feeder from the loads of its model.

    A load's class is the row of the classes table, else the class that the model gives, else ``spec["shape"]``. Its
    peak is the model's load; with a power factor for its class, its kvar follow from that (inductive). Shapes are
    hourly; shorter steps hold the value of their hour.

    Raises
    ------
    SolveError
        The classes table is not as it must be, or a class has no shape.
    """
    rows = read_classes(classes, feeder) if classes is not None else {}
    default = str(spec.get("shape") or shapes.FLAT)
    factors = spec.get("power_factor") or {}
    drives = {}
    for load in feeder.loads:
        if not load.enabled:
            continue
        row = rows.get(load.name, ClassRow(load.customer_class or default, None))
        drives[load.name] = _drive(feeder, load, row, default, factors)
    used = sorted({d.kw_profile for d in drives.values()})
    return Demand(drives, {name: calendar.held(shapes.shape(name, calendar, timezone)) for name in used})


def _drive(feeder: Feeder, load: Load, row: ClassRow, default: str, factors: Mapping[str, float]) -> Drive:
    known = row.customer_class in shapes.names()
    factor = factors.get(row.customer_class)
    return Drive(
        feeder=feeder.bus[load.bus].feeder or feeder.feeders[0],
        load=load.name,
        bus=load.bus,
        customer_class=row.customer_class,
        customers=load.customers if row.customers is None else row.customers,
        kw=load.kw,
        kvar=load.kvar if factor is None else load.kw * math.tan(math.acos(factor)),
        kw_profile=row.customer_class if known else default,
        kvar_profile=row.customer_class if known else default,
        basis="model_loads",
    )


def read_classes(path: Path, feeder: Feeder) -> dict[str, ClassRow]:
    """The rows of a classes table that belong to the loads of `feeder`, by load.

    Columns ``load`` and ``class``, with or without ``feeder`` and ``customers``; lines that begin with ``#`` are notes.
    Without the column ``feeder`` a row holds for the load of that name in every feeder.

    Raises
    ------
    SolveError
        A column is missing, a load is unknown in its feeder or occurs twice, a class has no shape, or a number of
        customers is none.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        numbered = [(n, text) for n, text in enumerate(file, 1) if text.strip() and not text.lstrip().startswith("#")]
    reader = csv.DictReader([text for _, text in numbered])
    missing = {"load", "class"} - set(reader.fieldnames or ())
    if missing:
        raise SolveError(f"{path.name}: the classes table has no column {' and '.join(sorted(missing))}")
    loads = {load.name for load in feeder.loads}
    found: dict[str, ClassRow] = {}
    for (line, _), row in zip(numbered[1:], reader, strict=True):
        if "feeder" in row and row["feeder"] not in feeder.feeders:
            continue
        name = row["load"].strip().lower()
        if name not in loads:
            if "feeder" in row:
                raise SolveError(f"{path.name}:{line}: feeder {row['feeder']} has no load {name!r}")
            continue
        if name in found:
            raise SolveError(f"{path.name}:{line}: load {name!r} occurs twice")
        found[name] = _class_row(row, f"{path.name}:{line}")
    return found


def _class_row(row: Mapping[str, str], where: str) -> ClassRow:
    word = row["class"].strip()
    if word not in shapes.names():
        raise SolveError(f"{where}: class {word!r} has no shape; there is {', '.join(shapes.names())}")
    count = (row.get("customers") or "").strip()
    if count and not count.isdigit():
        raise SolveError(f"{where}: customers is {count!r}, which is no whole number")
    return ClassRow(word, int(count) if count else None)
