"""The section ``profiles``: shapes of charging and load, built in or brought along."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from dtl.spec.base import Base, Reading, near, wrong
from dtl.spec.names import CsvPath
from dtl.spec.scalars import Hour, NotNegative, Number, Positive, Share, Text
from dtl.spec.series import DAY
from dtl.spec.shapes import ListShape, TextShape, shape

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


def _steps(values: list[float]) -> list[float]:
    if len(values) not in DAY:
        raise wrong("out-of-range", f"{len(values)} values are no day: it has 24, or {', '.join(map(str, DAY[1:]))}")
    return values


Day = Annotated[
    Annotated[CsvPath, TextShape] | Annotated[list[NotNegative], AfterValidator(_steps), ListShape],
    shape("a .csv file", "a list of 24 values or a day in steps"),
]
"""A day: its values, or the CSV that holds them."""


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
    sessions_per_day: Annotated[Number, Field(gt=0, le=96)] | None = None
    """Mean number of sessions of a vehicle at home, or of a charger in public, on a day [-]."""
    stay_h: Positive | None = None
    """Mean time for which a vehicle is plugged in [h]."""
    vehicles_per_charger: Annotated[Number, Field(ge=1)] | None = None
    """Vehicles that share a charger; who finds all of a load's chargers taken waits [-]."""
    managed: Share | None = None
    """Share of sessions that a timer or a program shifts [-]."""
    managed_from: Hour | None = None
    """Hour from which managed sessions charge; none: evenly over their stay."""
    managed_spread_h: NotNegative | None = None
    """Time over which a timer's starts are spread at random [h]; none: one hour."""
    sessions: CsvPath | None = None
    """A CSV of measured sessions, columns arrival, departure, kwh and station, from which sessions are drawn."""
    weekday: Day | None = None
    """24 values or a day in steps, or a CSV of them, for weekdays: the load of one vehicle, whatever others do."""
    weekend: Day | None = None
    """The same for Saturday and Sunday."""
    year: CsvPath | None = None
    """A CSV of 8,760 values or a year in steps."""
    seasons: Seasons | None = None
    """Energy of each season relative to the mean of the year."""

    @model_validator(mode="after")
    def _has_a_shape(self) -> Profile:
        shapes = [n for n in ("sessions", "year", "weekday", "weekend") if getattr(self, n) is not None]
        if len(shapes) > 1 and shapes != ["weekday", "weekend"]:
            raise wrong("one-of", "a profile has one of 'sessions', 'year', or 'weekday' and 'weekend'")
        if len(shapes) == 1 and shapes[0].startswith("week"):
            raise wrong("one-of", "'weekday' and 'weekend' go together")
        if self.like is None and not shapes:
            raise wrong("one-of", "a profile needs 'like', 'sessions', 'year', or both 'weekday' and 'weekend'")
        if self.sessions and self.charger_kw is None and self.like is None:
            raise wrong("one-of", "measured sessions need 'charger_kw'", "sessions")
        return self
