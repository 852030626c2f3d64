"""What a layer may know of its case besides the state that it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.weather import Weather


@dataclass(frozen=True)
class Context:
    """A case: its year, the clock of its steps, the weather of its place and what sources say of it.

    Attributes
    ----------
    year
        The year solved; without planned years it is the measured one.
    measured_year
        The year whose calendar holds, which planned years keep.
    timezone
        Zone of civil time.
    step_min
        Length of a step [min].
    weather
        The weather of the feeder's place by year; empty where the study has none.
    forecast
        Rows of the contract ``forecast`` for the group, its areas and everywhere.
    register
        Rows of the contract ``register`` of the group.
    areas
        The declared areas that may have a part in the group, by name.
    files
        Files that layers read, by their path relative to the study.
    """

    year: int
    measured_year: int
    timezone: str
    step_min: int = 60
    weather: Mapping[int, Weather] = field(default_factory=dict)
    forecast: tuple[Mapping[str, Any], ...] = ()
    register: tuple[Mapping[str, Any], ...] = ()
    areas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def calendar(self) -> Calendar:
        """Calendar of the measured year, which planned years keep."""
        return Calendar(self.measured_year)

    @property
    def steps(self) -> int:
        """Steps of the year."""
        return HOURS * 60 // self.step_min
