"""Where the unit or constant of a series changes: at once, and for good, all readings are ten to a thousand times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.learning.usual import Array

Days = NDArray[np.int64]
POWERS = 3
OFF, QUARTER_OFF = 0.1, 0.25
"""How far the change of the level may be from a power of ten, per power [decades]; and that of a quarter of the day."""
BESIDE = 7
"""Known days on both sides that are compared; what is shorter is a state of a fault."""


@dataclass(frozen=True)
class Break:
    """Readings from ``first`` to ``end`` (exclusive) are ``factor`` times what they are in the unit of most."""

    first: int
    end: int
    factor: float
    kind: str
    """unit, or times_10 or times_1000 where the same unit comes before and after."""


def breaks(values: Array) -> list[Break]:
    """Parts of whole days of readings, shape (days, steps), nan where missing, in another unit than most of them.

    The level of a day is the median of its absolute readings. The unit changes where the levels of a week on both sides
    are a power of ten apart, in each quarter of the day as well, and each of these days is on its own side: what
    people and weather do is not that sharp, and not the same at all hours.
    """
    level = _levels(values)
    quarters = np.array_split(values, 4, axis=1)
    known = np.flatnonzero(np.isfinite(level))
    if len(known) < 2 * BESIDE:
        return []
    middle = np.median(np.lib.stride_tricks.sliding_window_view(level[known], BESIDE), axis=1)
    edges, powers = [0], [0]
    for i in np.flatnonzero(np.abs(middle[BESIDE:] - middle[:-BESIDE]) >= 1 - OFF) + BESIDE:
        power = _power(level, quarters, known[i - BESIDE : i], known[i : i + BESIDE])
        if power:
            edges.append(_edge(values, int(known[i]), level[known[i - 1]], level[known[i]]))
            powers.append(powers[-1] + power)
    ends = [*edges[1:], values.size]
    amounts: dict[int, int] = {}
    for first, end, power in zip(edges, ends, powers, strict=True):
        amounts[power] = amounts.get(power, 0) + int(np.isfinite(values.ravel()[first:end]).sum())
    most = max(amounts, key=lambda p: amounts[p])
    found = []
    for k, (first, end, power) in enumerate(zip(edges, ends, powers, strict=True)):
        if power != most:
            back = 0 < k < len(edges) - 1 and powers[k - 1] == powers[k + 1] == most
            kind = {1: "times_10", 3: "times_1000"}.get(power - most, "unit") if back else "unit"
            found.append(Break(first, end, 10.0 ** (power - most), kind))
    return found


def in_one_unit(values: Array, found: list[Break]) -> Array:
    """The readings in the unit of most of them."""
    x = values.ravel().copy()
    for part in found:
        x[part.first : part.end] /= part.factor
    return x.reshape(values.shape)


def told(part: Break) -> str:
    """What shows a change of unit."""
    times = f"{part.factor:,.0f} times" if part.factor > 1 else f"1/{1 / part.factor:,.0f} of"
    return f"all readings are {times} those of the rest of the record: a unit (kW, MW) or a constant changed"


def _levels(values: Array) -> Array:
    """Median of the absolute readings of each day [decades], nan where half of them are missing, or all are zero."""
    size = np.where(np.isfinite(values) & (values != 0), np.abs(values), np.nan)
    enough = np.isfinite(size).mean(axis=1) >= 0.5
    found = np.full(len(values), np.nan)
    found[enough] = np.log10(np.nanmedian(size[enough], axis=1))
    return found


def _power(level: Array, quarters: list[Array], before: Days, after: Days) -> int:
    """The power of ten by which readings of the days `after` are those of the days `before`; 0 if by none."""
    change = float(np.median(level[after]) - np.median(level[before]))
    power = round(change)
    if not 0 < abs(power) <= POWERS or abs(change - power) > OFF * abs(power):
        return 0
    middle, sign = float(np.median(level[before])) + power / 2, np.sign(power)
    if (sign * (level[before] - middle) >= 0).any() or (sign * (level[after] - middle) <= 0).any():
        return 0
    moved = np.asarray([np.median(_levels(q[after])) - np.median(_levels(q[before])) for q in quarters])
    far = np.abs(moved[np.isfinite(moved)] - power) > QUARTER_OFF * abs(power)
    return 0 if bool(far.any()) else power


def _edge(values: Array, day: int, before: float, after: float) -> int:
    """The first interval in the new unit, on a day or the one before it."""
    steps = values.shape[1]
    first, end = (day - 1) * steps, (day + 1) * steps
    own = np.abs(values.ravel()[first:end])
    new = (own > 10 ** ((before + after) / 2)) == (after > before)
    wrong = np.where(np.isfinite(own), np.where(new, 1, -1), 0)
    return int(first + np.argmin(np.append(0, np.cumsum(wrong))))
