"""What goes wrong with rows of readings, counted: one finding for each kind, file and column, with its first place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from dtl.errors import Severity
from dtl.plural import many
from dtl.sources.reading import Reading


class Trouble(NamedTuple):
    """Rows of one block with one trouble: how many, and line and value of the first."""

    check: str
    field: str
    number: int
    line: int
    value: str


REMEDY: dict[str, tuple[Severity, str, str]] = {
    "ami.ragged": ("warning", "rows have another number of cells than the header: refused", "Export it again."),
    "ami.column": (
        "warning",
        "columns that the study names are not in the file: what they state is lost",
        "Correct the name in the column map, or take it out.",
    ),
    "ami.number": ("warning", "cells are no finite number: counted as empty", "Correct the cells or the column map."),
    "ami.thousands": (
        "error",
        "numbers have separators of thousands: counted as empty, so that the largest would be lost",
        "Export numbers without them; decimal says what the point of decimals is.",
    ),
    "ami.stamp": (
        "warning",
        "stamps cannot be read: rows refused",
        "Declare time_format and the column.",
    ),
    "ami.gap": (
        "warning",
        "stamps are of an hour that clocks skipped: rows refused",
        "Declare the zone of the stamps: standard or UTC skip no hour.",
    ),
    "ami.grid": (
        "warning",
        "stamps lie between two intervals: rows refused",
        "Correct interval_min or stamp.",
    ),
    "ami.first": (
        "warning",
        "rows have 00:00 as their first column, which is read as the interval that begins the day",
        "Say stamp: interval_start; where it ends the day before, export it as 24:00 of that day.",
    ),
    "ami.last-minute": (
        "info",
        "stamps are of the last minute of an interval: its end is taken to be a minute later",
        "",
    ),
    "ami.meter": ("warning", "rows have no meter: refused", "Complete the column of the meter."),
    "ami.code": (
        "warning",
        "quality codes have no meaning; their readings count as unlisted, whose energy is used",
        "Say what they mean in quality.",
    ),
    "ami.daylight": (
        "warning",
        "words about daylight saving have no meaning, in the hour that occurs twice; the order of rows tells it",
        "Write Y or N, true or false, 1 or 0, DST or STD.",
    ),
    "ami.channel": ("warning", "channels have no meaning: rows refused", "Add them to channels."),
    "ami.sentinel": (
        "warning",
        "values are numbers that systems write where they have none: counted as empty",
        "Export such cells empty.",
    ),
    "ami.series": (
        "warning",
        "readings are of a series that cannot count: refused",
        "Export interval data of energy, 5 to 60 min, if they lack; other series may stay.",
    ),
    "ami.record": (
        "warning",
        "records or readings do not stand as NEM12 has them",
        "Correct the records, or export the file again.",
    ),
    "ami.unmapped": (
        "error",
        "rows are of another quantity, direction or unit than those before, as a column says that is not mapped",
        "Map it as channel, and say in channels what its words mean; waive this where rows are alike all the same.",
    ),
    "ami.unit": (
        "error",
        "values stand under a name that states another unit than the study declares",
        "Declare the true unit of the column, or waive this where the name is wrong.",
    ),
    "ami.beside": (
        "warning",
        "columns stand beside another that the map names first for the same, and are not read",
        "Write both with a plus, as `A + B`, to add them, or leave the second out of the map.",
    ),
    "ami.multiplier": (
        "warning",
        "rows have no multiplier above zero: energy counted as empty",
        "Complete the column, or leave it out of the map where all are alike.",
    ),
    "ami.sign": (
        "warning",
        "values are below zero in a column of one direction: refused",
        "Check which column is which, map the net column alone, or say received_sign: negative.",
    ),
}
"""Severity, message and remedy of each check on rows."""


_OTHER_POINT = re.compile(r"[-+]?\d*[.,]\d+")
"""A number but for its decimal point: such a cell can only be wrong where `decimal` declares the other one."""
WHOLE = ("ami.stamp", "ami.grid", "ami.sign")
"""Checks that tell, where they find many rows, that the file is read wrong and not that some rows are."""
MOST = 0.1
"""Most of the rows of a file that such a check may find and stay a warning."""


@dataclass
class Tally:
    """Troubles by check, file and column, and how many rows each file has."""

    found: dict[tuple[str, str, str], Trouble] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    refused: dict[tuple[str, str], int] = field(default_factory=dict)
    """Rows of a file that are refused, by check."""

    def add(self, file: str, trouble: Trouble, refuses: bool = True) -> None:
        """Count a trouble of some rows of a file; ``refuses`` says that the rows are lost by it."""
        if not trouble.number:
            return
        key = (trouble.check, file, trouble.field)
        old = self.found.get(key)
        self.found[key] = old._replace(number=old.number + trouble.number) if old else trouble
        if refuses:
            self.refused[file, trouble.check] = self.refused.get((file, trouble.check), 0) + trouble.number

    def empty(self, file: str, count: int) -> None:
        """Count rows, or cells of wide rows, that state nothing."""
        if count:
            self.refused[file, "empty"] = self.refused.get((file, "empty"), 0) + count

    def tell(self, reading: Reading) -> None:
        """The findings, one for each check, file and column."""
        for (check, file, column), trouble in sorted(self.found.items()):
            severity, message, remedy = REMEDY[check]
            if check in WHOLE and trouble.number > MOST * self.rows.get(file, 0):
                severity = "error"
            if check == "ami.number" and _OTHER_POINT.fullmatch(trouble.value):
                point = "," if "," in trouble.value else "."
                severity, remedy = "error", f'Declare decimal: "{point}" in the source, if that is its decimal point.'
            if check == "ami.unit" and "var" in trouble.field.lower():
                severity = "warning"
            text = f"{many(trouble.number, message)}; the first is shown"
            where = {"file": file, "line": trouble.line or None, "field": column, "value": trouble.value[:80]}
            reading.find(check, severity, text, remedy=remedy, **where)
