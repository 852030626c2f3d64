"""Measures that move load between phases: laterals of one phase, from the fullest phase to the emptiest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from dtl.analyses.mitigation.measure import Measure, Refused
from dtl.analyses.mitigation.scene import Scene
from dtl.network.feeder import Load
from dtl.scenarios.edited import fed, letters

Offer = Measure | Refused
Real = NDArray[np.float64]
_MOST = 4
"""Laterals at most that are tried."""
_EVEN = 0.05
"""Difference of the phases, as a share of their mean, below which nothing is moved."""


def phase_balance(scene: Scene) -> Iterator[Offer]:
    """The laterals of one phase whose move would even the phases best, before what is beyond its limit."""
    owner = scene.feeder.feeders[0]
    bus = _before(scene)
    if not bus:
        yield Refused("phase_balance", owner, "", "nothing of three phases stands before what is beyond its limit")
        return
    owner = scene.owner(bus)
    fed_kw = _fed(scene)
    kw = fed_kw[bus]
    most, least = int(kw.argmax()), int(kw.argmin())
    gap = float(kw[most] - kw[least])
    if gap <= _EVEN * float(kw.mean()):
        text = f"the phases behind bus {bus} are even to {100 * gap / max(float(kw.mean()), 1e-9):.1f} %"
        yield Refused("phase_balance", owner, f"bus {bus}", text)
        return
    found = sorted(_laterals(scene, bus, fed_kw, most, least), key=lambda x: (abs(x[2] - gap / 2.0), x[1]))
    if not found:
        text = f"no lateral of phase {letters((most + 1,))} alone hangs on three phases behind bus {bus}"
        yield Refused("phase_balance", owner, f"bus {bus}", text)
    for kind, name, moved, at in found[:_MOST]:
        word, to = letters((most + 1,)), letters((least + 1,))
        step = {"move_phase": {"at": scene.asset(at, name), "to": to}}
        size = f"{word} to {to}, {moved:.0f} kW"
        yield Measure("phase_balance", scene.owner(at), f"{kind} {name}", (step,), size=size, amount=moved, phases=1)


def _before(scene: Scene) -> str:
    """The bus of three phases before all that is beyond its limit above the last transformer."""
    buses = [one.bus for one in (*scene.low, *scene.high)]
    buses += [bus for one in scene.over if (bus := scene.fed_by.get((one.kind, one.name), ""))]
    common = scene.common(buses)
    path = scene.path(common) if common else []
    return next((b for b in path if len(fed(scene.feeder, scene.topology, b)) == 3), "")


def _fed(scene: Scene) -> dict[str, Real]:
    """Sum of the highest powers of the loads that are fed through each bus, by phase [kW], shape (3,) each."""
    demand, topology = scene.case.demand, scene.topology
    high = {name: float(np.max(values)) for name, values in demand.profiles.items()}
    kw = {bus: np.zeros(3) for bus in topology.distance_km}
    for load in scene.feeder.loads:
        drive = demand.drives.get(load.name)
        nodes = _phases(scene, load) if load.enabled and load.bus in kw else []
        if drive is not None and nodes:
            kw[load.bus][[n - 1 for n in nodes]] += drive.kw * high[drive.kw_profile] / len(nodes)
    for bus in reversed(topology.order):
        if bus in topology.parent:
            kw[topology.parent[bus][0]] += kw[bus]
    return kw


def _phases(scene: Scene, load: Load) -> list[int]:
    """The phases of the primary that a load draws from: those of the transformer of one phase before it, if any."""
    nodes = load.nodes
    for bus in scene.path(load.bus):
        kind, name = scene.topology.parent.get(bus, ("", ("", "")))[1]
        if kind == "transformer" and (unit := scene.transformers.get(name)) is not None and unit.phases == 1:
            nodes = unit.windings[0].nodes
    return [n for n in nodes if 1 <= n <= 3]


def _laterals(
    scene: Scene, behind: str, fed_kw: Mapping[str, Real], most: int, least: int
) -> Iterator[tuple[str, str, float, str]]:
    """Lines and transformers of the fullest phase alone that hang on a bus which has the emptiest one too."""
    lines = {("line", p.name): p.from_nodes for p in scene.lines.values()}
    units = {("transformer", t.name): t.windings[0].nodes for t in scene.transformers.values() if not t.bank}
    parts = {**lines, **units}
    inside = {behind}
    for bus in scene.topology.order:
        above = scene.topology.parent.get(bus)
        if above is None or above[0] not in inside:
            continue
        inside.add(bus)
        nodes = [n for n in parts.get(above[1], ()) if 1 <= n <= 3]
        if nodes == [most + 1] and least + 1 in fed(scene.feeder, scene.topology, above[0]):
            kw = float(fed_kw[bus].sum())
            if kw > 0.0:
                yield above[1][0], above[1][1], kw, bus
