"""Charging: energy, windows of the built-in profiles, coincidence, sharing, timers, and files of one's own."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layered_cases import CONTEXT, TIMEZONE, demand_of, feeder_of, street

from dtl.demand.calendar import Calendar
from dtl.errors import SolveError
from dtl.scenarios import draw
from dtl.scenarios.compose import compose
from dtl.scenarios.ev_profiles import charging
from dtl.scenarios.ev_sessions import Habit, Sessions, charge, coincidence, sessions
from dtl.scenarios.state import State

YEAR = Calendar(2025)
WINDOWS = {
    "level1_residential": (18, 6, 1.4),
    "level2_residential": (18, 2, 7.2),
    "level2_high_power": (18, 24, 11.5),
    "dcfc_commercial": (10, 21, 150.0),
    "dcfc_highway": (9, 19, 350.0),
}
"""Hours on the clock in which the document of the profiles says that they charge, and the power of a charger [kW]."""


def habit(like: str, **changes: Any) -> Habit:
    found = charging({"like": like} | changes, CONTEXT).habit
    assert found is not None
    return found


def fleet(of: Habit, count: int, site: Any = None, steps: int = 8760 * 4) -> tuple[Any, Sessions, Any]:
    units = draw.keys(map(str, range(count)), "fleet")
    found = sessions(of, units, np.arange(count) if site is None else site, YEAR, TIMEZONE)
    power, given = charge(found, found.unit, count, of.taper_share, steps)
    return power, found, given


@pytest.mark.parametrize("like", WINDOWS)
def test_built_in_profiles_charge_in_their_hours(like: str) -> None:
    begin, end, kw = WINDOWS[like]
    of = habit(like)
    sites = np.arange(60) // 4 if of.is_charger else np.arange(60)  # a lone charger turns many away
    power, found, given = fleet(of, 60, sites, steps=8760)
    by_hour = np.bincount(YEAR.clock_hour(TIMEZONE).astype(int), weights=power.sum(axis=0))
    inside = [(begin + k) % 24 for k in range((end - begin) % 24)]
    assert by_hour[inside].sum() / by_hour.sum() > 0.65
    assert power.max() <= kw * (1 + 1e-5)
    assert power.sum(dtype=np.float64) == pytest.approx(given.sum(), rel=1e-6)
    assert (given <= found.kwh * (1 + 1e-12)).all()
    assert given.sum() > 0.9 * found.kwh.sum()


def test_level_2_at_home_is_as_measured_fleets() -> None:
    power, found, given = fleet(habit("level2_residential"), 1000)
    assert 0.9 <= power.sum(axis=0).max() / 1000 <= 1.5
    assert 45.0 <= given.sum() / 1000 / 52.14 <= 60.0
    assert 12.0 <= len(found.unit) / 1000 / 12 <= 13.0
    month = power[:, 96 * 90 : 96 * 120]
    one, ten, fifty, many = coincidence(month, 7.2, (1, 10, 50, 200), 24, 0)
    assert one == pytest.approx(1.0, abs=0.05)
    assert 0.40 <= ten <= 0.55 and 0.22 <= fifty <= 0.32 and 0.16 <= many <= 0.25


def test_never_after_departure_and_tapering_from_the_last_part() -> None:
    own = Sessions(np.array([0, 1]), np.array([1.0, 1.0]), np.array([1.0, 1.0]), np.array([2.5, 9.0]),
                   np.array([20.0, 20.0]), np.array([10.0, 10.0]))  # fmt: skip
    power, given = charge(own, own.unit, 2, 0.0, 96, 24.0)
    np.testing.assert_allclose(power[0], np.where((np.arange(96) >= 4) & (np.arange(96) < 10), 10.0, 0.0))
    assert given.tolist() == [15.0, 20.0]
    power, given = charge(own, own.unit, 2, 0.3, 24 * 3600, 24.0)
    falls = 2 * 6.0 / (10.0 * 1.2)
    at = np.interp((np.arange(24 * 3600) + 0.5) / 3600, [1, 1 + 1.4, 1 + 1.4 + falls], [10, 10, 2], left=0, right=0)
    np.testing.assert_allclose(power[1], at, atol=0.02)
    assert given[1] == pytest.approx(20.0)


def test_shared_chargers_wait_and_tell_what_lacks() -> None:
    alone, found, given = fleet(habit("level2_residential"), 12, np.zeros(12, np.int64))
    of = habit("level2_residential", vehicles_per_charger=4)
    power, queued, less = fleet(of, 12, np.zeros(12, np.int64))
    assert alone.sum(axis=0).max() > 3 * 7.2
    assert power.sum(axis=0).max() <= 3 * 7.2 * (1 + 1e-5)
    assert (queued.start_h >= queued.arrival_h).all() and (queued.start_h > queued.arrival_h).any()
    assert less.sum() < given.sum() and len(found.unit) == len(queued.unit)


def test_a_timer_makes_a_new_peak_and_even_charging_none() -> None:
    plain, _, given = fleet(habit("level2_residential"), 300)
    timer, moved, same = fleet(habit("level2_residential", managed=1, managed_from=0, managed_spread_h=0), 300)
    slow, _, all_the_same = fleet(habit("level2_residential", managed=1), 300)
    peaks = [p.sum(axis=0).max() for p in (plain, timer, slow)]
    assert peaks[1] > 1.5 * peaks[0] and peaks[2] < 0.6 * peaks[0]
    assert same.sum() == pytest.approx(given.sum(), rel=1e-9) == pytest.approx(all_the_same.sum(), rel=1e-9)
    assert (moved.start_h <= np.maximum(moved.departure_h, moved.arrival_h)).all()
    clock = np.bincount(YEAR.clock_hour(TIMEZONE).astype(int), weights=timer.sum(axis=0).reshape(-1, 4).mean(axis=1))
    assert clock[:4].sum() / clock.sum() > 0.5


def composed(homes: int = 12, feeder: str = "f", year: int = 2030, **profile: Any) -> State:
    layer = {"name": "cars", "kind": "ev", "penetration": 0.3, "by": 2030, "to": "residential",
             "charging": {"like": "level2_residential"} | profile}  # fmt: skip
    on = feeder_of(street(homes, 2), feeder)
    return compose([layer], on, demand_of(on), replace(CONTEXT, year=year))


def test_later_years_keep_the_vehicles_and_other_feeders_have_others() -> None:
    now, before = composed(), composed(year=2028)
    kept = before.units["cars"] > 0
    assert kept.any() and (now.units["cars"] >= before.units["cars"]).all()
    same = kept & (now.units["cars"] == before.units["cars"])
    assert same.any()
    for i in np.flatnonzero(same):
        np.testing.assert_array_equal(now.components["cars"].kw.of(i), before.components["cars"].kw.of(i))
    assert (composed(feeder="g").kw() != now.kw()).any()
    told = {a["field"]: a["value"] for a in now.assumptions}
    assert told["devices"] == now.units["cars"].sum() and told["charger_kw"] == 7.2
    delivered = now.components["cars"].kw.sums().sum()
    assert delivered == pytest.approx(told["energy asked for"] - told["energy not delivered"], rel=1e-6)


def test_parameters_are_replaced_one_by_one() -> None:
    plain, strong = composed().components["cars"].kw, composed(charger_kw=9.6).components["cars"].kw
    assert strong.highest().max() > 7.2 * 1.2 * 0.9
    double = composed(energy_kwh_per_day=13.2).components["cars"].kw
    assert double.sums().sum() == pytest.approx(2 * plain.sums().sum(), rel=0.1)
    summer = composed(seasons={"winter": 0.5, "spring": 1.0, "summer": 1.5, "autumn": 1.0}).components["cars"].kw
    by_month = np.bincount(YEAR.month - 1, weights=summer.total())
    assert by_month[[5, 6, 7]].sum() > 2 * by_month[[11, 0, 1]].sum()


def test_a_shape_of_ones_own_is_taken_as_it_is(tmp_path: Path) -> None:
    day, weekend = tmp_path / "d.csv", tmp_path / "e.csv"
    day.write_text("# kW of a car\nkw\n" + "\n".join("1.5" if h == 20 else "0" for h in range(24)))
    weekend.write_text("\n".join("0.5" if h == 12 else "0" for h in range(24)))
    context = replace(CONTEXT, files={"d.csv": day, "e.csv": weekend})
    found = charging({"weekday": "d.csv", "weekend": "e.csv"}, context)
    assert found.shape is not None
    clock, weekday = YEAR.clock_hour(TIMEZONE), YEAR.weekday < 5
    np.testing.assert_array_equal(found.shape, np.where(weekday, 1.5 * (clock == 20), 0.5 * (clock == 12)))
    listed = {"weekday": [0.0] * 20 + [1.5] + [0.0] * 3, "weekend": [0.0] * 12 + [0.5] + [0.0] * 11}
    in_place = charging(listed, CONTEXT)
    np.testing.assert_array_equal(in_place.shape, found.shape)
    assert in_place.said["weekday"] == ("24 values from 0 to 1.5", True)
    halves = charging({k: np.repeat(v, 2).tolist() for k, v in listed.items()}, CONTEXT)
    np.testing.assert_array_equal(halves.shape, found.shape)
    scaled = charging({"weekday": "d.csv", "weekend": "e.csv", "like": "level2_residential"}, context).shape
    assert scaled is not None
    assert scaled.sum() / 365 == pytest.approx(6.6 / 0.9)
    day.write_text("\n".join(["0"] * 23 + ["x"]))
    with pytest.raises(SolveError, match=r"d.csv:24: 'x' is no number"):
        charging({"weekday": "d.csv", "weekend": "e.csv"}, context)


def test_measured_sessions_are_drawn_as_they_were(samples: Path) -> None:
    path = samples / "ml" / "ev-sessions-campus" / "sessions.csv"
    root = Path(__file__).parents[2]
    score = runpy.run_path(str(root / "tests" / "bench" / "ev_sessions.py"))["score"]
    found = score(path, seeds=3)
    assert found.kwh[0] == pytest.approx(found.kwh[1], rel=0.05)
    assert found.arrivals_tv <= 0.10
    for place, table in ((3, 0.54), (4, 0.44), (7, 0.32)):
        assert found.coincidence[place] == pytest.approx(table, abs=0.05)
