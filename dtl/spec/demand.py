"""The section ``demand``: what the base load is, before any layer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, model_validator
from pydantic import BeforeValidator as Before

from dtl.spec.base import Base, Reading, near, wrong
from dtl.spec.names import CsvPath, SeriesName
from dtl.spec.scalars import Name, PowerFactor, Text

ORIGINS = ("model_loads", "class_shapes", "profile")
"""The words of ``demand.from``; anything else is the name of a source of meter readings."""


def _origin(value: str, info: ValidationInfo) -> str:
    if value in ORIGINS or not isinstance(info.context, Reading):
        return value
    sources = info.context.entries("sources")
    meters = {n for n, s in sources.items() if isinstance(s, dict) and s.get("kind") == "ami"}
    if value not in meters:
        raise wrong(
            "unknown-name", f"'{value}' is neither a source of kind ami nor a word{near(value, {*ORIGINS, *meters})}"
        )
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_ONE_OR_MORE = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}

Origins = Annotated[
    list[Annotated[Text, AfterValidator(_origin)]],
    Before(_listed),
    Field(min_length=1),
    WithJsonSchema(_ONE_OR_MORE),
]


LoadModel = Literal["constant_power", "constant_current", "constant_impedance", "zip"]


class ScaleTo(Base):
    """What the sum of the loads is corrected to."""

    source: SeriesName
    """The source that measured the feeder heads."""
    by: Literal["energy", "peak", "hourly"] = "energy"
    """What is made equal: the year's energy, the peak, or every hour."""


class Demand(Base):
    """What the base load is, before any layer."""

    from_: Origins = ["model_loads"]
    """Origins of the load, in order; a transformer takes the first that covers it."""
    shape: Literal["flat", "residential", "commercial", "industrial"] = "flat"
    """The class shape of loads whose class is not said by ``classes``; flat: the model's load in every hour."""
    classes: CsvPath | None = None
    """A CSV (load, class) that gives loads their class."""
    path: CsvPath | None = None
    """The profiles that `from: profile` reads: 8,760 hours or a day in steps, by load, transformer, feeder or class."""
    follows: CsvPath | None = None
    """A CSV (kind, name, kw_profile, kvar_profile): which columns `profile:NAME` of `path` loads and generators of the
    model follow."""
    power_factor: dict[Name, PowerFactor] = {}
    """Power factor by class; otherwise the model's own kvar."""
    load_model: dict[Name, LoadModel] = {}
    """Voltage dependence by class, or of `all` others; otherwise the model's own."""
    scale_to: ScaleTo | None = None
    """What the sum of the loads is corrected to."""
    implausible: Literal["left_out", "kept"] = "left_out"
    """Readings that no service carries and no habit of the meter explains: filled as gaps are, or taken as they are."""
    existing_pv: Literal["in_load", "separated"] = "in_load"
    """Whether the roofs of the register stay inside the measured net load, or are separated and modelled beside it."""

    @model_validator(mode="after")
    def _profile_has_a_file(self) -> Demand:
        if ("profile" in self.from_) != (self.path is not None):
            raise wrong("one-of", "'from: profile' and 'path' go together: write both or none")
        if self.follows is not None and self.path is None:
            raise wrong("one-of", "'follows' says who follows the columns of 'path', which is not written", "follows")
        return self
