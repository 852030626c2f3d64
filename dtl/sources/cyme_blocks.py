"""The text export of CYME as tables: blocks, their headers and their rows, each with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from dtl.sources.cyme_tables import Row, Tables
from dtl.sources.cyme_units import IMPERIAL, implausible
from dtl.sources.reading import Reading

UNITS = ("SI", "IMPERIAL")
MARKERS = ("FEEDER", "SUBSTATION", "TRANSMISSIONLINE")
"""Lines in ``[SECTION]`` that name the network of the sections after them."""

_BLOCK = re.compile(r"\[([^\]]+)\]\s*$")


def read_tables(reading: Reading, files: Mapping[str, Path], units: str) -> Tables | None:
    """The tables of all files; None, and a finding, when their units are not known, or cannot be those they state.

    `units` is what the study says: ``as_marked``, ``si`` or ``imperial``.
    """
    tables, sound = Tables(files=set(files)), True
    marked: dict[str, str] = {}
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
        marked[name] = _unit(reading, name, parsed, units)
    imperial = {n for n, unit in marked.items() if unit == "IMPERIAL"}
    sound = sound and all(marked.values())
    if len({u for u in marked.values() if u}) > 1:
        text = "the files are in different units, each is read in its own: one export has one unit system"
        names = " ".join(f"{n}={u}" for n, u in sorted(marked.items()))
        reading.find("cyme.mixed-units", "warning", text, value=names, remedy="Check that they belong together.")
    for row in tables.every():
        if row.file in imperial:
            row.dialect = IMPERIAL.get(row.block, row.dialect)
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
