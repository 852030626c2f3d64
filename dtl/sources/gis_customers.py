"""Customers of the table ``service_points`` and the transformers of ``gis_edges`` that feed them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import shapely

from dtl.sources.gis_trace import Found, by_nodes, by_places

Words = npt.NDArray[np.object_]
Numbers = npt.NDArray[np.float64]

SECONDARY = ("secondary", "service")


def transformers_of(
    edges: pa.Table,
    bus: Words,
    at: Numbers,
    *,
    ids: bool = True,
    recorded: bool = True,
    snap_m: float = 0.5,
) -> pd.DataFrame:
    """The transformer that feeds each customer.

    Parameters
    ----------
    edges
        The table ``gis_edges``.
    bus, at
        Of each customer the node (empty where none is recorded) and the place, shape (n, 2) [m].
    ids, recorded
        Whether node ids, and the transformers that lines are recorded for, may be used.

    Returns
    -------
    pandas.DataFrame
        ``transformer`` (empty: none), ``basis`` (connectivity | nearest | none), ``way_m`` along lines, ``distance_m``
        to the nearest line or transformer, and ``candidates``, the transformers weighed; in the given order.
    """
    edge = edges.to_pandas()
    units = edge[edge["kind"] == "transformer"]
    lines = edge[(edge["kind"] != "transformer") & edge["level"].isin(SECONDARY) & edge["closed"]]
    names = units["asset"].to_numpy(object)
    found = _none(len(bus))
    if ids:
        code, _ = pd.factorize(np.concatenate([lines["from_node"], lines["to_node"], units["to_node"], bus]))
        n = len(lines)
        a, b, low, own = np.split(code.astype(np.int64), [n, 2 * n, 2 * n + len(units)])
        own = np.where(bus == "", -1, own)
        found = by_nodes(a, b, lines["length_m"].to_numpy(float), low, own)
    basis = np.where(found.unit >= 0, "connectivity", "none").astype(object)
    rest = np.flatnonzero(found.unit < 0)
    if len(rest):
        number = {n: i for i, n in enumerate(names)}
        labels = np.array([number.get(t, -1) if recorded else -1 for t in lines["recorded_transformer"]], np.int64)
        places = by_places(_shapes(lines), labels, units[["x1", "y1"]].to_numpy(float), at[rest], snap_m)
        for one, many in zip(_parts(found), _parts(places), strict=True):
            one[rest] = many
        basis[rest[places.unit >= 0]] = "nearest"
    transformer = np.append(names, "")[np.where(found.unit >= 0, found.unit, len(names))]
    return pd.DataFrame({"transformer": transformer, "basis": basis, "way_m": found.way_m,
                         "distance_m": found.distance_m, "candidates": found.others})  # fmt: skip


def _none(count: int) -> Found:
    return Found(np.full(count, -1), np.full(count, np.inf), np.zeros(count), np.zeros(count, np.int64))


def _parts(found: Found) -> tuple[npt.NDArray[np.generic], ...]:
    return found.unit, found.way_m, found.distance_m, found.others


def _shapes(lines: pd.DataFrame) -> Words:
    """Lines as straight ones between their ends; those without places are missing."""
    at = lines[["x1", "y1", "x2", "y2"]].to_numpy(float)
    there = np.isfinite(at).all(axis=1)
    shapes = np.full(len(at), None, object)
    shapes[there] = shapely.linestrings(at[there].reshape(-1, 2, 2))
    return shapes
