"""What the makers of measures see: one case's network, and where it is beyond its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from dtl.analyses.mitigation.trial import Case
from dtl.network.feeder import Feeder, Line, Transformer
from dtl.network.topology import Edge, Topology, trace
from dtl.powerflow.reduce import Reduction


@dataclass(frozen=True)
class Over:
    """A series element that carries too much: highest loading and limit [% of the rating], and hours."""

    kind: str
    name: str
    pct: float
    limit_pct: float
    hours: float
    hour: int
    kva: float
    amps: float

    @property
    def needed(self) -> float:
        """The rating that would do, as a share of the present one."""
        return self.pct / self.limit_pct

    @property
    def needed_a(self) -> float:
        """The rating that would carry its highest current in any season [A]."""
        return self.amps * 100.0 / self.limit_pct


@dataclass(frozen=True)
class Beyond:
    """A bus outside of its band: its furthest voltage and its limit [pu], and hours."""

    bus: str
    pu: float
    limit_pu: float
    hours: float


@dataclass(frozen=True)
class Scene:
    """One case of a group: the network with all layers, what was solved, and the words of the study.

    ``only`` names the assets that must have a measure though nothing of theirs is broken.
    """

    case: Case
    layers: Sequence[Mapping[str, Any]]
    limits: Mapping[str, Any]
    stock: Mapping[int, Sequence[float]]
    only: frozenset[str] = field(default_factory=frozenset)

    @property
    def feeder(self) -> Feeder:
        """The network of the case."""
        return self.case.feeder

    @property
    def reduction(self) -> Reduction:
        """What was solved."""
        return self.case.reduction

    @cached_property
    def topology(self) -> Topology:
        """How the network hangs together."""
        return trace(self.feeder)

    @cached_property
    def lines(self) -> dict[str, Line]:
        """The lines by name."""
        return {p.name: p for p in self.feeder.lines if p.enabled}

    @cached_property
    def transformers(self) -> dict[str, Transformer]:
        """The transformers by name."""
        return {p.name: p for p in self.feeder.transformers if p.enabled}

    @cached_property
    def fed_by(self) -> dict[Edge, str]:
        """The bus behind each part."""
        return {edge: bus for bus, (_, edge) in self.topology.parent.items()}

    @cached_property
    def over(self) -> list[Over]:
        """Elements over their limit, the longest first."""
        found = self.reduction
        hours = np.bincount(found.loading.thermal.joined()[0], minlength=len(found.series)) * found.step_h
        return sorted(
            (self._over(i, float(hours[i])) for i in np.flatnonzero(hours).tolist()),
            key=lambda o: (-o.hours, -o.pct, o.name),
        )

    def named(self, kind: str) -> list[Over]:
        """Elements of a kind that are over their limit, and those that must have a measure."""
        broken = [o for o in self.over if o.kind == kind]
        there = {o.name for o in broken}
        rows = {name: i for i, (k, name) in enumerate(self.reduction.series) if k == kind}
        asked = [rows[name] for name in sorted(self.only) if name in rows and name not in there]
        return broken + [self._over(i, 0.0) for i in asked]

    def _over(self, i: int, hours: float) -> Over:
        found = self.reduction
        kind, name = found.series[i]
        peak = found.loading.peak
        return Over(
            kind, name, float(peak.value[i]), float(found.ratings.over_pct[i]), hours, int(peak.hour[i]),
            float(found.loading.max_kva[i]), float(found.loading.max_a[i]),
        )  # fmt: skip

    @cached_property
    def low(self) -> list[Beyond]:
        """Buses below their band, the lowest first."""
        v = self.reduction.voltages
        return self._beyond(v.bus_hours_low, np.array([self.lowest[b.name] for b in v.buses]), v.low_pu)

    @cached_property
    def high(self) -> list[Beyond]:
        """Buses above their band, the highest first."""
        v = self.reduction.voltages
        pu = np.maximum.reduceat(v.highest.value, v.bus_start) if len(v.bus_start) else np.zeros(0)
        return self._beyond(v.bus_hours_high, pu, v.high_pu)

    def _beyond(self, hours: Any, pu: Any, limit: Any) -> list[Beyond]:
        buses = self.reduction.voltages.buses
        found = [
            Beyond(buses[i].name, float(pu[i]), float(limit[i]), float(hours[i])) for i in np.flatnonzero(hours > 0)
        ]
        return sorted(found, key=lambda b: (-abs(b.pu - b.limit_pu), b.bus))

    @cached_property
    def lowest(self) -> dict[str, float]:
        """Lowest voltage of each judged bus [pu]."""
        v = self.reduction.voltages
        pu = -np.maximum.reduceat(v.lowest.value, v.bus_start) if len(v.bus_start) else np.zeros(0)
        return {b.name: float(x) for b, x in zip(v.buses, pu, strict=True)}

    def owner(self, bus: str) -> str:
        """The feeder of a bus."""
        return self.feeder.bus[bus].feeder or self.feeder.feeders[0]

    def path(self, bus: str) -> list[str]:
        """The buses from a bus to the head, the bus first."""
        found = [bus]
        while found[-1] in self.topology.parent:
            found.append(self.topology.parent[found[-1]][0])
        return found

    def common(self, buses: Sequence[str]) -> str:
        """The bus farthest from the head through which all of some buses are fed; empty where there is none."""
        paths = [self.path(b) for b in buses if b in self.topology.distance_km]
        if not paths:
            return ""
        shared = set(paths[0]).intersection(*paths[1:])
        return next((b for b in paths[0] if b in shared), "")

    def primary(self, bus: str) -> str:
        """The first bus above 1 kV from a bus towards the head; empty where there is none."""
        return next((b for b in self.path(bus) if self.feeder.bus[b].kv_ll > 1.0), "")

    def asset(self, bus: str, name: str) -> str:
        """A name as works give it: with its feeder, so that it is one's own in the study."""
        return f"{self.owner(bus)}:{name}"
