"""What the map can show of a feeder besides loading and voltage: numbers of buses by case, and of parts for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Number = Mapping[str, float]
Part = tuple[str, str]


@dataclass(frozen=True)
class Overlays:
    """Numbers for the map, only those that the study has.

    ``of_bus`` maps a column to a case to a bus to its value; ``of_part`` maps a column to a kind and name of a part
    (``bus``, ``line``, ``switch``, ``transformer``) to its value, which holds for all cases.
    """

    of_bus: Mapping[str, Mapping[str, Number]] = field(default_factory=dict)
    of_part: Mapping[str, Mapping[Part, float]] = field(default_factory=dict)


DIGITS = {"fit_generation": 1, "fit_load": 1}
"""The columns of buses by case, and their decimals: ``fit_<kind>`` is the plant that fits there alone [kW]."""
