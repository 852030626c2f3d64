"""The analysis ``hosting``: how much more generation or load fits, by which method and which criteria."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from dtl.spec.base import Base, wrong
from dtl.spec.names import CaseName, SweepName
from dtl.spec.scalars import Count, NotNegative, Percent, Positive, Seed


class Stochastic(Base):
    """Random deployments: plants at random customers, one after the other, until a criterion fails."""

    placements: Count = 200
    """How many deployments."""
    kw_each: list[Positive] = Field(default=[5.0, 500.0], min_length=2, max_length=2)
    """Smallest and largest plant [kW]; sizes in between are equally likely."""
    seed: Seed = 0
    """Seed of the deployments, besides the names of study and feeder and the number of the deployment."""

    @model_validator(mode="after")
    def _rising(self) -> Stochastic:
        if self.kw_each[0] > self.kw_each[1]:
            raise wrong("out-of-range", "'kw_each' must not fall: smallest, then largest", "kw_each")
        return self


class Drive(Base):
    """The streamlined method: sensitivities instead of repeated power flows."""


class Iterative(Base):
    """Bus by bus, raising the plant until a criterion fails."""

    tolerance_kw: Positive = 10.0
    """Step of the plant: it passes at the answer and fails one step above [kW]."""
    distributed: bool = True
    """Whether plants at all customers at once, in proportion to their load, are raised too."""


class Qsts(Base):
    """Bus by bus through the year, with some hours of violation allowed: what a flexible connection may take."""

    tolerance_kw: Positive = 50.0
    """Step of the plant [kW]."""
    hours_allowed_h: NotNegative = 0.0
    """Hours of the year in which a criterion may fail [h]."""


class BySweep(Base):
    """A sweep: its largest point before the first violation, and what the other methods find at each of its points."""

    of: SweepName
    """The sweep."""


class Methods(Base):
    """The methods, each with its own words."""

    stochastic: Stochastic | None = None
    """Random deployments."""
    drive: Drive | None = None
    """The streamlined method."""
    iterative: Iterative | None = None
    """Bus by bus."""
    qsts: Qsts | None = None
    """Bus by bus through the year, with hours of violation allowed."""
    sweep: BySweep | None = None
    """Against a number that is varied: read off a sweep, and the other methods at each of its points."""

    @model_validator(mode="after")
    def _some(self) -> Methods:
        if not self.model_fields_set:
            raise wrong("one-of", "'methods' needs at least one of stochastic | drive | iterative | qsts | sweep")
        return self


class AtMost(Base):
    """A criterion with a largest value."""

    at_most_pct: Percent
    """Largest value [%]."""


class NoWords(Base):
    """A criterion that takes its numbers from ``limits``."""


class ReverseFlow(Base):
    """No reverse flow through some devices, which stops generation only."""

    at: Literal["head", "scada_switches", "regulators"] = "head"
    """The devices."""
    over_kw: NotNegative = 0.0
    """Reverse flow that is still allowed [kW]."""


class Pickup(Base):
    """A criterion of a relay."""

    pickup_a: Positive = 150.0
    """Residual current at which the ground relay picks up [A]."""


class Criteria(Base):
    """What stops a plant from growing."""

    overvoltage: NoWords | None = None
    """Voltage above its limit, on primary and on secondary buses."""
    undervoltage: NoWords | None = None
    """Voltage below its limit, on primary and on secondary buses."""
    voltage_deviation: AtMost | None = None
    """Change of a voltage when the plant trips, controls held [% of nominal]."""
    regulator_deviation: AtMost | None = None
    """The same at the buses that regulators measure [% of their band]."""
    thermal: NoWords | None = None
    """Loading above its limit."""
    reverse_flow: ReverseFlow | None = None
    """Reverse flow."""
    unbalance: AtMost | None = None
    """Negative-sequence voltage [% of the positive-sequence voltage]."""
    fault_current: AtMost | None = None
    """Rise of the current into a fault at the end of a section by the plant's own [% of that current without it]."""
    sympathetic_tripping: Pickup | None = None
    """Residual current that the plant sends into a fault on a neighbouring feeder."""
    protection: AtMost | None = None
    """Reduction of the head's current for a fault at the end of a section, which shortens the relay's reach [%]."""
    islanding: AtMost | None = None
    """Generation behind a switch [% of the least load behind it]."""
    ground_fault_overvoltage: AtMost | None = None
    """Voltage of an island with a ground fault, by the ratio of generation to least load [%]."""


class Hosting(Base):
    """How much more generation or load fits, in addition to the case."""

    for_: list[CaseName] | None = None
    """The cases; none: every scenario in its last year."""
    of: list[Literal["generation", "load", "pv"]] = Field(default=["generation"], min_length=1)
    """What is added: generation at unity power factor, load as of charging cars, or roofs that follow the sun."""
    at: Literal["buses", "loads"] = "buses"
    """Where: at every bus, or only at buses with a load."""
    up_to_kw: Positive = 10_000.0
    """Largest plant that is tried [kW]."""
    hours: Literal["all", "month_extremes_576", "extremes_48"] = "month_extremes_576"
    """The hours that are judged: all, the days of the highest and lowest load of each month, or of the year."""
    pre_existing: Literal["only_if_worse", "counts", "ignored"] = "only_if_worse"
    """What a violation means that is there without the plant."""
    worse_by_pct: NotNegative = 0.1
    """How much worse counts as worse [% of nominal voltage, of the rating]."""
    worse_by_kw: NotNegative = 1.0
    """How much more reverse flow counts as worse, where power flows back without the plant [kW]."""
    methods: Methods
    """The methods."""
    criteria: Criteria | None = None
    """What stops a plant from growing; none: voltage and thermal limits."""
    operational_flexibility: Literal["with", "without", "both"] = "without"
    """Whether reverse flow through any switch counts, too; it stops generation only."""
