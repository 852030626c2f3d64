"""Times of less than an hour, which studies in shorter steps have, in the sentences of the pages."""

from __future__ import annotations

import pytest

from dtl.report.answer import troubles
from dtl.report.board import Board, Cell


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
