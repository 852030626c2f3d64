"""Small CSVs that people write beside a study: a header, then rows; blank lines and remarks do not count."""

from __future__ import annotations

import csv
from pathlib import Path

Row = tuple[int, list[str]]
"""The line of the file in which a row ends, and its cells."""


def read(path: Path) -> tuple[Row, list[Row]]:
    """The header, in lower case, and the rows, all cells without spaces around them; the header of no file is empty.

    A line that begins with ``#`` is a remark.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        rows = [
            (reader.line_num, [c.strip() for c in cells])
            for cells in reader
            if "".join(cells).strip() and not cells[0].lstrip().startswith("#")
        ]
    if not rows:
        return (1, []), []
    line, header = rows[0]
    return (line, [c.lower() for c in header]), rows[1:]
