"""`Readings`: the readings of a source as a stream of settled pieces, in bounded memory, in whatever order they are.

Two ways lead to the same answer. As long as the files tell each meter's readings in order of time, pieces are settled
as they come. Otherwise all readings are put into buckets of whole meters first, on disk where they are many.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dtl.errors import SourceError
from dtl.sources import ami_files, espi, nem12
from dtl.sources.ami_columns import ADDED, SINGLE, Layout, beside, load, summands
from dtl.sources.ami_loose import NONE, Loose, Meters, joined
from dtl.sources.ami_rows import Rows
from dtl.sources.ami_settle import Rule, Settled, settle
from dtl.sources.ami_tally import Tally, Trouble
from dtl.sources.ami_twice import settle_twice
from dtl.sources.ami_units import factor

BUCKET = 3_000_000
"""Readings of a bucket, about; a bucket is settled in memory."""
HELD = 6_000_000
"""Readings that are held in memory before buckets go to disk."""
MOST = 500
"""Most buckets, each of which is an open file."""
AHEAD = 3
"""Blocks, and pieces of readings, that are made before they are asked for."""
_SPILL = pa.schema([(n, pa.from_numpy_dtype(t)) for n, t in zip(Loose._fields, (c.dtype for c in NONE), strict=True)])

A = TypeVar("A")


class OutOfOrderError(Exception):
    """The files do not tell each meter's readings in order of time."""


class Readings:
    """The readings of one source; it can be gone through again and again, and tells the same each time.

    ``meters`` and ``tally`` hold what the last pass saw; ``broken`` the files that could not be read, and why.
    """

    def __init__(self, spec: Mapping[str, Any], files: Mapping[str, Path]):
        self.spec, self.files = spec, dict(sorted(files.items()))
        self.words = {} if spec["columns"] in ("green_button", "nem12") else load(spec["columns"])
        register, step = spec["reads"] == "register", spec.get("interval_min") or 0
        self.rule = Rule(spec["repeated"], register, _top_kwh(spec, self.words) if register else None, step)
        self._anew()

    def _anew(self) -> None:
        self.meters, self.tally, self.broken = Meters(), Tally(), list[tuple[str, str]]()
        self.used: dict[str, dict[str, str]] = {}
        self._last = np.zeros(0, np.int32)

    def fold(self, new: Callable[[], A], add: Callable[[A, Settled], None], scratch: Path) -> A:
        """Go through all settled pieces: ``add`` each to what ``new`` makes; ``scratch`` is a folder for buckets."""
        if self._streams:
            result = new()
            try:
                for piece in self._stream():
                    add(result, piece)
            except OutOfOrderError:
                pass
            else:
                return result
        result = new()
        for piece in self.whole(scratch):
            add(result, piece)
        return result

    @property
    def _streams(self) -> bool:
        apart = self.rule.register or self.words.get("channel") or any(
            len(summands(str(name))) > 1 for role in ADDED for name in self.words.get(role) or ()
        )  # fmt: skip
        return bool(self.words) and not apart

    def scan(self) -> Iterator[Loose]:
        """All readings, loose, in the order of the files by name."""
        self._anew()
        rows = Rows(self.spec, self.words, self.meters, self.tally) if self.words else None
        for file, path in self.files.items():
            try:
                if self.spec["columns"] == "nem12":
                    yield nem12.loose(file, path, self.meters, self.tally, self.spec)
                    continue
                if rows is None or ami_files.suffix(file) == ".xml":
                    received = -1.0 if self.spec.get("received_sign") == "negative" else 1.0
                    yield espi.loose(file, path, self.meters, self.tally, received)
                    continue
                for block in _ahead(ami_files.blocks(file, path, self.spec, self.words)):
                    if file not in self.used:
                        self.used[file] = _used(block.layout)
                        self._absent(file, block.layout)
                    yield rows.loose(block)
            except SourceError as err:
                self.broken.append((file, str(err)))
            except UnicodeDecodeError as err:
                self.broken.append((file, f"{file}: holds text that is not UTF-8, so it cannot be trusted: {err}"))

    def _absent(self, file: str, found: Layout) -> None:
        """Tell the columns that the study itself names and a file does not have; of shipped maps many are not there."""
        if isinstance(self.spec["columns"], Mapping):
            for role in [r for r in SINGLE if self.words.get(r) and r not in found.roles]:
                names = " or ".join(map(str, self.words[role]))
                self.tally.add(file, Trouble("ami.column", role, 1, 0, names), refuses=False)
            for role in SINGLE:
                for name in beside(found.header, self.words.get(role) or ()):
                    self.tally.add(file, Trouble("ami.beside", name, 1, 0, role), refuses=False)

    def _stream(self) -> Iterator[Settled]:
        """Pieces as they come; raises OutOfOrderError once a meter goes back in time."""
        twice: list[Loose] = []
        for rows in _ahead(self.scan()):
            often = rows.later != 0
            if often.any():
                twice.append(rows.take(often))
                rows = rows.take(~often)
            piece = settle(rows, self.rule)
            self._follows(piece.rows)
            yield piece
        if twice:
            yield self._nights(twice)

    def _follows(self, rows: Loose) -> None:
        if len(self._last) < len(self.meters.names):
            more = np.full(len(self.meters.names) - len(self._last), np.iinfo(np.int32).min, np.int32)
            self._last = np.concatenate([self._last, more])
        if not len(rows.code):
            return
        edge = np.flatnonzero(rows.code[1:] != rows.code[:-1])
        begin, end = np.concatenate([[0], edge + 1]), np.append(edge, len(rows.code) - 1)
        code = rows.code[begin]
        if (rows.start[begin] <= self._last[code]).any():
            raise OutOfOrderError
        self._last[code] = rows.start[end]

    def _nights(self, twice: list[Loose]) -> Settled:
        rows, dropped = settle_twice(joined(twice))
        piece = settle(rows, self.rule)
        return Settled(piece.rows, np.concatenate([piece.copies, dropped]), piece.conflicts)

    def whole(self, scratch: Path, bucket_of: Callable[[int, int], int] | None = None) -> Iterator[Settled]:
        """Pieces of whole meters; ``bucket_of(code, buckets)`` says which meters lie together, -1 those left out."""
        expected = sum(ami_files.count(f, p) for f, p in self.files.items() if p.is_file())
        buckets = Buckets(min(MOST, 1 + expected // BUCKET), scratch, bucket_of)
        twice: list[Loose] = []
        for rows in _ahead(self.scan()):
            often = rows.later != 0
            if often.any():
                twice.append(rows.take(often))
                rows = rows.take(~often)
            buckets.add(rows)
        dropped = np.zeros(0, np.int32)
        if twice:
            rows, dropped = settle_twice(joined(twice))
            buckets.add(rows)
        for rows in buckets:
            piece = settle(rows, self.rule)
            yield Settled(
                piece.rows, np.concatenate([piece.copies, dropped]), piece.conflicts, piece.resets, piece.rollovers,
                piece.spans, piece.jumps, piece.halves, piece.lacks, piece.alike,
            )  # fmt: skip
            dropped = np.zeros(0, np.int32)


def _top_kwh(spec: Mapping[str, Any], words: Mapping[str, Any]) -> float | None:
    """What registers have counted when they begin again at zero; None where each has a multiplier of its own."""
    digits = spec.get("register_digits")
    if not digits or words.get("multiplier"):
        return None
    return float(10.0**digits * factor(spec["unit"], spec.get("interval_min") or 0) * spec["multiplier"])


def _used(found: Any) -> dict[str, str]:
    """Columns of a header and what each is; empty for those that are not read."""
    roles = {p: r for r, p in found.roles.items()} | dict.fromkeys(found.spread, found.shape)
    return {f"{name} (#{p + 1})" if found.header.count(name) > 1 else name: roles.get(p, "")
            for p, name in enumerate(found.header)}  # fmt: skip


class Buckets:
    """Loose readings by bucket: in memory while they are few, in files of a scratch folder once they are many."""

    def __init__(self, count: int, scratch: Path, bucket_of: Callable[[int, int], int] | None):
        self.count, self.scratch = count, scratch
        self._of = bucket_of or (lambda code, buckets: code % buckets)
        self._place = np.zeros(0, np.int32)
        self._held: list[list[Loose]] = [[] for _ in range(count)]
        self._number = 0
        self._files: dict[int, pa.RecordBatchFileWriter] = {}

    def add(self, rows: Loose) -> None:
        """Put readings into their buckets, those of each in the order in which they come."""
        if not len(rows.code):
            return
        place = self._places(int(rows.code.max()) + 1)[rows.code]
        if (place == place[0]).all():
            if place[0] >= 0:
                self._hold(int(place[0]), rows)
        else:
            order = np.argsort(place, kind="stable")
            edges = np.searchsorted(place[order], np.arange(self.count + 1))
            for bucket in range(self.count):
                if edges[bucket] < edges[bucket + 1]:
                    self._hold(bucket, rows.take(order[edges[bucket] : edges[bucket + 1]]))
        if self._number > HELD and self.count > 1:
            self._spill()

    def _hold(self, bucket: int, rows: Loose) -> None:
        self._held[bucket].append(rows)
        self._number += len(rows.code)

    def _places(self, codes: int) -> NDArray[np.int32]:
        if len(self._place) < codes:
            more = [self._of(c, self.count) for c in range(len(self._place), codes)]
            self._place = np.concatenate([self._place, np.array(more, np.int32)])
        return self._place

    def _spill(self) -> None:
        self.scratch.mkdir(parents=True, exist_ok=True)
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        for bucket, parts in enumerate(self._held):
            if not parts:
                continue
            if bucket not in self._files:
                path = str(self.scratch / f"{bucket}.arrow")
                self._files[bucket] = pa.ipc.new_file(path, _SPILL, options=options)
            columns = [pa.array(c) for c in joined(parts)]
            self._files[bucket].write_batch(pa.RecordBatch.from_arrays(columns, schema=_SPILL))
        self._held, self._number = [[] for _ in range(self.count)], 0

    def __iter__(self) -> Iterator[Loose]:
        """The readings of each bucket that has any; the files are gone afterwards."""
        if self._files:
            self._spill()
        for writer in self._files.values():
            writer.close()
        for bucket in range(self.count):
            if bucket in self._files:
                path = self.scratch / f"{bucket}.arrow"
                table = pa.ipc.open_file(str(path)).read_all()
                path.unlink()
                yield Loose(*(c.to_numpy() for c in table.columns))
            elif self._held[bucket]:
                yield joined(self._held[bucket])
                self._held[bucket] = []
        if self._files:
            shutil.rmtree(self.scratch, ignore_errors=True)


def _ahead(rows: Iterator[A]) -> Iterator[A]:
    """The same, the next items being made by a thread meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(next, rows, None) for _ in range(AHEAD))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, rows, None))
            yield item
