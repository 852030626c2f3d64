"""Faults put into real clean series by the protocol of the method page: seeded, apart, after two weeks of history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SHORT = {"stuck": (12, 72), "zero": (4, 48), "spike": (1, 1), "catch_up": (2, 12)}
"""Lengths in steps; eight of each."""
LONG = {"times_10": (24, 144), "halved": (7, 21), "shift": (14, 14)}
"""Three of each: the first in steps, the others in days."""


@dataclass(frozen=True)
class Fault:
    """One fault: first step, end (exclusive) and kind."""

    first: int
    end: int
    kind: str


def put(clean: Array, per_day: int, seed: int) -> tuple[Array, list[Fault]]:
    """The series with faults, and where they are."""
    rng = np.random.default_rng(seed)
    x, faults = clean.copy(), []
    taken = np.zeros(len(x), bool)
    taken[: 14 * per_day] = True
    for kind, count in [*((k, 3) for k in ("halved", "shift", "times_10")), *((k, 8) for k in SHORT)]:
        low, high = (LONG | SHORT)[kind]
        unit = per_day if kind in ("halved", "shift") else 1
        for _ in range(count):
            length = int(rng.integers(low * unit, high * unit + 1))
            for _ in range(2000):
                first = int(rng.integers(0, len(x) - length - 3))
                if not taken[max(first - 3, 0) : first + length + 3].any():
                    break
            else:
                continue
            end = first + length
            taken[first:end] = True
            part = slice(first, end)
            if kind == "stuck":
                x[part] = clean[first - 1]
            elif kind == "zero":
                x[part] = 0.0
            elif kind == "spike":
                x[part] = clean.max() * rng.uniform(3, 20)
            elif kind == "catch_up":
                total = clean[first:end].sum()
                x[part] = 0.0
                x[end - 1] = total
            elif kind == "times_10":
                x[part] *= 10
            elif kind == "halved":
                x[part] *= 0.5
            else:
                x[part] = clean[first - 8 : end - 8]
            faults.append(Fault(first, end, kind))
    return x, faults
