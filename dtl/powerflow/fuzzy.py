"""A fuzzy-logic controller of reactive power, inside the envelope of VDE-AR-N 4105.

Mamdani's inference (Mamdani and Assilian 1975, International Journal of Man-Machine Studies 7(1)): the inputs are the
deviation of the voltage from 1 pu and the active power over the rated one, each in five triangular sets; a rule holds
as far as the weaker of its inputs does (min), the sets of the output are cut there and joined (max), and the centre of
gravity is the answer. It answers a voltage the more strongly the more power the plant itself gives. The surface is
computed once on a grid and read from it linearly; the largest answer is the reactive power that clause 5.7.2 of
VDE-AR-N 4105:2018-11 allows an inverter of that size.

The rules are ours: no code or maker prescribes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dtl.powerflow.voltvar import VOLT_VAR

Real = NDArray[np.float64]

DEVIATION_PU = (-0.06, -0.03, 0.0, 0.03, 0.06)
"""Where the sets of the deviation have their peaks [pu]: far below, below, near, above, far above."""
LOADING = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Where those of active power over rated power have them: none, low, half, high, full."""
ANSWER = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""Where those of the answer have them; 1 injects all that is allowed."""
RULES = (
    (3, 4, 4, 4, 4),
    (2, 3, 3, 3, 4),
    (2, 2, 2, 2, 2),
    (2, 1, 1, 1, 0),
    (1, 0, 0, 0, 0),
)
"""The set of the answer by set of the deviation (rows) and of the loading (columns)."""
_DEVIATIONS = np.linspace(-0.08, 0.08, 161)
_LOADINGS = np.linspace(0.0, 1.0, 21)
_ANSWERS = np.linspace(-1.5, 1.5, 601)


def membership(x: ArrayLike, peaks: tuple[float, ...], *, shoulders: bool) -> Real:
    """How far `x` is in each of triangular sets that meet at one half, shape (sets, *x).

    With shoulders the outer sets go on for ever, so that the sets sum to 1 everywhere; without, they are triangles too.
    """
    at = np.asarray(x, np.float64)
    width = peaks[1] - peaks[0]
    found = np.stack([np.clip(1.0 - np.abs(at - peak) / width, 0.0, 1.0) for peak in peaks])
    if shoulders:
        found[0][at <= peaks[0]] = 1.0
        found[-1][at >= peaks[-1]] = 1.0
    return found


@lru_cache(maxsize=1)
def surface() -> Real:
    """The answer on the grid of deviations and loadings, shape (161, 21), -1 to 1.

    The centre of gravity of a cut outer set lies within it, so all answers are scaled by that of the strongest input.
    Rounding is taken out by symmetry, and the answer never rises with the voltage.
    """
    deviation = membership(_DEVIATIONS, DEVIATION_PU, shoulders=True)
    loading = membership(_LOADINGS, LOADING, shoulders=True)
    sets = membership(_ANSWERS, ANSWER, shoulders=False)
    held = np.zeros((len(ANSWER), len(_DEVIATIONS), len(_LOADINGS)))
    for row, rules in enumerate(RULES):
        for column, answer in enumerate(rules):
            weaker = np.minimum(deviation[row][:, None], loading[column][None, :])
            held[answer] = np.maximum(held[answer], weaker)
    joined = np.zeros((*held.shape[1:], len(_ANSWERS)))
    for own, shape in zip(held, sets, strict=True):
        np.maximum(joined, np.minimum(own[..., None], shape), out=joined)
    found = (joined @ _ANSWERS) / joined.sum(axis=-1)
    odd = (found - found[::-1]) / 2.0
    above = np.clip(odd[len(odd) // 2 :] / np.abs(odd[:, -1]).max(), -1.0, 1.0)
    above = np.minimum.accumulate(above, axis=0)
    return np.asarray(np.concatenate([-above[:0:-1], above]), np.float64)


@dataclass(frozen=True)
class Fuzzy:
    """The controller of inverters whose largest reactive power is that share of their rated active power."""

    most: float
    code: str = "none; within VDE-AR-N 4105:2018-11, 5.7.2"

    def kvar(self, pu: ArrayLike, kw: ArrayLike, rated_kw: ArrayLike) -> Real:
        """Reactive power [kvar] at voltages [pu] and active powers, positive when injected; arguments broadcast."""
        rated = np.asarray(rated_kw, np.float64)
        share = np.divide(kw, rated, out=np.zeros(np.broadcast(pu, kw, rated).shape), where=rated > 0.0)
        return np.asarray(self.most * rated * read(np.asarray(pu, np.float64) - 1.0, share))


def read(deviation_pu: ArrayLike, loading: ArrayLike) -> Real:
    """The surface between its points, level beyond them; of the shape of its arguments."""
    table = surface()
    e, p = np.broadcast_arrays(np.asarray(deviation_pu, np.float64), np.asarray(loading, np.float64))
    i, along = _place(e, _DEVIATIONS)
    j, across = _place(p, _LOADINGS)
    low = table[i, j] * (1.0 - across) + table[i, j + 1] * across
    high = table[i + 1, j] * (1.0 - across) + table[i + 1, j + 1] * across
    return np.asarray(low * (1.0 - along) + high * along)


def _place(x: Real, grid: Real) -> tuple[NDArray[np.int64], Real]:
    step = (np.clip(x, grid[0], grid[-1]) - grid[0]) / (grid[1] - grid[0])
    at = np.minimum(step.astype(np.int64), len(grid) - 2)
    return at, np.asarray(step - at)


FUZZY = {
    "fuzzy": Fuzzy(VOLT_VAR["vde_4105_q_u"].points[0][1]),
    "fuzzy_small": Fuzzy(VOLT_VAR["vde_4105_q_u_small"].points[0][1]),
}
"""The controllers by name; ``small`` up to 4.6 kVA."""
