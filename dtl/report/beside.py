"""Processes beside this one, forked, for work that falls into parts. They die with this one."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple

from dtl.errors import DtlError
from dtl.processes import die_with_parent


class Helper(NamedTuple):
    """A process that works for this one, and where it says what it found."""

    what: str
    process: BaseProcess
    end: Connection

    def result(self) -> Any:
        """Wait for what the process found.

        Raises
        ------
        DtlError
            It died, or its work failed; what it said of that stands in the log.
        """
        try:
            found = self.end.recv()
        except EOFError as err:
            self.process.join()
            raise DtlError(f"a process that {self.what} ended with {self.process.exitcode}: see above") from err
        self.process.join()
        return found


def cores() -> int:
    """Cores on which processes forked from this one may run; one where the system cannot fork safely."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def start(work: Callable[[], Any], what: str) -> Helper:
    """Do some work in a forked process; this one must not have threads at work. `what` completes "a process that"."""
    forked = multiprocessing.get_context("fork")
    end, other = forked.Pipe(duplex=False)
    process = forked.Process(target=_say, args=(os.getpid(), other, work), daemon=True)
    process.start()
    other.close()
    return Helper(what, process, end)


def _say(parent: int, end: Connection, work: Callable[[], Any]) -> None:
    die_with_parent(parent)
    end.send(work())
