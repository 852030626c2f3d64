"""The stage ``read_source``: one source of the study becomes network parts, an account and findings.

Bad data never raise here: they become findings, and whatever feeders could be read are written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

from dtl import tables
from dtl.errors import ContractError, SourceError
from dtl.sources.reading import Reading
from dtl.sources.registry import BIT_BY_BIT, READERS
from dtl.sources.shelf import Shelf


def read_source(spec: Mapping[str, Any], inputs: Mapping[str, Any], outputs: Mapping[str, Path]) -> None:
    """Read one source into its folder: three tables, ``source.json`` and ``places.json`` (where each part stands)."""
    name, source, raw = spec["source"], spec["spec"], inputs["raw"]
    kind = source["kind"]
    if kind not in READERS:
        raise ContractError(f"source {name}: no reader for the kind {kind}")
    module, function = READERS[kind].split(":")
    shelf = Shelf()
    bit_by_bit = {"shelf": shelf} if kind in BIT_BY_BIT else {}
    try:
        reading: Reading = getattr(import_module(module), function)(name, source, raw, **bit_by_bit)
    except SourceError as err:
        reading = Reading(name, kind)
        reading.find("source.unreadable", "error", str(err), remedy="Correct the file or the path in the study.")
    write(reading, raw, outputs["source"], shelf)


def write(reading: Reading, raw: Mapping[str, Path], folder: Path, shelf: Shelf | None = None) -> None:
    """Write a reading, with a file for each further table; the same reading gives the same bytes.

    `shelf` has the feeders that left the reading before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (shelf or Shelf()).write(reading, folder)
    findings = list({tuple(f.row().items()): f.row() for f in reading.findings}.values())
    tables.write("findings", tables.frame("findings", _columns("findings", findings)), folder / "findings.parquet")
    for name, own in sorted(reading.tables.items()):
        table = own if isinstance(own, pa.Table) else tables.frame(name, _columns(name, own))
        tables.write(name, table, folder / f"{name}.parquet")
    digests = {n: _digest(p) for n, p in sorted(raw.items()) if p.is_file()}
    about = {
        "source": reading.source,
        "kind": reading.kind,
        "files": digests,
        "feeders": reading.feeders(),
        "crs": reading.crs,
        "frequency_hz": reading.frequency_hz,
    }
    text = json.dumps(about, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
    (folder / "source.json").write_text(text, encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _columns(table: str, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {c.name: [r[c.name] for r in rows] for c in tables.TABLES[table].columns}
