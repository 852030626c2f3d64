"""Files of numbers that a study brings along: a day or a year of values, in the standard library alone."""

from __future__ import annotations

import csv
import math
from itertools import pairwise
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
    """The numbers of the last column of a CSV; a line of words may stand first, lines that begin with # are notes.

    Columns are separated by commas, tabs or semicolons; beside semicolons and tabs a comma is that of a decimal.

    Raises
    ------
    SeriesError
        Something is no number, or commas may separate columns or decimals: ``0,5`` in every line.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = file.read().splitlines()
    between = next((c for c in ";\t" if any(c in line for line in lines if not line.lstrip().startswith("#"))), ",")
    found: list[float] = []
    first: list[str] = []
    begun = False
    for line, row in enumerate(csv.reader(lines, delimiter=between), 1):
        if not row or not "".join(row).strip() or row[0].lstrip().startswith("#"):
            continue
        value = _number(row[-1] if between == "," else row[-1].replace(",", "."))
        if value is None and begun:
            raise SeriesError(f":{line}: '{row[-1]}' is no number")
        begun = True
        if value is not None:
            found.append(value)
            first.append(row[0].strip() if len(row) == 2 and row[1].strip().isdigit() else "")
    if between == "," and _decimals(first):
        raise SeriesError(
            ": a comma may separate decimals or columns here; write 0.5 for 0,5, or columns with semicolons"
        )
    return found


def _decimals(first: list[str]) -> bool:
    """Whether what stands before the comma of every line is the whole part of a number: it does not count the lines."""
    if not first or not all(text.lstrip("+-").isdigit() for text in first):
        return False
    return any(int(b) <= int(a) for a, b in pairwise(first))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
