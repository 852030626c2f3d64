"""The search of a built copy for what it must not have: names and coordinates, in every file that it holds."""

from __future__ import annotations

import base64
import csv
import gzip
import html
import io
import json
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dtl.report.public.names import WORD

Point = tuple[float, float]

_PAYLOAD = re.compile(r'DTL\.put\(("(?:[^"\\]|\\.)*"),"([A-Za-z0-9+/=]*)"\)')
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, order=True)
class Leak:
    """A file of the copy, and what stands in it."""

    file: str
    found: str


@dataclass(frozen=True)
class Told:
    """What one file says: its words in lower case, whole texts of tables, and the points that it draws."""

    words: set[str]
    texts: set[str]
    points: np.ndarray[Any, Any]


class Search:
    """Looks for secret names, and for secret points [in the units of the copy, nearer than `scale`].

    Names that are words of the site's own texts, `common`, say nothing and are not looked for; a name of digits alone
    is looked for among the texts of payloads and tables, not among numbers.
    """

    def __init__(self, secret: Collection[str], points: Collection[Point], common: Collection[str], scale: float):
        self._names = {name for name in secret if name not in common and not name.isdigit()}
        self._digits = {name for name in secret if name.isdigit()}
        self._odd = sorted(name for name in self._names if WORD.fullmatch(name) is None)
        self._scale = scale
        self._points = {_cell(p, scale) for p in points if p != (0.0, 0.0)}

    def look(self, root: Path) -> list[Leak]:
        """All that leaked, in the order of the files."""
        found = set()
        for path in sorted(p for p in root.rglob("*") if p.is_file()):
            name = path.relative_to(root).as_posix()
            found |= {Leak(name, each) for each in self.in_bytes(name, path.read_bytes())}
            found |= {Leak(name, each) for each in self._of_text(unquote(name).lower())}
        return sorted(found)

    def in_bytes(self, name: str, data: bytes) -> set[str]:
        """What leaked into one file, by its name and bytes."""
        found: set[str] = set()
        for told in read(name, data):
            found |= self._names & told.words | (self._names | self._digits) & told.texts
            found |= {odd for odd in self._odd if any(odd in text for text in told.texts)}
            for x, y in told.points if len(self._points) else ():
                if _cell((x, y), self._scale) in self._points:
                    found.add(f"the point {x:.6f} {y:.6f}")
        return found

    def _of_text(self, text: str) -> set[str]:
        return self._names & words(text) | {odd for odd in self._odd if odd in text}


def _cell(point: Iterable[float], scale: float) -> tuple[int, int]:
    x, y = point
    return round(x / scale), round(y / scale)


def words(text: str) -> set[str]:
    """The words of a text, in lower case; a name of several parts with dots also without the last."""
    found = set(WORD.findall(text.lower()))
    return found | {w.rpartition(".")[0] for w in found if "." in w} | {w.strip(".,;:!?") for w in found}


def read(name: str, data: bytes) -> Iterator[Told]:
    """What a file says; archives give every member."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from read(member, archive.read(member))
    elif name.endswith(".gz"):
        yield from read(name.removesuffix(".gz"), gzip.decompress(data))
    elif name.endswith(".parquet"):
        yield _table(pq.read_table(io.BytesIO(data)))
    elif name.endswith((".png", ".woff2", ".woff", ".ttf", ".ico")):
        return
    else:
        yield from _text(name, data.decode("utf-8", errors="replace"))


def _text(name: str, text: str) -> Iterator[Told]:
    packed = _PAYLOAD.fullmatch(text.strip().rstrip(";"))
    if packed:
        yield _payload(gzip.decompress(base64.b64decode(packed[2])), json.loads(packed[1]))
    elif name.endswith((".json", ".geojson")):
        yield _json(json.loads(text))
    elif name.endswith(".csv"):
        cells = {cell.lower() for row in csv.reader(io.StringIO(text)) for cell in row}
        yield Told(words(text), cells - {c for c in cells if c.isdigit()}, np.empty((0, 2)))
    else:
        plain = html.unescape(_TAG.sub(" ", text)) if name.endswith((".html", ".svg")) else text
        links = " ".join(unquote(html.unescape(x)) for x in re.findall(r'(?:href|title|data-[a-z]+)="([^"]*)"', text))
        yield Told(words(plain) | words(links.replace("#", " ")), {f"{plain} {links}".lower()}, np.empty((0, 2)))


def _payload(data: bytes, name: str) -> Told:
    if data[:1] == b"{":
        return _json(json.loads(data))
    size = int.from_bytes(data[:4], "little")
    head, body = json.loads(data[4 : 4 + size]), data[4 + size :]
    told = _json([name, head["meta"], [c.get("words", ()) for t in head["tables"].values() for c in t["cols"]]])
    points = [np.empty((0, 2))]
    for table in head["tables"].values():
        by_name = {c["name"]: c for c in table["cols"]}
        if {"x", "y"} <= by_name.keys() and by_name["x"].get("delta"):
            points.append(np.column_stack([_column(by_name[axis], body) for axis in "xy"]))
    return Told(told.words, told.texts, np.concatenate([told.points, *points]))


def _column(head: dict[str, Any], body: bytes) -> np.ndarray[Any, Any]:
    kind = np.dtype(f"<{head['type']}")
    planes = np.frombuffer(body[head["off"] : head["off"] + head["len"]], dtype=np.uint8).reshape(kind.itemsize, -1)
    raw = np.ascontiguousarray(planes.T).view(kind)[:, 0].astype(np.int64)
    return np.asarray(np.cumsum(raw) * head["scale"], dtype=np.float64)


def _json(content: Any) -> Told:
    """All texts, those of keys too, and all pairs of numbers, which are points of GeoJSON."""
    texts: list[str] = []
    points: list[Point] = []
    todo = [content]
    while todo:
        each = todo.pop()
        if isinstance(each, str):
            texts.append(each.lower())
        elif isinstance(each, dict):
            texts += [k.lower() for k in each]
            todo += each.values()
        elif isinstance(each, (list, tuple)):
            if len(each) == 2 and all(isinstance(v, (int, float)) for v in each):
                points.append((float(each[0]), float(each[1])))
            todo += each
    found = set(texts)
    return Told(set().union(*(words(t) for t in found)), found, np.array(points, dtype=float).reshape(-1, 2))


def _table(table: pa.Table) -> Told:
    texts: set[str] = set()
    for column in table.columns:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_string(kind):
            texts |= {str(v).lower() for v in column.unique().to_pylist() if v}
    return Told(set().union(*(words(t) for t in texts)), texts, np.empty((0, 2)))
