"""Voltage figures of a feeder worked out on paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import solved_cases as made

from dtl.analyses.assess import assess
from dtl.analyses.solved import Solved
from dtl.errors import ContractError
from dtl.network.feeder import Bus
from dtl.powerflow.limits import band

# Limits: 0.975-1.05 at 4.16 kV (mv@1, A), 0.95-1.05 at 0.48 kV (lv@1). What the power flow gives of each phase:
#
#   hour                        5      6      7
#   m.A (4.16 kV)           0.980  0.970  0.974    low in 6 and 7, most 0.005 below
#   m.B                     0.990  0.972  0.990    low in 6
#   m.C                     1.000  1.056  1.000    high in 6, 0.006 above
#   v.A (0.48 kV)           0.960  0.955  0.940    low in 7, 0.010 below: lower than m, and the furthest below
#   q.1 (0.48 kV)           0.949  1.000  1.000    low in 5, 0.001 below
#
# Hours low: 5, 6, 7 = 3 h; high: 6 = 1 h; outside: 3 h. Buses low m, v, q = 3; high m = 1.
BUSES = [  # bus, phase, kV, lowest, hour, highest, hour, hours low, hours high; as a whole where the phase is empty
    ("m", "A", 4.16, 0.970, 6, 0.980, 5, 2, 0),
    ("m", "B", 4.16, 0.972, 6, 0.990, 5, 1, 0),
    ("m", "C", 4.16, 1.000, 5, 1.056, 6, 0, 1),
    ("m", "", 4.16, 0.970, 6, 1.056, 6, 2, 1),
    ("v", "A", 0.48, 0.940, 7, 0.960, 5, 1, 0),
    ("v", "", 0.48, 0.940, 7, 0.960, 5, 1, 0),
    ("q", "1", 0.48, 0.949, 5, 1.000, 6, 1, 0),
    ("q", "", 0.48, 0.949, 5, 1.000, 6, 1, 0),
]
VIOLATIONS = [
    ("voltage_low", "bus", "m", "", 6, 0.970, 0.975),
    ("voltage_low", "bus", "m", "", 7, 0.974, 0.975),
    ("voltage_high", "bus", "m", "", 6, 1.056, 1.05),
    ("voltage_low", "bus", "v", "", 7, 0.940, 0.95),
    ("voltage_low", "bus", "q", "", 5, 0.949, 0.95),
    ("reverse", "head", "m", "", 9, -5, 0),
]
NAMES = ("element", "phase", "kv_ll", "min_pu", "min_hour", "max_pu", "max_hour", "hours_low", "hours_high")


def rows(
    buses: Sequence[tuple[object, ...]] = BUSES, violations: Sequence[tuple[object, ...]] = VIOLATIONS, **words: object
) -> list[dict[str, object]]:
    spec = made.spec() | words
    found = {
        "powerflow": made.flow_table(spec, [{"kind": "bus"} | dict(zip(NAMES, bus, strict=True)) for bus in buses]),
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
    buses = [("lv", "", 0.48, 0.960, 1, 1, 2, 0, 0), ("mv", "", 4.16, 0.970, 3, 1, 2, 1, 0)]
    got = made.by_metric(rows(buses, [("voltage_low", "bus", "mv", "", 3, 0.970, 0.975)]))
    assert got["min_pu"]["text"] == "lv"
    assert got["max_shortfall_pu"]["text"] == "mv" and got["max_shortfall_pu"]["limit"] == pytest.approx(0.975)
    assert got["max_shortfall_pu"]["rule"] == "mv@1 range A service: c2"


def test_the_drop_of_a_secondary_raises_the_limit_of_primary_buses_only() -> None:
    """2.5 % behind a primary bus: 0.975 + 0.025 = 1.0 there; 0.95 stays at 0.48 kV."""
    got = rows(secondary={"drop_pct": 2.5})
    m, v = made.by_metric(got, "m")["min_pu"], made.by_metric(got, "v")["min_pu"]
    assert m["limit"] == pytest.approx(1.0) and "drop of 2.5 %" in str(m["rule"])
    assert v["limit"] == pytest.approx(0.95) and v["rule"] == "lv@1 service: c1"
    assert made.by_metric(got, "m")["max_pu"]["limit"] == pytest.approx(1.05), "the drop vanishes at no load"
    assert made.by_metric(got)["max_shortfall_pu"]["value"] == pytest.approx(0.030, abs=1e-6)


def test_a_cut_table_of_violations_counts_no_less_than_the_worst_bus() -> None:
    got = made.by_metric(rows([("m", "", 4.16, 0.9, 3, 1, 2, 7, 0)], [("voltage_low", "bus", "m", "", 3, 0.9, 0.975)]))
    assert got["violation_hours_low_h"]["value"] == got["violating_hours_h"]["value"] == 7


def test_limits_by_number_of_phases() -> None:
    limits = [dict(made.LIMITS["voltage"][1], phases=1, low_pu=0.9), made.LIMITS["voltage"][1]]
    buses = [
        ("one", "A", 4.16, 0.97, 1, 1, 2, 0, 0),
        ("one", "", 4.16, 0.97, 1, 1, 2, 0, 0),
        ("two", "AB", 4.16, 0.97, 1, 1, 2, 1, 0),
        ("two", "", 4.16, 0.97, 1, 1, 2, 1, 0),
    ]
    got = rows(buses, [("voltage_low", "bus", "two", "", 1, 0.97, 0.975)], limits=made.LIMITS | {"voltage": limits})
    assert made.by_metric(got)["min_pu"]["limit"] == pytest.approx(0.9)
    assert made.by_metric(got, "two")["min_pu"]["limit"] == pytest.approx(0.975)


@pytest.mark.parametrize("nodes", [(1,), (1, 2), (1, 2, 3)])
@pytest.mark.parametrize("kv_ll", [0.48, 1.0, 4.16, 35.0])
@pytest.mark.parametrize("secondary", ["modelled", {"drop_pct": 0.0}, {"drop_pct": 3.0}])
def test_the_power_flow_judges_by_the_same_limits(nodes: tuple[int, ...], kv_ll: float, secondary: object) -> None:
    """Two modules find the limit of a bus; they must agree, or a page shows another limit than the one that counted."""
    limits = {
        "voltage": [dict(made.LIMITS["voltage"][1], phases=2, low_pu=0.91, at="primary"), *made.LIMITS["voltage"]]
    }
    judged = band(Bus(name="b", nodes=nodes, kv_ln=kv_ll / 3**0.5), limits, secondary)
    flow = {
        "kind": np.array(["bus"] * len(nodes), object),
        "element": np.array(["b"] * len(nodes), object),
        "phase": np.array(["ABC"[n - 1] for n in nodes], object),
        "min_pu": np.ones(len(nodes)),
        "max_pu": np.ones(len(nodes)),
    }
    told = Solved(flow, {}, {}, limits, secondary).voltage_limit(
        "b", Bus(name="b", nodes=nodes, kv_ln=kv_ll / 3**0.5).kv_ll
    )
    assert (told["low_pu"], told["high_pu"]) == pytest.approx((judged.low_pu, judged.high_pu))


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
    got = made.by_metric(rows([("m", "", 4.16, 0.99, 1, 1.01, 2, 0, 0)], []))
    assert got["max_shortfall_pu"]["value"] == got["max_excess_pu"]["value"] == got["violating"]["value"] == 0


def test_a_bus_without_a_limit_is_a_bug_by_now() -> None:
    with pytest.raises(ContractError, match="69 kV"):
        rows([("h", "", 69, 0.9, 1, 1, 2, 0, 0)], [])
