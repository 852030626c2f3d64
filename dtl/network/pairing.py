"""Meters paired with transformers by place and phase alone, jointly, with a probability for each candidate.

A meter's displacement from its transformer is taken as normal with one variance for all, which is estimated together
with the pairing (expectation and maximisation); a contradiction of phases leaves `WRONG_PHASE` of the likelihood. A
transformer that serves nobody is unlikely, so those with less than one expected meter gain weight, and crowded ones
lose a little.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]

WRONG_PHASE = 0.02
"""Share of records whose phase is wrong."""
ROUNDS = 80
EMPTY, CROWDED = 0.3, 0.06
"""By what the weight of a transformer rises when it is empty and falls when it is crowded, per round."""
KEPT = 0.98
"""What is left of a weight after a round, so that none grows without evidence."""
LOWEST, HIGHEST = -0.84, 4.0


def pair(
    meters: Reals, meter_phases: Sequence[str], units: Reals, unit_phases: Sequence[str], count: int, most: float
) -> tuple[Ints, Reals, Reals]:
    """Candidates of each meter, best first.

    Parameters
    ----------
    meters, units
        Places, shapes (n, 2) and (m, 2), in one length unit.
    meter_phases, unit_phases
        Letters of phases; empty where they are not known.
    count, most
        How many candidates are weighed, and how far the farthest may be.

    Returns
    -------
    tuple
        Numbers of the units (-1: none), their probabilities and distances, each of shape (n, count).
    """
    width = min(count, len(units))
    distance, index = cKDTree(units).query(meters, k=width, distance_upper_bound=most)
    distance, index = distance.reshape(len(meters), width), index.reshape(len(meters), width)
    there = np.isfinite(distance)
    safe = np.where(there, index, 0)
    fits = _fits(meter_phases, unit_phases, safe)
    log_phase = np.where(fits, 0.0, np.log(WRONG_PHASE))
    chance = _chances(np.where(there, distance, 0.0), safe, there, log_phase, len(units))
    order = np.argsort(-chance, axis=1, kind="stable")
    rows = np.arange(len(meters))[:, None]
    number = np.where(there, index, -1)[rows, order]
    return number.astype(np.int64), chance[rows, order], np.where(there, distance, np.inf)[rows, order]


def _fits(meters: Sequence[str], units: Sequence[str], index: Ints) -> NDArray[np.bool_]:
    masks = [np.array([_mask(p) for p in which], np.int64) for which in (meters, units)]
    ours, theirs = masks[0][:, None], masks[1][index]
    return np.asarray((ours == 0) | (theirs == 0) | ((ours & theirs) != 0))


def _mask(phases: str) -> int:
    return sum(1 << "ABC".index(c) for c in set(phases) & set("ABC"))


def _chances(distance: Reals, index: Ints, there: NDArray[np.bool_], log_phase: Reals, units: int) -> Reals:
    """Posterior probability of each candidate."""
    if not there.any():
        return np.zeros(distance.shape)
    nearest = distance[there.any(axis=1), 0]
    variance = float(np.median(nearest**2)) / 2 + 1.0
    weight = np.zeros(units)
    chance = np.zeros(distance.shape)
    number = max(int(there.any(axis=1).sum()), 1)
    for _ in range(ROUNDS):
        log = np.where(there, -(distance**2) / (2 * variance) + log_phase + weight[index], -np.inf)
        best = log.max(axis=1, keepdims=True)
        chance = np.where(there, np.exp(log - np.where(np.isfinite(best), best, 0.0)), 0.0)
        chance /= np.maximum(chance.sum(axis=1, keepdims=True), 1e-300)
        variance = max(float((chance * distance**2).sum()) / (2 * number), 1.0)
        load = np.bincount(index.ravel(), chance.ravel(), units)
        step = np.where(load < 1, -EMPTY * np.log(np.maximum(load, 1e-3)), -CROWDED * np.log(np.maximum(load, 1.0)))
        weight = KEPT * np.clip(weight + step, LOWEST, HIGHEST)
    return chance
