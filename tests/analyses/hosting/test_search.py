"""The search against all levels in all hours of a made-up grid, and what it need not try twice."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dtl.analyses.hosting import search
from dtl.analyses.hosting.grid import Grid
from dtl.analyses.hosting.placements import Placements, Single

Ints = NDArray[np.int64]


class Told(Grid):
    """A grid in which criterion, plant and hour have the level up to which they pass, shape (criteria, plants, hours).

    ``checked`` has a row of plant, level and hour for everything that was tried in a check of answers.
    """

    def __init__(self, most: Ints) -> None:
        self.most, self.hours, self.criteria = most, np.arange(most.shape[2]), ("first", "second", "no_solution")
        self.rules, self.linear = [], ()
        self.checked: list[tuple[int, int, int]] = []

    def judge(
        self, placements: Placements, placement: Ints, level: Ints, hour: Ints
    ) -> tuple[NDArray[np.float64], Ints]:
        """As `Grid.judge`."""
        if len(np.unique(hour)) > self.most.shape[2] // 2:
            self.checked += zip(placement.tolist(), level.tolist(), hour.tolist(), strict=True)
        over = (level - self.most[:, placement, hour]).astype(np.float64)
        return np.vstack([over, np.full(len(level), -np.inf)]), np.zeros((3, len(level)), np.int64)


@pytest.mark.parametrize("seed", range(5))
def test_an_answer_that_stands_is_not_tried_again(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    most = rng.integers(30, 400, (2, 40, 300))
    grid = Told(most)
    monkeypatch.setattr(search, "deciding_hours", lambda grid, most: np.array([0, 150]))
    found = search.search(grid, Single(np.arange(40), 40, 1.0, np.full(40, 300)))
    np.testing.assert_array_equal(found.level[:2], np.minimum(most.min(axis=2), 300))
    assert len(grid.checked) > 40 * 250
    assert len(grid.checked) < 1.02 * len(set(grid.checked))  # an answer may come down to that of the other criterion
