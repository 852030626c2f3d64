"""Killed at random points and taken up again: the results are those of an undisturbed run."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tinystudy import Tiny

from dtl import layout
from dtl.workflow.questions import record_path

pytestmark = pytest.mark.workflow

KILLS = {"group": 5, "snakemake": 5, "dtl": 2, "any": 20}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    tiny = Tiny(tmp_path_factory.mktemp("undisturbed"))
    begun = time.monotonic()
    tiny.dtl("run", "tiny")
    return tiny.bytes(), time.monotonic() - begun


def children(pid: int) -> list[int]:
    said = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(word) for word in said.split()]


def of_session(leader: int) -> list[str]:
    """What still works in a session; who is dead and only waits to be counted does not."""
    columns = ["-o", "stat=,pid=,ppid=,args="]
    said = subprocess.run(["ps", *columns, "--sid", str(leader)], capture_output=True, text=True).stdout
    return [line for line in said.splitlines() if not line.startswith("Z")]


def snakemake_of(process: subprocess.Popen[bytes]) -> int | None:
    """The Snakemake that a run starts, waited for; None when the run came to its end without."""
    while process.poll() is None:
        for child in children(process.pid):
            with contextlib.suppress(FileNotFoundError):
                words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                if any(word.endswith(b"/snakemake") for word in words):
                    return child
        time.sleep(0.01)
    return None


def killed(who: str, process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Kill a run, or a part of it, after some seconds; False when it came to its end before."""
    pid = snakemake_of(process) if who == "snakemake" else process.pid
    time.sleep(seconds)
    if pid is None or process.poll() is not None:
        return False
    try:
        (os.killpg if who == "group" else os.kill)(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return process.wait() != 0


@pytest.mark.parametrize("victim", ["group", "snakemake", "dtl", pytest.param("any", marks=pytest.mark.slow)])
def test_killed_and_taken_up_again(undisturbed: tuple[dict[str, bytes], float], tmp_path: Path, victim: str) -> None:
    wanted, seconds = undisturbed
    chance = random.Random(victim)
    tiny = Tiny(tmp_path)
    hit = 0
    while hit < KILLS[victim]:
        who = chance.choice(["group", "snakemake", "dtl"]) if victim == "any" else victim
        process = tiny.start("run", "tiny")
        if not killed(who, process, chance.uniform(0.1, 0.8) * seconds):  # begin anew, and kill earlier
            assert process.wait() == 0 and tiny.bytes() == wanted
            seconds /= 2
            for name in ("results", ".dtl-store", ".snakemake"):
                shutil.rmtree(tiny.folder / name)
            continue
        hit += 1
        deadline = time.monotonic() + 10
        while of_session(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert of_session(process.pid) == [], "worker and jobs die with their parent"
    tiny.dtl("run", "tiny")
    assert tiny.bytes() == wanted
    assert "nothing to do" in tiny.dtl("run", "tiny")
    assert "0 wrong" in tiny.dtl("store", "verify")
    assert not list((tiny.folder / ".dtl-store/scratch").iterdir())


KILLER = """
import os, pathlib, signal

rename, (when, file, flag) = pathlib.Path.replace, os.environ["KILL_AT"].split()

def replace(self, target):
    hit = pathlib.Path(target).as_posix().endswith(file) and os.path.exists(flag)
    if hit and when == "before":
        os.remove(flag)
        os.killpg(0, signal.SIGKILL)
    done = rename(self, target)
    if hit:
        os.remove(flag)
        os.killpg(0, signal.SIGKILL)
    return done

pathlib.Path.replace = replace
"""
"""Kills a run, once, before or after a file is renamed to a place; Python imports it when it starts."""

MOMENTS = (
    ("before", layout.DEMAND.format(study="tiny", group="b")),
    ("after", layout.DEMAND.format(study="tiny", group="b")),
    ("after", layout.LINKED.format(study="tiny", group="b")),
    ("before", record_path("tiny", "solve_feeder", "b").as_posix()),
    ("after", layout.MANIFEST.format(study="tiny", group="b")),
    ("after", layout.WWW.format(study="tiny")),
)
"""Each needs the one before it: what another feeder does meanwhile may be over by then."""


def test_killed_while_it_publishes(
    undisturbed: tuple[dict[str, bytes], float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marks of Snakemake do not help here: it looks for them before it knows the groups."""
    tiny, hook = Tiny(tmp_path), tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(KILLER)
    known = tiny.environment()
    for when, file in MOMENTS:
        flag = tmp_path / "flag"
        flag.touch()
        here = known | {"KILL_AT": f"{when} {file} {flag}", "PYTHONPATH": f"{hook}:{known['PYTHONPATH']}"}
        monkeypatch.setattr(tiny, "environment", lambda here=here: here)
        assert tiny.start("run", "tiny").wait() == -signal.SIGKILL, f"not killed {when} {file}"
        assert not flag.exists()
    monkeypatch.undo()
    assert "loaded to" in tiny.dtl("run", "tiny"), "a run that died before its summary is summed up"
    assert tiny.bytes() == undisturbed[0]
    assert "nothing to do" in tiny.dtl("run", "tiny")


def test_outputs_without_a_record_are_asked_for_again(tmp_path: Path) -> None:
    tiny = Tiny(tmp_path)
    tiny.dtl("run", "tiny")
    wanted = tiny.bytes()
    for stage, group in (("prepare_feeder", "b"), ("solve_feeder", "a")):
        (tmp_path / record_path("tiny", stage, group)).unlink()
    tiny.dtl("run", "tiny")
    assert tiny.answers() == {}
    assert tiny.bytes() == wanted
    assert "nothing to do" in tiny.dtl("run", "tiny")


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    tiny = Tiny(tmp_path)
    process = tiny.start("run", "tiny")
    try:
        lock = tiny.results / "runs/lock"
        deadline = time.monotonic() + 20
        while not lock.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        said = tiny.dtl("run", "tiny", code=1)
        assert "is at work here" in said and str(process.pid) in said
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
