"""The places of the GIS given to the buses of the model."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa
from pydantic_core import from_json

from dtl import tables
from dtl.network.reconcile import Reconciled
from dtl.network.rows import texts


def with_places(network: pa.Table, found: Reconciled, crs: str) -> pa.Table:
    """The table ``network`` with its buses where the GIS draws them, in its coordinate system `crs`.

    A bus stands where most ends of linked assets are (their median); one without any keeps its place, shifted as a
    whole, so that a feeder is drawn in one system.
    """
    ends = pd.concat(
        [found.ends[["kind", f"node{n}", f"x{n}", f"y{n}"]].set_axis(["kind", "node", "x", "y"], axis=1) for n in "12"]
    ).dropna()
    lines = ends[ends["kind"] == "line"]
    rest = ends[~ends["node"].isin(set(lines["node"]))]
    place = pd.concat([lines, rest]).groupby("node")[["x", "y"]].median().round(2)
    known = dict(zip(place.index.tolist(), place.to_numpy(float).tolist(), strict=True))
    kinds, feeders, bodies = (texts(network[c]) for c in ("kind", "feeder", "body"))
    encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
    for row, kind in enumerate(kinds):
        if kind not in ("bus", "feeder"):
            continue
        part = from_json(bodies[row])
        if kind == "feeder":
            part["crs"] = crs
        else:
            at = known.get(f"{feeders[row]}/{part['name']}")
            if at is None and part.get("x") is not None and part.get("y") is not None:
                at = (round(part["x"] + found.aside[0], 2), round(part["y"] + found.aside[1], 2))
            if at is not None:
                part["x"], part["y"] = at
        bodies[row] = encode(part)
    column = network.column_names.index("body")
    return network.set_column(column, network.schema.field(column), pa.array(bodies, tables.TEXT))
