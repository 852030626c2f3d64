"""Rows of outages and of restoration steps, field by field; a row that cannot be used says why."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dtl.sources.oms_events import Event, Step
from dtl.sources.oms_lengths import lasted, time_of_day
from dtl.sources.oms_words import STEP, Causes, alias, flag
from dtl.sources.reading import Reading
from dtl.sources.sheets import Cell
from dtl.sources.stamps import Clock, Instant, StampError

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?")
_GROUPS = re.compile(r"\d{1,3}([, '\u2019\u00a0\u202f])\d{3}(\1\d{3})*(\.\d+)?")
"""A number with separators of thousands."""
_POINTS = re.compile(r"(?!0+\.)\d{1,3}(\.\d{3})+")
"""Digits of which nothing says whether the point is one of decimals or of thousands, where a number is whole."""
_COMMA = re.compile(r"-?\d+,(\d\d?|\d{4,})")
"""A number whose comma can only be that of decimals."""
GROUPED = ("customers", "customer_minutes", "restored", "remaining", "kva")
"""Fields in which a comma before three digits is one of thousands: whole numbers, or large ones."""


class RowError(Exception):
    """A row that cannot be counted: the check, the field, what stood there, why, and the remedy."""

    def __init__(self, check: str, field: str, value: str, why: str, remedy: str):
        self.check, self.field, self.value, self.remedy = check, field, value, remedy
        super().__init__(why)


@dataclass(frozen=True)
class Row:
    """One row of a file: its cells by field, and where it stands."""

    file: str
    line: int
    cells: Mapping[str, Cell]
    epoch: datetime | None = None

    def text(self, field: str) -> str:
        """The text of a field; empty if it is not there."""
        return str(self.cells.get(field, ""))

    def number(self, field: str, *, whole: bool = False) -> float | None:
        """The number of a field, None where it is empty; raises RowError for anything else and for what is negative."""
        text = self.text(field)
        if not text:
            return None
        if whole and _POINTS.fullmatch(text):
            raise RowError("outage.number", field, text, "may be of thousands or of decimals", "Write digits alone.")
        groups = _GROUPS.fullmatch(text)
        if groups and (field in GROUPED or text.count(groups[1]) > 1 or "." in text):
            text = re.sub(r"[^\d.]", "", text)
        elif _COMMA.fullmatch(text):
            text = text.replace(",", ".")
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not (0 <= value < 1e12) or (whole and not (value.is_integer() and value < 2**31)):
            kind = "a whole number from 0" if whole else "a number from 0"
            raise RowError(
                "outage.number", field, self.text(field), f"is not {kind}", "Write digits without groups or units."
            )
        return value


def beside(row: Row) -> list[Row]:
    """The steps in the columns of an interruption, as rows of their own; empty ones are none."""
    found: dict[str, dict[str, Cell]] = {}
    for field, cell in row.cells.items():
        if field.startswith(f"{STEP} "):
            _, number, name = field.split(" ", 2)
            found.setdefault(number, {})[name] = cell
    there = [cells for cells in found.values() if any(str(c) not in ("", "0") for c in cells.values())]
    return [Row(row.file, row.line, {"id": row.text("id"), **cells}, row.epoch) for cells in there]


class Rows:
    """Makes events and steps of rows, by what the study declares about the source."""

    def __init__(self, reading: Reading, spec: Mapping[str, Any]):
        self._reading = reading
        self._clock = Clock(spec["timezone"], spec.get("zone") or "local", spec.get("time_format") or "")
        self._causes = Causes(spec.get("causes") or "ours")
        self._feeder, self._device = alias(spec.get("feeder_names")), alias(spec.get("device_names"))
        self.unmapped: dict[str, int] = {}
        """Causes that no rule knows, with the number of interruptions."""
        self.shared: set[str] = set()
        """Ids that rows of several feeders have."""
        self.flags: dict[tuple[str, str], int] = {}
        """Words that are neither yes nor no, by field, with their number."""

    def event(self, row: Row) -> Event:
        """The interruption of a row; raises RowError where its id, its times or a number cannot be read."""
        name = row.text("id")
        if not name:
            raise RowError("outage.no-id", "id", "", "has no id", "Give the interruption an id.")
        start = self._instant(row, "start", None)
        event = Event(name, row.file, row.line, start.utc, self._clock.day(start.utc))
        event.end = self._end(row, event.start)
        customers = row.number("customers", whole=True)
        event.customers = None if customers is None else int(customers)
        event.stated_minutes = row.number("customer_minutes")
        if event.stated_minutes is None and (hours := row.number("customer_hours")) is not None:
            event.stated_minutes = 60 * hours
        event.kva = row.number("kva")
        event.feeder, event.device, event.failed = row.text("feeder"), row.text("device"), row.text("failed")
        event.feeder_alias = self._feeder(event.feeder) if event.feeder else ""
        event.device_alias = self._device(event.device) if event.device else ""
        event.planned, event.major = self._flag(row, "planned"), self._flag(row, "major")
        self._cause(event, row.text("cause"), row.text("subcause"))
        return event

    def _end(self, row: Row, start: datetime) -> datetime | None:
        if not row.text("end"):
            minutes = _duration(row)
            return None if minutes is None else start + timedelta(seconds=round(60 * minutes))
        end = self._instant(row, "end", start).utc
        if end < start:
            value = f"{row.text('start')} to {row.text('end')}"
            raise RowError("outage.end-before-start", "end", value, "it ends before it begins",
                           "Correct the times; an end after midnight belongs to the next day.")  # fmt: skip
        return end

    def step(self, row: Row, event: Event, left: int | None) -> tuple[Step, int | None]:
        """The step of a row of an event, and the customers that are still out; `left` were before it.

        Raises RowError where its time or its customers cannot be used.
        """
        end = self._instant(row, "end", event.start).utc
        if end < event.start:
            raise RowError("outage.step-time", "end", row.text("end"), "the step lies before the interruption begins",
                           "Correct the time of the step.")  # fmt: skip
        if "restored" in row.cells or "remaining" not in row.cells:
            count = row.number("restored", whole=True) if "restored" in row.cells else 1.0
            if count is None:
                raise RowError("outage.step-customers", "restored", "", "the step has no customers", "State them.")
            return Step(end, int(count), row.text("customer")), None
        after = row.number("remaining", whole=True)
        if after is None or left is None or after > left:
            value = f"{row.text('remaining')} of {'unknown' if left is None else left}"
            raise RowError("outage.step-customers", "remaining", value, "more customers are out than before the step",
                           "Correct the steps, and state the customers of the interruption.")  # fmt: skip
        return Step(end, left - int(after)), int(after)

    def order(self, row: Row, event: Event) -> datetime:
        """By what steps are ordered: their instant; those that have none come first."""
        try:
            return self._clock.instant(row.cells.get("end", ""), event.start, row.epoch).utc
        except StampError:
            return event.start

    def _instant(self, row: Row, field: str, after: datetime | None) -> Instant:
        cell = row.cells.get(field, "")
        if cell and (clock := row.cells.get(f"{field}_time", "")):
            cell = _joined(cell, clock)
        if not cell:
            raise RowError("outage.no-time", field, "", f"has no {field}", "State the time.")
        try:
            found = self._clock.instant(cell, after, row.epoch)
        except (StampError, OverflowError) as err:
            over = field == "end" and "start" in row.cells and not any(c.isdigit() for c in str(cell))
            cure = "Correct it, or declare time_format."
            if over:
                cure = "Export the interruption when it is over; empty, a duration or restoration steps tell the end."
            raise RowError("outage.time", field, str(cell), "it is no time" if over else str(err), cure) from err
        if found.gap or found.twice:
            check, severity, why = (
                ("outage.time-gap", "warning", "no clock showed this time: clocks were put forward")
                if found.gap
                else ("outage.time-twice", "info", "clocks showed this time twice; the first that fits counts")
            )
            self._reading.find(check, severity, why, file=row.file, line=row.line, field=field,  # type: ignore[arg-type]
                               element=f"outage {row.text('id')}", value=str(cell),
                               remedy="Export times in UTC or in standard time.")  # fmt: skip
        return found

    def _flag(self, row: Row, field: str) -> bool | None:
        if field not in row.cells:
            return None
        text = row.text(field)
        found = flag(text)
        if found is None:
            self.flags[field, text] = self.flags.get((field, text), 0) + 1
        return found

    def _cause(self, event: Event, cause: str, subcause: str) -> None:
        event.cause_stated = " / ".join(t for t in (cause, subcause) if t)
        found = self._causes.of(cause, subcause) if event.cause_stated else None
        event.cause = found or "unknown"
        if found is None:
            self.unmapped[event.cause_stated] = self.unmapped.get(event.cause_stated, 0) + 1
        if event.planned is None and found == "planned":
            event.planned = True


def _duration(row: Row) -> float | None:
    """How long an interruption lasted [min], None where the row does not say it."""
    for field, minutes in (("duration_min", 1.0), ("duration_h", 60.0)):
        text = row.text(field)
        if not text:
            continue
        found = lasted(text)
        if found is None:
            found = (row.number(field) or 0.0) * minutes
        if found > 5_256_000:
            raise RowError("outage.number", field, text, "is more than ten years", "Correct the duration.")
        return found
    return None


def _joined(day: Cell, clock: Cell) -> Cell:
    """A stamp of the cells of its day and its time of day; of a date cell of Excel the day counts."""
    if not isinstance(day, datetime):
        return f"{day} {clock}"
    seconds = time_of_day(str(clock))
    if seconds is None:
        raise RowError("outage.time", "start", str(clock), "is no time of day", "Write it as 17:48.")
    return day.replace(hour=0, minute=0, second=0) + timedelta(seconds=seconds)
