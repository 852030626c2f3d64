"""Stamps of source files as instants: the format and the clock are declared, and daylight saving is taken as it was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dtl.sources.sheets import Cell

ISO = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z| ?[+-]\d\d(:?\d\d)?)?")
SERIAL = re.compile(r"\d{4,5}(\.\d+)?")
COUNT = re.compile(r"\d{4,14}(\.\d+)?")
UNIX = datetime(1970, 1, 1, tzinfo=UTC)
COUNTED = {"excel": (datetime(1899, 12, 30), 86_400.0), "unix_s": (UNIX, 1.0), "unix_ms": (UNIX, 0.001)}
"""Formats of stamps that count: from when on, and the seconds of one."""
FIRST, LAST = 1950, 2100
"""Years that a stamp may have."""


_END_OF_DAY = re.compile(r"(?<=[ T])24(?=:00|$)")
"""Hour 24 of a stamp by ISO 8601."""
_SEVENTH = re.compile(r"(?<=[.,]\d{6})\d{1,3}(?!\d)")
_BEFORE_OFFSET = re.compile(r"(?<=\d) (?=[+-]\d\d(:?\d\d)?$)")
_A_DAY = timedelta(days=1)


_PART = re.compile(r"(?P<run>(?:%[YmdHMSjIy]){2,})|(?P<one>%[YmdHMSjIy])|(?P<other>%.)|(?P<blank>\s+)|.", re.DOTALL)
"""A part of a format: numbers that no sign parts, as ``%Y%m%d%H``; a number; anything else of a moment; blanks."""


@lru_cache(maxsize=64)
def _runs(form: str) -> re.Pattern[str] | None:
    """What finds the first number of each run of numbers in a text of a format; None where it has no run."""
    pattern = ""
    for part in _PART.finditer(form):
        if part["run"]:
            widths = [{"Y": 4, "j": 3}.get(letter, 2) for letter in part["run"][1::2]]
            first = r"(\d{1,2})" if widths[0] == 2 else rf"(\d{{{widths[0]}}})"
            pattern += first + rf"\d{{{sum(widths[1:])}}}"
        elif part["one"] or part["blank"]:
            pattern += r"\d+" if part["one"] else r"\s*"
        else:
            pattern += ".+?" if part["other"] else re.escape(part[0])
    known = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return known if known.groups else None


def padded(text: str, form: str) -> str:
    """A text whose numbers stand side by side with the digits of each: 930 of ``%H%M`` is 0930.

    `strptime` takes 2025110112 of ``%Y%m%d%H%M`` for 01:02. Raises ValueError where digits lack but the first zero.
    """
    known = _runs(form)
    if known is None:
        return text
    found = known.fullmatch(text)
    if not found:
        raise ValueError("digits lack")
    for group in range(known.groups, 0, -1):
        if len(found[group]) == 1:
            text = f"{text[: found.start(group)]}0{text[found.start(group) :]}"
    return text


def civil(text: str, form: str = "") -> datetime:
    """The moment that a text names by a format of `strptime`, or by ISO 8601 where there is none.

    Hour 24 is the end of its day. Raises ValueError for any other text.
    """
    if not form:
        text, late = _END_OF_DAY.subn("00", _BEFORE_OFFSET.sub("", text), count=1)
        found = datetime.fromisoformat(text)
    else:
        late = 0
        if "%f" in form:  # it reads six digits, and databases write seven
            text = _SEVENTH.sub("", text)
        text = padded(text, form)
        try:
            found = datetime.strptime(text, form)
        except ValueError:
            if "%H" not in form:
                raise
            late, found = 1, datetime.strptime(text, form.replace("%H", "24"))
    if late and (found.minute or found.second or found.microsecond):
        raise ValueError("a day ends at 24:00")
    return found + _A_DAY if late else found


class StampError(ValueError):
    """A stamp that cannot be read; the text says why."""


class Instant(NamedTuple):
    """A point in time; ``gap`` says that no clock showed it, ``twice`` that clocks showed it twice that night."""

    utc: datetime
    gap: bool = False
    twice: bool = False


def _counted(text: str, form: str) -> datetime:
    """A stamp that is a number: days of Excel, or seconds or milliseconds of UTC since 1970."""
    if not COUNT.fullmatch(text):
        raise StampError(f"it is no number, as {form} is")
    first, seconds = COUNTED[form]
    return first + timedelta(seconds=round(float(text) * seconds))


@dataclass(frozen=True)
class Clock:
    """How stamps are read: the study's time zone, the clock of the source (local, standard, UTC, or a zone's name),
    and the format of `strptime`, empty for ISO 8601."""

    timezone: str
    zone: str = "local"
    format: str = ""

    def instant(self, cell: Cell, after: datetime | None = None, epoch: datetime | None = None) -> Instant:
        """The instant of a cell.

        A stamp that clocks showed twice means the first time, unless that lies before `after`. ``epoch`` is that of an
        Excel file, in which a number may be a date.

        Raises
        ------
        StampError
            The text is no stamp of the declared format, or of no plausible year.
        """
        when = cell if isinstance(cell, datetime) else self._parsed(cell, epoch)
        if not FIRST <= when.year <= LAST:
            raise StampError(f"the year {when.year} is not between {FIRST} and {LAST}")
        if when.tzinfo is not None:
            return Instant(when.astimezone(UTC))
        zone = self._tzinfo(when)
        first = when.replace(tzinfo=zone, fold=0)
        utc = first.astimezone(UTC)
        gap = utc.astimezone(zone).replace(tzinfo=None, fold=0) != when
        second = when.replace(tzinfo=zone, fold=1).astimezone(UTC)
        if second == utc or gap:
            return Instant(utc, gap)
        return Instant(second if after is not None and utc < after else utc, twice=True)

    def day(self, utc: datetime) -> date:
        """The civil day of an instant in the study's time zone."""
        return utc.astimezone(ZoneInfo(self.timezone)).date()

    def _parsed(self, text: str, epoch: datetime | None) -> datetime:
        if epoch is not None and SERIAL.fullmatch(text):
            return epoch + timedelta(seconds=round(float(text) * 86_400))
        if self.format in COUNTED:
            return _counted(text, self.format)
        if self.format:
            try:
                return civil(text, self.format)
            except ValueError as err:
                raise StampError(f"it is not written as {self.format}") from err
        if not ISO.fullmatch(text):
            raise StampError("it is not written as 2025-08-07 11:02 (ISO 8601), and the study declares no time_format")
        try:
            return civil(text)
        except ValueError as err:
            raise StampError(f"it is no time of the calendar: {err}") from err

    def _tzinfo(self, when: datetime) -> tzinfo:
        if self.zone == "UTC":
            return UTC
        if self.zone != "standard":
            return ZoneInfo(self.timezone if self.zone == "local" else self.zone)
        zone = ZoneInfo(self.timezone)
        shown = (datetime(when.year, month, 1, 12, tzinfo=zone).utcoffset() for month in (1, 7))
        return timezone(min(offset or timedelta() for offset in shown))
