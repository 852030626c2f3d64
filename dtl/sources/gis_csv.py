"""A CSV of a GIS as Arrow columns of text, read as fast as a million rows need; no row is dropped without a word."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
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
    data, noted = path.read_bytes().removeprefix(codecs.BOM_UTF8), []
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16", errors="replace").encode()
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


_KINDS = re.compile(
    r"(srid=\d+;)?\s*(point|linestring|polygon|multi|geometrycollection|.*curve|circular)", re.IGNORECASE
)
_CURVED = re.compile("curve|circular|surface|tin|triangle", re.IGNORECASE).search
"""Kinds of geometry that are not read."""
_SRID = re.compile(r"\s*srid=(\d+);", re.IGNORECASE).match
_JSON = re.compile(r'\{\s*"(type|coordinates|geometries)"\s*:').match
"""Shapes as open data portals write them into a cell."""
_HEX = re.compile(r"(?:00|01)(?:[0-9A-F]{2}){8,}", re.IGNORECASE).fullmatch


def drawn(column: pa.ChunkedArray) -> bool:
    """Whether a column of text holds shapes: its first word that is there is one, or it is empty."""
    first = next((w for w in column.to_pylist() if w), "POINT").strip()
    return bool(_KINDS.match(first) or _HEX(first) or _JSON(first))


def shapes(text: Any) -> tuple[Any, str]:
    """Geometries of WKT, with or without the SRID of PostGIS, of hexadecimal WKB, or of GeoJSON; and their system.

    GeoJSON is in degrees of WGS 84, unless its numbers cannot be degrees: then it states none.

    What is none, or of a kind that is not read, is missing.

    Raises
    ------
    SourceError
        They are of several coordinate systems.
    """
    words = [str(t).strip() for t in text]
    if any(map(_JSON, words)):
        found = shapely.from_geojson([w if _JSON(w) else None for w in words], on_invalid="ignore")
        at = np.abs(shapely.get_coordinates(found))
        return found, "EPSG:4326" if len(at) and np.median(at.max(axis=1)) <= 360 else ""
    stated = {int(m[1]) for m in map(_SRID, words) if m}
    found = np.full(len(words), None, object)
    packed = np.array([bool(_HEX(w)) for w in words], np.bool_)
    with np.errstate(all="ignore"):
        found[packed] = of_wkb([w for w, p in zip(words, packed, strict=True) if p])
        plain = [w[m.end() :] if (m := _SRID(w)) else w for w, p in zip(words, packed, strict=True) if not p]
        found[~packed] = _of_wkt(plain)
    stated |= {int(s) for s in np.unique(shapely.get_srid(found[packed]))}
    if len(systems := sorted(stated - {0, -1})) > 1:
        raise SourceError(f"its shapes are of several coordinate systems: {', '.join(f'EPSG:{s}' for s in systems)}")
    return found, f"EPSG:{systems[0]}" if systems else ""


def of_wkb(packed: Sequence[bytes | str | None]) -> Any:
    """Geometries of their binary form; one that is none, or curved, is missing."""
    try:
        return shapely.from_wkb(packed, on_invalid="ignore")
    except RuntimeError:  # one curve stops all
        found = np.full(len(packed), None, object)
        for i, one in enumerate(packed):
            with suppress(RuntimeError):
                found[i] = shapely.from_wkb(one, on_invalid="ignore")
        return found


def _of_wkt(text: list[str]) -> Any:
    try:
        return shapely.from_wkt(text, on_invalid="ignore")
    except RuntimeError:  # one curve stops all
        return np.array([None if _CURVED(t) else shapely.from_wkt(t, on_invalid="ignore") for t in text], object)
