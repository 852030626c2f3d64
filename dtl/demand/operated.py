"""Switches that are operated during the year: their positions step by step, and what has no supply meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Operated:
    """The operated switches of a case.

    Attributes
    ----------
    switches
        Their names.
    position
        Number of the position in which they all stand in each step of the year, shape (steps,).
    closed
        Of each position, which of them are closed.
    dead
        Of each position, the nodes (bus, node) without supply that have it in another.
    """

    switches: tuple[str, ...]
    position: NDArray[np.int64]
    closed: tuple[tuple[bool, ...], ...]
    dead: tuple[frozenset[tuple[str, int]], ...]

    def lacking(self, bus: str, nodes: tuple[int, ...]) -> Mask | None:
        """The steps in which a part lacks the supply of any of its nodes, shape (steps,); None where there are none."""
        without = np.array([any((bus, node) in dead for node in nodes) for dead in self.dead], np.bool_)
        return without[self.position] if without.any() else None
