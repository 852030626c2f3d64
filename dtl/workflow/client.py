"""The thin client of the worker: hands a job over and waits for its end. Imports next to nothing: it starts per job.

During a run a `dtl` of its own stands first on the path of Snakemake: a file that starts Python without site
packages and calls :func:`main`, which saves a third of the start; `socket`, which wraps `_socket` in Python, would
double the rest. Without a worker (``DTL_WORKER`` not set, or nobody
listens) the job runs in a process of its own and gives the same bytes.
"""

from __future__ import annotations

import _socket
import os
import sys

VARIABLE = "DTL_WORKER"
"""Environment variable that holds the path of the worker's socket."""


def main() -> None:
    """The `dtl` of a run: jobs go to the worker, every other verb to the `dtl` that is installed."""
    verb, words = sys.argv[1:2], sys.argv[2:]
    if verb == ["job"]:
        sys.exit(ask(words))
    os.execv(sys.executable, [sys.executable, "-m", "dtl.cli", *verb, *words])


def ask(words: list[str]) -> int:
    """Run `dtl job` with these arguments, by the worker if there is one; the exit code."""
    path = os.environ.get(VARIABLE)
    if path:
        line = _socket.socket(_socket.AF_UNIX)
        try:
            line.connect(path)
        except OSError:
            line.close()
            if _ended(os.environ.get("DTL_RUN", "")):
                print("the run that asked for this job has ended", file=sys.stderr)
                return 1
            print("no worker listens, the job runs in its own process", file=sys.stderr, flush=True)
        else:
            return _hand_over(line, words)
    if sys.flags.no_site:
        os.execv(sys.executable, [sys.executable, "-m", "dtl.cli", "job", *words])
    from dtl import processes
    from dtl.workflow import job

    processes.die_with_parent(os.getppid())
    return job.command(words)


def _ended(run: str) -> bool:
    """Whether the process of a run, with which its token ends, is gone: then nobody waits for its jobs."""
    pid = run.rpartition("-")[2]
    return pid.isdigit() and not os.path.exists(f"/proc/{pid}") and os.path.exists("/proc/self")  # noqa: PTH110 - pathlib is heavy


def _hand_over(line: _socket.socket, words: list[str]) -> int:
    environment = [f"{k}={v}" for k, v in os.environ.items() if k.startswith("DTL_")]
    text = "\0".join([os.getcwd(), str(len(environment)), *environment, *words]).encode()  # noqa: PTH109 - pathlib is heavy
    outputs = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (1, 2))
    line.sendmsg([len(text).to_bytes(8, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, outputs)])
    line.sendall(text)
    said = b""
    while b"\n" not in said and (more := line.recv(64)):
        said += more
    what, _, number = said.decode().partition("\n")[0].partition(" ")
    if what == "exit":
        return int(number)
    if what == "signal":
        import signal

        print(f"the job was ended by signal {number} ({signal.strsignal(int(number))})", file=sys.stderr, flush=True)
        os.kill(os.getpid(), int(number))
    print("the worker died and the job with it", file=sys.stderr)
    return 1
