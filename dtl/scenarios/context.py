"""What a layer may know of its case besides the state that it changes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from dtl import tables
from dtl.demand.calendar import DEFAULT_YEAR, HOURS, Calendar
from dtl.demand.weather import Weather, weather, years


class WeatherOfPoint(Mapping[int, Weather]):
    """The weather of a point by year, of the years that its table has; read when it is first asked for."""

    def __init__(self, path: Path, source: str, point: str, timezone: str, measured: int) -> None:
        self._path, self._at = path, (source, point)
        self._timezone, self._measured = timezone, measured

    @cached_property
    def _years(self) -> dict[int, Weather]:
        source, point = self._at
        table = tables.read("weather", self._path, source=source, point=point)
        every = {self._measured, *years(table, source, point, self._timezone)}
        found = {year: weather(table, source, point, year, self._timezone) for year in every}
        return {year: one for year, one in found.items() if one is not None}

    def __getitem__(self, year: int) -> Weather:
        return self._years[year]

    def __iter__(self) -> Iterator[int]:
        return iter(self._years)

    def __len__(self) -> int:
        return len(self._years)


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
    planned
        Whether the year is a planned one, whose works and plants are those in service by its end; else all are.
    load_model
        How loads depend on voltage, by class of customer, as ``demand.load_model`` says; empty: as the model has it.
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
    planned: bool = True
    load_model: Mapping[str, str] = field(default_factory=dict)

    @property
    def calendar(self) -> Calendar:
        """Calendar of the measured year, which planned years keep."""
        return Calendar(self.measured_year, self.step_min)

    @property
    def steps(self) -> int:
        """Steps of the year."""
        return HOURS * 60 // self.step_min


def read_context(spec: Mapping[str, Any], inputs: Mapping[str, Any]) -> Context:
    """The context of a case from the slice and the inputs of its stage.

    What layers alone may know is read only where there is a layer, or another that asks for weather.
    """
    measured = spec["measured_year"] or DEFAULT_YEAR
    year, zone = spec["year"] or measured, spec["timezone"]
    hosting = (spec.get("analyses") or {}).get("hosting") or {}
    if not spec["layers"] and not spec.get("ageing") and "pv" not in hosting.get("of", ()):
        return Context(year, measured, zone, spec["step_min"], load_model=spec.get("load_model") or {})
    facts = json.loads(Path(inputs["facts"]).read_text(encoding="utf-8"))
    point = facts["weather"]
    found: Mapping[int, Weather] = {}
    if point["point"]:
        found = WeatherOfPoint(Path(inputs["weather"]), point["source"], point["point"], zone, measured)
    return Context(
        year, measured, zone, spec["step_min"], found, tuple(facts["forecast"]), tuple(facts["register"]),
        facts["areas"], {name: Path(path) for name, path in inputs["raw"].items()},
        bool(spec["year"]), spec.get("load_model") or {},
    )  # fmt: skip
