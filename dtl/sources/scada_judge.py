"""Which values of a measured series cannot be trusted: stuck telemetry and spikes; pure functions of arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

STUCK_H = 2.0
"""A run of equal values shorter than this is never stuck [h]."""
STUCK_STEPS = 8
"""Nor one of fewer steps."""
BEYOND = 3
"""By how many times a stuck run exceeds the runs that the resolution of the value brings about."""
SPIKE = 12.0
"""A spike leaves both neighbours by more than this many typical changes from step to step."""
SPIKE_SHARE = 0.3
"""And by more than this share of the usual size of the value."""


def runs(values: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First index and length of each run of equal values; NaN equals nothing."""
    if not len(values):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    return starts, np.diff(np.concatenate([starts, [len(values)]]))


def stuck(values: Floats, step_min: int) -> Flags:
    """Values of a varying quantity that telemetry repeated: all but the first of an overlong run.

    What is overlong is judged by the series itself: its resolution may repeat values honestly, so a run counts only if
    it is more than `BEYOND` times as long as what 99 of 100 runs do not exceed; a value that never changes in a day or
    more is stuck as a whole. Runs of zero are no sign: what is switched off measures zero.

    Parameters
    ----------
    values
        (T,) on an even grid, NaN where there is none.
    step_min
        Length of a step [min].
    """
    first, length = runs(values)
    flags = np.zeros(len(values), bool)
    live = np.isfinite(values[first]) & (values[first] != 0.0)
    if not live.any():
        return flags
    if live.sum() == 1 and length[live][0] * step_min >= 24 * 60:
        flags[first[live][0] + 1 : first[live][0] + length[live][0]] = True
        return flags
    least = max(STUCK_STEPS, int(np.ceil(60.0 * STUCK_H / step_min)))
    usual = length[live & (length <= _usual(length[live]))]
    limit = max(least, BEYOND * int(usual.max(initial=1)))
    for start, n in zip(first[live], length[live], strict=True):
        if n > limit:
            flags[start + 1 : start + n] = True
    return flags


def _usual(length: NDArray[np.int64]) -> int:
    """The length of run that 99 of 100 runs do not exceed."""
    return int(np.quantile(length, 0.99, method="lower"))


def spikes(values: Floats) -> Flags:
    """Single values that leave both neighbours on the same side, far beyond the usual change from step to step.

    Parameters
    ----------
    values
        (T,) on an even grid, NaN where there is none.
    """
    flags = np.zeros(len(values), bool)
    if len(values) < 8:
        return flags
    change = np.diff(values)
    told = np.abs(change[np.isfinite(change)])
    if len(told) < 8:
        return flags
    typical = max(float(np.quantile(told, 0.75)), 1e-9)
    size = float(np.nanmedian(np.abs(values)))
    limit = max(SPIKE * typical, SPIKE_SHARE * size)
    before, after = change[:-1], -change[1:]
    with np.errstate(invalid="ignore"):
        flags[1:-1] = (np.sign(before) == np.sign(after)) & (np.minimum(np.abs(before), np.abs(after)) > limit)
    return flags


def apparent_kva(kv: Floats, amps: Floats, *, line_to_neutral: bool) -> Floats:
    """Apparent power of three phases: sqrt(3) V I from line to line, 3 V I from line to neutral [kVA]."""
    return (3.0 if line_to_neutral else np.sqrt(3.0)) * kv * amps
