"""The payload ``oms/<file>``: the interruptions of a feeder, for the map and the feeder page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from dtl.report import payloads

COLUMNS = ("feeder", "kind", "element", "device", "day", "start", "end", "customers", "customer_minutes", "cause",
           "planned", "refused")  # fmt: skip


def by_feeder(outages: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """The counted interruptions of each feeder, the latest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in outages.select(list(COLUMNS)).to_pylist():
        if not row["refused"]:
            found.setdefault(row["feeder"], []).append(row)
    return {feeder: sorted(rows, key=lambda r: r["start"], reverse=True) for feeder, rows in found.items()}


def payload(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Table ``outages``: kind and element that opened, day of the start, minutes, customers and cause."""
    minutes = [(r["end"] - r["start"]).total_seconds() / 60.0 for r in rows]
    cols = [
        *(payloads.words(key, [r[key] for r in rows]) for key in ("kind", "element", "device", "cause")),
        payloads.words("day", [f"{r['day']:%Y-%m-%d}" for r in rows]),
        payloads.numbers("minutes", minutes, 0, "min"),
        payloads.numbers("customers", [r["customers"] for r in rows]),
        payloads.numbers("customer_minutes", [r["customer_minutes"] for r in rows], 0, "min"),
        payloads.numbers("planned", [None if r["planned"] is None else int(r["planned"]) for r in rows]),
    ]
    return payloads.columns({"outages": cols}, {})
