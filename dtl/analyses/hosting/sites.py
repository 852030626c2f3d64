"""Where a plant may stand: a bus with the phases it has, and the part of the feeder that a plant there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dtl.network.feeder import Bus, Feeder, Generator, Load
from dtl.powerflow.head import View, view

Of = Literal["generation", "load", "pv"]
"""Kinds of plants: at their rated power in every hour, load likewise, and sun-driven."""
MIN_PU, MAX_PU = 0.5, 1.5
"""Voltages between which a plant keeps its power [pu]."""


@dataclass(frozen=True)
class Site:
    """A place for a plant.

    Attributes
    ----------
    bus, nodes, phases, connection, kv
        As of a part of the feeder.
    label
        Its phases as they are printed: ABC, B, 12 for the two legs of a split-phase bus.
    kv_ll
        Nominal voltage of the bus, line to line [kV].
    """

    bus: str
    nodes: tuple[int, ...]
    phases: int
    connection: Literal["wye", "delta"]
    kv: float
    label: str
    kv_ll: float


def site(bus: Bus, seen: View, phases: str = "") -> Site | str:
    """The site at a bus, on all its phases or on those named; a text says why there is none."""
    there = {_letter(bus, n): n for n in bus.nodes if 1 <= n <= 3 and (bus.name, n) in seen.fed}
    if missing := sorted(set(phases) - set(there)):
        return f"bus {bus.name} has no phase {', '.join(missing)}; it has {''.join(there) or 'none that is fed'}"
    if not there:
        return f"bus {bus.name} has no phase that a source reaches"
    nodes = tuple(sorted(there[p] for p in phases or there))
    label = "".join(_letter(bus, n) for n in nodes)
    grounded = all((bus.name, n) in seen.grounded for n in nodes)
    if len(nodes) == 1:
        if not grounded:
            return f"bus {bus.name} has no reference to ground, so that a plant on one phase has no return"
        return Site(bus.name, nodes, 1, "wye", bus.kv_ln, label, bus.kv_ll)
    if len(nodes) == 2:
        return Site(bus.name, nodes, 1, "delta", bus.kv_ll, label, bus.kv_ll)
    return Site(bus.name, nodes, 3, "wye" if grounded else "delta", bus.kv_ll, label, bus.kv_ll)


def _letter(bus: Bus, node: int) -> str:
    return str(node) if bus.split_phase else "ABC"[node - 1]


def sites(feeder: Feeder, where: Literal["buses", "loads"]) -> tuple[list[Site], dict[str, str]]:
    """The sites of a feeder by name of bus, and why other buses have none.

    Buses that feed the circuit are left out: what is connected there does not use the feeder.
    """
    seen = view(feeder)
    feeding = {s.bus for s in feeder.sources}
    loaded = {p.bus for p in feeder.loads if p.enabled}
    found: list[Site] = []
    refused: dict[str, str] = {}
    for bus in feeder.buses:
        if bus.name in feeding or (where == "loads" and bus.name not in loaded):
            continue
        made = site(bus, seen)
        if isinstance(made, str):
            refused[bus.name] = made
        else:
            found.append(made)
    return found, refused


def customers(feeder: Feeder) -> list[Site]:
    """One site at each load in service, connected as the load is; several loads of a bus are several sites."""
    by_name = feeder.bus
    return [
        Site(p.bus, p.nodes, p.phases, p.connection, p.kv, _label(by_name[p.bus], p), by_name[p.bus].kv_ll)
        for p in feeder.loads
        if p.enabled
    ]


def _label(bus: Bus, part: Load) -> str:
    return "".join(_letter(bus, n) for n in part.nodes if 1 <= n <= 3)


def name_of(number: int) -> str:
    """Name of the plant at a site, by the number of the site."""
    return f"hosting:{number:06d}"


def with_plants(feeder: Feeder, places: Sequence[Site], of: Of, kw: Mapping[int, float] | None = None) -> Feeder:
    """The feeder with a plant at every site, idle unless ``kw`` gives its power by number of the site [kW]."""
    kw = kw or {}
    same: list[dict[str, Any]] = [
        {
            "name": name_of(i),
            "bus": s.bus,
            "nodes": s.nodes,
            "phases": s.phases,
            "connection": s.connection,
            "kv": s.kv,
            "kw": kw.get(i, 0.0),
            "kvar": 0.0,
            "min_pu": MIN_PU,
            "max_pu": MAX_PU,
        }
        for i, s in enumerate(places)
    ]
    if of != "load":
        plants = [Generator.model_validate(p | {"kva": max(1.0, abs(p["kw"]))}) for p in same]
        machines = sorted((*feeder.generators, *plants), key=lambda p: p.name)
        return feeder.model_copy(update={"generators": tuple(machines)})
    more = [Load.model_validate(p | {"customers": 0}) for p in same]
    return feeder.model_copy(update={"loads": tuple(sorted((*feeder.loads, *more), key=lambda p: p.name))})
