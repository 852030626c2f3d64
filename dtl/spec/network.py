"""The section ``network``: which source is the model, and what is assumed at its borders."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic import BeforeValidator as Before

from dtl.spec.base import Base, one_of, wrong
from dtl.spec.names import CsvPath, GeneratorsName, GisName, ModelName, ScadaName, switch_file
from dtl.spec.scalars import Count, Day, Percent, PerUnit, Positive, Text
from dtl.spec.shapes import MapShape, TextShape, shape


class HeadVoltage(Base):
    """The voltage at the head of each feeder; exactly one of the words."""

    pu: PerUnit | None = None
    """One fixed voltage [pu]."""
    from_: ScadaName | None = None
    """The source of kind scada that measured it, hour by hour."""
    ltc: Literal["model"] | None = None
    """The load tap changer of the bank holds it, as the model describes it; a model without one fails."""

    @model_validator(mode="after")
    def _one(self) -> HeadVoltage:
        one_of(self, ("pu", "from_", "ltc"), "head_voltage")
        return self


class Secondary(Base):
    """What lies between the transformer and the customer, where the model ends at the transformer."""

    drop_pct: Percent | None = None
    """Voltage drop between the transformer and the service at peak load [%]."""
    table: CsvPath | None = None
    """A CSV of impedances between transformer and service by size of the transformer: kva, r_ohm, x_ohm."""

    @model_validator(mode="after")
    def _one(self) -> Secondary:
        one_of(self, ("drop_pct", "table"), "secondary")
        return self


class Reconcile(Base):
    """How assets of the GIS are matched with those of the model."""

    max_distance_m: Positive = 15.0
    """Farthest match [m]."""
    overrides: CsvPath | None = None
    """A CSV of matches that always win."""


class MeterMatching(Base):
    """How meters are matched with transformers."""

    candidates: Count = 5
    """How many transformers are weighed for each meter."""
    max_distance_m: Positive = 120.0
    """Farthest candidate [m]."""
    overrides: CsvPath | None = None
    """A CSV of matches that always win."""


def _groups(value: list[list[str]]) -> list[list[str]]:
    seen: set[str] = set()
    for group in value:
        for feeder in group:
            if feeder in seen:
                raise wrong("twice", f"feeder '{feeder}' stands in 'together' twice")
            seen.add(feeder)
    return sorted(sorted(group) for group in value)


Groups = Annotated[list[Annotated[list[Text], Field(min_length=2)]], AfterValidator(_groups)]


class Network(Base):
    """Which source is the model, and what is assumed at its borders."""

    model: ModelName
    """The source that is the electrical model."""
    geometry: GisName | None = None
    """The source of places and assets; none: the model's own coordinates."""
    as_of: Day | None = None
    """The day up to which generators of the register are in service, and switches were operated; none: all is."""
    switches: Annotated[str, Before(switch_file)] = "normal"
    """Positions of switches: normal as the model has them, as_operated as SCADA recorded them by the day `as_of`, or a
    CSV (switch, position) of what differs."""
    generators: GeneratorsName | None = None
    """The register whose generators in service are connected in all cases, in place of those of the model."""
    head_voltage: HeadVoltage | None = None
    """The voltage at the feeder heads; none: what the model says."""
    secondary: Annotated[
        Annotated[Literal["modelled"], TextShape] | Annotated[Secondary, MapShape],
        shape("'modelled'", "a map"),
    ] = Secondary(drop_pct=0.0)
    """Where service voltage is judged: behind a drop, or at the service itself where it is modelled."""
    together: Groups = []
    """Feeders that are solved as one circuit, so that ties between them can be used."""
    reconcile: Reconcile | None = None
    """How assets of the GIS are matched with those of the model."""
    meters: MeterMatching | None = None
    """How meters are matched with transformers."""
    calibrated: CsvPath | None = None
    """A CSV of reviewed values that `calibrate` proposed, which count in place of those of the model and the demand."""
    equipment: CsvPath | None = None
    """A CSV of ratings and data that count in place of those of the model: kind, name and what to set."""
