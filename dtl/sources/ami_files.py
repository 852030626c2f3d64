"""The files of a source of readings as blocks of rows, whatever their format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dtl.errors import SourceError
from dtl.sources import ami_csv
from dtl.sources.ami_columns import NUMBERS, layout
from dtl.sources.ami_csv import WORD, Block, bare, parsed
from dtl.sources.ami_registers import role_of
from dtl.sources.ami_tally import Trouble

ROWS = 1 << 20
"""Rows of a Parquet file that are decoded at once; of a wide file as many cells."""


def suffix(file: str) -> str:
    """The format of a file by its name, without ``.gz``."""
    return Path(file.lower().removesuffix(".gz")).suffix


def blocks(file: str, path: Path, spec: Mapping[str, Any], words: Mapping[str, Any]) -> Iterator[Block]:
    """The blocks of a CSV or Parquet file, in its order.

    Raises
    ------
    SourceError
        The file cannot be read, or lacks a column that the map needs.
    """
    kind = suffix(file)
    if kind in (".parquet", ".pq"):
        return _parquet(file, path, spec.get("decimal") or ".", words)
    if kind in (".csv", ".txt", ".tsv"):
        return ami_csv.blocks(file, path, spec, words)
    raise SourceError(f"{file}: readings are read from .parquet, .csv, .csv.gz and .xml; unpack or export it as one")


def count(file: str, path: Path) -> int:
    """About how many readings a file holds, so that memory can be planned; rough for text."""
    if suffix(file) in (".parquet", ".pq"):
        try:
            return int(pq.read_metadata(path).num_rows)
        except (pa.ArrowException, OSError):
            return 0
    packed = 10 if file.lower().endswith(".gz") else 1
    return path.stat().st_size * packed // 20


def _parquet(file: str, path: Path, decimal: str, words: Mapping[str, Any]) -> Iterator[Block]:
    try:
        with pq.ParquetFile(path) as opened:
            header = opened.schema_arrow.names
            found = layout(file, header, words)
            opened_as = [header[i] for i in found.used]
            texts = [
                header[p] for r, p in found.roles.items()
                if r in ("meter", "quality", "channel") and pa.types.is_string(opened.schema_arrow.field(p).type)
            ]  # fmt: skip
        roles = {header[p]: r for r, p in found.roles.items()} | {header[p]: str(p) for p in found.spread}
        numbers = {*(r for r in found.roles if role_of(r) in NUMBERS), *map(str, found.spread)}
        row = 1
        with pq.ParquetFile(path, read_dictionary=texts, pre_buffer=False) as opened:
            for batch in opened.iter_batches(ROWS // max(len(found.spread), 1), columns=opened_as):
                for column in batch.columns:
                    if pa.types.is_dictionary(column.type):
                        column.validate(full=True)
                table = pa.Table.from_batches([batch])
                table = table.rename_columns([roles[n] for n in table.column_names])
                block = Block(file, row, table, found)
                _typed(block, numbers, decimal)
                yield block
                row += len(batch)
    except (pa.ArrowException, OSError, ValueError) as err:
        raise SourceError(f"{file}: is no Parquet file that can be read: {err}") from err


def _typed(block: Block, numbers: set[str], decimal: str) -> None:
    """The columns of a block in the types that are needed; a text among numbers that is none is told."""
    for place, field in enumerate(block.table.schema):
        column = block.table[field.name]
        if field.name in numbers and _is_text(field.type):
            column, wrong = parsed(bare(column.cast(pa.string()).combine_chunks()), decimal)
            at = int(field.name) if field.name.isdecimal() else block.layout.roles[field.name]
            head = block.layout.header[at]
            block.troubles += [Trouble(check, head, n, block.at(row), told) for check, n, row, told in wrong]
        elif field.name in numbers:
            column = column.cast(pa.float64())
        elif field.name not in ("time", "day") and not pa.types.is_dictionary(field.type):
            column = column.cast(pa.string()).dictionary_encode()
        elif pa.types.is_dictionary(field.type) and field.type != WORD:
            column = column.cast(WORD)
        block.table = block.table.set_column(place, field.name, column)


def _is_text(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
