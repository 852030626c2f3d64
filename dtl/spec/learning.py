"""The analyses that learn from data: what may be asked of each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dtl.spec.base import Base, wrong
from dtl.spec.names import FollowedName
from dtl.spec.scalars import Count, Flag, Number, Positive, Seed, Share, Year
from dtl.spec.shapes import MapShape, TextShape, shape


class Period(Base):
    """Some whole years."""

    years: list[Year] = Field(min_length=1)
    """The years."""


Window = Annotated[
    Annotated[Literal["odd_weeks", "even_weeks", "all"], TextShape] | Annotated[Period, MapShape],
    shape("odd_weeks, even_weeks, all", "{years: [...]}"),
]


class Calibrate(Base):
    """Values of the model that follow measurements better; proposed as a CSV, which a person reviews."""

    against: list[FollowedName] = Field(min_length=1)
    """The sources that are followed: scada (kW, kvar, kV), ami (volts), cyme_results."""
    fit_on: Window = "odd_weeks"
    """The part of the time that is fitted."""
    score_on: Window = "even_weeks"
    """The part of the time that is scored."""
    change: list[
        Literal["load_scale", "power_factor", "regulator_set", "tap", "phase", "impedance", "head_voltage"]
    ] = Field(default=["load_scale", "power_factor"], min_length=1)
    """What may be changed: of a feeder the scale and power factor of its loads, the impedance of its lines and the
    voltage at its head; set points of its regulators, taps of its transformers, phases of its single-phase laterals."""
    seed: Seed = 0
    """Seed of the search."""

    @model_validator(mode="after")
    def _score_elsewhere(self) -> Calibrate:
        if self.fit_on == self.score_on or "all" in (self.fit_on, self.score_on):
            raise wrong("circular", "'fit_on' and 'score_on' overlap: a fit is scored on what it has not seen")
        return self


class OutageRisk(Base):
    """Where outages are likely."""

    horizon_days: Annotated[Count, Field(le=3660)] = 365
    """How far ahead [days]."""
    seed: Seed = 0
    """Seed of the fit."""


class Ageing(Base):
    """Loss of life of transformers, by the thermal model of one standard."""

    standard: Literal["ieee-c57.91", "iec-60076-7"] = "ieee-c57.91"
    """The thermal model, and with it the rate of ageing."""
    winding_rise_k: Literal[55, 65] = 65
    """Rated average winding rise [K]: 65 for thermally upgraded paper."""
    top_oil_rise_k: Annotated[Number, Field(gt=0, lt=65)] = 50.0
    """Rise of the top oil at rated load [K]; the hot spot is 80 K above the air (55 K units: 65 K)."""
    oil_time_constant_h: Positive = 3.0
    """Time constant of the top oil [h]."""
    normal_life_h: Positive = 180_000.0
    """Normal life at the reference hot spot [h]."""
    ambient_c: Number = 30.0
    """Air temperature where the study has no weather [degree C]."""


class Clusters(Base):
    """Customers and feeders that are alike."""

    of: Literal["customers", "feeders"] = "customers"
    """What is grouped."""
    number: Annotated[Count, Field(ge=2, le=50)] | None = None
    """How many groups; none: the number that separates best."""
    seed: Seed = 0
    """Seed of the fit."""


class ForecastLoad(Base):
    """Load of the coming days."""

    horizon_h: Annotated[Count, Field(le=8760)] = 168
    """How far ahead [h]."""
    seed: Seed = 0
    """Seed of the fit."""


class Anomaly(Base):
    """Meters and feeders that do not behave."""

    false_alarms: Annotated[Share, Field(gt=0)] = 0.01
    """Share of false alarms that is accepted [-]."""
    seed: Seed = 0
    """Seed of the fit."""


class Disaggregate(Base):
    """Roofs behind meters: their generation, and the load without it."""


class Surrogate(Base):
    """A fast stand-in for the search of `hosting`, learned from what it found; it answers `dtl connect --fast`."""

    max_optimistic_share: Annotated[Share, Field(gt=0, lt=0.5)] = 0.05
    """Largest share of lower bounds on the unsafe side [-]; where left-out feeders show more, nothing is answered."""
    seed: Seed = 0
    """Seed of the fit."""


class GrowthOfLoad(Base):
    """Where load grows."""

    horizon_years: Annotated[Count, Field(le=50)] = 10
    """How far ahead [years]."""
    by_class: Flag = True
    """Whether classes are told apart."""


class Spatial(Base):
    """Where violations cluster."""

    neighbours: Annotated[Count, Field(ge=2)] = 4
    """So many elements near each other, itself counted, make a cluster."""


class Recommend(Base):
    """Scenarios to run next, by rules."""

    top: Count = 10
    """How many recommendations."""
