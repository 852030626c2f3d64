"""How many customers each feeder serves, by year: what the study states, else as many as its loads have."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic_core import from_json

MODEL = "customers of the model"
METERS = "meters linked to transformers"
"""The basis of a number that nobody states; the second where meters are linked (`dtl.network.customers`)."""


class Served:
    """Rows of the table ``served``, to be asked by feeder and year."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]):
        self._rows: dict[str, dict[int, Mapping[str, Any]]] = {}
        for row in rows:
            self._rows.setdefault(row["feeder"], {})[row["year"]] = row

    def of(self, feeder: str, year: int) -> Mapping[str, Any] | None:
        """The row of a year: that of the year itself, else that of every year, else that of the nearest year."""
        years = self._rows.get(feeder, {})
        if year in years:
            return years[year]
        if 0 in years:
            return years[0]
        return years[min(years, key=lambda y: (abs(y - year), y))] if years else None

    def customers(self, feeder: str, year: int) -> float:
        """Customers served by a feeder, 0 where nothing is known; an empty feeder stands for all of them."""
        feeders = [feeder] if feeder else sorted(self._rows)
        return sum(float(row["customers"]) for f in feeders if (row := self.of(f, year)) is not None)


def counted(network: pa.Table, metered: Container[str] = ()) -> list[dict[str, Any]]:
    """Rows of the table ``served`` of a table ``network``: the customers of the loads of each feeder.

    `metered` are the feeders that have linked meters.
    """
    loads = network.filter(pc.equal(network["kind"].cast(pa.string()), "load"))
    found: dict[str, int] = {}
    for feeder, body in zip(loads["feeder"].to_pylist(), loads["body"].to_pylist(), strict=True):
        load = from_json(body)
        found[feeder] = found.get(feeder, 0) + (load.get("customers", 1) if load.get("enabled", True) else 0)
    basis = {f: METERS if f in metered else MODEL for f in found}
    return [
        {"feeder": f, "year": 0, "customers": float(n), "kva": None, "basis": basis[f]} for f, n in found.items() if n
    ]
