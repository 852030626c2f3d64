"""Sources that are no network: SCADA, weather, and the registers that planners keep."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from dtl.spec.base import one_of, wrong
from dtl.spec.columns import (
    CostColumns,
    ForecastColumns,
    Place,
    RegisterColumns,
    ScadaColumns,
    ScadaTag,
    TagColumns,
    WeatherColumns,
)
from dtl.spec.files import SourceFiles
from dtl.spec.names import CsvPath, FilePath, GlobPath
from dtl.spec.oms import Alias, DayFormat, HourFormat, Texts, TimeFormat
from dtl.spec.pins import PINS, pins
from dtl.spec.scalars import Count, Minutes, Number, SourceZone, Text, Whole, Year
from dtl.spec.shapes import MapShape, TextShape, shape

Words = Annotated[Literal["ours", "usual"], TextShape]
"""The column maps that we ship: our own names, or those that are common."""

MAP = shape("the name of a column map", "a map")

Latitude = Annotated[Number, Field(ge=-90, le=90)]
Longitude = Annotated[Number, Field(ge=-180, le=180)]
Status = Literal["in_service", "approved", "queued", "withdrawn", "retired"]


class Scada(SourceFiles):
    """Measurements of feeder heads and devices."""

    paths: ClassVar[tuple[str, ...]] = ("path", "tags")
    kind: Literal["scada"]
    path: GlobPath
    """The values: CSV, Parquet or Excel; several files are read as one."""
    sheets: list[Text] | None = Field(default=None, min_length=1)
    """The sheets of an Excel file; none: the first."""
    tags: (
        Annotated[
            Annotated[CsvPath, TextShape] | Annotated[dict[Text, ScadaTag], MapShape],
            shape("a CSV", "a map of tags"),
        ]
        | None
    ) = None
    """What each tag is: feeder, device, quantity, unit, direction of counting."""
    zone: SourceZone
    """The clock of the stamps: local, standard (no daylight saving), UTC or a zone's name."""
    layout: Literal["long", "wide", "pairs"] = "long"
    """Whether a row is one value of one tag (`long`), or the values of many tags, each in a column of its own (`wide`)
    or behind a column of its own stamps (`pairs`)."""
    columns: Annotated[Words | Annotated[ScadaColumns, MapShape], MAP] = "ours"
    """The column map of the values."""
    tag_columns: Annotated[Words | Annotated[TagColumns, MapShape], MAP] = "ours"
    """The column map of the list of tags."""
    time_format: TimeFormat | None = None
    """How a stamp is written, as %m/%d/%Y %H:%M; none: ISO 8601."""
    stamp: Literal["interval_start", "interval_end"] = "interval_start"
    """Which end of the interval the stamp names; an instant is the start of its interval."""
    interval_min: Minutes | None = None
    """Length of an interval [min]; none: the most frequent distance of stamps, tag by tag."""
    quality: dict[Literal["good", "suspect", "bad"], Texts] = {}
    """What further quality codes mean, and words that stand in place of a value."""
    header_row: Count = 1
    """Row of the column names in a CSV or a sheet."""
    decimal: Literal[".", ","] = "."
    """The decimal point of numbers that are text."""
    feeder_names: Alias | None = None
    """How a feeder's name becomes one of the model; none: it is the same."""
    device_names: Alias | None = None
    """How a device's name becomes one of the model; none: it is the same."""


class OpenMeteo(SourceFiles):
    """Weather of an archive service, fetched by `dtl check --lock` only and pinned by digest; a run never fetches."""

    paths: ClassVar[tuple[str, ...]] = ()
    kind: Literal["open_meteo"]
    points: (
        Annotated[
            Annotated[Literal["substations", "feeders"], TextShape] | Annotated[dict[Text, Place], MapShape],
            shape("'substations' or 'feeders'", "a map of places"),
        ]
        | None
    ) = None
    """Where the weather is taken: at named places, or at each substation or feeder of the last run."""
    latitude_deg: Latitude | None = None
    """Latitude of one point [degree]."""
    longitude_deg: Longitude | None = None
    """Longitude of one point [degree]."""
    years: list[Year] = Field(min_length=1)
    """The years to fetch."""
    model: Literal["best_match", "era5", "era5_land", "era5_seamless", "ecmwf_ifs"] = "best_match"
    """The reanalysis."""
    forecast_days: Annotated[Whole, Field(ge=0, le=16)] = 0
    """Days of the forecast that are fetched as well; 0: none."""

    @model_validator(mode="after")
    def _one_place(self) -> OpenMeteo:
        one_of(self, ("points", "latitude_deg"), "open_meteo")
        one_of(self, ("points", "longitude_deg"), "open_meteo")
        return self

    def files(self, folder: Path) -> list[Path]:
        """The answers that this source needs, fetched or not, and the places that a fetch found; sorted."""
        found = [folder / PINS / name for name in pins(self, folder)]
        if isinstance(self.points, str):
            found.append(folder / PINS / f"{self.points}.json")
        return sorted(found)


class WeatherFile(SourceFiles):
    """Weather from files: EPW, TMY3, NSRDB, a CSV, or stored answers of Open-Meteo."""

    kind: Literal["weather_file", "epw"]
    path: GlobPath
    """The files; the name of a file is that of its point."""
    columns: Annotated[Words | Annotated[WeatherColumns, MapShape], MAP] = "ours"
    """The column map of a CSV."""
    zone: SourceZone = "standard"
    """The clock of the stamps of a CSV."""
    time_format: HourFormat | None = None
    """How a stamp of a CSV is written, as %m/%d/%Y %H:%M or %Y%m%d%H; none: ISO 8601."""
    stamp: Literal["interval_start", "interval_end", "preceding_hour"] = "interval_start"
    """What a stamp of a CSV names; preceding_hour: instants, and means and sums of the hour before, as Open-Meteo."""
    header_row: Count = 1
    """Row of the column names in a CSV."""
    decimal: Literal[".", ","] = "."
    """The decimal point of a CSV."""
    nothing: list[Text] | None = None
    """Words for no value in a CSV, as M."""
    points: dict[Text, Place] | None = None
    """The places of the points, where the files do not say them."""


class Listing(SourceFiles):
    """How a register is written."""

    header_row: Count = 1
    """Row of the column names."""
    sheets: list[Text] | None = None
    """The sheets of an Excel file to read; none: the first."""
    decimal: Literal[".", ","] | None = None
    """The decimal point of numbers as text; digits may be grouped by the other mark. None: a point, no groups."""


class Generators(Listing):
    """The register of generators, in service and queued: bus or meter, kW, kVA, status, date, setting."""

    kind: Literal["generators"]
    path: FilePath
    """The register: CSV or Excel."""
    columns: Annotated[Words | Annotated[RegisterColumns, MapShape], MAP] = "ours"
    """The column map."""
    statuses: dict[Status, Texts] = {}
    """What further words of the column `status` mean."""
    types: dict[Literal["pv", "battery", "wind", "hydro", "gas", "diesel", "fuel_cell"], Texts] = {}
    """What further words of the column `type` mean."""
    feeder_names: Alias | None = None
    """How a feeder's name becomes one of the model; none: it is the same."""
    day_format: DayFormat | None = None
    """How days are written, as %m/%d/%Y; none: ISO 8601. Date cells of Excel are days in any case."""


class Forecast(Listing):
    """A forecast by year and area: columns year, area, what, value, unit; or a column for each year."""

    kind: Literal["forecast"]
    path: FilePath
    """The forecast: CSV or Excel."""
    layout: Literal["long", "wide"] = "long"
    """A row for each year (`year`, `value`), or one for each area and what, with a column for each year named by it."""
    columns: Annotated[Words | Annotated[ForecastColumns, MapShape], MAP] = "ours"
    """The column map."""

    @model_validator(mode="after")
    def _has_its_columns(self) -> Forecast:
        known = self.columns
        if isinstance(known, ForecastColumns) and self.layout == "long" and not (known.year and known.value):
            raise wrong("one-of", "a forecast of the layout long needs the columns of `year` and `value`", "columns")
        if isinstance(known, ForecastColumns) and self.layout == "wide" and (known.year or known.value):
            text = "a forecast of the layout wide has years as names of columns, and none of `year` and `value`"
            raise wrong("one-of", text, "columns")
        return self


class Costs(Listing):
    """Unit costs: columns option, size, unit, cost, life_years, om_pct."""

    kind: Literal["costs"]
    path: FilePath
    """The costs, in the study's currency: CSV or Excel."""
    columns: Annotated[Words | Annotated[CostColumns, MapShape], MAP] = "ours"
    """The column map."""
