"""Large tables of CSV, Parquet and Excel files as Arrow columns with the line of each row, for measurements."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dtl.errors import SourceError
from dtl.sources.reading import Reading
from dtl.sources.sheets import EXCEL, Cell, Numeral, Sheet, sheets, tell_left

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

NULLS = ("NA", "N/A", "NULL", "Null", "null", "NaN", "nan", "-", "None")
"""Words for no value in columns of numbers."""
_PER_CENT = re.compile(r"-?\d+(\.\d+)?(e[-+]?\d+)?%")
_NUMBER = r"^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,2})?$"
KNOWN = (
    pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_string, pa.types.is_large_string,
    pa.types.is_timestamp, pa.types.is_date, pa.types.is_boolean, pa.types.is_null,
)  # fmt: skip
"""Types of columns of Parquet that are used as they are."""


@dataclass(frozen=True)
class Columnar:
    """A table: the names of its columns, the columns, the line of each row, and the lines that do not fit.

    The columns of a CSV are text without blanks around; those of Parquet are of its own types.
    """

    file: str
    header: tuple[str, ...]
    columns: tuple[pa.Array, ...]
    lines: Whole
    ragged: tuple[int, ...] = ()
    recoded: bool = False
    """Whether the file was no UTF-8 and was read as Windows-1252."""

    def twins(self, place: int) -> list[int]:
        """Other columns of the same name, whose content is another."""
        name = self.header[place].casefold()
        alike = [k for k, n in enumerate(self.header) if n and n.casefold() == name and k != place]
        return [k for k in alike if not self.columns[k].equals(self.columns[place])]


def opened(reading: Reading, spec: Mapping[str, Any], file: str, path: Path) -> Iterator[Columnar]:
    """The tables of a file: one, or of an Excel file the sheets that the study names, else its first.

    ``spec`` may say ``header_row``, ``sheets`` and ``decimal``; sheets that are left are told.

    Raises
    ------
    SourceError
        The file is no table, or lacks a sheet.
    """
    header_row, named = int(spec.get("header_row") or 1), spec.get("sheets")
    if path.suffix.lower() in (".xls", ".xlsb"):
        raise SourceError(f"{file}: Excel's formats .xls and .xlsb are not read; save it as .xlsx or CSV")
    if path.suffix.lower() not in EXCEL:
        yield _read(file, path, header_row)
        return
    for sheet in sheets(file, path, header_row, named, per_cent=True):
        tell_left(reading, sheet)
        yield _of_sheet(sheet, f"{file}[{sheet.name}]" if named and len(named) > 1 else file,
                        str(spec.get("decimal") or "."))  # fmt: skip


def _of_sheet(sheet: Sheet, file: str, decimal: str) -> Columnar:
    columns = [_typed([cells[i] for _, cells in sheet.rows], decimal) for i in range(len(sheet.header))]
    return Columnar(file, sheet.header, tuple(columns), np.array([n for n, _ in sheet.rows], np.int64))


def _typed(cells: Sequence[Cell], decimal: str) -> pa.Array:
    """A column of Excel: days, points in time to the second, numbers, per cent as they are shown, else texts.

    Where some cells are shown as per cent and others not, they are texts: nothing says that a share was meant.
    """
    filled = [c for c in cells if c != ""]
    if filled and all(isinstance(c, datetime) for c in filled):
        stamps = [_second(c) if isinstance(c, datetime) else None for c in cells]
        if all(s is None or s.time() == time() for s in stamps):
            return pa.array([s and s.date() for s in stamps], pa.date32())
        return pa.array(stamps, pa.timestamp("s"))
    shown = [isinstance(c, str) and bool(_PER_CENT.fullmatch(c)) for c in filled]
    if filled and (all(shown) or all(isinstance(c, Numeral) for c in filled)):
        values = [float(str(c).rstrip("%")) if c != "" else None for c in cells]
        whole = all(v is None or (v.is_integer() and abs(v) < 2**53) for v in values)
        return pa.array([None if v is None else int(v) for v in values], pa.int64()) if whole else pa.array(values)
    return pa.array([c.replace(".", decimal) if isinstance(c, Numeral) else str(_second(c)) if isinstance(c, datetime)
                     else c for c in cells], pa.string())  # fmt: skip


def _second(stamp: datetime) -> datetime:
    """The nearest second: Excel counts days, and sums of quarters of an hour miss it by thousandths."""
    return (stamp + timedelta(milliseconds=500)).replace(microsecond=0)


def _read(file: str, path: Path, header_row: int) -> Columnar:
    try:
        return _parquet(file, path) if path.suffix.lower() in (".parquet", ".pq") else _csv(file, path, header_row)
    except (pa.ArrowException, csv.Error, OSError, ValueError) as err:
        raise SourceError(f"{file}: cannot be read as a table: {str(err).splitlines()[0][:200]}") from err


def _parquet(file: str, path: Path) -> Columnar:
    table = pq.read_table(path)
    table.validate(full=True)
    columns = [c.combine_chunks() for c in table.columns]
    plain = [_plain(c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c) for c in columns]
    lines = np.arange(1, table.num_rows + 1, dtype=np.int64)
    return Columnar(file, tuple(table.column_names), tuple(plain), lines)


def _plain(column: pa.Array) -> pa.Array:
    """A column of numbers, texts, points in time or truths as it is; of any other type the text of each value."""
    if any(one(column.type) for one in KNOWN):
        return column
    return pa.array([_text(v) for v in column.to_pylist()], pa.string())


def _text(value: object) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else None if value is None else str(value)


def _csv(file: str, path: Path, header_row: int) -> Columnar:
    data, recoded = path.read_bytes(), False
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        data = data.decode("utf-16", errors="replace").encode()
    if b"\0" in data:
        raise SourceError(f"{file}: is no text, it has zero bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text, recoded = data.decode("cp1252", errors="replace"), True
    if "\n" not in text:
        text = text.replace("\r", "\n")
    above = text.split("\n", header_row - 1)
    head, _, body = (above[-1] if len(above) == header_row else "").partition("\n")
    delimiter = max(",;\t|", key=lambda d: (head.count(d), d == ","))
    header = tuple(c.strip() for c in next(csv.reader([head.rstrip("\r")], delimiter=delimiter), []))
    if not any(header):
        raise SourceError(f"{file}: row {header_row} holds no column names")
    names = [f"c{i}" for i in range(len(header))]
    if not body.strip():
        return Columnar(file, header, tuple(pa.array([], pa.string()) for _ in header), np.empty(0, np.int64))
    table, wrong = _parsed(body, names, delimiter, '"')
    if wrong and not table.num_rows:
        table, wrong = _with_last(body, names, delimiter, table, wrong)
    swallowed = '"' in body and table.num_rows + len(wrong) != body.count("\n") + (not body.endswith("\n"))
    if swallowed:
        table, wrong = _parsed(body, names, delimiter, False)  # a quote that is not closed would swallow rows
    skipped = np.array([n for n, _ in wrong], np.int64)
    lines = np.setdiff1d(np.arange(1, table.num_rows + len(wrong) + 1, dtype=np.int64), skipped)
    columns = [pc.utf8_trim_whitespace(c.combine_chunks()) for c in table.columns]
    if swallowed:
        columns = [pc.utf8_trim_whitespace(pc.utf8_trim(c, '"')) for c in columns]
    filled = np.ones(table.num_rows, bool) if not columns else ~_blank(columns)
    kept = [c.filter(pa.array(filled)) for c in columns]
    bad = tuple(n + header_row for n, t in wrong if t.strip(" \r,;\t|"))
    return Columnar(file, header, tuple(kept), lines[filled] + header_row, bad, recoded)


def _parsed(body: str, names: list[str], delimiter: str, quote: str | bool) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The rows of a CSV as text, and number and text of those of another length."""
    wrong: list[tuple[int, str]] = []

    def ragged(row: pcsv.InvalidRow) -> str:
        wrong.append((row.number, row.text))
        return "skip"

    table = pcsv.read_csv(
        io.BytesIO(body.encode()),
        pcsv.ReadOptions(use_threads=False, column_names=names),
        pcsv.ParseOptions(delimiter=delimiter, quote_char=quote, ignore_empty_lines=False, invalid_row_handler=ragged),
        pcsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    return table, wrong


def _with_last(
    body: str, names: list[str], delimiter: str, table: pa.Table, wrong: list[tuple[int, str]]
) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The table of a file all rows of which end with a delimiter that its header lacks; else it is as it was."""
    if not all(t.rstrip(" \r").endswith(delimiter) for _, t in wrong if t.strip()):
        return table, wrong
    found, others = _parsed(body, [*names, "last"], delimiter, '"')
    filled = pc.any(pc.not_equal(pc.utf8_trim_whitespace(found["last"]), "")).as_py()
    return (table, wrong) if filled else (found.drop_columns(["last"]), others)


def _blank(columns: Sequence[pa.Array]) -> NDArray[np.bool_]:
    """Rows in which no cell holds anything."""
    empty = [np.asarray(pc.equal(c, ""), bool) for c in columns]
    blank: NDArray[np.bool_] = np.logical_and.reduce(empty)
    return blank


def numbers(column: pa.Array, decimal: str = ".", nothing: Sequence[str] = ()) -> tuple[Floats, NDArray[np.bool_]]:
    """The numbers of a column, NaN where there is none, and where a cell holds something that is no number.

    ``decimal`` is the decimal point of text, ``nothing`` are further words for no value. Digits may be grouped where a
    group cannot be decimals: ``1,234.5`` and ``1 234``, while ``1,234`` is no number.
    """
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
        values = np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
        return values, np.isinf(values)
    text = pc.fill_null(column.cast(pa.string()), "")
    text = pc.if_else(pc.is_in(text, pa.array([*NULLS, *nothing], pa.string())), "", text)
    fits, plain = _fitting(text, decimal)
    if not pc.all(pc.or_(fits, pc.equal(text, ""))).as_py():
        fits, plain = _fitting(_ungrouped(text, decimal), decimal)
    values = pc.if_else(fits, plain, pa.scalar(None, pa.string())).cast(pa.float64()).to_numpy(zero_copy_only=False)
    wrong = np.asarray(pc.and_(pc.invert(fits), pc.not_equal(text, "")), bool)
    return np.asarray(values, np.float64), wrong


def _fitting(text: pa.Array, decimal: str) -> tuple[pa.Array, pa.Array]:
    """Which texts are numbers, and the texts with a decimal point."""
    if decimal == ",":
        text = pc.replace_substring(pc.replace_substring(text, ".", "'"), ",", ".")
    return pc.match_substring_regex(text, _NUMBER), text


def _ungrouped(text: pa.Array, decimal: str) -> pa.Array:
    """Texts of numbers without marks between groups of three digits."""
    other, point = (r"\.", ",") if decimal == "," else (",", r"\.")
    blank = r"[ '\x{2019}\x{00a0}\x{202f}]"
    groups = rf"({other}\d{{3}})+{point}\d*|({other}\d{{3}}){{2,}}|({blank}\d{{3}})+({point}\d*)?"
    found = pc.match_substring_regex(text, rf"^[-+]?\d{{1,3}}({groups})$")
    if not pc.any(found).as_py():
        return text
    return pc.if_else(found, pc.replace_substring_regex(text, rf"{other}|{blank}", ""), text)


def texts(column: pa.Array) -> tuple[NDArray[np.int32], list[object]]:
    """A column as codes and the distinct values that they stand for; an empty cell is an empty text."""
    coded = column.dictionary_encode(null_encoding="encode")
    known = ["" if v is None else v for v in coded.dictionary.to_pylist()]
    return np.asarray(coded.indices.to_numpy(zero_copy_only=False), np.int32), known


def stamp_cells(table: Columnar, at: Mapping[str, int]) -> pa.Array:
    """The stamps of a table, joined of ``day`` and ``time`` where these are two columns."""
    time = table.columns[at["time"]]
    if "day" not in at:
        return time
    return pc.binary_join_element_wise(pc.cast(table.columns[at["day"]], pa.string()), pc.cast(time, pa.string()), " ")
