"""Layer ``switching``: switches in other positions, within feeders that are solved as one circuit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dtl.errors import SolveError
from dtl.network.feeder import Feeder, Switch
from dtl.network.positions import placed
from dtl.network.topology import Topology, trace
from dtl.scenarios import edited
from dtl.scenarios.context import Context
from dtl.scenarios.state import State, assumption


def apply(layer: Mapping[str, Any], state: State, context: Context) -> State:
    """The state with the operations done, all at once: of several on one switch the last one counts.

    Rings and sources in parallel are solved, and noted.

    Raises
    ------
    SolveError
        A switch is not there, or a load loses its supply.
    """
    name, before = str(layer["name"]), state.feeder
    wanted: dict[str, tuple[Switch, bool]] = {}
    for step in layer["do"]:
        close = "close" in step
        asked = str(step["close" if close else "open"])
        switch = edited.found(before, "switch", asked)
        state = edited.sought(layer, state, "switch", asked, there=switch is not None)
        if isinstance(switch, Switch):
            if not switch.enabled:
                raise SolveError(f"layer '{name}': the switch '{switch.name}' is out of service in the model")
            wanted[switch.name] = (switch, close)
    changed = [p for s, close in wanted.values() if (p := placed(s, close)) is not s]
    if not changed:
        return state.assuming(name, assumption("switches operated", 0, "count", "the network"))
    after = edited.with_parts(before, switches=edited.swapped(before.switches, *changed))
    topology = edited.supplied(name, before, after)
    rows = [assumption(p.name, "closed" if p.is_closed else "open", "", "study") for p in changed]
    moved = [*_moved(before, after, topology), *_other_way(before, after, topology)]
    return replace(state, feeder=after).assuming(name, *rows, *moved).noting(*notes(name, before, after, topology))


def _moved(before: Feeder, after: Feeder, topology: Topology) -> list[dict[str, Any]]:
    """Customers and load that another source feeds than did before."""
    was, now = roots(trace(before)), roots(topology)
    loads = [p for p in after.loads if p.enabled and was.get(p.bus) != now.get(p.bus)]
    return [
        assumption("customers moved to another source", sum(p.customers for p in loads), "count", "the network"),
        assumption("load moved to another source", float(sum(p.kw for p in loads)), "kW of the model", "the network"),
    ]


def _other_way(before: Feeder, after: Feeder, topology: Topology) -> list[dict[str, Any]]:
    """Customers and load whose way to a source has other parts than before."""
    was, now = _ways(trace(before)), _ways(topology)
    loads = [p for p in after.loads if p.enabled and was.get(p.bus) != now.get(p.bus)]
    return [
        assumption("customers fed another way", sum(p.customers for p in loads), "count", "the network"),
        assumption("load fed another way", float(sum(p.kw for p in loads)), "kW of the model", "the network"),
    ]


def _ways(topology: Topology) -> dict[str, int]:
    """A number for the way from each bus to its source; equal ways through equal parts have equal numbers."""
    way: dict[str, int] = {}
    for bus in topology.order:
        above, part = topology.parent.get(bus, ("", ("source", bus)))
        way[bus] = hash((way.get(above, 0), part))
    return way


def notes(layer: str, before: Feeder, after: Feeder, topology: Topology) -> list[str]:
    """What a reader must know: sources that are now in parallel, and rings."""
    root = roots(topology)
    joined = {
        s.name: sorted((root[s.from_bus], root[s.to_bus]))
        for s in after.switches
        if s.enabled and s.is_closed and {s.from_bus, s.to_bus} <= root.keys() and root[s.from_bus] != root[s.to_bus]
    }
    parallel = [
        f"layer '{layer}' joins the sources at {one} and {other} through the switch {name}; they are solved in parallel"
        for name, (one, other) in sorted(joined.items())
    ]
    known = {loop.closing for loop in trace(before).loops}
    return parallel + [
        f"layer '{layer}' closes a ring of {len(loop.parts)} parts at {' '.join(loop.closing)}; it is solved as a ring"
        for loop in topology.loops
        if loop.closing not in known and not any(("switch", name) in loop.parts for name in joined)
    ]


def roots(topology: Topology) -> dict[str, str]:
    """The bus of the source that feeds each bus."""
    root: dict[str, str] = {}
    for bus in topology.order:
        root[bus] = root[topology.parent[bus][0]] if bus in topology.parent else bus
    return root
