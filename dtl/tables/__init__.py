"""The tables that stages exchange: their columns, types, units and keys, and byte-stable Parquet.

Every table is checked when written and when read. A file holds float32 or float64 as its contract says, is sorted by
its key, compressed with zstd, and carries no time, host or path, so the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dtl.errors import ContractError
from dtl.tables.compliance import COMPLIANCE
from dtl.tables.composition import COMPOSITION
from dtl.tables.contract import DAY, MOMENT, TEXT, WORD, Column, Table
from dtl.tables.given import GIVEN
from dtl.tables.hosting import HOSTING
from dtl.tables.learning import LEARNING
from dtl.tables.mitigation import MITIGATION
from dtl.tables.network import NETWORK
from dtl.tables.outages import OUTAGES
from dtl.tables.reference import REFERENCE
from dtl.tables.results import RESULTS

__all__ = [
    "DAY",
    "MOMENT",
    "TABLES",
    "TEXT",
    "WORD",
    "Column",
    "Table",
    "check",
    "concat",
    "frame",
    "listed",
    "metadata",
    "read",
    "write",
]

_EVERY = (*NETWORK, *OUTAGES, *GIVEN, *RESULTS, *COMPOSITION, *REFERENCE, *LEARNING, *HOSTING, *COMPLIANCE, *MITIGATION)
TABLES: Mapping[str, Table] = {t.name: t for t in _EVERY}

RECURRING = ("weather",)
"""Tables whose numbers have few digits. Elsewhere a list of numbers takes longer to make, and more bytes, than they."""

FEW_ROWS = 100_000
"""A file of no more rows is read by one thread: starting others takes longer."""


def frame(name: str, rows: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]]) -> pa.Table:
    """An Arrow table that keeps the contract `name`, from rows or from columns.

    Raises
    ------
    ContractError
        A column is missing, foreign, of another type, or empty where it must not be; or a key occurs twice.
    """
    contract = TABLES[name]
    if isinstance(rows, Mapping):
        columns = rows
    else:
        foreign = {k for r in rows for k in r} - {c.name for c in contract.columns}
        if foreign:
            raise ContractError(f"table {name}: unknown columns {sorted(foreign)}")
        columns = {c.name: [r.get(c.name) for r in rows] for c in contract.columns}
    arrays = []
    for column in contract.columns:
        if column.name not in columns:
            if not column.null:
                raise ContractError(f"table {name}: column {column.name} is missing")
            length = len(next(iter(columns.values())))
            arrays.append(pa.nulls(length, column.type))
            continue
        arrays.append(_array(name, column, columns[column.name]))
    foreign = set(columns) - {c.name for c in contract.columns}
    if foreign:
        raise ContractError(f"table {name}: unknown columns {sorted(foreign)}")
    return check(name, pa.Table.from_arrays(arrays, schema=contract.schema))


def _array(name: str, column: Column, values: Any) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    try:
        if column.type == WORD:
            plain = values if isinstance(values, pa.Array) else pa.array(values)
            return (
                pc.cast(plain, WORD) if pa.types.is_dictionary(plain.type) else pc.cast(plain, TEXT).dictionary_encode()
            )
        array = values if isinstance(values, pa.Array) else pa.array(values, from_pandas=True)
        return array.cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as err:
        raise ContractError(f"table {name}: column {column.name} is not {column.type}: {err}") from err


def check(name: str, table: pa.Table, *, ordered: bool = False) -> pa.Table:
    """The table sorted by its key, after its contract held; ``ordered`` says that it must be so already.

    Raises
    ------
    ContractError
        A column is missing, foreign, of another type, or empty where it must not be; a key occurs twice; or the rows
        are not in the order that was promised.
    """
    contract = TABLES[name]
    if not table.schema.equals(contract.schema, check_metadata=False):
        raise ContractError(f"table {name}: its columns are\n{table.schema}\nand must be\n{contract.schema}")
    for column in contract.columns:
        if not column.null and table[column.name].null_count:
            raise ContractError(f"table {name}: column {column.name} has empty values")
    if table.num_rows == 0:
        return table
    keys = [_comparable(table[key]) for key in contract.key]
    if _ascending(keys):
        return table.combine_chunks()
    plain = pa.Table.from_arrays(keys, list(contract.key))
    order = pc.sort_indices(plain, sort_keys=[(k, "ascending") for k in contract.key])
    repeated = _repeated(plain.take(order))
    if repeated:
        raise ContractError(f"table {name}: {repeated} rows repeat a key {contract.key}")
    if ordered:
        raise ContractError(f"table {name}: its rows are not sorted by {contract.key}")
    return table.take(order)


def _comparable(column: pa.ChunkedArray) -> pa.Array:
    """A column of a key as one array without empty values: words as texts; no number is after every number."""
    if column.type == WORD:
        column = column.cast(TEXT)
    if column.null_count:
        column = column.cast(pa.int64()).fill_null(1 << 32)
    return column.combine_chunks()


def _ascending(keys: Sequence[pa.Array]) -> bool:
    """Whether each row of a key is after the row before it: what was sorted need not be sorted again."""
    after = None
    for key in reversed(keys):
        before, this = key.slice(0, len(key) - 1), key.slice(1)
        less = pc.less(before, this)
        after = less if after is None else pc.or_(less, pc.and_(pc.equal(before, this), after))
    return bool(pc.all(after, min_count=0).as_py())


def _repeated(keys: pa.Table) -> int:
    """How many rows of a sorted key are as the row before them."""
    same = None
    for key in keys.columns:
        equal = pc.equal(key.slice(0, len(key) - 1), key.slice(1))
        same = equal if same is None else pc.and_(same, equal)
    return int(pc.sum(same, min_count=0).as_py())


def write(name: str, table: pa.Table, path: Path) -> None:
    """Check the table and write it; the same rows give the same bytes."""
    table = check(name, table)
    columns = []
    for field in table.schema:
        column = table[field.name]
        if field.type == WORD:
            column = column.cast(TEXT).combine_chunks().dictionary_encode()
        columns.append(column)
    table = pa.Table.from_arrays(columns, schema=table.schema.with_metadata(metadata(name)))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table, path, compression="zstd", use_dictionary=listed(name), store_schema=True, write_statistics=True
    )


def listed(name: str) -> list[str]:
    """The columns of a table whose values are listed once in a file: texts, and numbers only where they recur."""
    return [c.name for c in TABLES[name].columns if name in RECURRING or c.type in (WORD, TEXT)]


def metadata(name: str) -> dict[str, str]:
    """What a file of a table says of itself: its name, and the meaning of its columns."""
    return {"dtl.table": name} | {f"dtl.{c.name}": c.meaning for c in TABLES[name].columns}


def read(name: str, path: Path, columns: Sequence[str] | None = None, **equal: str) -> pa.Table:
    """The table of a file, checked; `columns` selects, and `equal` keeps the rows whose column has that text."""
    whole = TABLES[name].schema
    schema = whole if columns is None else pa.schema([whole.field(c) for c in columns])
    with pq.ParquetFile(path) as file:
        there = file.schema_arrow.names
        if {*schema.names, *equal} - {*there} or (columns is None and there != schema.names):
            raise ContractError(f"{path}: is no table {name}: it has the columns {there}")
        threads = file.metadata.num_rows > FEW_ROWS
        table = _rows(file, schema.names, equal) if equal else file.read(schema.names, use_threads=threads)
    table = table.select(schema.names).replace_schema_metadata()
    return table if table.schema.equals(schema, check_metadata=True) else table.cast(schema)


def _rows(file: pq.ParquetFile, columns: Sequence[str], equal: Mapping[str, str]) -> pa.Table:
    """The rows whose columns have given texts, batch by batch.

    Not by ``filters`` of pyarrow: those import pandas, and so does every scalar that is made of a text; it takes a
    third of what a run without work does.
    """
    needed = list(dict.fromkeys([*columns, *equal]))
    groups = [i for i in range(file.num_row_groups) if _may_hold(file.metadata.row_group(i), equal)]
    kept = []
    for batch in file.iter_batches(row_groups=groups, columns=needed):
        for column, text in equal.items():
            words = batch[column].cast(TEXT)
            known = words.unique()
            texts = known.to_pylist()
            batch = batch.filter(pc.equal(words, known[texts.index(text)])) if text in texts else batch.slice(0, 0)
        kept.append(batch.select(columns))
    there = file.schema_arrow
    schema = pa.schema([there.field(c) for c in columns])
    return pa.Table.from_batches(kept, schema).unify_dictionaries()


def _may_hold(group: pq.RowGroupMetaData, equal: Mapping[str, str]) -> bool:
    """Whether a group of rows may have these texts, by its least and greatest."""
    for i in range(group.num_columns):
        column = group.column(i)
        text, known = equal.get(column.path_in_schema), column.statistics
        if text is not None and known is not None and known.has_min_max and not known.min <= text <= known.max:
            return False
    return True


def concat(name: str, tables: Sequence[pa.Table]) -> pa.Table:
    """Several tables of one contract as one, sorted by its key."""
    if not tables:
        return TABLES[name].schema.empty_table()
    joined = pa.concat_tables([t.cast(TABLES[name].schema) for t in tables])
    return check(name, joined.unify_dictionaries().combine_chunks())
