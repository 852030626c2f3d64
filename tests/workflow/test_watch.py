"""What `dtl watch` says of a run that goes on, has ended, or stopped."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from dtl.errors import StoreError
from dtl.processes import identity
from dtl.workflow import watch


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/s/runs").mkdir(parents=True)
    return tmp_path / "results/s"


def write(study: Path, done: int, *, process: str = "", more: bool = False) -> None:
    state = {"done": done, "of": 4, "more": more, "left_s": 12.0, "stages": {"solve_feeder": done}}
    (study / "progress.json").write_text(json.dumps(state))
    lock = study / "runs/lock"
    lock.unlink(missing_ok=True)
    if process:
        lock.write_text(json.dumps({"process": process, "host": socket.gethostname(), "run": "r"}))


def test_a_run_is_followed_to_its_end(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    turns = iter([3, 4])

    def sleep(_: float) -> None:
        done = next(turns)
        write(study, done, process=identity(os.getpid()) if done < 4 else "")

    write(study, 1, process=identity(os.getpid()))
    assert watch.run("s", once=False, sleep=sleep) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" jobs")[0] for line in lines] == ["1 of 4", "3 of 4", "all 4 of 4"]


def test_jobs_of_groups_not_known_yet_are_said_to_come(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(study, 3, process=identity(os.getpid()), more=True)
    assert watch.run("s", once=True) == 0
    write(study, 3, more=True)
    assert watch.run("s", once=True) == 1
    running, stopped = capsys.readouterr().out.splitlines()
    assert running.startswith("3 of the first 4 jobs") and stopped.startswith("stopped after 3 of the first 4 jobs")


def test_a_run_that_died_is_told(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(study, 2, process="1-0")
    assert watch.run("s", once=True) == 1
    assert "stopped after 2 of 4" in capsys.readouterr().out
    with pytest.raises(StoreError, match="dtl run other"):
        watch.run("other", once=True)
