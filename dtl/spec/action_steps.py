"""The steps of the layer ``actions``: one word each, at a time or for the whole study."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, ValidationInfo, model_validator

from dtl.spec.base import Base, Reading, near, one_of, wrong
from dtl.spec.names import ProgramName
from dtl.spec.scalars import Count, Moment, Name, NotNegative, Number, PerUnit, Positive, PowerFactor, Text, phases


def _area(value: str, info: ValidationInfo) -> str:
    areas = info.context.data.get("areas") if isinstance(info.context, Reading) else None
    if isinstance(areas, dict) and "from" not in areas and value not in areas:
        raise wrong("unknown-name", f"there is no area named '{value}'{near(value, areas)}")
    if isinstance(info.context, Reading) and areas is None:
        raise wrong("unknown-name", f"there is no area named '{value}': the study has no section 'areas'")
    return value


def _conductors(value: str) -> str:
    return value if value in ("1", "2", "3") else phases(value)


AreaId = Annotated[Text, AfterValidator(_area)]
"""An entry of ``areas``."""
Conductors = Annotated[str, AfterValidator(_conductors)]
"""Phases by their letters, or how many of those of the bus."""


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
    """One load of the bus; none: all, which share the power as they shared it before."""
    kw: Number | None = None
    """Active power [kW]."""
    kvar: Number | None = None
    """Reactive power [kvar]; none: at the power factor that the load has."""
    factor: NotNegative | None = None
    """A factor instead [-]."""

    @model_validator(mode="after")
    def _one(self) -> SetLoad:
        one_of(self, ("kw", "factor"), "set_load")
        if self.kvar is not None and self.kw is None:
            raise wrong("one-of", "set_load: 'kvar' goes with 'kw'; a factor multiplies both", "kvar")
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
    phases: Conductors | None = None
    """Its phases by letters, or how many of the bus's; none: all of the bus."""
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
    phases: Conductors | None = None
    """Its phases by letters, or how many of the bus's; none: all of the bus."""

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


class RegisterProgram(Base):
    """Makes a program, which has no members until buses are subscribed."""

    name: Name
    """Its name."""
    number: Count | None = None
    """Its number; none: the next one that is free."""
    min_power_kw: NotNegative
    """Relief that an execution must reach [kW]."""
    target_pf: PowerFactor
    """Power factor to which the members are corrected."""


class UpdateProgram(Base):
    """Changes a program."""

    name: ProgramName
    """The program: a layer of kind flexibility, or one that an action registers."""
    min_power_kw: NotNegative | None = None
    """Relief that an execution must reach [kW]."""
    target_pf: PowerFactor | None = None
    """Power factor to which the members are corrected."""


class Membership(Base):
    """A bus in or out of a program."""

    program: ProgramName
    """The program: a layer of kind flexibility, or one that an action registers."""
    bus: Text
    """The bus."""


class Step(Base):
    """One action: exactly one of its words, at a time or for the whole study."""

    VERBS: ClassVar[tuple[str, ...]] = (
        "scale_load", "set_load", "add_generator", "add_device", "disconnect_device", "open_", "close",
        "execute", "subscribe", "unsubscribe", "register_program", "update_program", "delete_program",
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
    """Opens a switch; what is then without supply takes nothing, which is told."""
    close: Text | None = None
    """Closes a switch."""
    execute: ProgramName | None = None
    """Runs a program."""
    subscribe: Membership | None = None
    """Puts a bus into a program."""
    unsubscribe: Membership | None = None
    """Takes a bus out of a program."""
    register_program: RegisterProgram | None = None
    """Makes a program."""
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

    @property
    def verb(self) -> str:
        """The word that the action has."""
        return next(v for v in self.VERBS if getattr(self, v) is not None)

    def programs(self) -> list[str]:
        """The programs that the action names."""
        members = [m.program for m in (self.subscribe, self.unsubscribe) if m]
        return [
            p for p in (self.execute, self.delete_program, self.update_program and self.update_program.name) if p
        ] + members
