"""One object of a source file as named values, which notes what was asked of it, and the account that follows.

What a reader asks for and finds is ``mapped``, what it asks for and does not find is ``defaulted``, and what it never
asks for is ``refused``. So no property can be dropped without a word.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from dtl.errors import Severity, first_fault
from dtl.sources.reading import Reading, shown

_LONGEST = 80
"""Characters of a value that findings and accounts show."""


NO_FIELD = "the model has no field for it"


class UnusableError(Exception):
    """An object that cannot be made: `field` and `value` say what is wrong, `check` which kind of fault it is."""

    def __init__(self, check: str, message: str, field: str = "", value: object = "", remedy: str = ""):
        self.check, self.field, self.value, self.remedy = check, field, value, remedy
        super().__init__(message)


UNUSABLE = (UnusableError, ValidationError, ArithmeticError)
"""What stops an object from being made: it was judged, the model does not take it, or its numbers run over."""


@dataclass(eq=False)
class Record:
    """An object: what it is called in its source, where it stands, and its values by name.

    ``target`` says which part it became, or ``reason`` why it became none, and ``harmless`` whether that leaves the
    power flow as it is; ``dropped`` holds the reasons of values that were looked at and have no place.
    """

    thing: str
    file: str
    values: dict[str, Any]
    line: int | None = None
    feeder: str = ""
    target: str = ""
    reason: str = ""
    harmless: bool = True
    asked: set[str] = field(default_factory=set)
    dropped: dict[str, str] = field(default_factory=dict)

    def ask(self, name: str) -> Any:
        """The value as it stands, None when there is none."""
        self.asked.add(name)
        return self.values.get(name)

    def number(self, name: str, default: float | None = None) -> float:
        """The value as a finite number, or the default where nothing stands.

        Raises
        ------
        UnusableError
            It is no finite number, or there is none and no default.
        """
        value = self.ask(name)
        if value is None or value == "":
            if default is None:
                text = "a value that must be there is missing"
                raise UnusableError("source.missing-value", text, name, "", "Add it to the source.")
            return default
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise UnusableError("source.bad-value", "is no finite number", name, value, "Correct the value.")
        return number

    def whole(self, name: str, default: int | None = None) -> int:
        """The value as a whole number; raises as `number` does."""
        number = self.number(name, default)
        if number != int(number):
            raise UnusableError("source.bad-value", "is no whole number", name, number, "Correct the value.")
        return int(number)

    def text(self, name: str, default: str = "") -> str:
        """The value as text without blanks at its ends."""
        value = self.ask(name)
        return default if value is None else str(value).strip()

    def flag(self, name: str, default: bool) -> bool:
        """The value as true or false; raises UnusableError for anything else."""
        value = self.ask(name)
        if value is None or value == "":
            return default
        known = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
        if (found := known.get(str(value).strip().lower())) is None:
            raise UnusableError("source.bad-value", "is neither true nor false", name, value, "Correct the value.")
        return found

    def drop(self, name: str, reason: str) -> None:
        """Say why a value that is there does not stand in the model."""
        if self.values.get(name) not in (None, ""):
            self.dropped[name] = reason


def clip(value: object) -> str:
    """A value as text of bounded length."""
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def fault(reading: Reading, record: Record, err: Exception) -> None:
    """Turn what makes an object unusable (one of `UNUSABLE`) into a finding that fails its feeder."""
    check, field_, value, remedy = "source.bad-value", "", "", "Correct the value."
    message = "its values are zero or too large to be computed with"
    if isinstance(err, UnusableError):
        check, field_, value, remedy, message = err.check, err.field, str(err.value), err.remedy, str(err)
    elif isinstance(err, ValidationError):
        field_, value, message = first_fault(err)
    record.target, record.reason, record.harmless = "", message, False
    tell(reading, record, check, "error", message, field_, value, remedy)


def tell(
    reading: Reading,
    record: Record,
    check: str,
    severity: Severity,
    message: str,
    field: str = "",
    value: object = "",
    remedy: str = "",
) -> None:
    """Note a finding about an object."""
    where = {"feeder": record.feeder, "file": record.file, "line": record.line, "element": record.thing}
    reading.find(check, severity, message, **where, field=field, value=clip(value), remedy=remedy)


TAKEN_OUT = "Waive it by name in the study (`waive:`), or take it out of the source."


def refuse(reading: Reading, record: Record, reason: str, *, harmless: bool = False, remedy: str = TAKEN_OUT) -> None:
    """Leave an object out; one that changes the power flow is an error until the study waives it."""
    record.target, record.reason, record.harmless = "", reason, harmless
    if not harmless:
        tell(reading, record, "conversion.object-refused", "error", reason, remedy=remedy)


def account(reading: Reading, records: Iterable[Record], idle: dict[str, str] | None = None) -> None:
    """Give every object and every value its verdict; `idle` says why values that nobody asks for are harmless."""
    known = idle or {}
    for record in records:
        feeder, thing = record.feeder, record.thing
        place = f"{record.file}:{record.line}" if record.line else record.file
        filled = {n for n, v in record.values.items() if v not in (None, "")}
        if not record.target:
            reason = record.reason or "no part of the model refers to it"
            told = reading.unused if record.harmless else reading.refused
            told(feeder, thing, "", place, reason)
            if record.values:
                stated = [(n, clip(v)) for n, v in record.values.items() if n in filled]
                told(feeder, thing, " ".join(record.values), shown(stated), reason)
            continue
        reading.mapped(feeder, thing, "", record.target, place)
        used = [n for n in record.values if n in record.asked and n in filled and n not in record.dropped]
        if used:
            pairs = [(n, clip(record.values[n])) for n in used]
            reading.mapped(feeder, thing, " ".join(used), record.target, shown(pairs))
        absent = sorted((record.asked | set(record.values)) - filled)
        if absent:
            reading.defaulted(feeder, thing, " ".join(absent), record.target, "", "the source states none")
        for name in record.values:
            if name in filled and name not in used:
                lost = record.dropped.get(name)
                told = reading.refused if lost or name not in known else reading.unused
                told(feeder, thing, name, clip(record.values[name]), lost or known.get(name) or NO_FIELD)
