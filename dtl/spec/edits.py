"""Layers that change the network or act on it: works, projects, switching, controls, actions, programs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator
from typing_extensions import override

from dtl.spec.action_steps import AreaId, Step
from dtl.spec.adoption import VoltVar
from dtl.spec.base import Base, near, one_of, wrong
from dtl.spec.layer import LayerBase
from dtl.spec.names import CsvPath, GeneratorsName
from dtl.spec.scalars import Count, Day, Flag, Name, NotNegative, Number, Percent, Phases, Positive, PowerFactor, Text
from dtl.spec.upgrade_steps import BATTERY_AT_A_BUS, UpgradeStep


class Upgrades(LayerBase):
    """Works that change the network: a CSV of committed projects, or a list."""

    kind: Literal["upgrades"]
    from_: CsvPath | None = None
    """A CSV: asset, change, to, year in service, cost."""
    do: list[UpgradeStep] | None = Field(default=None, min_length=1)
    """The works, one word each."""

    @model_validator(mode="after")
    def _one(self) -> Upgrades:
        one_of(self, ("from_", "do"), "an upgrades layer")
        return self

    @override
    def writes(self) -> set[str]:
        return {self.from_} if self.from_ else {w for step in self.do or [] for w in step.writes()}


STATUSES = {
    "in_service": "in_service", "approved": "approved", "queued": "queued", "withdrawn": "withdrawn",
    "retired": "retired", "in_study": "queued", "under_review": "queued", "applied": "queued",
    "construction": "approved", "operational": "in_service", "active": "in_service",
}  # fmt: skip
"""The words of registers, each with the status that it means."""


def _status(value: str) -> str:
    if value not in STATUSES:
        raise wrong("unknown-name", f"'{value}' is no status of a register{near(value, STATUSES)}")
    return STATUSES[value]


RegisterStatus = Annotated[Name, AfterValidator(_status)]


class Queue(LayerBase):
    """Queued generation of a register, connected."""

    kind: Literal["queue"]
    from_: GeneratorsName
    """The source of kind generators."""
    status: list[RegisterStatus] = Field(min_length=1)
    """The statuses that count: in_service, approved, queued, withdrawn, retired, as the source reads its own words."""
    until: Day | None = None
    """Only entries whose date is not later."""

    @override
    def writes(self) -> set[str]:
        return {f"{self.from_}.{status}" for status in self.status}


class Project(LayerBase):
    """One known plant at one bus."""

    ELSEWHERE: ClassVar[dict[str, str]] = dict.fromkeys(("kwh", "mode"), BATTERY_AT_A_BUS)

    kind: Literal["project"]
    at: Text
    """The bus; FEEDER:BUS where the name alone is ambiguous."""
    type: Literal["pv", "wind", "battery", "ev", "load", "synchronous", "induction"]
    """What is connected; a battery gives its power, as ev and load take theirs."""
    kw: Positive
    """Active power [kW]."""
    kva: Positive | None = None
    """Rating of the inverter or machine [kVA]; needed with `volt_var`."""
    phases: Phases
    """Phases of the connection, which must exist at the bus."""
    power_factor: PowerFactor | None = None
    """Fixed power factor at which reactive power is taken; none: 1, of an induction machine 0.9."""
    volt_var: VoltVar | None = None
    """Volt-var characteristic of a plant that gives power."""
    profile: CsvPath | None = None
    """A CSV of power per unit of `kw` through a year; none: pv by the weather where it is known, else full power."""
    fault_current_pu: Annotated[Number, Field(ge=0, le=10)] = 1.2
    """Fault current per rated current [pu]."""
    in_service: Day | None = None
    """First day in service."""

    @model_validator(mode="after")
    def _volt_var_needs_kva(self) -> Project:
        if self.volt_var is not None and self.kva is None:
            raise wrong(
                "volt-var-kva", "'volt_var' needs 'kva': without it nothing says how much kvar is left", "volt_var"
            )
        if self.kva is not None and self.kva < self.kw:
            raise wrong("out-of-range", f"kva {self.kva:g} is below kw {self.kw:g}", "kva")
        if self.volt_var is not None:
            one_of(self, ("volt_var", "power_factor"), "a project")
            if self.type in ("ev", "load", "synchronous", "induction"):
                raise wrong("out-of-range", f"'{self.type}' has no inverter and so no 'volt_var'", "volt_var")
        least = self.kw / (self.power_factor or (0.9 if self.type == "induction" else 1.0))
        if self.kva is not None and self.kva < least * (1 - 1e-6):
            message = f"kva {self.kva:g} is below the {least:.6g} of {self.kw:g} kW at this power factor"
            raise wrong("out-of-range", message, "kva")
        return self


class SwitchStep(Base):
    """One switching operation."""

    open_: Text | None = None
    """The switch to open."""
    close: Text | None = None
    """The switch to close."""

    @model_validator(mode="after")
    def _one(self) -> SwitchStep:
        one_of(self, ("open_", "close"), "a switching step")
        return self


class Switching(LayerBase):
    """Switches in other positions, within feeders that are solved together."""

    kind: Literal["switching"]
    do: list[SwitchStep] = Field(min_length=1)
    """The operations."""

    @override
    def writes(self) -> set[str]:
        return {step.open_ or step.close or "" for step in self.do}


class RegulatorSettings(Base):
    """Settings of regulators."""

    set_volts: Annotated[Number, Field(ge=100, le=140)] | None = None
    """Set-point on the 120 V base [V]."""
    bandwidth_volts: Annotated[Number, Field(ge=0.5, le=10)] | None = None
    """Bandwidth on the 120 V base [V]."""
    which: list[Text] | None = None
    """The regulators; none: all."""
    frozen: Flag = False
    """Whether the taps stay where they are."""


class Controls(LayerBase):
    """Other settings of regulators and capacitors."""

    kind: Literal["controls"]
    regulators: RegulatorSettings | None = None
    """Settings of regulators."""
    capacitors: Literal["active", "frozen", "off"] | None = None
    """Whether capacitor controls act, or the banks stay as they are, or all banks are off."""

    @model_validator(mode="after")
    def _something(self) -> Controls:
        if self.regulators is None and self.capacitors is None:
            raise wrong("one-of", "a controls layer needs 'regulators' or 'capacitors'")
        return self

    @override
    def writes(self) -> set[str]:
        return {w for w in ("regulators", "capacitors") if getattr(self, w) is not None}


class Actions(LayerBase):
    """Actions, at a time or for the whole study."""

    kind: Literal["actions"]
    do: list[Step] = []
    """The actions; they apply in order of time."""


class When(Base):
    """The condition that executes a program."""

    transformer_pct: Percent
    """Loading of the members' transformer above which the program runs [%]."""


class Flexibility(LayerBase):
    """A demand-flexibility program, executed inside the power flow after all actions."""

    kind: Literal["flexibility"]
    number: Count | None = None
    """Number of the program; none: the next one that is free."""
    min_power_kw: NotNegative
    """Relief that an execution must reach at the members' transformer [kW]."""
    target_pf: PowerFactor
    """Power factor to which the members are corrected."""
    areas: list[AreaId] | None = Field(default=None, min_length=1)
    """The areas that take part."""
    buses: list[Text] | None = Field(default=None, min_length=1)
    """The buses that take part."""
    when: When | None = None
    """When the program runs by itself; none: only by an action."""
    sheds: Literal["load", "devices", "generation"] = "load"
    """What gives way: the load, only what layers and actions added to it (cars, heat pumps, devices), or generation."""
    share: Literal["optimal", "pro_rata", "last_in_first_out"] = "optimal"
    """Who gives way: so that least is shed, all by the same share, or the newest first."""
    floor_kw: NotNegative = 0.0
    """What each customer, or each device, keeps [kW]; 4.2 by section 14a of the German energy act."""

    @model_validator(mode="after")
    def _one(self) -> Flexibility:
        one_of(self, ("areas", "buses"), "a flexibility layer")
        if self.sheds == "generation" and self.floor_kw > 0:
            raise wrong("one-of", "'floor_kw' is for loads; generation is curtailed down to nothing", "floor_kw")
        return self
