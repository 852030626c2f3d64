"""Who may be shown: groups of customers that are large enough, so that no number of the copy tells of one customer.

A group passes when it has at least ``min_customers`` customers of which none has more than ``max_customer_share`` of
its load (the 15/15 rule of the Californian commission, decision 14-05-016, with the study's own numbers). The customers
of a feeder are cut into groups along its tree, from the ends to the head: the flow of a part is shown only where the
customers that no shown part behind it has yet are none, or a group that passes. So no difference of two numbers that
are shown tells of a smaller group either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dtl.network.feeder import Feeder, Load
from dtl.network.topology import Edge, Topology


@dataclass
class Group:
    """Customers, the load of all, and the largest load that one of them may have [kW]."""

    customers: int = 0
    kw: float = 0.0
    largest_kw: float = 0.0

    def add(self, other: Group) -> None:
        """Join another group to this one."""
        self.customers += other.customers
        self.kw += other.kw
        self.largest_kw = max(self.largest_kw, other.largest_kw)

    def passes(self, publish: Mapping[str, Any]) -> bool:
        """Whether the group may be shown."""
        many = self.customers >= publish["min_customers"]
        return many and bool(self.largest_kw <= publish["max_customer_share"] * self.kw)


def group_of(loads: Iterable[Load]) -> Group:
    """The group of some loads; a load without customers counts as one, and those of a load are taken as equal."""
    found = Group()
    for load in loads:
        count, size = max(load.customers, 1), abs(load.kw)
        found.add(Group(count, size, size / count))
    return found


def feeders(model: Feeder, publish: Mapping[str, Any]) -> dict[str, Group]:
    """The feeders of a model that may be shown, each with its customers."""
    owner = {b.name: b.feeder or model.feeders[0] for b in model.buses}
    loads: dict[str, list[Load]] = {name: [] for name in model.feeders}
    for load in model.loads:
        loads[owner[load.bus]].append(load)
    groups = {name: group_of(own) for name, own in loads.items()}
    return {name: group for name, group in groups.items() if group.passes(publish)}


@dataclass
class _Cut:
    """A part that is shown, with the customers between it and the shown parts behind it."""

    edge: Edge
    own: Group = field(default_factory=Group)


def parts(model: Feeder, topology: Topology, publish: Mapping[str, Any]) -> set[Edge]:
    """The parts of a radial tree whose flow may be shown; parts of a loop never are."""
    at: dict[str, list[Load]] = {}
    for load in model.loads:
        at.setdefault(load.bus, []).append(load)
    looped = {edge for loop in topology.loops for edge in loop.parts}
    open_groups = {bus: group_of(at.get(bus, ())) for bus in topology.order}
    shown: dict[Edge, _Cut] = {}
    for bus in reversed(topology.order):
        if bus not in topology.parent:
            continue
        before, edge = topology.parent[bus]
        own = open_groups[bus]
        if edge not in looped and (own.customers == 0 or own.passes(publish)):
            shown[edge] = _Cut(edge, own)
        else:
            open_groups[before].add(own)
    _close(shown, topology, open_groups, publish)
    return set(shown)


def _close(
    shown: dict[Edge, _Cut], topology: Topology, open_groups: Mapping[str, Group], publish: Mapping[str, Any]
) -> None:
    """Hide shown parts, the nearest to the head first, until what is left at the head is none or a group that passes.

    The totals of the feeder are shown too, and would tell of that rest.
    """
    rest = Group()
    for bus in topology.order:
        if bus not in topology.parent:
            rest.add(open_groups[bus])
    for bus in topology.order:
        if rest.customers == 0 or rest.passes(publish):
            return
        cut = shown.pop(topology.parent[bus][1], None) if bus in topology.parent else None
        if cut is not None:
            rest.add(cut.own)
