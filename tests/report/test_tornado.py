"""The tornado of a sweep over several axes, against an effect that is known."""

from __future__ import annotations

from itertools import product

import pytest

from dtl.report import sweeps

AXES = ["cars.penetration", "roofs.penetration", "growth.per_year"]
GRID = [0.0, 0.25, 0.5, 0.75]


def test_each_axis_has_the_effect_from_its_lowest_to_its_highest_quarter_the_largest_first() -> None:
    """Hours = 40 cars - 80 roofs, whatever the growth: over 0 to 0.75 that is +30 and -60, and growth does nothing."""
    points = [{"values": dict(zip(AXES, at, strict=True))} for at in product(GRID, GRID, [0.01, 0.02])]
    hours = [40.0 * p["values"][AXES[0]] - 80.0 * p["values"][AXES[1]] + 100.0 for p in points]
    shown = sweeps._tornado(AXES, points, "violating_hours_h", hours)
    assert shown is not None
    assert [b["axis"] for b in shown["bars"]] == [AXES[1], AXES[0], AXES[2]]
    assert [b["share"] for b in shown["bars"]] == pytest.approx([-100.0, 50.0, 0.0])
    assert "60" in shown["bars"][0]["text"] and "30" in shown["bars"][1]["text"]


def test_points_without_an_answer_are_left_out_and_no_effect_is_no_chart() -> None:
    points = [{"values": {"a.x": x, "b.y": y}} for x, y in product((1.0, 2.0), (1.0, 2.0))]
    assert sweeps._tornado(["a.x", "b.y"], points, "violating_hours_h", [5.0] * 4) is None
    shown = sweeps._tornado(["a.x", "b.y"], points, "violating_hours_h", [0.0, 0.0, None, 8.0])
    assert shown is not None and [b["axis"] for b in shown["bars"]] == ["a.x", "b.y"]


def test_sentence_of_one_axis_keeps_its_two_numbers_apart() -> None:
    points = [{"values": {"roofs.penetration": x}} for x in (0.0, 0.5, 1.0)]
    told = sweeps._lead("pv", ["roofs.penetration"], points, {"feeders_violating": [4.0, 3.0, 11.0]})
    assert told.endswith("Already at roofs.penetration 0, 4 feeders need work, at most 11 (at 1).")
    told = sweeps._lead("pv", ["roofs.penetration"], points, {"feeders_violating": [0.0, 1.0, 1.0]})
    assert told.endswith("Up to roofs.penetration 0 none needs work; at roofs.penetration 0.5, 1 feeder needs work.")
