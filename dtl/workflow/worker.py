"""The warm worker: one process with the heavy libraries imported and nothing solved, which forks a child per job.

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
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module

from dtl.workflow import fingerprint, job
from dtl.workflow.processes import die_with_parent
from dtl.workflow.stages import STAGES
from dtl.workflow.store import Store

HEAVY = ("numpy", "pyarrow.parquet", "pyarrow.compute", "scipy.sparse.linalg", "networkx", "pandas", "opendssdirect")
"""What is imported before the first fork."""

PATIENCE_S = 10.0
"""How long a client may take to say its job [s]."""


@dataclass
class Worker:
    """The state of the loop: who asked, and which child works for whom."""

    listener: socket.socket
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    children: dict[int, socket.socket] = field(default_factory=dict)
    loaded: dict[str, dict[str, str]] = field(default_factory=dict)
    """By stage: the digests of the code that was imported."""
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
            for key, _ in self.selector.select():
                if key.data == "listener":
                    self._accept()
                elif key.data == "children":
                    ends[0].recv(4096)
                    self._reap()
                else:
                    self._hung_up(key.data)

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
        pid = os.fork()
        if pid == 0:
            self._child(text.decode().split("\0"), fds, line)
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

    def _child(self, said: list[str], fds: list[int], mine: socket.socket) -> None:
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

    def _run(self, said: list[str]) -> int:
        folder, count, *rest = said
        environment, words = rest[: int(count)], rest[int(count) :]
        os.chdir(folder)
        os.environ.update(dict(e.split("=", 1) for e in environment))
        if not self._fits(words):
            print("the code was edited since the worker started: the job runs in a process of its own", flush=True)
            environ = {k: v for k, v in os.environ.items() if k != "DTL_WORKER"}
            os.execve(sys.executable, [sys.executable, "-m", "dtl.cli", "job", *words], environ)
        return job.command(words)

    def _fits(self, words: list[str]) -> bool:
        """Whether the imported code is the one that the command names."""
        known = self.loaded.get(words[0] if words else "", {})
        asked = words[words.index("--code") + 1] if "--code" in words[:-1] else ""
        return all(known.get(kind) == digest for kind, digest in fingerprint.unpack(asked).items())


def load() -> dict[str, dict[str, str]]:
    """Import the heavy libraries and the code of all stages; the digests of the latter, of those that could be had."""
    for name in HEAVY:
        import_module(name)
    before = _digests()
    for stage in STAGES.values():
        functions = [stage.function, *(fingerprint.registry(stage.registry).values() if stage.registry else [])]
        for function in functions:
            import_module(function.split(":")[0])
    after = _digests()
    return {name: digests for name, digests in after.items() if digests == before[name]}


def _digests() -> dict[str, dict[str, str]]:
    code, found = fingerprint.Code(Store().root / "modules.json"), {}
    for stage in STAGES.values():
        kinds = fingerprint.registry(stage.registry) if stage.registry else {}
        found[stage.name] = code.digests(stage, [{"kind": kind} for kind in kinds])
    return found


def main() -> None:
    """``python -m dtl.workflow.worker SOCKET``: listen at once, load, then serve; dies with the parent."""
    die_with_parent(os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(1024)
    worker = Worker(listener)
    worker.loaded = load()
    gc.collect()
    gc.freeze()
    worker.serve()


if __name__ == "__main__":
    main()
