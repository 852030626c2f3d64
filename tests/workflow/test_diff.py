"""What changed between revisions, cases and studies: told when it matters, silent when not."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from gitrepo import OVERLOADED, Repo

from dtl import cli, tables
from dtl.report import difference
from dtl.workflow import diff
from dtl.workflow.store import Store


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """Four commits, of which the third was never run: `calm`, a remark, `unknown`, and `main` with overloads."""
    folder = tmp_path_factory.mktemp("history")
    before = Path.cwd()
    os.chdir(folder)
    repo = Repo(folder)
    repo.git("tag", "calm")
    repo.ask()
    repo.study.write_text(repo.study.read_text() + "# a remark\n")
    repo.commit("Remark")
    repo.git("tag", "remark")
    repo.say("per_year: 0.02", "per_year: 0.5")
    repo.commit("Never run")
    repo.git("tag", "unknown")
    repo.say("per_year: 0.5", OVERLOADED)
    repo.ask()
    repo.commit("Much more growth")
    yield repo
    os.chdir(before)


@pytest.fixture
def repo(history: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(history.folder)
    return history


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int) -> str:
    assert cli.main(["diff", *words]) == code
    out, err = capsys.readouterr()
    return err if code == 1 else out


def test_new_violations_between_revisions(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(said(capsys, "calm", "main", "--json", code=2))[0]
    assert told["counts"] == {"new": 2, "worse": 0, "better": 0, "cured": 0}
    assert {(v["feeder"], v["element"], v["case"], v["before"]) for v in told["violations"]} == {
        ("a", "main", "growth@2030", None), ("b", "main", "growth@2030", None)
    }  # fmt: skip
    assert all(v["after"] > v["limit"] and v["hours_after"] > 0 for v in told["assets"])
    assert told["touched"] == ["a", "b"]
    assert told["answers"] == 9 and told["minutes"] > 0
    assert told["causes"] == ["word: layers.more.per_year: 0.02 -> 0.35 (solve_feeder, assess_feeder)"]
    cases = {c["case"] for c in told["figures"]}
    assert cases == {"", "growth@2026", "growth@2030"}, "base is as it was"


def test_backwards_they_are_cured(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    there = json.loads(said(capsys, "calm", "main", "--json", code=2))[0]
    back = json.loads(said(capsys, "main", "calm", "--json", code=2))[0]
    assert back["counts"] == {"new": 0, "worse": 0, "better": 0, "cured": 2}
    ahead = {(c["case"], c["feeder"], c["metric"]): c["after"] - c["before"] for c in there["figures"]}
    behind = {(c["case"], c["feeder"], c["metric"]): c["before"] - c["after"] for c in back["figures"]}
    assert {k: behind[k] for k in ahead if k in behind} == {k: v for k, v in ahead.items() if k in behind}


def test_a_remark_is_one_line(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "calm", "remark", code=0)
    assert text.count("\n") == 1 and "no material change" in text
    page = said(capsys, "calm", "remark", "--md", code=0)
    assert page.splitlines()[0] == "<!-- dtl-diff -->" and "no material change" in page.splitlines()[1]


def test_the_comment_is_a_page_of_markdown(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    page = said(capsys, "calm", "main", "--md", code=2)
    assert page.startswith("<!-- dtl-diff -->\n### tiny: calm")
    assert "**2 violations new; 2 groups of feeders asked otherwise**" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len({line.count("|") - line.count("\\|") for line in rows}) <= 2, "two widths of tables"
    assert "| a line main | overload | growth@2030 | new | within |" in page
    assert "Cost of the run: 9 answers" in page
    assert "-> 0.35" in page and "<details>" in page


def test_a_revision_that_was_never_run_is_refused_with_the_command(
    repo: Repo, capsys: pytest.CaptureFixture[str]
) -> None:
    err = said(capsys, "calm", "unknown", code=1)
    commit = repo.git("rev-parse", "--short=9", "unknown")
    assert "9 answers are not in the store" in err and f"git worktree add ../tiny-{commit} {commit}" in err
    assert f"DTL_STORE={repo.folder / '.dtl-store'} dtl run tiny" in err


def test_names_that_mean_nothing_are_refused(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean" in said(capsys, "cal", "main", code=1)
    assert "not of one kind" in said(capsys, "base@2030", "calm", code=1)
    assert "no case or scenario 'bas'" in said(capsys, "tiny:bas", "tiny:growth", code=1)


def test_cases_and_scenarios_of_one_study(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    one = json.loads(said(capsys, "base@2030", "growth@2030", "--json", code=2))[0]
    assert one["counts"]["new"] == 2 and {v["case"] for v in one["violations"]} == {"base@2030 -> growth@2030"}
    both = json.loads(said(capsys, "base", "growth", "--json", code=2))[0]
    assert {c["case"] for c in both["figures"]} == {"base@2026 -> growth@2026", "base@2030 -> growth@2030"}
    assert said(capsys, "tiny:base@2030", "base@2030", code=0).count("\n") == 1


def test_the_working_tree_is_a_side(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert "working tree: no material change" in said(capsys, "main", code=0)
    text = repo.study.read_text()
    try:
        repo.say(OVERLOADED, "per_year: 0.02")
        assert "2 violations cured" in said(capsys, "main", code=2)
    finally:
        repo.study.write_text(text)


def test_a_study_more(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    copy = repo.folder / "studies/other"
    shutil.copytree(repo.study.parent, copy)
    try:
        text = said(capsys, "main", code=2)
        assert "other: main -> .\n" in text and "new: study other; it was not computed" in text
        repo.ask("other")
        page = said(capsys, "main", "--md", "--study", "other", "--study", "tiny", code=2)
        assert "**tiny**: main" in page and "**new: study other: " in page and "2 in growth@2030.**" in page
        assert re.search(r"Cost of the run: \d\d answers", page)
        unknown = said(capsys, "main", "--study", "othr", "--study", "tiny", code=1)
        assert "no study othr, neither at main nor at ." in unknown
        assert "tiny and other: tiny -> other: no material change" in said(capsys, "tiny", "other", code=0)
    finally:
        shutil.rmtree(copy)


def test_what_git_ignores_is_lent_to_a_revision(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    """Raw files too large for Git lie beside the studies; a revision finds them, and its answers."""
    folder = repo.folder / "studies/tiny/data"
    (repo.folder / ".git/info/exclude").write_text("data/\n")
    repo.git("rm", "-r", "--quiet", "--cached", "studies/tiny/data")
    commit = repo.commit("Data leave the repository")
    cli.main(["check", "tiny", "--lock"])
    pinned = repo.commit("Data are pinned")
    master = folder / "a/master.dss"
    text = master.read_text()
    try:
        assert folder.is_dir()
        assert "no material change" in said(capsys, "calm~0", "calm", code=0)
        assert json.loads(said(capsys, "calm", commit, "--json", code=2))[0]["counts"]["new"] == 2
        capsys.readouterr()
        assert "no material change" in said(capsys, commit, pinned, code=0)
        master.write_text(text.replace("kw=900", "kw=901"))
        now = hashlib.sha256(master.read_bytes()).hexdigest()
        err = said(capsys, pinned, code=1)
        assert now[:16] in err and hashlib.sha256(text.encode()).hexdigest()[:16] in err and "pins" in err
    finally:
        master.write_text(text)
        (repo.study.parent / "sources.lock.yaml").unlink()
        (repo.folder / ".git/info/exclude").write_text("")
        repo.git("reset", "--quiet", "HEAD~2")


def test_hours_and_values_decide_what_is_worse() -> None:
    """The thresholds as they are declared: one per cent of loading, or an hour and five per cent of the hours."""
    metric = difference.METRICS["max_load_pct"]
    assert difference._state(metric, 110.0, 110.5, 100.0, 104.0) == ""
    assert difference._state(metric, 110.0, 110.5, 100.0, 106.0) == "worse"
    assert difference._state(metric, 110.0, 108.0, 10.0, 10.0) == "better"
    assert difference._state(metric, None, 100.1, 0.0, 1.0) == "new"
    assert difference._state(metric, 100.1, None, 1.0, 0.0) == "cured"
    volts = difference.METRICS["min_pu"]
    assert difference._state(volts, 0.940, 0.9385, 10.0, 10.0) == ""
    assert difference._state(volts, 0.940, 0.9375, 10.0, 10.0) == "worse"


def test_rounding_about_zero_is_no_change() -> None:
    losses = difference.METRICS["loss_other_kwh"]
    assert difference.judged(losses, 2e-9, -3e-9) == "same"
    assert difference.judged(losses, 0.0, 0.5) == "worse"
    assert difference.judged(losses, 100.0, 100.5) == "same"


def test_a_failed_feeder_is_no_cure(repo: Repo) -> None:
    found = diff.of_revisions("main", ".", [], Store())[0]
    assert not found.found.material
    cube = tables.read("cube", Path("results/tiny/cube.parquet"))
    rows = [
        r if (r["metric"], r["feeder"]) != ("solved", "a") else r | {"value": 0.0}
        for r in cube.to_pylist()
        if r["level"] != "element" or r["feeder"] != "a"
    ]
    broken = difference.differ(cube, tables.frame("cube", rows), difference.same_cases(cube, cube))
    assert broken.counts["cured"] == 0
    assert {(c.feeder, c.metric, c.verdict) for c in broken.feeders} == {("a", "solved", "worse")}
