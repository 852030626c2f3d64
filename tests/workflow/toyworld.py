"""A folder with a study, a store, results and toy stages, in which all jobs are asked one after the other.

Asking every job of every stage is what `snakemake --forceall` does, so what is computed here is what a run computes;
that Snakemake itself notices what it must is the matter of test_snakemake.py.
"""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from dtl.spec.study import load
from dtl.workflow import fingerprint, job, plan
from dtl.workflow.questions import solvable
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store

MODULES = {
    "read_source": "toy.ingest",
    "merge_network": "toy.ingest",
    "split_feeders": "toy.ingest",
    "split_readings": "toy.ingest",
    "prepare_feeder": "toy.feeders",
    "solve_feeder": "toy.feeders",
    "assess_feeder": "toy.feeders",
    "host_feeder": "toy.feeders",
    "formula_feeder": "toy.feeders",
    "comply_feeder": "toy.feeders",
    "sweep_feeder": "toy.feeders",
    "mitigate_feeder": "toy.feeders",
    "choose_works": "toy.report",
    "validate_feeder": "toy.feeders",
    "learn_feeder": "toy.feeders",
    "learn": "toy.report",
    "gather": "toy.report",
    "write_site": "toy.report",
    "build_site": "toy.report",
    "publish_site": "toy.report",
}
REGISTRIES = {"solve_feeder": "toy.registry:LAYERS", "gather": "toy.registry:OVER_CASES"}
TOYS = {
    name: replace(
        stage, function=f"{MODULES[name]}:{name}", registry=REGISTRIES.get(name, ""), data=(), distributions=()
    )
    for name, stage in STAGES.items()
}
STUDY = """\
dtl: 1
title: A toy
question: Does it hold?
timezone: America/Chicago
feeders: [a, b]
years: {measured: 2025, planned: [2026, 2030]}
sources:
  dss: {kind: opendss, path: data/*/master.dss}
  other: {kind: opendss, path: other/*/master.dss}
network: {model: dss}
demand: {from: model_loads, shape: residential, classes: overrides/classes.csv}
layers:
  more: {kind: growth, per_year: 0.02}
scenarios:
  base: {title: As it is, stack: []}
  growth: {title: More, stack: [more]}
powerflow: {hours: [0, 1, 2]}
"""

Asked = tuple[str, str, str]


class World:
    """The current folder of the process; `code` is where the toy stages are imported from."""

    def __init__(self, folder: Path, code: Path):
        self.folder, self.code = folder, code
        self.study = folder / "studies" / "toy" / "study.yaml"
        self.store = Store(folder / ".dtl-store")

    def build(self) -> World:
        for source, feeders in (("data", "ab"), ("other", "ab")):
            for i, feeder in enumerate(feeders, 1):
                self.raw(f"{source}/{feeder}/master.dss", f"kw {100 * i + len(source)}\n")
        self.raw("overrides/classes.csv", "load,class\n")
        self.study.write_text(STUDY)
        return self

    def raw(self, name: str, text: str) -> Path:
        path = self.study.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def say(self, old: str, new: str) -> None:
        """Replace a text of the study, which must be there."""
        text = self.study.read_text()
        assert old in text, old
        self.study.write_text(text.replace(old, new))

    def edit(self, module: str, old: str, new: str) -> None:
        """Replace a text of the toy code; modules are imported anew, as a new process does."""
        path = self.code / "toy" / f"{module}.py"
        text = path.read_text()
        assert old in text, old
        path.write_text(text.replace(old, new))
        forget()

    def plan(self) -> plan.Plan:
        return plan.make(load(self.study.parent), self.store, TOYS)

    def slices(self) -> Slices:
        return Slices(load(self.study.parent), TOYS, fingerprint.Code())

    def run(self) -> dict[str, list[Asked]]:
        """Ask every job; the answers by how they came: computed or fetched."""
        slices = self.slices()
        found: dict[str, list[Asked]] = {"computed": [], "fetched": []}
        for stage in TOYS.values():
            index = self.folder / "results" / "toy" / "feeders.json"
            of = {"source": slices.sources, "study": [""], "group": solvable(index) if index.exists() else []}
            for each in of[stage.per] if slices.asked(stage.name) else []:
                record = job.run(slices.job(stage.name, each), self.store, TOYS)
                for said in record["answers"]:
                    found[said["how"]].append((stage.name, each, said["case"]))
        return found

    def clean(self) -> None:
        shutil.rmtree(self.folder / "results")

    def bytes(self) -> dict[str, bytes]:
        """Every file of the results but those of the runs."""
        base = self.folder / "results" / "toy"
        files = [p for p in sorted(base.rglob("*")) if p.is_file() and p.relative_to(base).parts[0] != "runs"]
        return {p.relative_to(base).as_posix(): p.read_bytes() for p in files}


def forget() -> None:
    """Let the toy code be imported anew."""
    for name in [n for n in sys.modules if n.split(".")[0] == "toy"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    fingerprint._package.cache_clear()


@contextmanager
def entered(patch: pytest.MonkeyPatch, folder: Path) -> Iterator[World]:
    """Be in the folder of a world, with its toy code first on the path."""
    patch.chdir(folder)
    patch.syspath_prepend(folder / "code")
    patch.setattr(sys, "dont_write_bytecode", True)
    forget()
    yield World(folder, folder / "code")
    forget()
