"""One answer for cases that a group cannot tell apart: the same bytes as if each were solved."""

from __future__ import annotations

from pathlib import Path

import pytest
from tinystudy import Tiny

from dtl.spec.study import load
from dtl.workflow import job, twins
from dtl.workflow.questions import Job
from dtl.workflow.slices import Slices
from dtl.workflow.store import Store

STUDY = """\
dtl: 1
title: Tiny
timezone: America/Chicago
feeders: [north, south]
years: {measured: 2025, planned: [2026, 2030]}
sources:
  dss: {kind: opendss, path: "data/*/master.dss"}
network: {model: dss}
demand: {from: [model_loads], shape: residential}
powerflow: {hours: [0, 1, 18, 4000]}
layers:
  more: {kind: growth, per_year: 0.03}
  elsewhere: {kind: ev, to: all, penetration: 0.3, feeders: [south]}
scenarios:
  base: {stack: []}
  grown: {stack: [more]}
  cars: {stack: [more, elsewhere]}
analyses:
  hosting:
    for: [base@2026, base@2030, cars@2030]
    at: loads
    up_to_kw: 500
    hours: extremes_48
    methods: {drive: {}}
"""


@pytest.fixture
def slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slices:
    tiny = Tiny(tmp_path)
    names = sorted(p.name for p in (tiny.study.parent / "data").iterdir() if p.is_dir())
    tiny.study.write_text(STUDY.replace("north", names[0]).replace("south", names[1]))
    monkeypatch.chdir(tmp_path)
    found = Slices(load(tiny.study.parent))
    for stage, of in (("read_source", "dss"), ("merge_network", ""), ("split_readings", ""), ("split_feeders", "")):
        job.run(found.job(stage, of), Store())
    for group in names:
        job.run(found.job("prepare_feeder", group), Store())
    return found


def groups(slices: Slices) -> list[str]:
    feeders = slices.study.feeders
    assert isinstance(feeders, list)
    return feeders


def test_cases_are_alike_by_layers_and_year(slices: Slices) -> None:
    first, second = (slices.job("solve_feeder", group) for group in groups(slices))
    told = {case: twins.twin(first, case) for case in first.cases}
    assert told["base@2030"] == "base@2026", "without layers the years are alike"
    assert told["grown@2030"] == "cars@2030", "the layer of another feeder does not reach it"
    assert told["grown@2026"] == "cars@2026", "with a layer that grows each year is its own"
    assert {twins.twin(second, case) for case in second.cases} == set(second.cases) - {"base@2030"}


@pytest.mark.parametrize("stage", ["solve_feeder", "host_feeder"])
def test_a_taken_over_answer_has_the_bytes_of_a_solved_one(
    slices: Slices, stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    solve = job._ask

    def counted(work: Job, case: str, *rest: object) -> None:
        asked.append(case)
        solve(work, case, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(job, "_ask", counted)
    work = slices.job(stage, groups(slices)[0])
    answers = job.run(work, Store())["answers"]
    assert sorted(asked) == sorted({twins.twin(work, case) for case in work.cases})
    assert len(asked) < len(work.cases)
    other = Store(tmp_path / "other")
    for answer in answers:
        again = job.answer_anew(work, answer["case"], Store(), other)
        folder = Store().root / "shelves" / again.key[:2] / again.key
        anew = other.root / "shelves" / again.key[:2] / again.key
        names = {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
        assert names
        for name in names:
            if name.name != "answer.json":
                assert (folder / name).read_bytes() == (anew / name).read_bytes(), (answer["case"], name)
