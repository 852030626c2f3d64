"""Canonical text and SHA-256 digests of values, files and folders; raw files are hashed once per state."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISDIR
from typing import Any

from dtl import layout
from dtl.workflow import disk

RACY_NS = 2_000_000_000
"""A file younger than this when it was hashed may still change unseen, so its digest is not remembered [ns]."""

ABSENT = "absent"
"""Stands for the digest of a file that is not there."""


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no blanks, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def pretty(value: object) -> str:
    """The one JSON text of a value as files carry it: sorted keys, one blank per level, a newline at the end."""
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def of_text(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def of_value(value: object) -> str:
    """SHA-256 of the canonical text of a value, in hex."""
    return of_text(canonical(value))


def of_file(path: Path) -> str:
    """SHA-256 of the bytes of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_of(folder: Path) -> list[str]:
    """The files of an output that is a folder, as sorted relative POSIX names.

    What Snakemake leaves behind, and what is written into the site after its build, is no part of it.
    """
    return sorted(
        p.relative_to(folder).as_posix()
        for p in folder.rglob("*")
        if p.is_file() and not p.name.startswith(".snakemake") and p != folder / layout.RUN_FACTS
    )


def of_tree(files: Mapping[str, str]) -> str:
    """Digest of a folder, from the digests of its files by relative name."""
    return of_value({"files": dict(files)})


def of_path(path: Path) -> str:
    """Digest of a file or of a folder, whichever the path is."""
    if path.is_dir():
        return of_tree({name: of_file(path / name) for name in files_of(path)})
    return of_file(path)


def write_atomically(path: Path, text: str) -> None:
    """Write a text so that readers see the old file or the new one, never a part.

    Writers on several machines may share a folder and a pid, hence the random part of the name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)


def read_json(path: Path) -> Any:
    """The value of a JSON file; None if it is not there or is no JSON, as a write that was cut off leaves it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


class Seen:
    """Digests of raw files, remembered by path, size, mtime, ctime and inode, so that 100 GB are hashed once.

    The memory is one JSON file; writers who meet lose each other's entries at most, and those are hashed again.
    """

    def __init__(self, path: Path):
        self.path = path
        known = read_json(path)
        self.known: dict[str, list[Any]] = known if isinstance(known, dict) else {}
        self.fresh = False

    def digest(self, path: Path) -> str:
        """SHA-256 of the file as it is now; ABSENT if there is none."""
        try:
            stat = path.stat()
        except OSError:
            return ABSENT
        state = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        name = str(path.absolute())
        known = self.known.get(name)
        if known and known[:4] == state:
            return str(known[4])
        digest = of_file(path)
        if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > RACY_NS:
            self.known[name] = [*state, digest]
            self.fresh = True
        return digest

    def save(self) -> None:
        """Write the memory, if there is anything new."""
        if self.fresh:
            with disk.spared():
                write_atomically(self.path, canonical(self.known))
            self.fresh = False


def state_of(path: Path) -> str:
    """What `Snakemake` is told of a raw file: its size and mtime, so that any change is noticed without reading it."""
    try:
        stat = path.stat()
    except OSError:
        return ABSENT
    return f"{stat.st_size}:{stat.st_mtime_ns}"


def stamps(path: Path, known: os.stat_result | None = None) -> dict[str, Any]:
    """Size and mtime of an output, of a folder that of each file: what must still be so for its record to hold.

    ``known`` is what `os.stat` says of the path, where it was asked already.
    """
    stat = known or path.stat()
    if S_ISDIR(stat.st_mode):
        stats = {name: (path / name).stat() for name in files_of(path)}
        return {
            "size": sum(s.st_size for s in stats.values()),
            "times": {name: s.st_mtime_ns for name, s in stats.items()},
        }
    return {"size": stat.st_size, "times": stat.st_mtime_ns}
