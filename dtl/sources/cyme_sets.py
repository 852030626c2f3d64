"""Which files of a CYME source belong together: a set for each value of ``{feeder}``, and what all sets share.

Ids of sections, devices and equipment are unique within one export, not among the exports of several feeders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from dtl.sources.cyme_tables import Row, Rows, Tables
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
    """The tables of each set of files, the shared equipment in every one of them; a set that fails is left out."""
    mine, shared = bound(files, path)
    common = read_tables(reading, shared) if shared else Tables()
    if common is None:
        return
    if not mine:
        yield common
    for key in sorted(mine):
        own = read_tables(reading, mine[key])
        if own is not None:
            yield joined(own, common, key)


def joined(own: Tables, common: Tables, key: str) -> Tables:
    """The tables of the set `key` before those that all sets share; rows are the same objects."""
    names = [*own.blocks, *(b for b in common.blocks if b not in own.blocks)]
    blocks = {b: Rows([*own.blocks.get(b, ()), *common.blocks.get(b, ())]) for b in names}
    feeders = {**common.feeders, **own.feeders}
    return Tables(blocks, own.version or common.version, feeders, own.files | common.files, key)


def union(every: list[Tables]) -> Tables:
    """All rows of all sets, each once."""
    seen: set[int] = set()
    blocks: dict[str, Rows] = {}
    feeders: dict[str, Row] = {}
    for tables in every:
        feeders |= tables.feeders
        for block, rows in tables.blocks.items():
            fresh = [r for r in rows if id(r) not in seen]
            seen |= {id(r) for r in fresh}
            blocks.setdefault(block, Rows()).extend(fresh)
    return Tables(blocks, every[0].version if every else "", feeders)
