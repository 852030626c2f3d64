"""The voltage rise that generation brings to the places where it is connected, by the impedances between.

Linear power flow of unbalanced radial networks (Gan and Low 2014, Convex relaxations and linear
approximation for optimal power flow in multiphase radial networks, PSCC): a power ``P_c`` given on phase c
raises the voltage of phase a, along every part that both share with the head, by ``Re(Z_ac exp(j(t_c - t_a))) P_c /
V_ln^2``, where ``t`` are the angles of the phases. Losses, and what loads do with the higher voltage, are left out, and
generation gives no reactive power. The impedance of the source counts; series reactors and taps do not, and in a ring
the tree from the head counts alone. Behind a delta winding a phase shares evenly in those above.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from dtl.network.feeder import Bus, Feeder, Line, Load, Source, Switch, Transformer
from dtl.network.topology import trace

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
Vector = dict[int, complex]
"""A power by phase node, each with the angle of its phase."""
Place = tuple[str, int]
"""A bus and one of its phase nodes."""

ANGLES = {1: 0.0, 2: -2.0 * np.pi / 3.0, 3: 2.0 * np.pi / 3.0}
"""Angle of each phase at the head [rad]."""
WIDTH = 3


@dataclass(frozen=True)
class _Step:
    """What lies between a bus and the one above it.

    ``z`` is the impedance between its nodes [pu/kW], ``up`` the nodes above that carry the power of each node;
    ``across`` says that two such nodes are the ends of one winding.
    """

    above: str
    z: Complex
    up: Mapping[int, Vector]
    across: bool = False


class Rise:
    """The rises at some places of a feeder.

    Attributes
    ----------
    places
        Where the voltage is watched; buses that nothing feeds have no rise.
    """

    def __init__(self, feeder: Feeder, places: Sequence[Place]) -> None:
        self.places = list(places)
        self._number: dict[str, int] = {}
        self._blocks: list[Complex] = []
        self._steps = _steps(feeder)
        self._angle = _angles(feeder, self._steps)
        paths = [self._path(place) for place in self.places]
        whole = sparse.block_diag(self._blocks, "csr") if self._blocks else sparse.csr_array((0, 0))
        rows = np.repeat(np.arange(len(paths)), [len(p) for p in paths])
        columns = [c for path in paths for c in path]
        values = [v for path in paths for v in path.values()]
        shape = (len(paths), whole.shape[0])
        self._watched = sparse.csr_array((np.conj(np.array(values, complex)), (rows, columns)), shape=shape) @ whole

    def by(self, bus: str, nodes: Sequence[int], *, between: bool = False) -> Real:
        """The rise at each place by a kilowatt given at a bus [pu/kW]: evenly on nodes, or `between` two of them."""
        phases = [n for n in nodes if 1 <= n <= WIDTH]
        given = np.zeros(self._watched.shape[1], np.complex128)
        for node, weight in self._currents(bus, phases, between=between).items():
            for column, value in self._path((bus, node)).items():
                if column < len(given):  # beyond it lie parts that no watched place has above it
                    given[column] += value * weight
        return np.asarray((self._watched @ given).real, np.float64)

    def _currents(self, bus: str, nodes: Sequence[int], *, between: bool) -> Vector:
        """The current of a kilowatt on each node, in proportion to that of a kilowatt on it alone."""
        angle = self._angle.get(bus, {})
        if between and len(nodes) == 2 and all(n in angle for n in nodes):
            return _between(nodes[0], nodes[1], angle)
        return {n: 1.0 / len(nodes) for n in nodes}

    def _path(self, place: Place) -> dict[int, complex]:
        """The power of a kilowatt at a place on the nodes below each part above it, by column."""
        bus, node = place
        if bus not in self._steps or node not in self._angle.get(bus, {}):
            return {}
        power: Vector = {node: complex(np.exp(1j * self._angle[bus][node]))}
        found: dict[int, complex] = {}
        while True:
            step = self._steps[bus]
            if bus not in self._number:
                self._number[bus] = len(self._blocks)
                self._blocks.append(step.z)
            first = self._number[bus] * WIDTH
            found |= {first + n - 1: value for n, value in power.items()}
            if not step.above:
                return found
            power = _carried(power, step, self._angle[bus], self._angle[step.above])
            bus = step.above


def _carried(power: Vector, step: _Step, below: Mapping[int, float], above: Mapping[int, float]) -> Vector:
    """A power on the nodes above a part: of each node its shares, turned to their angles."""
    found: Vector = {}
    for node, value in power.items():
        shares = step.up.get(node, {})
        if step.across and len(shares) == 2 and all(up in above for up in shares):
            first, second = sorted(shares)
            shares = _between(first, second, above)
        for up, share in shares.items():
            turn = above.get(up, 0.0) - below.get(node, 0.0)
            found[up] = found.get(up, 0.0) + value * share * complex(np.exp(1j * turn))
    return found


def _between(one: int, other: int, angle: Mapping[int, float]) -> Vector:
    """The currents of a kilowatt between two nodes, each in proportion to that of a kilowatt on it alone."""
    voltage = np.exp(1j * angle[one]) - np.exp(1j * angle[other])
    current = voltage / abs(voltage) ** 2
    return {one: complex(current * np.exp(-1j * angle[one])), other: complex(-current * np.exp(-1j * angle[other]))}


def _steps(feeder: Feeder) -> dict[str, _Step]:
    """What is above each fed bus; above a head is its source."""
    topology, found = trace(feeder), dict[str, _Step]()
    between: dict[frozenset[str], list[Any]] = {}
    branches: tuple[Line | Switch, ...] = (*feeder.lines, *feeder.switches)
    for part in branches:
        if part.enabled and not (isinstance(part, Switch) and not part.is_closed):
            between.setdefault(frozenset((part.from_bus, part.to_bus)), []).append(part)
    for unit in (t for t in feeder.transformers if t.enabled):
        head, *others = [w.bus for w in unit.windings]
        for other in others:
            between.setdefault(frozenset((head, other)), []).append(unit)
    sources = {s.bus: s for s in feeder.sources}
    for bus in topology.order:
        if bus not in topology.parent:
            found[bus] = _Step("", _of_source(sources[bus], feeder.bus[bus]), {})
            continue
        above = topology.parent[bus][0]
        z, up = np.zeros((WIDTH, WIDTH), np.complex128), dict[int, Vector]()
        parts = between.get(frozenset((above, bus)), [])
        for part in parts:
            if isinstance(part, Transformer):
                _add_unit(part, above, bus, z, up)
            else:
                _add_line(part, above, feeder, z, up)
        across = any(isinstance(p, Transformer) and p.phases == 1 for p in parts)
        found[bus] = _Step(above, z, up, across)
    return found


def _of_source(source: Source, bus: Bus) -> Complex:
    """The impedance of a source [pu/kW]."""
    z1, z0 = complex(source.r1_ohm, source.x1_ohm), complex(source.r0_ohm, source.x0_ohm)
    z = np.full((WIDTH, WIDTH), (z0 - z1) / 3.0)
    np.fill_diagonal(z, (z0 + 2.0 * z1) / 3.0)
    return np.asarray(z / _per_kw(bus), np.complex128)


def _per_kw(bus: Bus) -> float:
    """The impedance at which a kilowatt on a phase lifts it by its nominal voltage [ohm]."""
    return 1e3 * bus.kv_ln**2


def _add_line(part: Line | Switch, above: str, feeder: Feeder, z: Complex, up: dict[int, Vector]) -> None:
    """Add the nodes that a line or switch feeds, as far as no other part between the buses does."""
    turned = part.from_bus != above
    nodes = part.from_nodes if turned else part.to_nodes
    upper = part.to_nodes if turned else part.from_nodes
    per_kw = _per_kw(feeder.bus[above])
    if isinstance(part, Switch):
        matrix = np.asarray(np.eye(len(nodes)) * complex(part.r_ohm, part.x_ohm), np.complex128)
    else:
        code = feeder.line_code[part.line_code]
        per_km = np.array(code.r_ohm_per_km) + 1j * np.array(code.x_ohm_per_km)
        matrix = np.asarray(per_km * part.length_km, np.complex128)
    mine = [(i, n) for i, n in enumerate(nodes) if 1 <= n <= WIDTH and n not in up]
    for i, a in mine:
        for k, c in mine:
            z[a - 1, c - 1] = matrix[i, k] / per_kw
    up |= {n: {upper[i]: 1.0} for i, n in mine if 1 <= upper[i] <= WIDTH}


def _add_unit(unit: Transformer, above: str, bus: str, z: Complex, up: dict[int, Vector]) -> None:
    """Add the nodes that a transformer feeds; the halves of a split phase are two windings of one."""
    at = next(i for i, w in enumerate(unit.windings) if w.bus == above)
    high = unit.windings[at]
    across = [n for n in high.nodes if 1 <= n <= WIDTH]
    for number, low in enumerate(unit.windings):
        if low.bus != bus or number == at:
            continue
        x = _reactances(unit)
        per_kw = 0.01 / (low.kva / unit.phases)
        own = complex(high.r_pct + low.r_pct, x[frozenset((at, number))]) * per_kw
        straight = unit.phases > 1 and high.connection == low.connection == "wye"
        phases = [n for n in low.nodes if 1 <= n <= WIDTH]
        for i, node in enumerate(phases):
            if node in up:
                continue
            z[node - 1, node - 1] = own
            if len(unit.windings) == 3 and unit.phases == 1:
                third = ({0, 1, 2} - {at, number}).pop()
                shared = x[frozenset((at, number))] + x[frozenset((at, third))] - x[frozenset((number, third))]
                for other in (n for n in unit.windings[third].nodes if 1 <= n <= WIDTH and n != node):
                    z[node - 1, other - 1] = -complex(high.r_pct, shared / 2.0) * per_kw
            up[node] = {across[i]: 1.0} if straight and i < len(across) else dict.fromkeys(across, 1.0 / len(across))


def _reactances(unit: Transformer) -> dict[frozenset[int], float]:
    """The reactance between each two windings [%]."""
    pairs = ((0, 1, unit.xhl_pct), (0, 2, unit.xht_pct), (1, 2, unit.xlt_pct))
    return {frozenset((one, other)): value or 0.0 for one, other, value in pairs}


def _angles(feeder: Feeder, steps: Mapping[str, _Step]) -> dict[str, dict[int, float]]:
    """The angle of each fed node: that of the head, and across a split phase opposite ones [rad]."""
    halves = {(w.bus, n): 0.0 if w.nodes[0] == n else np.pi for t in feeder.transformers if t.phases == 1
              for w in t.windings[1:] for n in w.nodes if n and len(t.windings) == 3}  # fmt: skip
    found: dict[str, dict[int, float]] = {}
    for bus, step in steps.items():
        if not step.above:
            found[bus] = dict(ANGLES)
            continue
        upper = found.get(step.above, {})
        found[bus] = {
            node: halves.get((bus, node), min((upper.get(u, 0.0) for u in above), default=0.0) if len(above) == 1
                             else ANGLES[node])
            for node, above in step.up.items() if any(u in upper for u in above)
        }  # fmt: skip
    return found


def within(limit_pu: float, rise: Rise, before: Real, wanted: Iterable[tuple[int, Load, int, float]]) -> dict[int, int]:
    """How many systems of each load may be connected so that no watched place rises by more than a limit.

    Parameters
    ----------
    limit_pu
        Largest rise by all generation [pu].
    before
        Rise at each place by the generation that is there already [pu].
    wanted
        In the order in which they come: index of the load, the load, its systems, and the power of each [kW]. Those who
        still lack some come again, since what others gave on other phases may have left room.
    """
    room, found, asking = limit_pu - before, dict[int, int](), list(wanted)
    while asking:
        left = []
        for number, load, count, kw in asking:
            lifted = rise.by(load.bus, load.nodes, between=load.connection == "delta") * kw
            bound = lifted > 0.0
            fits = np.floor(np.maximum(room[bound], 0.0) / lifted[bound] + 1e-9)
            more = int(min(count, fits.min(initial=count)))
            found[number] = found.get(number, 0) + more
            room = room - more * lifted
            if more < count:
                left.append((number, load, count - more, kw))
        asking = left if sum(n for *_, n, _ in left) < sum(n for *_, n, _ in asking) else []
    return found
