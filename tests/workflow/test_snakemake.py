"""The ten cases of staleness, through the whole of Snakemake, on a real study."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest
from tinystudy import Tiny

pytestmark = pytest.mark.workflow

PAGES = {"write_site": 1, "build_site": 1}
INGEST = {"read_source": 1, "merge_network": 1, "split_feeders": 1}
FEEDERS = {"prepare_feeder": 2, "solve_feeder": 8, "assess_feeder": 8}
ALL = {**INGEST, "split_readings": 1, **FEEDERS, "gather": 1, **PAGES}
EARLY = {*INGEST, "split_readings"}
TOTAL = sum(ALL.values())
HOSTED = "{for: [base@2030], hours: extremes_48, methods: {stochastic: {placements: 2, kw_each: [6, 18]}}}"
ONE = {**INGEST, "prepare_feeder": 1, "solve_feeder": 4, "assess_feeder": 4, "gather": 1, **PAGES}
"""What one changed feeder of two computes; the readings are the same."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """The study after its first run; tests work on copies."""
    tiny = Tiny(tmp_path_factory.mktemp("tiny"))
    tiny.dtl("run", "tiny")
    return tiny


@pytest.fixture
def tiny(done: Tiny, tmp_path: Path) -> Tiny:
    shutil.copytree(done.folder, tmp_path / "t", copy_function=shutil.copy2)
    return Tiny(tmp_path / "t")


def test_the_first_run_computes_everything_and_sums_up(done: Tiny) -> None:
    assert done.answers() == ALL
    assert (done.results / "www/index.html").is_file()
    facts = json.loads((done.results / "runs/last.json").read_text())
    assert facts["answer"] and facts["seconds"] > 0 and len(facts["commands"]) == 1
    script = (done.results / "www/run.js").read_text()
    assert facts["run"] in script and "DTL.run = {" in script


def test_again_there_is_nothing_to_do(tiny: Tiny) -> None:
    said = tiny.dtl("run", "tiny")
    assert "nothing to do" in said and "snakemake" not in said
    assert "site: results/tiny/www/index.html" in said
    assert tiny.dtl("plan", "tiny").startswith(f"tiny: 0 to compute, 0 may change, {TOTAL} to reuse")


def test_one_value_of_a_scenario(tiny: Tiny) -> None:
    tiny.say("per_year: 0.02", "per_year: 0.03")
    plan = json.loads(tiny.dtl("plan", "tiny", "--json", code=2))
    assert plan["may_change"] == []
    tiny.dtl("run", "tiny")
    assert tiny.answers() == {"solve_feeder": 4, "assess_feeder": 4, "gather": 1, **PAGES}
    assert sum(tiny.answers().values()) == len(plan["compute"])


def test_a_scenario_more_and_a_title(tiny: Tiny) -> None:
    tiny.say("scenarios:\n", "scenarios:\n  twice: {stack: [more]}\n")
    tiny.say("Two tiny", "Two very tiny")
    tiny.dtl("run", "tiny")
    assert tiny.answers() == {"solve_feeder": 4, "assess_feeder": 4, "gather": 1, **PAGES}
    tiny.say("Two very tiny", "Two really tiny")
    tiny.dtl("run", "tiny")
    assert tiny.answers() == PAGES


def test_a_raw_file_replaced_by_an_older_one(tiny: Tiny) -> None:
    """`cp -p` and `rsync -t` bring other content with an older time, which Snakemake alone does not see."""
    master = tiny.study.parent / "data/a/master.dss"
    master.write_text(master.read_text().replace("kw=900", "kw=950"))
    os.utime(master, ns=(10**18, 10**18))
    tiny.dtl("plan", "tiny", code=2)
    tiny.dtl("run", "tiny")
    assert tiny.answers() == ONE


def test_a_remark_in_a_raw_file_is_cut_off(tiny: Tiny) -> None:
    master = tiny.study.parent / "data/a/master.dss"
    master.write_text(master.read_text() + "! a remark\n")
    tiny.dtl("run", "tiny")
    assert set(tiny.answers()) <= {"read_source", "merge_network", "split_feeders", *PAGES}


def test_a_fresh_clone_with_the_store(tiny: Tiny, tmp_path: Path) -> None:
    shutil.copytree(tiny.folder / ".dtl-store", tmp_path / "clone" / ".dtl-store")
    clone = Tiny(tmp_path / "clone")
    clone.dtl("run", "tiny", "--fresh")
    assert clone.answers() == {}
    assert clone.bytes() == tiny.bytes()


def test_results_of_elsewhere_are_refused(tiny: Tiny, tmp_path: Path) -> None:
    """Stale results with new times and foreign metadata: Snakemake alone would say that there is nothing to be done."""
    shutil.copytree(tiny.results, tmp_path / "clone/results/tiny")
    shutil.copytree(tiny.folder / ".dtl-store", tmp_path / "clone/.dtl-store")
    clone = Tiny(tmp_path / "clone")
    master = clone.study.parent / "data/a/master.dss"
    master.write_text(master.read_text().replace("kw=900", "kw=950"))
    for path in clone.results.rglob("*"):
        os.utime(path)
    assert "use --fresh" in clone.dtl("run", "tiny", code=1)
    clone.dtl("run", "tiny", "--fresh")
    assert clone.answers() == ONE


def test_fresh_asks_everything_and_computes_nothing(tiny: Tiny) -> None:
    wanted = tiny.bytes()
    tiny.dtl("run", "tiny", "--fresh")
    assert tiny.answers() == {}
    assert json.loads((tiny.results / "runs/last.json").read_text())["answers"]["fetched"] == TOTAL
    assert tiny.bytes() == wanted


def test_outputs_deleted_changed_and_left_over_are_put_right(tiny: Tiny) -> None:
    wanted = tiny.bytes()
    (tiny.results / "f/a/hourly.parquet").unlink()
    (tiny.results / "f/b/manifest.json").write_text("{}")
    shutil.rmtree(tiny.results / "www")
    shutil.copytree(tiny.results / "f/a", tiny.results / "f/gone")
    tiny.dtl("run", "tiny")
    assert tiny.answers() == {}
    assert tiny.bytes() == wanted


def test_touched_outputs_are_no_reason_to_run(tiny: Tiny) -> None:
    for path in tiny.results.rglob("*"):
        os.utime(path)
    assert "nothing to do" in tiny.dtl("run", "tiny")


def test_by_hand_without_a_worker_the_bytes_are_the_same(tiny: Tiny, tmp_path: Path) -> None:
    """`snakemake --config study=tiny`, as somebody may call it, up to the gate."""
    import subprocess
    import sys

    from tinystudy import ROOT

    clone = Tiny(tmp_path / "hand")
    command = [str(Path(sys.executable).with_name("snakemake")), "--snakefile", str(ROOT / "Snakefile"),
               "--workflow-profile", str(ROOT / "profiles/default"), "--config", "study=tiny"]  # fmt: skip
    here = {**clone.environment(), "OMP_NUM_THREADS": "1"}
    here["PATH"] = f"{Path(sys.executable).parent}:{here['PATH']}"
    finished = subprocess.run(command, cwd=clone.folder, env=here, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-3000:]
    assert (clone.results / "runs/gate").exists()
    wanted = tiny.bytes()
    del wanted["study.json"], wanted["reach.json"]
    assert clone.bytes() == wanted


def test_one_feeder_alone(tmp_path: Path) -> None:
    tiny = Tiny(tmp_path)
    tiny.dtl("run", "tiny", "--feeder", "b")
    assert (tiny.results / "f/b/assess.parquet").is_file()
    assert not (tiny.results / "f/a").exists() and not (tiny.results / "www").exists()
    assert "nothing to do" in tiny.dtl("run", "tiny", "--feeder", "b")
    assert "has no feeder x" in tiny.dtl("run", "tiny", "--feeder", "x", code=1)


def large(folder: Path, named: str) -> Tiny:
    """The study with a model of more than a megabyte and a layer for one class of customers."""
    tiny = Tiny(folder)
    with (tiny.study.parent / "data/a/master.dss").open("a", encoding="utf-8") as file:
        file.write("! a remark that makes the model large\n" * 30_000)
    tiny.say("per_year: 0.02", f"per_year: 0.02, to: {named}")
    return tiny


def test_all_that_is_asked_of_one_feeder_is_computed_and_nothing_of_others(tmp_path: Path) -> None:
    """Hosting capacity lies beside the assessment, and a page of works would wait for all feeders."""
    tiny = large(tmp_path, "residential")
    tiny.study.write_text(tiny.study.read_text() + f"analyses: {{hosting: {HOSTED}}}\n")
    assert "its sources are read first, which say its feeders" in tiny.dtl("run", "tiny", "--feeder", "b")
    assert sorted(p.name for p in (tiny.results / "f").iterdir()) == ["b"]
    assert (tiny.results / "f/b/assess.parquet").is_file() and (tiny.results / "f/b/hosting.parquet").is_file()
    assert not (tiny.results / "www").exists()
    assert "nothing to do" in tiny.dtl("run", "tiny", "--feeder", "b")


def test_a_large_model_is_read_by_the_pipeline_and_no_answer_of_its_run_is_asked_twice(tmp_path: Path) -> None:
    """What the names are judged by is read first; the rest of the run then finds it done, of the same run."""
    wrong, right = large(tmp_path / "wrong", "nobody"), large(tmp_path / "right", "residential")
    said = wrong.dtl("run", "tiny", code=1)
    assert "no customer of the study is of class 'nobody'" in said
    assert (wrong.results / "feeders.json").is_file() and not (wrong.results / "f").exists()
    assert re.search(r"^merge_network +1 job ", said, re.M), "what was read is shown as it is done"
    assert wrong.dtl("watch", "tiny", "--once", code=1).startswith("stopped after")
    said = right.dtl("run", "tiny")
    told = re.findall(r"^(read_source|merge_network|solve_feeder) +(\d+) jobs? ", said, re.M)
    assert [stage for stage, _ in told] == ["read_source", "merge_network", "solve_feeder"]
    assert right.answers() == ALL
    facts = json.loads((right.results / "runs/last.json").read_text())
    assert len(facts["commands"]) == 1 and "--forcerun" not in facts["commands"][0]


def test_results_of_a_clock_that_ran_ahead_are_taken_up(tiny: Tiny, tmp_path: Path) -> None:
    shutil.copytree(tiny.folder, tmp_path / "ahead", symlinks=True)
    ahead, late = Tiny(tmp_path / "ahead"), time.time() + 365 * 86_400
    for path in ahead.results.rglob("*"):
        os.utime(path, (late, late), follow_symlinks=False)
    ahead.say("per_year: 0.02", "per_year: 0.03")
    ahead.dtl("run", "tiny")
    assert ahead.answers()["solve_feeder"] > 0
    assert max(path.stat().st_mtime for path in ahead.results.rglob("*")) < late - 86_400


def test_a_command_from_the_log_gives_the_same_bytes(tiny: Tiny) -> None:
    """A job's line is complete: copied into a shell it publishes the same."""
    from dtl.spec.study import load
    from dtl.workflow import digests, fingerprint
    from dtl.workflow.slices import Slices

    wanted = tiny.bytes()
    each = Slices(load(tiny.study.parent)).job("solve_feeder", "a")
    (tiny.results / "f/a/powerflow.parquet").unlink()
    spec, code = digests.canonical(each.spec), fingerprint.pack(each.code)
    said = tiny.dtl("job", "solve_feeder", "--study", "tiny", "--group", "a", "--spec", spec, "--code", code)
    assert said.count("fetched") == 4
    file = tiny.folder / "slice.json"
    file.write_text(spec)
    tiny.dtl("job", "solve_feeder", "--study", "tiny", "--group", "a", "--spec", f"@{file}", "--code", code)
    assert tiny.bytes() == wanted


def test_a_broken_expectation_fails_after_the_site_is_there(tmp_path: Path) -> None:
    tiny = Tiny(tmp_path)
    tiny.study.write_text(tiny.study.read_text() + "expect: {failed_feeders: {at_most: 0.4}}\n")
    (tiny.study.parent / "data/b/master.dss").write_text("garbled \x00 [not] a master\n")
    said = tiny.dtl("run", "tiny", code=1)
    index = json.loads((tiny.results / "feeders.json").read_text())["groups"]
    assert index["a"]["status"] == "ok"
    assert index["b"]["status"] == "failed" and index["b"]["reason"]
    assert "expect.failed_feeders" in said
    assert (tiny.results / "www/index.html").is_file()
    assert "nothing to do" in tiny.dtl("run", "tiny", code=1)
    assert "expect.failed_feeders" in tiny.dtl("gate", "tiny", code=1)


def test_resolve_reads_the_sources_to_know_the_feeders(tmp_path: Path) -> None:
    tiny = Tiny(tmp_path)
    first = json.loads(tiny.dtl("plan", "tiny", "--json", code=2))
    assert {x["of"] for x in first["may_change"]} == {"*"}
    resolved = json.loads(tiny.dtl("plan", "tiny", "--json", "--resolve", code=2))
    assert resolved["may_change"] == []
    assert len(resolved["compute"]) == TOTAL - len(EARLY) and len(resolved["reuse"]) == len(EARLY)
    tiny.dtl("run", "tiny")
    assert tiny.answers() == {k: v for k, v in ALL.items() if k not in EARLY}


def test_verify_computes_a_sample_again(tiny: Tiny) -> None:
    said = tiny.dtl("store", "verify", "--sample", "100%")
    assert f"{TOTAL} answers, 0 wrong" in said
    assert f"{TOTAL} answers computed again, 0 differ" in said
    assert f"{TOTAL} answers" in tiny.dtl("store", "size")


def test_a_store_that_was_deleted_is_filled_again(tiny: Tiny) -> None:
    """Snakemake sees results that are up to date, and the plan knows none of their answers."""
    wanted = tiny.bytes()
    shutil.rmtree(tiny.folder / ".dtl-store")
    tiny.dtl("run", "tiny")
    assert tiny.answers() | {"build_site": 1} == ALL, "the page is built twice, the second time it is fetched"
    assert tiny.bytes() == wanted
    assert "nothing to do" in tiny.dtl("run", "tiny")


def test_a_store_that_was_pruned_is_filled_again_where_asked(tiny: Tiny) -> None:
    wanted = tiny.bytes()
    tiny.dtl("store", "prune", "--max", "20 kB")
    assert tiny.dtl("plan", "tiny", code=2)
    tiny.dtl("run", "tiny")
    assert sum(tiny.answers().values()) > 0
    assert tiny.bytes() == wanted
    assert "nothing to do" in tiny.dtl("run", "tiny")
