"""A second reader of payloads, written from the description alone: what the scripts of the site do, in Python."""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
import struct
from pathlib import Path
from typing import Any

SIZES = {"u1": "B", "u2": "H", "u4": "I", "i2": "h", "i4": "i", "f4": "f", "f8": "d"}


def read(path: Path) -> tuple[str, Any]:
    """The name of a payload and its content: JSON, or ``{"meta": ..., table: {column: values}}``."""
    found = re.fullmatch(r'DTL\.put\((".*?"),"(.*)"\);\n', path.read_text(encoding="utf-8"))
    assert found, path
    data = gzip.decompress(base64.b64decode(found[2]))
    name = json.loads(found[1])
    if data[:1] == b"{":
        return name, json.loads(data)
    size = struct.unpack("<I", data[:4])[0]
    head, body = json.loads(data[4 : 4 + size]), data[4 + size :]
    assert (4 + size) % 8 == 0
    tables = {t: {c["name"]: column(c, body, told["n"]) for c in told["cols"]} for t, told in head["tables"].items()}
    return name, {"meta": head["meta"], **tables}


def column(head: dict[str, Any], body: bytes, rows: int) -> list[Any]:
    assert head["off"] % 8 == 0
    raw = whole(head, body[head["off"] : head["off"] + head["len"]], rows)
    if "words" in head:
        return [head["words"][code] for code in raw]
    values, total = [], 0
    for v in raw:
        total = total + v if head.get("delta") else v
        missing = v == head.get("null") or (isinstance(v, float) and math.isnan(v))
        values.append(None if missing else total * head.get("scale", 1))
    return values


def whole(head: dict[str, Any], packed: bytes, rows: int) -> list[Any]:
    """The raw values: byte k of value i stands at k * rows + i; of a step they are summed up."""
    width = int(head["type"][1])
    assert len(packed) == rows * width
    raw = list(
        struct.unpack(
            f"<{rows}{SIZES[head['type']]}", bytes(packed[k * rows + i] for i in range(rows) for k in range(width))
        )
    )
    if head.get("step"):
        total = 0
        for i, v in enumerate(raw):
            total = (total + v) % 2 ** (8 * width)
            raw[i] = total - 2 ** (8 * width) if head["type"][0] == "i" and total >= 2 ** (8 * width - 1) else total
    return raw
