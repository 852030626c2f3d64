"""The CSV of ``demand.path``: profiles of loads by load, transformer, feeder or class of customer."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from dtl.spec.base import near
from dtl.spec.series import DAY, LEAP, YEAR

KINDS = ("load", "transformer", "feeder", "class", "all")
"""What a column may be of, the closest first: a load takes the first kind that has a column for it."""
NAMED = "profile"
"""The kind of a column that is of nothing by itself: the file ``demand.follows`` says what follows it."""
CLOCK = ("hour", "time", "start", "timestamp", "datetime", "date")
"""Names of columns that number or date the rows; they stand for the reader of the file and are not read."""


class ProfilesError(Exception):
    """A file of profiles that is not as it must be: one line of text for each mistake, which begins with ``:``."""


@dataclass(frozen=True)
class Profile:
    """One column: of what it is, by name in lower case, and its values.

    ``is_kw`` says whether the values are kW (of a class: of one customer) and no multiples of the model's load. The
    values are those of a year without 29 February, or of a day, in steps of equal length.
    """

    kind: str
    name: str
    is_kw: bool
    values: tuple[float, ...]

    @property
    def per_year(self) -> int:
        """How often the values are repeated through the year: 1, or 365 for those of a day."""
        return 1 if len(self.values) in YEAR else 365


def profiles(path: Path) -> list[Profile]:
    """The columns of a file, in its order.

    The first row names them: ``load:NAME``, ``transformer:NAME``, ``feeder:NAME``, ``class:NAME``, ``profile:NAME`` or
    ``all``, with `` kw`` behind where values are kW. Lines that begin with ``#`` are notes.

    Raises
    ------
    ProfilesError
        A column has another name or stands there twice, a value is no number, or their number is none of a day or a
        year; all of them are told.
    """
    header: list[str] = []
    columns: list[list[float]] = []
    wrong: list[str] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        for cells in reader:
            if not "".join(cells).strip() or cells[0].lstrip().startswith("#"):
                continue
            if not header:
                header = [c.strip() for c in cells]
                columns = [[] for _ in header]
                continue
            _row(reader.line_num, cells, header, columns, wrong)
    if not header:
        raise ProfilesError(":1: is empty; its columns are named as class:residential, feeder:F1 kw or all")
    found = _columns(header, columns, wrong)
    if wrong:
        raise ProfilesError("\n".join(wrong[:20] + [f": and {len(wrong) - 20} more"] * (len(wrong) > 20)))
    return found


def _row(line: int, cells: list[str], header: list[str], columns: list[list[float]], wrong: list[str]) -> None:
    if len(cells) != len(header):
        wrong.append(f":{line}: has {len(cells)} cells, and the header {len(header)}")
        return
    for name, cell, values in zip(header, cells, columns, strict=True):
        if name.lower() in CLOCK:
            continue
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            wrong.append(f":{line}: {name}: '{cell.strip()}' is no number")
        values.append(value)


def _columns(header: list[str], columns: list[list[float]], wrong: list[str]) -> list[Profile]:
    found: dict[tuple[str, str], Profile] = {}
    for text, values in zip(header, columns, strict=True):
        if text.lower() in CLOCK:
            continue
        named = _named(text)
        if isinstance(named, str):
            wrong.append(f":1: {named}")
        elif named[:2] in found:
            wrong.append(f":1: '{text}' stands there twice")
        else:
            found[named[:2]] = Profile(*named, tuple(_of_year(values)))
    count = next((len(p.values) for p in found.values()), 0)
    if not found and not wrong:
        wrong.append(":1: has no column of values")
    elif found and count not in (*DAY, *YEAR):
        steps = ", ".join(map(str, DAY[1:]))
        wrong.append(f": has {count} rows; a year has 8760 (a leap year 8784), a day 24, or {steps} in steps")
    return list(found.values())


def _of_year(values: list[float]) -> list[float]:
    """The values without those of 29 February."""
    per_day = LEAP.get(len(values))
    return values if per_day is None else values[: 59 * per_day] + values[60 * per_day :]


def _named(text: str) -> tuple[str, str, bool] | str:
    """Kind, name and unit of a column, or what is wrong with its name."""
    plain = text.lower()
    is_kw = plain.endswith(" kw")
    kind, _, name = (plain[: -len(" kw")] if is_kw else plain).partition(":")
    kind, name = kind.strip(), name.strip()
    known = (*KINDS, NAMED)
    if kind not in known:
        return f"'{text}' is no column of profiles; write it as class:residential or feeder:F1 kw{near(kind, known)}"
    if bool(name) == (kind == "all"):
        return f"'{text}': {'all has no name behind it' if name else 'the name behind the colon is missing'}"
    if kind in ("all", NAMED) and is_kw:
        return f"'{text}': a column that many follow holds multiples of what the model states, no kW"
    return kind, name, is_kw
