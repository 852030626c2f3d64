"""Random generators that depend on a seed and on words alone, so that feeders can be made in any order or process."""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, *words: str | int) -> np.random.Generator:
    """The random generator of one purpose, the same in every process and on every machine.

    Parameters
    ----------
    seed : int
        Seed of the whole utility, not negative.
    words : str or int
        What the numbers are for, such as ``"meters", "F0003"``.
    """
    return np.random.Generator(np.random.PCG64([seed, *(zlib.crc32(str(word).encode()) for word in words)]))
