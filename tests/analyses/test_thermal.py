"""Thermal figures of a feeder worked out on paper."""

from __future__ import annotations

import pytest
import solved_cases as made

from dtl.analyses.assess import assess

# Four hours 10..13. Rating 100 A, limit 100 %; the transformer 50 kVA, limit 120 %, window 2 h.
#
#   hour            10    11    12    13
#   line a [A]      90   104   110    96   over in 11 and 12: 2 h, highest 110 %
#   line b [A]      40   101    60    50   over in 11:        1 h, highest 101 %
#   switch s [A]    95    99    98    97   never
#   tr t [kVA]      55    58    65    62   110 116 130 124 %: over in 12 and 13: 2 h; means over 2 h 113 123 127 %
#
# Hours in which anything is over: 11, 12, 13 = 3 h. Line-hours 2 + 1 = 3, transformer-hours 2.
# Energy over at power factor 1 and 7.2 kV (line to line 4.16 * sqrt 3 to keep it round, one ampere = 5 kWh):
#   a: (4 + 10) * 5 = 70 kWh, b: 1 * 5 = 5 kWh, t: (65 - 60) + (62 - 60) = 7 kWh; together 82 kWh.
FLOW = [
    {"kind": "line", "element": "a", "rating": 100, "max_load_pct": 110, "max_load_hour": 12, "hours_over": 2,
     "hours_over_emergency": 1, "kwh_over": 70, "window_h": 1, "window_max_pct": 110, "window_hours_over": 2},
    {"kind": "line", "element": "b", "rating": 100, "max_load_pct": 101, "max_load_hour": 11, "hours_over": 1,
     "hours_over_emergency": 0, "kwh_over": 5, "window_h": 1, "window_max_pct": 101, "window_hours_over": 1},
    {"kind": "switch", "element": "s", "rating": 100, "max_load_pct": 99, "max_load_hour": 11, "hours_over": 0,
     "hours_over_emergency": 0, "kwh_over": 0, "window_h": 1, "window_max_pct": 99, "window_hours_over": 0},
    {"kind": "transformer", "element": "t", "rating": 50, "rating_unit": "kVA", "max_load_pct": 130,
     "max_load_hour": 12, "hours_over": 2, "kwh_over": 7, "window_h": 2, "window_max_pct": 127, "window_hours_over": 2},
    {"kind": "line", "element": "unrated", "rating_unit": ""},
]  # fmt: skip
VIOLATIONS = [
    ("thermal", "line", "a", "", 11, 104, 100),
    ("thermal", "line", "a", "", 12, 110, 100),
    ("thermal", "line", "b", "", 11, 101, 100),
    ("thermal", "transformer", "t", "", 12, 130, 120),
    ("thermal", "transformer", "t", "", 13, 124, 120),
    ("emergency", "line", "a", "", 12, 110, 108),
]


def rows() -> list[dict[str, object]]:
    spec = made.spec()
    found = {
        "powerflow": made.flow_table(spec, FLOW),
        "hourly": made.hourly_table(spec, [{}] * 24),
        "violations": made.violation_table(spec, VIOLATIONS),
    }
    return assess(spec, found)


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("lines_over", 2),
        ("transformers_over", 1),
        ("line_hours_over_h", 3),
        ("transformer_hours_over_h", 2),
        ("overload_hours_h", 3),
        ("max_line_load_pct", 110),
        ("max_transformer_load_pct", 130),
        ("emergency_elements", 1),
        ("window_elements_over", 3),
        ("kwh_over", 82),
        ("unrated_elements", 1),
        ("violating", 1),
        ("violating_hours_h", 3),
    ],
)
def test_feeder(metric: str, value: float) -> None:
    assert made.by_metric(rows())[metric]["value"] == pytest.approx(value)


def test_the_worst_is_named_with_its_hour_limit_and_rule() -> None:
    line = made.by_metric(rows())["max_line_load_pct"]
    assert (line["text"], line["hour"], line["limit"]) == ("a", 12, 100)
    assert line["rule"] == "study: 100 % of the normal rating"
    transformer = made.by_metric(rows())["max_transformer_load_pct"]
    assert (transformer["text"], transformer["hour"], transformer["limit"]) == ("t", 12, 120)
    assert "120 %" in transformer["rule"]


def test_elements_over_and_only_they_have_rows() -> None:
    found = [r for r in rows() if r["analysis"] == "thermal" and r["element"]]
    assert {r["element"] for r in found} == {"a", "b", "t"}
    t = made.by_metric(found, "t")
    assert (t["max_load_pct"]["value"], t["hours_over_h"]["value"], t["kwh_over"]["value"]) == (130, 2, 7)
    assert t["window_max_pct"]["value"] == 127
    assert "2 h" in t["window_max_pct"]["rule"] and t["window_max_pct"]["limit"] == 120
    assert made.by_metric(found, "a")["hours_over_emergency_h"]["value"] == 1
    assert "hours_over_emergency_h" not in made.by_metric(found, "b")


def test_a_summer_rating_is_told() -> None:
    spec = made.spec()
    spec["limits"] = made.LIMITS | {
        "lines": made.LIMITS["lines"] | {"summer": "summer", "summer_months": [6, 7], "over_pct": 95.0}
    }
    found = {
        "powerflow": made.flow_table(spec, FLOW),
        "hourly": made.hourly_table(spec, [{}]),
        "violations": made.violation_table(spec, []),
    }
    line = made.by_metric(assess(spec, found))["max_line_load_pct"]
    assert line["rule"] == "study: 95 % of the summer rating in June, July, else of the normal rating"


def test_a_feeder_without_ratings_says_nothing_rather_than_zero() -> None:
    spec = made.spec()
    found = {
        "powerflow": made.flow_table(spec, [{"kind": "line", "element": "x", "rating_unit": ""}]),
        "hourly": made.hourly_table(spec, [{}]),
        "violations": made.violation_table(spec, []),
    }
    got = made.by_metric(assess(spec, found))
    assert got["max_line_load_pct"]["value"] is None and got["unrated_elements"]["value"] == 1
