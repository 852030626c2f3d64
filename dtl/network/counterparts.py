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
from dtl.network.rows import by_feeder, texts

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

NOWHERE = (np.nan, np.nan)
"""The place of what stands at no bus that has one."""

TEXTS = ("feeder", "kind", "name", "alias", "node1", "node2")

Body = Mapping[str, Any]


def elements(network: pa.Table) -> pd.DataFrame:
    """What a table ``network`` holds of the kinds that a GIS also draws; single-phase regulators of a bank are one."""
    wanted = network.filter(pc.is_in(network["kind"].cast(tables.TEXT), pa.array(sorted(ASKED))))
    found = [row for feeder, rows in by_feeder(wanted) for row in _of_feeder(feeder, rows)]
    return pd.DataFrame({c: _series(c, [row[i] for row in found]) for i, c in enumerate(COLUMNS)})


def _series(column: str, values: list[Any]) -> pd.Series[Any]:
    """A column; texts as objects: they are gone through one by one, which a column of strings is slow at."""
    return pd.Series(values, dtype=object if column in TEXTS else None)


def assets(table: pa.Table, edges: pa.Table) -> pd.DataFrame:
    """The same of tables ``assets`` and ``gis_edges``; ``kind`` is that of the model, ``members`` holds the asset."""
    wanted = table.filter(pc.is_in(table["kind"].cast(tables.TEXT), pa.array(list(CLASSES))))
    if not wanted.num_rows:
        return pd.DataFrame(columns=list(COLUMNS))
    words = {c: _series("name", texts(wanted[c])) for c in ("feeder", "kind", "asset", "name")}
    told = [from_json(text) for text in texts(wanted["attributes"])]
    at = pd.DataFrame({c: words[c] for c in ("kind", "asset")}).merge(_ends(edges), how="left", on=["kind", "asset"])
    frame = pd.DataFrame({"feeder": words["feeder"], "kind": words["kind"].map(CLASSES).astype(object)})
    frame["name"], frame["alias"] = words["asset"], words["name"]
    frame["members"] = [[a] for a in words["asset"]]
    line = (frame["kind"] == "line").to_numpy()
    for axis in ("x", "y"):
        own = wanted[axis].to_numpy()
        for end in ("1", "2"):
            frame[axis + end] = np.where(line & at[axis + end].notna(), at[axis + end].to_numpy(float), own)
    for end in ("1", "2"):
        frame["node" + end] = at["node" + end].fillna("")
    frame["phases"] = bits(np.array([about.get("phases") or "" for about in told], object))
    for column in ("length_m", "kva"):
        values = pd.Series([about.get(column) for about in told], dtype=object)
        frame[column] = pd.to_numeric(values, errors="coerce").to_numpy(float)
    frame["length_m"] = np.where(line & np.isfinite(frame["length_m"]), frame["length_m"], at["length_m"])
    frame["closed"] = [v if isinstance(v := about.get("closed"), bool) else None for about in told]
    levels = [about.get("level") for about in told]
    frame["low"] = [None if v not in ("primary", "secondary", "service") else v != "primary" for v in levels]
    return frame[list(COLUMNS)]


def _ends(edges: pa.Table) -> pd.DataFrame:
    """Ends and length of each asset that has edges: those of its first and last piece."""
    wanted = ["kind", "asset", "piece", "from_node", "to_node", "length_m", "x1", "y1", "x2", "y2"]
    rows = pd.DataFrame({c: _column(edges[c]) for c in wanted}).sort_values(["kind", "asset", "piece"])
    begins = ~rows.duplicated(["kind", "asset"]).to_numpy()
    each = rows.groupby(np.cumsum(begins))
    first, last = each.first(), each.last()
    return pd.DataFrame(
        {
            "kind": first["kind"], "asset": first["asset"],
            "node1": first["from_node"], "node2": last["to_node"], "length_m": each["length_m"].sum(),
            "x1": first["x1"], "y1": first["y1"], "x2": last["x2"], "y2": last["y2"],
        }
    )  # fmt: skip


def _column(column: pa.ChunkedArray) -> pd.Series[Any]:
    return _series("name", texts(column)) if column.type in (tables.WORD, tables.TEXT) else column.to_pandas()


def _of_feeder(feeder: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    """What of a feeder a GIS also draws, in the order of `COLUMNS`."""
    parts: dict[str, list[Body]] = {}
    for row in rows:
        parts.setdefault(row["kind"], []).append(from_json(row["body"]))
    buses = {b["name"]: b for b in parts.get("bus", [])}
    places = {n: (float(b["x"]), float(b["y"])) for n, b in buses.items() if None not in (b.get("x"), b.get("y"))}

    def made(
        kind: str, members: list[str], near: str, far: str, nodes: Sequence[int], *,
        length_m: float = np.nan, kva: float = np.nan, closed: bool | None = None, low: bool | None = None,
    ) -> tuple[Any, ...]:  # fmt: skip
        x1, y1 = places.get(near) or places.get(far) or NOWHERE
        x2, y2 = places.get(far) or places.get(near) or NOWHERE
        phases = sum([1 << (n - 1) for n in set(nodes) if 1 <= n <= 3])
        ends = (x1, y1, x2, y2, f"{feeder}/{near}", f"{feeder}/{far}")
        return feeder, kind, _common(members), "", members, *ends, phases, length_m, kva, closed, low

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


def _common(names: Sequence[str]) -> str:
    """The one name, or what several names begin with."""
    if len(names) == 1:
        return names[0]
    first, last = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same].rstrip("_-. ")
