"""The speed of reading CYME text: `python tests/bench/cyme_text.py [feeders]`, on an export of `dtl synth utility`.

Three measures in processor time, best of three: files to tables (20 MB/s is the goal), files to tables by one
dictionary per line (what a plain loop does, for the ratio), and files to parts of feeders with the whole account.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dtl.sources.cyme_blocks import read_tables
from dtl.sources.cyme_text import read
from dtl.sources.reading import Reading

GOAL_MB_S = 20.0


def line_by_line(files: dict[str, Path]) -> int:
    """The rows as one dictionary each, in a loop."""
    rows = []
    for path in files.values():
        header: list[str] = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            cells = [c.strip() for c in next(csv.reader([line]), [])]
            if line.startswith("FORMAT_"):
                header = line.partition("=")[2].upper().split(",")
            elif cells and not line.startswith("["):
                rows.append((number, dict(zip(header, cells, strict=False))))
    return len(rows)


def best(of: Callable[[], object], times: int = 3) -> float:
    """The least processor time of some tries [s]."""
    found = []
    for _ in range(times):
        start = time.process_time()
        of()
        found.append(time.process_time() - start)
    return min(found)


def main(feeders: int) -> None:
    """Print the three speeds."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "utility"
        words = f"synth utility --feeders {feeders} --days 0 --formats cyme_text --errors none --no-volts"
        subprocess.run([sys.executable, "-m", "dtl.cli", *words.split(), "--out", str(folder)], check=True,
                       capture_output=True)  # fmt: skip
        files = {p.relative_to(folder).as_posix(): p for p in sorted((folder / "cyme").rglob("*.txt"))}
        megabytes = sum(p.stat().st_size for p in files.values()) / 1e6
        tables = best(lambda: read_tables(Reading("c", "cyme_text"), files, "as_marked"))
        loop = best(lambda: line_by_line(files), 1)
        parts = best(lambda: read("c", {"path": "cyme/{feeder}/*.txt"}, files), 1)
    print(
        f"{feeders} feeders, {megabytes:.1f} MB in {len(files)} files: to tables {megabytes / tables:.1f} MB/s "
        f"(goal {GOAL_MB_S:g}), {loop / tables:.1f} times a loop of dictionaries ({megabytes / loop:.1f} MB/s); "
        f"to parts and account {megabytes / parts:.2f} MB/s"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
