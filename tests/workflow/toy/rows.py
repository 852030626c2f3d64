"""Rows that keep a table's contract, of which only a few columns matter."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from dtl import tables

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EMPTY = {tables.TEXT: "", tables.WORD: "", tables.DAY: EPOCH.date(), tables.MOMENT: EPOCH}


def row(contract: str, **known):
    """A row with the given columns; the others are empty or 0."""
    plain = {}
    for column in tables.TABLES[contract].columns:
        if not column.null:
            plain[column.name] = EMPTY.get(column.type, [] if pa.types.is_list(column.type) else 0)
    return plain | known


def write(contract: str, rows: list, path: Path) -> None:
    tables.write(contract, tables.frame(contract, rows), path)


def read(contract: str, path: Path) -> list:
    return tables.read(contract, path).to_pylist()


def write_json(value, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path):
    return json.loads(path.read_text())
