"""The sections of the end: ``report``, ``refresh``, ``budget``, ``expect`` and ``waive``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dtl.spec.base import COSMETIC, Base, wrong
from dtl.spec.names import SourceName
from dtl.spec.scalars import Count, Day, NotNegative, Positive, Share, Text, Whole

Headline = Literal[
    "thermal", "voltage", "losses", "compare", "substations", "hosting", "reliability", "compliance", "validate",
    "calibrate", "mitigation", "outage_risk", "ageing", "clusters", "forecast", "anomaly", "disaggregate", "surrogate",
    "growth", "spatial", "recommend",
]  # fmt: skip


class Publish(Base):
    """What a public copy of the report may show: `dtl run` writes it beside the internal pages, as ``public``."""

    min_customers: Count = 15
    """Smallest group of customers that is shown."""
    max_customer_share: Annotated[Share, Field(gt=0)] = 0.15
    """Largest share of one customer in a group that is shown [-]."""
    round_kw: Positive = 10.0
    """Step to which powers are rounded [kW]."""
    hide: list[Literal["customer_load", "device_settings", "coordinates"]] = []
    """What is left out."""
    formats: list[Literal["ica_csv", "drive_csv", "geojson", "csv", "geoparquet"]] = []
    """Downloads that are offered."""

    @model_validator(mode="after")
    def _drawn(self) -> Publish:
        maps = [f for f in self.formats if f in ("geojson", "geoparquet")]
        if maps and "coordinates" in self.hide:
            raise wrong("one-of", f"a file {maps[0]} has coordinates, which hide leaves out", "formats")
        return self


class Report(Base):
    """What the pages show first, and in which units."""

    headline: Headline = "thermal"
    """The analysis that the answer sentence is about."""
    units: Annotated[Literal["si", "us"], Field(json_schema_extra=COSMETIC)] = "si"
    """Units of the pages only; tables are always in SI."""
    publish: Publish | None = None
    """What a public copy may show."""


class Refresh(Base):
    """How often CI runs the study anew: `dtl schedule` makes lines of cron of it."""

    every: Literal["week", "month", "quarter", "year"]
    """How often."""
    day: Annotated[Whole, Field(ge=1, le=28)] = 1
    """Day of the month; of the week where it is weekly: 1 is Monday, 7 Sunday."""

    @model_validator(mode="after")
    def _in_the_week(self) -> Refresh:
        if self.every == "week" and self.day > 7:
            raise wrong("out-of-range", f"a week has the days 1 (Monday) to 7 (Sunday), not {self.day}", "day")
        return self


class Budget(Base):
    """What a run may cost."""

    cpu_minutes: Positive
    """Processor time [min]; `plan` and `run` refuse what earlier answers say takes more."""


class Bound(Base):
    """A bound of a metric."""

    at_most: NotNegative | None = None
    """Largest value."""
    at_least: NotNegative | None = None
    """Smallest value."""

    @model_validator(mode="after")
    def _some(self) -> Bound:
        if self.at_most is None and self.at_least is None:
            raise wrong("one-of", "an expectation needs at_most or at_least")
        return self


class BoundPer(Bound):
    """A bound that holds for the whole, or for each feeder."""

    per: Literal["study", "feeder"] = "study"
    """For what it holds."""


class BoundAgainst(BoundPer):
    """A bound of a difference to a source."""

    against: SourceName
    """The source."""


class Expect(Base):
    """What must hold, or the gate fails; a closed list of metrics."""

    failed_feeders: Bound | None = None
    """Share of feeders that failed in some case [-]."""
    violations: Bound | None = None
    """Elements and buses over a limit in some case, and broken limits of grid codes where compliance is asked."""
    head_energy_error: BoundAgainst | None = None
    """Difference of the heads' energy to a measurement, over the hours that both have [-]."""
    reference_rmse_pu: BoundPer | None = None
    """Root mean square of voltage differences to the reference [pu]."""
    hosting_without_reason: Bound | None = None
    """Hosting values without the criterion that limits them, though something does."""
    portfolio_still_violating: Bound | None = None
    """Share of element-hours of violation that remain with the chosen works [-]."""


class Waiver(Base):
    """Why refused objects of a source may be left out, who says so, and until when."""

    why: Text
    """The reason."""
    by: Text
    """Who decided it."""
    until: Day | None = None
    """The day after which it must be decided again."""
