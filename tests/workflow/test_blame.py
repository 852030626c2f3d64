"""Which commit moved a number, and by what; and a number followed to its inputs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gitrepo import OVERLOADED, Repo
from tinystudy import PROGRAM, ROOT

from dtl import cli
from dtl.workflow import causes, ledger
from dtl.workflow.store import Answer, Question, Store

COMMITS = ["first", "raw", "remark", "never run", "more"]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    """A study, then a larger load of feeder b, a remark, a commit that was not run, and more growth."""
    folder, before = tmp_path_factory.mktemp("history"), Path.cwd()
    os.chdir(folder)
    repo = Repo(folder)
    repo.git("tag", "first")
    repo.ask()
    repo.say("kw=900", "kw=1000", "studies/tiny/data/b/master.dss")
    repo.ask()
    repo.commit("raw")
    repo.study.write_text(repo.study.read_text() + "# a remark\n")
    repo.commit("remark")
    repo.say("per_year: 0.02", "per_year: 0.1")
    repo.commit("never run")
    repo.say("per_year: 0.1", OVERLOADED)
    repo.ask()
    repo.commit("more")
    (folder / "README.md").write_text("nothing of the study\n")
    repo.commit("elsewhere")
    yield repo
    os.chdir(before)


@pytest.fixture
def repo(history: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(history.folder)
    return history


def blamed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    capsys.readouterr()
    assert cli.main(["blame", "tiny", *words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_a_number_of_a_feeder_is_moved_by_what_concerns_it(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    found = blamed(capsys, "b/max_line_load_pct", "--case", "growth@2030")
    assert [p["subject"] for p in found["points"]] == ["more", "never run", "remark", "raw", "The study"]
    assert [p["known"] for p in found["points"]] == [True, False, True, True, True]
    more, raw = found["moves"]
    assert more["causes"] == ["word: layers.more.per_year: 0.02 -> 0.35 (solve_feeder, assess_feeder)"]
    assert more["between"] == [repo.git("rev-parse", "HEAD~2")]
    assert raw["causes"] == ["raw file: data/b/master.dss changed (read_source)"]
    assert raw["before"] == repo.git("rev-parse", "first") and raw["between"] == []

    only_more = blamed(capsys, "a/max_line_load_pct", "--case", "growth@2030")["moves"]
    assert [m["after"] for m in only_more] == [repo.git("rev-parse", "HEAD~1")]


def test_the_worst_case_is_meant_and_an_element_appears(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    found = blamed(capsys, "a/main/hours_over_h")
    assert found["address"] == "a/main/hours_over_h in growth@2030"
    assert [p["value"] for p in found["points"]] == [2.0, None, None, None, None]
    assert len(found["moves"]) == 1
    assert cli.main(["blame", "tiny", "lines_over"]) == 0
    text = capsys.readouterr().out
    assert "more" in text and "0 -> 2" in text and "which were not run" in text


def test_a_clone_without_its_past_says_so(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As continuous integration clones by default: one commit deep."""
    repo.git("clone", "--quiet", "--depth", "1", f"file://{repo.folder}", str(tmp_path / "clone"))
    monkeypatch.setenv("DTL_STORE", str(repo.folder / ".dtl-store"))
    monkeypatch.chdir(tmp_path / "clone")
    for words in (["plan", "tiny", "--base", "HEAD~1"], ["diff", "HEAD~1", "HEAD"]):
        assert cli.main(words) == 1
        assert "older commits are not in it: fetch the rest by `git fetch --unshallow`" in capsys.readouterr().err
    assert cli.main(["blame", "tiny", "b/max_line_load_pct", "--case", "growth@2030"]) == 0
    assert capsys.readouterr().out.endswith(
        "shallow, older commits are not in it: what moved it before cannot be told\n"
    )


def test_names_that_are_not_there(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    for words, said in (
        (["tiny", "c/min_pu"], "no feeder 'c'"),
        (["tiny", "a/min_pv"], "no metric 'min_pv'; did you mean 'min_pu'"),
        (["tiny", "a/min_pu", "--case", "growth@2031"], "did you mean 'growth@2030'"),
        (["tiny", "a/nothing/max_load_pct"], "an element within its limits has none"),
    ):
        assert cli.main(["why", *words]) == 1
        assert said in capsys.readouterr().err
    assert cli.main(["blame", "tiny", "c/min_pu", "--most", "1"]) == 1
    assert "no feeder 'c'" in capsys.readouterr().err
    assert cli.main(["blame", "tinny", "min_pu"]) == 1
    assert "no study tinny" in capsys.readouterr().err


def test_why_of_a_number(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["why", "tiny", "a/max_line_load_pct"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("tiny a/max_line_load_pct in growth@2030: ") and "limit 100" in lines[0]
    assert '"per_year":0.35' in lines[1]
    text = "\n".join(lines)
    assert "data/a/master.dss  raw file" in text and "f/a/powerflow.parquet" in text
    assert "/f/b/" not in text, "the other feeder has no part in it"
    assert "base@2030: key" not in text, "nor have other cases"


def test_the_ledger_finds_what_keys_no_longer_do(repo: Repo) -> None:
    """As after an upgrade of a package: what a run wrote down is found by the trees of study and code."""
    store = Store()
    facts = {"run": "r1", "ended": "", "git": "", "spec": ""}
    ledger.note(store, "tiny", facts)
    head = repo.git("rev-parse", "HEAD")
    key = ledger.cube_at(store, "tiny", head)
    assert key is not None and store.answer(key) is not None
    assert ledger.cube_at(store, "tiny", repo.git("rev-parse", "HEAD~1")) == key, "a commit elsewhere changes nothing"
    assert ledger.cube_at(store, "tiny", repo.git("rev-parse", "first")) is None
    text = repo.study.read_text()
    try:
        repo.say(OVERLOADED, "per_year: 0.2")
        ledger.note(store, "tiny", facts | {"run": "r2"})
        assert ledger.cube_at(store, "tiny", head) == key, "an edited study is no run of that commit"
        assert repo.git("status", "--porcelain") == "M studies/tiny/study.yaml", "the index is as it was"
    finally:
        repo.study.write_text(text)
        shutil.rmtree(store.root / "runs")


def test_code_is_named_by_its_kind() -> None:
    def answer(code: dict[str, str], **inputs: object) -> Answer:
        asked = Question("solve_feeder", {"case": "base"}, code, inputs)
        return Answer(asked.key, asked, {}, 0.0)

    then = answer({"": "a", "growth": "b", "ev": "c"}, feeder="x", raw={"one": "1", "two": "2"})
    now = answer({"": "a", "growth": "B", "solar": "d"}, feeder="y", raw={"one": "1", "three": "3"})
    assert list(causes.differences(then, now)) == [
        ("code", "of ev"), ("code", "of growth"), ("code", "of solar"),
        ("raw file", "three is new"), ("raw file", "two is gone"),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_repository_with_its_own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of each revision plans and runs it: an edit of the code is found, a remark in it is none."""
    monkeypatch.chdir(tmp_path)
    repo = Repo(tmp_path)
    ignore = shutil.ignore_patterns("__pycache__", "vendor")
    for name in ("dtl", "rules", "profiles", "site", "envs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    shutil.copy2(ROOT / "Snakefile", tmp_path)
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--amend", "--no-edit")

    def dtl(*words: str, code: int = 0) -> str:
        env = {k: v for k, v in os.environ.items() if not k.startswith("DTL_")} | {"PYTHONPATH": str(tmp_path)}
        done = subprocess.run([*PROGRAM, *words], env=env, capture_output=True, text=True)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert PROGRAM[0] == sys.executable
    dtl("run", "tiny")
    repo.say('"""The thermal rows', '"""All thermal rows', "dtl/analyses/thermal.py")
    repo.commit("a docstring")
    assert "no material change" in dtl("diff", "HEAD~1", "HEAD")
    repo.say("(1.0 + per_year)", "(1.1 + per_year)", "dtl/scenarios/growth.py")
    repo.commit("other growth")
    assert "are not in the store" in dtl("diff", "HEAD~1", "HEAD", code=1)
    dtl("run", "tiny")
    told = json.loads(dtl("blame", "tiny", "a/max_line_load_pct", "--case", "growth@2030", "--json"))
    assert [m["causes"] for m in told["moves"]] == [["code: of growth (solve_feeder)"]]
