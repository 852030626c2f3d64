"""The section ``areas``: named parts of the grid, from the GIS or by what belongs to them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from dtl.spec.base import Base, one_of
from dtl.spec.feeders import Globs
from dtl.spec.names import GisName
from dtl.spec.scalars import Name, Number, Text


class AreaTable(Base):
    """Areas of a table of the GIS."""

    from_: GisName
    """The source of kind gis."""
    table: Text
    """The table or layer of polygons."""
    column: Text
    """The column that holds the area's name."""


class Area(Base):
    """An area by what belongs to it."""

    buses: list[Text] | None = Field(default=None, min_length=1)
    """Its buses."""
    feeders: Globs | None = None
    """Its feeders."""
    transformer: Text | None = None
    """The transformer that feeds it: its name, or a bus behind it."""
    columns: dict[Name, Number] = {}
    """Numbers of the area, by which a layer may place adopters."""

    @model_validator(mode="after")
    def _one(self) -> Area:
        one_of(self, ("buses", "feeders"), "an area")
        return self


def _areas_shape(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    return "<table>" if "from" in value or "from_" in value else "<map>"


Areas = Annotated[
    Annotated[AreaTable, Tag("<table>")] | Annotated[dict[Text, Area], Tag("<map>")],
    Discriminator(_areas_shape, custom_error_type="wrong-shape", custom_error_message="must be a map"),
]
