"""The scalars of the language: text until the type of a field says otherwise.

YAML's own guesses (``0012`` is 10, ``12:30`` is 750, ``NO`` is false) never happen; values of other Python types pass,
so that code can make sections without text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from dtl.spec.base import near, wrong

_NUMBER = re.compile(r"[-+]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][-+]?\d+)?")
_WHOLE = re.compile(r"[-+]?\d[\d_]*")


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _NUMBER.fullmatch(value):
        raise wrong("not-a-number", f"'{value}' is not a number")
    return float(value.replace("_", ""))


def _whole(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _WHOLE.fullmatch(value):
        raise wrong("not-a-number", f"'{value}' is not a whole number")
    if len(value) > 18:
        raise wrong("out-of-range", f"'{value}' is too large")
    return int(value.replace("_", ""))


def _flag(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("true", "false"):
            raise wrong("not-a-flag", f"'{value}' is neither true nor false")
        return value == "true"
    return value


def _day(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise wrong("not-a-date", f"'{value}' is no day of the calendar: {error}") from error
    raise wrong("not-a-date", f"'{value}' is not a day; write it as 2026-10-31")


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:00)?", value):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise wrong("not-a-date", f"'{value}' is no time of the calendar: {error}") from error
    raise wrong("not-a-date", f"'{value}' is not a time; write day and local time as 2026-07-16 18:00")


def _text(value: Any) -> Any:
    if value is not None and isinstance(value, str) and not value.strip():
        raise wrong("empty-value", "there is no text")
    return value


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def _name(value: Any) -> Any:
    if isinstance(value, str) and not _NAME.fullmatch(value):
        raise wrong("bad-name", f"'{value}' is no name: a letter, then letters, digits, '_' or '-', 64 at most")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        zones = {z for z in available_timezones() if "/" in z} | {"UTC"}
        cities = {z.rsplit("/", 1)[-1].casefold(): z for z in sorted(zones)}
        city = cities.get(value.rsplit("/", 1)[-1].replace(" ", "_").casefold())
        guess = f"; did you mean '{city}'?" if city else near(value, zones)
        raise wrong(
            "unknown-zone", f"there is no time zone '{value}'{guess or '; write it as America/Chicago'}"
        ) from error
    return value


def _source_zone(value: str) -> str:
    return value if value in ("local", "standard", "UTC") else _zone(value)


def phases(value: str) -> str:
    """A text that must be letters of phases."""
    if not re.fullmatch(r"A?B?C?N?", value) or value in ("", "N"):
        raise wrong("unknown-value", f"'{value}' are no phases; write A, B, C, AB, BC, AC or ABC")
    return value


def _minutes(value: int) -> int:
    if value not in (5, 10, 15, 30, 60):
        raise wrong("out-of-range", f"{value} min do not divide an hour as we need it; write 5, 10, 15, 30 or 60")
    return value


def _form(pattern: str, words: str) -> Callable[[str], str]:
    """A check that a text has a form, which ``words`` describe."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise wrong("unknown-value", f"'{value}' must be {words}")
        return value

    return check


Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Day = Annotated[date, BeforeValidator(_day)]
Moment = Annotated[datetime, BeforeValidator(_moment)]

NotNegative = Annotated[Number, Field(ge=0)]
Positive = Annotated[Number, Field(gt=0)]
Share = Annotated[Number, Field(ge=0, le=1)]
Percent = Annotated[Number, Field(ge=0, le=1000)]
PerUnit = Annotated[Number, Field(ge=0.5, le=1.5)]
PowerFactor = Annotated[Number, Field(gt=0, le=1)]
Count = Annotated[Whole, Field(ge=1)]
Seed = Annotated[Whole, Field(ge=0, le=2**31 - 1)]
Year = Annotated[Whole, Field(ge=1990, le=2100)]
Month = Annotated[Whole, Field(ge=1, le=12)]
Hour = Annotated[Whole, Field(ge=0, le=24)]
Minutes = Annotated[Whole, AfterValidator(_minutes)]
Frequency = Annotated[Literal[50, 60], BeforeValidator(_whole)]
Money = Annotated[
    NotNegative,
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": "^[0-9_.]+$"}]}),
]

Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number"]})]
Name = Annotated[str, BeforeValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{_NAME.pattern}$"})]
Zone = Annotated[str, AfterValidator(_zone)]
SourceZone = Annotated[str, AfterValidator(_source_zone)]
Phases = Annotated[
    str,
    AfterValidator(phases),
    WithJsonSchema({"type": "string", "pattern": "^(A|B|C|AB|AC|BC|ABC)N?$"}),
]
Currency = Annotated[str, AfterValidator(_form("[A-Z]{3}", "three capitals, as USD"))]
Colour = Annotated[str, AfterValidator(_form("#[0-9a-fA-F]{6}", "a colour as #1f77b4"))]
