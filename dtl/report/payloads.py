"""Payloads of the site: JSON or typed columns, gzipped, as scripts that load over http and from a disk alike.

A payload is a file ``data/<name>.js`` that calls ``DTL.put("<name>", "<base64>")``. After base64 and gzip it is either
JSON text, or *columns*: the length of the header as a little-endian u32, the header as JSON padded with spaces so that
what follows is aligned to 8 bytes, and the buffers, each aligned to 8 bytes.

Header: ``{"schema": 1, "meta": {...}, "tables": {<table>: {"n": rows, "cols": [<column>]}}}``. A column has ``name``,
``type`` (u1 u2 u4 i2 i4 f4 f8, or words), and ``off`` and ``len`` [bytes, from the end of the header]. The value is
``raw * scale``; ``null`` is the raw value that stands for a missing one; ``delta`` says that each value is the
difference to the one before; ``words`` are the texts that the raw values count.

In its buffer the first bytes of all values stand first, then all second ones, which packs to less. With ``step`` these
are the bytes of the difference to the raw value before, modulo the width, missing ones included.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SCHEMA = 1
_WIDTHS = (("u1", 0, 2**8 - 2), ("u2", 0, 2**16 - 2), ("i2", 1 - 2**15, 2**15 - 1), ("u4", 0, 2**32 - 2))
_NULL = {"u1": 2**8 - 1, "u2": 2**16 - 1, "i2": -(2**15), "u4": 2**32 - 1, "i4": -(2**31)}

Numbers = Sequence[float | int | None] | np.ndarray[Any, Any]


@dataclass(frozen=True)
class Column:
    """One column, ready to be written: its header entry without place, and its bytes."""

    head: Mapping[str, Any]
    raw: np.ndarray[Any, Any] = field(repr=False)

    def of_case(self, case: int) -> Column:
        """The same column as that of a case of the study."""
        return Column({**self.head, "name": f"{self.head['name']}@{case}"}, self.raw)

    def stepped(self) -> Column:
        """The same whole numbers, kept by their steps: less to store of what follows in time."""
        return Column({**self.head, "step": True}, self.raw)

    def packed(self) -> bytes:
        """The bytes of the buffer."""
        whole = self.raw
        if self.head.get("step"):
            whole = whole.view(f"<u{whole.itemsize}")
            whole = np.diff(whole, prepend=whole.dtype.type(0))
        return whole.view(np.uint8).reshape(-1, whole.itemsize).T.tobytes()


def numbers(name: str, values: Numbers, digits: int = 0, unit: str = "") -> Column:
    """Numbers rounded to `digits` decimals, in the narrowest type that holds them; None and nan are missing."""
    real = np.array([math.nan if v is None else v for v in values], dtype=float)
    missing = np.isnan(real)
    whole = np.where(missing, 0, np.round(real * 10.0**digits)).astype(np.int64)
    low, high = (int(whole.min()), int(whole.max())) if len(whole) else (0, 0)
    kind = next((k for k, least, most in _WIDTHS if least <= low and high <= most), "i4")
    raw = np.where(missing, _NULL[kind], whole).astype(f"<{kind}")
    head = {"name": name, "type": kind, "scale": 10.0**-digits, "null": _NULL[kind]}
    return Column(head | ({"unit": unit} if unit else {}), raw)


def reals(name: str, values: Numbers, unit: str = "") -> Column:
    """Numbers as float32; None is nan."""
    raw = np.array([math.nan if v is None else v for v in values], dtype="<f4")
    return Column({"name": name, "type": "f4"} | ({"unit": unit} if unit else {}), raw)


def doubles(name: str, values: Numbers, unit: str = "") -> Column:
    """Numbers as float64, for what is compared with other numbers; None is nan."""
    raw = np.array([math.nan if v is None else v for v in values], dtype="<f8")
    return Column({"name": name, "type": "f8"} | ({"unit": unit} if unit else {}), raw)


def places(name: str, values: Numbers, scale: float) -> Column:
    """Coordinates as whole multiples of `scale`, each as the difference to the one before."""
    whole = np.round(np.asarray(values, dtype=float) / scale).astype(np.int64)
    raw = np.diff(whole, prepend=0).astype("<i4")
    return Column({"name": name, "type": "i4", "scale": scale, "delta": True}, raw)


def words(name: str, values: Sequence[str]) -> Column:
    """Texts, each different one written once."""
    known = list(dict.fromkeys(values))
    code = {text: i for i, text in enumerate(known)}
    kind = "u1" if len(known) < 2**8 else "u2" if len(known) < 2**16 else "u4"
    return Column({"name": name, "type": kind, "words": known}, np.array([code[v] for v in values], dtype=f"<{kind}"))


def columns(tables: Mapping[str, Sequence[Column]], meta: Mapping[str, Any]) -> bytes:
    """The bytes of a payload of columns."""
    buffers, described, at = [], {}, 0
    for table, cols in tables.items():
        rows = {len(c.raw) for c in cols}
        if len(rows) > 1:
            raise ValueError(f"table {table}: columns of different length {sorted(rows)}")
        entries = []
        for column in cols:
            data = column.packed()
            entries.append({**column.head, "off": at, "len": len(data)})
            buffers.append(data + bytes(-len(data) % 8))
            at += len(buffers[-1])
        described[table] = {"n": rows.pop() if rows else 0, "cols": entries}
    head = json.dumps({"schema": SCHEMA, "meta": dict(meta), "tables": described}, ensure_ascii=False).encode()
    head += b" " * (-(len(head) + 4) % 8)
    return len(head).to_bytes(4, "little") + head + b"".join(buffers)


def document(content: Mapping[str, Any]) -> bytes:
    """The bytes of a payload of JSON."""
    told = {"schema": SCHEMA, **content}
    return json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


PACKED = 7
"""Effort of the compression, of 9: the same size as with the most, in less than half the time."""


def script(name: str, payload: bytes) -> str:
    """The script that hands a payload to the page."""
    packed = base64.b64encode(gzip.compress(payload, PACKED, mtime=0)).decode()
    return f"DTL.put({json.dumps(name)},{json.dumps(packed)});\n"


def put(data: Path, name: str, payload: bytes) -> None:
    """Write the script of a payload below the folder of the data."""
    path = data / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script(name, payload), encoding="utf-8")


def file_names(ids: Sequence[str]) -> dict[str, str]:
    """A file name for each id: the id itself where it is safe everywhere, else what is safe of it and a short hash."""
    folded: dict[str, int] = {}
    for each in ids:
        folded[each.lower()] = folded.get(each.lower(), 0) + 1
    return {each: each if _safe(each) and folded[each.lower()] == 1 else _hashed(each) for each in ids}


def _safe(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}", text) is not None


def _hashed(text: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[:40]
    return f"{plain or 'x'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
