"""Times of less than an hour, which studies in shorter steps have, in the sentences of the pages."""

from __future__ import annotations

import numpy as np
import pytest

from dtl.report.answer import troubles
from dtl.report.board import Board, Cell
from dtl.report.kept_series import by_hour


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        (0.25, "0.25 hours"),
        (1.0, "1 hour"),
        (2.5, "2.5 hours"),
        (5.0, "5 hours"),
        (32.25, "32 hours"),
        (1200.0, "1,200 hours"),
    ],
)
def test_a_quarter_of_an_hour_is_not_none(hours: float, told: str) -> None:
    board = Board([], ["f1"])
    board.put("base", "overload_hours_h", "f1", Cell(hours))
    board.put("base", "max_line_load_pct", "f1", Cell(130.0, "l1", 7, 100.0))
    assert troubles(board, "base", "f1", "thermal").endswith(f"something is overloaded in {told}")


def test_kept_series_of_steps_are_shown_by_the_extreme_of_their_hour() -> None:
    values = np.array([1.0, 4.0, 2.0, 3.0, 9.0, 8.0, 7.0])
    whole_and_single = np.array([1.0, 0.25, 0.5])
    np.testing.assert_array_equal(by_hour(values, whole_and_single, lowest=False), [4.0, 9.0, 8.0])
    np.testing.assert_array_equal(by_hour(values, whole_and_single, lowest=True), [1.0, 9.0, 7.0])
    np.testing.assert_array_equal(by_hour(values, np.full(7, np.nan), lowest=True), values)
