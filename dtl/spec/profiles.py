"""The section ``profiles``: shapes of charging and load, built in or brought along."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from dtl.spec.base import Base, Reading, near, wrong
from dtl.spec.names import CsvPath
from dtl.spec.scalars import NotNegative, Positive, Share, Text

BuiltIn = Literal["level1_residential", "level2_residential", "level2_high_power", "dcfc_commercial", "dcfc_highway"]
BUILT_IN = ("level1_residential", "level2_residential", "level2_high_power", "dcfc_commercial", "dcfc_highway")


def _profile(value: str, info: ValidationInfo) -> str:
    if isinstance(info.context, Reading):
        known = {*BUILT_IN, *info.context.entries("profiles")}
        if value not in known:
            raise wrong("unknown-name", f"there is no profile named '{value}'{near(value, known)}")
    return value


ProfileName = Annotated[Text, AfterValidator(_profile)]
"""A built-in profile or an entry of ``profiles``."""


class Seasons(Base):
    """Energy of a season relative to the mean of the year."""

    winter: Positive = 1.0
    """December to February [-]."""
    spring: Positive = 1.0
    """March to May [-]."""
    summer: Positive = 1.0
    """June to August [-]."""
    autumn: Positive = 1.0
    """September to November [-]."""


class Profile(Base):
    """A shape: a built-in one with any parameter replaced, or files of one's own."""

    like: BuiltIn | None = None
    """The built-in profile that gives whatever is not written here."""
    charger_kw: Positive | None = None
    """Power of one charger [kW]."""
    energy_kwh_per_day: NotNegative | None = None
    """Mean energy of one vehicle on a day [kWh]."""
    efficiency: Annotated[Share, Field(gt=0)] | None = None
    """Energy into the battery per energy from the grid [-]."""
    managed: Share | None = None
    """Share of sessions that a timer or a program shifts [-]."""
    weekday: CsvPath | None = None
    """A CSV of 24 values or a day in steps, for weekdays."""
    weekend: CsvPath | None = None
    """The same for Saturday and Sunday."""
    year: CsvPath | None = None
    """A CSV of 8,760 values or a year in steps."""
    seasons: Seasons = Seasons()
    """Energy of each season relative to the mean of the year."""

    @model_validator(mode="after")
    def _has_a_shape(self) -> Profile:
        if self.year is not None and (self.weekday or self.weekend):
            raise wrong("one-of", "a profile has either 'year', or 'weekday' and 'weekend'")
        if self.like is None and self.year is None and (self.weekday is None or self.weekend is None):
            raise wrong("one-of", "a profile needs 'like', or 'year', or both 'weekday' and 'weekend'")
        return self
