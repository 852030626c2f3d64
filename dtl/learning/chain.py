"""The compiled recursion over a chain of hidden states."""

from __future__ import annotations

import numpy as np
from numba import types

from dtl.powerflow.compiled import compiled

_F = types.float64[::1]
_FF = types.float64[:, ::1]


@compiled(_FF(_FF, _F, _FF))
def smoothed(step, start, likely):  # type: ignore[no-untyped-def]
    """Probability of each state at each time, by the forward-backward recursion [1]_; shape (n, states).

    Parameters
    ----------
    step : probability of each state (column) after each (row).
    start : probability of the states before the first time.
    likely : likelihood of what is seen at each time in each state, up to a factor of the time; shape (n, states).

    References
    ----------
    .. [1] L. R. Rabiner, A tutorial on hidden Markov models, Proceedings of the IEEE 77 (1989) 257-286.
    """
    n, size = likely.shape
    found = np.empty((n, size))
    now = start.copy()
    after = np.empty(size)
    for t in range(n):
        after[:] = 0.0
        for i in range(size):
            for j in range(size):
                after[j] += now[i] * step[i, j]
        total = 0.0
        for j in range(size):
            after[j] *= likely[t, j]
            total += after[j]
        for j in range(size):
            now[j] = after[j] / total
            found[t, j] = now[j]
    back = np.ones(size)
    for t in range(n - 2, -1, -1):
        for j in range(size):
            after[j] = back[j] * likely[t + 1, j]
        most = 0.0
        for i in range(size):
            total = 0.0
            for j in range(size):
                total += step[i, j] * after[j]
            back[i] = total
            most = max(most, total)
        total = 0.0
        for i in range(size):
            back[i] /= most
            found[t, i] *= back[i]
            total += found[t, i]
        for i in range(size):
            found[t, i] /= total
    return found
