"""Readings whose intervals do not fit into the steps of a study, cut into pieces that do: their power is held.

A reading says how much energy its interval had, and not when in it. Where steps are shorter, each of them takes an
equal part of the energy, so that the energy of every reading, and of every hour, stays what it was.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError

HOUR_MIN = 60


def cut(interval_min: NDArray[np.int32], step_min: int) -> tuple[NDArray[np.int64], NDArray[np.int32]] | None:
    """Which reading each piece is of, and the length of each piece [min]; None where all intervals fit into steps.

    Pieces of one reading stand one after the other, and are equally long: the longest that fit into its interval and
    into a step both.

    Raises
    ------
    SolveError
        A reading is longer than an hour, which is longer than any step.
    """
    lengths = np.unique(interval_min)
    fits = [length > 0 and step_min % length == 0 for length in lengths.tolist()]
    if all(fits):
        return None
    longest = int(lengths.max())
    if longest > HOUR_MIN:
        raise SolveError(
            f"readings of {longest} min cannot drive steps of {step_min} min: no reading may be longer than an hour"
        )
    piece_of = {int(n): math.gcd(int(n), step_min) for n in lengths}
    piece = np.array([piece_of[int(n)] for n in interval_min], np.int32)
    return np.repeat(np.arange(len(interval_min)), interval_min // piece), np.repeat(piece, interval_min // piece)


def starts(start: NDArray[np.int32], of: NDArray[np.int64], length: NDArray[np.int32]) -> NDArray[np.int32]:
    """When each piece begins [min], from the starts of the readings and what `cut` says."""
    first = np.flatnonzero(np.diff(of, prepend=-1))
    number = np.arange(len(of)) - np.repeat(first, np.diff(np.append(first, len(of))))
    return np.asarray(start[of] + number * length, np.int32)
