"""Voltage figures of a feeder worked out on paper."""

from __future__ import annotations

import pytest
import solved_cases as made

from dtl.analyses.assess import assess
from dtl.errors import ContractError

# Limits: 0.975-1.05 at 4.16 kV (mv@1, A), 0.95-1.05 at 0.48 kV (lv@1). Neutral voltages are no bus voltages.
#
#   hour                        5      6      7
#   m.A (4.16 kV)           0.980  0.970  0.974    low in 6 and 7, most 0.005 below
#   m.B                     0.990  0.972  0.990    low in 6
#   m.C                     1.000  1.056  1.000    high in 6, 0.006 above
#   v.A (0.48 kV)           0.960  0.955  0.940    low in 7, 0.010 below: lower than m, and the furthest below
#   q.1 (0.48 kV)           0.949  1.000  1.000    low in 5, 0.001 below
#
# Hours low: 5, 6, 7 = 3 h; high: 6 = 1 h; outside: 3 h. Buses low m, v, q = 3; high m = 1.
FLOW = [
    {"kind": "bus", "element": "m", "phase": "A", "min_pu": 0.970, "min_hour": 6, "max_pu": 0.980, "max_hour": 5},
    {"kind": "bus", "element": "m", "phase": "B", "min_pu": 0.972, "min_hour": 6, "max_pu": 0.990, "max_hour": 5},
    {"kind": "bus", "element": "m", "phase": "C", "min_pu": 1.000, "min_hour": 5, "max_pu": 1.056, "max_hour": 6},
    {"kind": "bus", "element": "m", "phase": "N", "min_pu": 0.001, "min_hour": 5, "max_pu": 0.002, "max_hour": 6},
    {"kind": "bus", "element": "v", "phase": "A", "min_pu": 0.940, "min_hour": 7, "max_pu": 0.960, "max_hour": 5,
     "kv_ll": 0.48},
    {"kind": "bus", "element": "q", "phase": "1", "min_pu": 0.949, "min_hour": 5, "max_pu": 1.000, "max_hour": 6,
     "kv_ll": 0.48},
]  # fmt: skip
VIOLATIONS = [
    ("voltage_low", "bus", "m", "A", 6, 0.970, 0.975),
    ("voltage_low", "bus", "m", "A", 7, 0.974, 0.975),
    ("voltage_low", "bus", "m", "B", 6, 0.972, 0.975),
    ("voltage_high", "bus", "m", "C", 6, 1.056, 1.05),
    ("voltage_low", "bus", "v", "A", 7, 0.940, 0.95),
    ("voltage_low", "bus", "q", "1", 5, 0.949, 0.95),
    ("reverse", "head", "m", "", 9, -5, 0),
]


def rows(
    flow: list[dict[str, object]] = FLOW, violations: list[tuple[object, ...]] = VIOLATIONS
) -> list[dict[str, object]]:
    spec = made.spec()
    found = {
        "powerflow": made.flow_table(spec, flow),
        "hourly": made.hourly_table(spec, [{}] * 12),
        "violations": made.violation_table(spec, violations),
    }
    return assess(spec, found)


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("min_pu", 0.940),
        ("max_pu", 1.056),
        ("violation_hours_low_h", 3),
        ("violation_hours_high_h", 1),
        ("violation_hours_h", 3),
        ("buses_low", 3),
        ("buses_high", 1),
        ("max_shortfall_pu", 0.010),
        ("max_excess_pu", 0.006),
        ("violating_hours_h", 3),
        ("overload_hours_h", 0),
    ],
)
def test_feeder(metric: str, value: float) -> None:
    assert made.by_metric(rows())[metric]["value"] == pytest.approx(value, abs=1e-6)


def test_worst_bus_worst_hour_and_the_clause() -> None:
    low = made.by_metric(rows())["min_pu"]
    assert (low["text"], low["hour"], low["limit"], low["rule"]) == ("v.A", 7, 0.95, "lv@1 service: c1")
    high = made.by_metric(rows())["max_pu"]
    assert (high["text"], high["hour"], high["limit"], high["rule"]) == ("m.C", 6, 1.05, "mv@1 range A service: c2")


def test_the_lowest_voltage_need_not_be_the_furthest_below_its_limit() -> None:
    """0.960 at 0.48 kV keeps its limit of 0.95; 0.970 at 4.16 kV breaks its limit of 0.975."""
    flow = [
        {"kind": "bus", "element": "lv", "phase": "A", "kv_ll": 0.48, "min_pu": 0.960, "min_hour": 1,
         "max_pu": 1, "max_hour": 2},
        {"kind": "bus", "element": "mv", "phase": "A", "min_pu": 0.970, "min_hour": 3, "max_pu": 1, "max_hour": 2},
    ]  # fmt: skip
    got = made.by_metric(rows(flow, [("voltage_low", "bus", "mv", "A", 3, 0.970, 0.975)]))
    assert got["min_pu"]["text"] == "lv.A"
    assert got["max_shortfall_pu"]["text"] == "mv.A" and got["max_shortfall_pu"]["limit"] == pytest.approx(0.975)
    assert got["max_shortfall_pu"]["rule"] == "mv@1 range A service: c2"


def test_each_bus_outside_its_limits() -> None:
    found = [r for r in rows() if r["element"]]
    assert {(r["kind"], r["element"]) for r in found} == {("bus", "m"), ("bus", "v"), ("bus", "q")}
    m = made.by_metric(found, "m")
    assert m["hours_low_h"]["value"] == 2, "A and B are low together in hour 6: that is one hour"
    assert m["hours_high_h"]["value"] == 1
    assert (m["min_pu"]["text"], m["max_pu"]["text"]) == ("m.A", "m.C")
    assert made.by_metric(found, "v")["hours_low_h"]["limit"] == 0.95
    assert "hours_high_h" not in made.by_metric(found, "v")


def test_all_within_limits() -> None:
    flow = [{"kind": "bus", "element": "m", "phase": "A", "min_pu": 0.99, "min_hour": 1, "max_pu": 1.01, "max_hour": 2}]
    got = made.by_metric(rows(flow, []))
    assert got["max_shortfall_pu"]["value"] == got["max_excess_pu"]["value"] == got["violating"]["value"] == 0


def test_a_bus_without_a_limit_is_a_bug_by_now() -> None:
    flow = [
        {
            "kind": "bus",
            "element": "h",
            "phase": "A",
            "kv_ll": 69,
            "min_pu": 0.9,
            "min_hour": 1,
            "max_pu": 1,
            "max_hour": 2,
        }
    ]
    with pytest.raises(ContractError, match="69 kV"):
        rows(flow, [])
