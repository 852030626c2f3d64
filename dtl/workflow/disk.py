"""What the disk refuses: an error that says so, and no reason to lose what is only remembered."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dtl.errors import StoreError

FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of disk space is used up",
    errno.EFBIG: "a file would be larger than is allowed here",
}
LOCKED = {
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission is denied",
    errno.EPERM: "it is not permitted",
}


@contextmanager
def explained(doing: str) -> Iterator[None]:
    """Turns what the disk refuses into a StoreError that says while doing what, where, and what then; nothing is lost.

    Other errors of the operating system pass.
    """
    try:
        yield
    except OSError as err:
        why = {**FULL, **LOCKED}.get(err.errno or 0)
        if why is None:
            raise
        where = f" ({err.filename})" if err.filename else ""
        how = "make room and run again" if err.errno in FULL else "give this user the right, or set DTL_STORE"
        said = f"{doing}: {why}{where}; what was finished before is kept: {how}"
        raise StoreError(said) from err


def not_ahead(folder: Path) -> None:
    """Sets to now what lies ahead of the clock, below a folder: the clock ran ahead when it was written.

    Snakemake takes such files for signs of a clock that is wrong, and refuses to go on.
    """
    now = time.time()
    for at, _, names in os.walk(folder):
        for path in (at, *(os.path.join(at, name) for name in names)):  # noqa: PTH118 - thousands of files
            if os.stat(path, follow_symlinks=False).st_mtime > now:  # noqa: PTH116
                os.utime(path, (now, now), follow_symlinks=False)


@contextmanager
def spared() -> Iterator[None]:
    """For what is only a memory and can be made again: that it cannot be written now is no error."""
    try:
        yield
    except OSError as err:
        if err.errno not in {**FULL, **LOCKED}:
            raise
