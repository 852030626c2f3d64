"""The CSV of ``network.secondary.table``: impedance between a transformer and its customers, by size."""

from __future__ import annotations

import math
from pathlib import Path

from dtl.spec import small_csv

COLUMNS = ("kva", "r_ohm", "x_ohm")


class SecondaryError(Exception):
    """A table of secondaries that is not as it must be: a line of text for each mistake, beginning with ``:line:``."""


def secondary(path: Path) -> list[tuple[float, float, float]]:
    """Size of the transformer [kVA], resistance and reactance [ohm] of each row, by size.

    Raises
    ------
    SecondaryError
        A column lacks, a value is no number or negative, or a size stands there twice; all of them are told.
    """
    found: dict[float, tuple[float, float, float]] = {}
    wrong: list[str] = []
    (at, header), body = small_csv.read(path)
    if header and (lacking := [c for c in COLUMNS if c not in header]):
        raise SecondaryError(f":{at}: has no column {' and '.join(lacking)}")
    for line, cells in body:
        row = dict(zip(header, cells, strict=False))
        values = [_number(row.get(c, "")) for c in COLUMNS]
        bad = [c for c, v in zip(COLUMNS, values, strict=True) if math.isnan(v) or v < 0 or (c == "kva" and v == 0)]
        wrong += [f":{line}: {c}: '{row.get(c, '')}' is no number that fits" for c in bad]
        if values[0] in found:
            wrong.append(f":{line}: kva: {values[0]:g} stands there twice")
        found[values[0]] = (values[0], values[1], values[2])
    if not header:
        raise SecondaryError(f":1: is empty; its columns are {', '.join(COLUMNS)}")
    if not found:
        wrong.append(": has no row")
    if wrong:
        raise SecondaryError("\n".join(wrong))
    return [found[kva] for kva in sorted(found)]


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
