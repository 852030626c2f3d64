"""What a run may cost, and when it comes again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from gitrepo import Repo

from dtl import cli
from dtl.spec.report import Refresh
from dtl.workflow import schedule


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(tmp_path)
    return Repo(tmp_path)


def test_what_costs_more_is_refused_before_anything_starts(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.study.write_text(repo.study.read_text() + "budget: {cpu_minutes: 0.0001}\n")
    assert cli.main(["plan", "tiny"]) == 2
    assert "never timed: " in capsys.readouterr().out, "what was never timed cannot be estimated, and is said"
    repo.ask("tiny")
    assert cli.main(["plan", "tiny"]) == 2, "what is in the store costs nothing"
    capsys.readouterr()

    repo.say("per_year: 0.02", "per_year: 0.03")
    before = sorted(Path("results").rglob("*"))
    assert cli.main(["plan", "tiny"]) == 1
    err = capsys.readouterr().err
    assert "for a budget of 0.0001" in err and "Raise it in the study" in err
    assert cli.main(["plan", "tiny", "--base", "main"]) == 1
    assert cli.main(["run", "tiny"]) == 1
    assert "more than `budget.cpu_minutes`" in capsys.readouterr().err
    assert not Path(".snakemake/log").exists() and not Path("results/tiny/progress.json").exists()
    assert [p for p in sorted(Path("results").rglob("*")) if p.name != "owner"] == before

    shutil.rmtree("results")  # a fresh clone with the store, in which other revisions left their times
    assert cli.main(["plan", "tiny"]) == 1
    assert "; never timed: build_site, write_site; more than" in capsys.readouterr().err

    repo.say("cpu_minutes: 0.0001", "cpu_minutes: 60")
    assert cli.main(["plan", "tiny"]) == 2
    assert "for a budget of 60;" in capsys.readouterr().out


def test_what_was_timed_is_told_beside_what_was_not(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["plan", "tiny"]) == 2
    assert "time unknown before the first run" in capsys.readouterr().out
    repo.ask("tiny")
    repo.say("per_year: 0.02", "per_year: 0.03")
    capsys.readouterr()
    assert cli.main(["plan", "tiny"]) == 2
    told = capsys.readouterr().out
    assert "min of one core; not counted, as never timed here: write_site, build_site" in told
    assert "time unknown" not in told
    cli.main(["plan", "tiny", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["minutes"]["compute"] > 0 and "solve_feeder" not in found["untimed"]["compute"]


@pytest.mark.parametrize(
    ("every", "day", "end"),
    [("week", 1, "* * 1"), ("week", 7, "* * 0"), ("month", 5, "5 * *"), ("quarter", 28, "28 1,4,7,10 *"),
     ("year", 2, "2 1 *")],
)  # fmt: skip
def test_lines_of_cron(every: str, day: int, end: str) -> None:
    line = schedule.cron("demo", Refresh.model_validate({"every": every, "day": day}))
    minute, hour, *rest = line.split()
    assert " ".join(rest) == end and 0 <= int(minute) < 60 and 1 <= int(hour) < 5


def test_the_schedule_of_all_studies(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    import yaml

    assert cli.main(["schedule"]) == 0
    assert "no study says `refresh:`" in capsys.readouterr().out
    repo.study.write_text(repo.study.read_text() + "refresh: {every: month, day: 5}\n")
    assert cli.main(["schedule"]) == 0
    said = yaml.safe_load("on:\n" + capsys.readouterr().out)[True]["schedule"]
    assert len(said) == 1 and said[0]["cron"].endswith(" 5 * *")
    assert cli.main(["schedule", "--due", said[0]["cron"]]) == 0
    assert capsys.readouterr().out == "tiny\n"
    assert cli.main(["schedule", "--due", "0 0 1 1 *"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["schedule", "--forge", "gitlab"]) == 0
    assert said[0]["cron"] in capsys.readouterr().out
    repo.say("day: 5", "day: 9")
    repo.say("every: month", "every: week")
    assert cli.main(["schedule"]) == 1
    assert "1 (Monday) to 7 (Sunday)" in capsys.readouterr().err


def test_a_changed_raw_file_is_told_with_both_digests(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    import hashlib

    master = repo.study.parent / "data/a/master.dss"
    before = hashlib.sha256(master.read_bytes()).hexdigest()
    assert cli.main(["check", "tiny", "--lock"]) == 0
    master.write_text(master.read_text().replace("kw=900", "kw=950"))
    after = hashlib.sha256(master.read_bytes()).hexdigest()
    for verb in ("check", "run"):
        capsys.readouterr()
        assert cli.main([verb, "tiny"]) == 1
        said = "".join(capsys.readouterr())
        assert before[:16] in said and after[:16] in said and "data/a/master.dss" in said and "dtl check --lock" in said
    assert not Path("results").exists()
