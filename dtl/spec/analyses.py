"""The section ``analyses``: what is asked of the solved cases."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dtl.spec.base import COSMETIC, Base, wrong
from dtl.spec.hosting import Hosting
from dtl.spec.learning import (
    Ageing,
    Anomaly,
    Calibrate,
    Clusters,
    Disaggregate,
    ForecastLoad,
    GrowthOfLoad,
    OutageRisk,
    Recommend,
    Spatial,
    Surrogate,
)
from dtl.spec.names import CaseName, CostsName, ReferenceName, ScenarioName
from dtl.spec.scalars import Count, Flag, Money, NotNegative, Percent, Positive, Share, Text, Year

Code = Literal[
    "ieee-1547@2018", "ansi-c84.1@2020", "en-50160@2010", "vde-ar-n-4105@2018", "vde-ar-n-4110@2018", "lv-mini@1"
]


class Thermal(Base):
    """Loading against the limits; always computed."""


class Voltage(Base):
    """Voltage against the limits; always computed."""


class Losses(Base):
    """Losses by class of element; always computed."""


class OtherStudy(Base):
    """Another study at a tag."""

    study: Text
    """The name of its folder."""
    tag: Text
    """The tag of the repository."""


class Compare(Base):
    """Every case against the same year of a baseline scenario."""

    baseline: ScenarioName = "base"
    """The scenario that the others are compared with."""
    also: OtherStudy | None = None
    """Another study at a tag of the repository, or this one before: the page shows what changed, as `dtl diff` does."""


class Bank(Base):
    """A bank of a substation: what hangs on it, and what it can carry."""

    substation: Text | None = None
    """Its substation; none: the bank is its own."""
    feeders: list[Text] | None = Field(default=None, min_length=1)
    """Its feeders, by id or glob; none: those that the GIS gives to the substation of the bank's name."""
    mva: Positive | None = None
    """Rated power of all its units together [MVA]; none: as the GIS states it."""
    emergency_mva: Positive | None = None
    """What they may carry together while a unit of the substation is out [MVA]; none: the rated power."""
    units: Count = 1
    """Equal transformers side by side that it consists of."""


class Substations(Base):
    """Coincident sums of feeder heads against the rating of their bank, N and N-1."""

    for_: list[CaseName] | None = None
    """The cases; none: every scenario in its last year."""
    banks: dict[Text, Bank] = {}
    """Banks by name; none: each substation of the GIS is one bank, of units whose number is not known."""
    over_pct: Percent = 100.0
    """Share of the rating above which a bank counts as overloaded [%]."""


class Reliability(Base):
    """Indices of past outages; the outages are those of all sources of kind oms."""

    standard: Literal["ieee-1366"] = "ieee-1366"
    """How indices and major-event days are defined."""
    years: list[Year] | None = Field(default=None, min_length=1)
    """The years; none: all of the source."""
    major_events: Literal["excluded", "included", "both"] = "both"
    """Whether days above the threshold count."""
    momentaries: Literal["listed", "missing"] | None = None
    """Whether the sources list interruptions of five minutes and less; none: they do if there is one."""
    cemi_n: Count = 3
    """So many interruptions or more make a customer count in CEMI."""


class TrafficLight(Base):
    """When a light is yellow or red."""

    yellow_pct: Percent = 90.0
    """Share of a limit above which the light is yellow [%]."""
    red_pct: Percent = 100.0
    """Share of a limit above which the light is red [%]."""


class Plants(Base):
    """The plants whose effect is judged."""

    type: list[Literal["pv", "wind", "synchronous", "other", "PV", "WKA", "WP", "CHP"]] | None = Field(
        default=None, min_length=1
    )
    """Types; PV is pv, WKA and WP are wind, CHP is synchronous; none: all."""
    min_kw: NotNegative = 0.0
    """Smallest plant [kW]."""


class Compliance(Base):
    """Cases against grid codes, clause by clause."""

    codes: list[Code] = Field(min_length=1)
    """The codes with their editions."""
    for_: list[CaseName] | None = None
    """The cases; none: every scenario in its last year."""
    traffic_light: TrafficLight = TrafficLight()
    """When a light is yellow or red."""
    redispatch: Flag = False
    """Whether the cheapest curtailment is sought that keeps the study's limits."""
    curtail_cost: dict[Literal["synchronous", "pv", "wind", "other"], Positive] = {}
    """Cost of a curtailed kWh by type of plant, in the study's currency; none: 1 each, the smallest volume."""
    plants: Plants | None = None
    """The plants whose effect is judged; none: all generators."""
    audit: Annotated[Flag, Field(json_schema_extra=COSMETIC)] = False
    """Whether what was judged of every grid is appended to the ledger in the folder `audit` of the study."""
    u_c_kv: Positive | None = None
    """Agreed voltage where it is not the nominal one [kV]."""


class Validate(Base):
    """The model against results of another program."""

    against: ReferenceName
    """The source with results."""
    state: Literal["cyme_study"] = "cyme_study"
    """What is solved for it: the state of the reference."""
    taps: Literal["from_reference", "controlled"] = "from_reference"
    """Where taps stand: as the reference states, else as the model has them, held; or where controls put them."""
    rmse_pu: NotNegative = 0.005
    """Largest root mean square of voltage differences [pu]."""
    max_pu: NotNegative = 0.01
    """Largest voltage difference [pu]."""
    loading_pct: NotNegative = 3.0
    """Largest difference of a loading [%]."""


class Worth(Base):
    """What a removed evil is worth, in the study's currency."""

    violation_hour: Money = 0.0
    """One violation-hour."""
    loss_kwh: Money = 0.0
    """One kWh of losses."""


Option = Literal[
    "reconductor", "transformer", "capacitor", "regulator", "tap", "phase_balance", "transfer", "volt_var",
    "battery", "managed_charging", "curtailment",
]  # fmt: skip


class Mitigation(Base):
    """The set of works that removes most under a budget; comes back as a CSV of upgrades."""

    for_: list[CaseName] | None = Field(default=None, min_length=1)
    """The cases whose violations are removed; none: every scenario in its last year."""
    costs: CostsName | None = None
    """The source of kind costs; none: every measure counts as one."""
    budget: Money | None = None
    """What may be spent, in the study's currency; none: no bound."""
    spend: dict[Year, Money] = {}
    """What may be spent by year; what a year leaves is there in the next."""
    options: list[Option] | None = None
    """Options that are tried; none: all."""
    value: Worth | None = None
    """What removed evils are worth; none: removed element-hours are sought, not money."""
    discount_rate: Share = 0.07
    """Discount rate per year [-]."""
    horizon_years: Annotated[Positive, Field(le=100)] = 30.0
    """Life of the investment [years]."""
    must_include: list[Text] = []
    """Assets whose works are taken in any case."""
    exclude: list[Text] = []
    """Assets that are left alone."""

    @model_validator(mode="after")
    def _money_needs_costs(self) -> Mitigation:
        for word in ("budget", "spend", "value"):
            if self.costs is None and getattr(self, word) not in (None, {}):
                raise wrong("one-of", f"'{word}' is money: it needs 'costs', a source of kind costs", word)
        if both := {a.lower() for a in self.must_include} & {a.lower() for a in self.exclude}:
            raise wrong("one-of", f"'{min(both)}' must have a measure and is to be left alone", "exclude")
        return self


class Analyses(Base):
    """What is asked of the solved cases; thermal, voltage and losses are always computed."""

    thermal: Thermal = Thermal()
    """Loading against the limits."""
    voltage: Voltage = Voltage()
    """Voltage against the limits."""
    losses: Losses = Losses()
    """Losses by class of element."""
    compare: Compare | None = None
    """Every case against the same year of a baseline."""
    substations: Substations | None = None
    """Feeder heads against the rating of their bank."""
    hosting: Hosting | None = None
    """How much more generation or load fits."""
    reliability: Reliability | None = None
    """Indices of past outages."""
    compliance: Compliance | None = None
    """Cases against grid codes."""
    validate_: Validate | None = None
    """The model against results or measurements."""
    calibrate: Calibrate | None = None
    """Values of the model that follow measurements better."""
    mitigation: Mitigation | None = None
    """The set of works that removes most under a budget."""
    outage_risk: OutageRisk | None = None
    """Where outages are likely."""
    ageing: Ageing | None = None
    """Loss of life of transformers."""
    clusters: Clusters | None = None
    """Customers and feeders that are alike."""
    forecast: ForecastLoad | None = None
    """Load of the coming days."""
    anomaly: Anomaly | None = None
    """Meters and feeders that do not behave."""
    disaggregate: Disaggregate | None = None
    """Cars and roofs behind meters."""
    surrogate: Surrogate | None = None
    """A fast stand-in for the power flow."""
    growth: GrowthOfLoad | None = None
    """Where load grows."""
    spatial: Spatial | None = None
    """Where violations cluster."""
    recommend: Recommend | None = None
    """What to do next, by rules."""
