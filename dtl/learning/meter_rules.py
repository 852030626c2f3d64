"""Rules with a certain answer about readings: stuck, zero where it cannot be, spikes, catch-up after a gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtl.learning.usual import Array

Mask = NDArray[np.bool_]

LEAST_RUN = 6
"""Shortest run of equal readings that is called stuck."""
NO_ZEROS = 0.01
"""Share of zeros up to which a meter has none of its own."""
SPIKE = 2.0
"""Multiple of the highest usual reading beyond which one alone is a spike."""
MOST_SPIKES = 3
"""Spikes in a month, above which they are how the meter is used: a car that charges now and then."""
CATCH_UP = 0.25
"""How far the sum over gap and catch-up may be off the usual sum."""
LONGEST_GAP = 48


@dataclass(frozen=True)
class Marks:
    """Intervals that a rule names; shape (n,)."""

    stuck: Mask
    zero: Mask
    spike: Mask
    catch_up: Mask
    far: Mask
    """Beyond all that is usual, alone or not."""


def runs(mask: Mask) -> list[tuple[int, int]]:
    """First and end (exclusive) of every run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def marks(x: Array, median: Array, spread: Array, month: int) -> Marks:
    """What the rules name in readings, given what is usual; arrays of shape (n,), readings nan where missing.

    ``month``: intervals of 30 days.
    """
    missing = ~np.isfinite(x)
    lowest = median - 4 * spread
    zero = _zeros(x, lowest, median)
    stuck = _stuck(x)
    top = float(np.nanquantile(np.abs(median) + 3 * spread, 0.999))
    far = np.abs(x) > SPIKE * max(top, 1e-12)
    spike = np.zeros(len(x), bool)
    for first, end in runs(far):
        around = far[max(first - 4, 0) : first].any() or far[end : end + 4].any()
        spike[first:end] = end - first <= 2 and not around
    if len(runs(spike)) > MOST_SPIKES * max(1.0, len(x) / month):
        far, spike = far & ~spike, np.zeros(len(x), bool)
    caught = _catch_up(x, median, (x == 0) | missing)
    return Marks(stuck & ~caught, zero & ~caught, spike & ~caught, caught, far & ~caught)


def _stuck(x: Array) -> Mask:
    """Runs of equal readings that are longer than the meter's own; zeros are another matter."""
    same = np.append(False, (x[1:] == x[:-1]) & (x[1:] != 0))
    found = np.zeros(len(x), bool)
    spans = [(first - 1, end) for first, end in runs(same)]
    alone = int(np.isfinite(x).sum()) - sum(end - first for first, end in spans)
    lengths = np.concatenate([np.ones(max(alone, 0)), [end - first for first, end in spans]])
    if not len(lengths):
        return found
    limit = max(LEAST_RUN, 2 * float(np.quantile(lengths, 0.99)))
    for first, end in spans:
        if end - first >= limit:
            found[first:end] = True
    return found


def _zeros(x: Array, lowest: Array, median: Array) -> Mask:
    """Zeros where the usual load cannot be zero, and runs much longer than the meter's own, or of one without."""
    found = np.asarray((x == 0) & (lowest > 0), bool)
    spans = runs(x == 0)
    if len(spans) >= 20:
        limit = max(4.0, 2 * float(np.quantile([end - first for first, end in spans], 0.99)))
        for first, end in spans:
            if end - first >= limit:
                found[first:end] = True
    for first, end in spans:
        alone = sum(b - a for a, b in spans) - (end - first) <= NO_ZEROS * len(x)
        if end - first >= LEAST_RUN and alone and median[first:end].sum() > 0:
            found[first:end] = True
    return found


def _catch_up(x: Array, median: Array, gap: Mask) -> Mask:
    """Gaps whose energy comes with the reading after them, the sum conserved; the gap and that reading."""
    found = np.zeros(len(x), bool)
    for first, end in runs(gap):
        if end >= len(x) or end - first > LONGEST_GAP:
            continue
        usual = float(median[first : end + 1].sum())
        if usual <= 0 or x[end] < 1.4 * median[end]:
            continue
        if abs(x[end] / usual - 1) <= CATCH_UP:
            found[first : end + 1] = True
    return found
