"""What hangs on one bus of a network: loads, capacitors, reactors, generation, storage, sources and meters.

`dtl.network.feeder` states the conventions and is where other packages import these classes from.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dtl.network.branches import Connection, Name, Node, NotNegative, Part, Positive, Real


class CapacitorControl(BaseModel):
    """The control of a capacitor. CIM: RegulatingControl."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    type: Literal["voltage", "current", "kvar", "pf", "time", "follow"]
    element: Name
    """Element it measures, as class.name."""
    terminal: int = 1
    on: Real
    off: Real
    pt_ratio: Positive = 60.0
    ct_ratio: Positive = 60.0
    delay_s: NotNegative = 15.0
    delay_off_s: NotNegative = 15.0
    dead_time_s: NotNegative = 300.0
    pt_phase: int | Literal["avg", "min", "max"] = 1
    """Phase whose voltage it measures."""
    ct_phase: int | Literal["avg", "min", "max"] = 1
    """Phase whose current or power it measures."""
    voltage_override: bool = False
    min_v: Real = 115.0
    max_v: Real = 126.0
    enabled: bool = True


Points = tuple[tuple[Real, Real], ...]


class InverterControl(BaseModel):
    """How an inverter responds to its voltage by curves that the source itself states. CIM: none.

    Points are (voltage, share): the mean voltage of its phases [pu of its kv], rising, and a share that is level beyond
    the first and the last point.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    volt_var: Points = ()
    """Reactive power, given where it is positive, as share of `share_of`; none: it gives none."""
    share_of: Literal["limits", "headroom"] = "headroom"
    """`most_kvar` and `least_kvar`, or what the active power leaves of the rating, within these limits."""
    most_kvar: NotNegative = 0.0
    """Most reactive power that it gives [kvar]."""
    least_kvar: float = Field(default=0.0, le=0.0, allow_inf_nan=False)
    """Most reactive power that it takes, as a negative number [kvar]."""
    at_night: bool = True
    """Whether it responds without active power."""
    volt_watt: Points = ()
    """Highest active power, as share of its kva; none: all there is."""


class Shunt(Part):
    """What hangs on one bus."""

    bus: Name
    nodes: tuple[Node, ...] = Field(min_length=1)
    """Nodes of its conductors; a wye part of one phase may omit ground."""
    phases: Literal[1, 2, 3]
    connection: Connection = "wye"
    kv: Positive
    """Rated voltage, see the conventions [kV]."""
    enabled: bool = True


class Capacitor(Shunt):
    """A shunt capacitor bank. CIM: LinearShuntCompensator."""

    kvar: tuple[Positive, ...] = Field(min_length=1)
    """Rated power of each step, all phases together [kvar]."""
    steps_on: tuple[bool, ...] = ()
    """Whether each step is connected; empty means all are."""
    control: CapacitorControl | None = None


class Reactor(Shunt):
    """A shunt reactor or grounding impedance. CIM: LinearShuntCompensator / GroundingImpedance."""

    r_ohm: NotNegative
    x_ohm: Real
    to_bus: str = ""
    """Second bus of a series reactor; empty for a shunt to ground."""
    to_nodes: tuple[Node, ...] = ()


class Load(Shunt):
    """A load, or all customers of one transformer. CIM: EnergyConsumer with LoadResponseCharacteristic."""

    kw: Real
    """Active power at nominal voltage [kW]."""
    kvar: Real
    """Reactive power at nominal voltage [kvar]."""
    model: Literal[1, 2, 3, 4, 5, 6, 7, 8] = 1
    """OpenDSS load model: 1 constant power, 2 constant impedance, 4 exponential, 5 constant current, 8 ZIP, ..."""
    zip: tuple[Real, ...] = ()
    """The seven ZIPV coefficients of model 8."""
    cvr_watts: Real = 1.0
    """Exponent of active power, model 4."""
    cvr_vars: Real = 2.0
    """Exponent of reactive power, model 4."""
    min_pu: NotNegative
    """Voltage below which the load turns into a constant impedance; always declared."""
    max_pu: Positive
    """Voltage above which the load turns into a constant impedance; always declared."""
    customer_class: str = ""
    customers: int = Field(default=1, ge=0)
    shape: str = ""
    """Name of the yearly shape that the source gives it."""


class Generator(Shunt):
    """A generator, inverter or plant in service. CIM: GeneratingUnit / PhotovoltaicUnit."""

    type: Literal["synchronous", "pv", "wind", "other"] = "other"
    kw: Real
    kvar: Real = 0.0
    kva: Positive
    model: Literal[1, 2, 3, 4, 5, 6, 7] = 1
    """OpenDSS generator model: 1 constant power, 3 constant voltage, ..."""
    dc_kw: NotNegative | None = None
    """Rated power of the modules [kW]."""
    rated_kw: NotNegative | None = None
    """Rated active power of the inverter [kW]; None: its kVA."""
    volt_var: str = ""
    """Word of its volt-var characteristic, as `dtl.powerflow.voltvar` names them; empty for none."""
    volt_watt: str = ""
    """Word of its volt-watt characteristic; empty for none."""
    control: InverterControl | None = None
    """Curves that its source states, in place of both words."""
    systems: int = Field(default=1, ge=1)
    """Inverters that it stands for, which together have its rating."""
    min_pu: NotNegative = 0.9
    max_pu: Positive = 1.1
    shape: str = ""


class Storage(Shunt):
    """A battery. CIM: BatteryUnit."""

    kw: Positive
    kva: Positive
    kwh: Positive
    stored: float = Field(default=0.5, ge=0, le=1)
    """Share of kwh stored at the start."""
    reserve: float = Field(default=0.2, ge=0, le=1)
    efficiency_charge: float = Field(default=0.95, gt=0, le=1)
    efficiency_discharge: float = Field(default=0.95, gt=0, le=1)


class Source(Part):
    """What feeds the circuit: the Thevenin equivalent at a head. CIM: EnergySource."""

    bus: Name
    kv_ll: Positive
    """Base of pu [kV]."""
    pu: Positive = 1.0
    angle_deg: Real = 0.0
    r1_ohm: NotNegative
    x1_ohm: Real
    r0_ohm: Real
    """Below zero where a fault of one phase was stated above 1.5 times that of three."""
    x0_ohm: Real
    phases: Literal[1, 3] = 3
    nodes: tuple[Node, ...] = (1, 2, 3)
    feeder: str = ""


class Meter(Part):
    """A customer's meter. CIM: UsagePoint."""

    load: str = ""
    """Load it belongs to."""
    customer: str = ""
