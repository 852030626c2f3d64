"""What is said about meter readings: their columns, their channels, what a value and a quality code mean."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dtl.spec.base import Base, one_of, wrong
from dtl.spec.files import SourceFiles
from dtl.spec.names import GlobPath
from dtl.spec.oms import Texts, named, reads_again
from dtl.spec.scalars import Count, Minutes, Positive, SourceZone, Text
from dtl.spec.shapes import MapShape, TextShape, shape

COUNTED = ("unix_s", "unix_ms", "excel")
"""Formats of stamps that count: seconds or milliseconds from 1970 in UTC, or days of Excel on the source's clock."""

Quantity = Literal["delivered", "received", "reactive", "volts", "ignored"]
"""Energy to the customer, energy from the customer, reactive energy, voltage, or a channel that is not read."""

Worth = Literal["measured", "estimated", "rejected", "missing"]
"""What a quality code says about a reading."""


class AmiColumns(Base):
    """Which column is what; names are compared without regard to case and blanks around them.

    A column without a name is ``#`` and its number, as ``#1``. Without ``meter`` a file is one meter, named like the
    file. A wide file has a row for each day, with a column for each interval (``intervals``), or a row for each
    interval, with a column for each meter (``meters``).
    """

    meter: Texts | None = None
    """Id of the meter."""
    time: Texts | None = None
    """The stamp: day and time of one end of the interval; time of day alone where ``day`` is given too."""
    day: Texts | None = None
    """The day, in a wide file, or where day and time are two columns."""
    period: Texts | None = None
    """Number of the interval within ``day``, from 1, in place of ``time``: 1 to 48 for half hours, counted from
    midnight in order of time, so that days on which clocks change have an hour more or less."""
    daylight: Texts | None = None
    """Whether the clock of the stamp has daylight saving (Y, N, 1, 0, true, false, DST, STD): it tells the passes of
    the hour that occurs twice."""
    delivered: Texts | None = None
    """Energy or power delivered to the customer, or the net of both directions. ``A + B`` adds the columns of several
    registers; of several names in a list the first that is there counts."""
    received: Texts | None = None
    """Energy or power received from the customer."""
    reactive: Texts | None = None
    """Reactive energy or power."""
    volts: Texts | None = None
    """Mean voltage [V]."""
    quality: Texts | None = None
    """Code of what the reading is worth."""
    channel: Texts | None = None
    """Word that says which quantity the row holds; then ``channels`` says what each word means."""
    value: Texts | None = None
    """The value, where each row holds one quantity, told by ``channel``."""
    intervals: Texts | None = None
    """The columns of the intervals of a day, in their order in the file; ``*`` and ``?`` are wildcards."""
    meters: Texts | None = None
    """The columns that are one meter each; ``*`` and ``?`` are wildcards."""
    multiplier: Texts | None = None
    """What energies and powers of the row are multiplied by, where it differs by meter; on top of `multiplier`."""
    channels: dict[Text, Quantity] = {}
    """What each word of ``channel`` means; words of one quantity are registers, which are added."""

    @model_validator(mode="after")
    def _one_shape(self) -> AmiColumns:
        one_of(self, ("intervals", "meters"), "columns", optional=True, short=True)
        if self.intervals is not None and self.day is None:
            raise wrong("one-of", "columns with 'intervals' need 'day'", "intervals")
        if self.intervals is None and self.time is None and self.period is None:
            raise wrong("one-of", "columns need 'time', or 'day' and 'intervals', or 'day' and 'period'", "")
        if self.period is not None and (self.day is None or self.time or self.intervals or self.meters):
            raise wrong(
                "one-of", "'period' goes with 'day', and with neither 'time', 'intervals' nor 'meters'", "period"
            )
        if self.channel is not None and not self.channels:
            raise wrong("one-of", "columns with 'channel' need 'channels', which says what its words mean", "channel")
        single = self.intervals is not None or self.meters is not None
        if not single and (self.channel is None) != (self.value is None):
            raise wrong("one-of", "columns need 'channel' and 'value' together", "channel")
        plain = (self.delivered, self.received, self.reactive, self.volts)
        if not single and self.value is None and all(c is None for c in plain):
            raise wrong("one-of", "columns need a quantity: delivered, received, reactive, volts, or value", "")
        return self


class Ami(SourceFiles):
    """Meter readings: Parquet, CSV (also packed by gzip), Green Button XML or NEM12."""

    kind: Literal["ami"]
    path: GlobPath
    """The files; several are read as one."""
    columns: Annotated[
        Annotated[Literal["ours", "usual", "wide", "green_button", "nem12"], TextShape]
        | Annotated[AmiColumns, MapShape],
        shape("the name of a column map", "a map"),
    ] = "ours"
    """The column map: one that we ship, or your own; green_button and nem12 files state everything themselves."""
    interval_min: Minutes | None = None
    """Length of an interval [min]; not needed for green_button and nem12."""
    stamp: Literal["interval_start", "interval_end"] | None = None
    """Which end of the interval the stamp names; not needed for green_button and nem12."""
    zone: SourceZone = "local"
    """The clock of the stamps: local, standard (no daylight saving), UTC or a zone's name; of nem12 ``local`` is the
    market's, UTC+10 all year."""
    time_format: Text | None = None
    """How a stamp is written, as %m/%d/%Y %H:%M, or %m/%d/%Y for the days of a wide file; unix_s and unix_ms count from
    1970, excel is a serial number; none: ISO 8601, or a time of Parquet."""
    unit: Literal["kWh", "Wh", "MWh", "kW", "W"] = "kWh"
    """What a value is: energy of the interval, or mean power; of reactive values the same with var."""
    multiplier: Positive = 1.0
    """What energies and powers are multiplied by, as the ratio of transformers of the meter."""
    positive: Literal["delivered", "received"] = "delivered"
    """What a positive value of ``delivered`` is, where that column holds both directions."""
    received_sign: Literal["positive", "negative"] = "positive"
    """How energy from the customer stands in ``received``: as positive numbers, or as negative ones."""
    reads: Literal["interval", "register"] = "interval"
    """What a value is: of the interval, or the count of a register at the moment of the stamp."""
    register_digits: Annotated[Count, Field(le=12)] | None = None
    """Digits before the point after which a register starts again at zero; none: a fall of the count is a reset."""
    quality: dict[Text, Worth] | None = None
    """What the codes of the quality column mean; none: A, V, E, S, R, N and words as these."""
    repeated: Literal["none", "first", "last"] = "none"
    """Which of two different readings of one interval counts."""
    header_row: Count = 1
    """Row of the column names in a CSV."""
    decimal: Literal[".", ","] = "."
    """The decimal point of a CSV."""

    @model_validator(mode="after")
    def _a_format(self) -> Ami:
        value, days = self.time_format, [getattr(self.columns, n, None) for n in ("intervals", "period")]
        wide = self.columns == "wide" or any(d is not None for d in days)
        when = datetime(2019, 11, 23) if wide else datetime(2019, 11, 23, 17, 48)
        if (
            value is not None
            and value not in COUNTED
            and not any(reads_again(value, w) for w in (when, when.replace(minute=0)))
        ):
            what, such = ("the day", "%m/%d/%Y") if wide else ("day and time", "%m/%d/%Y %H:%M")
            raise wrong(
                "unknown-value", f"'{value}' is no format of {what}; write it as {such}{named(value)}", "time_format"
            )
        return self

    @model_validator(mode="after")
    def _a_clock(self) -> Ami:
        missing = [n for n in ("interval_min", "stamp") if getattr(self, n) is None]
        if self.columns not in ("green_button", "nem12") and missing:
            raise wrong("missing-word", f"'{missing[0]}' is missing: only green_button and nem12 files state it")
        if self.reads == "register" and self.positive == "received":
            raise wrong("one-of", "a register counts up: map the column as 'received' instead of 'positive: received'")
        return self
