"""Which column of a file of measurements or of a register is what; names are compared without regard to case."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dtl.spec.base import Base, wrong
from dtl.spec.oms import Texts
from dtl.spec.scalars import Number, Phases, Text
from dtl.spec.shapes import ListShape, MapShape, TextShape, shape

WeatherUnit = Literal["C", "F", "K", "m/s", "km/h", "mph", "kn", "mm", "inch", "cm", "m", "hPa", "Pa", "%", "share",
                      "W/m2", "kW/m2"]  # fmt: skip


class Place(Base):
    """A place on the earth."""

    latitude_deg: Annotated[Number, Field(ge=-90, le=90)]
    """Latitude [degree]."""
    longitude_deg: Annotated[Number, Field(ge=-180, le=180)]
    """Longitude [degree]."""


class ScadaColumns(Base):
    """The columns of SCADA values."""

    time: Texts
    """The stamp; time of day alone where ``day`` is given too."""
    day: Texts | None = None
    """The day, where day and time are two columns."""
    tag: Texts | None = None
    """The tag; in the layout wide, what stands before the column's name and a dot in the names of tags."""
    value: Texts | None = None
    """The value, in the layout long."""
    quality: Texts | None = None
    """The quality code."""


class TagColumns(Base):
    """The columns of the list of tags."""

    tag: Texts
    """The tag."""
    feeder: Texts | None = None
    """Feeder, or substation."""
    device: Texts | None = None
    """Device."""
    quantity: Texts | None = None
    """What is measured; none: what the unit says."""
    unit: Texts | None = None
    """Unit of the value."""
    phases: Texts | None = None
    """Phases, as A or AB; none: all."""
    sign: Texts | None = None
    """Which direction counts positive: out of the head (`out`) or into it (`in`)."""
    scale: Texts | None = None
    """By what a value is multiplied."""
    record: Texts | None = None
    """Whether values are of intervals (`interval`), or are written when they change (`event`)."""
    quality: Texts | None = None
    """The column of its quality codes, where the layout is wide."""


class ScadaTag(Base):
    """What one tag is."""

    feeder: Text | None = None
    """Feeder, or substation."""
    device: Text | None = None
    """Device."""
    quantity: Text | None = None
    """kw, kvar, kva, kv, kv_ln, a, pf, hz, tap or status; none: what the unit says."""
    unit: Text | None = None
    """Unit of the value; none: that of the quantity."""
    phases: Phases | None = None
    """Phases; none: all."""
    sign: Literal["out", "in"] = "out"
    """Which direction counts positive: out of the head, or into it."""
    scale: Number = 1.0
    """By what a value is multiplied."""
    record: Literal["interval", "event"] | None = None
    """Whether values are of intervals, or are written when they change; none: a status is an event."""
    quality: Text | None = None
    """The column of its quality codes, where the layout is wide; none: that of `columns`."""

    @model_validator(mode="after")
    def _says_something(self) -> ScadaTag:
        if self.quantity is None and self.unit is None:
            raise wrong("one-of", "a tag needs its quantity, or a unit that tells it")
        return self


class InUnit(Base):
    """A column and the unit of its values."""

    column: Texts
    """The column."""
    unit: WeatherUnit
    """Its unit."""


Names = Annotated[Text, TextShape] | Annotated[list[Text], ListShape]
SHAPES = shape("a name", "a list of names", "a map of column and unit")

Value = Annotated[Names | Annotated[InUnit, MapShape], SHAPES]
"""A column whose unit is that of the field's name; or a column and its unit."""


class WeatherColumns(Base):
    """The columns of weather in a CSV."""

    time: Texts
    """The stamp; time of day alone where ``day`` is given too."""
    day: Texts | None = None
    """The day, where day and time are two columns."""
    temp_c: Value | None = None
    """Air temperature [degree Celsius]."""
    humidity_pct: Value | None = None
    """Relative humidity [%]."""
    wind_m_s: Value | None = None
    """Wind speed at 10 m [m/s]."""
    gust_m_s: Value | None = None
    """Wind gusts [m/s]."""
    ghi_w_m2: Value | None = None
    """Global horizontal irradiance [W/m2]."""
    dni_w_m2: Value | None = None
    """Direct normal irradiance [W/m2]."""
    dhi_w_m2: Value | None = None
    """Diffuse horizontal irradiance [W/m2]."""
    precipitation_mm: Value | None = None
    """Precipitation of the hour [mm]."""
    pressure_hpa: Value | None = None
    """Surface pressure [hPa]."""
    snow_m: Value | None = None
    """Snow depth [m]."""


class InPower(Base):
    """A column and the unit of its powers."""

    column: Texts
    """The column."""
    unit: Literal["W", "kW", "MW", "GW"]
    """Its unit."""


class InRating(Base):
    """A column and the unit of its ratings."""

    column: Texts
    """The column."""
    unit: Literal["VA", "kVA", "MVA"]
    """Its unit."""


class InCapacity(Base):
    """A column and the unit of its capacities."""

    column: Texts
    """The column."""
    unit: Literal["Wh", "kWh", "MWh"]
    """Its unit."""


class RegisterColumns(Base):
    """The columns of the register of generators."""

    id: Texts
    """Id of the generator or the request."""
    kw: Annotated[Names | Annotated[InPower, MapShape], SHAPES]
    """Active power [kW]."""
    type: Texts
    """pv, battery, wind, hydro, gas or another word."""
    status: Texts
    """Whether it is in service, approved, queued, withdrawn or retired."""
    feeder: Texts | None = None
    """Feeder."""
    bus: Texts | None = None
    """Bus."""
    meter: Texts | None = None
    """Meter."""
    kva: Annotated[Names | Annotated[InRating, MapShape], SHAPES] | None = None
    """Rating of the inverter or machine [kVA]."""
    kwh: Annotated[Names | Annotated[InCapacity, MapShape], SHAPES] | None = None
    """Capacity of a battery [kWh]."""
    phases: Texts | None = None
    """Phases."""
    day: Texts | None = None
    """Day in service, planned or actual."""
    setting: Texts | None = None
    """Grid-code setting, as ieee_1547_b."""


class ForecastColumns(Base):
    """The columns of a forecast."""

    what: Texts
    """load, ev, solar, battery, heat_pump or another word."""
    year: Texts | None = None
    """The year; in the layout wide there is none."""
    value: Texts | None = None
    """The value; in the layout wide there is none."""
    area: Texts | None = None
    """Planning area, substation or feeder; none: everywhere."""
    unit: Texts | None = None
    """share, per_year, factor, kw, kwh or count; none: share."""


class CostColumns(Base):
    """The columns of unit costs."""

    option: Texts
    """Kind of measure."""
    cost: Texts
    """Cost per unit, in the study's currency."""
    size: Texts | None = None
    """Size in the words of the option."""
    unit: Texts | None = None
    """Unit; none: each."""
    life_years: Texts | None = None
    """Economic life [years]."""
    om_pct: Texts | None = None
    """Operation and maintenance per year [% of the cost]."""
