"""The layers that a scenario may stack: the union of all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

from dtl.spec.adoption import Battery, ConnectionRules, Custom, Electrification, Ev, Growth, Solar, Tariff, Weather
from dtl.spec.edits import Actions, Controls, Flexibility, Project, Queue, Switching, Upgrades
from dtl.spec.kinds import ORDER
from dtl.spec.layer import LayerBase

Layer = Annotated[
    Weather
    | Upgrades
    | Queue
    | Project
    | Switching
    | Controls
    | Growth
    | Electrification
    | Ev
    | Custom
    | ConnectionRules
    | Solar
    | Tariff
    | Battery
    | Actions
    | Flexibility,
    Field(discriminator="kind"),
]
"""A layer, told by its ``kind``."""


def in_order(layers: Mapping[str, LayerBase]) -> list[tuple[str, LayerBase]]:
    """The layers of a stack with their names, in the order in which they apply: by kind, then by name."""
    return sorted(layers.items(), key=lambda item: (ORDER.index(item[1].kind), item[0]))


def conflicts(layers: Mapping[str, LayerBase]) -> list[tuple[str, str, str]]:
    """Pairs of layers of one kind that write the same thing: first name, second name, and the thing."""
    ordered = in_order(layers)
    pairs = [
        (a, b)
        for i, b in enumerate(ordered)
        for a in ordered[:i]
        if a[1].kind == b[1].kind and not _apart(a[1].feeders, b[1].feeders)
    ]
    return [(a, b, what) for (a, first), (b, second) in pairs for what in _both(first.writes(), second.writes())[:1]]


def _apart(first: list[str] | None, second: list[str] | None) -> bool:
    """Whether two layers name feeders of which none can be in both: at least one of the lists has no glob."""
    if first is None or second is None:
        return False
    plain, other = (first, second) if not any(c in f for f in first for c in "*?") else (second, first)
    if any(c in f for f in plain for c in "*?"):
        return False
    return not any(fnmatchcase(feeder, glob) for feeder in plain for glob in other)


def _both(first: set[str], second: set[str]) -> list[str]:
    """What two sets write in common, where a topic covers its parts."""
    whole = {x for x in first if x.split(".")[0] in second} | {y for y in second if y.split(".")[0] in first}
    return sorted(first & second | whole)
