"""A CSV of a GIS as Arrow columns of text, read as fast as a million rows need; no row is dropped without a word."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from dtl.errors import SourceError

DELIMITERS = ",;\t|"


def table(path: Path) -> tuple[pa.Table, list[str], list[tuple[int, str]]]:
    """The columns as text, remarks, and ragged rows (their number from 0, and why).

    Raises
    ------
    SourceError
        The file is no text, or has no row of names, or cannot be split into rows.
    """
    data, noted = path.read_bytes().removeprefix(b"\xef\xbb\xbf"), []
    if b"\0" in data:
        raise SourceError("is no text, it has zero bytes")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data = data.decode("cp1252", errors="replace").encode()
        noted.append("is not UTF-8, and was read as Windows-1252")
    head = data[: data.find(b"\n") + 1 or len(data)].decode()
    delimiter = max(DELIMITERS, key=lambda d: (head.count(d), d == ","))
    try:
        named = next(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error as err:
        raise SourceError(f"its row of names is no CSV: {err}") from err
    header = [n.strip() for n in named]
    if not any(header):
        raise SourceError("the first row holds no column names")
    header, doubled = _unique(header)
    noted += [f"two columns are called {n}; the second counts for nothing" for n in doubled]
    found, bad = _split(data[len(head.encode()) :], header, delimiter)
    return found, noted, bad


def _unique(header: list[str]) -> tuple[list[str], list[str]]:
    """Names that occur once each: those without a name and those that repeat another get a number."""
    seen: set[str] = set()
    names, doubled = [], []
    for i, name in enumerate(header, 1):
        if name.casefold() in seen and name:
            doubled.append(name)
        unique = name if name and name.casefold() not in seen else f"{name} (column {i})".strip()
        seen.add(unique.casefold())
        names.append(unique)
    return names, doubled


def _split(data: bytes, header: list[str], delimiter: str) -> tuple[pa.Table, list[tuple[int, str]]]:
    bad: list[tuple[int, str]] = []

    def ragged(row: arrow_csv.InvalidRow) -> str:
        bad.append(((row.number or 1) - 1, f"has {row.actual_columns} cells in place of {row.expected_columns}"))
        return "skip"

    empty = pa.table({n: pa.array([], pa.string()) for n in header})
    if not data.strip():
        return empty, bad
    try:
        found = arrow_csv.read_csv(
            io.BytesIO(data),
            arrow_csv.ReadOptions(
                column_names=header, use_threads=False, block_size=max(1 << 20, min(len(data), 1 << 26))
            ),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=ragged),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False),
        )
    except (pa.ArrowException, ValueError) as err:
        raise SourceError(f"cannot be split into rows: {' '.join(str(err).split())[:200]}") from err
    return found, bad
