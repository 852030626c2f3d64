"""Small CSVs that people write beside a study: a header, then rows; blank lines and remarks do not count."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from dtl.spec.base import near

Row = tuple[int, dict[str, str]]
"""The line of the file in which a row ends, and its cells by column."""


class SmallCsvError(Exception):
    """A small CSV that is not as it must be: a line of text for each mistake, which begins with ``:line:``."""


def read(path: Path, needed: Sequence[str], known: Sequence[str] = ("note",)) -> tuple[list[Row], list[str]]:
    """The rows of a file, all cells without spaces around them, and what is wrong with rows that are left out.

    Names of columns count in any case; a line that begins with ``#`` is a remark.

    Raises
    ------
    SmallCsvError
        The file is empty; a column lacks, is not known, or stands there twice; all of them are told.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        rows = [
            (reader.line_num, [c.strip() for c in cells])
            for cells in reader
            if "".join(cells).strip() and not cells[0].lstrip().startswith("#")
        ]
    if not rows:
        raise SmallCsvError(f":1: is empty; its columns are {', '.join(needed)}, and may be {', '.join(known)}")
    at, header = rows[0][0], [c.lower() for c in rows[0][1]]
    columns = (*needed, *known)
    told = [f":{at}: has no column {c}" for c in needed if c not in header]
    told += [f":{at}: there is no column '{c}'{near(c, columns)}" for c in header if c not in columns]
    told += [f":{at}: the column '{c}' stands there twice" for c, n in sorted(Counter(header).items()) if n > 1]
    if told:
        raise SmallCsvError("\n".join(told))
    wrong = [
        f":{line}: has {len(r)} cells, and the header {len(header)}" for line, r in rows[1:] if len(r) != len(header)
    ]
    return [(line, dict(zip(header, r, strict=True))) for line, r in rows[1:] if len(r) == len(header)], wrong


def number(text: str) -> float:
    """The finite number that a cell states, nan for none."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def refuse(wrong: Sequence[str]) -> None:
    """Raise `SmallCsvError` if anything is wrong, in the order of lines."""
    if wrong:
        raise SmallCsvError("\n".join(sorted(wrong, key=lambda line: int(line.split(":")[1] or 0))))
