"""Which fault a meter is in, interval by interval: a hidden Markov model whose states are kinds of fault.

Each state says what the meter would read given what is usual: normal (also on a day like a Sunday, or with a load some
25 % off), stuck, zero, times ten or a thousand, halved, doubled, clock shifted, a spike. The forward-backward
recursion [1]_ gives the probability of every state. Evidence of following intervals is not independent: it is weighed
by (1 - r) / (1 + r), r the autocorrelation of what is left when the usual is taken off.

References
----------
.. [1] L. R. Rabiner, A tutorial on hidden Markov models, Proceedings of the IEEE 77 (1989) 257-286.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dtl.learning import chain
from dtl.learning.meter_rules import Marks
from dtl.learning.usual import Array, Usual

FACTORS = {"times_1000": 1000.0, "times_10": 10.0, "doubled": 2.0, "halved": 0.5}
HABITS = (1.0, 0.8, 1.25)
"""Levels that are no fault: cold, heat and people change a load by about this much."""
FAULTS_PER_MONTH = 0.2
"""Faults of each kind that are expected of a meter beforehand."""
DAYS = {"stuck": 1.5, "zero": 1.0, "times_1000": 3.0, "times_10": 3.0, "doubled": 14.0, "halved": 14.0, "shift": 14.0}
"""Usual lengths of faults [days]."""
HABIT_DAYS = 2.0
BROAD = 0.02
"""Share of normal intervals that are like nothing before."""
LONGEST_SHIFT_H = 12
FAR = 3.0
"""What a reading beyond all that is usual takes from the logarithm of the likelihood of the normal states."""
SURE, NEVER = 7.0, -60.0
"""What a rule adds to the logarithm of the likelihood of its state, and what its silence makes of it."""


@dataclass(frozen=True)
class States:
    """Names of the states and their probability in every interval; shape (n, states)."""

    names: tuple[str, ...]
    probability: Array

    @property
    def fault(self) -> Array:
        """Probability that the meter is in any fault, shape (n,)."""
        normal = np.asarray([n.startswith("normal") for n in self.names])
        return np.asarray(1.0 - self.probability[:, normal].sum(1)).clip(0.0, 1.0)


def states(values: Array, normal: Usual, free: Usual, marks: Marks) -> States:
    """Probability of each state.

    Parameters
    ----------
    values : shape (days, steps); nan where missing.
    normal, free : what is usual on such a day, and what is usual on a free day.
    marks : what the rules say of each interval.
    """
    x, steps = values.ravel(), values.shape[1]
    median, spread = normal.median.ravel(), normal.spread.ravel()
    weight = _independent((x - median) / spread)
    wide = 1.0 / max(4.0 * float(np.abs(median).max()), 1e-12)
    names, logs, length = [], [], []

    def add(name: str, log: Array, days: float) -> None:
        names.append(name)
        logs.append(log)
        length.append(max(days * steps, 1.0))

    for k, level in enumerate(HABITS):
        add(f"normal_{k}", weight * _laplace(x, level * median, spread, wide), HABIT_DAYS)
    add("normal_free", weight * _laplace(x, free.median.ravel(), free.spread.ravel(), wide), HABIT_DAYS)
    for name, factor in FACTORS.items():
        add(name, weight * _laplace(x, factor * median, max(factor, 0.5) * spread, wide / max(factor, 1)), DAYS[name])
    hour, longest = steps // 24, LONGEST_SHIFT_H * steps // 24
    for lag in range(-longest, longest + 1):
        moved = np.roll(median, lag), np.roll(spread, lag)
        if abs(lag) > hour:
            add(f"shift_{lag}", weight * _laplace(x, *moved, wide), DAYS["shift"])
        elif lag:
            add(f"normal_shift_{lag}", weight * _laplace(x, *moved, wide), DAYS["shift"])
    likely = np.max([log for name, log in zip(names, logs, strict=True) if name.startswith("normal")], axis=0)
    add("stuck", np.where(marks.stuck, likely + SURE, NEVER), DAYS["stuck"])
    add("zero", np.where(marks.zero, likely + SURE, NEVER), DAYS["zero"])
    add("catch_up", np.where(marks.catch_up, likely + SURE, NEVER), DAYS["zero"])
    add("spike", np.where(marks.spike, likely + 2 * SURE, NEVER), 1.0 / steps)
    emission = np.stack(logs, axis=1)
    emission[np.ix_(marks.far, np.asarray([n.startswith("normal") for n in names]))] -= FAR
    missing = ~np.isfinite(x)
    emission[missing] = 0.0
    begins = missing & ~np.append(False, missing[:-1])
    # a reading that is lost is rare in itself, and always there where one catches up
    emission[begins & marks.catch_up, names.index("catch_up")] = -np.log(max(float(begins.mean()), 1e-12))
    return States(tuple(names), _posterior(emission, np.asarray(length), tuple(names), steps))


def _laplace(x: Array, median: Array, spread: Array, wide: float) -> Array:
    scale = np.maximum(spread, 1e-12)
    density = np.exp(-np.abs(x - median) / scale) / (2 * scale)
    return np.asarray(np.log((1 - BROAD) * density + BROAD * wide))


def _independent(residual: Array) -> float:
    """Weight of an interval's evidence beside its neighbours', 0.05 to 1."""
    r = np.clip(residual, -4, 4)
    both = np.isfinite(r[1:]) & np.isfinite(r[:-1])
    if both.sum() < 10 or not np.ptp(r[1:][both]) or not np.ptp(r[:-1][both]):
        return 0.1
    rho = float(np.corrcoef(r[1:][both], r[:-1][both])[0, 1])
    rho = min(max(rho, 0.0), 0.95) if np.isfinite(rho) else 0.9
    return max((1 - rho) / (1 + rho), 0.05)


def _posterior(emission: Array, length: Array, names: tuple[str, ...], steps: int) -> Array:
    """Probability of the states by the forward-backward recursion; a fault begins and ends in a normal state."""
    normal = np.asarray([n.startswith("normal") for n in names])
    shifts = sum(n.startswith("shift") for n in names)
    rate = FAULTS_PER_MONTH / (30.0 * steps)
    enter = np.where(normal, 0.0, rate)
    enter[[n.startswith("shift") for n in names]] /= max(shifts, 1)
    stay = 1.0 - 1.0 / np.maximum(length, 1.0)
    stay[~normal & (length <= 1)] = 0.0
    size = len(names)
    step = np.zeros((size, size))
    step[np.ix_(~normal, normal)] = ((1 - stay[~normal]) / normal.sum())[:, None]
    step[np.ix_(normal, normal)] = ((1 - stay[normal]) / (normal.sum() - 1))[:, None]
    step[np.ix_(normal, ~normal)] = enter[~normal]
    np.fill_diagonal(step, stay)
    step /= step.sum(1, keepdims=True)
    likely = np.exp(np.maximum(emission - emission.max(1, keepdims=True), -200))
    return np.asarray(chain.smoothed(step, normal / normal.sum(), likely))
