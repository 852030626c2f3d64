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


def test_a_part_that_a_copy_hides_is_not_told_as_the_one_that_it_shows() -> None:
    board = Board([], ["f1"])
    board.put("base", "overload_hours_h", "f1", Cell(44.0))
    assert troubles(board, "base", "f1", "thermal") == "a part that is not shown here is overloaded in 44 hours"
    board.put("base", "max_line_load_pct", "f1", Cell(50.0, "l1", None, 100.0))
    shown = "44 hours; of those shown, the nearest: line l1 is loaded to 50 % (limit 100 %)"
    assert troubles(board, "base", "f1", "thermal").endswith(shown)
    board.put("base", "max_line_load_pct", "f1", Cell(110.0, "l1", None, 110.4))
    assert troubles(board, "base", "f1", "thermal").startswith(
        "line l1 is loaded to 110 % (limit 110.4 %), and something"
    )


def test_a_bus_that_a_copy_hides_has_no_name() -> None:
    board = Board([], ["f1"])
    board.put("base", "violation_hours_h", "f1", Cell(3.0))
    board.put("base", "max_shortfall_pu", "f1", Cell(0.02, "", None, 0.95))
    told = "the voltage at a bus that is not shown here falls to 0.930 pu (limit 0.95 pu)"
    assert troubles(board, "base", "f1", "voltage").startswith(told)


def test_kept_series_of_steps_are_shown_by_the_extreme_of_their_hour() -> None:
    values = np.array([1.0, 4.0, 2.0, 3.0, 9.0, 8.0, 7.0])
    whole_and_single = np.array([1.0, 0.25, 0.5])
    np.testing.assert_array_equal(by_hour(values, whole_and_single, lowest=False), [4.0, 9.0, 8.0])
    np.testing.assert_array_equal(by_hour(values, whole_and_single, lowest=True), [1.0, 9.0, 7.0])
    np.testing.assert_array_equal(by_hour(values, np.full(7, np.nan), lowest=True), values)
