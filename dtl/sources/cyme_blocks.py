"""The text export of CYME as tables: blocks, their headers and their rows, each with its place.

A row remembers which of its columns were asked for; so the account of the conversion is complete by construction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dtl.sources.reading import Reading, plain

UNITS = ("SI", "IMPERIAL")
MARKERS = ("FEEDER", "SUBSTATION", "TRANSMISSIONLINE")
"""Lines in ``[SECTION]`` that name the network of the sections after them."""

_BLOCK = re.compile(r"\[([^\]]+)\]\s*$")


@dataclass
class Row:
    """One line of a block: its values by column in upper case, and the columns that were asked for.

    ``target`` is what it became, ``reason`` why it became nothing, ``feeder`` whose it is.
    """

    block: str
    file: str
    line: int
    values: dict[str, str]
    network: str = ""
    asked: set[str] = field(default_factory=set)
    target: str = ""
    reason: str = ""
    feeder: str = ""

    def text(self, *columns: str, default: str = "") -> str:
        """The first of `columns` that has a value; names differ between versions."""
        for column in columns:
            key = column.upper()
            if key in self.values:
                self.asked.add(key)
                if self.values[key]:
                    return self.values[key]
        return default

    def number(self, *columns: str, default: float = 0.0) -> float:
        """The same as a number; raises ValueError with the column and the value for anything else."""
        text = self.text(*columns)
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{columns[0]}={text}") from None
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"{columns[0]}={text}")
        return value

    @property
    def thing(self) -> str:
        """The row as the account and findings name it."""
        return f"[{self.block}] {next(iter(self.values.values()), '')}"

    def whole(self, *columns: str, default: int = 0) -> int:
        """The same as a whole number."""
        return int(self.number(*columns, default=float(default)))

    def has(self, column: str) -> bool:
        """Whether the export has that column."""
        return column.upper() in self.values


@dataclass
class Tables:
    """All blocks of a set of files; ``files`` are their names."""

    blocks: dict[str, list[Row]] = field(default_factory=dict)
    version: str = ""
    feeders: dict[str, Row] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)

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

    def rows(self, *blocks: str) -> Iterator[Row]:
        """The rows of some blocks, one block after the other."""
        for block in blocks:
            yield from self.blocks.get(block, ())


def read_tables(reading: Reading, files: Mapping[str, Path], units: str) -> Tables | None:
    """The tables of all files; None, and a finding, when their units are not SI.

    `units` is what the study says: ``as_marked``, ``si`` or ``imperial``.
    """
    tables, sound = Tables(files=set(files)), True
    for name in sorted(files):
        parsed = _File(reading, name, tables)
        lines, encoding = _lines(files[name])
        if encoding != "utf-8":
            reading.find("cyme.encoding", "info", f"was read in the code page {encoding}", file=name)
        if parsed.read(lines) == 0:
            reading.find(
                "cyme.no-block",
                "error",
                "the file has no block in square brackets: it is no text export of CYME",
                file=name,
                value=lines[0][:60] if lines else "",
                remedy="Export network, load and equipment as text from CYME, or leave the file out of `path`.",
            )
            continue
        sound &= _unit(reading, name, parsed, units)
    return tables if sound else None


def _unit(reading: Reading, name: str, parsed: _File, units: str) -> bool:
    """Whether a file is in SI units."""
    found, line = parsed.unit
    if found == "IMPERIAL" or (units == "imperial" and not found):
        reading.find(
            "cyme.imperial",
            "error",
            "the file is in imperial units, which are not read yet: no public file proves which lengths they mean",
            file=name,
            line=line,
            value="IMPERIAL",
            remedy="Export the study with the unit system SI.",
        )
        return False
    if not found and units != "si":
        known = ", ".join(parsed.strange) or "none"
        reading.find(
            "cyme.no-units",
            "error",
            "the file states no unit system: neither [SI] nor [IMPERIAL] stands in it",
            file=name,
            line=1,
            value=known,
            remedy="Export it again, or say `units: si` in the study if you know it.",
        )
        return False
    return True


def _lines(path: Path) -> tuple[list[str], str]:
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding).splitlines(), "utf-8" if encoding == "utf-8-sig" else encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1").splitlines(), "latin-1"


class _File:
    """Reads the lines of one file into the tables."""

    def __init__(self, reading: Reading, name: str, tables: Tables):
        self.reading, self.name, self.tables = reading, name, tables
        self.unit: tuple[str, int | None] = ("", None)
        self.strange: list[str] = []
        self.block = ""
        self.header: list[str] = []
        self.marker_header: list[str] = []
        self.network = ""
        self.uneven: dict[str, tuple[int, int, int]] = {}

    def read(self, lines: list[str]) -> int:
        """The number of blocks found."""
        count = 0
        for number, text in enumerate(lines, 1):
            line = text.strip()
            if not line:
                continue
            if match := _BLOCK.match(line):
                count += 1
                self.open(match[1].strip().upper(), number)
            elif self.block == "GENERAL":
                key, _, value = line.partition("=")
                if key.strip().upper() == "CYME_VERSION":
                    self.tables.version = value.strip()
            elif line.upper().startswith("FORMAT_"):
                self.format(line)
            else:
                self.data(line, number)
        for block, (first, rows, extra) in sorted(self.uneven.items()):
            text = f"{rows} rows of [{block}] have another number of values than their FORMAT line, first by {extra:+d}"
            cure = "Nothing to do if the columns that matter stand on the left."
            self.reading.find(
                "cyme.row-length", "warning", text, file=self.name, line=first, element=block, remedy=cure
            )
        return count

    def open(self, block: str, number: int) -> None:
        """A block begins."""
        self.block, self.header, self.network = block, [], ""
        if block in UNITS:
            self.unit = (block, number)
        elif self.unit[0] == "" and block not in ("GENERAL",) and block.isalpha() and len(block) <= 12:
            self.strange.append(block)
        self.tables.blocks.setdefault(block, [])

    def format(self, line: str) -> None:
        """A header: of the marker lines, or of the rows that follow."""
        name, _, columns = line.partition("=")
        cells = [c.strip().upper() for c in columns.split(",")]
        if not self.block:
            return
        if self.block == "SECTION" and name[7:].strip().upper() in MARKERS:
            self.marker_header = cells
        else:
            self.header = cells

    def data(self, line: str, number: int) -> None:
        """A row of data, or a marker line of ``[SECTION]``."""
        head, equals, rest = line.partition("=")
        if self.block == "SECTION" and equals and head.strip().upper() in MARKERS:
            row = self.row(self.marker_header or ["NETWORKID", "HEADNODEID"], rest, number, count=False)
            self.network = row.text("NetworkID")
            row.block, row.network = "FEEDER", self.network
            self.tables.feeders.setdefault(self.network, row)
            return
        if not self.header:
            text = "a row stands before any FORMAT line of its block; it is not read"
            cure = "Export the file again; a line is missing."
            where = self.block or "no block"
            self.reading.find(
                "cyme.no-format",
                "error",
                text,
                file=self.name,
                line=number,
                element=where,
                value=line[:60],
                remedy=cure,
            )
            return
        self.tables.blocks[self.block].append(self.row(self.header, line, number))

    def row(self, header: list[str], line: str, number: int, count: bool = True) -> Row:
        """A row, padded or cut to its header; another number of values is counted."""
        cells = [c.strip() for c in line.split(",")]
        extra = len(cells) - len(header)
        if extra and count and any(cells[len(header) :] or [extra < 0]):
            first, rows, by = self.uneven.get(self.block, (number, 0, extra))
            self.uneven[self.block] = (first, rows + 1, by)
        cells += [""] * -extra
        return Row(self.block, self.name, number, dict(zip(header, cells, strict=False)), self.network)
