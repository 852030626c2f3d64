"""The network of the public copy: the utility's own part of it, by new names, with nothing of customers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dtl.network.feeder import Bus, Feeder
from dtl.report.public.names import Names


def model(whole: Feeder, kept: Collection[str], buses: set[str], names: Names, *, placed: bool) -> Feeder:
    """The model that pages draw: the buses that are drawn and what joins them; no loads, plants, controls, meters.

    Without `placed` there are no coordinates, and pages draw trees.
    """
    feeders = tuple(f for f in whole.feeders if f in kept)
    return Feeder(
        id="+".join(feeders).lower(),
        feeders=feeders,
        frequency_hz=whole.frequency_hz,
        crs=whole.crs if placed else "",
        sources=_named(
            p.model_copy(update={"name": f"head-{i}", "bus": names.of("bus", p.bus)})
            for i, p in enumerate(whole.sources, 1)
            if p.bus in buses
        ),
        buses=_named(_bus(b, whole, names, placed=placed) for b in whole.buses if b.name in buses),
        lines=_named(
            p.model_copy(update=_ends("line", p, names) | {"path": p.path if placed else (), "customers": 0})
            for p in whole.lines
            if names.of("line", p.name)
        ),
        switches=_named(
            p.model_copy(update=_ends("switch", p, names)) for p in whole.switches if names.of("switch", p.name)
        ),
        transformers=_named(
            p.model_copy(
                update={
                    "name": names.of("transformer", p.name),
                    "windings": tuple(w.model_copy(update={"bus": names.of("bus", w.bus)}) for w in p.windings),
                }
            )
            for p in whole.transformers
            if names.of("transformer", p.name)
        ),
    )


def _named(parts: Any) -> tuple[Any, ...]:
    return tuple(sorted(parts, key=lambda p: p.name))


def _bus(bus: Bus, whole: Feeder, names: Names, *, placed: bool) -> Bus:
    where = {} if placed else {"x": None, "y": None}
    feeder = bus.feeder or whole.feeders[0]
    return bus.model_copy(update={"name": names.of("bus", bus.name), "feeder": feeder, **where})


def _ends(kind: str, part: Any, names: Names) -> dict[str, str]:
    return {
        "name": names.of(kind, part.name),
        "from_bus": names.of("bus", part.from_bus),
        "to_bus": names.of("bus", part.to_bus),
    }
