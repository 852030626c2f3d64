"""The CSV of ``network.secondary.table``: impedance between a transformer and its customers, by size."""

from __future__ import annotations

import math
from pathlib import Path

from dtl.spec import small_csv

COLUMNS = ("kva", "r_ohm", "x_ohm")


def secondary(path: Path) -> list[tuple[float, float, float]]:
    """Size of the transformer [kVA], resistance and reactance [ohm] of each row, by size.

    Raises
    ------
    SmallCsvError
        A column lacks or is unknown, a value is no number or negative, or a size stands there twice; all are told.
    """
    found: dict[float, tuple[float, float, float]] = {}
    rows, wrong = small_csv.read(path, COLUMNS)
    for line, row in rows:
        values = [small_csv.number(row[c]) for c in COLUMNS]
        bad = [c for c, v in zip(COLUMNS, values, strict=True) if math.isnan(v) or v < 0 or (c == "kva" and v == 0)]
        wrong += [f":{line}: {c}: '{row[c]}' is no number that fits" for c in bad]
        if values[0] in found:
            wrong.append(f":{line}: kva: {values[0]:g} stands there twice")
        found[values[0]] = (values[0], values[1], values[2])
    if not rows and not wrong:
        wrong.append(":1: has no row below the header")
    small_csv.refuse(wrong)
    return [found[kva] for kva in sorted(found)]
