"""The tables of the study that are those of its sources one after the other: assets, measurements, registers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables

JOINED = ("assets", "costs", "forecast", "reference", "register", "scada", "series", "weather")
"""Tables of which the study's is the sum of those of its sources."""


def write(folders: Mapping[str, Path], network: pa.Table, meters: pa.Table, outputs: Mapping[str, Path]) -> None:
    """Write every joined table (one that no source has is empty), the meters, and the list of known feeders."""
    for name in JOINED:
        parts = _parts(name, folders)
        whole = pa.concat_tables(parts).unify_dictionaries() if parts else tables.concat(name, [])
        tables.write(name, whole, outputs[name])
    tables.write("meters", meters, outputs["meters"])
    placed = meters.filter(pc.not_equal(meters["feeder"].cast(tables.TEXT), "")).select(["meter", "feeder"])
    tables.write("placed", placed.cast(tables.TABLES["placed"].schema), outputs["placed"])
    feeders = sorted(pc.unique(network["feeder"].cast(tables.TEXT)).to_pylist())
    text = json.dumps({"feeders": feeders}, indent=1, ensure_ascii=False) + "\n"
    outputs["known"].write_text(text, encoding="utf-8")


def joined(name: str, folders: Mapping[str, Path]) -> pa.Table:
    """The rows of one table of all sources."""
    return tables.concat(name, _parts(name, folders))


def _parts(name: str, folders: Mapping[str, Path]) -> list[pa.Table]:
    files = [folder / f"{name}.parquet" for _, folder in sorted(folders.items())]
    return [tables.read(name, file) for file in files if file.is_file()]
