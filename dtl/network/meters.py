"""Which transformer of the model serves each meter, by overrides, records, connectivity and places; without readings.

An override always wins. A record that is linked to the model stands, and what the connectivity of the GIS says beside
it raises or lowers the confidence; so does a place out of reach of that transformer and within that of another. Without
a record connectivity decides, and last place and phase, jointly for all meters (`dtl.network.nearness`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dtl import tables
from dtl.network.expected import traits
from dtl.network.nearness import bits, nearness
from dtl.network.rows import texts
from dtl.sources.gis_customers import transformers_of
from dtl.sources.reading import plain

PRIOR = {
    "override": 1.0,
    "record and connectivity": 0.99,
    "record": 0.95,
    "record against connectivity": 0.7,
    "record against place": 0.7,
    "connectivity": 0.95,
    "nearest": 0.0,
    "none": 0.0,
}
"""Probability that a transformer is right by what speaks for it; of the nearest `dtl.network.nearness` says it."""

BANDS = ((0.9, "high"), (0.7, "medium"), (0.0, "low"))
"""Lowest confidence of each band."""

ASSET_M = 15.0
"""Farthest that a transformer of the GIS may stand from the one of the model that it is, unless names link them [m]."""

UNKNOWN_M = 60.0
"""Distance that stands for one that is not known, when candidates are weighed [m]."""


def place(
    points: pa.Table,
    series: pa.Table,
    serving: pd.DataFrame,
    assets: pa.Table,
    edges: pa.Table,
    links: pa.Table,
    overrides: Mapping[str, tuple[str, str]],
    words: Mapping[str, Any],
) -> pa.Table:
    """The table ``meters`` of all service points, and of all meters with readings.

    Parameters
    ----------
    points, series, assets, edges, links
        The tables ``service_points``, ``series``, ``assets``, ``gis_edges`` and ``links``.
    serving
        As `dtl.network.service_transformers.serving` gives it.
    overrides
        Feeder (may be empty) and transformer by meter.
    words
        ``candidates`` and ``max_distance_m`` of the study's ``network.meters``.
    """
    meter = _meters(points, series)
    known = _names(serving)
    asset = _of_assets(assets, links, serving, known)
    recorded = _look_up(meter["transformer"], meter["feeder"], known, asset)
    traced = _traced(meter, edges, asset)
    forced = _forced(meter["meter"], overrides, known)
    told = np.where(forced >= 0, forced, recorded)
    most_m = float(words["max_distance_m"])
    near, chance, far = _nearest(meter, serving, told, int(words["candidates"]), most_m)
    at = np.where(forced >= 0, forced, np.where(recorded >= 0, recorded, np.where(traced >= 0, traced, near[:, 0])))
    how = _how(forced, recorded, traced, at)
    elsewhere = ((near >= 0) & (near != at[:, None]) & (far <= most_m)).any(axis=1)
    how[(how == "record") & (_way(meter, serving, at) > most_m) & elsewhere] = "record against place"
    confidence = np.where(how == "nearest", chance[:, 0], [PRIOR[h] for h in how])
    near = np.column_stack([traced, near])
    far = np.column_stack([_way(meter, serving, traced), far])
    return _table(meter, serving, at, how, confidence, recorded, near, far)


def _meters(points: pa.Table, series: pa.Table) -> pd.DataFrame:
    known = points.to_pandas().drop_duplicates("meter")
    more = sorted(set(series["meter"].to_pylist()) - set(known["meter"]))
    empty = dict.fromkeys(("feeder", "transformer", "bus", "phases", "customer_class", "address"), "")
    rest = pd.DataFrame({"meter": more, **{k: [v] * len(more) for k, v in empty.items()}})
    frame = pd.concat([known.astype(dict.fromkeys(empty, object)), rest], ignore_index=True) if more else known
    for column in ("x", "y"):
        frame[column] = frame[column].astype(float) if column in frame else np.nan
    ordered: pd.DataFrame = frame.sort_values("meter", ignore_index=True)
    return ordered


def _names(serving: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Number of each transformer by feeder and name; by name alone, feeder empty, where only one feeder has it."""
    found = {(f, plain(t)): i for i, (f, t) in enumerate(zip(serving["feeder"], serving["transformer"], strict=True))}
    alone = serving["transformer"].map(plain)
    single = ~alone.duplicated(keep=False)
    return found | {("", alone[i]): int(i) for i in np.flatnonzero(single.to_numpy())}


def _of_assets(
    assets: pa.Table, links: pa.Table, serving: pd.DataFrame, known: Mapping[tuple[str, str], int]
) -> dict[str, int]:
    """The transformer of the model that one of the GIS is: by link, by name, by place if both are alone there."""
    unit = assets.filter(pc.equal(assets["kind"].cast(tables.TEXT), "transformer")).to_pandas()
    same = links.filter(pc.equal(links["kind"].cast(tables.TEXT), "transformer"))
    linked = {
        asset: known[feeder, plain(element)]
        for feeder, element, asset in zip(*(texts(same[c]) for c in ("feeder", "element", "asset")), strict=True)
        if (feeder, plain(element)) in known
    }
    found: dict[str, int] = {}
    for asset, name in zip(unit["asset"], unit["name"], strict=True):
        at = next((known["", plain(n)] for n in (name, asset) if n and ("", plain(n)) in known), None)
        if asset in linked:
            found[asset] = linked[asset]
        elif at is not None:
            found[asset] = at
    free = unit[~unit["asset"].isin(set(found)) & unit["x"].notna()]
    open_ = serving[~serving.index.isin(set(found.values())) & serving["x"].notna()]
    if len(free) and len(open_):
        ours, theirs = open_[["x", "y"]].to_numpy(float), free[["x", "y"]].to_numpy(float)
        distance, there = cKDTree(ours).query(theirs, distance_upper_bound=ASSET_M)
        _, back = cKDTree(theirs).query(ours)
        for i, asset in enumerate(free["asset"]):
            if np.isfinite(distance[i]) and back[there[i]] == i:
                found[asset] = int(open_.index[there[i]])
    return found


def _look_up(
    names: pd.Series, feeders: pd.Series, known: Mapping[tuple[str, str], int], asset: Mapping[str, int]
) -> NDArray[np.int64]:
    def one(name: str, feeder: str) -> int:
        if not name:
            return -1
        return asset.get(name, known.get((feeder, plain(name)), known.get(("", plain(name)), -1)))

    return np.array([one(n, f) for n, f in zip(names, feeders, strict=True)], np.int64)


def _traced(meter: pd.DataFrame, edges: pa.Table, asset: Mapping[str, int]) -> NDArray[np.int64]:
    """The transformer by the connectivity of the GIS; -1 where it says nothing."""
    if not edges.num_rows or not len(meter):
        return np.full(len(meter), -1, np.int64)
    bus = np.where(meter["bus"].to_numpy(object) == "", meter["meter"].to_numpy(object), meter["bus"].to_numpy(object))
    at = meter[["x", "y"]].to_numpy(float)
    placed = np.isfinite(at).all(axis=1)
    found = np.full(len(meter), -1, np.int64)
    if placed.any():
        told = transformers_of(edges, bus[placed], at[placed], recorded=False)
        sure = told["basis"].to_numpy(object) == "connectivity"
        found[placed] = [asset.get(t, -1) if ok else -1 for t, ok in zip(told["transformer"], sure, strict=True)]
    return found


def _nearest(
    meter: pd.DataFrame, serving: pd.DataFrame, told: NDArray[np.int64], count: int, most_m: float
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Candidates by place and phase, best first: number (-1: none), probability and distance, (meters, count).

    `told` is the transformer that an override or the record names; from such meters the others are learnt.
    """
    near = np.full((len(meter), count), -1, np.int64)
    chance, far = np.zeros((len(meter), count)), np.full((len(meter), count), np.inf)
    placed = serving.index[serving["x"].notna()].to_numpy()
    at = meter[["x", "y"]].to_numpy(float)
    rows = np.flatnonzero(np.isfinite(at).all(axis=1))
    if not len(placed) or not len(rows):
        return near, chance, far
    units = serving.loc[placed]
    number = np.full(len(serving) + 1, -1)
    number[placed] = np.arange(len(placed))
    places = units[["x", "y"]].to_numpy(float)
    theirs = bits(units["phases"].to_numpy(object))
    found = nearness(
        at[rows],
        places,
        bits(meter["phases"].to_numpy(object)[rows]),
        theirs,
        count,
        most_m,
        traits=traits(places, units["kva"].to_numpy(float), theirs),
        recorded=number[told[rows]],
        address=meter["address"].to_numpy(object)[rows],
    )
    order = np.argsort(-found.probability, axis=1, kind="stable")
    order = order[:, :count]
    index, said, way = (np.take_along_axis(v, order, axis=1) for v in (found.index, found.probability, found.distance))
    width = index.shape[1]
    near[rows, :width] = np.append(placed, -1)[index]
    chance[rows, :width], far[rows, :width] = said, way
    return near, chance, far


def _forced(
    meters: pd.Series, overrides: Mapping[str, tuple[str, str]], known: Mapping[tuple[str, str], int]
) -> NDArray[np.int64]:
    found = [overrides.get(m) for m in meters]
    return np.array([-1 if o is None else known.get((o[0], plain(o[1])), -1) for o in found], np.int64)


def _how(
    forced: NDArray[np.int64], recorded: NDArray[np.int64], traced: NDArray[np.int64], at: NDArray[np.int64]
) -> NDArray[np.object_]:
    """What speaks for the transformer of each meter, a key of `PRIOR`."""
    told = (recorded >= 0) & (traced >= 0)
    how = np.select(
        [at < 0, forced >= 0, told & (recorded == traced), told, recorded >= 0, traced >= 0],
        ["none", "override", "record and connectivity", "record against connectivity", "record", "connectivity"],
        "nearest",
    )
    return how.astype(object)


def _table(
    meter: pd.DataFrame,
    serving: pd.DataFrame,
    at: NDArray[np.int64],
    how: NDArray[np.object_],
    confidence: NDArray[np.float64],
    recorded: NDArray[np.int64],
    near: NDArray[np.int64],
    far: NDArray[np.float64],
) -> pa.Table:
    name = np.append(serving["transformer"].to_numpy(object), "")
    feeder = np.append(serving["feeder"].to_numpy(object), "")
    loads = [*serving["loads"], []]
    called = [plain(m) for m in meter["meter"].to_numpy(object)]
    own = set(called)
    way = _way(meter, serving, at)
    weight = np.maximum(np.where(np.isfinite(far), far, UNKNOWN_M), 1.0) ** -2
    band = np.select([how == "none", *(confidence >= low for low, _ in BANDS)], ["none", *(b for _, b in BANDS)], "low")
    columns: dict[str, Any] = {
        "feeder": feeder[at],
        "meter": meter["meter"].to_numpy(object),
        "transformer": name[at],
        "load": [_load(loads[i], m, own) for i, m in zip(at.tolist(), called, strict=True)],
        "phases": meter["phases"].to_numpy(object),
        "customer_class": meter["customer_class"].to_numpy(object),
        "x": _gaps(meter["x"].to_numpy(float)),
        "y": _gaps(meter["y"].to_numpy(float)),
        "recorded_feeder": meter["feeder"].to_numpy(object),
        "recorded_transformer": np.where(recorded >= 0, name[recorded], meter["transformer"].to_numpy(object)),
        "distance_m": _gaps(way),
        "confidence": confidence,
        "band": band,
        "basis": [h.split(" ")[0] for h in how],
        "candidates": [_others(*row, name) for row in zip(at.tolist(), near.tolist(), weight.tolist(), strict=True)],
    }
    return tables.frame("meters", columns)


def _way(meter: pd.DataFrame, serving: pd.DataFrame, at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Distance of each meter to a transformer by its number; nan where either has no place [m]."""
    aside = [np.append(serving[c].to_numpy(float), np.nan)[at] - meter[c].to_numpy(float) for c in ("x", "y")]
    return np.asarray(np.hypot(*aside), np.float64)


def _gaps(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, mask=~np.isfinite(values))


def _load(loads: list[str], meter: str, meters: set[str]) -> str:
    """The load of a meter: that of its own name, else the only one that is no other meter's; empty if there is none.

    All are names as the model keeps them.
    """
    if meter in loads:
        return meter
    shared = [n for n in loads if n not in meters]
    return shared[0] if shared else ""


def _others(at: int, near: list[int], weight: list[float], name: NDArray[np.object_]) -> str:
    """The candidates besides the one that was taken, with their part of the weight of all of these."""
    rest = {n: w for n, w in zip(near, weight, strict=True) if n >= 0 and n != at}
    whole = sum(rest.values())
    return " ".join([f"{name[n]}={w / whole:.2f}" for n, w in rest.items()])
