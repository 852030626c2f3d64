"""A profile of one's own: a CSV of numbers for a day or for a year of 8,760 hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dtl.errors import SolveError
from dtl.spec.series import SeriesError, day_values, year_values

Real = NDArray[np.float64]


def file_of(name: str, files: Mapping[str, Path]) -> Path:
    """The file of a name in the study; SolveError when it is not there."""
    if name not in files:
        raise SolveError(f"the profile {name} of the study is not there")
    return files[name]


def year(name: str, files: Mapping[str, Path], steps: int) -> Real:
    """The values of a file for a year, shape (steps,); of a finer file the means, of a coarser one each value repeated.

    Raises
    ------
    SolveError
        The file is not as `dtl.spec.series` says.
    """
    try:
        values = np.array(year_values(file_of(name, files)), np.float64)
    except SeriesError as err:
        raise SolveError(f"{name}{err}") from err
    return _fitted(values, steps)


def day(said: str | Sequence[float], files: Mapping[str, Path], steps: int = 24) -> Real:
    """The values of a day, shape (steps,): as they are said, or of a file, as `year`."""
    if not isinstance(said, str):
        return _fitted(np.array(said, np.float64), steps)
    name = said
    try:
        values = np.array(day_values(file_of(name, files)), np.float64)
    except SeriesError as err:
        raise SolveError(f"{name}{err}") from err
    return _fitted(values, steps)


def _fitted(values: Real, steps: int) -> Real:
    if len(values) >= steps:
        return np.asarray(values.reshape(steps, -1).mean(axis=1), np.float64)
    return np.repeat(values, steps // len(values))
