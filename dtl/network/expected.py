"""How many meters each transformer is expected to serve, learnt from what is known of the transformer.

A rating above those of the neighbours means more customers; units of one pole are mostly a bank, which has few; a unit
of several phases has fewer and larger ones than one of a single phase; and where transformers stand wide apart, each
has a house or two. How much of that is true of an area is learnt there: the logarithm of the rate is linear in these
traits. Hardly a transformer serves nobody, so the numbers are those of a Poisson distribution whose zeros are rare.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]

EMPTY = 0.02
"""Weight of a transformer without meters, relative to one with any number of them."""
PRIOR = (1e-3, 4.0)
"""Weight of the belief that the first coefficient is zero, and that each of the others is, in transformers."""
NEIGHBOURS = 5
"""The distance to the place of this many further transformers tells how densely an area is built."""
LOWEST, HIGHEST = -12.0, 6.0
"""Logarithm of the least and of the greatest rate."""
TINY = 1e-9


def traits(transformers: Floats, kva: Floats, phases: NDArray[np.uint8]) -> Floats:
    """What is known of each transformer: rating, bank or not, spacing, one phase or several; shape (n, 4).

    Every column has mean zero and unit variance, or is zero where all transformers are alike.

    Parameters
    ----------
    transformers
        Plane coordinates, shape (n, 2), without gaps.
    kva
        Ratings [kVA]; 0 where unknown.
    phases
        Phases as bits, as `dtl.network.nearness.bits` gives them.
    """
    spots, spot, count = np.unique(transformers, axis=0, return_inverse=True, return_counts=True)
    spot = spot.reshape(-1)
    apart, _ = cKDTree(spots).query(spots, k=[min(NEIGHBOURS + 1, len(spots))])
    found = np.column_stack(
        [
            np.log(np.maximum(kva, 1.0)),
            count[spot] > 1,
            np.log(np.maximum(apart[spot, 0], TINY)),
            np.bitwise_count(phases) > 1,
        ]
    )
    spread = found.std(axis=0)
    return np.asarray((found - found.mean(axis=0)) / np.where(spread > TINY, spread, np.inf), np.float64)


class Expected:
    """Rates of transformers, whose coefficients follow the numbers of meters that are believed in."""

    def __init__(self, known: Floats):
        """`known` are the `traits` of each transformer, shape (n, k); k may be zero."""
        self._known = np.column_stack([np.ones(len(known)), known])
        self._weight = np.zeros(self._known.shape[1])
        self._prior = np.array([PRIOR[0]] + [PRIOR[1]] * known.shape[1])

    @property
    def rate(self) -> Floats:
        """Weight of each transformer for one meter more."""
        return np.asarray(np.exp(np.clip(self._known @ self._weight, LOWEST, HIGHEST)), np.float64)

    def learn(self, served: Floats) -> None:
        """Take one step of Newton's towards the most probable coefficients; `served` are the meters of each."""
        rate = self.rate
        mean = rate * np.exp(rate) / (np.expm1(rate) + EMPTY)
        spread = np.maximum(mean * (1.0 + rate - mean), TINY)
        slope = self._known.T @ (served - mean) - self._prior * self._weight
        bend = (self._known * spread[:, None]).T @ self._known + np.diag(self._prior)
        step = np.linalg.solve(bend, slope)
        self._weight += step / max(float(np.abs(step).max()), 1.0)
