"""The neutral tables of a CYME model: what text, database and XML give, and what the one mapping reads.

A table is named by its block in the text export and its columns by the columns there. A row keeps the words of its own
source; its `Dialect` says which of them is which neutral column. A row remembers which of its values were asked for; so
the account of the conversion is complete by construction.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import repeat
from typing import overload

from dtl.sources.reading import plain


@dataclass(frozen=True)
class Dialect:
    """How one source names and codes the columns of one table.

    ``columns`` gives its own name of a neutral column, ``codes`` the neutral code of its own codes by neutral column,
    ``factors`` what turns its numbers into SI units. All names are in upper case.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)


TEXT = Dialect()
"""The text export in SI units, whose words are the neutral ones."""


@dataclass(eq=False, slots=True)
class Row:
    """One row: its values by column in upper case, and the columns that were asked for.

    ``table`` is what its source calls the table if that is not the block; ``links`` are rows of other tables that say
    more about the same thing. ``target`` is what it became, ``reason`` why it became nothing, ``feeder`` whose it is.
    ``place`` is its place in the block, ``nth`` how many rows of its name there are up to it.
    """

    block: str
    file: str
    line: int | None
    values: dict[str, str]
    network: str = ""
    table: str = ""
    dialect: Dialect = TEXT
    links: list[Row] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    target: str = ""
    reason: str = ""
    feeder: str = ""
    place: int = 0
    nth: int = 1

    def text(self, *columns: str, default: str = "") -> str:
        """The first of `columns` that has a value, here or in a linked row; names differ between versions."""
        dialect = self.dialect
        for column in columns:
            key = column.upper()
            own = dialect.columns.get(key, key) if dialect.columns else key
            value = self.values.get(own)
            if value is not None:
                self.asked.add(own)
                if value:
                    codes = dialect.codes.get(key)
                    return codes.get(value, value) if codes else value
            for link in self.links:
                if value := link.text(column):
                    return value
        return default

    def number(self, *columns: str, default: float = 0.0) -> float:
        """The same as a number in SI units; raises ValueError with the column and the value for anything else."""
        for column in columns:
            text = self.text(column)
            if text:
                try:
                    value = float(text)
                except ValueError:
                    raise ValueError(f"{columns[0]}={text}") from None
                if not math.isfinite(value):
                    raise ValueError(f"{columns[0]}={text}")
                return value * self._factor(column.upper()) if self.dialect.factors or self.links else value
        return default

    def _factor(self, key: str) -> float:
        if self.values.get(self.dialect.columns.get(key, key)):
            return self.dialect.factors.get(key, 1.0)
        return next((r.dialect.factors.get(key, 1.0) for r in self.links if r.peek(key)), 1.0)

    @property
    def first(self) -> str:
        """Its first value, which names it."""
        return next(iter(self.values.values()), "")

    @property
    def thing(self) -> str:
        """The row as the account and findings name it."""
        return f"[{self.table or self.block}] {self.first}"

    def whole(self, *columns: str, default: int = 0) -> int:
        """The same as a whole number."""
        return int(self.number(*columns, default=float(default)))

    def has(self, column: str) -> bool:
        """Whether the source has that column."""
        key = column.upper()
        return self.dialect.columns.get(key, key) in self.values

    def peek(self, column: str) -> str:
        """A value of this row as it stands, without counting as asked for."""
        key = column.upper()
        return self.values.get(self.dialect.columns.get(key, key), "")


@dataclass(frozen=True, slots=True)
class Run:
    """Rows of one block in one file under one header, as lines of text that nobody has looked at.

    ``at`` are their lines in the file, ``place`` their places in the block, ``nth`` how many of their name there are up
    to each, which is one where it is empty.
    """

    block: str
    file: str
    network: str
    header: tuple[str, ...]
    at: Sequence[int]
    lines: list[str]
    dialect: Dialect = TEXT
    place: Sequence[int] = ()
    nth: Sequence[int] = ()

    def rows(self) -> Iterator[Row]:
        """Each line as a row of its own."""
        block, file, network, header, dialect = self.block, self.file, self.network, self.header, self.dialect
        nth = self.nth or repeat(1)
        for line, at, place, n in zip(self.lines, self.at, self.place, nth, strict=False):  # nth may be endless
            values = dict(zip(header, line.split(","), strict=True))
            yield Row(block, file, at, values, network, dialect=dialect, place=place, nth=n)

    def column(self, name: str) -> list[str]:
        """The values of a column as they stand, empty where the header does not have it."""
        key = name.upper()
        if key not in self.header:
            return [""] * len(self.lines)
        i = len(self.header) - 1 - self.header[::-1].index(key)
        return [line.split(",")[i] for line in self.lines]

    def first(self) -> list[str]:
        """The values of the first column, which name the rows."""
        if self.header.count(self.header[0]) > 1:
            return self.column(self.header[0])
        return [line.partition(",")[0] for line in self.lines]

    def shares(self, owners: Sequence[int]) -> dict[int, Run]:
        """The run cut by the owner of each row."""
        if len(set(owners)) == 1:
            return {owners[0]: self}
        chosen: dict[int, list[int]] = {}
        for i, owner in enumerate(owners):
            chosen.setdefault(owner, []).append(i)
        return {owner: self._some(indexes) for owner, indexes in chosen.items()}

    def _some(self, indexes: list[int]) -> Run:
        def of(values: Sequence[int]) -> list[int]:
            return [values[i] for i in indexes] if values else []

        lines = [self.lines[i] for i in indexes]
        return replace(self, at=of(self.at), lines=lines, place=of(self.place), nth=of(self.nth))


class Rows:
    """The rows of one block: lines as they were read, which become `Row` objects when somebody looks at them."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.made: list[Row] = []
        self._count = 0

    def add(self, run: Run) -> None:
        """Put a run behind what is there."""
        self.runs.append(run if run.place else replace(run, place=range(self._count, self._count + len(run.lines))))
        self._count += len(run.lines)

    def append(self, row: Row) -> None:
        """Put a row behind what is there."""
        self._made().append(row)
        row.place = self._count
        self._count += 1

    def extend(self, rows: Iterable[Row]) -> None:
        """Put rows behind what is there."""
        for row in rows:
            self.append(row)

    def speak(self, dialect: Dialect, files: Collection[str]) -> None:
        """Give the rows of some files another dialect."""
        self.runs = [replace(run, dialect=dialect) if run.file in files else run for run in self.runs]
        for row in self.made:
            row.dialect = dialect if row.file in files else row.dialect

    def passing(self) -> Iterator[Row]:
        """The rows one by one; those that nobody has looked at are not kept."""
        yield from self.made
        for run in self.runs:
            yield from run.rows()

    def _made(self) -> list[Row]:
        for run in self.runs:
            self.made.extend(run.rows())
        self.runs.clear()
        return self.made

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        return iter(self._made())

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        return self._made()[index]


@dataclass
class Tables:
    """All blocks of one model, or of what one feeder has of it.

    ``files`` are the names of its files; ``key`` is what stands for ``{feeder}`` in them, empty without it. ``shared``
    holds what it has in common with others: every question is asked of both. ``behind`` says that the rows of these
    tables stand behind those of tables that share them.
    """

    blocks: dict[str, Rows] = field(default_factory=dict)
    version: str = ""
    feeders: dict[str, Row] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    key: str = ""
    shared: Tables | None = None
    behind: bool = False
    _sections: dict[tuple[str, ...], dict[str, list[Row]]] = field(default_factory=dict)
    _devices: dict[str, dict[str, list[Row]]] = field(default_factory=dict)

    @property
    def known(self) -> set[str]:
        """The names of its files and of those that it shares."""
        return {file for t in self.chain for file in t.files}

    def markers(self) -> Iterator[str]:
        """The networks that have a marker."""
        return (network for t in self.chain for network in t.feeders)

    def networks(self) -> set[str]:
        """The networks that have a marker or a section."""
        sections = [t.blocks["SECTION"] for t in self.chain if "SECTION" in t.blocks]
        runs = (run.network for rows in sections for run in rows.runs)
        return {*self.markers(), *runs, *(row.network for rows in sections for row in rows.made)}

    @property
    def chain(self) -> Iterator[Tables]:
        """These tables, and what they share."""
        yield self
        if self.shared is not None:
            yield from self.shared.chain

    def feeder(self, network: str) -> Row | None:
        """The marker row of a network."""
        return next((t.feeders[network] for t in self.chain if network in t.feeders), None)

    @cached_property
    def _nodes(self) -> dict[str, Row]:
        return {row.text("NodeID"): row for row in self.blocks.get("NODE", ())}

    @cached_property
    def _nodes_plain(self) -> dict[str, Row]:
        return {plain(node): row for node, row in self._nodes.items()}

    def node(self, name: str) -> Row | None:
        """The row of a ``[NODE]`` by its id."""
        return next((r for r in [t._nodes.get(name) for t in self.chain][::-1] if r is not None), None)

    def node_of(self, bus: str) -> Row | None:
        """The same, by the name that the bus has in the model."""
        return next((r for r in [t._nodes_plain.get(bus) for t in self.chain][::-1] if r is not None), None)

    @cached_property
    def _paths(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for block in PATHS:
            for row in self.blocks.get(block, ()):
                found.setdefault(row.text("SectionID"), []).append(row)
                row.target = f"path of the line of section {row.text('SectionID')}"
        return found

    def path(self, section: str) -> list[Row]:
        """The rows of ``[INTERMEDIATE NODES]`` of a section."""
        found = [row for t in self.chain for row in t._paths.get(section, ())]
        return sorted(found, key=lambda row: PATHS.index(row.block)) if len(found) > 1 else found

    @cached_property
    def delays(self) -> dict[str, float]:
        """First delays of tap changers by device [s]."""
        found = {}
        for row in self.blocks.get("AUTO TAP CHANGING EXTENSION", ()):
            found[row.text("DeviceNumber")] = row.number("ActivationDelayFirstTap", default=15.0)
            row.target = "regulator.delay_s"
        return found | self.shared.delays if self.shared is not None else found

    def at(self, section: str, *blocks: str) -> list[Row]:
        """The rows of some blocks on a section, in the order of the blocks."""
        found = [row for t in self.chain for row in t._by_section(blocks).get(section, ())]
        return sorted(found, key=lambda row: blocks.index(row.block)) if len(found) > 1 else found

    def _by_section(self, blocks: tuple[str, ...]) -> dict[str, list[Row]]:
        if blocks not in self._sections:
            found = self._sections[blocks] = {}
            for block in blocks:
                for row in self.blocks.get(block, ()):
                    found.setdefault(row.text("SectionID"), []).append(row)
        return self._sections[blocks]

    def on(self, sections: Iterable[str], block: str) -> list[Row]:
        """The rows of a block on some sections, in the order in which they stand."""
        wanted = list(sections)
        found = []
        for t in self.chain:
            if rows := t._by_section((block,)) if block in t.blocks else None:
                found += [(t.behind, row.place, row) for s in wanted for row in rows.get(s, ())]
        return [row for _, _, row in sorted(found, key=lambda f: f[:2])]

    def about(self, block: str, device: str) -> list[Row]:
        """The rows of a block that say more about a device, by its number."""
        return [row for t in self.chain for row in t._by_device(block).get(device, ())]

    def _by_device(self, block: str) -> dict[str, list[Row]]:
        if block not in self._devices:
            found = self._devices[block] = {}
            for row in self.blocks.get(block, ()):
                found.setdefault(row.text("DeviceNumber"), []).append(row)
        return self._devices[block]

    @cached_property
    def _customers(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.blocks.get("CUSTOMER LOADS", ()):
            found.setdefault(row.text("DeviceNumber"), []).append(row)
        return found

    def customers(self, device: Row) -> list[Row]:
        """The rows of ``[CUSTOMER LOADS]`` of a device; some writers leave out the type of load, or the section."""
        load_type, section = device.text("LoadType").upper(), device.text("SectionID")
        found = [row for t in self.chain for row in t._customers.get(device.text("DeviceNumber"), ())]
        found = [r for r in found if load_type == (own := r.text("LoadType").upper()) or "" in (load_type, own)]
        near = [r for r in found if r.text("SectionID") == section]
        return [r for r in found if r.text("SectionID") in ("", section)] if near else found

    def rows(self, *blocks: str) -> Iterator[Row]:
        """The rows of some blocks, one block after the other."""
        for block in blocks:
            for t in self.chain:
                yield from t.blocks.get(block, ())

    def passing(self, *blocks: str) -> Iterator[Row]:
        """The same, without keeping those that nobody has looked at."""
        for block in blocks:
            for t in self.chain:
                if block in t.blocks:
                    yield from t.blocks[block].passing()

    def has(self, block: str) -> bool:
        """Whether a block has rows."""
        return any(len(t.blocks.get(block, ())) for t in self.chain)


PATHS = ("INTERMEDIATE NODES", "INTERMEDIATE NODE")
"""The names of the block of vertices."""
