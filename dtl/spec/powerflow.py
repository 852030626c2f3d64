"""The section ``powerflow``: which hours are solved, by what, and what is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dtl.spec.base import Base, NotYet, not_yet, wrong
from dtl.spec.scalars import Count, Day, Minutes, Name, NotNegative, Whole
from dtl.spec.shapes import ListShape, MapShape, TextShape, shape


def _rising(value: list[int]) -> list[int]:
    if sorted(set(value)) != value:
        raise wrong("order", "the numbers must rise, each once")
    return value


HourList = Annotated[list[Annotated[Whole, Field(ge=0, le=8759)]], Field(min_length=1), AfterValidator(_rising)]


@not_yet
class PeakDays(Base):
    """The days with the highest load of the study's base."""

    peak_days: Annotated[Whole, Field(ge=1, le=365)]
    """How many days."""


@not_yet
class State(Base):
    """A loading state of a snapshot."""

    load: NotNegative = 1.0
    """Factor on every load [-]."""
    generation: NotNegative = 1.0
    """Factor on every generator [-]."""


class Keep(Base):
    """What is kept of each case."""

    all: Annotated[Literal["summary", "series"], NotYet(but=("summary",))] = "summary"
    """Of every element: minimum, maximum, hours and energy; or its whole series."""
    series_of_worst: Annotated[Count | None, NotYet()] = None
    """Of how many worst elements per feeder the whole series is kept; none: of none."""


class Powerflow(Base):
    """Which hours are solved, by what, and what is kept."""

    step_min: Annotated[Minutes, NotYet(only=("5", "10", "15", "30"))] = 60
    """Length of a step [min]."""
    hours: Annotated[
        Annotated[Literal["all", "month_extremes_576"], TextShape]
        | Annotated[HourList, ListShape]
        | Annotated[PeakDays, MapShape],
        shape("'all', 'month_extremes_576'", "a list of hours", "{peak_days: N}"),
        NotYet(only=("month_extremes_576",)),
    ] = "all"
    """The hours that are judged, 0 is the first of the year."""
    days: Annotated[list[Day] | None, NotYet()] = None
    """The days that are judged, instead of hours."""
    steps: Annotated[list[Annotated[Whole, Field(ge=0)]] | None, NotYet()] = None
    """The steps of a day that are judged, instead of hours."""
    mode: Annotated[Literal["series", "snapshot"], NotYet(but=("series",))] = "series"
    """Whether time runs, or one state is solved."""
    states: Annotated[dict[Name, State], NotYet()] = {}
    """The loading states of a snapshot."""
    controls: Literal["active", "frozen"] = "active"
    """Whether regulators and capacitors act, or stay where the model has them."""
    engine: Annotated[
        Literal["auto", "opendss", "batch", "radial", "newton"], NotYet(but=("auto", "opendss", "batch"))
    ] = "auto"
    """What solves; auto takes the fastest that is exact for the feeder."""
    keep: Annotated[
        Annotated[Literal["summary", "series"], TextShape] | Annotated[Keep, MapShape],
        shape("'summary', 'series'", "a map"),
        NotYet(but=("summary",)),
    ] = "summary"
    """What is kept of each case."""
