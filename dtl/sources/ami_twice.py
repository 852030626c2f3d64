"""The hour that occurs twice: which of its readings belong to the first pass of the clock, and which to the second.

Only the order of the file tells. In files in order of time the labels fall back once; in files sorted by label both
passes stand side by side, the first one first. Whatever neither tells stays ambiguous: it is never guessed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dtl.sources.ami_loose import AMBIGUOUS, Loose

DISORDER = 0.01
"""Share of nights in which labels may fall back more than once before the order of the file tells nothing."""
Ints = NDArray[np.int64]


def settle_twice(rows: Loose) -> tuple[Loose, NDArray[np.int32]]:
    """The readings of hours that occur twice, each at its time or ambiguous, and the codes of copies left out.

    ``rows`` are all of them, in the order of their files: the order of some tells that of all.
    """
    if not len(rows.code):
        return rows, np.zeros(0, np.int32)
    rows = rows.take(np.lexsort((_night(rows.start), rows.part, rows.code)))
    new = _changes(rows.code, rows.part, _night(rows.start))
    falls = np.zeros(len(new), np.int64)
    falls[1:] = (rows.start[1:] < rows.start[:-1]) & ~new[1:]
    group = np.cumsum(new) - 1
    in_group = np.bincount(group, falls).astype(np.int64)
    if (in_group > 1).mean() > DISORDER:
        return _ambiguous(rows, np.ones(len(new), np.bool_)), np.zeros(0, np.int32)
    if (in_group == 1).any():
        first = np.flatnonzero(new)
        passed = np.cumsum(falls)
        second = (passed - passed[first][group] + falls[first][group]) == 1
        told = in_group[group] == 1
        return _ambiguous(_moved(rows, second & told), ~told), np.zeros(0, np.int32)
    return _by_label(rows, new)


def _by_label(rows: Loose, new: NDArray[np.bool_]) -> tuple[Loose, NDArray[np.int32]]:
    """Files sorted by label: the number of a row within its label is the pass."""
    label = new.copy()
    label[1:] |= rows.start[1:] != rows.start[:-1]
    many = np.bincount(np.cumsum(label) - 1)[np.cumsum(label) - 1] > 2
    copy = np.zeros(len(label), np.bool_)
    copy[1:] = many[1:] & ~label[1:] & _same(rows)
    dropped = rows.code[copy]
    rows, label = rows.take(~copy), label[~copy]
    group = np.cumsum(label) - 1
    size = np.bincount(group)[group]
    number = np.arange(len(label)) - np.flatnonzero(label)[group]
    return _ambiguous(_moved(rows, (size == 2) & (number == 1)), size != 2), dropped


def _same(rows: Loose) -> NDArray[np.bool_]:
    """Whether each row but the first equals the one before it."""
    equal = np.ones(len(rows.code) - 1, np.bool_)
    for values in (rows.kwh, rows.kvarh, rows.volts):
        a, b = values[1:], values[:-1]
        equal &= (a == b) | (np.isnan(a) & np.isnan(b))
    return equal


def _moved(rows: Loose, second: NDArray[np.bool_]) -> Loose:
    return rows._replace(start=np.where(second, rows.start + rows.later, rows.start).astype(np.int32))


def _ambiguous(rows: Loose, which: NDArray[np.bool_]) -> Loose:
    return rows._replace(flag=np.where(which, np.uint8(AMBIGUOUS), rows.flag))


def _night(start: NDArray[np.int32]) -> Ints:
    """The number of the night of each start: nights are more than a day apart."""
    known = np.unique(start)
    edges = known[1:][np.diff(known) > 1440]
    return np.searchsorted(edges, start, side="right").astype(np.int64)


def _changes(*columns: NDArray[np.generic]) -> NDArray[np.bool_]:
    new = np.zeros(len(columns[0]), np.bool_)
    new[0] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return new
