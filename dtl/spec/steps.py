"""The steps of the layers ``actions`` and ``upgrades``: one word each, with its fields."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from dtl.spec.base import Base, Reading, near, one_of, wrong
from dtl.spec.names import ProgramName
from dtl.spec.scalars import (
    Moment,
    Money,
    NotNegative,
    Number,
    PerUnit,
    Phases,
    Positive,
    PowerFactor,
    Text,
    Whole,
    Year,
)


def _area(value: str, info: ValidationInfo) -> str:
    areas = info.context.data.get("areas") if isinstance(info.context, Reading) else None
    if isinstance(areas, dict) and "from" not in areas and value not in areas:
        raise wrong("unknown-name", f"there is no area named '{value}'{near(value, areas)}")
    if isinstance(info.context, Reading) and areas is None:
        raise wrong("unknown-name", f"there is no area named '{value}': the study has no section 'areas'")
    return value


AreaId = Annotated[Text, AfterValidator(_area)]
"""An entry of ``areas``."""


class ScaleLoad(Base):
    """Multiplies the load of an area or a bus."""

    area: AreaId | None = None
    """The area."""
    bus: Text | None = None
    """The bus."""
    factor: NotNegative
    """The factor [-]."""

    @model_validator(mode="after")
    def _one(self) -> ScaleLoad:
        one_of(self, ("area", "bus"), "scale_load")
        return self


class SetLoad(Base):
    """Sets the load of a bus."""

    bus: Text
    """The bus."""
    load: Text | None = None
    """One load of the bus; none: all."""
    kw: Number | None = None
    """Active power [kW]."""
    kvar: Number | None = None
    """Reactive power [kvar]."""
    factor: NotNegative | None = None
    """A factor instead [-]."""

    @model_validator(mode="after")
    def _one(self) -> SetLoad:
        one_of(self, ("kw", "factor"), "set_load")
        return self


class AddGenerator(Base):
    """Adds a generator."""

    bus: Text
    """The bus."""
    name: Text | None = None
    """Its name; none: gen_BUS_NUMBER."""
    kw: Positive
    """Active power [kW]."""
    kvar: Number = 0.0
    """Reactive power [kvar]."""
    kv: Positive | None = None
    """Nominal voltage, line to line [kV]; none: that of the bus."""
    phases: Phases | None = None
    """Its phases; none: all of the bus."""
    vmin_pu: PerUnit | None = None
    """Voltage below which it becomes an impedance [pu]."""
    vmax_pu: PerUnit | None = None
    """Voltage above which it becomes an impedance [pu]."""


class AddDevice(Base):
    """Adds a device that takes power."""

    bus: Text
    """The bus."""
    name: Text
    """Its name."""
    kw: Positive
    """Active power [kW]."""
    kvar: Number | None = None
    """Reactive power [kvar]."""
    pf: PowerFactor | None = None
    """Power factor, instead of `kvar`."""

    @model_validator(mode="after")
    def _one(self) -> AddDevice:
        one_of(self, ("kvar", "pf"), "add_device", optional=True)
        return self


class DisconnectDevice(Base):
    """Takes a device off again."""

    bus: Text
    """The bus."""
    name: Text
    """The name under which it was added."""


class UpdateProgram(Base):
    """Changes a program."""

    name: ProgramName
    """The program, a layer of kind flexibility."""
    min_power_kw: NotNegative | None = None
    """Relief that an execution must reach [kW]."""
    target_pf: PowerFactor | None = None
    """Power factor to which the members are corrected."""


class Membership(Base):
    """A bus in or out of a program."""

    program: ProgramName
    """The program, a layer of kind flexibility."""
    bus: Text
    """The bus."""


class Step(Base):
    """One action: exactly one of its words, at a time or for the whole study."""

    VERBS: ClassVar[tuple[str, ...]] = (
        "scale_load", "set_load", "add_generator", "add_device", "disconnect_device", "open_", "close",
        "execute", "subscribe", "unsubscribe", "update_program", "delete_program",
    )  # fmt: skip
    at: Moment | None = None
    """Local time at which it happens; none: it holds for the whole study."""
    until: Moment | None = None
    """Local time at which it ends; none: never."""
    scale_load: ScaleLoad | None = None
    """Multiplies the load of an area or a bus."""
    set_load: SetLoad | None = None
    """Sets the load of a bus."""
    add_generator: AddGenerator | None = None
    """Adds a generator."""
    add_device: AddDevice | None = None
    """Adds a device that takes power."""
    disconnect_device: DisconnectDevice | None = None
    """Takes a device off again."""
    open_: Text | None = None
    """Opens a switch."""
    close: Text | None = None
    """Closes a switch."""
    execute: ProgramName | None = None
    """Runs a program."""
    subscribe: Membership | None = None
    """Puts a bus into a program."""
    unsubscribe: Membership | None = None
    """Takes a bus out of a program."""
    update_program: UpdateProgram | None = None
    """Changes a program."""
    delete_program: ProgramName | None = None
    """Ends a program."""

    @model_validator(mode="after")
    def _one(self) -> Step:
        one_of(self, self.VERBS, "an action", short=True)
        if self.until is not None and (self.at is None or self.until <= self.at):
            raise wrong("out-of-range", "'until' must come after 'at'")
        return self

    def programs(self) -> list[str]:
        """The programs that the action names."""
        members = [m.program for m in (self.subscribe, self.unsubscribe) if m]
        return [
            p for p in (self.execute, self.delete_program, self.update_program and self.update_program.name) if p
        ] + members


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
    """Its new conductor, of the catalogue."""

    @model_validator(mode="after")
    def _one(self) -> RebuildLine:
        one_of(self, ("line", "from_"), "rebuild_line")
        if (self.from_ is None) != (self.to is None):
            raise wrong("one-of", "'from' and 'to' go together")
        return self


class ReplaceTransformer(Base):
    """Replaces a transformer."""

    at: Text
    """The transformer."""
    kva: Positive
    """Its new rating [kVA]."""


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
    """The regulator."""
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
