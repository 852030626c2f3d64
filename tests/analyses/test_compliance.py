"""Grid codes on a cable with two plants: bands by week, what plants cause against OpenDSS, lights, and curtailment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from compliance_cases import ABC, LIMITS, SPEC, cable
from power_cases import demand_of

from dtl.analyses.compliance_bands import WEEK_H, Bands
from dtl.analyses.compliance_codes import clauses
from dtl.analyses.compliance_grid import Grid, State
from dtl.analyses.compliance_plants import Effects, rows
from dtl.analyses.curtail import curtail
from dtl.analyses.traffic import Lights, segments
from dtl.demand.calendar import Calendar
from dtl.network.feeder import Bus, Feeder
from dtl.powerflow import dss, engine
from dtl.powerflow.opendss import driven

CALENDAR = Calendar()
HOURS = np.arange(0, 8760, 97)


def opendss(feeder: Feeder, hour: int, kw: dict[str, float]) -> dict[str, np.ndarray[Any, Any]]:
    """Voltage of every phase by bus [pu], by OpenDSS alone, with loads and plants put in one by one."""
    demand = demand_of(feeder)
    engine.load(dss.write(driven(feeder, demand)))
    engine.load_settings(mode="snapshot", controlmode="off", tolerance=1e-9, maxiterations=200)
    for name, drive in demand.drives.items():
        p, q = (float(demand.profiles[w][hour]) for w in (drive.kw_profile, drive.kvar_profile))
        engine.command(f"edit load.{name} kw={drive.kw * p!r} kvar={drive.kvar * q!r}")
    for name, power in kw.items():
        engine.command(f"edit generator.{name} kw={float(power)!r} kvar=0 enabled={'yes' if power else 'no'}")
    assert engine.solve() == 0
    volts = {}
    at = engine.node_names()
    read = engine.Voltages()
    values = np.zeros(len(at) + 1, complex)
    read.read(values)
    for node, value in zip(at, np.abs(values[1:]), strict=True):
        volts.setdefault(node.split(".")[0], []).append(value / (400 / 3**0.5))
    return {bus: np.array(v) for bus, v in volts.items()}


def made(bus_high: list[float], start: int) -> State:
    high = np.array([bus_high])
    none = np.zeros((0, len(bus_high)))
    return State(start + np.arange(len(bus_high)), high, np.full_like(high, 1.0), high, none, none)


LV_BUS = Bus(name="x", nodes=ABC, kv_ln=0.23)
FIRST = np.zeros(1, np.int64)


@pytest.mark.parametrize(("out", "verdict", "share"), [(8, "complies", 160 / 168), (9, "violates", 159 / 168)])
def test_a_week_keeps_its_band_in_95_per_cent_of_its_means(out: int, verdict: str, share: float) -> None:
    bands = Bands(clauses(["en-50160@2010"]), [LV_BUS], np.ones(1), 0.0, 60, FIRST)
    bands.add(made([1.0] * WEEK_H, 0))
    bands.add(made([1.11] * out + [1.0] * (WEEK_H - out), WEEK_H))
    found = {r["range"]: r for r in bands.rows()}
    assert found["weekly"]["value"] == pytest.approx(100 * share)
    assert (found["weekly"]["verdict"], found["weekly"]["hour"]) == (verdict, WEEK_H)
    assert (found["always"]["verdict"], found["always"]["value"]) == ("violates", 1.11)
    assert found["always"]["margin"] == pytest.approx(-0.01)


@pytest.mark.parametrize(("out", "verdict"), [(50, "complies"), (51, "violates")])
def test_in_steps_of_10_minutes_the_means_are_those_of_the_code(out: int, verdict: str) -> None:
    bands = Bands(clauses(["en-50160@2010"]), [LV_BUS], np.ones(1), 0.0, 10, FIRST)
    for week in range(2):
        bands.add(made([1.11] * (out * week) + [1.0] * (6 * WEEK_H - out * week), 6 * WEEK_H * week))
    found = {r["range"]: r for r in bands.rows()}
    assert found["weekly"]["value"] == pytest.approx(100 * (1 - out / 1008))
    assert (found["weekly"]["verdict"], found["weekly"]["hour"], found["weekly"]["minute"]) == (verdict, WEEK_H, 0)
    assert "which vary more" not in found["weekly"]["text"] and "10-minute means" in found["weekly"]["text"]


def test_steps_of_5_minutes_are_joined_to_means_of_10_of_each_phase() -> None:
    """One phase is high in every first half, another in every second: no mean of ten minutes is beyond 1.1."""
    bands = Bands(clauses(["en-50160@2010"]), [LV_BUS], np.ones(1), 0.0, 5, FIRST)
    high = np.tile([[1.12, 1.0], [1.0, 1.12], [1.0, 1.0]], WEEK_H * 6)
    high[2, 7:9] = 1.12  # the halves of two intervals
    high[2, 24:26] = 1.14  # a whole one
    steps = np.arange(high.shape[1])
    for part in np.array_split(steps, 7):
        state = State(part, high[:, part], high[:, part].min(axis=0)[None], high[:, part].max(axis=0)[None],
                      np.zeros((0, len(part))), np.zeros((0, len(part))))  # fmt: skip
        bands.add(state)
    found = {r["range"]: r for r in bands.rows()}
    assert found["weekly"]["value"] == pytest.approx(100 * (1 - 1 / 1008))
    assert (found["always"]["value"], found["always"]["hour"], found["always"]["minute"]) == (pytest.approx(1.14), 2, 0)


def test_an_interval_of_which_a_part_was_not_solved_is_not_judged() -> None:
    bands = Bands(clauses(["en-50160@2010"]), [LV_BUS], np.ones(1), 0.0, 5, FIRST)
    bands.add(made([1.2], 1))
    assert {r["verdict"] for r in bands.rows()} == {"not_assessed"}


def test_an_agreed_voltage_moves_the_band() -> None:
    bus = Bus(name="x", nodes=ABC, kv_ln=20 / 3**0.5)
    for agreed, verdict in ((1.0, "complies"), (20 / 20.6, "violates")):
        bands = Bands(clauses(["vde-ar-n-4110@2018"]), [bus], np.array([agreed]), 0.0, 60, FIRST)
        high = np.full((1, 3), 1.05)
        bands.add(State(np.arange(3), high, high * 0.0 + 0.92, high, np.zeros((0, 3)), np.zeros((0, 3))))
        (found,) = bands.rows()
        assert found["verdict"] == verdict


def test_what_plants_cause_is_what_opendss_finds() -> None:
    feeder = cable((4, 30.0), (8, 40.0))
    found = list(rows(clauses(["vde-ar-n-4105@2018", "ieee-1547@2018"]), feeder, feeder.generators, HOURS,
                      lambda: Effects(feeder, demand_of(feeder), CALENDAR, SPEC, feeder.generators)))  # fmt: skip
    rises = {r["element"]: r for r in found if r["what"] == "voltage_rise_by_generation_pct"}
    hour = rises["b8"]["hour"]
    on, off = opendss(feeder, hour, {"g4": 30.0, "g8": 40.0}), opendss(feeder, hour, {"g4": 0.0, "g8": 0.0})
    for bus in ("b1", "b4", "b8"):
        at = rises[bus]["hour"]
        both = (
            (on, off)
            if at == hour
            else (opendss(feeder, at, k) for k in ({"g4": 30.0, "g8": 40.0}, {"g4": 0.0, "g8": 0.0}))
        )
        with_plants, without = both
        assert rises[bus]["value"] == pytest.approx(100 * np.abs(with_plants[bus] - without[bus]).max(), abs=2e-3)
    assert rises["b8"]["verdict"] == "violates" and rises["b1"]["verdict"] == "complies"
    steps = {r["element"]: r for r in found if r["what"] == "voltage_step_by_switching_pct"}
    after = opendss(feeder, steps["g8"]["hour"], {"g4": 30.0, "g8": 0.0})
    before = opendss(feeder, steps["g8"]["hour"], {"g4": 30.0, "g8": 40.0})
    most = max(np.abs(before[b] - after[b]).max() for b in before)
    assert steps["g8"]["value"] == pytest.approx(100 * most, abs=2e-3)


def test_without_plants_nothing_is_judged_and_nothing_is_0() -> None:
    feeder = cable()
    found = list(rows(clauses(["vde-ar-n-4105@2018"]), feeder, [], HOURS, lambda: pytest.fail("no circuit is needed")))
    assert {r["verdict"] for r in found} == {"not_assessed"} and all(r["value"] is None for r in found)


def test_segments_end_at_switches() -> None:
    parts = segments(cable(switch=True))
    assert {b for b, s in parts.items() if s == "b0"} == {"b0", "b1", "b2", "b3", "b4"}
    assert {b for b, s in parts.items() if s == "b5"} == {"b5", "b6", "b7", "b8"}


def test_lights_tell_phase_cause_and_power() -> None:
    """The line at the head carries more than it may back to the source: what is beyond its limit must go."""
    feeder = cable((1, 150.0))
    spec = SPEC | {"limits": LIMITS | {"lines": LIMITS["lines"] | {"over_pct": 50.0}}}
    grid = Grid(feeder, demand_of(feeder), CALENDAR, spec)
    lights = Lights(feeder, grid.measured, {"yellow_pct": 90.0, "red_pct": 100.0})
    hours = np.array([4000])
    state = grid.solve(hours, *grid.powers(hours))
    lights.add(state)
    (row,) = lights.rows(lambda bus, hour: None)
    line = [name for _, name in grid.measured.elements].index(row["element"])
    share = 2 * state.load_pct[line, 0]
    assert (row["phase"], row["cause"], row["direction"]) == ("red", "thermal", "less_feed_in")
    assert row["share_pct"] == pytest.approx(share) and share > 100
    assert row["kw_out_of_red"] == pytest.approx(-state.kw[line, 0] * (1 - 100 / share))
    assert row["kw_to_green"] == pytest.approx(-state.kw[line, 0] * (1 - 90 / share))


@pytest.mark.parametrize("dear", [0, 1])
def test_curtailment_keeps_the_limits_costs_least_and_opendss_agrees(dear: int) -> None:
    feeder = cable((4, 56.0), (8, 68.0))
    grid = Grid(feeder, demand_of(feeder), CALENDAR, SPEC)
    state = grid.solve(HOURS, *grid.powers(HOURS))
    hours = HOURS[(state.bus_high > 1.1).any(axis=0)]
    assert 5 < len(hours) < len(HOURS)
    cost = np.array([1.0, 1.0])
    cost[dear] = 100.0
    found = curtail(grid, hours, feeder.generators, cost)
    assert found.cured.all() and (found.least <= 0).all()
    cheap = 1 - dear
    assert found.kw[dear].sum() <= 1e-6 or found.kw[cheap].min() >= found.available_kw[cheap].min() - 1e-6
    for j in (0, len(hours) // 2):
        left = {f"g{b}": float(p - c) for b, p, c in zip((4, 8), found.available_kw[:, j], found.kw[:, j], strict=True)}
        volts = opendss(feeder, int(hours[j]), left)
        assert max(v.max() for v in volts.values()) <= 1.1 + 1e-5
        more = {name: kw + 0.05 * found.kw[i, j] for i, (name, kw) in enumerate(left.items())}
        assert max(v.max() for v in opendss(feeder, int(hours[j]), more).values()) > 1.1
    assert set(found.why) == {"voltage high at b8"}


@pytest.mark.parametrize("kw", [140.0, 220.0])
def test_no_kilowatt_more_than_needed_is_curtailed_of_a_plant_far_too_large(kw: float) -> None:
    """Far from a limit the slopes are not those near it: the first programme takes too much, and must not be the last.

    OpenDSS alone finds by bisection how much the cable carries.
    """
    feeder = cable((8, kw))
    grid = Grid(feeder, demand_of(feeder), CALENDAR, SPEC)
    state = grid.solve(HOURS, *grid.powers(HOURS))
    found = curtail(grid, HOURS[(state.bus_high > 1.1).any(axis=0)][:3], feeder.generators, np.ones(1))
    assert found.cured.all()
    for j, hour in enumerate(found.hours.tolist()):
        low, high = 0.0, kw
        for _ in range(22):
            middle = (low + high) / 2.0
            fits = max(v.max() for v in opendss(feeder, hour, {"g8": middle}).values()) <= 1.1
            low, high = (middle, high) if fits else (low, middle)
        assert kw - found.kw[0, j] == pytest.approx(low, rel=2e-3)
        assert kw - found.kw[0, j] <= low + 0.01


def test_what_curtailment_cannot_cure_is_said() -> None:
    feeder = cable((2, 5.0))
    spec = SPEC | {"limits": LIMITS | {"voltage": [LIMITS["voltage"][0] | {"high_pu": 0.9999, "low_pu": 0.0}]}}
    grid = Grid(feeder, demand_of(feeder), CALENDAR, spec)
    found = curtail(grid, HOURS[:3], feeder.generators, np.ones(1))
    assert (found.least > 0).all() and found.kw.sum() == 0
