"""Rows of tables: those of some feeders, and the cells of a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dtl import tables


def of_feeders(table: pa.Table, feeders: Sequence[str]) -> pa.Table:
    """The rows of `feeders`, in their order in the table."""
    return table.filter(pc.is_in(table["feeder"].cast(tables.TEXT), pa.array(feeders, tables.TEXT)))


def listed(column: pa.ChunkedArray) -> list[Any]:
    """The cells of a column, None where it has none: what its ``to_pylist`` tells, without a scalar of each."""
    kind = column.type
    if pa.types.is_dictionary(kind) and not column.null_count:
        return [
            word
            for chunk in column.chunks
            for words in (chunk.dictionary.to_pylist(),)
            for word in map(words.__getitem__, chunk.indices.to_numpy().tolist())
        ]
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        return list(column.to_pylist())
    if not column.null_count:
        return list(column.to_numpy().tolist())
    there = pc.is_valid(column).to_numpy().tolist()
    values = pc.fill_null(column, 0).to_numpy().tolist()
    return [value if known else None for value, known in zip(values, there, strict=True)]
