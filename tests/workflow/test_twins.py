"""One answer for cases that a group cannot tell apart: the same bytes as if each were solved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tinystudy import Tiny

from dtl import layout
from dtl.report.publish.parts import Results
from dtl.spec.study import load
from dtl.spec.twins import reach
from dtl.workflow import digests, job, twins
from dtl.workflow.questions import Job
from dtl.workflow.slices import Slices
from dtl.workflow.stages import STAGES
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
report:
  publish: {min_customers: 1, max_customer_share: 1.0}
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
    own = ["base@2026", "base@2030", "grown@2026", "grown@2030"]
    assert first.cases == own, "the layer of another feeder does not reach it: it is not asked"
    assert slices.twins(first.group) == {"cars@2026": "grown@2026", "cars@2030": "grown@2030"}
    assert second.cases == sorted([*own, "cars@2026", "cars@2030"]) and slices.twins(second.group) == {}
    told = {case: twins.twin(first, case) for case in first.cases}
    assert told == {case: case for case in own} | {"base@2030": "base@2026"}, "without layers the years are alike"
    assert slices.job("host_feeder", first.group).cases == ["base@2026", "base@2030", "cars@2030"]


def test_a_scenario_for_other_feeders_leaves_the_jobs_of_a_group_as_they_were(slices: Slices) -> None:
    first, second = groups(slices)
    text = (slices.study.folder / "study.yaml").read_text()
    before = {(s, g): slices.job(s, g).spec for s in ("solve_feeder", "assess_feeder") for g in (first, second)}
    more = text.replace(
        "scenarios:",
        "  a_more: {kind: ev, profile: level1_residential, to: all, penetration: 0.1, feeders: ["
        + second
        + "]}\nscenarios:",
    )
    more = more.replace("analyses:", "  all_of_it: {stack: [more, elsewhere, a_more]}\nanalyses:")
    (slices.study.folder / "study.yaml").write_text(more)
    after = Slices(load(slices.study.folder))
    for (stage, group), spec in before.items():
        assert (after.job(stage, group).spec == spec) == (group == first), (stage, group)


def test_an_empty_table_of_one_case_is_not_taken_for_that_of_two(slices: Slices) -> None:
    """`kept` has no rows here, so that its bytes are the same in both groups, though one was asked more cases."""
    first, second = groups(slices)
    for group in (first, second):
        job.run(slices.job("solve_feeder", group), Store())
        for stage in ("host_feeder", "assess_feeder"):
            job.run(slices.job(stage, group), Store())
    kept = {g: Path(layout.KEPT.format(study=slices.study.name, group=g)).read_bytes() for g in (first, second)}
    assert kept[first] == kept[second]
    job.run(slices.job("gather"), Store())
    asked = job.question(slices.job("write_site"), "", Store()).inputs["kept"]
    assert sorted(asked[first]) == slices.job("solve_feeder", first).cases
    assert sorted(asked[second]) == slices.job("solve_feeder", second).cases


def test_results_are_those_of_a_study_that_asks_every_group_every_case(slices: Slices) -> None:
    whole = {name: replace(stage, folded=False) for name, stage in STAGES.items()}
    found: dict[bool, dict[str, bytes]] = {}
    asked: dict[bool, int] = {}
    for folded in (True, False):
        stages = STAGES if folded else whole
        own = Slices(slices.study, stages)
        cases = 0
        for stage in ("solve_feeder", "host_feeder", "assess_feeder"):
            for group in groups(slices):
                cases += len(job.run(own.job(stage, group), Store(), stages)["answers"])
        asked[folded] = cases
        for stage in ("gather", "write_site", "publish_site"):
            job.run(own.job(stage), Store(), stages)
        root = Path("results") / slices.study.name
        kept = [root / "cube.parquet", *sorted((root / "site").rglob("*")), *sorted((root / "public").rglob("*"))]
        found[folded] = {str(p): p.read_bytes() for p in kept if p.is_file()}
        digests.write_atomically(
            Path(layout.SPEC.format(study=slices.study.name)), digests.pretty(slices.study.canonical())
        )
        digests.write_atomically(
            Path(layout.REACH.format(study=slices.study.name)), digests.pretty(reach(slices.study))
        )
        parts = {f"{p.relation}/{p.name}": p.make() for p in Results(slices.study.name).parts()}
        found[folded] |= {name: str(sorted(table.to_pylist(), key=str)).encode() for name, table in parts.items()}
    assert asked[False] == asked[True] + 4
    assert len(found[True]) > 40 and found[True].keys() == found[False].keys()
    unlike = [name for name in found[True] if found[True][name] != found[False][name]]
    assert unlike == []


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
