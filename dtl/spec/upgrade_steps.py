"""The steps of the layer ``upgrades``: one work each, with its year and cost."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from dtl.spec.base import Base, one_of, wrong
from dtl.spec.scalars import Money, Number, Phases, Positive, Text, Whole, Year


class RebuildLine(Base):
    """Rebuilds a line with other phases or another conductor."""

    line: Text | None = None
    """The line."""
    from_: Text | None = None
    """One end, instead of the line's name."""
    to: Text | None = None
    """The other end."""
    phases: Phases | None = None
    """Its new phases."""
    conductor: Text | None = None
    """Its new conductor: a line code of the feeder, or one of the catalogue, as 4/0_acsr."""

    @model_validator(mode="after")
    def _one(self) -> RebuildLine:
        one_of(self, ("line", "from_"), "rebuild_line")
        if (self.from_ is None) != (self.to is None):
            raise wrong("one-of", "'from' and 'to' go together")
        return self


class ReplaceTransformer(Base):
    """Replaces a transformer."""

    at: Text
    """The transformer, or the bank of several units."""
    kva: Positive
    """Its new rating, of all units together [kVA]."""


class AddRegulator(Base):
    """Adds a voltage regulator."""

    at: Text
    """The bus or line."""
    set_volts: Annotated[Number, Field(ge=100, le=140)] = 122.0
    """Set-point on the 120 V base [V]."""


class AddCapacitor(Base):
    """Adds a capacitor."""

    at: Text
    """The bus."""
    kvar: Positive
    """Its rating [kvar]."""
    phases: Phases = "ABC"
    """Its phases."""


class SetRegulator(Base):
    """Sets a regulator."""

    at: Text
    """The regulator, or the bus or transformer where regulators stand."""
    volts: Annotated[Number, Field(ge=100, le=140)]
    """Set-point on the 120 V base [V]."""


class SetTap(Base):
    """Sets the tap of a transformer."""

    at: Text
    """The transformer."""
    tap: Annotated[Whole, Field(ge=-32, le=32)]
    """The position."""


class MovePhase(Base):
    """Moves a single- or two-phase branch to other phases."""

    at: Text
    """The line or transformer."""
    to: Phases
    """Its new phases."""


BATTERY_AT_A_BUS = "one battery at a bus is {kind: upgrades, do: [{add_battery: {at: BUS, kw: 500, kwh: 1000}}]}"
"""What is said of its words where they are looked for in other layers."""


class AddBattery(Base):
    """Adds a battery of the utility."""

    at: Text
    """The bus."""
    kw: Positive
    """Its power [kW]."""
    kwh: Positive
    """Its energy [kWh]."""


class UpgradeStep(Base):
    """One work: exactly one of its words, with its year and cost."""

    WORKS: ClassVar[tuple[str, ...]] = (
        "rebuild_line", "replace_transformer", "add_regulator", "add_capacitor",
        "set_regulator", "set_tap", "move_phase", "add_battery",
    )  # fmt: skip
    year: Year | None = None
    """First year in service; none: always."""
    cost: Money | None = None
    """Its cost, in the study's currency."""
    rebuild_line: RebuildLine | None = None
    """Rebuilds a line."""
    replace_transformer: ReplaceTransformer | None = None
    """Replaces a transformer."""
    add_regulator: AddRegulator | None = None
    """Adds a voltage regulator."""
    add_capacitor: AddCapacitor | None = None
    """Adds a capacitor."""
    set_regulator: SetRegulator | None = None
    """Sets a regulator."""
    set_tap: SetTap | None = None
    """Sets the tap of a transformer."""
    move_phase: MovePhase | None = None
    """Moves a branch to other phases."""
    add_battery: AddBattery | None = None
    """Adds a battery."""

    @model_validator(mode="after")
    def _one(self) -> UpgradeStep:
        one_of(self, self.WORKS, "a work", short=True)
        return self

    def writes(self) -> set[str]:
        """The element that the work sets."""
        work = next(n for n in self.WORKS if getattr(self, n) is not None)
        step = getattr(self, work)
        where = step.line or f"{step.from_}-{step.to}" if isinstance(step, RebuildLine) else step.at
        return set() if work.startswith("add_") else {f"{work}.{where}"}
