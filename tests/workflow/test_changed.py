"""What is touched since a revision: studies and feeders, and nothing that only looks touched."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from gitrepo import Repo

from dtl import cli
from dtl.workflow import changed, revisions, run
from dtl.workflow.run import Options
from dtl.workflow.store import Store


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository with two studies, of which nothing was run."""
    monkeypatch.chdir(tmp_path)
    repo = Repo(tmp_path)
    shutil.copytree(repo.study.parent, tmp_path / "studies/other")
    repo.commit("Another study")
    return repo


def plans(capsys: pytest.CaptureFixture[str], *words: str, code: int) -> dict[str, dict[str, object]]:
    assert cli.main(["plan", *words, "--base", "main", "--json"]) == code
    out = capsys.readouterr().out
    found: dict[str, dict[str, object]] = json.loads(out[out.index("{\n") :])
    return found


def test_studies_and_feeders_that_are_touched(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.ask("tiny")
    capsys.readouterr()
    repo.say("kw=900", "kw=950", "studies/tiny/data/a/master.dss")
    found = plans(capsys, code=2)
    assert found["other"]["touched"] == []
    told = {(x["stage"], x["of"], x["case"]) for x in found["tiny"]["touched"]}
    three = {how: {(x["stage"], x["of"], x["case"]) for x in found["tiny"][how]} for how in
             ("compute", "may_change", "reuse")}  # fmt: skip
    assert three["compute"] | three["may_change"] <= told
    assert ("read_source", "dss", "") in three["compute"]
    assert found["tiny"]["groups_touched"] == ["a", "b"], "groups that are not known yet are not counted"
    assert cli.main(["plan", "tiny", "--base", "main"]) == 2
    assert "feeders a, b (2 of 2)" in capsys.readouterr().out

    computed = repo.ask("tiny")
    capsys.readouterr()
    assert len(three["compute"]) <= computed <= len(three["compute"] | three["may_change"])
    found = plans(capsys, "tiny", code=2)
    assert found["tiny"]["groups_touched"] == ["a"], "known exactly once the sources are read"
    assert {x["of"] for x in found["tiny"]["touched"]} == {"", "dss", "a"}
    assert [x["stage"] for x in found["tiny"]["compute"]] == ["write_site", "build_site"]


def test_what_was_never_run_is_untouched_where_it_asks_the_same(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is in the store, so no answer is known by its inputs; still the two revisions ask the same."""
    repo.study.write_text(repo.study.read_text() + "# a remark\n")
    found = plans(capsys, code=2)
    assert found["tiny"]["touched"] == [] and found["tiny"]["compute"]
    assert found["tiny"]["minutes"] == {"compute": None, "may_change": None}, "nothing was timed, no group is known"
    repo.say("title: Two tiny feeders", "title: Two small feeders")
    assert cli.main(["plan", "tiny", "--base", "main"]) == 2
    assert "only its pages are touched since main" in capsys.readouterr().out
    repo.say("per_year: 0.02", "per_year: 0.03")
    assert cli.main(["plan", "tiny", "--base", "main"]) == 2
    assert "answers; its feeders are known when the sources were read" in capsys.readouterr().out
    told = plans(capsys, "tiny", code=2)["tiny"]["touched"]
    assert {(x["stage"], x["case"]) for x in told if x["stage"] == "solve_feeder"} == {
        ("solve_feeder", "growth@2026"), ("solve_feeder", "growth@2030")
    }  # fmt: skip
    assert not {x["stage"] for x in told} & {"read_source", "merge_network", "split_feeders", "prepare_feeder"}


def test_only_touched_studies_run(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def note(name: str, options: Options) -> int:
        ran.append(name)
        return 1

    monkeypatch.setattr(run, "run", note)
    assert cli.main(["run", "--changed", "--base", "main"]) == 0 and ran == []
    repo.say("per_year: 0.02", "per_year: 0.03")
    shutil.copytree(repo.study.parent, repo.folder / "studies/third")
    assert cli.main(["run", "--changed", "--base", "main"]) == 1 and ran == ["third", "tiny"]
    assert cli.main(["run", "other", "--changed", "--base", "main"]) == 0 and ran == ["third", "tiny"]


def test_a_base_with_mistakes_counts_as_touched(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    text = repo.study.read_text()
    repo.say("per_year", "per_yaer")
    repo.commit("A mistake")
    repo.study.write_text(text)
    assert cli.main(["plan", "tiny", "--base", "main"]) == 2
    out = capsys.readouterr().out
    assert "touched since main" in out and "cannot be planned, so all counts as touched" in out


def test_files_of_a_submodule_belong_to_a_revision(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    """Raw files in a repository of their own, pinned by a commit: a base has those of its commit."""
    data, inner = repo.folder / "studies/tiny/data", repo.folder.parent / f"{repo.folder.name}-data"
    shutil.move(data, inner)
    repo.git("rm", "-r", "--quiet", "--cached", "studies/tiny/data")
    repo.git("-C", str(inner), "init", "--quiet", "--initial-branch=main")
    repo.git("-C", str(inner), "add", "--all")
    repo.git("-C", str(inner), "commit", "--quiet", "--message", "Grid")
    repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "studies/tiny/data")
    repo.commit("Data of their own")
    assert plans(capsys, "tiny", code=2)["tiny"]["touched"] == []
    master = data / "a/master.dss"
    master.write_text(master.read_text().replace("kw=900", "kw=950"))
    assert {(x["stage"], x["of"]) for x in plans(capsys, "tiny", code=2)["tiny"]["touched"]} >= {("read_source", "dss")}
    repo.git("-C", str(data), "commit", "--quiet", "--all", "--message", "More load")
    repo.commit("Newer data")
    assert plans(capsys, "tiny", code=2)["tiny"]["touched"] == []
    repo.git("tag", "newer")
    repo.git("-C", str(data), "checkout", "--quiet", "HEAD~1")
    assert cli.main(["plan", "tiny", "--base", "newer~1"]) == 2
    assert "untouched since newer~1" in capsys.readouterr().out


def test_names_of_files_are_what_they_are(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    """Blanks, quotes, letters beyond ASCII and, where no source reads them, bytes that are no letters."""
    odd = os.fsdecode(b"latin-\xf6.txt")
    for name in ('a "plan" – ö.txt', odd):
        (repo.study.parent / "overrides").mkdir(exist_ok=True)
        (repo.study.parent / "overrides" / name).write_text("kept in Git\n")
        (repo.study.parent / f"ignored {name}").write_text("too large for Git\n")
    shutil.copy(repo.study.parent / "overrides" / 'a "plan" – ö.txt', repo.study.parent / "data/a")
    (repo.folder / ".gitignore").write_text("results/\n.dtl-store/\nignored*\n")
    assert cli.main(["check", "tiny", "--lock"]) == 0
    repo.commit("Names")
    assert plans(capsys, "tiny", code=2)["tiny"]["touched"] == []
    with revisions.exported(repo.git("rev-parse", "HEAD"), Store()) as (folder, lent):
        assert len(lent) == 2 and all((folder / name).is_file() for name in lent)
        assert (folder / "studies/tiny/overrides" / odd).is_file()
    shutil.copy(repo.study.parent / "overrides" / odd, repo.study.parent / "data/a")
    assert cli.main(["plan", "tiny", "--base", "main"]) == 1
    assert "the name of the file 'data/a/latin-\\udcf6.txt' is not UTF-8" in capsys.readouterr().err


def test_names_that_are_not_there(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "--base", "mian"]) == 1
    assert "no revision 'mian'; did you mean 'main'?" in capsys.readouterr().err
    assert cli.main(["plan", "tinny", "--base", "main"]) == 1
    assert "no study tinny" in capsys.readouterr().err


def test_nothing_is_left_of_a_revision(repo: Repo) -> None:
    changed.since("tiny", "main", Store())
    assert list((repo.folder / ".dtl-store/scratch").iterdir()) == []
    assert repo.git("status", "--porcelain") == ""
