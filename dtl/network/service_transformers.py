"""The transformers (or buses) of the model that serve customers: where they stand, and which loads stand for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic_core import from_json

from dtl import tables
from dtl.network.rows import by_feeder

LOW_KV = 1.0
"""A transformer serves customers when its lowest voltage is at most this [kV]."""

COLUMNS = ("feeder", "transformer", "bus", "phases", "kva", "x", "y", "crs", "loads")


def serving(network: pa.Table) -> pd.DataFrame:
    """What serves customers, from a table ``network``.

    Returns
    -------
    pandas.DataFrame
        ``feeder``, ``transformer`` (its name; the bus of a load that hangs on no low-voltage transformer), ``bus``
        (that of its customers), ``phases`` (of its high side; empty for a bus), ``kva`` (of its low side; 0 for a bus),
        ``x``, ``y`` (of that bus, else of the bus before it; missing where neither has a place), ``crs`` of these, and
        ``loads``, the names of the loads below it.
    """
    kinds = ("bus", "feeder", "line", "load", "switch", "transformer")
    wanted = network.filter(pc.is_in(network["kind"].cast(tables.TEXT), pa.array(kinds)))
    found = [row for feeder, rows in by_feeder(wanted) for row in _of_feeder(feeder, rows)]
    return pd.DataFrame(found, columns=list(COLUMNS))


def _of_feeder(feeder: str, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        parts.setdefault(row["kind"], []).append(from_json(row["body"]))
    crs = next((p.get("crs", "") for p in parts.get("feeder", [])), "")
    places = {b["name"]: (b.get("x"), b.get("y")) for b in parts.get("bus", [])}
    wires = [p for kind in ("line", "switch") for p in parts.get(kind, [])]
    island = _islands([(p["from_bus"], p["to_bus"]) for p in wires if p.get("enabled", True)])
    unit: dict[str, int] = {}
    own: dict[str, int] = {}
    found: list[dict[str, Any]] = []
    for part in sorted(parts.get("transformer", []), key=lambda p: str(p["name"])):
        windings = part["windings"]
        low = min(windings, key=lambda w: float(w["kv"]))
        if low["kv"] > LOW_KV or not part.get("enabled", True):
            continue
        unit.setdefault(island.get(low["bus"], low["bus"]), len(found))
        x, y = _place(places, low["bus"], windings[0]["bus"])
        phases = "".join("ABC"[n - 1] for n in sorted(set(windings[0]["nodes"])) if 1 <= n <= 3)
        found.append(_row(feeder, part["name"], low["bus"], phases, x, y, crs) | {"kva": float(low.get("kva") or 0.0)})
    for load in sorted(parts.get("load", []), key=lambda p: str(p["name"])):
        if not load.get("enabled", True):
            continue
        bus = load["bus"]
        at = unit.get(island.get(bus, bus))
        if at is None:
            at = own.setdefault(bus, len(found))
            if at == len(found):
                found.append(_row(feeder, bus, bus, "", *_place(places, bus), crs))
        found[at]["loads"].append(load["name"])
    return found


def _row(feeder: str, name: str, bus: str, phases: str, x: float | None, y: float | None, crs: str) -> dict[str, Any]:
    about = {"feeder": feeder, "transformer": name, "bus": bus, "phases": phases, "kva": 0.0}
    return {**about, "x": x, "y": y, "crs": crs, "loads": []}


def _place(places: Mapping[str, tuple[Any, Any]], *buses: str) -> tuple[float | None, float | None]:
    return next((p for b in buses if (p := places.get(b, (None, None))) != (None, None)), (None, None))


def _islands(edges: Sequence[tuple[str, str]]) -> dict[str, str]:
    """A common name for all buses that are joined by edges; a bus without one is not in it."""
    parent: dict[str, str] = {}

    def root(bus: str) -> str:
        while parent.setdefault(bus, bus) != bus:
            parent[bus] = parent[parent[bus]]
            bus = parent[bus]
        return bus

    for a, b in edges:
        parent[root(a)] = root(b)
    return {bus: root(bus) for bus in list(parent)}
