"""The warm worker and its thin client: output, exit codes and signals come back, and nothing outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVER = """
import os, signal, socket, sys, time
from dtl.workflow import worker, job
from dtl.processes import die_with_parent

def command(words):
    words = words[words.index("--") + 1:]
    match words[0]:
        case "say": print("out", os.environ.get("DTL_TOY"), os.getcwd()); print("err", file=sys.stderr)
        case "code": return int(words[1])
        case "crash": os.kill(os.getpid(), getattr(signal, words[1]))
        case "raise": raise ValueError("a bug")
        case "sleep": print(os.getpid(), flush=True); time.sleep(60)
        case "exit": sys.exit(3)
    return 0

job.command = command
worker.Worker._fits = lambda self, words: words[0] != "unfit"
die_with_parent(os.getppid())
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(16)
worker.Worker(listener).serve()
"""


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    path = tmp_path_factory.mktemp("w") / "s"
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(path)], env={**os.environ, "PYTHONPATH": str(ROOT)})
    while not path.exists():
        time.sleep(0.01)
    yield path, process
    process.kill()
    process.wait()


def client(path: Path, *words: str, **more: str) -> list[str]:
    return [sys.executable, "-SE", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
            "from dtl.workflow import client\nsys.exit(client.ask(sys.argv[1:]))", "toy", "--", *words]  # fmt: skip


def ask(path: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    known = {**os.environ, "DTL_WORKER": str(path), "DTL_TOY": "toy"}
    return subprocess.run(client(path, *words), env=known, cwd=cwd, capture_output=True, text=True, timeout=30)


def test_output_and_place_come_from_the_client(server, tmp_path: Path) -> None:
    done = ask(server[0], "say", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"out toy {tmp_path}\n", "err\n")


@pytest.mark.parametrize(("words", "code"), [("code 0", 0), ("code 7", 7), ("raise", 1), ("exit", 3)])
def test_exit_codes_come_back(server, words: str, code: int) -> None:
    done = ask(server[0], *words.split())
    assert done.returncode == code
    if words == "raise":
        assert "ValueError: a bug" in done.stderr


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_crash_ends_one_job_alone(server, name: str) -> None:
    done = ask(server[0], "crash", name)
    assert done.returncode == -getattr(signal, name)
    assert "signal" in done.stderr
    assert ask(server[0], "code", "0").returncode == 0


def test_jobs_run_side_by_side(server) -> None:
    known = {**os.environ, "DTL_WORKER": str(server[0])}
    sleeper = subprocess.Popen(client(server[0], "sleep"), env=known, stdout=subprocess.PIPE, text=True)
    sleeper.stdout.readline()
    assert ask(server[0], "code", "5").returncode == 5
    sleeper.kill()
    sleeper.communicate()


@pytest.mark.parametrize("victim", ["client", "worker"])
def test_a_job_dies_with_its_client_and_with_the_worker(server, victim: str) -> None:
    path, process = server
    known = {**os.environ, "DTL_WORKER": str(path)}
    asked = subprocess.Popen(
        client(path, "sleep"), env=known, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    job = int(asked.stdout.readline())
    (asked if victim == "client" else process).kill()
    _, said = asked.communicate(timeout=10)
    if victim == "worker":
        assert asked.returncode == 1 and "the worker died" in said
    deadline = time.monotonic() + 5
    while Path(f"/proc/{job}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{job}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{job}").exists()


def test_without_a_worker_the_job_runs_by_itself(tmp_path: Path) -> None:
    done = ask(tmp_path / "nobody", "x")
    assert "no worker listens" in done.stderr
    assert "invalid choice: 'toy'" in done.stderr, "the real `dtl job` has read the arguments"


def test_a_job_of_a_run_that_has_ended_is_not_begun(tmp_path: Path) -> None:
    run = subprocess.Popen(["true"])
    known = {**os.environ, "DTL_WORKER": str(tmp_path / "nobody"), "DTL_RUN": f"20261122T000000-{run.pid}"}
    run.wait()
    done = subprocess.run(client(tmp_path, "x"), env=known, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (1, "the run that asked for this job has ended\n")


def test_the_client_imports_next_to_nothing() -> None:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nimport dtl.workflow.client\nprint(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-SE", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {m for m in loaded if m.startswith("dtl")} == {"dtl", "dtl.workflow", "dtl.workflow.client"}
    assert not {"json", "argparse", "re", "pathlib", "subprocess", "typing", "socket", "enum"} & set(loaded)


LOADED = """
import socket, sys, time
from dtl.workflow import worker, fingerprint, stages
known = worker.start(time.time())
code = {name: fingerprint.pack(digests) for name, digests in known.items()}
short = code["solve_feeder"].split(",")[0]

def fits(w, stage, code):
    w.bring([stage, "--code", code])
    return w._fits([stage, "--code", code])

def new():
    return worker.Worker(socket.socket(), known={name: dict(digests) for name, digests in known.items()})
"""


def _said(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", LOADED + code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_loaded_code_is_the_one_on_disk() -> None:
    """The worker says of which code its imports are; a job of other code gets a process of its own."""
    code = (
        "w = new()\n"
        "print('dtl.powerflow.solve' in sys.modules)\n"
        "print(fits(w, 'solve_feeder', short))\n"
        "there = [m in sys.modules for m in ('dtl.powerflow.solve', 'dtl.scenarios.ev')]\n"
        "print(*there)\n"
        "print(fits(w, 'solve_feeder', code['solve_feeder']), 'dtl.scenarios.ev' in sys.modules)\n"
        "print(fits(w, 'solve_feeder', 'other'), fits(w, 'x', short), fits(w, 'solve_feeder', short + ',x=1'))\n"
        "print(any(m.startswith('dtl.learning') for m in sys.modules), fits(w, 'assess_feeder', code['assess_feeder']))"
    )
    assert _said(code) == ["False", "True", "True", "False", "True", "True", "False", "False", "False", "False", "True"]


@pytest.mark.parametrize(
    "change",
    [
        "w.known['assess_feeder'][''] = 'edited'",
        "worker.import_module = lambda name: 1 / 0",
        "worker._digests = lambda code, stage, kinds: {'': 'edited while it was imported'}",
    ],
)
def test_after_other_code_was_imported_no_job_is_forked(change: str) -> None:
    code = (
        "w = new()\n"
        "print(fits(w, 'solve_feeder', short))\n"
        f"{change}\n"
        "print(fits(w, 'assess_feeder', code['assess_feeder']), fits(w, 'solve_feeder', short), w.known, w.loaded)"
    )
    assert _said(code) == ["True", "False", "False", "{}", "{}"]


def test_code_edited_while_it_was_imported_is_not_trusted() -> None:
    """The digests are taken after the imports: a file that changed in between would go by the wrong one."""
    code = (
        "import os\n"
        "from pathlib import Path\n"
        "youngest = max(Path(m.__file__).stat().st_mtime for n, m in sys.modules.items() if n.startswith('dtl'))\n"
        "print(worker.start(youngest) == known, worker.start(youngest - 1))"
    )
    assert _said(code) == ["True", "{}"]


AHEAD = """
import os
os.cpu_count = lambda: 2

class Waits(Exception):
    pass

class Silence:
    def register(self, *_): pass

    def select(self, timeout=None):
        if timeout is None:
            raise Waits
        return []

def serve(children, ahead):
    w.children, w.ahead = dict.fromkeys(range(children)), ahead
    try:
        w.serve()
    except Waits:
        print(*(m in sys.modules for m in ('dtl.analyses.assess', 'dtl.powerflow.solve')), *ahead)

w = worker.Worker(socket.socket(), selector=Silence(), known=known)
"""


def test_code_is_imported_ahead_while_a_core_is_idle() -> None:
    """The first stage before any job; then, beside a job that leaves a core idle, what the run asks next."""
    code = (
        "ahead = ['assess_feeder', 'solve_feeder']\n"
        "serve(0, ahead)\n"
        "serve(0, ahead)\n"
        "serve(2, ahead)\n"
        "serve(1, ahead)\n"
        "print(w._fits(['solve_feeder', '--code', short]))"
    )
    before, same, busy, after = (
        "True False solve_feeder",
        "True False solve_feeder",
        "True False solve_feeder",
        "True True",
    )
    assert " ".join(_said(AHEAD + code)) == " ".join([before, same, busy, after, "True"])
