"""Rows of registers: the columns that a map names, cell by cell as text, number, year or day.

Every row ends in the account as ``mapped`` or ``refused``; a cell that cannot be read refuses its row, and is a finding
with file, row, field, value and remedy.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from dtl.errors import Severity, SourceError
from dtl.sources.oms_words import BLANK, places
from dtl.sources.reading import Reading
from dtl.sources.sheets import Cell, Sheet, sheets, tell_absent, tell_left
from dtl.sources.stamps import padded

MAPS = Path(__file__).parent / "columns"
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?")
_MONEY = re.compile(r"^[$\u00a3\u00a5\u20ac\u20b9]\s*|\s*[$\u00a3\u00a5\u20ac\u20b9]$")
"""The sign of dollar, pound, yen, euro or rupee, before or behind a number."""
_DIGITS = "%Y%m%d"
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", _DIGITS)
_YEAR = re.compile(r"(19|20|21)\d\d")
PREFIX = {"": 1e-3, "k": 1.0, "m": 1e3, "g": 1e6}
"""What turns a unit with this prefix into thousands."""


@dataclass(frozen=True)
class Field:
    """A field of a row: its name, how its cell is read, and whether there must be one."""

    name: str
    kind: Literal["text", "number", "whole", "day"] = "text"
    needed: bool = False
    low: float = 0.0
    """Least number."""
    unit: str = ""
    """Its unit, as kw; a column may state another one with the same ending."""
    per_cent: float = 0.0
    """What a per cent sign behind a number multiplies it by; 0: there must be none."""
    money: bool = False
    """Whether the sign of a currency may stand with its number."""


@dataclass(frozen=True)
class Manner:
    """How a table is written, as the study says."""

    header_row: int = 1
    sheets: list[str] | None = None
    decimal: str = ""
    """The decimal point; where it is not stated, it is a point, and digits are not grouped."""
    day_format: str = ""
    """How days are written, for `strptime`; empty: ISO 8601."""
    units: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """The names of the columns of each field with their units, as `named` gives them."""
    by_year: bool = False
    """Whether columns whose name is a year hold numbers, which become values of the row under that name."""
    word: object = None
    """The column map as the study says it: a word, or its own."""


PLAIN = Manner()


@dataclass(frozen=True)
class Row:
    """One row: where it stands, and its values by field, None for an empty cell (empty text for a text)."""

    file: str
    line: int
    values: Mapping[str, Any]
    signed: frozenset[str] = frozenset()
    """Its fields whose cell had a per cent sign."""

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
    return {f: [name for name, _ in names] for f, names in named(known).items()}


def named(known: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """The names of the column of each field, with the unit of each; an empty unit is that of the field."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name_of, told in known.items():
        for one in (told if isinstance(told, list) else [told]) if told else []:
            names, unit = (one["column"], one["unit"]) if isinstance(one, Mapping) else (one, "")
            found.setdefault(name_of, []).extend((n, unit) for n in ([names] if isinstance(names, str) else names))
    return found


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
    word = spec.get("columns")
    known = word if isinstance(word, Mapping) else shipped(f"registers_{word or 'ours'}")[table]
    manner = Manner(int(spec.get("header_row") or 1), spec.get("sheets"), str(spec.get("decimal") or ""),
                    str(spec.get("day_format") or ""), named(known), spec.get("layout") == "wide", word)  # fmt: skip
    for file, path in sorted(files.items()) or [(str(spec.get("path")), Path())]:
        yield from listed(reading, file, path, columns(word, table), fields, manner)


def listed(
    reading: Reading,
    file: str,
    path: Path,
    wanted: Mapping[str, Sequence[str]],
    fields: Sequence[Field],
    manner: Manner = PLAIN,
) -> Iterator[Row]:
    """The rows of one file that can be read."""
    for sheet in opened(reading, file, path, manner):
        years = [
            Field(n, "number", low=-1e12, per_cent=0.01) for n in sheet.header if manner.by_year and _YEAR.fullmatch(n)
        ]
        at = places(sheet.header, {**wanted, **{year.name: [year.name] for year in years}})
        if not _complete(reading, sheet, at, fields, manner) or _doubtful(reading, sheet, at, wanted):
            continue
        tell_absent(reading, sheet.file, manner.word, wanted, at, sheet.header)
        scale = {f.name: _scale(reading, sheet, at[f.name], f, manner) for f in fields if f.unit and f.name in at}
        if not sheet.rows:
            reading.find("given.no-rows", "warning", "has no rows", file=file, remedy="Export it again.")
        for line, cells in sheet.rows:
            try:
                if any(cells[len(sheet.header) :]):
                    raise CellError("given.ragged", "", str(len(cells)), f"has more cells than the {len(sheet.header)} "
                                    "columns", "Put texts with the delimiter in quotes.")  # fmt: skip
                found = {f.name: _value(f, cells, at.get(f.name), sheet.serials, manner) for f in (*fields, *years)}
                found |= {f: round(found[f] * k, 9) for f, k in scale.items() if found[f] is not None}
            except CellError as err:
                refuse(reading, file, line, err)
            else:
                signed = (n for n in found if n in at and at[n] < len(cells) and str(cells[at[n]]).endswith("%"))
                yield Row(file, line, found, frozenset(signed))


def opened(reading: Reading, file: str, path: Path, manner: Manner) -> Iterator[Sheet]:
    """The tables of a file; what cannot be opened is a finding."""
    if not path.is_file():
        reading.find("source.file-missing", "error", "the file does not exist", file=file, remedy="Correct the path.")
        return
    try:
        for sheet in sheets(file, path, manner.header_row, manner.sheets, per_cent=True):
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


def _complete(reading: Reading, sheet: Sheet, at: Mapping[str, int], fields: Sequence[Field], manner: Manner) -> bool:
    if sheet.recoded:
        reading.find("given.encoding", "warning", "is not UTF-8, and was read as Windows-1252", file=sheet.file,
                     remedy="Save it as UTF-8.")  # fmt: skip
    lacking = [f.name for f in fields if f.needed and f.name not in at]
    there = ", ".join(n for n in sheet.header if n)
    wide = any(_YEAR.fullmatch(n) for n in sheet.header)
    if manner.by_year and not wide:
        lacking.append("a year")
    for name in lacking:
        remedy = "Name the column in the study's column map."
        if name in ("year", "value") and wide:
            remedy = "Say `layout: wide`: the names of columns are years."
        if name == "a year":
            remedy = "Say `layout: long`, or name a column for each year by it, as 2030."
        reading.find("given.column", "error", f"no column is '{name}'; there are {there}", file=sheet.file,
                     field=name, remedy=remedy)  # fmt: skip
    thing = f"[columns] {sheet.file}{':' * bool(sheet.name)}{sheet.name}"
    reading.mapped("", thing, "", "columns")
    by_place = {i: name for name, i in at.items()}
    for i, name in enumerate(sheet.header):
        if i in by_place:
            reading.mapped("", thing, name, by_place[i])
        elif name:
            reading.unused("", thing, name, "", "no field of this table")
    return not lacking


def _doubtful(reading: Reading, sheet: Sheet, at: Mapping[str, int], wanted: Mapping[str, Sequence[str]]) -> bool:
    """Whether the name of a column stands for several, which is a finding; ``#3`` names one by its place."""
    doubtful = [f for f, i in at.items() if sheet.twins(i) and f"#{i + 1}" not in wanted.get(f, ())]
    for name in doubtful:
        which = ", ".join(f"#{k + 1}" for k in (at[name], *sheet.twins(at[name])))
        reading.find("given.column", "error", f"several columns with different content are called so: {which}",
                     file=sheet.file, field=name, value=sheet.header[at[name]],
                     remedy="Write # and the number of the column in the column map.")  # fmt: skip
    return bool(doubtful)


def _scale(reading: Reading, sheet: Sheet, at: int, of: Field, manner: Manner) -> float:
    """What turns the column of a field into the unit of the field; a name that says another unit is a finding."""
    name = " ".join(sheet.header[at].split()).casefold()
    stated = next((u for n, u in manner.units[of.name] if " ".join(n.split()).casefold() == name and u), "")
    ending = of.unit.removeprefix("k")
    if of.name == "kw" and re.search(r"(?:^|[\W_]|w)dc(?![^\W_])", name):
        reading.find("register.unit", "warning", "is read as the power that meets the grid, and its name says DC",
                     file=sheet.file, field=of.name, value=sheet.header[at],
                     remedy="Name the column of AC power, if there is one.")  # fmt: skip
    if stated:
        return PREFIX[stated.lower().removesuffix(ending)]
    spelled = {"w": "watts?", "va": "volt ?amperes?", "wh": "watt ?hours?"}[ending]
    told = re.search(rf"(?<![^\W_])(m|g|mega|giga)?({ending}|{spelled})(?![^\W_])", name)
    if told and not re.search(rf"(?<![^\W_])(k|kilo)({ending}|{spelled})(?![^\W_])", name):
        prefix, large = (told[1] or "")[:1].upper(), {"w": "W", "va": "VA", "wh": "Wh"}[ending]
        reading.find("register.unit", "warning", f"is read as {of.unit}, and its name says another unit",
                     file=sheet.file, field=of.name, value=sheet.header[at], remedy=f"Write `{of.name}: {{column: "
                     f"{sheet.header[at]}, unit: {prefix}{large}}}` in `columns`.")  # fmt: skip
    return 1.0


def _value(of: Field, cells: Sequence[Cell], at: int | None, epoch: datetime | None, manner: Manner) -> Any:
    cell: Cell = cells[at] if at is not None and at < len(cells) else ""
    if of.kind == "text":
        text = str(cell)
        if of.needed and not text:
            raise CellError("given.empty", of.name, "", "is empty", "Fill it in.")
        return text
    if cell == "" or str(cell).casefold() in BLANK:
        if of.needed:
            raise CellError("given.empty", of.name, "", "is empty", "Fill it in.")
        return None
    if of.kind == "day":
        return _day(of, cell, epoch, manner.day_format)
    return _number(of, cell, manner.decimal, plain=epoch is not None)


def _number(of: Field, cell: Cell, decimal: str, *, plain: bool) -> float | int:
    """A number; where a decimal point is stated, groups of three digits may be parted by the other mark or a blank.

    `plain` says that the file has numbers of its own, as Excel, which are read as they are.
    """
    text, turn = str(cell), 1.0
    if of.per_cent and text.endswith("%"):
        text, turn = text[:-1].rstrip(), of.per_cent
    if of.money:
        text = _MONEY.sub("", text)
    if decimal and not (plain and _NUMBER.fullmatch(text)):
        group = "[.\u00a0\u202f ]" if decimal == "," else "[,\u00a0\u202f ]"
        if re.fullmatch(rf"[-+]?\d{{1,3}}({group}\d{{3}})+({re.escape(decimal)}\d*)?", text):
            text = re.sub(group, "", text)
        text = text.replace(decimal, ".") if text.count(decimal) < 2 and (decimal == "." or "." not in text) else ""
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    value = value if turn == 1.0 else round(value * turn, 12)
    whole = of.kind == "whole"
    if not (of.low <= value < 1e12) or (whole and not (value.is_integer() and value < 2**31)):
        kind = f"a {'whole ' * whole}number from {of.low:g}"
        remedy = "Write digits without groups or units" + ("." if decimal else ", or say `decimal` of the source.")
        raise CellError("given.number", of.name, str(cell), f"is not {kind}", remedy)
    return int(value) if whole else value


def _day(of: Field, cell: Cell, epoch: datetime | None, written: str) -> date:
    if isinstance(cell, datetime):
        return _plausible(of, cell.date())
    if epoch is not None and re.fullmatch(r"\d{5}(\.\d+)?", cell):  # days of four digits are years, as 2024
        return _plausible(of, date.fromordinal(epoch.toordinal() + int(float(cell))))
    for form in [written] if written else _DAYS:
        if form == _DIGITS and re.fullmatch(r"\d{8}.*", cell, re.DOTALL) is None:
            continue  # it reads 202411 as 1 January
        try:
            return _plausible(of, datetime.strptime(padded(cell, form) if written else cell[:10], form).date())
        except ValueError:
            continue
    if written:
        raise CellError("given.day", of.name, cell, f"is no day written as {written}", "Correct it, or `day_format`.")
    raise CellError("given.day", of.name, cell, "is no day written as 2026-10-31",
                    "Write days as ISO 8601, or say `day_format` of the source.")  # fmt: skip


def _plausible(of: Field, day: date) -> date:
    if not 1900 <= day.year <= 2100:
        text = "its year is not between 1900 and 2100"
        raise CellError("given.day", of.name, day.isoformat(), text, "Correct the day.")
    return day
