"""A month of hourly readings of a million meters: read, split by feeder and summed by transformer, in bounded memory.

Run it as a program: ``python tests/bench/million.py 1000000 [--out DIR]``. Files of 20,000 meters each are written
first (not counted); then the stages of a run do what they do there: `read` goes through all readings for what they
tell of each meter, `split` writes those of each feeder, `aggregate` sums each feeder's by transformer and hour. The
energy of all three must be the one that was written: that of `read` to 1e-9, that of the files of feeders, whose values
have single precision, to 1e-6. Peak memory and the most disk that source, scratch and results took are told.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dtl.demand.aggregate import aggregate
from dtl.demand.calendar import Calendar
from dtl.sources import ami, ami_split

HOURS, PER_FILE, PER_TRANSFORMER, PER_FEEDER = 720, 20_000, 10, 1_000
SPEC = {
    "kind": "ami", "path": "readings", "columns": "ours", "interval_min": 60, "stamp": "interval_start", "zone": "UTC",
    "timezone": "UTC", "time_format": None, "unit": "kWh", "multiplier": 1.0, "positive": "delivered",
    "reads": "interval", "register_digits": None, "quality": None, "repeated": "none", "header_row": 1, "decimal": ".",
}  # fmt: skip
SHAPE = 0.6 + 0.4 * np.sin(np.arange(HOURS) * 2 * np.pi / 24 - 2)

A = TypeVar("A")


def make(folder: Path, meters: int) -> tuple[dict[str, Path], float]:
    """Write the files; their paths by name, and their energy [kWh]."""
    folder.mkdir(parents=True)
    start = pa.array(np.datetime64("2025-06-01", "s") + np.arange(HOURS) * np.timedelta64(3600, "s"))
    chance, total, files = np.random.default_rng(1), 0.0, {}
    for first in range(0, meters, PER_FILE):
        count = min(PER_FILE, meters - first)
        level = chance.uniform(0.2, 3.0, count)[:, None]
        kwh = np.round(level * SHAPE * chance.uniform(0.5, 1.5, (count, HOURS)), 3)
        total += float(kwh.sum())
        index = pa.array(np.repeat(np.arange(count, dtype=np.int32), HOURS))
        meter = pa.DictionaryArray.from_arrays(index, pa.array([name(first + k) for k in range(count)]))
        stamps = start.take(pa.array(np.tile(np.arange(HOURS), count)))
        path = folder / f"part{first // PER_FILE:03d}.parquet"
        pq.write_table(pa.table({"meter": meter, "start": stamps, "kwh": kwh.ravel()}), path, compression="zstd")
        files[f"readings/{path.name}"] = path
    return files, total


def name(meter: int) -> str:
    """The name of a meter."""
    return f"M{meter:07d}"


def main() -> None:
    """Write, go through the three stages, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("meters", nargs="?", type=int, default=100_000)
    parser.add_argument("--out", type=Path, help="work here (default: a folder that is removed)")
    given = parser.parse_args()
    root = given.out or Path(tempfile.mkdtemp())
    meters = given.meters
    files, written = make(root / "source", meters)
    feeders = [f"F{k:04d}" for k in range(-(-meters // PER_FEEDER))]
    owner = {name(k): feeders[k // PER_FEEDER] for k in range(meters)}
    print(f"{meters:,} meters, {meters * HOURS:,} readings, {len(feeders):,} feeders, {_gb(root):.2f} GB of files")
    with _disk(root) as most:
        reading = _timed("read", meters, lambda: ami.read("readings", SPEC, files))
        _same("read", float(np.sum(reading.tables["series"]["kwh"].to_numpy())), written, 1e-9)
        told = _timed("split", meters, lambda: ami_split.split({"m": SPEC}, files, owner, feeders, root / "groups"))
        if sum(told.readings.values()) != meters * HOURS or any(told.unplaced.values()):
            raise SystemExit(f"split: {sum(told.readings.values()):,} readings, {told.unplaced}")
        _same(
            "aggregate", _timed("aggregate", meters, lambda: _summed(root / "groups", feeders, meters)), written, 1e-6
        )
    print(
        f"most disk {max(most):.1f} GB, most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"
    )
    if given.out is None:
        shutil.rmtree(root)


def _summed(folder: Path, feeders: list[str], meters: int) -> float:
    """All energy, summed feeder by feeder, transformer by transformer and hour by hour [kWh]."""
    calendar, total = Calendar(2025), 0.0
    for place, feeder in enumerate(feeders):
        own = range(place * PER_FEEDER, min((place + 1) * PER_FEEDER, meters))
        table = pa.table({
            "meter": [name(k) for k in own],
            "transformer": [f"T{k // PER_TRANSFORMER:06d}" for k in own],
            "customer_class": ["residential"] * len(own),
        })  # fmt: skip
        found = aggregate(folder / f"{feeder}.parquet", table, calendar, "UTC", 60)
        total += float(found.kwh.sum())
    return total


def _timed(what: str, meters: int, done: Callable[[], A]) -> A:
    begun, busy = time.perf_counter(), time.process_time()
    answer = done()
    wall = time.perf_counter() - begun
    million = meters * HOURS / 1e6
    print(
        f"{what:10s}{wall:8.1f} s {time.process_time() - busy:8.1f} s of processor {million / wall:8.1f} M readings/s"
    )
    return answer


def _same(what: str, found: float, written: float, most: float) -> None:
    if abs(found / written - 1) > most:
        raise SystemExit(f"{what}: {found} kWh, but {written} kWh were written")


@contextmanager
def _disk(folder: Path) -> Iterator[list[float]]:
    """The size of a folder every five seconds [GB]."""
    seen, over = [_gb(folder)], threading.Event()

    def watch() -> None:
        while not over.wait(5.0):
            seen.append(_gb(folder))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield seen
    over.set()
    watcher.join()


def _gb(folder: Path) -> float:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total / 1e9


if __name__ == "__main__":
    main()
