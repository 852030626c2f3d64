"""What the orchestration of a study costs beyond its physics, by the number of feeders.

Run it as a program: ``python tests/bench/orchestration.py 10 100 1000``. Every feeder is one line and one load, solved
at three hours, so what remains is planning, Snakemake and the start of jobs. Printed are wall times [s] of the first
run, of a run in which nothing changed, of one with a scenario more, and what of the first one the stages took; behind a
stroke the processor time [s], which counts where the machine has other work.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NOTHING_S = 10.0
"""The budget of a run of 1,000 feeders in which nothing changed [s]."""
MASTER = """\
clear
new circuit.{name} basekv=12.47 pu=1.02 phases=3 bus1=head
new line.main bus1=head bus2=mid phases=3 length=2 units=km r1=0.2 x1=0.4 r0=0.5 x0=1.2 c1=0 c0=0 normamps=120
new load.all bus1=mid phases=3 kv=12.47 kw={kw} kvar=300 model=1
set voltagebases=[12.47]
calcvoltagebases
solve
"""
STUDY = """\
dtl: 1
title: Orchestration
timezone: America/Chicago
feeders: ['*']
years: {measured: 2025, planned: [2026]}
sources:
  dss: {kind: opendss, path: data/*/master.dss}
network: {model: dss}
demand: {from: model_loads, shape: residential}
powerflow: {hours: [0, 12, 5000]}
layers:
  more: {kind: growth, per_year: 0.02}
scenarios:
  base: {title: As it is, stack: []}
"""
SECOND = "  growth: {title: More, stack: [more]}\n"


def prepare(feeders: int) -> Path:
    """Write the study; its file."""
    folder = Path("studies/many")
    for n in range(feeders):
        name = f"f{n:04}"
        (folder / "data" / name).mkdir(parents=True)
        (folder / "data" / name / "master.dss").write_text(MASTER.format(name=name, kw=500 + n))
    (folder / "study.yaml").write_text(STUDY)
    return folder / "study.yaml"


def run(*words: str) -> tuple[float, float]:
    """Wall time and processor time of a verb with all its children [s]."""
    begun, before = time.perf_counter(), _processor()
    done = subprocess.run([sys.executable, "-m", "dtl.cli", *words], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2):
        sys.exit(f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return time.perf_counter() - begun, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def inside() -> tuple[int, float]:
    """Number of jobs of groups, and the time that all stages took by themselves [s]."""
    records = [json.loads(p.read_text()) for p in Path("results/many/runs").rglob("*.json") if p.name != "last.json"]
    records = [r for r in records if isinstance(r, dict) and "answers" in r and "stage" in r]
    return len(records), sum(a["seconds"] for r in records for a in r["answers"])


def main() -> int:
    """Print the table; 1 if nothing to do takes too long."""
    worst, home = 0.0, Path.cwd()
    print(f"{'feeders':>8}{'jobs':>7}{'first':>14}{'stages':>9}{'nothing':>12}{'plan':>12}{'second':>14}{'MB':>6}")
    for count in [int(word) for word in sys.argv[1:]] or [10, 100]:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            study = prepare(count)
            first = run("run", "many")
            jobs, stages = inside()
            nothing = run("run", "many")
            plan = run("plan", "many")
            study.write_text(study.read_text() + SECOND)
            second = run("run", "many")
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            said = [f"{wall:.1f}/{processor:.1f}" for wall, processor in (first, nothing, plan, second)]
            print(
                f"{count:>8}{jobs:>7}{said[0]:>14}{stages:>9.1f}{said[1]:>12}{said[2]:>12}{said[3]:>14}{peak:>6.0f}",
                flush=True,
            )
            worst = max(worst, nothing[0])
            os.chdir(home)
    return 0 if worst <= NOTHING_S else 1


if __name__ == "__main__":
    sys.exit(main())
