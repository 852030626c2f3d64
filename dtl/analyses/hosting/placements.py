"""Families of placements: which plants stand where at each level of their growth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Ints = NDArray[np.int64]


LEVELS = 50
"""Most levels of a deployment."""


class Placements(Protocol):
    """Placements that grow level by level from nothing at level 0; each level holds the one before.

    ``most`` is the highest level of each placement, shape (placements,).
    """

    @property
    def most(self) -> Ints:
        """Highest level of each placement."""

    @property
    def steady(self) -> bool:
        """Whether a criterion that fails at a level fails at all higher ones; else every level must be tried."""

    def kw(self, placement: Ints, level: Ints) -> Real:
        """Power of the plant at every site [kW], shape (sites, columns), of some placements at some levels."""

    def total_kw(self, placement: Ints, level: Ints) -> Real:
        """Sum of it over the sites [kW], shape (columns,)."""


@dataclass(frozen=True)
class Single:
    """One plant at one site, a step larger at every level; placement i stands at site ``site[i]``."""

    site: Ints
    sites: int
    step_kw: float
    most: Ints
    steady: bool = True

    def kw(self, placement: Ints, level: Ints) -> Real:
        """As `Placements.kw`."""
        power = np.zeros((self.sites, len(placement)))
        power[self.site[placement], np.arange(len(placement))] = level * self.step_kw
        return power

    def total_kw(self, placement: Ints, level: Ints) -> Real:
        """As `Placements.total_kw`."""
        del placement
        return np.asarray(level * self.step_kw, np.float64)


@dataclass(frozen=True)
class Shared:
    """One placement: plants at many sites that grow in proportion; ``share`` sums to 1."""

    share: Real
    step_kw: float
    most: Ints
    steady: bool = True

    def kw(self, placement: Ints, level: Ints) -> Real:
        """As `Placements.kw`."""
        del placement
        return np.asarray(self.share[:, None] * (level * self.step_kw))

    def total_kw(self, placement: Ints, level: Ints) -> Real:
        """As `Placements.total_kw`."""
        del placement
        return np.asarray(level * self.step_kw, np.float64)


class Nested:
    """Deployments: plants of random size at random sites, more of them at every level.

    ``rank`` says at which level each site gets its plant, ``size_kw`` how large it is; both (sites, deployments).
    A plant on another phase may cure what the one before broke, so that no level says anything of the others.
    """

    steady = False

    def __init__(self, rank: Ints, size_kw: Real) -> None:
        self.rank, self.size_kw = rank, size_kw
        count = rank.shape[1]
        self.most = rank.max(axis=0)
        by_level = np.zeros((int(rank.max()) + 1, count))
        np.add.at(by_level, (rank, np.arange(count)[None]), size_kw)
        self._sum = by_level.cumsum(axis=0)

    def kw(self, placement: Ints, level: Ints) -> Real:
        """As `Placements.kw`."""
        return np.where(self.rank[:, placement] <= level, self.size_kw[:, placement], 0.0)

    def total_kw(self, placement: Ints, level: Ints) -> Real:
        """As `Placements.total_kw`."""
        return np.asarray(self._sum[level, placement])


def deployments(sites: int, count: int, kw_each: Sequence[float], words: Sequence[str | int]) -> Nested:
    """Random deployments, each with a seed of its own from ``words`` and its number.

    More deployments leave those before them as they are; sizes are uniform between the two of ``kw_each``. There are
    at most ``LEVELS`` levels, so that in a large feeder each connects several plants.
    """
    each = -(-sites // LEVELS)
    rank, size = np.empty((sites, count), np.int64), np.empty((sites, count))
    for i in range(count):
        rng = np.random.default_rng(_seed(words, i))
        rank[rng.permutation(sites), i] = np.arange(sites) // each + 1
        size[:, i] = rng.uniform(kw_each[0], kw_each[1], sites)
    return Nested(rank, size)


def _seed(words: Sequence[str | int], number: int) -> list[int]:
    text = "\x1f".join(map(str, words)).encode()
    return [*text, number]
