"""Means of whole hours from values of steps that come block by block, with no regard to where an hour ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Ints = NDArray[np.int64]


class HourMeans:
    """Takes steps in ascending order, of hours of ``per_hour`` steps each; an hour that lacks a step has no mean."""

    def __init__(self, per_hour: int) -> None:
        self._per_hour = per_hour
        self._steps, self._values = np.zeros(0, np.int64), np.zeros((0, 0))

    def add(self, steps: Ints, values: Real) -> tuple[Ints, Real]:
        """The hours that are whole with these steps, and their means, from values of shape (rows, steps)."""
        if len(self._steps):
            steps, values = np.append(self._steps, steps), np.concatenate([self._values, values], axis=1)
        hour = steps // self._per_hour
        first = np.flatnonzero(np.diff(hour, prepend=-1))
        count = np.diff(np.append(first, len(hour)))
        begun = first[-1] if count[-1] < self._per_hour else len(hour)
        self._steps, self._values = steps[begun:], values[:, begun:]
        whole = first[count == self._per_hour]
        columns = whole[:, None] + np.arange(self._per_hour)
        return hour[whole], np.asarray(values[:, columns].mean(axis=2), np.float64)
