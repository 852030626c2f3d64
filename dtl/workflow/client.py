"""The thin client of the worker: hands a job over and waits for its end. Imports next to nothing: it starts per job.

Without a worker (``DTL_WORKER`` is not set, or nobody listens) the job runs in this process and gives the same bytes.
"""

from __future__ import annotations

import os
import socket
import sys

VARIABLE = "DTL_WORKER"
"""Environment variable that holds the path of the worker's socket."""


def ask(words: list[str]) -> int:
    """Run `dtl job` with these arguments, by the worker if there is one; the exit code."""
    path = os.environ.get(VARIABLE)
    if path:
        with socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(path)
            except OSError:
                print("no worker listens, the job runs in its own process", file=sys.stderr)
            else:
                return _hand_over(line, words)
    from dtl import cli
    from dtl.workflow import job, processes

    processes.die_with_parent(os.getppid())
    return cli.guarded(lambda: job.command(words))


def _hand_over(line: socket.socket, words: list[str]) -> int:
    environment = [f"{k}={v}" for k, v in os.environ.items() if k.startswith("DTL_")]
    text = "\0".join([os.getcwd(), str(len(environment)), *environment, *words]).encode()  # noqa: PTH109 - pathlib is heavy
    socket.send_fds(line, [len(text).to_bytes(8, "big")], [1, 2])
    line.sendall(text)
    said = b""
    while more := line.recv(64):
        said += more
    what, _, number = said.decode().partition(" ")
    if what == "exit":
        return int(number)
    if what == "signal":
        import signal

        print(f"the job was ended by signal {number} ({signal.strsignal(int(number))})", file=sys.stderr, flush=True)
        os.kill(os.getpid(), int(number))
    print("the worker died and the job with it", file=sys.stderr)
    return 1
