"""Writes small Access databases (JET 4, no indexes) for tests, from nothing: a header, a catalogue and the tables.

It proves readers, not Access. The layout of pages and rows is that of the open descriptions of the format.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

PAGE = 4096
HEADER_KEY = bytes.fromhex("c7da396b")
"""Key of the stream that hides bytes 24 to 151 of the header."""

CODES = {"bool": 1, "int": 3, "long": 4, "double": 7, "text": 10, "ole": 11}
WIDTH = {"bool": 0, "int": 2, "long": 4, "double": 8}
PACK = {"int": "<h", "long": "<i", "double": "<d"}

Columns = Sequence[tuple[str, str]]
Rows = Sequence[Mapping[str, object]]

CATALOGUE: Columns = (
    ("Id", "long"), ("ParentId", "long"), ("Name", "text"), ("Type", "int"), ("Flags", "long"), ("LvProp", "ole"),
)  # fmt: skip


def write(path: Path, tables: Mapping[str, tuple[Columns, Rows]]) -> None:
    """Write a database; a value of None is null."""
    book = _Book()
    pages = {name: book.table(columns, rows) for name, (columns, rows) in tables.items()}
    objects = [
        {"Id": page, "ParentId": 0x0F000001, "Name": name, "Type": 1, "Flags": 0} for name, page in pages.items()
    ]
    objects.append({"Id": 2, "ParentId": 0x0F000001, "Name": "MSysObjects", "Type": 1, "Flags": -0x80000000})
    book.table(CATALOGUE, objects, at=2)
    path.write_bytes(b"".join(bytes(p) for p in book.pages))


class _Book:
    def __init__(self) -> None:
        head = bytearray(PAGE)
        head[0:4] = b"\x00\x01\x00\x00"
        head[4:19] = b"Standard Jet DB"
        head[20] = 1
        clear = bytearray(128)
        struct.pack_into("<H", clear, 0x3C - 24, 1252)
        head[24 : 24 + 126] = _stream(bytes(clear))[:126]
        self.pages = [head, bytearray(PAGE), bytearray(PAGE)]

    def new(self) -> int:
        self.pages.append(bytearray(PAGE))
        return len(self.pages) - 1

    def table(self, columns: Columns, rows: Rows, at: int | None = None) -> int:
        """Add a table; the page of its definition."""
        page = self.new() if at is None else at
        data = self._data(page, [_row(columns, row) for row in rows])
        maps = self.new()
        self._fill(maps, 0, [_map(data), _map([])])
        chunks = _definition(columns, len(rows), maps)
        pages = [page, *(self.new() for _ in chunks[1:])]
        for i, (number, chunk) in enumerate(zip(pages, chunks, strict=True)):
            after = pages[i + 1] if i + 1 < len(pages) else 0
            start = 0 if i == 0 else 8
            self.pages[number][start : start + len(chunk)] = chunk
            struct.pack_into("<BBHI", self.pages[number], 0, 2, 1, 0, after)
        return page

    def _data(self, owner: int, rows: list[bytes]) -> list[int]:
        """Put rows into pages of data; the pages."""
        pages: list[int] = []
        batch: list[bytes] = []
        for row in [*rows, None]:
            full = row is None or sum(map(len, batch)) + len(row) + 2 * len(batch) + 16 > PAGE
            if full and batch:
                pages.append(self.new())
                self._fill(pages[-1], owner, batch)
                batch = []
            if row is not None:
                batch.append(row)
        return pages

    def _fill(self, number: int, owner: int, rows: list[bytes]) -> None:
        page, top = self.pages[number], PAGE
        for i, row in enumerate(rows):
            top -= len(row)
            page[top : top + len(row)] = row
            struct.pack_into("<H", page, 14 + 2 * i, top)
        struct.pack_into("<BBHIIH", page, 0, 1, 1, top - 14 - 2 * len(rows), owner, 0, len(rows))


def _stream(data: bytes) -> bytes:
    """RC4 with the key of the header."""
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + HEADER_KEY[i % 4]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


def _map(pages: list[int]) -> bytes:
    """Which pages a table uses, as bits from the first on."""
    first, bits = min(pages, default=0), bytearray(64)
    for page in pages:
        bits[(page - first) // 8] |= 1 << (page - first) % 8
    return b"\0" + struct.pack("<I", first) + bytes(bits)


def _row(columns: Columns, row: Mapping[str, object]) -> bytes:
    fixed, mask, ends = bytearray(), bytearray((len(columns) + 7) // 8), []
    variable = bytearray()
    for i, (name, kind) in enumerate(columns):
        value = row.get(name)
        if kind in PACK:
            fixed += struct.pack(PACK[kind], value or 0)
        elif kind != "bool":
            ends.append(len(variable))
            variable += b"" if value is None else _text(str(value))
        if value is not None and (kind != "bool" or value):
            mask[i // 8] |= 1 << i % 8
    start = 2 + len(fixed)
    offsets = [start + e for e in ends]
    tail = struct.pack("<H", start + len(variable)) + b"".join(struct.pack("<H", o) for o in reversed(offsets))
    return struct.pack("<H", len(columns)) + fixed + variable + tail + struct.pack("<H", len(ends)) + mask


def _text(text: str) -> bytes:
    """Text in UTF-16, or its short form where every character is one byte."""
    if len(text) > 1 and all(0 < ord(c) < 256 for c in text):
        return b"\xff\xfe" + text.encode("latin-1")
    return text.encode("utf-16-le")


def _definition(columns: Columns, rows: int, maps: int) -> list[bytes]:
    """The definition of a table, in chunks that fit on pages."""
    variable = [name for name, kind in columns if kind not in WIDTH]
    body = bytearray(63)
    struct.pack_into("<II", body, 12, 0x659, rows)
    body[24], body[40] = 1, 0x4E
    struct.pack_into("<HHH", body, 41, len(columns), len(variable), len(columns))
    body[55:59], body[59:63] = b"\0" + maps.to_bytes(3, "little"), b"\1" + maps.to_bytes(3, "little")
    offset = 0
    for i, (name, kind) in enumerate(columns):
        column = bytearray(25)
        column[0] = CODES[kind]
        nth = variable.index(name) if kind not in WIDTH else sum(k not in WIDTH for _, k in columns[:i])
        struct.pack_into("<IHHH", column, 1, 0x659, i, nth, i)
        column[15] = 3 if kind in WIDTH else 2
        if kind == "text":
            struct.pack_into("<H", column, 11, 0x409)
            column[16] = 1
        struct.pack_into("<HH", column, 21, offset, WIDTH.get(kind, 510) or 1)
        offset += WIDTH.get(kind, 0)
        body += column
    for name, _ in columns:
        body += struct.pack("<H", 2 * len(name)) + name.encode("utf-16-le")
    body += b"\xff\xff"
    struct.pack_into("<I", body, 8, len(body) - 8)
    first, rest = bytes(body[:PAGE]), bytes(body[PAGE:])
    return [first, *(rest[i : i + PAGE - 8] for i in range(0, len(rest), PAGE - 8))]
