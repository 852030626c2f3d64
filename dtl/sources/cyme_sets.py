"""Which files of a CYME source belong together: a set for each value of ``{feeder}``, and what all sets share.

Ids of sections, devices and equipment are unique within one export, not among the exports of several feeders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from dtl.sources.cyme_tables import Tables
from dtl.sources.reading import Reading

_WORDS = {"{feeder}": r"(?P<feeder>[^/]+)", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_WORD = re.compile(r"(\{feeder\}|\*\*|\*|\?)")


def bound(files: Mapping[str, Path], path: str) -> tuple[dict[str, dict[str, Path]], dict[str, Path]]:
    """The files of each value of ``{feeder}`` in `path`, and those that are shared."""
    pattern = re.compile("".join(_WORDS.get(p) or re.escape(p) for p in _WORD.split(path)))
    found: dict[str, dict[str, Path]] = {}
    shared: dict[str, Path] = {}
    for name, file in files.items():
        match = pattern.fullmatch(name) if "{feeder}" in path else None
        (found.setdefault(match["feeder"], {}) if match else shared)[name] = file
    return found, shared


ReadTables = Callable[[Reading, Mapping[str, Path]], Tables | None]
"""Reads the tables of some files that belong together; None, and a finding, when they cannot be trusted."""


def sets(reading: Reading, files: Mapping[str, Path], path: str, read_tables: ReadTables) -> Iterator[Tables]:
    """The tables of each set of files, which share those of the files of no set; a set that fails is left out."""
    mine, shared = bound(files, path)
    common = read_tables(reading, shared) if shared else Tables()
    if common is None:
        return
    if not mine:
        yield common
    common.behind = bool(mine)
    for key in sorted(mine):
        own = read_tables(reading, mine[key])
        if own is not None:
            own.key, own.shared = key, common
            own.version = own.version or common.version
            yield own


def apart(every: Iterable[Tables]) -> list[Tables]:
    """The tables of all sets and what they share, each once."""
    return list({id(t): t for tables in every for t in tables.chain}.values())
