"""Processes by identity: pid and start time, whether one is alive, and children that die with their parent."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
"""``prctl``: the signal that a process gets when its parent dies (linux/prctl.h)."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""``mallopt``: free memory above which some goes back, and the size from which on a block is mapped (malloc.h)."""


def processor() -> str:
    """The class of processors of this machine, which decides the last digits of numbers."""
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{platform.machine()} {names[0] if names else platform.processor()}".strip()


def started(pid: int) -> str:
    """When a process started, in a form that only serves to compare; empty if there is no such process."""
    if sys.platform == "linux":
        try:
            text = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        fields = text.rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    said = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return "".join(c for c in said if c.isalnum())


def host() -> str:
    """The name of this machine, as part of a file name: letters, digits and points."""
    return "".join(c for c in socket.gethostname() if c.isalnum() or c == ".") or "nameless"


def identity(pid: int) -> str:
    """``pid-start``: names a process of this machine for good, since pids are used again."""
    return f"{pid}-{started(pid)}"


def peak_mb() -> int:
    """The most memory that this process, or one of its children that ended, held at once [MB]."""
    import resource

    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return round(peak / (1e6 if sys.platform == "darwin" else 1e6 / 1024))


def keep_memory() -> None:
    """Let this process keep the memory that it frees, for its next array: else each large one is mapped anew.

    The system clears every page that it hands out, which takes longer than most loops over an array of some pages.
    Nothing happens where the C library is not glibc.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_MMAP_THRESHOLD, 1 << 25)
        libc.mallopt(M_TRIM_THRESHOLD, 1 << 30)


def alive(name: str) -> bool:
    """Whether the process with this identity still runs."""
    pid, _, start = name.partition("-")
    return pid.isdigit() and bool(start) and started(int(pid)) == start


def die_with_parent(parent: int, how: int = signal.SIGKILL) -> None:
    """Let this process get a signal when `parent` dies; nothing happens where the system knows no such thing."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(how), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), how)
