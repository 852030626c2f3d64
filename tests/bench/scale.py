"""A utility of so many feeders from raw files to its site: seconds and memory by stage, and what a change costs.

Run it as a program: ``python tests/bench/scale.py 10 100 1000 [--hosting] [--frozen] [--jobs 2] [--meters 100-160]
[--out DIR]``.
For each size a synthetic utility is written (not counted), then timed: everything from raw GIS, CYME, meters, SCADA,
outages and weather to the site over 8,760 hours; the run again with nothing changed; a layer that reaches ten feeders
edited; and with ``--hosting`` hosting capacity asked for on top. The table is Markdown; the slope is the exponent of
time over the number of feeders.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
FORMATS = "gdb,cyme_text,ami_parquet,scada,oms,weather,registers"
REACHED = 10
"""Feeders that the edited layer reaches."""

OWN = """\
layers:
  load_growth: {{kind: growth, per_year: 0.02}}
  new_cars:
    kind: ev
    profile: level2_residential
    to: residential
    penetration: {share}
    feeders: [{reached}]

scenarios:
  base: {{stack: [load_growth]}}
{second}
powerflow: {{controls: {controls}}}

analyses:
{hosting}
report: {{headline: thermal, units: us}}
expect: {{failed_feeders: {{at_most: 0}}}}

waive:
  outage.duplicate: {{why: The outage system exported some rows twice., by: planning}}
  outage.end-before-start: {{why: Some crews typed the hour of another day., by: planning}}
"""
COMPARE = "  compare: {baseline: base}\n"
HOSTING = COMPARE + "  hosting: {for: [base@2026], at: loads, methods: {stochastic: {placements: 200}}}\n"


def main() -> None:
    """Time each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("feeders", nargs="*", type=int, default=[10])
    parser.add_argument("--hosting", action="store_true", help="then Monte Carlo hosting, 200 placements a feeder")
    parser.add_argument("--frozen", action="store_true", help="with taps and capacitors held, as without controls")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--meters", default="100-160", help="fewest and most meters of a feeder")
    parser.add_argument("--days", type=int, default=30, help="days of meter data")
    parser.add_argument("--out", type=Path, help="keep the studies here (default: a folder that is removed)")
    given = parser.parse_args()
    folder = given.out or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    done = [_size(count, folder / f"n{count}", given) for count in given.feeders]
    _print(given.feeders, done)
    if given.out is None:
        shutil.rmtree(folder)


def _size(count: int, folder: Path, given: argparse.Namespace) -> dict[str, float]:
    """Write a utility, and run it three times; seconds and MB by what was done."""
    study = folder / "studies/scale"
    study.mkdir(parents=True, exist_ok=True)
    if not (study / "data/README.md").exists():
        words = f"--feeders {count} --meters {given.meters} --days {given.days} --step-min 60 --no-volts --seed 3"
        _dtl(folder, "synth", "utility", "--out", "studies/scale/data", *words.split(), "--jobs", str(given.jobs),
             "--formats", FORMATS)  # fmt: skip
    _write(study, count, share=0.10, second=False, frozen=given.frozen)
    run = ("run", "scale", "--cores", str(given.jobs))
    before = _cpu()
    with _watched() as seen:
        found = {"sources to site": _dtl(folder, *run), "its processor seconds": _cpu() - before}
    share = 100.0 * sum(seen.orchestration.values()) / found["sources to site"]
    found |= {"processor of `dtl run` and Snakemake, % of the wall": share, "memory of all its processes MB": seen.mb}
    found |= _stages(folder)
    found["nothing changed"] = _dtl(folder, *run)
    _write(study, count, share=0.10, second=True, frozen=given.frozen)
    found[f"a second scenario that changes {REACHED} feeders"] = _dtl(folder, *run)
    _write(study, count, share=0.15, second=True, frozen=given.frozen)
    found[f"its layer edited, which reaches {REACHED} feeders"] = _dtl(folder, *run)
    found["site MB"] = _megabytes(folder / "results/scale/www")
    if given.hosting:
        _write(study, count, share=0.15, second=True, frozen=given.frozen, hosting=True)
        found["hosting of every feeder added, 200 placements"] = _dtl(folder, *run)
    found["results and store MB"] = _megabytes(folder)
    return found


def _write(study: Path, count: int, *, share: float, second: bool, frozen: bool, hosting: bool = False) -> None:
    utility = (ROOT / "studies/utility/study.yaml").read_text(encoding="utf-8")
    head = utility[: utility.index("layers:")].replace("planned: [2026, 2035]", "planned: [2026]")
    reached = ", ".join(f"F{i:04d}" for i in range(1, min(REACHED, count) + 1))
    own = OWN.format(
        share=share,
        reached=reached,
        controls="frozen" if frozen else "active",
        second="  cars: {stack: [load_growth, new_cars]}\n" if second else "",
        hosting=HOSTING if hosting else COMPARE,
    )
    (study / "study.yaml").write_text(head + own, encoding="utf-8")


def _dtl(folder: Path, *words: str) -> float:
    """Seconds that a verb took; a failing one ends all."""
    begun = time.perf_counter()
    environ = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, "-m", "dtl.cli", *words], cwd=folder, env=environ, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"dtl {' '.join(words)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    seconds = time.perf_counter() - begun
    print(f"{folder.name}: dtl {words[0]} {seconds:.1f} s", file=sys.stderr, flush=True)
    return seconds


def _cpu() -> float:
    """Seconds of processor that the children took so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass
class Seen:
    """What the processes of a run took: the most memory of all at once [MB], processor by orchestrating process [s]."""

    mb: float = 0.0
    orchestration: dict[int, float] = field(default_factory=dict)

    def look(self, processes: list[psutil.Process]) -> None:
        """Add what they take now; shared pages count once."""
        now = 0.0
        for process in processes:
            with suppress(psutil.Error):
                now += process.memory_full_info().pss / 1e6
                words = process.cmdline()
                if "--snakefile" in words or words[1:4] == ["-m", "dtl.cli", "run"]:
                    times = process.cpu_times()
                    self.orchestration[process.pid] = times.user + times.system
        self.mb = max(self.mb, now)


@contextmanager
def _watched() -> Iterator[Seen]:
    """All descendants, looked at every second."""
    seen, over, me = Seen(), threading.Event(), psutil.Process()

    def watch() -> None:
        while not over.wait(1.0):
            seen.look(me.children(recursive=True))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield seen
    over.set()
    watcher.join()


def _stages(folder: Path) -> dict[str, float]:
    """Seconds of work of each stage, of all its answers, and the largest memory of its jobs [MB]."""
    found: dict[str, float] = {}
    peaks: dict[str, float] = {}
    for record in sorted((folder / "results/scale/runs/answers").glob("*/*.json")):
        stage = record.parent.name
        said = json.loads(record.read_text(encoding="utf-8"))
        found[f"{stage} s"] = found.get(f"{stage} s", 0.0) + sum(a["seconds"] for a in said["answers"])
        peaks[f"{stage} MB"] = max(peaks.get(f"{stage} MB", 0.0), said["peak_mb"])
    return found | peaks


def _megabytes(folder: Path) -> float:
    return sum(p.lstat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6


def _print(sizes: list[int], done: list[dict[str, float]]) -> None:
    print("| |", " | ".join(f"{n:,} feeders" for n in sizes), "| slope |")
    print("|---" * (len(sizes) + 2) + "|")
    for what in dict.fromkeys(k for d in done for k in d):
        row = [d.get(what, math.nan) for d in done]
        slope = (
            ""
            if len(row) < 2 or min(row) <= 0
            else f"{math.log(row[-1] / row[0]) / math.log(sizes[-1] / sizes[0]):.2f}"
        )
        print(f"| {what} |", " | ".join(f"{x:,.1f}" for x in row), f"| {slope} |")


if __name__ == "__main__":
    main()
