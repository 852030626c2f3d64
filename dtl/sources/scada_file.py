"""One file of SCADA values, long or wide: its rows are handed out tag by tag, with grades."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from dtl.sources.columnar import Columnar, numbers, stamp_cells, texts
from dtl.sources.listing import columns, folded
from dtl.sources.oms_words import places
from dtl.sources.reading import Reading
from dtl.sources.scada_series import BAD, GOOD, GRADES, MISSING, SUSPECT, Points
from dtl.sources.scada_stamps import Stamps, parse, settle
from dtl.sources.scada_tags import Tag, grade, state
from dtl.sources.sheets import tell_absent
from dtl.sources.stamps import Clock

POINT = "Write digits without groups or units; decimal declares a comma of decimals."
NO_CLOCK = "no clock showed this time: clocks were put forward"
ONCE = "clocks showed this time twice and it stands here once: taken for the first and doubted"

Pieces = dict[str, list[Points]]
"""The rows of each tag, file by file."""


class ValueFile:
    """One file of values: its rows are handed out tag by tag."""

    def __init__(self, reading: Reading, spec: Mapping[str, Any], table: Columnar, tags: Mapping[str, Tag]):
        self._reading, self._table, self._tags = reading, table, tags
        self._wide = spec.get("layout") == "wide"
        self._word = spec.get("columns")
        self._at = places(table.header, columns(self._word, "scada"))
        self._clock = Clock(spec["timezone"], spec["zone"], spec.get("time_format") or "")
        self._coded = {t.quality for t in tags.values() if t.quality} if self._wide else set()
        self._decimal = str(spec.get("decimal") or ".")
        self._own = {folded(w): g for g, words in (spec.get("quality") or {}).items() for w in words}

    def read(self, into: Pieces) -> None:
        """Add the rows of every tag to `into`."""
        if not self._complete():
            return
        codes, cells = texts(stamp_cells(self._table, self._at))
        stamps = parse(cells, self._clock)
        self._wrong(stamps, codes)
        bad = np.isin(codes, list(stamps.wrong)) | stamps.gap[codes]
        grades = self._grades(self._at.get("quality"))
        own = {n: self._grades(i) for i, n in enumerate(self._table.header) if n in self._coded}
        names, known_names = texts(self._table.columns[self._at["tag"]]) if "tag" in self._at else (None, [""])
        for code, prefix in enumerate(known_names):
            mine = np.ones(len(codes), bool) if names is None else names == code
            for i, column in self._values():
                tag = f"{prefix}.{column}" if self._wide and prefix else column if self._wide else str(prefix)
                piece = self._piece(
                    tag, i, np.flatnonzero(mine & ~bad), codes, stamps, own.get(self._quality(tag), grades)
                )
                if len(piece.t):
                    into.setdefault(tag, []).append(piece)

    def _values(self) -> Iterator[tuple[int, str]]:
        """Place and name of each column of values."""
        if not self._wide:
            yield self._at["value"], ""
            return
        taken = {i for f, i in self._at.items() if f != "value"}
        named = enumerate(self._table.header)
        yield from ((i, n) for i, n in named if n and i not in taken and n not in self._coded)

    def _quality(self, tag: str) -> str:
        """The column of the quality codes of a tag; empty where it has none of its own."""
        return self._tags[tag].quality if self._wide and tag in self._tags else ""

    def _complete(self) -> bool:
        """Whether the file has the columns it needs; ragged rows and odd encodings are told."""
        file, header = self._table.file, self._table.header
        needed = ("time",) if self._wide else ("time", "tag", "value")
        lacking = [f for f in needed if f not in self._at]
        for field in lacking:
            there = ", ".join(n for n in header if n)
            self._reading.find("given.column", "error", f"no column is '{field}'; there are {there}", file=file,
                               field=field, remedy="Name the column in the study's column map.")  # fmt: skip
        if not lacking:
            tell_absent(self._reading, file, self._word, columns(self._word, "scada"), self._at, header)
        twins = self._twins() if not lacking else ""
        if twins:
            text = f"several columns of stamps differ: {twins}; nothing tells which values belong to which"
            self._reading.find("given.column", "error", text, file=file, field="time",
                               remedy="Write one file for each column of stamps, with its values.")  # fmt: skip
            lacking.append("time")
        if self._table.recoded:
            self._reading.find("given.encoding", "warning", "is not UTF-8, and was read as Windows-1252", file=file,
                               remedy="Save it as UTF-8.")  # fmt: skip
        if self._table.ragged:
            count, first = len(self._table.ragged), self._table.ragged[0]
            self._reading.find("given.ragged", "error", f"not as many cells as columns; rows: {count}",
                               file=file, line=first, remedy="Write one cell for each column.")  # fmt: skip
            self._reading.refused("", f"[rows] {file}", "", str(count), "not as many cells as columns")
        thing = f"[columns] {file}"
        self._reading.mapped("", thing, "", "columns")
        by_place = {i: f for f, i in self._at.items()}
        for i, column in enumerate(header):
            if i in by_place or column in self._coded:
                self._reading.mapped("", thing, column, by_place.get(i, "quality"))
            elif column and not self._wide:
                self._reading.unused("", thing, column, "", "no field of a value")
        if not lacking and not len(self._table.lines):
            self._reading.find("given.no-rows", "warning", "has no rows", file=file, remedy="Export it again.")
        return not lacking and bool(len(self._table.lines))

    def _twins(self) -> str:
        """Further columns with the name of that of the stamps and other content, in a wide table; empty: none."""
        at, header, columns = self._at["time"], self._table.header, self._table.columns
        same = [i for i, n in enumerate(header) if folded(n) == folded(header[at]) and n]
        differ = self._wide and any(not columns[i].equals(columns[at]) for i in same)
        return ", ".join(f"#{i + 1}" for i in same) if differ else ""

    def _wrong(self, stamps: Stamps, codes: Any) -> None:
        """Tell stamps that are none, and those that no clock showed; their rows are not read."""
        for check, which, why in (
            ("scada.time", list(stamps.wrong), ""),
            ("scada.time-gap", np.flatnonzero(stamps.gap).tolist(), NO_CLOCK),
        ):  # fmt: skip
            rows = np.flatnonzero(np.isin(codes, which))
            if len(rows):
                first = int(codes[rows[0]])
                text = f"{why or stamps.wrong[first]}; rows that are not read: {len(rows)}"
                self._reading.find(check, "error" if check == "scada.time" else "warning", text, field="time",
                                   file=self._table.file, line=int(self._table.lines[rows[0]]),
                                   value=stamps.texts[first], remedy="Correct the stamps, or declare zone and "
                                   "time_format.")  # fmt: skip
                self._reading.refused("", f"[rows] {self._table.file}", "", str(len(rows)), text)

    def _grades(self, column: int | None) -> Any:
        """The grade of each row by its quality code; codes that nothing explains are doubted and told."""
        if column is None:
            return np.zeros(len(self._table.lines), np.int8)
        codes, words = texts(self._table.columns[column])
        found = [grade(str(w), self._own) for w in words]
        for i, word in enumerate(words):
            if found[i] is None:
                rows = np.flatnonzero(codes == i)
                self._reading.find("scada.quality", "warning", f"a quality code that nothing explains, so its values "
                                   f"are doubted; rows: {len(rows)}", file=self._table.file, field="quality",
                                   line=int(self._table.lines[rows[0]]), value=str(word),
                                   remedy="Say in `quality` of the source what it means.")  # fmt: skip
        worth = np.array([GRADES.index(g or "suspect") for g in found] or [0], np.int8)
        return worth[codes]

    def _told(self, cells: pa.Array) -> Any:
        """Cells that say in place of a value that there is none, as `No Data` and `I/O Timeout` of historians."""
        codes, words = texts(cells)
        return np.array([not str(w)[:1].isdigit() and grade(str(w), self._own) == "bad" for w in words], bool)[codes]

    def _piece(self, tag: str, column: int, rows: Any, codes: Any, stamps: Stamps, grades: Any) -> Points:
        """The rows of one tag in this file."""
        cells = self._table.columns[column].take(pa.array(rows))
        values, wrong = numbers(cells, self._decimal)
        told = self._told(cells) if wrong.any() else wrong
        wrong &= ~told
        if wrong.any() and (known_tag := self._tags.get(tag)) and known_tag.quantity == "status":
            spelled, words = texts(cells)
            states = [state(str(w)) for w in words]
            values = np.where(wrong, np.array([np.nan if s is None else s for s in states])[spelled], values)
            wrong &= np.isnan(values)
        t, ambiguous = settle(stamps, codes[rows])
        worth = np.where(np.isnan(values), MISSING, grades[rows]).astype(np.int8)
        idle = (worth == MISSING) & ~wrong & ~told & (grades[rows] == GOOD)
        worth = np.where(wrong | told, BAD, np.where(ambiguous & (worth == GOOD), SUSPECT, worth)).astype(np.int8)
        where, lines = self._tags.get(tag), self._table.lines[rows]
        for check, which, why, remedy in (
            ("scada.value", wrong, "is no number, so the value is bad", POINT),
            ("scada.time-twice", ambiguous, ONCE, "Export times in UTC."),
        ):  # fmt: skip
            if which.any() and where is not None:
                first = int(np.argmax(which))
                value = str(cells[first].as_py()) if check == "scada.value" else stamps.texts[int(codes[rows][first])]
                self._reading.find(check, "error" if check == "scada.value" else "warning",
                                   f"{why}; rows: {int(which.sum())}", file=self._table.file, line=int(lines[first]),
                                   feeder="", element=f"tag {tag}", field=where.quantity if where else "value",
                                   value=value, remedy=remedy)  # fmt: skip
        piece = Points(t, np.where(wrong | np.isinf(values), np.nan, values), worth, lines, self._table.file)
        written = self._wide and where is not None and where.event  # only then an empty cell says nothing
        return piece.at(~idle) if written else piece
