"""Verdicts of grid codes on two buses, where voltage, margin and curtailment follow from a quadratic equation."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import pytest
from compliance_cases import ABC, LIMITS, SPEC
from power_cases import demand_of

from dtl.analyses.compliance_bands import Bands
from dtl.analyses.compliance_codes import clauses
from dtl.analyses.compliance_grid import Grid
from dtl.analyses.compliance_plants import Effects, rows
from dtl.analyses.curtail import curtail
from dtl.demand.calendar import Calendar
from dtl.demand.demand import Demand
from dtl.network.feeder import Bus, Feeder, Generator, Line, LineCode, Load, Source

R, X = 0.1, 0.05
"""Of the line [ohm]."""
HOURS = np.arange(48)
CALENDAR = Calendar()


def pu(kw: float, kvar: float, kv: float = 0.4) -> float:
    """Voltage at the end of the line, which carries a power there: V^4 + V^2 (2(RP+XQ) - E^2) + Z^2 S^2 = 0."""
    p, q = kw / 1e3, kvar / 1e3
    half = (kv**2 - 2.0 * (R * p + X * q)) / 2.0
    return sqrt(half + sqrt(half**2 - (R**2 + X**2) * (p**2 + q**2))) / kv


def two_buses(load: tuple[float, float], plant: float, kv: float = 0.4) -> tuple[Feeder, Demand]:
    """A load [kW, kvar] and a plant [kW] behind a line at a stiff source, and their constant demand."""

    def square(value: float) -> tuple[tuple[float, ...], ...]:
        return tuple(tuple(value * (i == j) for j in range(3)) for i in range(3))

    same: dict[str, Any] = {"bus": "end", "nodes": ABC, "phases": 3, "kv": kv, "min_pu": 0.5, "max_pu": 1.5}
    code = LineCode(name="k", r_ohm_per_km=square(R), x_ohm_per_km=square(X), c_nf_per_km=square(0.0), normal_a=500)
    ends: dict[str, Any] = {"from_nodes": ABC, "to_nodes": ABC}
    stiff = {"r1_ohm": 0, "x1_ohm": 1e-9, "r0_ohm": 0, "x0_ohm": 1e-9}
    feeder = Feeder(
        id="t", feeders=("t",), frequency_hz=50.0, line_codes=(code,),
        buses=tuple(Bus(name=n, nodes=ABC, kv_ln=kv / sqrt(3.0)) for n in ("end", "head")),
        lines=(Line(name="l", from_bus="head", to_bus="end", length_km=1, line_code="k", **ends),),
        sources=(Source(name="s", bus="head", kv_ll=kv, feeder="t", **stiff),),
        loads=(Load(name="d", kw=load[0], kvar=load[1], **same),),
        generators=(Generator(name="g", type="pv", kw=plant, kva=1.1 * plant, **same),) if plant else (),
    )  # fmt: skip
    demand = demand_of(feeder)
    flat = {name: np.ones_like(values) for name, values in demand.profiles.items()}
    return feeder, replace(demand, profiles=flat)


@pytest.mark.parametrize(
    ("kw", "kvar", "volts", "code", "low"),
    [
        (50.0, 10.0, 0.9643053165, "ansi-c84.1@2020", 0.95),
        (70.0, 20.0, 0.9471617180, "ansi-c84.1@2020", 0.95),
        (70.0, 20.0, 0.9471617180, "en-50160@2010", 0.90),
        (130.0, 40.0, 0.8951121553, "en-50160@2010", 0.90),
        (130.0, 40.0, 0.8951121553, "en-50160@2010", 0.85),
        (130.0, 40.0, 0.8951121553, "vde-ar-n-4105@2018", 0.90),
    ],
)
def test_bands_have_the_margin_of_the_closed_form(kw: float, kvar: float, volts: float, code: str, low: float) -> None:
    assert pu(kw, kvar) == pytest.approx(volts, abs=1e-9)
    feeder, demand = two_buses((kw, kvar), 0.0)
    grid = Grid(feeder, demand, CALENDAR, SPEC)
    bands = Bands(clauses([code]), grid.measured.buses, np.ones(2), 0.0, 60, np.array([0, 3]))
    bands.add(grid.solve(HOURS, *grid.powers(HOURS)))
    (found,) = [r for r in bands.rows() if r["element"] == "end" and r["limit"] == low]
    assert found["value"] == pytest.approx(volts, abs=1e-6)
    assert found["margin"] == pytest.approx(volts - low, abs=1e-6)
    assert found["verdict"] == ("complies" if volts >= low else "violates")


@pytest.mark.parametrize(
    ("plant", "kv", "code", "what", "rise", "limit"),
    [
        (40.0, 0.4, "vde-ar-n-4105@2018", "voltage_rise_by_generation_pct", 2.43317, 3.0),
        (55.0, 0.4, "vde-ar-n-4105@2018", "voltage_rise_by_generation_pct", 3.31341, 3.0),
        (55.0, 0.4, "ieee-1547@2018", "voltage_step_by_switching_pct", 3.31341, 5.0),
        (90000.0, 20.0, "vde-ar-n-4110@2018", "voltage_rise_by_generation_pct", 2.19560, 2.0),
        (80000.0, 20.0, "vde-ar-n-4110@2018", "voltage_step_by_switching_pct", 1.95680, 2.0),
    ],
)
def test_what_a_plant_may_raise_has_the_margin_of_the_closed_form(
    plant: float, kv: float, code: str, what: str, rise: float, limit: float
) -> None:
    feeder, demand = two_buses((0.0, 0.0), plant, kv)
    by_hand = 100.0 * (pu(-plant, 0.0, kv) - 1.0)
    assert by_hand == pytest.approx(rise, abs=1e-4)
    told = rows(clauses([code]), feeder, feeder.generators, HOURS,
                lambda: Effects(feeder, demand, CALENDAR, SPEC, feeder.generators))  # fmt: skip
    (found,) = [r for r in told if r["what"] == what and r["element"] in ("end", "g")]
    assert found["value"] == pytest.approx(by_hand, abs=1e-4) and found["limit"] == limit
    assert found["margin"] == pytest.approx(limit - by_hand, abs=1e-4)
    assert found["verdict"] == ("complies" if by_hand <= limit else "violates")


@pytest.mark.parametrize("plant", [55.0, 90.0])
def test_curtailment_leaves_what_the_line_carries_at_the_limit(plant: float) -> None:
    """At V = 1.03 pu: Z^2 P^2 - 2 R V^2 P + V^2 (V^2 - E^2) = 0, that is 49.627 kW, whatever the plant could give."""
    v2, e2, z2 = (1.03 * 0.4) ** 2, 0.4**2, R**2 + X**2
    most = 1e3 * (R * v2 - sqrt((R * v2) ** 2 - z2 * v2 * (v2 - e2))) / z2
    assert most == pytest.approx(49.627, abs=1e-3) and pu(-most, 0.0) == pytest.approx(1.03, abs=1e-9)
    feeder, demand = two_buses((0.0, 0.0), plant)
    limits = LIMITS | {"voltage": [LIMITS["voltage"][0] | {"high_pu": 1.03}]}
    grid = Grid(feeder, demand, CALENDAR, SPEC | {"limits": limits})
    found = curtail(grid, HOURS[:4], feeder.generators, np.ones(1))
    assert found.cured.all()
    np.testing.assert_allclose(found.kw[0], plant - most, atol=0.01)
    left = np.broadcast_to((plant - found.kw) / plant, (1, 4))
    again = grid.solve(HOURS[:4], *grid.powers(HOURS[:4], grid.rows(feeder.generators), left))
    assert again.bus_high.max() <= 1.03 + 1e-6
