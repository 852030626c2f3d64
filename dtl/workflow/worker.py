"""The warm worker: one process with the heavy libraries imported and nothing solved, which forks a child per job.

The code of a stage is imported when its first job comes, or before, while a core is idle, where the run is known to ask
for it: what no job of a run needs makes every fork dearer.
A child writes to the output and error of the client that asked for it, and its exit code or signal goes back to it.
One process per job stays: a native crash ends only its child. When the client dies its child is killed; when the owner
of the worker dies, so does the worker, and with it all children.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import NamedTuple

from dtl.processes import die_with_parent
from dtl.workflow import fingerprint, job
from dtl.workflow.stage import Stage
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store

HEAVY = (
    "numpy",
    "pyarrow.parquet",
    "pyarrow.compute",
    "pyarrow.acero",
    "dtl.workflow.cases",
    "scipy.sparse.linalg",
    "pandas",
    "opendssdirect",
)
"""What is imported before the first fork."""

RARELY = (10_000, 10, 10)
"""Thresholds of garbage collection in jobs: they are short, and make many objects and few cycles."""

PATIENCE_S = 10.0
"""How long a client may take to say its job [s]."""


class Asked(NamedTuple):
    """What a client says: where it is, its environment and the arguments of its job."""

    folder: str
    environment: list[str]
    words: list[str]


@dataclass
class Worker:
    """The state of the loop: who asked, and which child works for whom."""

    listener: socket.socket
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    children: dict[int, socket.socket] = field(default_factory=dict)
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    """By stage: the digests of its code when the worker started; empty once code was imported that is other code."""
    loaded: dict[str, dict[str, str]] = field(default_factory=dict)
    """By stage: the digests of the code that was imported."""
    ahead: list[str] = field(default_factory=list)
    """The stages of the run whose code is imported while a core is idle, in this order."""
    pid: int = field(default_factory=os.getpid)

    def serve(self) -> None:
        """Answer clients until killed."""
        ends = socket.socketpair()
        for end in (*ends, self.listener):
            end.setblocking(False)
        signal.set_wakeup_fd(ends[1].fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.listener, selectors.EVENT_READ, "listener")
        self.selector.register(ends[0], selectors.EVENT_READ, "children")
        while True:
            ready = self.selector.select(0 if self._idle() else None)
            if not ready:
                self._import(self.ahead.pop(0), [""])
            for key, _ in ready:
                if key.data == "listener":
                    self._accept()
                elif key.data == "children":
                    ends[0].recv(4096)
                    self._reap()
                else:
                    self._hung_up(key.data)

    def _idle(self) -> bool:
        """Whether to import ahead: before the first job the code of the first stage, then while a core is idle."""
        return bool(self.ahead) and (not self.loaded or 0 < len(self.children) < (os.cpu_count() or 1))

    def _accept(self) -> None:
        line, _ = self.listener.accept()
        line.settimeout(PATIENCE_S)
        try:
            head, fds, _, _ = socket.recv_fds(line, 8, 2)
            left, text = int.from_bytes(head, "big"), b""
            while len(text) < left:
                more = line.recv(min(left - len(text), 1 << 16))
                if not more:
                    raise ConnectionError("the client hung up")
                text += more
        except OSError:
            line.close()
            return
        folder, count, *rest = text.decode().split("\0")
        environment, words = rest[: int(count)], rest[int(count) :]
        self.bring(words)
        pid = os.fork()
        if pid == 0:
            self._child(Asked(folder, environment, words), fds, line)
        for fd in fds:
            os.close(fd)
        self.children[pid] = line
        self.selector.register(line, selectors.EVENT_READ, pid)

    def _reap(self) -> None:
        for pid in list(self.children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                line = self.children.pop(pid)
                with suppress(KeyError):
                    self.selector.unregister(line)
                code = os.waitstatus_to_exitcode(status)
                with suppress(OSError):
                    line.sendall((f"exit {code}\n" if code >= 0 else f"signal {-code}\n").encode())
                line.close()

    def _hung_up(self, pid: int) -> None:
        """A client says nothing after its job, so what comes is its end: of a job that is done, or not wanted."""
        if pid in self.children:
            os.kill(pid, signal.SIGKILL)
            self.selector.unregister(self.children[pid])

    def bring(self, words: list[str]) -> None:
        """Import the code that a job asks for."""
        self._import(words[0] if words else "", _code(words))

    def _import(self, name: str, asked: Iterable[str]) -> None:
        """Import the code of a stage and of these kinds, if it is still what it was when the worker started.

        If it is not, or cannot be imported, nothing that was imported is trusted: each job gets a process of its own,
        where what is wrong with the code comes out.
        """
        known = self.known.get(name, {})
        if all(self.loaded.get(name, {}).get(kind) == known.get(kind) for kind in asked):
            return
        try:
            for function in _functions(STAGES[name], asked):
                import_module(function.split(":")[0])
            now = _digests(_code_now(), STAGES[name], asked)
        except Exception:  # noqa: BLE001 - whatever an import raises, the job's own process says it
            now = {}
        if any(now.get(kind) != known.get(kind) for kind in asked):
            self.known, self.loaded = {}, {}
            return
        self.loaded.setdefault(name, {}).update(now)
        gc.collect()
        gc.freeze()

    def _child(self, said: Asked, fds: list[int], mine: socket.socket) -> None:
        """Run the job and say its exit code; what is left of the process ends while the client goes on."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            die_with_parent(self.pid)
            self.selector.close()
            self.listener.close()
            for line in self.children.values():
                line.close()
            for fd, standard in zip(fds, (1, 2), strict=True):
                os.dup2(fd, standard)
                os.close(fd)
            code = self._run(said)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        finally:  # a child never returns into the worker's loop, whatever happened
            if sys.exc_info()[0] is not None:
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            with suppress(OSError):
                mine.sendall(f"exit {code}\n".encode())
            os._exit(code)

    def _run(self, said: Asked) -> int:
        os.chdir(said.folder)
        os.environ.update(dict(e.split("=", 1) for e in said.environment))
        if not self._fits(said.words):
            print("the code was edited since the worker started: the job runs in a process of its own", flush=True)
            environ = {k: v for k, v in os.environ.items() if k != "DTL_WORKER"}
            os.execve(sys.executable, [sys.executable, "-m", "dtl.cli", "job", *said.words], environ)
        return job.command(said.words)

    def _fits(self, words: list[str]) -> bool:
        """Whether the imported code is the one that the command names."""
        loaded = self.loaded.get(words[0] if words else "", {})
        return all(loaded.get(kind) == digest for kind, digest in _code(words).items())


def _code(words: list[str]) -> dict[str, str]:
    """The digests of the code that a command names."""
    return fingerprint.unpack(words[words.index("--code") + 1] if "--code" in words[:-1] else "")


def _functions(stage: Stage, kinds: Iterable[str]) -> list[str]:
    entries = fingerprint.registry(stage.registry) if stage.registry else {}
    return [stage.function, *(entries[kind] for kind in kinds if kind)]


def _digests(code: fingerprint.Code, stage: Stage, kinds: Iterable[str]) -> dict[str, str]:
    return code.digests(stage, [{"kind": kind} for kind in kinds])


def _code_now() -> fingerprint.Code:
    return fingerprint.Code(Store().root / "modules.json")


def start(began: float) -> dict[str, dict[str, str]]:
    """The digests of the code of every stage as it is now; none if code was edited since it was imported or later.

    ``began`` is the time before the first import [s since 1970].
    """
    code = _code_now()
    found = {
        name: _digests(code, stage, fingerprint.registry(stage.registry) if stage.registry else ())
        for name, stage in STAGES.items()
    }
    code.save()
    return {} if _edited(began) else found


def _edited(since: float) -> bool:
    """Whether the source of a module of DTL that is imported is younger than a time [s since 1970]."""
    files = [module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] == "dtl"]
    return any(os.stat(file).st_mtime > since for file in files if file)  # noqa: PTH116 - as in `sight`


def main() -> None:
    """``python -m dtl.workflow.worker SOCKET``: listen, load, be told the run's stages, serve; dies with the parent.

    It loads while the run is planned: when the stages come by its standard input, the store knows the code.
    """
    began = time.time()
    die_with_parent(os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(1024)
    for name in HEAVY:
        import_module(name)
    job.parser()
    ahead = sys.stdin.read().split()
    worker = Worker(listener, known=start(began), ahead=ahead)
    gc.set_threshold(*RARELY)
    gc.collect()
    gc.freeze()
    worker.serve()


if __name__ == "__main__":
    main()
