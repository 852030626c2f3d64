"""Which files of a CYME source belong together: a set for each value of ``{feeder}``, and what all sets share.

Ids of sections, devices and equipment are unique within one export, not among the exports of several feeders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dtl.sources.cyme_blocks import Row, Tables, read_tables
from dtl.sources.reading import Reading

_WORDS = {"{feeder}": r"(?P<feeder>[^/]+)", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_WORD = re.compile(r"(\{feeder\}|\*\*|\*|\?)")


def sets(reading: Reading, files: Mapping[str, Path], path: str, units: str) -> Iterator[Tables]:
    """The tables of each set of files, the shared equipment in every one of them.

    A set whose units are not SI is left out and is a finding.
    """
    pattern = re.compile("".join(_WORDS.get(p) or re.escape(p) for p in _WORD.split(path)))
    bound: dict[str, dict[str, Path]] = {}
    shared: dict[str, Path] = {}
    for name, file in files.items():
        match = pattern.fullmatch(name) if "{feeder}" in path else None
        (bound.setdefault(match["feeder"], {}) if match else shared)[name] = file
    common = read_tables(reading, shared, units) if shared else Tables()
    if common is None:
        return
    if not bound:
        yield common
    for key in sorted(bound):
        own = read_tables(reading, bound[key], units)
        if own is not None:
            yield joined(own, common)


def joined(own: Tables, common: Tables) -> Tables:
    """The tables of a set before those that all sets share; rows are the same objects."""
    names = [*own.blocks, *(b for b in common.blocks if b not in own.blocks)]
    blocks = {b: [*own.blocks.get(b, ()), *common.blocks.get(b, ())] for b in names}
    feeders = {**common.feeders, **own.feeders}
    return Tables(blocks, own.version or common.version, feeders, own.files | common.files)


def union(every: list[Tables]) -> Tables:
    """All rows of all sets, each once."""
    seen: set[int] = set()
    blocks: dict[str, list[Row]] = {}
    feeders: dict[str, Row] = {}
    for tables in every:
        feeders |= tables.feeders
        for block, rows in tables.blocks.items():
            fresh = [r for r in rows if id(r) not in seen]
            seen |= {id(r) for r in fresh}
            blocks.setdefault(block, []).extend(fresh)
    return Tables(blocks, every[0].version if every else "", feeders)
