"""The parts of the model and the assets of the GIS that may be the same thing, as two frames of equal columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic_core import from_json

from dtl import tables
from dtl.network.nearness import bits
from dtl.network.rows import by_feeder

COLUMNS = (
    "feeder", "kind", "name", "alias", "members", "x1", "y1", "x2", "y2", "node1", "node2", "phases", "length_m", "kva",
    "closed", "low",
)  # fmt: skip
"""
``name`` and ``alias`` by which other systems may know it; ``members``, the parts of the model that it stands for; its
two ends [m] (equal for what is a point) and their nodes; ``phases`` as bits 1, 2, 4; ``length_m``, ``kva``, whether it
is ``closed`` and ``low`` voltage, missing where nothing says so.
"""

CLASSES = {
    "conductor": "line",
    "transformer": "transformer",
    "switch": "switch",
    "fuse": "switch",
    "regulator": "regulator",
    "capacitor": "capacitor",
}
"""Kind of the model by kind of asset."""

ASKED = {"bus", *CLASSES.values()}
"""Kinds of the model whose parts are looked into."""

LOW_KV = 1.0
"""Below this voltage, line to line, a line is low voltage [kV]."""

TEXTS = ("feeder", "kind", "name", "alias", "node1", "node2")

Body = Mapping[str, Any]


def elements(network: pa.Table) -> pd.DataFrame:
    """What a table ``network`` holds of the kinds that a GIS also draws; single-phase regulators of a bank are one."""
    wanted = network.filter(pc.is_in(network["kind"].cast(tables.TEXT), pa.array(sorted(ASKED))))
    found = [row for feeder, rows in by_feeder(wanted) for row in _of_feeder(feeder, rows)]
    return _as_objects(pd.DataFrame(found, columns=list(COLUMNS)))


def _as_objects(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its texts as objects: they are gone through one by one, which a column of strings is slow at."""
    return frame.astype(dict.fromkeys(TEXTS, object))


def assets(table: pa.Table, edges: pa.Table) -> pd.DataFrame:
    """The same of tables ``assets`` and ``gis_edges``; ``kind`` is that of the model, ``members`` holds the asset."""
    wanted = table.to_pandas()
    wanted = wanted[wanted["kind"].isin(CLASSES)].reset_index(drop=True)
    if wanted.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    ends = _ends(edges)
    told = pd.DataFrame([from_json(text) for text in wanted["attributes"]], index=wanted.index)
    at = wanted.merge(ends, how="left", on=["kind", "asset"])
    frame = pd.DataFrame({"feeder": wanted["feeder"].astype(object), "kind": wanted["kind"].map(CLASSES)})
    frame["name"], frame["alias"] = wanted["asset"], wanted["name"]
    frame["members"] = [[a] for a in wanted["asset"]]
    line = (frame["kind"] == "line").to_numpy()
    for axis in ("x", "y"):
        for end in ("1", "2"):
            own = wanted[axis].to_numpy(float)
            frame[axis + end] = np.where(line & at[axis + end].notna(), at[axis + end].to_numpy(float), own)
    for end in ("1", "2"):
        frame["node" + end] = at["node" + end].fillna("")
    stated = told["phases"] if "phases" in told else pd.Series("", index=told.index)
    frame["phases"] = bits(stated.fillna("").to_numpy(object))
    for column in ("length_m", "kva"):
        values = told[column] if column in told else pd.Series(np.nan, index=told.index)
        frame[column] = pd.to_numeric(values, errors="coerce").to_numpy(float)
    frame["length_m"] = np.where(line & np.isfinite(frame["length_m"]), frame["length_m"], at["length_m"])
    frame["closed"] = [bool(v) if isinstance(v, bool) else None for v in told.get("closed", [None] * len(told))]
    level = told["level"] if "level" in told else pd.Series("", index=told.index)
    frame["low"] = [None if v not in ("primary", "secondary", "service") else v != "primary" for v in level]
    return _as_objects(frame[list(COLUMNS)])


def _ends(edges: pa.Table) -> pd.DataFrame:
    """Ends and length of each asset that has edges: those of its first and last piece."""
    frame = edges.select(["kind", "asset", "piece", "from_node", "to_node", "length_m", "x1", "y1", "x2", "y2"])
    rows = frame.to_pandas().astype({"kind": object}).sort_values(["kind", "asset", "piece"])
    each = rows.groupby(["kind", "asset"], sort=True)
    first, last = each.first(), each.last()
    return pd.DataFrame(
        {
            "node1": first["from_node"], "node2": last["to_node"], "length_m": each["length_m"].sum(),
            "x1": first["x1"], "y1": first["y1"], "x2": last["x2"], "y2": last["y2"],
        }
    ).reset_index()  # fmt: skip


def _of_feeder(feeder: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    parts: dict[str, list[Body]] = {}
    for row in rows:
        parts.setdefault(row["kind"], []).append(from_json(row["body"]))
    buses = {b["name"]: b for b in parts.get("bus", [])}

    def made(kind: str, members: list[str], near: str, far: str, nodes: Sequence[int], **more: Any) -> dict[str, Any]:
        (x1, y1), (x2, y2) = _at(buses, near, far), _at(buses, far, near)
        empty = {"alias": "", "length_m": np.nan, "kva": np.nan, "closed": None, "low": None}
        phases = sum(1 << (n - 1) for n in set(nodes) if 1 <= n <= 3)
        ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2, "node1": f"{feeder}/{near}", "node2": f"{feeder}/{far}"}
        name = _common(members)
        return {"feeder": feeder, "kind": kind, "name": name, "members": members, "phases": phases, **empty, **ends,
                **more}  # fmt: skip

    for line in parts.get("line", []):
        low = float(buses.get(line["from_bus"], {}).get("kv_ln", LOW_KV)) * 3**0.5 < LOW_KV
        length = 1000.0 * float(line["length_km"])
        yield made(
            "line", [line["name"]], line["from_bus"], line["to_bus"], line["from_nodes"], length_m=length, low=low
        )
    for switch in parts.get("switch", []):
        closed = all(switch.get("closed") or (True,))
        yield made(
            "switch", [switch["name"]], switch["from_bus"], switch["to_bus"], switch["from_nodes"], closed=closed
        )
    for shunt in parts.get("capacitor", []):
        yield made("capacitor", [shunt["name"]], shunt["bus"], shunt["bus"], shunt["nodes"])
    for kind, members, units in _units(parts):
        high, low_side = units[0]["windings"][0], units[0]["windings"][-1]
        nodes = [n for unit in units for n in unit["windings"][0]["nodes"]]
        rated = [float(unit["windings"][0].get("kva") or np.nan) for unit in units]
        kva = sum(rated) if kind == "transformer" else np.nan
        yield made(kind, members, high["bus"], low_side["bus"], nodes, kva=kva)


def _units(parts: Mapping[str, list[Body]]) -> Iterator[tuple[str, list[str], list[Body]]]:
    """Transformers one by one, and the regulators between the same two buses together."""
    regulators: dict[str, list[str]] = {}
    for regulator in parts.get("regulator", []):
        regulators.setdefault(regulator["transformer"], []).append(regulator["name"])
    banks: dict[tuple[str, str], list[Body]] = {}
    for unit in parts.get("transformer", []):
        if unit["name"] in regulators:
            banks.setdefault((unit["windings"][0]["bus"], unit["windings"][-1]["bus"]), []).append(unit)
        else:
            yield "transformer", [unit["name"]], [unit]
    for _, units in sorted(banks.items()):
        yield "regulator", sorted({n for unit in units for n in regulators[unit["name"]]}), units


def _at(buses: Mapping[str, Body], *names: str) -> tuple[float, float]:
    """The place of the first of some buses that has one; nan where none has."""
    for name in names:
        bus = buses.get(name, {})
        if bus.get("x") is not None and bus.get("y") is not None:
            return float(bus["x"]), float(bus["y"])
    return np.nan, np.nan


def _common(names: Sequence[str]) -> str:
    """The one name, or what several names begin with."""
    if len(names) == 1:
        return names[0]
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same].rstrip("_-. ")
