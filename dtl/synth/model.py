"""The plan of one feeder: what really stands in the street. Everything else is written from it or measured on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PHASES = "ABC"


def nodes_of(phases: str) -> tuple[int, ...]:
    """Node numbers of phase letters: A is 1, B is 2, C is 3."""
    return tuple(PHASES.index(p) + 1 for p in phases)


@dataclass(slots=True)
class Node:
    """A place on the medium-voltage network; coordinates in metres of the working system."""

    id: str
    x: float
    y: float
    phases: str


@dataclass(slots=True)
class Device:
    """A switching device at the from side of a section."""

    id: str
    kind: str
    """breaker, recloser, switch or fuse."""
    amps: float
    closed: bool = True
    remote: bool = False
    installed: int = 0


@dataclass(slots=True)
class Section:
    """A piece of medium-voltage line between two nodes."""

    id: str
    from_node: str
    to_node: str
    phases: str
    length_m: float
    conductor: str
    overhead: bool
    installed: int
    role: str
    """express, trunk or lateral."""
    bend: tuple[float, float] | None = None
    device: Device | None = None


@dataclass(slots=True)
class Transformer:
    """A service transformer; ``kv_low`` is line to line for three phases and across the winding for one."""

    id: str
    node: str
    x: float
    y: float
    phases: str
    kva: float
    kv_low: float
    delta_high: bool
    z_pct: float
    x_over_r: float
    no_load_kw: float
    installed: int
    pole: str = ""

    @property
    def bus(self) -> str:
        """Name of its low-voltage bus."""
        return f"V{self.id[2:]}"

    @property
    def kv_low_ln(self) -> float:
        """Voltage of a low-voltage node to ground [kV]."""
        return self.kv_low if len(self.phases) == 1 else self.kv_low / 3.0**0.5


@dataclass(slots=True)
class Span:
    """A low-voltage line between two low-voltage buses of one transformer."""

    id: str
    transformer: int
    from_bus: str
    to_bus: str
    length_m: float
    conductor: str
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(slots=True)
class Capacitor:
    """A fixed three-phase capacitor bank."""

    id: str
    node: str
    kvar: float
    installed: int


@dataclass(slots=True)
class Regulator:
    """Three single-phase step-voltage regulators in a section without line."""

    id: str
    section: str
    """Section whose from side they stand at."""
    kva: float
    set_v: float
    band_v: float
    pt_ratio: float
    ct_primary_a: float
    r_v: float
    x_v: float
    installed: int


@dataclass(slots=True)
class Tie:
    """A normally open switch and line to the trunk end of a neighbour."""

    id: str
    section: str
    from_node: str
    to_node: str
    to_feeder: str
    length_m: float
    conductor: str
    to_x: float
    to_y: float
    installed: int


@dataclass(slots=True)
class Meters:
    """The customers of a feeder, one array element each."""

    id: list[str]
    customer: list[str]
    transformer: Ints
    """Index into the transformers of the feeder."""
    from_bus: list[str]
    """Low-voltage bus at which the service drop starts."""
    x: Floats
    y: Floats
    drop_m: Floats
    drop: list[str]
    """Conductor of the service drop."""
    kind: list[str]
    """Customer class: residential, commercial, industrial or farm."""
    peak_kw: Floats
    """Expected demand in the design hour [kW]."""
    power_factor: Floats

    def __len__(self) -> int:
        return len(self.id)


@dataclass(slots=True)
class Feeder:
    """One feeder of the truth; sections are ordered from the head."""

    id: str
    number: int
    substation: str
    area: str
    setting: str
    """urban, suburban or rural."""
    recipe: str
    """normal, or what was done to it: overloaded, weak."""
    kv: float
    head: str
    source_pu: float
    nodes: dict[str, Node]
    sections: list[Section]
    transformers: list[Transformer] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    capacitors: list[Capacitor] = field(default_factory=list)
    regulators: list[Regulator] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)
    meters: Meters | None = None

    @property
    def customers(self) -> Meters:
        """The meters, which exist once the feeder is complete."""
        assert self.meters is not None
        return self.meters

    def devices(self) -> Iterator[tuple[Section, Device]]:
        """Every switching device with its section, from the head."""
        return ((s, s.device) for s in self.sections if s.device is not None)

    def section_into(self) -> dict[str, Section]:
        """The section that feeds each node."""
        return {s.to_node: s for s in self.sections}
