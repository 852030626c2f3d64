"""Readings between file and table: columns of numbers for many rows at once, and the names of meters as codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dtl.sources.sheets import told

FLAGS = ("measured", "estimated", "unlisted", "rejected", "conflict", "reset", "ambiguous")
"""What a reading is worth, from best to worst; a flag is a position here."""
MEASURED, ESTIMATED, UNLISTED, REJECTED, CONFLICT, RESET, AMBIGUOUS = range(len(FLAGS))
USED = UNLISTED
"""The worst flag of a reading whose energy is used."""
WHOLE, DELIVERED, RECEIVED, REACTIVE, VOLTS = range(5)
"""Which quantity a row holds: all that there are, or one of them."""

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
Column = NDArray[Any]


class Loose(NamedTuple):
    """Readings in the order of their file, each column of shape (n,); what is not stated is nan."""

    code: Column
    """Code of the meter, int32."""
    start: Column
    """Start of the interval, UTC minutes since 1970, int32; of a label that occurs twice the first time."""
    later: Column
    """Minutes to the second time that clocks showed the label, int16; 0 if they showed it once."""
    part: Column
    """Which quantity the row holds, uint8."""
    kwh: Column
    """Energy, delivered less received [kWh], or the count of a register, float64."""
    kvarh: Column
    volts: Column
    flag: Column
    """Position in `FLAGS`, uint8."""

    def take(self, rows: NDArray[np.bool_] | Ints | slice) -> Loose:
        """Some of the rows, by a mask, positions or a slice."""
        return Loose(*(c[rows] for c in self))


NONE = Loose(*(np.zeros(0, t) for t in ("i4", "i4", "i2", "u1", "f8", "f8", "f8", "u1")))
"""No readings."""


def viewed(column: pa.Array | pa.ChunkedArray) -> Column:
    """A column of numbers without nulls as they lie in memory, read-only.

    `to_numpy` of Arrow says the same, and imports pandas for it, half a second of the processor.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return np.from_dlpack(column)


def nothing(count: int) -> Reals:
    """A column that states nothing: nan, without memory of its own."""
    return np.broadcast_to(np.float64(np.nan), count)


def joined(parts: list[Loose]) -> Loose:
    """Readings one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Loose(*(np.concatenate(columns) for columns in zip(NONE, *parts, strict=True)))


@dataclass
class Meters:
    """Names of meters and their codes, in the order in which they were seen; ``interval_min`` of each."""

    names: list[str] = field(default_factory=list)
    interval_min: list[int] = field(default_factory=list)
    _code: dict[str, int] = field(default_factory=dict)

    def code(self, name: str, interval_min: int) -> int:
        """The code of one meter."""
        found = self._code.get(name)
        if found is None:
            found = self._code[name] = len(self.names)
            self.names.append(name)
            self.interval_min.append(interval_min)
        return found

    def codes(self, column: pa.ChunkedArray, interval_min: int) -> NDArray[np.int32]:
        """The codes of a column of names; -1 where there is none."""
        parts = []
        for chunk in column.chunks:
            words = chunk if pa.types.is_dictionary(chunk.type) else pc.cast(chunk, pa.string()).dictionary_encode()
            names = [told((n or "").strip()) for n in words.dictionary.to_pylist()]
            known = np.array([self.code(n, interval_min) if n else -1 for n in names] or [-1], np.int32)
            index = viewed(words.indices.fill_null(0) if words.null_count else words.indices)
            one_by_one = (np.diff(known) == 1).all()
            found = index + known[0] if one_by_one and index.dtype == known.dtype else known[index]
            if words.null_count:
                found[words.indices.is_null().to_numpy(zero_copy_only=False)] = -1
            parts.append(found)
        return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, np.int32), *parts])

    @property
    def rank(self) -> NDArray[np.int32]:
        """The place of each code among the names in order."""
        rank = np.empty(len(self.names), np.int32)
        rank[sorted(range(len(self.names)), key=self.names.__getitem__)] = np.arange(len(self.names), dtype=np.int32)
        return rank
