"""The places of a network and what joins them: buses, line codes, lines, switches, transformers and their regulators.

`dtl.network.feeder` states the conventions and is where other packages import these classes from.
"""

from __future__ import annotations

import math
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
    area: str = ""
    """Area of the GIS in which it stands; empty where the study draws none from there."""

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
    r_pct: Real
    """Resistance, per cent on kva; negative in the star of three windings only, where that follows from the pairs."""
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
        r_pct = sorted(w.r_pct for w in self.windings)
        if r_pct[0] < 0 and (len(r_pct) == 2 or r_pct[0] + r_pct[1] < 0):
            raise ValueError("r_pct must not be negative, between two windings of three together")
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
    remote_pt_ratio: Positive | None = None
    """Ratio of the voltage transformer at the monitored bus; none: ``pt_ratio``."""
    pt_phase: int | Literal["min", "max"] = 1
    """Phase it measures."""
    max_tap_change: int = 16
    """Most steps in one control action."""
    reversible: bool = False
    reverse_set_v: Positive | None = None
    reverse_band_v: Positive | None = None
    enabled: bool = True
