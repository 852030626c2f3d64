"""Files of numbers that a study brings along: a day or a year of values, in the standard library alone."""

from __future__ import annotations

import csv
import math
from pathlib import Path

DAY = (24, 48, 96, 144, 288)
"""Numbers of values of a day that are understood."""
YEAR = tuple(365 * n for n in DAY)
LEAP = {366 * n: n for n in DAY}


class SeriesError(Exception):
    """A file of numbers that is not as it must be; the text begins with ``:line:``, or ``:``."""


def day_values(path: Path) -> list[float]:
    """The values of a day: 24, or 48, 96, 144 or 288 in steps; SeriesError otherwise."""
    values = numbers(path)
    if len(values) not in DAY:
        raise SeriesError(f": has {len(values)} values; a day has 24, or {', '.join(map(str, DAY[1:]))} in steps")
    return values


def year_values(path: Path) -> list[float]:
    """The values of a year in local standard time: 8,760, or as many in steps; of a leap year 29 February is dropped.

    Raises
    ------
    SeriesError
        The file has another number of values, or something in it is no number.
    """
    values = numbers(path)
    if len(values) in LEAP:
        per_day = LEAP[len(values)]
        return values[: 59 * per_day] + values[60 * per_day :]
    if len(values) not in YEAR:
        steps = ", ".join(str(y) for y in YEAR[1:])
        raise SeriesError(f": has {len(values)} values; a year has 8760 (a leap year 8784), or {steps} in steps")
    return values


def numbers(path: Path) -> list[float]:
    """The numbers of the last column of a CSV; a line of words may stand first, lines that begin with # are notes."""
    found: list[float] = []
    begun = False
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.reader(file), 1):
            if not row or not "".join(row).strip() or row[0].lstrip().startswith("#"):
                continue
            value = _number(row[-1])
            if value is None and begun:
                raise SeriesError(f":{line}: '{row[-1]}' is no number")
            begun = True
            if value is not None:
                found.append(value)
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
