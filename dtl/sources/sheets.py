"""Tables of CSV and Excel files as rows of cells with their place, for registers and exports of any layout."""

from __future__ import annotations

import codecs
import csv
import io
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from dtl.errors import SourceError
from dtl.sources.reading import Reading

Cell = str | datetime
"""A cell: its text without blanks around, or a point in time where the file itself says that it is one."""


class Numeral(str):
    """The text of a cell that Excel holds as a number: its decimal point is a point, whatever the study says."""

    __slots__ = ()


Line = tuple[int, tuple[Cell, ...]]
"""A row with its number in the file."""

EXCEL = (".xlsx", ".xlsm")
ROWS = 2_000_000
"""Most rows of a sheet."""
UNPACKED = 2 * 1024**3
"""Most bytes that an Excel file may unpack to."""
RATIO = 400
"""Most bytes that one packed byte of a large part of an Excel file may become."""

BROKEN = (
    SyntaxError, zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, ValueError, TypeError, IndexError,
    AttributeError, RuntimeError, OverflowError,
)  # fmt: skip
"""What the reader of Excel raises for a damaged file besides its own error; those of both XML parsers that it may use
are SyntaxErrors."""


@dataclass(frozen=True)
class Sheet:
    """One table: the names of its columns, and its rows with their number in the file; empty rows are left out.

    ``serials`` says that a number may be a date: days since the epoch of the file.
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[Line, ...]
    name: str = ""
    serials: datetime | None = None
    recoded: bool = False
    """Whether the file was no UTF-8 and was read as Windows-1252."""
    left: tuple[str, ...] = ()
    """Other sheets of the file that hold something, where nobody said which ones to read."""
    alike: bool = False
    """Whether one of them has the same names of columns."""

    def twins(self, place: int) -> list[int]:
        """Other columns of the same name, whose content is another."""
        name = self.header[place].casefold()
        alike = [k for k, n in enumerate(self.header) if n and n.casefold() == name and k != place]
        return [k for k in alike if any(cells[k : k + 1] != cells[place : place + 1] for _, cells in self.rows)]


def tell_left(reading: Reading, sheet: Sheet) -> None:
    """Say which sheets of a file are not read; a warning where one of them looks like more of the same."""
    if sheet.left:
        text = f"only the sheet {sheet.name!r} is read" + (", and another has the same columns" if sheet.alike else "")
        reading.find("source.sheets-left", "warning" if sheet.alike else "info", text, file=sheet.file,
                     value=", ".join(sheet.left), remedy="Name the sheets to read, if the study can; else one file "
                     "for each.")  # fmt: skip


def tell_absent(
    reading: Reading,
    file: str,
    word: object,
    wanted: Mapping[str, Sequence[str]],
    at: Collection[str],
    header: Sequence[str],
    check: str = "given.column",
) -> None:
    """Tell the columns that the study itself names (``word`` is its map) and a table does not have.

    Maps that are shipped under a word name more columns than any table has.
    """
    for field in [f for f, names in wanted.items() if names and f not in at] if isinstance(word, Mapping) else ():
        text = f"no column is {' or '.join(wanted[field])}, which the study names; there are "
        reading.find(check, "warning", text + ", ".join(n for n in header if n), file=file, field=field,
                     remedy="Correct the column map, or take it out.")  # fmt: skip


def sheets(
    file: str, path: Path, header_row: int = 1, names: list[str] | None = None, *, per_cent: bool = False
) -> Iterator[Sheet]:
    """The tables of a file: of a CSV its only one, of an Excel file those of `names`, or the first.

    With ``per_cent`` a number that Excel shows as per cent is the text that it shows: 0.02 is ``2%``.

    Raises
    ------
    SourceError
        The file is no table, lacks a sheet or its row of names, or is larger than any export.
    """
    if path.suffix.lower() in EXCEL:
        yield from _excel(file, path, header_row, names, per_cent)
    elif path.suffix.lower() == ".xls":
        raise SourceError(f"{file}: the old Excel format .xls is not read; save it as .xlsx or CSV")
    else:
        yield _csv(file, path, header_row)


def _csv(file: str, path: Path, header_row: int) -> Sheet:
    data = path.read_bytes()
    recoded = False
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        data = data.decode("utf-16", errors="replace").encode()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text, recoded = data.decode("cp1252", errors="replace"), True
    if "\0" in text:
        raise SourceError(f"{file}: is no text, it has zero bytes")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    head = lines[header_row - 1] if len(lines) >= header_row else ""
    delimiter = max(",;\t|", key=lambda d: (head.count(d), d == ","))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[Line] = []
    header: tuple[str, ...] = ()
    before = 0
    try:
        for cells in reader:
            number, before = before + 1, reader.line_num
            found = tuple(told(c.strip()) for c in cells)
            if number < header_row:
                continue
            if not header:
                header = found
            elif any(found):
                rows.append((number, found))
            if before > number and header:
                open_ = before >= len(lines) and sum(li.count('"') for li in lines[number - 1 : before]) % 2 == 1
                _closed(file, number, cells, delimiter, len(header) - 1, open_)
    except csv.Error as err:
        raise SourceError(f"{file}:{reader.line_num}: is no CSV: {err}") from err
    if not any(header):
        raise SourceError(f"{file}: row {header_row} holds no column names")
    return Sheet(file, header, tuple(rows), recoded=recoded)


def told(text: str) -> str:
    """A text as it is meant: spreadsheets write ``="0012"`` where a number is to keep its zeros."""
    return text[2:-1] if text.startswith('="') and text.endswith('"') and len(text) > 3 else text


def _closed(file: str, number: int, cells: list[str], delimiter: str, most: int, still_open: bool) -> None:
    """Refuse a row of several lines whose quotes hold other rows, as where one of them is not closed."""
    inner = [line for cell in cells for line in cell.splitlines()[1:]]
    if still_open or (most > 1 and any(line.count(delimiter) >= most for line in inner)):
        raise SourceError(
            f"{file}: a quote of row {number} is not closed in its row, so that the rows after it are taken for its"
            " text; close it, and double the quotes within texts"
        )


def _excel(file: str, path: Path, header_row: int, names: list[str] | None, per_cent: bool) -> Iterator[Sheet]:
    from openpyxl import load_workbook  # no CSV needs its 170 modules
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        _guard(file, path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=True)
            try:
                for name in names or book.sheetnames[:1]:
                    if name not in book.sheetnames:
                        there = ", ".join(book.sheetnames)
                        raise SourceError(f"{file}: has no sheet {name!r}; there is {there}")
                    found = _sheet(file, book[name], name, header_row, book.epoch, per_cent)
                    others = (
                        {} if names else {s.title: _head(s, header_row) for s in book.worksheets if s.title != name}
                    )
                    left = tuple(title for title, head in others.items() if any(head))
                    yield replace(found, left=left, alike=any(others[title] == _bare(found.header) for title in left))
            finally:
                book.close()
    except (InvalidFileException, *BROKEN) as err:
        raise SourceError(f"{file}: is no Excel file that can be read: {type(err).__name__}: {err}") from err


def _guard(file: str, path: Path) -> None:
    """Refuse what unpacks to more than an export can be, and XML that declares entities."""
    with zipfile.ZipFile(path) as packed:
        parts = packed.infolist()
        if sum(p.file_size for p in parts) > UNPACKED:
            raise SourceError(f"{file}: unpacks to more than {UNPACKED // 1024**2} MB")
        for part in parts:
            if part.file_size > 50 * 1024**2 and part.file_size > RATIO * max(part.compress_size, 1):
                raise SourceError(f"{file}: {part.filename} is packed {RATIO} times and more, as no table is")
            if part.filename.endswith((".xml", ".rels")):
                with packed.open(part) as opened:
                    if b"<!DOCTYPE" in opened.read(65536).replace(b"\0", b""):
                        raise SourceError(f"{file}: {part.filename} declares a document type, which no Excel writes")


def _sheet(file: str, sheet: Any, name: str, header_row: int, epoch: datetime, per_cent: bool) -> Sheet:
    rows: list[Line] = []
    header: tuple[str, ...] = ()
    sheet.reset_dimensions()  # some writers state a smaller sheet than there is, beyond which nothing would be read
    for number, values in enumerate(sheet.iter_rows(values_only=not per_cent), 1):
        if number > ROWS:
            raise SourceError(f"{file}: the sheet {name!r} has more than {ROWS} rows")
        if number < header_row:
            continue
        found = tuple(_shown(v) if per_cent else _cell(v) for v in values)
        if not header:
            header = tuple(str(c) for c in found)
        elif any(found):
            rows.append((number, found))
    if not any(header):
        raise SourceError(f"{file}: row {header_row} of the sheet {name!r} holds no column names")
    wide = max([len(header), *(len(cells) for _, cells in rows)])
    even = tuple((number, cells + ("",) * (wide - len(cells))) for number, cells in rows)
    return Sheet(file, header + ("",) * (wide - len(header)), even, name, epoch)


def _head(sheet: Any, header_row: int) -> tuple[str, ...]:
    """The names of the columns of a sheet, else what stands in its first row."""
    sheet.reset_dimensions()
    rows = list(sheet.iter_rows(max_row=header_row, values_only=True))
    heads = [tuple(str(_cell(v)) for v in row) for row in rows]
    return next((_bare(head) for head in reversed(heads) if any(head)), ())


def _bare(head: tuple[str, ...]) -> tuple[str, ...]:
    """Names of columns without the empty ones at their end."""
    return head[: max((i + 1 for i, name in enumerate(head) if name), default=0)]


def _shown(cell: Any) -> Cell:
    """A cell of Excel; a number that it shows as per cent with its sign."""
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in (cell.number_format or ""):
        return f"{100 * value:.12g}%"
    return _cell(value)


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Numeral(int(value) if value == int(value) else value)
    return str(value).strip()
