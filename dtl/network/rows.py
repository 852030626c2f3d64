"""The rows of a table ``network``, feeder by feeder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from dtl.tables import TEXT, WORD


def by_feeder(network: pa.Table) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The rows of each feeder of a table ``network``, which is sorted by feeder."""
    names = network.column_names
    plain = [network[name].cast(TEXT) for name in names]
    feeders = texts(network["feeder"])
    start = 0
    for i in range(1, len(feeders) + 1):
        if i == len(feeders) or feeders[i] != feeders[start]:
            columns = (texts(column.slice(start, i - start)) for column in plain)
            yield feeders[start], [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
            start = i


def records(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table as `pyarrow.Table.to_pylist` gives them; texts and words without a scalar of each."""
    columns = [texts(c) if c.type in (TEXT, WORD) else c.to_pylist() for c in table.columns]
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def texts(column: pa.ChunkedArray) -> list[str]:
    """The texts or words of a column; made as one array of objects, without a scalar of each."""
    return column.cast(TEXT).to_numpy().tolist()  # type: ignore[no-any-return]
