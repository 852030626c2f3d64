"""The analysis ``hosting``: how much more generation or load fits, by which method."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from dtl.spec.base import Base, not_yet, wrong
from dtl.spec.names import CaseName, SweepName
from dtl.spec.scalars import Count, Percent, Positive, Seed


class Stochastic(Base):
    """Random placements of plants until a criterion fails."""

    placements: Count = 200
    """How many placements."""
    kw_each: list[Positive] = Field(default=[5.0, 500.0], min_length=2, max_length=2)
    """Smallest and largest plant [kW]."""
    seed: Seed = 0
    """Seed of the placements."""


class Drive(Base):
    """The streamlined method: sensitivities instead of repeated power flows."""


class Iterative(Base):
    """Bus by bus, raising the plant until a criterion fails."""

    tolerance_kw: Positive = 10.0
    """How exact the answer is [kW]."""


class BySweep(Base):
    """The largest point of a sweep before the first violation."""

    of: SweepName
    """The sweep."""


class Methods(Base):
    """The methods, each with its own words."""

    stochastic: Stochastic | None = None
    """Random placements."""
    drive: Drive | None = None
    """The streamlined method."""
    iterative: Iterative | None = None
    """Bus by bus."""
    sweep: BySweep | None = None
    """Read off a sweep."""

    @model_validator(mode="after")
    def _some(self) -> Methods:
        if not self.model_fields_set:
            raise wrong("one-of", "'methods' needs at least one of stochastic | drive | iterative | sweep")
        return self


class AtMost(Base):
    """A criterion with a largest change."""

    at_most_pct: Percent
    """Largest change [%]."""


class NoWords(Base):
    """A criterion that takes its numbers from ``limits``."""


class ReverseFlow(Base):
    """No reverse flow through some devices."""

    at: Literal["head", "scada_switches", "regulators"] = "head"
    """The devices."""


class Criteria(Base):
    """What stops a plant from growing."""

    overvoltage: NoWords | None = None
    """Voltage above its limit."""
    undervoltage: NoWords | None = None
    """Voltage below its limit."""
    voltage_deviation: AtMost | None = None
    """Change of voltage when the plant trips."""
    thermal: NoWords | None = None
    """Loading above its limit."""
    reverse_flow: ReverseFlow | None = None
    """Reverse flow."""
    protection: AtMost | None = None
    """Reduction of reach of the protection."""


@not_yet
class Hosting(Base):
    """How much more generation or load fits, in addition to the case."""

    for_: list[CaseName] | None = None
    """The cases; none: every scenario in its last year."""
    of: list[Literal["generation", "load", "pv"]] = Field(default=["generation"], min_length=1)
    """What is added."""
    hours: Literal["all", "month_extremes_576"] = "month_extremes_576"
    """The hours that are judged: all, or the highest and lowest day of each month."""
    pre_existing: Literal["only_if_worse", "counts", "ignored"] = "only_if_worse"
    """What a violation means that is there without the plant."""
    methods: Methods
    """The methods."""
    criteria: Criteria | None = None
    """What stops a plant from growing; none: voltage and thermal limits."""
    operational_flexibility: Literal["with", "without", "both"] = "without"
    """Whether the limit that switches put on reverse flow counts."""
