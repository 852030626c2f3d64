"""Statistics of the truth are those that the modules state, and of the kind that learning needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from dtl.synth import outages
from dtl.synth.bank import BAND_PU, bus
from dtl.synth.build import build
from dtl.synth.clock import Clock, clock, months, to_local
from dtl.synth.demand import Demand
from dtl.synth.habits import day_shape, design_level, habits
from dtl.synth.model import Feeder
from dtl.synth.settings import Settings
from dtl.synth.sun import on_roof, sun
from dtl.synth.system import Stub, plan
from dtl.synth.weather import weather

SUMMER = Settings(feeders=2, seed=5, start=date(2025, 7, 1), days=21, step_min=60)


@pytest.fixture(scope="module")
def feeder() -> tuple[Stub, Feeder]:
    _, stubs = plan(SUMMER)
    return stubs[0], build(stubs[0], stubs, SUMMER)


def power(feeder: tuple[Stub, Feeder], settings: Settings, growth: float = 0.0):
    _, f = feeder
    sky = weather(settings.seed, f.substation, settings.years[0], settings.years[-1])
    demand = Demand(f, habits(f, settings), sky, growth, settings.seed)
    parts = [(piece, demand.power(piece, first)) for first, piece in months(clock(settings))]
    return sky, parts


def test_demand_in_the_heat_is_near_the_design_demand(feeder: tuple[Stub, Feeder]) -> None:
    _, parts = power(feeder, SUMMER)
    peak = max(p.use_kw.sum(axis=0).max() for _, p in parts)
    assert 0.7 < peak / feeder[1].customers.peak_kw.sum() < 1.15


def test_heat_raises_demand(feeder: tuple[Stub, Feeder]) -> None:
    sky, parts = power(feeder, SUMMER)
    piece, p = parts[0]
    total, warm = p.use_kw.sum(axis=0), sky.at(piece.utc, sky.temperature_c)
    evening = (piece.hour > 15) & (piece.hour < 20) & ~piece.weekend
    assert np.corrcoef(total[evening], warm[evening])[0, 1] > 0.5


def test_growth_is_the_only_thing_that_growth_changes(feeder: tuple[Stub, Feeder]) -> None:
    settings = replace(SUMMER, start=date(2024, 7, 1), days=200)
    flat, grown = (power(feeder, settings, g)[1] for g in (0.0, 0.05))
    first, last = (
        b.use_kw.sum() / a.use_kw.sum()
        for (_, a), (_, b) in (next(iter(zip(flat, grown, strict=True))), (flat[-1], grown[-1]))
    )
    assert first == pytest.approx(1.05 ** (15 / 365.25), rel=3e-3)
    assert last == pytest.approx(1.05 ** (192 / 365.25), rel=3e-3)
    assert (flat[0][1].pv_kw == grown[0][1].pv_kw).all()


def test_roofs_sleep_at_night_and_never_exceed_their_inverter(feeder: tuple[Stub, Feeder]) -> None:
    h = habits(feeder[1], SUMMER)
    _, parts = power(feeder, SUMMER)
    piece, p = parts[0]
    night = sun(piece.utc + np.timedelta64(30, "m")).cos_zenith < -0.1
    assert night.sum() > 100
    assert (p.pv_kw[:, night] == 0).all()
    assert (p.pv_kw.max(axis=1) <= h.pv_ac_kw + 1e-4).all()
    assert (p.pv_kw.max(axis=1) > 0).sum() > 20
    share = (h.pv_kw > 0).mean()
    assert 0.04 < share < 0.14


def test_cars_charge_with_their_charger_and_about_their_energy(feeder: tuple[Stub, Feeder]) -> None:
    h = habits(feeder[1], SUMMER)
    _, parts = power(feeder, SUMMER)
    piece, p = parts[0]
    owners = np.flatnonzero((h.ev_kw > 0) & (h.ev_from < np.datetime64("2025-07-01")))
    assert len(owners) > 15
    daily = p.ev_kw[owners].sum() / len(owners) / (piece.steps / 24)
    assert 0.75 * 3.2 * 3.4 * 0.8 < daily < 0.75 * 3.2 * 3.4 * 1.2
    assert (p.ev_kw.max(axis=1) <= h.ev_kw + 1e-4).all()
    assert (p.ev_kw[h.ev_kw == 0] == 0).all()


def test_archetypes_are_one_on_average_in_the_design_hour() -> None:
    for kind, count in (("residential", 4), ("commercial", 2), ("industrial", 2), ("farm", 1)):
        values = [day_shape(kind, a, np.array([17.5]), np.array([False]))[0] for a in range(count)]
        assert np.mean(values) == pytest.approx(1.0)
        assert design_level(kind) > 0


def test_months_cover_the_clock_and_days_have_their_length() -> None:
    whole = clock(replace(SUMMER, start=date(2025, 1, 1), days=365, step_min=15))
    assert whole.steps == 365 * 96
    assert sum(piece.steps for _, piece in months(whole)) == whole.steps
    _, counts = np.unique(whole.local.astype("M8[D]"), return_counts=True)
    assert sorted(set(counts.tolist())) == [92, 96, 100]
    assert (
        to_local(np.array(["2025-11-02T06:30", "2025-11-02T07:30"], dtype="M8[m]"), "America/Chicago")
        .astype(str)
        .tolist()
        == ["2025-11-02T01:30"] * 2
    )


def test_sun_stands_where_almanacs_say() -> None:
    noon = np.array(["2025-06-21T17:55"], dtype="M8[m]")
    at = sun(noon)
    assert np.degrees(np.arccos(at.cos_zenith[0])) == pytest.approx(41.70 - 23.44, abs=0.3)
    assert np.degrees(at.azimuth[0]) % 360 == pytest.approx(180, abs=3)
    winter = sun(np.array(["2025-12-21T17:51"], dtype="M8[m]"))
    assert np.degrees(np.arccos(winter.cos_zenith[0])) == pytest.approx(41.70 + 23.44, abs=0.3)
    flat = on_roof(at, at.clear_w_m2, 0.0, 180.0)
    assert flat == pytest.approx(at.clear_w_m2, rel=1e-6)
    assert on_roof(winter, winter.clear_w_m2, 40.0, 180.0) > 1.5 * winter.clear_w_m2


def test_morning_sun_is_in_the_east() -> None:
    morning, evening = sun(np.array(["2025-06-21T13:00", "2025-06-21T23:00"], dtype="M8[m]")).azimuth
    assert 60 < np.degrees(morning) % 360 < 110
    assert 250 < np.degrees(evening) % 360 < 300


def test_tap_changer_holds_the_bus_within_its_band() -> None:
    sky = weather(5, "SUB001", 2021, 2025)
    held = bus("SUB001", 1.035, Clock(datetime(2025, 7, 1, tzinfo=UTC), 2000, 60, "America/Chicago"), sky, 5)
    assert np.abs(held.pu - 1.035).max() <= BAND_PU + 1e-9
    assert 3 < len(set(held.tap.tolist())) < 20


def test_weather_has_seasons_storms_and_dry_days() -> None:
    sky = weather(5, "SUB001", 2021, 2025)
    month = sky.utc.astype("M8[M]").astype(int) % 12 + 1
    assert sky.temperature_c[month == 7].mean() > 20 > 0 > sky.temperature_c[month == 1].mean() - 2
    assert (sky.code == 95).sum() > 50
    assert not (sky.code[month == 1] == 95).any()
    assert (sky.gust_kmh >= sky.wind_kmh).all()
    assert (sky.shortwave_w_m2 <= 1100).all()
    assert 400 < sky.precipitation_mm.sum() / 5 < 1500


def test_outages_follow_their_rates_weather_and_age(feeder: tuple[Stub, Feeder]) -> None:
    settings = replace(SUMMER, oms_years=40)
    _, f = feeder
    sky = weather(5, f.substation, settings.years[0], settings.years[-1])
    exposure = outages.Exposure(f, settings)
    found = outages.outages(f, sky, settings, exposure)
    day = outages.days(sky)
    for cause in ("vegetation", "wildlife", "equipment_line"):
        events = [o for o in found if o.cause == cause]
        expected = exposure.rate(cause) * day.factors[cause].mean() * 40
        assert len(events) == pytest.approx(expected, abs=4 * expected**0.5 + 2), cause
    stormy = {str(day.first + int(d)) for d in np.flatnonzero(day.gust > 90)}
    trees = [o for o in found if o.cause == "vegetation"]
    in_storm = np.mean([str(o.start - np.timedelta64(6, "h"))[:10] in stormy for o in trees])
    assert in_storm > 3 * len(stormy) / len(day.gust)
    assert outages.age_factor(np.array([60.0]))[0] > 3 * outages.age_factor(np.array([20.0]))[0]


def test_customer_minutes_are_stepwise_and_skip_momentary() -> None:
    start = np.datetime64("2025-06-01T12:00", "m")
    out = outages.Outage("F", "wind", "L", "BK", "breaker", start)
    out.steps = [(start + 3, np.arange(10)), (start + 60, np.arange(10, 30)), (start + 120, np.arange(30, 35))]
    assert out.customers == 25
    assert out.customer_minutes == 20 * 60 + 5 * 120
