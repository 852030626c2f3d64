"""Rows of registers: the columns that a map names, cell by cell as text, number, year or day.

Every row ends in the account as ``mapped`` or ``refused``; a cell that cannot be read refuses its row, and is a finding
with file, row, field, value and remedy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from dtl.errors import Severity, SourceError
from dtl.sources.oms_words import places
from dtl.sources.reading import Reading
from dtl.sources.sheets import Cell, Sheet, sheets, tell_left

MAPS = Path(__file__).parent / "columns"
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?")
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")


@dataclass(frozen=True)
class Field:
    """A field of a row: its name, how its cell is read, and whether there must be one."""

    name: str
    kind: Literal["text", "number", "whole", "day"] = "text"
    needed: bool = False
    low: float = 0.0
    """Least number."""


@dataclass(frozen=True)
class Row:
    """One row: where it stands, and its values by field, None for an empty cell (empty text for a text)."""

    file: str
    line: int
    values: Mapping[str, Any]

    def __getitem__(self, field: str) -> Any:
        return self.values[field]


class CellError(Exception):
    """A cell that cannot be read: the check, the field, what stood there, why, and the remedy."""

    def __init__(self, check: str, field: str, value: str, why: str, remedy: str):
        self.check, self.field, self.value, self.remedy = check, field, value, remedy
        super().__init__(why)


@cache
def shipped(file: str) -> Mapping[str, Any]:
    """A file of names or words that we ship."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, Any] = yaml.load((MAPS / f"{file}.yaml").read_text(encoding="utf-8"), loader)
    return loaded


def columns(word: object, table: str) -> Mapping[str, Sequence[str]]:
    """The names of each column: those of the study, or of the map that we ship under a word."""
    known = word if isinstance(word, Mapping) else shipped(f"registers_{word or 'ours'}")[table]
    return {field: [names] if isinstance(names, str) else names for field, names in known.items() if names}


@cache
def _words(kind: str) -> Mapping[str, str]:
    found = {folded(w): meaning for meaning, words in shipped("registers_words")[kind].items() for w in words}
    return found | {folded(meaning): meaning for meaning in shipped("registers_words")[kind]}


def meaning(kind: str, text: str) -> str | None:
    """The word of ours that a text of a register means; None if no list knows it."""
    return _words(kind).get(folded(text))


def folded(text: str) -> str:
    """A word as words are compared: lower case, with single blanks for ``_`` and ``-``."""
    return " ".join(re.sub(r"[_-]", " ", text).split()).casefold()


def rows(
    reading: Reading, spec: Mapping[str, Any], files: Mapping[str, Path], table: str, fields: Sequence[Field]
) -> Iterator[Row]:
    """The rows of all files of a source that can be read; all others are findings."""
    wanted = columns(spec.get("columns"), table)
    for file, path in sorted(files.items()) or [(str(spec.get("path")), Path())]:
        yield from listed(reading, file, path, wanted, fields)


def listed(
    reading: Reading, file: str, path: Path, wanted: Mapping[str, Sequence[str]], fields: Sequence[Field]
) -> Iterator[Row]:
    """The rows of one file that can be read."""
    for sheet in opened(reading, file, path):
        at = places(sheet.header, wanted)
        if not _complete(reading, sheet, at, fields):
            continue
        if not sheet.rows:
            reading.find("given.no-rows", "warning", "has no rows", file=file, remedy="Export it again.")
        for line, cells in sheet.rows:
            try:
                if any(cells[len(sheet.header) :]):
                    raise CellError("given.ragged", "", str(len(cells)), f"has more cells than the {len(sheet.header)} "
                                    "columns", "Put texts with the delimiter in quotes.")  # fmt: skip
                found = {f.name: _value(f, cells, at.get(f.name), sheet.serials) for f in fields}
            except CellError as err:
                refuse(reading, file, line, err)
            else:
                yield Row(file, line, found)


def opened(reading: Reading, file: str, path: Path) -> Iterator[Sheet]:
    """The tables of a file; what cannot be opened is a finding."""
    if not path.is_file():
        reading.find("source.file-missing", "error", "the file does not exist", file=file, remedy="Correct the path.")
        return
    try:
        for sheet in sheets(file, path):
            tell_left(reading, sheet)
            yield sheet
    except SourceError as err:
        text = str(err).removeprefix(f"{file}: ")
        reading.find("given.file", "error", text, file=file, remedy="Correct the file, or what the study says.")


def refuse(reading: Reading, file: str, line: int, err: CellError, severity: Severity = "error") -> None:
    """Account for a row that is refused, with its finding."""
    reading.find(err.check, severity, str(err), file=file, line=line, field=err.field, value=err.value,
                 remedy=err.remedy)  # fmt: skip
    reading.refused("", f"[row] {file}:{line}", "", err.value, str(err))


def kept(reading: Reading, row: Row, table: str, key: str) -> None:
    """Account for a row that stands in a table."""
    reading.mapped("", f"[row] {row.file}:{row.line}", "", f"{table}.{key}")


def _complete(reading: Reading, sheet: Sheet, at: Mapping[str, int], fields: Sequence[Field]) -> bool:
    if sheet.recoded:
        reading.find("given.encoding", "warning", "is not UTF-8, and was read as Windows-1252", file=sheet.file,
                     remedy="Save it as UTF-8.")  # fmt: skip
    lacking = [f.name for f in fields if f.needed and f.name not in at]
    there = ", ".join(n for n in sheet.header if n)
    for field in lacking:
        reading.find("given.column", "error", f"no column is '{field}'; there are {there}", file=sheet.file,
                     field=field, remedy="Name the column in the study's column map.")  # fmt: skip
    thing = f"[columns] {sheet.file}{':' * bool(sheet.name)}{sheet.name}"
    reading.mapped("", thing, "", "columns")
    by_place = {i: field for field, i in at.items()}
    for i, name in enumerate(sheet.header):
        if i in by_place:
            reading.mapped("", thing, name, by_place[i])
        elif name:
            reading.unused("", thing, name, "", "no field of this table")
    return not lacking


def _value(field: Field, cells: Sequence[Cell], at: int | None, epoch: datetime | None) -> Any:
    cell: Cell = cells[at] if at is not None and at < len(cells) else ""
    if field.kind == "text":
        text = str(cell)
        if field.needed and not text:
            raise CellError("given.empty", field.name, "", "is empty", "Fill it in.")
        return text
    if cell == "":
        if field.needed:
            raise CellError("given.empty", field.name, "", "is empty", "Fill it in.")
        return None
    return _day(field, cell, epoch) if field.kind == "day" else _number(field, cell)


def _number(field: Field, cell: Cell) -> float | int:
    text = str(cell)
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    whole = field.kind == "whole"
    if not (field.low <= value < 1e12) or (whole and not (value.is_integer() and value < 2**31)):
        kind = f"a {'whole ' * whole}number from {field.low:g}"
        raise CellError("given.number", field.name, text, f"is not {kind}", "Write digits without groups or units.")
    return int(value) if whole else value


def _day(field: Field, cell: Cell, epoch: datetime | None) -> date:
    if isinstance(cell, datetime):
        return _plausible(field, cell.date())
    if epoch is not None and re.fullmatch(r"\d{4,5}", cell):
        return _plausible(field, date.fromordinal(epoch.toordinal() + int(cell)))
    for form in _DAYS:
        try:
            return _plausible(field, datetime.strptime(cell[:10], form).date())
        except ValueError:
            continue
    raise CellError("given.day", field.name, cell, "is no day written as 2026-10-31", "Write days as ISO 8601.")


def _plausible(field: Field, day: date) -> date:
    if not 1900 <= day.year <= 2100:
        text = "its year is not between 1900 and 2100"
        raise CellError("given.day", field.name, day.isoformat(), text, "Correct the day.")
    return day
