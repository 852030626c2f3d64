"""Layers of weather, load, adoption of devices, and tariffs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from typing_extensions import override

from dtl.spec.base import Base, one_of, wrong
from dtl.spec.layer import LayerBase
from dtl.spec.names import CsvPath, ForecastName, SolarName
from dtl.spec.profiles import ProfileName
from dtl.spec.scalars import (
    Flag,
    Hour,
    Month,
    Name,
    Number,
    Positive,
    PowerFactor,
    Seed,
    Share,
    Text,
    Year,
)
from dtl.spec.shapes import MapShape, TextShape, shape
from dtl.spec.upgrade_steps import BATTERY_AT_A_BUS

VoltVar = Literal["ieee_1547_a", "ieee_1547_b", "vde_4105_q_u", "vde_4105_cos_phi_p", "fuzzy"]
"""Volt-var characteristics, by standard and category."""


class Follow(Base):
    """The forecast that gives the path over the years and the split between areas."""

    forecast: ForecastName
    """The source of kind forecast."""
    what: Text
    """The value of its column `what`."""


class Weight(Base):
    """Adopters drawn by a weight of their area."""

    weight: Text
    """The column of the areas that holds the weight."""


class Adoption(LayerBase):
    """A device that spreads: how far, by when, among whom."""

    penetration: Share | None = None
    """The level that is reached, as a share of `of`; none: the level of the forecast that it follows."""
    by: Year | None = None
    """The year in which it is reached; none: the last planned year."""
    follow: Follow | None = None
    """Path over years and split between areas; none: a straight line from the measured year, evenly."""
    to: Name = "all"
    """The customer class that adopts; all: every class."""
    of: Literal["customers", "peak_kw", "units"] = "customers"
    """What the penetration is a share of."""
    counts: Literal["all", "new"] = "all"
    """Whether what exists already counts towards the penetration."""
    place: Annotated[
        Annotated[Literal["uniform", "clustered"], TextShape] | Annotated[Weight, MapShape],
        shape("uniform", "clustered", "a map {weight: COLUMN}"),
    ] = "uniform"
    """How adopters are drawn; later years and higher levels keep the earlier adopters."""
    seed: Seed = 0
    """Seed of the draw."""

    @model_validator(mode="after")
    def _has_a_level(self) -> Adoption:
        if self.penetration is None and self.follow is None:
            raise wrong("one-of", f"a layer of kind {self.kind} needs 'penetration', or a forecast to 'follow'")
        return self


class Weather(LayerBase):
    """Other weather: an event of a past year, or a shift."""

    kind: Literal["weather"]
    event: Literal["hottest_week", "coldest_week", "hottest_day", "coldest_day", "year"] | None = None
    """What is taken over."""
    of: Year | None = None
    """The year in which the event was."""
    return_years: Annotated[Number, Field(gt=1, le=1000)] | None = None
    """Instead of a year: the event that comes once in so many years, by all years of weather [years]."""
    onto: Literal["same_dates", "peak_week", "whole_year"] = "same_dates"
    """Where in the measured calendar the event is put."""
    shift_c: Annotated[Number, Field(ge=-20, le=20)] = 0.0
    """Added to every temperature [degree Celsius]."""

    @model_validator(mode="after")
    def _event_of_a_year(self) -> Weather:
        if (self.event is None) != (self.of is None and self.return_years is None):
            raise wrong("one-of", "'event' and 'of' go together: an event of which year?")
        one_of(self, ("of", "return_years"), "an event", optional=True)
        if self.event == "year" and self.return_years is not None:
            raise wrong("one-of", "'return_years' is of a week or a day, not of a year", "return_years")
        if self.event is None and self.shift_c == 0:
            raise wrong("one-of", "a weather layer needs 'event' and 'of', or 'shift_c'")
        return self

    @override
    def writes(self) -> set[str]:
        return {"weather"}


class Growth(LayerBase):
    """Growth of the base load: a share per year, or a forecast."""

    kind: Literal["growth"]
    per_year: Annotated[Number, Field(ge=-0.5, le=1)] | None = None
    """Growth per year, compound from the measured year [share]."""
    to: Name = "all"
    """The customer class that grows; all: every class."""
    forecast: ForecastName | None = None
    """The source of kind forecast that gives the path by area."""
    what: Text | None = None
    """The value of the forecast's column `what`."""

    @model_validator(mode="after")
    def _one(self) -> Growth:
        one_of(self, ("per_year", "forecast"), "a growth layer")
        if (self.forecast is None) != (self.what is None):
            raise wrong("one-of", "'forecast' and 'what' go together: which value of the forecast?")
        return self

    @override
    def writes(self) -> set[str]:
        return {"load" if self.to == "all" else f"load.{self.to}"}


class Electrification(Adoption):
    """Heat and hot water that become electric."""

    kind: Literal["electrification"]
    end_use: Literal["heating", "hot_water", "cooking"] = "heating"
    """What becomes electric."""
    technology: Literal["air_heat_pump", "ground_heat_pump", "resistance"] = "air_heat_pump"
    """The device."""
    backup_kw: Annotated[Number, Field(ge=0)] = 0.0
    """Resistance heater that helps on cold days [kW]."""
    kwh_per_year: Positive | None = None
    """Useful energy of an adopter in a year [kWh]; none: that of a home."""

    @override
    def writes(self) -> set[str]:
        return {self.end_use if self.to == "all" else f"{self.end_use}.{self.to}"}


class Ev(Adoption):
    """Electric vehicles that charge."""

    kind: Literal["ev"]
    profile: ProfileName = "level2_residential"
    """The charging profile: built in, or an entry of `profiles`."""
    per_customer: Positive = 1.0
    """Vehicles of an adopting customer [-]."""

    @override
    def writes(self) -> set[str]:
        return {self.profile if self.to == "all" else f"{self.profile}.{self.to}"}


class Orientation(Base):
    """Modules of one orientation, and their share in the mix."""

    azimuth_deg: Annotated[Number, Field(ge=0, le=360)]
    """Where they look, clockwise from north; 180 is south [degree]."""
    tilt_deg: Annotated[Number, Field(ge=0, le=90)]
    """From the horizontal [degree]."""
    share: Annotated[Share, Field(gt=0)]
    """Share of the power; the shares of a mix sum to 1."""


class Solar(Adoption):
    """Roofs with photovoltaics."""

    kind: Literal["solar"]
    kw_each: Positive | None = None
    """AC power of one system [kW]; none: sized by the customer's yearly energy."""
    energy_share: Annotated[Share, Field(gt=0)] | None = None
    """Yearly energy of a system as a share of the customer's, instead of `kw_each`; none of both: 1 [-]."""
    dc_ac_ratio: Annotated[Number, Field(ge=0.5, le=2)] = 1.2
    """DC power of the modules per AC power of the inverter [-]."""
    orientations: Annotated[list[Orientation], Field(min_length=1)] | None = None
    """The mix of orientations; none: half to the equator, the rest from south-west to east, tilted by 25 degree."""
    loss_share: Share = 0.1408
    """Losses of a system between the light on its modules and its inverter [-]."""
    kva_per_kw: Annotated[Number, Field(ge=1, le=2)] = 1.0
    """Rated apparent power of the inverter per its rated power [kVA/kW]."""
    volt_var: VoltVar | None = None
    """Volt-var characteristic; none: unity power factor."""
    volt_watt: Literal["ieee_1547", "ieee_1547_to_zero"] | None = None
    """Volt-watt characteristic; none: power is not reduced by voltage."""
    profile: CsvPath | None = None
    """A CSV of output per kW, instead of the weather model."""

    @model_validator(mode="after")
    def _one_size(self) -> Solar:
        one_of(self, ("kw_each", "energy_share"), "a solar layer", optional=True)
        whole = sum(o.share for o in self.orientations or ())
        if self.orientations and abs(whole - 1.0) > 1e-6:
            raise wrong("out-of-range", f"the shares of the mix sum to {whole:g}, not to 1", "orientations")
        return self

    @override
    def writes(self) -> set[str]:
        return {"solar" if self.to == "all" else f"solar.{self.to}"}


class Custom(Adoption):
    """A load of your own: a profile that adopting customers add."""

    kind: Literal["custom"]
    profile: CsvPath
    """A CSV of a year: 8,760 values per unit of `kw_each`, or a year in steps."""
    kw_each: Positive
    """What a value of 1 in the profile is, for one device [kW]."""
    power_factor: PowerFactor = 1.0
    """Power factor, inductive."""

    @override
    def writes(self) -> set[str]:
        return set()


class ConnectionRules(LayerBase):
    """What may be connected: a cap on allocation, and limits of export."""

    kind: Literal["connection_rules"]
    max_kw_per_transformer_kva: Positive | None = None
    """Generation behind a transformer per its rating [kW/kVA]."""
    max_kw_per_customer: Positive | None = None
    """Generation of one customer [kW]."""
    export_limit: Share | None = None
    """Export as a share of the installed AC power [-]."""
    max_rise_pu: Annotated[Share, Field(gt=0)] | None = None
    """Voltage rise by all generation, by the impedances of the network, that stops further allocation [pu]."""
    volt_var: VoltVar | None = None
    """Volt-var characteristic that roofs must have whose own layer states none."""

    @model_validator(mode="after")
    def _rules_something(self) -> ConnectionRules:
        words = ("max_kw_per_transformer_kva", "max_kw_per_customer", "export_limit", "max_rise_pu", "volt_var")
        if all(getattr(self, word) is None for word in words):
            raise wrong("one-of", f"a layer of connection rules needs one of {', '.join(words)}")
        return self

    @override
    def writes(self) -> set[str]:
        return {"connection_rules"}


class Tariff(LayerBase):
    """A time-of-use tariff that moves load out of its peak hours."""

    kind: Literal["tariff"]
    peak_hours: list[Hour] = Field(min_length=2, max_length=2)
    """First hour of the peak, and the hour at which it ends, in local time."""
    days: Literal["weekdays", "weekends", "all"] = "all"
    """The days of the peak."""
    months: list[Month] = Field(default=[1, 12], min_length=2, max_length=2)
    """First and last month of the tariff."""
    shift_share: Share | None = None
    """Share of the peak energy that moves to the adjacent hours [-]."""
    price_ratio: Annotated[Number, Field(ge=1, le=50)] | None = None
    """Instead of a share: the price in the peak over that outside, from which the response follows [-]."""
    technology: Flag = False
    """Whether customers have devices that respond by themselves; for `price_ratio`."""
    returns: Share = 1.0
    """Share of what leaves the peak that comes back in other hours; 1 keeps the energy [-]."""
    moves: list[Literal["load", "ev"]] = Field(default=["load"], min_length=1)
    """What moves."""

    @model_validator(mode="after")
    def _peak_has_a_length(self) -> Tariff:
        one_of(self, ("shift_share", "price_ratio"), "a tariff")
        if self.peak_hours[0] == self.peak_hours[1]:
            raise wrong("out-of-range", "'peak_hours' begin and end in the same hour")
        return self

    @override
    def writes(self) -> set[str]:
        return set(self.moves)


class Battery(Adoption):
    """Batteries of customers."""

    ELSEWHERE: ClassVar[dict[str, str]] = dict.fromkeys(("at", "bus"), BATTERY_AT_A_BUS)

    kind: Literal["battery"]
    with_: SolarName | None = None
    """The solar layer whose adopters get the batteries."""
    kwh_each: Positive
    """Usable energy of one battery [kWh]."""
    kw_each: Positive
    """Power of one battery [kW]."""
    efficiency: Annotated[Share, Field(gt=0)] = 0.9
    """Energy out per energy in, round trip [-]."""
    mode: Literal["self_consumption", "tariff", "peak_shaving"] = "self_consumption"
    """What the battery does; it has the phases of its customer."""

    @override
    def writes(self) -> set[str]:
        return {"battery" if self.to == "all" else f"battery.{self.to}"}
