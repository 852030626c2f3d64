"""Random numbers that belong to a thing by its name, whatever else there is and in whatever order it comes.

A thing's key is a digest of words; the numbers of a key are the outputs of SplitMix64 (Steele, Lea and Flood 2014,
OOPSLA) at the key plus a counter, so that any of them is known without those before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Real = NDArray[np.float64]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_GRID = 4096


def key(*words: object) -> int:
    """The 64-bit key of some words."""
    text = "\x1f".join(str(w) for w in words)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def keys(names: Iterable[str], *words: object) -> Keys:
    """The keys of things by their names, with the same words before each."""
    return np.array([key(*words, name) for name in names], np.uint64)


def uniform(of: Keys, counter: NDArray[np.int64] | int) -> Real:
    """Numbers evenly between 0 and 1 (never 0 nor 1), one of each key and counter, by broadcasting."""
    with np.errstate(over="ignore"):
        z = of + _STEP * (np.asarray(counter).astype(np.uint64) + np.uint64(1))
        z = (z ^ (z >> np.uint64(30))) * _FIRST
        z = (z ^ (z >> np.uint64(27))) * _SECOND
        z = z ^ (z >> np.uint64(31))
    return np.asarray(((z >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53, np.float64)


def normal(of: Keys, counter: NDArray[np.int64] | int) -> Real:
    """Standard normal numbers, one of each key and counter; beyond 3.5 standard deviations there is none."""
    return np.asarray(np.interp(uniform(of, counter), _PROBABILITY, _QUANTILE), np.float64)


_PROBABILITY = (np.arange(_GRID) + 0.5) / _GRID
_QUANTILE = np.array([NormalDist().inv_cdf(float(p)) for p in _PROBABILITY])
