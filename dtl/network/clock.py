"""By how many hours of the clock the windings of a transformer turn the voltage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from dtl.network.feeder import Transformer, Winding

TURNED = {0: (1, 2, 3), 1: (3, 1, 2), 2: (2, 3, 1)}
"""Nodes of the three conductors of a winding that lags by so many thirds of a turn."""
LAGGING = {1: ("lag", 0), 5: ("lag", 1), 9: ("lag", 2), 11: ("lead", 0), 3: ("lead", 1), 7: ("lead", 2)}
"""Which way, and by how many thirds of a turn more, a winding is joined that lags by an odd number of hours."""

Way = Literal["lag", "lead"]
OTHER: dict[Way, Way] = {"lag": "lead", "lead": "lag"}


def way_of(windings: Sequence[Winding], lead_lag: Way) -> Way:
    """Whether the windings that are connected otherwise than the first lag it or lead it, as the engine turns them.

    The engine compares the first two windings only: its word says what the one of lower voltage does, and where both
    are connected alike it has no effect.
    """
    first, second = windings[:2]
    if first.connection == second.connection:
        return "lag" if first.connection == "wye" else "lead"
    return lead_lag if first.kv >= second.kv else OTHER[lead_lag]


def hour_of(first: Winding, other: Winding, way: Way) -> int | None:
    """The clock number of a winding of three phases against the first; None when no number tells its connection."""
    if first.nodes[:3] != (1, 2, 3) or other.nodes[:3] not in TURNED.values():
        return None
    thirds = next(k for k, nodes in TURNED.items() if nodes == other.nodes[:3])
    if first.connection == other.connection:
        return 4 * thirds
    return next(hour for hour, told in LAGGING.items() if told == (way, thirds))


def turn(part: Transformer, winding: int) -> int | None:
    """The hours by which a winding, counted from 0, lags the first one; None where its connection tells none.

    A unit of one phase turns nothing where both of its windings stand on the same nodes.
    """
    first, other = part.windings[0], part.windings[winding]
    if part.phases == 3:
        return hour_of(first, other, way_of(part.windings, part.lead_lag))
    return 0 if first.nodes == other.nodes and first.connection == other.connection else None
