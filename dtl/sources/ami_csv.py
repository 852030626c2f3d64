"""CSV files of readings in blocks of bounded size, parsed two at a time; what a cell should be and is not is told."""

from __future__ import annotations

import csv
import gzip
import itertools
import os
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from dtl.errors import SourceError
from dtl.sources.ami_columns import NUMBERS, Layout, layout
from dtl.sources.ami_registers import role_of
from dtl.sources.ami_tally import Trouble
from dtl.sources.ami_wide_text import recoded

BLOCK = 8 * 1024**2
"""Bytes that are parsed at once."""
LONGEST = 4 * BLOCK
"""Most bytes of a line."""
RATIO, FREE = 400, 64 * 1024**2
"""Most bytes that a packed byte may become, once more than ``FREE`` are unpacked."""
NULLS = ["", "NA", "N/A", "NULL", "Null", "null", "NaN", "nan", "-", "None"]
WORD = pa.dictionary(pa.int32(), pa.string())
_NUMBER = {
    ".": r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$",
    ",": r"^\s*[-+]?(\d+,?\d*|,\d+)([eE][-+]?\d+)?\s*$",
}
"""A number, by its decimal point."""
_THOUSANDS = r"^\s*[-+]?\d{1,3}([.,' \x{a0}\x{202f}]\d{3})+([.,]\d+)?\s*$"


@dataclass
class Block:
    """Rows of one file: columns by role, those of intervals or meters by their position as text.

    ``line`` is the line of the first row (in Parquet the number of the row); ``skipped`` are rows left out, counted
    from 0, so that `at` still tells the line of a row.
    """

    file: str
    line: int
    table: pa.Table
    layout: Layout
    troubles: list[Trouble] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)

    def at(self, row: int) -> int:
        """The line in the file of a row of the table."""
        for lost in self.skipped:
            row += lost <= row
        return self.line + row


def blocks(file: str, path: Path, spec: Mapping[str, Any], words: Mapping[str, Any]) -> Iterator[Block]:
    """The blocks of a CSV, in the order of the file.

    Raises
    ------
    SourceError
        It is no text, is packed as no table is, or lacks a column that the map needs.
    """
    try:
        with _opened(path) as stream:
            first = _header(file, stream, spec["header_row"])
            delimiter = max(",;\t|", key=lambda d: (first.count(d), d == ","))
            cut = csv.reader([first], delimiter=delimiter) if first.count('"') % 2 == 0 else [first.split(delimiter)]
            names = [n.strip().strip('"') for n in next(iter(cut))]
            chunks = _chunks(file, path, stream)
            start = next(chunks, b"")
            row = _text(start.partition(b"\n")[0]).rstrip("\r").replace("\0", "?")
            if row.endswith(delimiter) and len(next(csv.reader([row], delimiter=delimiter))) == len(names) + 1:
                names.append("")  # rows end with a delimiter, which the header does not
            parse = _Parser(file, layout(file, names, words), delimiter, spec)
            waiting: deque[Future[Block]] = deque()
            with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
                line = int(spec["header_row"]) + 1
                for data in itertools.chain([start] if start else [], chunks):
                    waiting.append(pool.submit(parse, data, line))
                    line += data.count(b"\n")
                    if len(waiting) > 3:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
    except (OSError, EOFError, zlib.error, csv.Error) as err:
        raise SourceError(f"{file}: cannot be read: {err}") from err


def _lines(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n"))


def _opened(path: Path) -> BinaryIO:
    return recoded(gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb"))  # type: ignore[arg-type]


def _header(file: str, stream: BinaryIO, row: int) -> str:
    line = b""
    for _ in range(row):
        line = stream.readline(LONGEST)
    if b"\0" in line:
        raise SourceError(f"{file}: is no text, it has zero bytes")
    text = _text(line).removeprefix("\ufeff").rstrip("\r\n")
    if not text.strip():
        raise SourceError(f"{file}: row {row} holds no column names")
    return text


def _text(data: bytes) -> str:
    """Bytes as text, in UTF-8 or else in the Windows code page 1252."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _chunks(file: str, path: Path, stream: BinaryIO) -> Iterator[bytes]:
    packed, total, rest = path.stat().st_size, 0, b""
    gz = path.suffix.lower() == ".gz"
    while data := stream.read(BLOCK):
        total += len(data)
        if gz and total > FREE and total > RATIO * packed:
            raise SourceError(f"{file}: is packed {RATIO} times and more, as no table is")
        cut = data.rfind(b"\n") + 1
        if cut:
            yield rest + data[:cut]
            rest = data[cut:]
        else:
            rest += data
            if len(rest) > LONGEST:
                raise SourceError(f"{file}: has a line of more than {LONGEST // 1024**2} MB")
    if rest.strip():
        yield rest


class _Parser:
    """Parses one block after the other, by any thread."""

    def __init__(self, file: str, found: Layout, delimiter: str, spec: Mapping[str, Any]):
        self.file, self.layout, self.delimiter, self.decimal = file, found, delimiter, spec["decimal"]
        self.names = [str(i) for i in range(len(found.header))]
        self.role = {str(p): r for r, p in found.roles.items()} | {str(p): str(p) for p in found.spread}
        stamp = pa.timestamp("s") if not spec.get("time_format") and "day" not in found.roles else WORD
        self.types = {
            str(p): stamp if r == "time" else pa.float64() if role_of(r) in NUMBERS else WORD
            for r, p in found.roles.items()
        } | {str(p): pa.float64() for p in found.spread}

    def __call__(self, data: bytes, line: int) -> Block:
        try:
            block = self._block(data, line, self.types, '"')
        except pa.ArrowInvalid:
            block = None
        swallowed = block is not None and b'"' in data and block.table.num_rows + len(block.skipped) != _lines(data)
        if block is None or swallowed:
            quote = False if swallowed else '"'
            try:
                block = self._block(data, line, dict.fromkeys(self.types, pa.string()), quote)
            except pa.ArrowInvalid as err:
                raise SourceError(f"{self.file}:{line}: is no CSV: {err}") from err
            self._numbers(block)
        block.table = block.table.rename_columns([self.role[c] for c in block.table.column_names])
        return block

    def _block(self, data: bytes, line: int, types: Mapping[str, pa.DataType], quote: str | bool) -> Block:
        """Parse a block; with types of text anything but rows of another length passes."""
        lost: list[tuple[int, str]] = []

        def ragged(row: pacsv.InvalidRow) -> str:
            lost.append((row.number, row.text))
            return "skip"

        if pa.string() in types.values():
            data = _text(data).replace("\0", "?").encode()
        table = pacsv.read_csv(
            pa.BufferReader(data),
            pacsv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=self.names),
            pacsv.ParseOptions(
                delimiter=self.delimiter, quote_char=quote, ignore_empty_lines=False, invalid_row_handler=ragged
            ),
            pacsv.ConvertOptions(
                column_types=dict(types), include_columns=list(types), null_values=NULLS, strings_can_be_null=True,
                decimal_point=self.decimal,
            ),
        )  # fmt: skip
        told = [(n, text) for n, text in lost if text.strip()]
        troubles = [Trouble("ami.ragged", "", len(told), line + told[0][0] - 1, told[0][1])] if told else []
        return Block(self.file, line, table, self.layout, troubles, [n - 1 for n, _ in lost])

    def _numbers(self, block: Block) -> None:
        """Columns of numbers from text; what is no number becomes empty, and is told."""
        for place, name in enumerate(block.table.column_names):
            text = bare(block.table[name].combine_chunks())
            if self.types[name] != pa.float64():
                block.table = block.table.set_column(place, name, text)
                continue
            values, wrong = parsed(text, self.decimal)
            head = self.layout.header[int(name)]
            block.troubles += [Trouble(check, head, n, block.at(row), told) for check, n, row, told in wrong]
            block.table = block.table.set_column(place, name, values)


def bare(text: pa.Array) -> pa.Array:
    """Texts without blanks and quotes around them, null where they are words for nothing."""
    text = pc.utf8_trim(text, ' \t"')
    return pc.if_else(pc.is_in(text, pa.array(NULLS)), None, text)


def parsed(text: pa.Array, decimal: str) -> tuple[pa.Array, list[tuple[str, int, int, str]]]:
    """Numbers of texts, empty where there is none; of what is no number the check, how many, row and text of one."""
    bad = pc.invert(pc.match_substring_regex(text, _NUMBER[decimal])).fill_null(False)
    many = pc.and_(bad, pc.match_substring_regex(text, _THOUSANDS).fill_null(False))
    wrong = []
    for check, found in (("ami.thousands", many), ("ami.number", pc.and_(bad, pc.invert(many)))):
        if count := pc.sum(found).as_py() or 0:
            row = pc.index(found, True).as_py()
            wrong.append((check, count, row, str(text[row])))
    text = pc.if_else(bad, None, text)
    return pc.cast(pc.replace_substring(text, ",", ".") if decimal == "," else text, pa.float64()), wrong
