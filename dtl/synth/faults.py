"""What goes wrong between a meter and the data base: the faults of meter data, each with its meter and its steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dtl.synth.clock import Clock
from dtl.synth.model import Feeder
from dtl.synth.records import Planted
from dtl.synth.seeds import generator
from dtl.synth.settings import ERRORS, Settings

Bools = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]

PER_METER_YEAR = {
    "stuck": 0.10, "zero": 0.08, "missing_run": 0.90, "estimated": 0.60, "catch_up": 0.12, "unit_x10": 0.05,
    "halved": 0.05,
    "clock_shift": 0.05, "duplicate_same": 0.50, "duplicate_other": 0.04, "spike": 0.10,
}  # fmt: skip
"""Events per meter and year at the level ``normal``."""
HOURS = {
    "stuck": (6, 36), "zero": (3, 30), "missing_run": (1, 48), "estimated": (1, 24), "catch_up": (2, 24),
    "unit_x10": (24, 144),
    "halved": (168, 504), "clock_shift": (168, 336), "duplicate_same": (1, 6), "duplicate_other": (1, 3), "spike": (0,
    0),
}  # fmt: skip
"""Shortest and longest event [h]; a spike lasts one step."""
VOLT_OFFSET, VOLT_NOISE = 0.001, 0.05
"""Standard deviation of a meter's constant error, as a share, and of the noise of each read [V]."""
LOST_AT_RANDOM = 0.0006
"""Share of single rows that never arrive."""
SPIKE, SHIFT_H = 8.0, 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: a meter (by index) and its steps, from first to before last."""

    kind: str
    meter: int
    first: int
    last: int


@dataclass(slots=True)
class Reads:
    """The reads of a piece of the clock, all (M, T)."""

    wh: Doubles
    """Net energy [Wh]."""
    volt: Doubles
    """[V], nan when there is none."""
    estimated: Bools
    copies: npt.NDArray[np.int8]
    """How often the row is there: 0 missing, 1, or 2 with a duplicate."""
    other: Bools
    """Whether the second copy differs."""


def measured(volt: Doubles, feeder: Feeder, settings: Settings, rng: np.random.Generator) -> Doubles:
    """The volts that meters report; exact in a utility without errors, and zero where there is no supply."""
    if ERRORS[settings.errors] == 0.0:
        return volt
    offset = generator(settings.seed, "meter offset", feeder.id).normal(0.0, VOLT_OFFSET, (len(volt), 1))
    return np.where(volt > 0.0, volt * (1.0 + offset) + rng.normal(0.0, VOLT_NOISE, volt.shape), volt)


def draw(feeder: Feeder, clock: Clock, settings: Settings) -> list[Fault]:
    """All faults of the meters of a feeder; no meter has two at a time."""
    level = ERRORS[settings.errors]
    rng = generator(settings.seed, "faults", feeder.id)
    share = clock.steps * clock.step_min / (60.0 * 8766.0)
    taken: dict[int, list[tuple[int, int]]] = {}
    found: list[Fault] = []
    for kind, rate in PER_METER_YEAR.items():
        counts = rng.poisson(rate * level * share, len(feeder.customers))
        low, high = HOURS[kind]
        for k in np.repeat(np.arange(len(counts)), counts):
            steps = max(1, round(float(rng.uniform(low, high)) * 60 / clock.step_min))
            if kind == "stuck":
                steps = max(steps, 6)
            if steps + 3 >= clock.steps:
                continue
            first = int(rng.integers(1, clock.steps - steps - 1))
            if all(first > b + 1 or first + steps < a - 1 for a, b in taken.get(int(k), [])):
                taken.setdefault(int(k), []).append((first, first + steps))
                found.append(Fault(kind, int(k), first, first + steps))
    return sorted(found, key=lambda f: (f.meter, f.first))


def listed(faults: list[Fault], feeder: Feeder, clock: Clock) -> list[Planted]:
    """The faults as planted errors."""
    utc = np.datetime_as_string(clock.utc, unit="m")
    ends = np.datetime_as_string(clock.end_utc, unit="m")
    return [
        Planted(
            f"ami_{f.kind}",
            feeder.id,
            "ami",
            feeder.customers.id[f.meter],
            "kwh",
            "",
            "",
            f"{utc[f.first]}Z",
            f"{ends[f.last - 1]}Z",
        )
        for f in faults
    ]


def spoil(
    true_wh: Doubles,
    volt: Doubles,
    faults: list[Fault],
    first: int,
    step_min: int,
    rng: np.random.Generator,
    level: float,
) -> Reads:
    """The reads that arrive, from the true ones of a piece whose first step has number ``first``.

    A fault that reaches over the edge of a piece goes on in the next; what it needs from before the edge (a stuck
    value, energy to be caught up) starts anew there.
    """
    reads = Reads(
        true_wh.copy(), volt.copy(), np.zeros(true_wh.shape, dtype=np.bool_), np.ones(true_wh.shape, dtype=np.int8),
        np.zeros(true_wh.shape, dtype=np.bool_),
    )  # fmt: skip
    steps = true_wh.shape[1]
    reads.copies[rng.random(true_wh.shape, dtype=np.float32) < LOST_AT_RANDOM * level] = 0
    for fault in faults:
        a, b = max(fault.first - first, 0), min(fault.last - first, steps)
        if a < b:
            _apply(reads, true_wh, fault, slice(a, b), step_min, b == fault.last - first)
    return reads


def _apply(reads: Reads, true_wh: Doubles, fault: Fault, at: slice, step_min: int, ends: bool) -> None:
    """One fault within one piece."""
    k, steps = fault.meter, true_wh.shape[1]
    row, kind = reads.wh[k], fault.kind
    if kind == "stuck":
        row[at] = row[max(at.start - 1, 0)] or 100.0
    elif kind == "zero":
        row[at] = 0.0
    elif kind == "missing_run":
        reads.copies[k, at] = 0
    elif kind == "estimated":
        row[at] = np.round(true_wh[k].mean())
        reads.volt[k, at] = np.nan
        reads.estimated[k, at] = True
    elif kind == "catch_up":
        reads.copies[k, at] = 0
        if ends and at.stop < steps:
            row[at.stop] += true_wh[k, at].sum()
            reads.copies[k, at.stop] = 1
    elif kind == "unit_x10":
        row[at] *= 10.0
    elif kind == "halved":
        row[at] = np.round(row[at] / 2.0)
    elif kind == "clock_shift":
        shift = max(1, round(SHIFT_H * 60 / step_min))
        source = np.maximum(np.arange(at.start, at.stop) - shift, 0)
        row[at] = true_wh[k, source]
    elif kind == "spike":
        row[at] = row[at] * SPIKE + 2000.0
    else:
        reads.copies[k, at] = np.where(reads.copies[k, at] > 0, 2, 0)
        reads.other[k, at] = kind == "duplicate_other"
