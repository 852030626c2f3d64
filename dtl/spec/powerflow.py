"""The section ``powerflow``: which hours are solved, by what, and what is kept."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from dtl.spec.base import Base, wrong
from dtl.spec.scalars import Count, Day, Minutes, Name, NotNegative, Whole
from dtl.spec.shapes import ListShape, MapShape, TextShape, shape


def _rising(value: list[int]) -> list[int]:
    if sorted(set(value)) != value:
        raise wrong("order", "the numbers must rise, each once")
    return value


def _steps(value: list[int] | None) -> list[int] | None:
    return value if value is None else _rising(value)


HourList = Annotated[list[Annotated[Whole, Field(ge=0, le=8759)]], Field(min_length=1), AfterValidator(_rising)]


class PeakDays(Base):
    """The days with the highest load of the study's base."""

    peak_days: Annotated[Whole, Field(ge=1, le=365)]
    """How many days."""


class State(Base):
    """A loading state of a snapshot."""

    of: Literal["model", "peak_load", "minimum_load", "most_generation"] = "model"
    """The powers as the model's files state them, or those of the feeder's hour with that of the demand."""
    load: NotNegative = 1.0
    """Factor on every load [-]."""
    generation: NotNegative = 1.0
    """Factor on every generator [-]."""


class Keep(Base):
    """What is kept of each case."""

    all: Literal["summary", "series"] = "summary"
    """Of every element: minimum, maximum, hours and energy; or its whole series too."""
    series_of_worst: Count | None = None
    """Of how many of the worst branches, and buses, of each feeder the whole series is kept; none: of none."""


class Powerflow(Base):
    """Which hours are solved, by what, and what is kept."""

    step_min: Minutes = 60
    """Length of a step [min]; what is known by longer intervals, an hour at most, is held through its steps."""
    hours: Annotated[
        Annotated[Literal["all", "month_extremes_576"], TextShape]
        | Annotated[HourList, ListShape]
        | Annotated[PeakDays, MapShape],
        shape("'all', 'month_extremes_576'", "a list of hours", "{peak_days: N}"),
    ] = "all"
    """The judged hours, in all of their steps, 0 is the first; or those that the load without layers chooses."""
    days: Annotated[list[Day] | None, Field(min_length=1)] = None
    """The days that are judged, instead of hours; the year of a date does not matter."""
    steps: Annotated[list[Annotated[Whole, Field(ge=0)]] | None, Field(min_length=1), AfterValidator(_steps)] = None
    """The steps of a day that are judged, of `days` or of every day; 0 is the one after midnight, standard time."""
    mode: Literal["series", "snapshot"] = "series"
    """Whether time runs, or some loading states are solved instead of a year."""
    states: dict[Name, State] = {}
    """The loading states of a snapshot, in their order."""
    controls: Literal["active", "frozen"] = "active"
    """Whether regulators and capacitors act, or stay where the model has them."""
    engine: Literal["auto", "opendss", "batch", "radial", "newton"] = "auto"
    """What solves; auto takes the fastest that is exact for the feeder. Radial and newton are for balanced feeders."""
    keep: Annotated[
        Annotated[Literal["summary", "series"], TextShape] | Annotated[Keep, MapShape],
        shape("'summary', 'series'", "a map"),
    ] = "summary"
    """What is kept of each case."""

    @model_validator(mode="after")
    def _states(self) -> Powerflow:
        if (self.mode == "snapshot") != bool(self.states):
            what = "a snapshot needs 'states'" if self.mode == "snapshot" else "'states' are of 'mode: snapshot'"
            raise wrong("one-of", f"{what}, e.g. states: {{peak: {{of: peak_load}}}}", "states")
        told = {"hours": self.hours != "all", "days": self.days, "steps": self.steps, "step_min": self.step_min != 60}
        word = next((name for name, said in told.items() if said), None)
        if self.mode == "snapshot" and word:
            raise wrong("one-of", f"a snapshot has states and no time, so that '{word}' says nothing", word)
        return self

    @model_validator(mode="after")
    def _one_choice(self) -> Powerflow:
        if self.hours != "all" and (self.days or self.steps):
            raise wrong("one-of", "'hours' or 'days' and 'steps' say which hours are judged, not both", "hours")
        if any((day.month, day.day) == (2, 29) for day in self.days or ()):
            raise wrong("not-a-date", "29 February is no day of a study year, which has 8,760 hours", "days")
        per_day = 24 * 60 // int(self.step_min)
        if any(step >= per_day for step in self.steps or ()):
            raise wrong("out-of-range", f"a day has the steps 0 to {per_day - 1} of {self.step_min} minutes", "steps")
        return self

    @property
    def judged(self) -> str | list[int] | dict[str, Any]:
        """What stands for the hours in slices: a word, the list of hours, the number of peak days, or single steps.

        Of a snapshot the hours are its states, from 0.
        """
        if self.mode == "snapshot":
            return list(range(len(self.states)))
        if self.days is None and self.steps is None:
            return self.hours.model_dump() if isinstance(self.hours, PeakDays) else self.hours
        days = sorted({date(2025, d.month, d.day).timetuple().tm_yday - 1 for d in self.days or ()}) or range(365)
        if self.step_min < 60 and self.steps:
            per_day = 24 * 60 // int(self.step_min)
            return {"steps": [per_day * day + step for day in days for step in self.steps]}
        return [24 * day + step for day in days for step in self.steps or range(24)]
