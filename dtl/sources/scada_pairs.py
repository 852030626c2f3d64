"""A table of columns two by two, stamps and the values of one tag, as a historian's add-in of Excel writes them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl.errors import SourceError
from dtl.sources.columnar import Columnar
from dtl.sources.listing import folded

PAIR = {"layout": "wide", "columns": {"time": "time"}}
"""How the table of one pair is read."""
STAMPS = ("time", "timestamp", "time stamp", "date", "date time", "datetime", "stamp")
_AGAIN = re.compile(r"\.\d+$")


def pairs(table: Columnar, known: Mapping[str, Sequence[str]], tags: Collection[str]) -> Iterator[Columnar]:
    """One table for each tag: its stamps and its values, in the rows that hold either.

    The name of a tag stands above its stamps or above its values; columns without a name and content part the pairs.

    Parameters
    ----------
    known
        The column map of the study, whose names of ``time`` are no tags.
    tags
        The names of the tags that are known; of two names above a pair that one counts.

    Raises
    ------
    SourceError
        The columns do not pair, or nothing names a pair.
    """
    empty = [_empty(table, i) for i in range(len(table.header))]
    kept = [i for i, name in enumerate(table.header) if name or not empty[i].all()]
    if len(kept) % 2:
        there = ", ".join(table.header[i] or f"#{i + 1}" for i in kept)
        raise SourceError(f"{table.file}: {len(kept)} columns are no pairs of stamps and values; there are {there}")
    stamps = {folded(n) for n in (*known.get("time", ()), *STAMPS)}
    ragged, recoded = table.ragged, table.recoded
    for time, value in zip(kept[::2], kept[1::2], strict=True):
        above = [table.header[i] for i in (time, value)]
        named = [n for n in above if n and folded(_AGAIN.sub("", n)) not in stamps]
        if not named:
            raise SourceError(f"{table.file}: nothing names the tag of the columns #{time + 1} and #{value + 1}")
        filled = ~(empty[time] & empty[value])
        columns = (table.columns[time].filter(filled), table.columns[value].filter(filled))
        name = next((n for n in named if n in tags), named[-1])
        yield Columnar(table.file, ("time", name), columns, table.lines[filled], ragged, recoded)
        ragged, recoded = (), False  # they are told once


def _empty(table: Columnar, place: int) -> NDArray[np.bool_]:
    column = table.columns[place]
    texts = pc.fill_null(pc.cast(column, "string"), "")
    return np.asarray(pc.equal(texts, ""), bool)
