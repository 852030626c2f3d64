"""What is said about the export of an outage system: its columns, its names, its stamps, its causes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic import BeforeValidator as Before

from dtl.spec.base import Base, one_of, wrong
from dtl.spec.scalars import Count, Text
from dtl.spec.shapes import MapShape, TextShape, shape

COUNTED = ("excel", "unix_s", "unix_ms")
"""Formats of stamps that count: days of Excel since 1900, seconds or milliseconds in UTC since 1970."""


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_ONE_OR_MORE = {"anyOf": [{"type": ["string", "number"]}, {"type": "array", "items": {"type": ["string", "number"]}}]}


def reads_again(value: str, when: datetime) -> bool:
    """Whether a format of `strptime` reads what it writes of a moment."""
    if "%Z" in value:  # `strptime` knows the names of this machine's zone alone, and passes over them
        return False
    try:
        written = when.replace(tzinfo=UTC) if "%z" in value else when
        return datetime.strptime(written.strftime(value), value) == written
    except (ValueError, re.error):
        return False


def named(value: str) -> str:
    """What to write in place of the name of a zone, which no format reads."""
    return ", the name of a zone by its letters (%m/%d/%Y %H:%M EST), and its clock as zone" if "%Z" in value else ""


def _format(value: str) -> str:
    """A format that holds a day and a minute: what it writes it must read again; or a count of days or seconds."""
    if value not in COUNTED and not reads_again(value, datetime(2019, 11, 23, 17, 48)):
        raise wrong(
            "unknown-value", f"'{value}' is no format of day and time; write it as %m/%d/%Y %H:%M{named(value)}"
        )
    return value


def _day_format(value: str) -> str:
    if not reads_again(value, datetime(2019, 11, 23)):
        raise wrong("unknown-value", f"'{value}' is no format of a day; write it as %m/%d/%Y")
    return value


DayFormat = Annotated[Text, AfterValidator(_day_format)]
"""A format of `strptime` that holds a day."""


def _hour_format(value: str) -> str:
    return value if reads_again(value, datetime(2019, 11, 23, 17)) else _format(value)


HourFormat = Annotated[Text, AfterValidator(_hour_format)]
"""A format of `strptime` that holds a day and an hour; or excel, unix_s, unix_ms."""

TimeFormat = Annotated[Text, AfterValidator(_format)]
"""A format of `strptime` that holds a day and a minute; or excel, unix_s, unix_ms."""

Texts = Annotated[list[Text], Before(_listed), Field(min_length=1), WithJsonSchema(_ONE_OR_MORE)]
"""One text, or a list of them; of column names the first that the file has counts."""


class StepPair(Base):
    """The columns of one restoration step, where the steps stand beside each other in the row of their interruption."""

    end: Texts
    """When these customers were back; the day, where ``end_time`` is given too."""
    end_time: Texts | None = None
    """Time of day at which they were back."""
    restored: Texts | None = None
    """Customers restored by the step."""
    remaining: Texts | None = None
    """Customers still out after the step, in place of ``restored``."""

    @model_validator(mode="after")
    def _a_number(self) -> StepPair:
        one_of(self, ("restored", "remaining"), "a step", short=True)
        return self


class OutageColumns(Base):
    """Which column of the outages is what; names are compared without regard to case and blanks around them."""

    id: Texts
    """Id of the interruption."""
    start: Texts
    """When it began; its day, where ``start_time`` is given too."""
    start_time: Texts | None = None
    """Time of day at which it began, where day and time are two columns."""
    end: Texts | None = None
    """When the last customer was back; the day, where ``end_time`` is given too."""
    end_time: Texts | None = None
    """Time of day at which the last customer was back."""
    duration_min: Texts | None = None
    """How long it lasted [min], or as 1:30 in hours and minutes, where there is no end."""
    duration_h: Texts | None = None
    """The same in hours [h]."""
    customers: Texts | None = None
    """Customers interrupted (CI); not needed where every interruption has restoration steps."""
    customer_minutes: Texts | None = None
    """Customer minutes (CMI), to compare with [min]."""
    customer_hours: Texts | None = None
    """The same in hours (CHI) [h]."""
    feeder: Texts | None = None
    """Feeder or circuit."""
    device: Texts | None = None
    """Device that opened."""
    failed: Texts | None = None
    """What failed, by its id in the GIS, where the export tells it beside the device that opened."""
    cause: Texts | None = None
    """Cause."""
    subcause: Texts | None = None
    """Second word about the cause."""
    kva: Texts | None = None
    """Connected load interrupted [kVA]."""
    planned: Texts | None = None
    """Whether it was planned: yes or no, or a type such as PLANNED."""
    major: Texts | None = None
    """Whether the utility calls it a major event: yes or no."""
    steps: Annotated[list[StepPair], Field(min_length=1)] | None = None
    """Restoration steps in columns, one entry for each step; a row leaves those empty that it does not have."""

    @model_validator(mode="after")
    def _an_end(self) -> OutageColumns:
        one_of(self, ("end", "duration_min", "duration_h"), "columns", optional=self.steps is not None, short=True)
        one_of(self, ("customer_minutes", "customer_hours"), "columns", optional=True, short=True)
        return self


class StepColumns(Base):
    """Which column of the restoration steps is what."""

    id: Texts
    """Id of the interruption."""
    end: Texts
    """When these customers were back."""
    restored: Texts | None = None
    """Customers restored by the step; none: one row is one customer."""
    remaining: Texts | None = None
    """Customers still out after the step, in place of ``restored``."""
    customer: Texts | None = None
    """The customer or meter, where a row is one customer."""

    @model_validator(mode="after")
    def _a_number(self) -> StepColumns:
        one_of(self, ("restored", "remaining", "customer"), "step_columns", short=True)
        return self


class Alias(Base):
    """How a name of the outage system becomes one of the model; the words apply in this order."""

    names: dict[Text, Text] = {}
    """Their name and ours; what stands here is taken as it is."""
    strip_prefix: Texts | None = None
    """Beginnings that are cut off; the first that fits."""
    strip_suffix: Texts | None = None
    """Ends that are cut off; the first that fits."""
    zero_pad: Annotated[Count, Field(le=20)] | None = None
    """Digits to which the last number in the name is filled with zeros."""
    add_prefix: Text | None = None
    """Beginning that is put in front."""


class CauseCode(Base):
    """One combination of codes; ``*`` and ``?`` are wildcards."""

    cause: Texts
    """The cause in the source."""
    subcause: Texts | None = None
    """The subcause; none: any."""


Cause = Literal[
    "equipment", "lightning", "planned", "power_supply", "public", "vegetation", "weather", "wildlife", "unknown",
    "other",
]  # fmt: skip

CauseCodes = list[
    Annotated[Annotated[Text, TextShape] | Annotated[CauseCode, MapShape], shape("a code", "a map of codes")]
]

Causes = Annotated[
    Annotated[Literal["ours", "rus"], TextShape] | Annotated[dict[Cause, CauseCodes], MapShape],
    shape("'ours' or 'rus'", "a map"),
]
"""A list that we ship, or the codes of each cause of the normalized set; of several that fit, the most exact counts."""
