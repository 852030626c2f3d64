"""One work on a feeder, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dtl.network.feeder import Feeder
from dtl.scenarios.state import Plant

Sought = tuple[str, str, bool]
"""What was looked for, its name, and whether it is there."""


@dataclass(frozen=True)
class Work:
    """A work of a layer: the feeder before it, and its words in the study."""

    layer: str
    feeder: Feeder
    words: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """What a work made: the feeder after it, None where what it names is not there; what it did: field, value, unit."""

    feeder: Feeder | None
    told: tuple[tuple[str, float | str, str], ...]
    sought: tuple[Sought, ...]
    plant: Plant | None = None
    """What it connected."""


def absent(*names: tuple[str, str]) -> Done:
    """Nothing done, since what the work names is not in this feeder."""
    return Done(None, (), tuple((what, name, False) for what, name in names))
