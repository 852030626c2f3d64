"""Readings of a group of feeders in batches of rows, sorted by meter and start, with those that are left out marked.

They are gone through several times: a file of no more rows than one batch is decoded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.pieces import cut, starts
from dtl.sources.ami_loose import CONFLICT, FLAGS, USED

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]
BATCH = 1 << 20
"""Rows of a batch."""

Left = tuple[str, int, int]
"""Readings that are left out: the meter, the start of the first, and the end of their starts [UTC minutes]."""

Batch = tuple[list[str], Ints, NDArray[np.int32], NDArray[np.int32], Reals, Reals, NDArray[np.uint8]]


def with_energy(
    readings: Iterable[Batch], left: Sequence[Left] = ()
) -> Iterator[tuple[list[str], Ints, Ints, Ints, Reals]]:
    """Readings whose energy may be used, as `dtl.demand.caught_up.catch_ups` takes them."""
    for names, code, start, minutes, kwh, _, flag in marked(readings, left):
        used = (flag <= USED) & ~np.isnan(kwh)
        yield names, code[used], start[used].astype(np.int64), minutes[used].astype(np.int64), kwh[used]


@dataclass(frozen=True)
class _Large:
    """A file of more rows than one batch, which is decoded at every pass."""

    path: Path

    def __iter__(self) -> Iterator[Batch]:
        return _decoded(self.path)


def batches(path: Path) -> Iterable[Batch]:
    """Names of meters, then per reading: code, start [min], length [min], kWh, kvarh, flag; for several passes."""
    large = _Large(path)
    return large if pq.read_metadata(path).num_rows > BATCH else list(large)


def marked(readings: Iterable[Batch], left: Sequence[Left]) -> Iterator[Batch]:
    """Batches whose flag is bad where readings are left out."""
    for names, code, start, minutes, kwh, kvarh, flag in readings:
        flags = flag.copy() if left else flag
        for name, first, end in left:
            if name in names:
                flags[(start >= first) & (start < end) & (code == names.index(name))] = CONFLICT
        yield names, code, start, minutes, kwh, kvarh, flags


def _decoded(path: Path) -> Iterator[Batch]:
    worth: Mapping[str, int] = {word: k for k, word in enumerate(FLAGS)}
    with pq.ParquetFile(path, read_dictionary=["meter", "flag"]) as opened:
        for batch in opened.iter_batches(BATCH, columns=["meter", "start", "interval_min", "kwh", "kvarh", "flag"]):
            meter, flag = batch.column("meter"), batch.column("flag")
            flags = np.array([worth[w] for w in flag.dictionary.to_pylist()] or [0], np.uint8)
            seconds = batch.column("start").cast(tables.MOMENT).view(pa.int64()).to_numpy()
            names, code = meter.dictionary.to_pylist(), meter.indices.to_numpy().astype(np.int64)
            yield (
                names,
                code,
                (seconds // 60).astype(np.int32),
                batch.column("interval_min").to_numpy().astype(np.int32),
                _real(batch.column("kwh")),
                _real(batch.column("kvarh")),
                flags[flag.indices.to_numpy()],
            )


def fitting(batch: Batch, step_min: int) -> Batch:
    """The readings of a batch with those cut that do not fit into steps; equal parts of energy."""
    names, code, start, minutes, kwh, kvarh, flag = batch
    found = cut(minutes, step_min)
    if found is None:
        return batch
    of, length = found
    part = length / minutes[of]
    return names, code[of], starts(start, of, length), length, kwh[of] * part, kvarh[of] * part, flag[of]


def _real(column: pa.Array) -> Reals:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def mean_kw(readings: Iterable[Batch], left: Sequence[Left]) -> dict[str, float]:
    """The mean power of each meter over its used readings, not below zero."""
    energy: dict[str, float] = {}
    hours: dict[str, float] = {}
    for names, code, _, minutes, kwh, _, flag in marked(readings, left):
        used = (flag <= USED) & ~np.isnan(kwh)
        kwh_by = np.bincount(code[used], kwh[used], len(names))
        h_by = np.bincount(code[used], minutes[used] / 60.0, len(names))
        for name, e, h in zip(names, kwh_by, h_by, strict=True):
            energy[name], hours[name] = energy.get(name, 0.0) + e, hours.get(name, 0.0) + h
    return {n: max(energy[n], 0.0) / hours[n] for n in energy if hours[n] > 0}
