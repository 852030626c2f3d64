"""What was seen of files and folders, so that who finds it unchanged need not read them again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping

from dtl.workflow.digests import RACY_NS

State = tuple[int, int, int, int]
"""Size [bytes], mtime and ctime [ns] and inode of a file; of a folder they change when a name in it comes or goes."""


class Sight:
    """The states of paths as they are when they are first asked for; look at a file before it is read."""

    def __init__(self) -> None:
        self._began = time.time_ns()
        self._states: dict[str, State | None] = {}

    def look(self, path: str) -> State | None:
        """The state of a file or folder; None if there is none."""
        if path not in self._states:
            try:
                stat = os.stat(path)  # noqa: PTH116 - hundreds of paths twice a job; pathlib is slow
            except OSError:
                self._states[path] = None
            else:
                self._states[path] = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
        return self._states[path]

    def settled(self, paths: Iterable[str]) -> dict[str, State] | None:
        """The states of paths; None if one is missing, or so young that it may still change unseen."""
        found = {path: self.look(path) for path in paths}
        there = {path: state for path, state in found.items() if state and self._began - max(state[1:3]) > RACY_NS}
        return there if len(there) == len(found) else None

    def still(self, states: Mapping[str, State]) -> bool:
        """Whether all are as they were."""
        return all(self.look(path) == state for path, state in states.items())
