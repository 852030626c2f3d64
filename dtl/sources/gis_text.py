"""Columns of a GIS as text, whatever their type in the file."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from dtl.sources.gis_words import WHOLE

DAY = "%Y-%m-%d"
"""How days are written."""
VOID = frozenset(("<Null>", "<NULL>", "<null>", "(null)", "NULL", "Null", "null", "N/A", "n/a", "#N/A", "#n/a"))
"""What programs write into a cell that holds nothing."""


def text(column: pa.ChunkedArray | pa.Array, nothing: frozenset[str] = frozenset()) -> pa.Array:
    """A column as text without blanks around; blank is null, and so are the words for nothing."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_floating(array.type):
        whole = pc.all(pc.equal(array, pc.floor(array))).as_py() is not False
        safe = whole and (pc.max(pc.abs(array)).as_py() or 0) < 1e15
        array = array.cast(pa.int64()) if safe else array
    elif pa.types.is_boolean(array.type):
        array = array.cast(pa.int8())
    elif pa.types.is_timestamp(array.type):
        array = pc.strftime(array, format=DAY)
    elif pa.types.is_binary(array.type) or pa.types.is_nested(array.type):
        return pa.nulls(len(array), pa.string())
    plain = pc.utf8_trim_whitespace(array.cast(pa.string()))
    empty = pc.is_in(plain, pa.array(["", *sorted(nothing)], pa.string()))
    return pc.if_else(empty, pa.scalar(None, pa.string()), plain)


def whole(plain: pa.Array) -> pa.Array:
    """Text with whole numbers that were written as decimals (``7.0``) as such."""
    return pc.replace_substring_regex(plain, WHOLE, r"\1")
