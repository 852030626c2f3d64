"""The model of one feeder, or of several solved together: buses, what joins them and what hangs on them.

Conventions
-----------
- A *node* is a conductor of a bus: 1, 2, 3 stand for the phases A, B, C, 0 for ground, 4 and more for neutrals. On a
  ``split_phase`` bus 1 and 2 are the two legs of a centre-tapped secondary.
- ``nodes`` lists the nodes of a terminal in the order of the conductors of the element.
- ``kv`` of a part is line to line for two and three phases and for delta, and the voltage across the part for one phase
  in wye, as in OpenDSS.
- Names are lower case, unique within a class of part, and keep every character of their source, save blanks and ``=``,
  which become ``_`` (listed in the conversion report).

Each class names the IEC 61970/61968 class it corresponds to.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Name = Annotated[str, Field(min_length=1)]
Node = Annotated[int, Field(ge=0, le=20)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Real = Annotated[float, Field(allow_inf_nan=False)]
Connection = Literal["wye", "delta"]
Matrix = tuple[tuple[Real, ...], ...]


class Part(BaseModel):
    """What all parts share: they are immutable and know no other fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Name
    """Name, unique within the class and the feeder."""


class Bus(Part):
    """A place where parts meet. CIM: ConnectivityNode (with BaseVoltage and PositionPoint)."""

    nodes: tuple[Node, ...]
    """Nodes that exist here, ascending, without ground."""
    kv_ln: Positive
    """Base of the per-unit voltages: nominal voltage of a node to ground [kV]."""
    split_phase: bool = False
    """Whether nodes 1 and 2 are the legs of a centre-tapped secondary."""
    x: Real | None = None
    """Easting or longitude, in the coordinate system of the feeder."""
    y: Real | None = None
    """Northing or latitude."""
    feeder: str = ""
    """Feeder that the bus belongs to, when several are solved together."""

    @property
    def kv_ll(self) -> float:
        """Nominal voltage, line to line (leg to leg on a split-phase bus) [kV]."""
        return self.kv_ln * (2.0 if self.split_phase else math.sqrt(3.0))


class LineCode(Part):
    """Impedances and ratings of a kind of line. CIM: PerLengthPhaseImpedance."""

    r_ohm_per_km: Matrix
    """Series resistance, full square matrix, one row per conductor after Kron reduction [ohm/km]."""
    x_ohm_per_km: Matrix
    """Series reactance, as above [ohm/km]."""
    c_nf_per_km: Matrix
    """Nodal shunt capacitance: off-diagonal terms are negative [nF/km]."""
    normal_a: NotNegative | None = None
    """Rating for normal operation [A]; none when the source states none."""
    summer_a: NotNegative | None = None
    """Summer rating [A]."""
    winter_a: NotNegative | None = None
    """Winter rating [A]."""
    emergency_a: NotNegative | None = None
    """Emergency rating [A]."""
    origin: str = ""
    """What the matrices were made from: a matrix of the source, sequence values, or conductors and spacing."""

    @model_validator(mode="after")
    def _square(self) -> LineCode:
        n = len(self.r_ohm_per_km)
        for field in ("r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km"):
            matrix = getattr(self, field)
            if n == 0 or len(matrix) != n or any(len(row) != n for row in matrix):
                raise ValueError(f"{field} must be a square matrix of the same size as r_ohm_per_km")
        if any(self.r_ohm_per_km[i][i] < 0 for i in range(n)):
            raise ValueError("r_ohm_per_km must not be negative on its diagonal")
        return self


class Branch(Part):
    """What joins two buses with as many conductors at either end."""

    from_bus: Name
    to_bus: Name
    from_nodes: tuple[Node, ...] = Field(min_length=1)
    to_nodes: tuple[Node, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ends(self) -> Branch:
        if len(self.from_nodes) != len(self.to_nodes):
            raise ValueError("from_nodes and to_nodes must have the same number of conductors")
        return self


class Line(Branch):
    """An overhead line or a cable. CIM: ACLineSegment."""

    length_km: Positive
    """Length [km]."""
    line_code: Name
    """Name of its LineCode."""
    placement: Literal["overhead", "underground", "unknown"] = "unknown"
    normal_a: NotNegative | None = None
    """Rating of this line where it differs from its line code [A]."""
    summer_a: NotNegative | None = None
    winter_a: NotNegative | None = None
    emergency_a: NotNegative | None = None
    path: tuple[tuple[Real, Real], ...] = ()
    """Vertices between the two buses, without them."""
    customers: int = 0
    enabled: bool = True


class Switch(Branch):
    """A switching device. CIM: LoadBreakSwitch, Breaker, Fuse, Recloser, Sectionaliser."""

    type: Literal["switch", "breaker", "fuse", "recloser", "sectionalizer", "protector", "jumper"] = "switch"
    """Kind of device; a jumper is a connection without impedance in the source."""
    closed: tuple[bool, ...] = ()
    """Whether each conductor is closed; empty means all are."""
    normal_a: NotNegative | None = None
    """Rating [A]."""
    emergency_a: NotNegative | None = None
    r_ohm: NotNegative = 1e-4
    """Resistance per conductor [ohm]."""
    x_ohm: NotNegative = 1e-4
    """Reactance per conductor [ohm]."""
    scada_controlled: bool = False
    enabled: bool = True

    @property
    def is_closed(self) -> bool:
        """Whether any conductor is closed."""
        return not self.closed or any(self.closed)


class Winding(BaseModel):
    """One winding of a transformer. CIM: TransformerEnd."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    bus: Name
    nodes: tuple[Node, ...] = Field(min_length=1)
    """Nodes of its conductors; a single-phase winding names both ends, e.g. (1, 0)."""
    connection: Connection
    kv: Positive
    """Rated voltage: line to line for two and three phases, across the winding for one [kV]."""
    kva: Positive
    """Rated power of the whole winding [kVA]."""
    r_pct: NotNegative
    """Resistance, per cent on kva."""
    tap_pu: Positive = 1.0
    """Tap position, per unit of kv."""
    min_tap_pu: Positive = 0.9
    max_tap_pu: Positive = 1.1
    taps: int = 32
    """Number of steps between the lowest and the highest tap."""
    r_neutral_ohm: Real = -1.0
    """Resistance from neutral to ground [ohm]; negative means solidly connected as the nodes say."""
    x_neutral_ohm: Real = 0.0


class Transformer(Part):
    """A transformer of one or three phases with two or three windings. CIM: PowerTransformer / TransformerTank."""

    phases: Literal[1, 2, 3]
    windings: tuple[Winding, ...] = Field(min_length=2, max_length=3)
    """The first winding is nearest to the head."""
    xhl_pct: NotNegative
    """Reactance between windings 1 and 2, per cent on the kva of winding 1."""
    xht_pct: NotNegative | None = None
    xlt_pct: NotNegative | None = None
    no_load_loss_pct: NotNegative = 0.0
    """No-load losses, per cent of kva."""
    magnetizing_pct: NotNegative = 0.0
    """Magnetising current, per cent of the rated."""
    normal_kva: NotNegative | None = None
    """Rating for normal operation [kVA]; none: the kva of winding 1."""
    emergency_kva: NotNegative | None = None
    lead_lag: Literal["lag", "lead"] = "lag"
    """Phase shift between wye and delta: the wye side lags (ANSI) or leads (Euro)."""
    ppm_antifloat: NotNegative = 1.0
    """Shunt that keeps an ungrounded winding from floating, parts per million of kva."""
    bank: str = ""
    """Name of the bank that single-phase units form."""
    is_regulator: bool = False
    """Whether it is the autotransformer of a step-voltage regulator."""
    enabled: bool = True

    @model_validator(mode="after")
    def _three(self) -> Transformer:
        if len(self.windings) == 3 and (self.xht_pct is None or self.xlt_pct is None):
            raise ValueError("a transformer of three windings needs xht_pct and xlt_pct")
        return self


class Regulator(Part):
    """The control of a tap changer. CIM: TapChangerControl with RatioTapChanger."""

    transformer: Name
    """Transformer whose tap it moves."""
    winding: int = Field(ge=1, le=3)
    set_v: Positive
    """Voltage it holds, at the secondary of its voltage transformer [V]."""
    band_v: Positive
    """Width of the band around set_v [V]."""
    pt_ratio: Positive
    ct_primary_a: NotNegative = 0.0
    """Primary rating of the current transformer [A]; the line-drop compensator's base."""
    r_v: Real = 0.0
    """Resistance of the line-drop compensator [V]."""
    x_v: Real = 0.0
    """Reactance of the line-drop compensator [V]."""
    delay_s: NotNegative = 15.0
    tap_delay_s: NotNegative = 2.0
    monitored_bus: str = ""
    """Bus.node that it measures instead of its own terminal."""
    pt_phase: int | Literal["min", "max"] = 1
    """Phase it measures."""
    max_tap_change: int = 16
    """Most steps in one control action."""
    reversible: bool = False
    reverse_set_v: Positive | None = None
    reverse_band_v: Positive | None = None
    enabled: bool = True


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
    voltage_override: bool = False
    min_v: Real = 115.0
    max_v: Real = 126.0
    enabled: bool = True


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
    """A generator, inverter or plant in service. CIM: GeneratingUnit / PhotovoltaicUnit with PowerElectronicsConnection."""

    type: Literal["synchronous", "pv", "wind", "other"] = "other"
    kw: Real
    kvar: Real = 0.0
    kva: Positive
    model: Literal[1, 2, 3, 4, 5, 6, 7] = 1
    """OpenDSS generator model: 1 constant power, 3 constant voltage, ..."""
    dc_kw: NotNegative | None = None
    """Rated power of the modules [kW]."""
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
    r0_ohm: NotNegative
    x0_ohm: Real
    phases: Literal[1, 3] = 3
    nodes: tuple[Node, ...] = (1, 2, 3)
    feeder: str = ""


class Meter(Part):
    """A customer's meter. CIM: UsagePoint."""

    load: str = ""
    """Load it belongs to."""
    customer: str = ""


PARTS: dict[str, type[Part]] = {
    "bus": Bus,
    "capacitor": Capacitor,
    "generator": Generator,
    "line": Line,
    "line_code": LineCode,
    "load": Load,
    "meter": Meter,
    "reactor": Reactor,
    "regulator": Regulator,
    "source": Source,
    "storage": Storage,
    "switch": Switch,
    "transformer": Transformer,
}
"""The classes of parts by the word of the column ``kind`` of the table ``network``."""


class Feeder(BaseModel):
    """A feeder, or a group of feeders solved as one circuit; every tuple is sorted by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    id: Name
    """Id of the group: the feeder's, or the ids joined by ``+``."""
    feeders: tuple[str, ...]
    """Feeders in it."""
    frequency_hz: Positive = 60.0
    crs: str = ""
    """Coordinate system of x and y, e.g. EPSG:26910; empty when the source states none."""
    sources: tuple[Source, ...] = ()
    buses: tuple[Bus, ...] = ()
    line_codes: tuple[LineCode, ...] = ()
    lines: tuple[Line, ...] = ()
    switches: tuple[Switch, ...] = ()
    transformers: tuple[Transformer, ...] = ()
    regulators: tuple[Regulator, ...] = ()
    capacitors: tuple[Capacitor, ...] = ()
    reactors: tuple[Reactor, ...] = ()
    loads: tuple[Load, ...] = ()
    generators: tuple[Generator, ...] = ()
    storages: tuple[Storage, ...] = ()
    meters: tuple[Meter, ...] = ()

    @cached_property
    def bus(self) -> dict[str, Bus]:
        """The buses by name."""
        return {b.name: b for b in self.buses}

    @cached_property
    def line_code(self) -> dict[str, LineCode]:
        """The line codes by name."""
        return {c.name: c for c in self.line_codes}

    @property
    def customers(self) -> int:
        """Number of customers."""
        return sum(load.customers for load in self.loads if load.enabled)

    def to_json(self) -> str:
        """Canonical JSON: one part per line, sorted by name, without fields at their default; diffable."""
        raise NotImplementedError
