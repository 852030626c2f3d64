"""A large table that comes in pieces, written as `dtl.tables.write` writes it whole, without having it whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dtl.tables import TABLES, TEXT, WORD, listed, metadata

GROUP_ROWS = 1024 * 1024
"""Rows of one group of a Parquet file, pyarrow's own default."""
BATCH_ROWS = 64 * 1024


def packed(table: pa.Table) -> pa.Buffer:
    """A table in a few bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return sink.getvalue()


def unpacked(buffer: pa.Buffer) -> pa.Table:
    """The table of `packed`."""
    with pa.ipc.open_stream(buffer) as reader:
        return reader.read_all()


def of(paths: Iterable[Path]) -> Iterator[pa.Table]:
    """The rows of some files, some at a time."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(BATCH_ROWS):
                yield pa.Table.from_batches([batch])


def write(name: str, pieces: Callable[[], Iterable[pa.Table]], path: Path) -> None:
    """Write the pieces of a table, each checked, in the order of the key; `pieces` is called twice.

    The bytes are those of `dtl.tables.write` for the pieces as one table.
    """
    contract = TABLES[name]
    words: dict[str, dict[str, int]] = {c.name: {} for c in contract.columns if c.type == WORD}
    for piece in pieces():
        for column, known in words.items():
            for word in piece[column].cast(TEXT).unique().to_pylist():
                known.setdefault(word, len(known))
    lists = {column: pa.array(known, TEXT) for column, known in words.items()}
    schema = contract.schema.with_metadata(metadata(name))
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=listed(name), store_schema=True, write_statistics=True
    ) as writer:
        for table in _groups(pieces(), contract.schema):
            columns = [_coded(table[f.name], lists.get(f.name)) for f in schema]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=GROUP_ROWS)


def _groups(pieces: Iterable[pa.Table], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows in tables of the rows of one group; one empty table if there are none."""
    plain = pa.schema([pa.field(f.name, TEXT if f.type == WORD else f.type) for f in schema])
    waiting: list[pa.Table] = []
    count, some = 0, False
    for piece in pieces:
        waiting.append(piece.cast(plain))
        count += piece.num_rows
        while count >= GROUP_ROWS:
            table = pa.concat_tables(waiting)
            yield table.slice(0, GROUP_ROWS)
            some = True
            waiting, count = [table.slice(GROUP_ROWS)], count - GROUP_ROWS
    if count or not some:
        yield pa.concat_tables(waiting) if waiting else plain.empty_table()


def _coded(column: pa.ChunkedArray, words: pa.Array | None) -> pa.Array:
    whole = column.combine_chunks()
    if words is None:
        return whole
    return pa.DictionaryArray.from_arrays(pa.compute.index_in(whole, words).cast(pa.int32()), words)
