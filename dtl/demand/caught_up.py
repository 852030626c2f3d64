"""Readings that hold the energy of the gap before them: a meter that was silent reports all of it in one interval.

Taken for the energy of its own interval such a reading is a peak that never was. It is told by what the meter did
otherwise: readings are missing just before it, it is more than `EVIDENT` times all that the meter ever drew in an
interval with its neighbour there, and spread over the gap it is no more than that. A smaller one cannot be told from
load that returns after an outage and stays, so that no demand is off by more than that factor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

EVIDENT = 1.5
"""Multiple of the meter's highest other interval from which on a reading after a gap cannot be its own."""

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class CatchUp:
    """One such reading."""

    meter: str
    start: int
    """Of its interval [UTC minutes since 1970]."""
    gap_min: int
    """Length of the gap before it [min]."""
    kwh: float


@dataclass
class _Meter:
    """What was seen of a meter so far."""

    end: int = -1
    """End of its last reading that has energy [UTC minutes]; -1 before the first."""
    most: float = 0.0
    """Highest mean power of a reading with its neighbour there [kW]."""
    after: list[tuple[int, int, int, float]] = field(default_factory=list)
    """Readings after a gap: start, length, gap [min] and energy [kWh]."""


def catch_ups(readings: Iterable[tuple[list[str], Ints, Ints, Ints, Reals]]) -> list[CatchUp]:
    """Find them in readings that have energy, sorted by meter and start.

    Parameters
    ----------
    readings
        Batches: names of meters, then per reading the position of its meter there, start and length [min], energy
        [kWh]. A meter may go on in the next batch.
    """
    meters: dict[str, _Meter] = {}
    for names, code, start, minutes, kwh in readings:
        if len(code):
            first = np.concatenate([[0], np.flatnonzero(np.diff(code)) + 1])
            own = [meters.setdefault(names[c], _Meter()) for c in code[first].tolist()]
            _see(own, first, start, minutes, kwh)
    return [
        CatchUp(name, start, gap, kwh)
        for name, meter in sorted(meters.items())
        for start, length, gap, kwh in meter.after
        if kwh * 60 / length > EVIDENT * meter.most and kwh * 60 / (gap + length) <= meter.most
    ]


def _see(own: Sequence[_Meter], first: Ints, start: Ints, minutes: Ints, kwh: Reals) -> None:
    """Take in readings of some meters, each of which has those from its `first` to that of the next."""
    end = start + minutes
    before = np.concatenate([end[:1], end[:-1]])
    before[first] = [meter.end if meter.end >= 0 else at for meter, at in zip(own, start[first].tolist(), strict=True)]
    gap = start - before
    usual = gap <= 0
    most = np.maximum.reduceat(np.where(usual, kwh * 60 / minutes, 0.0), first)
    last = np.append(first[1:], len(start)) - 1
    for meter, kw, until in zip(own, most.tolist(), end[last].tolist(), strict=True):
        meter.most, meter.end = max(meter.most, kw), until
    late = np.flatnonzero(~usual)
    for k, of in zip(late.tolist(), (np.searchsorted(first, late, "right") - 1).tolist(), strict=True):
        own[of].after.append((int(start[k]), int(minutes[k]), int(gap[k]), float(kwh[k])))
