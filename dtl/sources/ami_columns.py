"""The columns of a file of readings by what they are, from the column map of the study."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from dtl.errors import SourceError
from dtl.sources.ami_registers import PLUS

MAPS = Path(__file__).parent / "columns"
QUANTITIES = ("delivered", "received", "reactive", "volts")
SINGLE = ("meter", "time", "day", "period", "daylight", *QUANTITIES, "quality", "channel", "value", "multiplier")
"""Roles that one column has."""
TELLING = {
    "unit_of_row": ("uom", "unit", "units", "unit of measure", "unit_of_measure", "reading_unit"),
    "kind_of_row": ("channel", "direction", "flow", "flow_direction", "flowdirection"),
}
"""Names of columns which, where no map names them, may still say that rows are not alike."""
NUMBERS = (*QUANTITIES, "value", "multiplier")
ADDED = ("delivered", "received", "reactive")
"""Roles that may have several columns, whose sum counts."""
_CLOCK = re.compile(r"(?:.*[^\d:])?(?P<h>[01]?\d|2[0-4]):?(?P<m>[0-5]\d)(:00)?")
"""A time of day, after other words or alone."""
_COUNT = re.compile(r"(?P<of>.*?)(?P<n>\d{1,4})")
QUALITY = {
    "": "measured", "a": "measured", "v": "measured", "measured": "measured", "actual": "measured", "g": "measured",
    "e": "estimated", "s": "estimated", "estimated": "estimated", "r": "rejected", "rejected": "rejected",
    "n": "missing", "missing": "missing",
}  # fmt: skip
"""What usual codes mean, where a study does not say it."""


@dataclass(frozen=True)
class Layout:
    """Which column of one header is what: ``roles`` to position; ``spread`` are the columns of intervals or meters."""

    header: tuple[str, ...]
    roles: Mapping[str, int]
    shape: str
    """long | intervals | meters"""
    spread: tuple[int, ...] = ()
    first: int | None = None
    """Minute of the day that the name of the first column of intervals tells, as 0 for ``00:00``; None: none."""

    @property
    def used(self) -> list[int]:
        """Positions of all columns that are read, in the order of the file."""
        return sorted({*self.roles.values(), *self.spread})


def load(columns: object) -> dict[str, Any]:
    """The column map of a study: one that we ship, by its name, or the study's own."""
    if isinstance(columns, Mapping):
        return {k: v for k, v in columns.items() if v}
    found: dict[str, Any] = yaml.safe_load((MAPS / f"ami_{columns}.yaml").read_text(encoding="utf-8"))
    return found


def layout(file: str, header: Sequence[str], words: Mapping[str, Any]) -> Layout:
    """What the columns of a header are.

    Raises
    ------
    SourceError
        A column that the map needs is not there.
    """
    names = [folded(h) for h in header]
    roles: dict[str, int] = {}
    for role in SINGLE:
        wanted = words.get(role) or ()
        place = next((p for w in wanted if (p := _place(names, folded(str(w)))) is not None), None)
        if place is None and role in ADDED:
            roles |= _added(role, names, wanted)
        if place is not None:
            roles[role] = place
            alike = [f"#{i + 1}" for i, n in enumerate(names) if n and n == names[place]]
            if len(alike) > 1 and not {*alike} & {str(w) for w in wanted}:
                raise SourceError(f"{file}: {len(alike)} columns are called {header[place]!r}; write one of them as "
                                  f"{', '.join(alike)} in the column map")  # fmt: skip
    shape = next((s for s in ("intervals", "meters") if words.get(s)), "long")
    patterns = [folded(str(w)) for w in words.get(shape) or ()]
    free = [i for i in range(len(names)) if i not in roles.values()]
    spread: tuple[int, ...] = ()
    first = None
    if patterns:
        spread = tuple(i for i in free if any(fnmatchcase(names[i], pattern) for pattern in patterns))
    if shape == "long":
        for role, known in TELLING.items():
            if (place := next((i for i in free if names[i] in known), None)) is not None:
                roles[role] = place
    if shape == "intervals":
        spread, first = _of_the_day(names, spread)
    found = Layout(tuple(header), roles, shape, spread, first)
    _complete(file, found, words)
    return found


def _complete(file: str, found: Layout, words: Mapping[str, Any]) -> None:
    stamp = "day" if found.shape == "intervals" or words.get("period") else "time"
    needed = [stamp, *(r for r in ("period", "meter", "channel", "value", "multiplier") if words.get(r))]
    if found.shape == "meters":
        needed = [r for r in needed if r != "meter"]
    if found.shape == "intervals":
        needed = [r for r in needed if r not in ("channel", "value")]
    missing = [r for r in needed if r not in found.roles]
    if found.shape != "long" and not found.spread:
        missing.append(found.shape)
    if found.shape == "long" and "value" not in found.roles and not any(q in found.roles for q in QUANTITIES):
        missing.append("delivered")
    if missing:
        told = "; ".join(f"{r}: {', '.join(map(str, words.get(r) or ['not in the map']))}" for r in missing)
        there = ", ".join(found.header[:12]) + (", ..." if len(found.header) > 12 else "")
        raise SourceError(f"{file}: has no column for {told}; its columns are {there}")
    count = len(found.spread)
    if found.shape == "intervals" and count % 24 and count % 25:
        raise SourceError(f"{file}: {count} columns of intervals are no day of 24 or 25 hours")


def _of_the_day(names: Sequence[str], spread: tuple[int, ...]) -> tuple[tuple[int, ...], int | None]:
    """Columns of intervals by what their names tell, times or numbers, and the time of the first; else as they stand.

    A time of 0:00 at the end of the file's order ends the day.
    """
    own = [names[i] for i in spread]
    times = [_CLOCK.fullmatch(n) for n in own]
    minutes = [60 * int(t["h"]) + int(t["m"]) for t in times if t]
    if len(minutes) == len(own) and len({n[: t.start("h")] for n, t in zip(own, times, strict=True) if t}) == 1:
        marks = [*minutes[:-1], minutes[-1] or 1440]
        ordered = len({*marks}) == len(marks) and max(marks) <= 1440
        return (tuple(i for _, i in sorted(zip(marks, spread, strict=True))), min(marks)) if ordered else (spread, None)
    counts = [_COUNT.fullmatch(n) for n in own]
    numbers = [int(c["n"]) for c in counts if c]
    alike = len({c["of"] for c in counts if c}) == 1 and len({*numbers}) == len(own)
    return (tuple(i for _, i in sorted(zip(numbers, spread, strict=True))) if alike else spread), None


def summands(word: str) -> list[str]:
    """The columns of a sum as a map writes it, ``A + B``; one where it is none."""
    return [w.strip() for w in re.split(r"\s\+\s", word)]


def _added(role: str, names: Sequence[str], wanted: Sequence[object]) -> dict[str, int]:
    """The columns of the first sum all of whose columns are there, as roles; none where no sum is written."""
    for word in wanted:
        places = [_place(names, folded(part)) for part in summands(str(word))]
        if len(places) > 1 and None not in places:
            return {f"{role}{PLUS}{n}" if n else role: p for n, p in enumerate(places) if p is not None}
    return {}


def beside(header: Sequence[str], wanted: Sequence[object]) -> list[str]:
    """Which columns of one role a header has besides the one that counts."""
    names = [folded(h) for h in header]
    return [str(w) for w in wanted if _place(names, folded(str(w))) is not None][1:]


def folded(text: str) -> str:
    """A name as it is compared: without regard to case and blanks around it."""
    return " ".join(text.split()).casefold()


def _place(names: Sequence[str], word: str) -> int | None:
    if word.startswith("#") and word[1:].isdigit():
        return int(word[1:]) - 1 if 0 < int(word[1:]) <= len(names) else None
    return names.index(word) if word in names else None
