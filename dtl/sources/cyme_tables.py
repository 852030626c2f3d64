"""The neutral tables of a CYME model: what text, database and XML give, and what the one mapping reads.

A table is named by its block in the text export and its columns by the columns there. A row keeps the words of its own
source; its `Dialect` says which of them is which neutral column. A row remembers which of its values were asked for; so
the account of the conversion is complete by construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
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

    def text(self, *columns: str, default: str = "") -> str:
        """The first of `columns` that has a value, here or in a linked row; names differ between versions."""
        for column in columns:
            key = column.upper()
            own = self.dialect.columns.get(key, key)
            if own in self.values:
                self.asked.add(own)
                if value := self.values[own]:
                    codes = self.dialect.codes.get(key)
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
                if value != value or value in (float("inf"), float("-inf")):
                    raise ValueError(f"{columns[0]}={text}")
                return value * self._factor(column.upper())
        return default

    def _factor(self, key: str) -> float:
        if self.values.get(self.dialect.columns.get(key, key)):
            return self.dialect.factors.get(key, 1.0)
        return next((r.dialect.factors.get(key, 1.0) for r in self.links if r.peek(key)), 1.0)

    @property
    def thing(self) -> str:
        """The row as the account and findings name it."""
        return f"[{self.table or self.block}] {next(iter(self.values.values()), '')}"

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
    """Consecutive rows of one block in one file: the lines from `first` on, cut into the cells of one header."""

    block: str
    file: str
    network: str
    header: tuple[str, ...]
    first: int
    cells: list[list[str]]

    def rows(self) -> Iterator[Row]:
        """Each line as a row of its own."""
        block, file, network, header = self.block, self.file, self.network, self.header
        for line, cells in enumerate(self.cells, self.first):
            yield Row(block, file, line, dict(zip(header, cells, strict=True)), network)


class Rows:
    """The rows of one block: cells as they were read, which become `Row` objects when somebody looks at them."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._runs: list[Run] = []
        self._rows: list[Row] = list(rows)
        self._count = len(self._rows)

    def add(self, run: Run) -> None:
        """Put a run behind what is there."""
        self._runs.append(run)
        self._count += len(run.cells)

    def append(self, row: Row) -> None:
        """Put a row behind what is there."""
        self._made().append(row)
        self._count += 1

    def extend(self, rows: Iterable[Row]) -> None:
        """Put rows behind what is there."""
        self._made().extend(rows)
        self._count = len(self._rows)

    def _made(self) -> list[Row]:
        for run in self._runs:
            self._rows.extend(run.rows())
        self._runs.clear()
        return self._rows

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

    ``files`` are the names of its files; ``key`` is what stands for ``{feeder}`` in them, empty without it.
    """

    blocks: dict[str, Rows] = field(default_factory=dict)
    version: str = ""
    feeders: dict[str, Row] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    key: str = ""
    _sections: dict[tuple[str, ...], dict[str, list[Row]]] = field(default_factory=dict)
    _places: dict[tuple[str, ...], dict[int, int]] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> dict[str, Row]:
        """The rows of ``[NODE]`` by id."""
        return {row.text("NodeID"): row for row in self.rows("NODE")}

    @cached_property
    def nodes_plain(self) -> dict[str, Row]:
        """The same, by the name that the bus has in the model."""
        return {plain(node): row for node, row in self.nodes.items()}

    @cached_property
    def paths(self) -> dict[str, list[Row]]:
        """The rows of ``[INTERMEDIATE NODES]`` by section."""
        found: dict[str, list[Row]] = {}
        for row in self.rows("INTERMEDIATE NODES", "INTERMEDIATE NODE"):
            found.setdefault(row.text("SectionID"), []).append(row)
            row.target = f"path of the line of section {row.text('SectionID')}"
        return found

    @cached_property
    def delays(self) -> dict[str, float]:
        """First delays of tap changers by device [s]."""
        found = {}
        for row in self.rows("AUTO TAP CHANGING EXTENSION"):
            found[row.text("DeviceNumber")] = row.number("ActivationDelayFirstTap", default=15.0)
            row.target = "regulator.delay_s"
        return found

    def by_section(self, *blocks: str) -> dict[str, list[Row]]:
        """The rows of some blocks by their section, in the order of the blocks; found once for all feeders."""
        if blocks not in self._sections:
            found = self._sections[blocks] = {}
            for row in self.rows(*blocks):
                found.setdefault(row.text("SectionID"), []).append(row)
        return self._sections[blocks]

    def on(self, sections: Iterable[str], *blocks: str) -> list[Row]:
        """The rows of some blocks on some sections, in the order in which they stand."""
        known = self.by_section(*blocks)
        if blocks not in self._places:
            self._places[blocks] = {id(row): i for i, row in enumerate(self.rows(*blocks))}
        place = self._places[blocks]
        return sorted((row for s in sections for row in known.get(s, ())), key=lambda row: place[id(row)])

    @cached_property
    def customers(self) -> dict[tuple[str, str], list[Row]]:
        """The rows of ``[CUSTOMER LOADS]`` by device and type of load."""
        found: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows("CUSTOMER LOADS"):
            found.setdefault((row.text("DeviceNumber"), row.text("LoadType").upper()), []).append(row)
        return found

    def rows(self, *blocks: str) -> Iterator[Row]:
        """The rows of some blocks, one block after the other."""
        for block in blocks:
            yield from self.blocks.get(block, ())

    def every(self) -> Iterator[Row]:
        """All rows, the feeders' own first."""
        yield from self.feeders.values()
        for rows in self.blocks.values():
            yield from rows
