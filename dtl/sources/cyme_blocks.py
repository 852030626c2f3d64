"""The text export of CYME as tables: blocks, their headers and their rows, each with its place."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dtl.sources.cyme_tables import Row, Rows, Run, Tables
from dtl.sources.cyme_units import IMPERIAL, implausible
from dtl.sources.reading import Reading

UNITS = ("SI", "IMPERIAL")
MARKERS = ("FEEDER", "SUBSTATION", "TRANSMISSIONLINE", "GENERALNETWORK")
"""Lines in ``[SECTION]`` that name the network of the sections after them."""

MOST_LONGER, KINDS = 0.3, 3
"""Share of rows longer than their header, and by how many different numbers of values, where commas are in numbers."""

_BLOCK = re.compile(r"\[([^\]]+)\]\s*$")


def read_tables(reading: Reading, files: Mapping[str, Path], units: str) -> Tables | None:
    """The tables of all files; None, and a finding, when their units are not known, or cannot be those they state.

    `units` is what the study says: ``as_marked``, ``si`` or ``imperial``.
    """
    tables, sound = Tables(files=set(files)), True
    marked: dict[str, str] = {}
    for name in sorted(files):
        parsed = _File(reading, name, tables)
        text, encoding = _text(files[name])
        if encoding != "utf-8":
            reading.find("cyme.encoding", "info", f"was read in the code page {encoding}", file=name)
        if parsed.read(text) == 0:
            reading.find(
                "cyme.no-block",
                "error",
                "the file has no block in square brackets: it is no text export of CYME",
                file=name,
                value=next(iter(text[:1000].splitlines()), "")[:60],
                remedy="Export network, load and equipment as text from CYME, or leave the file out of `path`.",
            )
            continue
        if parsed.foreign:
            mark = "semicolons" if ";" in parsed.foreign else "tabs"
            text = f"separates the columns of a FORMAT line by {mark}: the values of a text export stand between commas"
            cure = "Export it again with a comma between values and a point in numbers."
            reading.find("cyme.separator", "error", text, file=name, value=parsed.foreign[:60], remedy=cure)
            marked[name] = ""
            continue
        if parsed.longer > MOST_LONGER * parsed.rows_there and len(parsed.extras) >= KINDS:
            text = f"{parsed.longer} of {parsed.rows_there} rows have more values than their FORMAT line, as where "
            text += "numbers have a decimal comma"
            cure = "Export it again with a point in numbers."
            reading.find("cyme.separator", "error", text, file=name, line=parsed.long_line, remedy=cure)
            marked[name] = ""
            continue
        parsed.tell_uneven()
        marked[name] = _unit(reading, name, parsed, units)
    imperial = {n for n, unit in marked.items() if unit == "IMPERIAL"}
    sound = sound and all(marked.values())
    if len({u for u in marked.values() if u}) > 1:
        text = "the files are in different units, each is read in its own: one export has one unit system"
        names = " ".join(f"{n}={u}" for n, u in sorted(marked.items()))
        reading.find("cyme.mixed-units", "warning", text, value=names, remedy="Check that they belong together.")
    for block, dialect in IMPERIAL.items() if imperial else ():
        if block in tables.blocks:
            tables.blocks[block].speak(dialect, imperial)
    if imperial and implausible(reading, tables, imperial):
        return None
    for name in sorted(imperial) if sound else ():
        text = "is in imperial units: feet, inches and per mile, which its magnitudes bear out; all became SI"
        reading.find("cyme.imperial-read", "info", text, file=name, remedy="Nothing to do.")
    return tables if sound else None


def _unit(reading: Reading, name: str, parsed: _File, units: str) -> str:
    """The unit system of a file, ``SI`` or ``IMPERIAL``; empty, and a finding, when nobody says it."""
    found, line = parsed.unit
    if found and units != "as_marked" and found != units.upper():
        text = f"the file is marked {found}, and the study says `units: {units}`"
        reading.find("cyme.no-units", "error", text, file=name, line=line, value=found, remedy="Say `as_marked`.")
        return ""
    if found or units != "as_marked":
        return found or units.upper()
    reading.find(
        "cyme.no-units",
        "error",
        "the file states no unit system: neither [SI] nor [IMPERIAL] stands in it",
        file=name,
        line=1,
        value=", ".join(parsed.strange) or "none",
        remedy="Export it again, or say `units: si` or `units: imperial` in the study if you know it.",
    )
    return ""


def _text(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data.decode("utf-16", errors="replace"), "utf-16"
    if (ends := [data[i:4000:2].count(0) for i in (0, 1)]) and max(ends) > min(len(data), 4000) // 4:
        encoding = "utf-16-be" if ends[0] > ends[1] else "utf-16-le"
        return data.decode(encoding, errors="replace"), encoding
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding), "utf-8" if encoding == "utf-8-sig" else encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


_SPECIAL = re.compile(rf"\s|$|\[|FORMAT_|{'|'.join(MARKERS)}", re.IGNORECASE).match
"""Begins a line that may be another thing than a row: blank, a block, a header or a marker."""
_BLANKS = tuple(c for c in map(chr, range(0x3001)) if c.isspace() and len(f"a{c}a".splitlines()) == 1)
"""Characters that `str.strip` takes off a cell; a file that has none of them needs no look at its cells."""


def _cells(line: str, count: int) -> list[str]:
    """The values of a line; quotes around one are taken off, and a comma within them becomes a semicolon.

    A line of `count` values without regard to quotes is read so, but for quotes around a value.
    """
    plain = [c.strip() for c in line.strip().split(",")]
    if '"' not in line:
        return plain
    bare = [c[1:-1].strip() if _QUOTED(c) else c for c in plain]
    if len(plain) == count or line.count('"') % 2 or len(line) > csv.field_size_limit():
        return bare
    quoted = next(csv.reader([line.strip()], skipinitialspace=True))
    return [c.strip().replace(",", ";") for c in quoted]


_QUOTED = re.compile(r'"[^"]*"$').match
"""A value with a quote at both ends."""


class _File:
    """Reads the lines of one file into the tables."""

    def __init__(self, reading: Reading, name: str, tables: Tables):
        self.reading, self.name, self.tables = reading, name, tables
        self.unit: tuple[str, int | None] = ("", None)
        self.strange: list[str] = []
        self.foreign = ""
        self.block = ""
        self.header: tuple[str, ...] = ()
        self.marker_header: tuple[str, ...] = ()
        self.network = ""
        self.blanks: list[str] = []
        self.uneven: dict[str, tuple[int, int, int]] = {}
        self.rows_there = self.longer = self.long_line = 0
        self.extras = set[int]()

    def read(self, text: str) -> int:
        """The number of blocks found."""
        lines = text.splitlines()
        self.blanks = [c for c in (*_BLANKS, '"') if c in text]
        special = [i for i, line in enumerate(lines) if _SPECIAL(line)]
        count = done = 0
        for i in [*special, len(lines)]:
            if i > done:
                self.rows(lines, done, i)
            done = i + 1
            line = lines[i].strip() if i < len(lines) else ""
            if not line:
                continue
            if match := _BLOCK.match(line):
                count += 1
                self.open(match[1].strip().upper(), i + 1)
            elif self.block != "GENERAL" and line.upper().startswith("FORMAT_"):
                self.format(line)
            else:
                self.data(line, i + 1)
        return count

    def tell_uneven(self) -> None:
        """Tell the blocks that have rows of another length than their header."""
        for block, (first, rows, extra) in sorted(self.uneven.items()):
            message = f"{rows} rows of [{block}] have another number of values than their FORMAT line"
            message += f", first by {extra:+d}"
            cure = "Nothing to do if the columns that matter stand on the left."
            self.reading.find(
                "cyme.row-length", "warning", message, file=self.name, line=first, element=block, remedy=cure
            )

    def rows(self, lines: list[str], start: int, stop: int) -> None:
        """A run of plain lines; those that fit their header are kept as they stand, the others one by one."""
        if not self.header or self.block == "GENERAL":
            for i in range(start, stop):
                self.data(lines[i].strip(), i + 1)
            return
        commas, blanks = len(self.header) - 1, self.blanks
        run = lines[start:stop]
        fits = [line.count(",") == commas for line in run]
        if blanks:
            fits = [fit and not any(c in line for c in blanks) for fit, line in zip(fits, run, strict=True)]
        for i, fit in enumerate(fits):
            if not fit:
                run[i] = self.repaired(self.header, run[i], start + i + 1)
        self.keep(range(start + 1, stop + 1), run)

    def keep(self, at: Sequence[int], lines: list[str]) -> None:
        """Put lines of the present header behind the rows of the present block."""
        self.rows_there += len(lines)
        self.tables.blocks[self.block].add(Run(self.block, self.name, self.network, self.header, at, lines))

    def open(self, block: str, number: int) -> None:
        """A block begins."""
        self.block, self.header, self.network = block, (), ""
        if block in UNITS:
            self.unit = (block, number)
        elif self.unit[0] == "" and block not in ("GENERAL",) and block.isalpha() and len(block) <= 12:
            self.strange.append(block)
        self.tables.blocks.setdefault(block, Rows())

    def format(self, line: str) -> None:
        """A header: of the marker lines, or of the rows that follow."""
        name, _, columns = line.partition("=")
        if (";" in columns or "\t" in columns) and "," not in columns and not self.foreign:
            self.foreign = columns
        cells = tuple(c.upper() for c in _cells(columns, 0))
        if not self.block:
            return
        if self.block == "SECTION" and name[7:].strip().upper() in MARKERS:
            self.marker_header = cells
        else:
            self.header = cells

    def data(self, line: str, number: int) -> None:
        """A row of data, a marker line of ``[SECTION]``, or a word of ``[GENERAL]``."""
        if self.block == "GENERAL":
            key, _, value = line.partition("=")
            if key.strip().upper() == "CYME_VERSION":
                self.tables.version = value.strip()
            return
        head, equals, rest = line.partition("=")
        if self.block == "SECTION" and equals and head.strip().upper() in MARKERS:
            header = self.marker_header or ("NETWORKID", "HEADNODEID")
            cells = self.repaired(header, rest, number, count=False).split(",")
            row = Row("FEEDER", self.name, number, dict(zip(header, cells, strict=True)))
            row.network = self.network = row.text("NetworkID")
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
        self.keep((number,), [self.repaired(self.header, line, number)])

    def repaired(self, header: tuple[str, ...], line: str, number: int, count: bool = True) -> str:
        """A row, padded or cut to its header; another number of values is counted."""
        cells = _cells(line, len(header))
        extra = len(cells) - len(header)
        if extra and count and any(cells[len(header) :] or [extra < 0]):
            first, rows, by = self.uneven.get(self.block, (number, 0, extra))
            self.uneven[self.block] = (first, rows + 1, by)
            if extra > 0:
                self.longer, self.long_line = self.longer + 1, self.long_line or number
                self.extras.add(extra)
        cells = cells[: len(header)] + [""] * -extra
        return ",".join(cells)
