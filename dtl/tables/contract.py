"""What the contract of a table is: its columns, their types and the key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

TEXT = pa.string()
WORD = pa.dictionary(pa.int32(), pa.string())
INT = pa.int32()
REAL = pa.float32()
FINE = pa.float64()
FLAG = pa.bool_()
DAY = pa.date32()
MOMENT = pa.timestamp("s", tz="UTC")
SERIES = pa.list_(pa.float32())


@dataclass(frozen=True)
class Column:
    """One column: its name (with the unit), type and meaning; ``null`` says whether a value may be missing."""

    name: str
    type: pa.DataType
    meaning: str
    null: bool = False


@dataclass(frozen=True)
class Table:
    """The contract of one table; ``key`` names the columns that identify a row and order the file."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema, without metadata."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.null) for c in self.columns])
