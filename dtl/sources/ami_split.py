"""The readings of all sources, one file per group of feeders, sorted by meter and start; in bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dtl import tables
from dtl.sources.ami_loose import FLAGS, Loose
from dtl.sources.ami_stream import Readings

ROW_GROUP = 1 << 20
WRITERS = 2
"""Threads that write the groups of a piece; most of it is coding and packing, which other threads do not wait for."""


@dataclass
class Split:
    """What was written: readings by group, and the meters with readings that no group has, by source."""

    readings: dict[str, int] = field(default_factory=dict)
    unplaced: dict[str, list[str]] = field(default_factory=dict)


def split(
    sources: Mapping[str, Mapping[str, Any]],
    files: Mapping[str, Path],
    owner: Mapping[str, str],
    groups: Iterable[str],
    folder: Path,
) -> Split:
    """Write ``{group}.parquet`` by the contract ``readings`` for every group, empty where it has no reading.

    ``sources`` are the specs by name; of ``files`` each takes those that its path matches. ``owner`` is the group
    of each meter. Where several sources have the same interval of a meter, each quantity is that of the
    first source, by name, that states it.
    """
    groups = sorted(groups)
    number = {group: k for k, group in enumerate(groups)}
    place = {meter: number[group] for meter, group in owner.items() if group in number}
    folder.mkdir(parents=True, exist_ok=True)
    told = Split(dict.fromkeys(groups, 0))
    with tempfile.TemporaryDirectory(prefix="split-", dir=folder) as scratch:
        parts: dict[str, list[Path]] = {}
        for name, spec in sorted(sources.items()):
            own = {f: p for f, p in files.items() if matches(f, spec["path"])}
            _source(name, Readings(spec, own), place, groups, Path(scratch), parts, told)
        for group in groups:
            told.readings[group] = _write(parts.get(group, []), folder / f"{group}.parquet")
    return told


def matches(file: str, path: str) -> bool:
    """Whether a file, named relative to the study, is one of those of a path: a file, a folder or a pattern."""
    return file == path or file.startswith(path.rstrip("/") + "/") or fnmatchcase(file, path.replace("**/", "*"))


def _source(
    name: str, readings: Readings, place: Mapping[str, int], groups: list[str], scratch: Path,
    parts: dict[str, list[Path]], told: Split,
) -> None:  # fmt: skip
    """The readings of one source, a file per group in a scratch folder."""

    def bucket(code: int, buckets: int) -> int:
        group = place.get(readings.meters.names[code], -1)
        return group % buckets if group >= 0 else -1

    for piece in readings.whole(scratch / f"{name}.buckets", bucket):
        for k, path in _pieces(piece.rows, name, readings, place, groups, scratch):
            parts.setdefault(groups[k], []).append(path)
    told.unplaced[name] = sorted(m for m in readings.meters.names if m not in place)


def _pieces(
    loose: Loose, name: str, readings: Readings, place: Mapping[str, int], groups: list[str], scratch: Path
) -> list[tuple[int, Path]]:
    """The file of each group that has some of these readings, which are sorted by meter and start."""
    meters = _Meters.of(loose.code)
    names = [readings.meters.names[c] for c in meters.code]
    group = np.array([place[n] for n in names], np.int64)
    order = np.lexsort((_ranks(names), group))

    def store(k: int) -> tuple[int, Path]:
        own, path = order[group[order] == k], scratch / f"{groups[k]}.{name}.parquet"
        _store(_table(loose, meters.some(own), readings), path)
        return k, path

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(store, np.unique(group).tolist()))


def _ranks(names: list[str]) -> NDArray[np.int64]:
    ranks = np.empty(len(names), np.int64)
    ranks[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return ranks


class _Meters(NamedTuple):
    """Where the readings of some meters stand, which lie together: code, first row and number of rows of each."""

    code: NDArray[np.int32]
    begin: NDArray[np.int64]
    size: NDArray[np.int64]

    @classmethod
    def of(cls, code: NDArray[np.int32]) -> _Meters:
        """Those of a column of codes, in its order."""
        begin = np.flatnonzero(np.diff(code, prepend=-1))
        return cls(code[begin], begin, np.diff(begin, append=len(code)))

    def some(self, at: NDArray[np.int64]) -> _Meters:
        """Some of them."""
        return _Meters(self.code[at], self.begin[at], self.size[at])

    @property
    def rows(self) -> NDArray[np.int64]:
        """All rows, one meter after the other."""
        return np.repeat(self.begin - np.cumsum(self.size) + self.size, self.size) + np.arange(self.size.sum())


def _table(loose: Loose, meters: _Meters, readings: Readings) -> pa.Table:
    """The readings of some meters by the contract ``readings``; they keep their order."""
    rows, known = meters.rows, np.sort(meters.code)
    index = np.repeat(np.searchsorted(known, meters.code), meters.size)
    names = [readings.meters.names[c] for c in known]
    step = np.array([readings.meters.interval_min[c] for c in known], np.int32)
    numbers = {}
    for name in ("kwh", "kvarh", "volts"):
        values = getattr(loose, name)[rows].astype(np.float32)
        numbers[name] = pa.array(values, mask=np.isnan(values))
    columns = {
        "meter": pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), pa.array(names, pa.string())),
        "start": pa.array(loose.start[rows].astype("M8[m]").astype("M8[s]")).cast(tables.MOMENT),
        "interval_min": pa.array(step[index]),
        **numbers,
        "flag": pa.DictionaryArray.from_arrays(pa.array(loose.flag[rows].astype(np.int32)), pa.array(FLAGS)),
    }
    schema = tables.TABLES["readings"].schema
    return pa.table([columns[c.name].cast(c.type) for c in schema], schema=schema)


def _store(table: pa.Table, path: Path) -> None:
    schema = tables.TABLES["readings"].schema
    meaning = {f"dtl.{c.name}": c.meaning for c in tables.TABLES["readings"].columns}
    schema = schema.with_metadata({"dtl.table": "readings", **meaning})
    plain = table.replace_schema_metadata(schema.metadata).unify_dictionaries()
    pq.write_table(plain, path, compression="zstd", store_schema=True, write_statistics=True, row_group_size=ROW_GROUP)


def _write(parts: list[Path], path: Path) -> int:
    """Join the parts of a group; those of one source are one part, so most often it is only renamed."""
    if len(parts) == 1:
        parts[0].replace(path)
        return int(pq.read_metadata(path).num_rows)
    if not parts:
        tables.write("readings", tables.concat("readings", []), path)
        return 0
    table = _merged([pq.read_table(p) for p in parts])
    _store(table, path)
    return int(table.num_rows)


def _merged(parts: list[pa.Table]) -> pa.Table:
    """The readings of several sources; of each quantity the first source that states it.

    A reading that begins within another one of its meter, as a quarter within an hour, is left out.
    """
    schema = tables.TABLES["readings"].schema
    texts = [p.set_column(0, "meter", p["meter"].cast(tables.TEXT)) for p in parts]
    texts = [p.set_column(6, "flag", p["flag"].cast(tables.TEXT)) for p in texts]
    texts = [p.append_column("own", pc.if_else(pc.is_valid(p["kwh"]), p["flag"], None)) for p in texts]
    both = pa.concat_tables(texts).sort_by(_ORDER)
    found = both.group_by(["meter", "start"], use_threads=False).aggregate(
        [(c, "first") for c in ("interval_min", "kwh", "kvarh", "volts", "flag", "own")]
    )
    found = found.rename_columns([c.removesuffix("_first") for c in found.column_names]).sort_by(_ORDER)
    found = found.set_column(found.column_names.index("flag"), "flag", pc.coalesce(found["own"], found["flag"]))
    found = found.filter(pa.array(~_within(found)))
    plain = [
        found[f.name].combine_chunks().dictionary_encode() if f.type == tables.WORD else found[f.name] for f in schema
    ]
    return pa.table(plain, schema=schema)


_ORDER = [("meter", "ascending"), ("start", "ascending")]


def _within(rows: pa.Table) -> NDArray[np.bool_]:
    """Which rows, sorted by meter and start, begin before one of their meter above them ends."""
    meter = rows["meter"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    start = (meter << 40) + rows["start"].cast(pa.timestamp("s", "UTC")).cast(pa.int64()).to_numpy()
    end = np.maximum.accumulate(start + 60 * rows["interval_min"].to_numpy().astype(np.int64))
    return np.concatenate([[False], start[1:] < end[:-1]])
