"""The overview of many feeders stays small, and what is out of its limits stays in it."""

from __future__ import annotations

from typing import Any

from dtl.report.overview_map import FEWEST, MOST_PATHS, Overview


def way(feeder: int, rank: int, load: int) -> dict[str, Any]:
    return {"feeder": feeder, "rank": rank, "load": [0, load], "volt": [2, None], "points": [(0.0, 0.0)]}


def test_few_feeders_keep_all_their_ways() -> None:
    found = Overview(("base",), [{}] * 10, [way(f, r, 0) for f in range(10) for r in range(24)])
    found.thin()
    assert len(found.paths) == 240


def test_of_many_the_longest_stay_and_then_what_is_overloaded() -> None:
    """Room for four ways each: the three longest, and the shortest of all, since it is overloaded."""
    count = MOST_PATHS // 4
    paths = [way(f, r, 4 if r == 23 else 0) for f in range(count) for r in range(24)]
    found = Overview(("base",), [{}] * count, paths)
    found.thin()
    assert len(found.paths) == MOST_PATHS
    own = [p["rank"] for p in found.paths if p["feeder"] == 7]
    assert own == [0, 1, 2, 23] and len(own) == FEWEST + 1
