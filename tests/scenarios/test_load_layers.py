"""Growth along forecasts, weather, heat and tariffs: known answers, and what they must not do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from layered_cases import CONTEXT, TIMEZONE, demand_of, feeder_of, made_weather, street

from dtl.demand import heat
from dtl.demand.calendar import Calendar
from dtl.demand.weather_response import felt, fit
from dtl.errors import SolveError
from dtl.scenarios.compose import compose
from dtl.scenarios.context import Context
from dtl.scenarios.electrification import load
from dtl.scenarios.state import State
from dtl.scenarios.tariff import is_peak, moved, response
from dtl.scenarios.weather import return_level

YEAR = Calendar(2025)
FEEDER = feeder_of(street(10, 4))
WEATHER = replace(CONTEXT, weather={y: made_weather(y) for y in range(2016, 2026)})


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A profile of 8,760 ones."""
    path = tmp_path_factory.mktemp("profiles") / "flat.csv"
    path.write_text("1\n" * 8760, encoding="utf-8")
    return {"flat.csv": path}


def composed(layer: dict[str, Any], context: Context = WEATHER) -> State:
    return compose([{"name": "it"} | layer], FEEDER, demand_of(FEEDER), context)


def test_growth_by_class_and_along_a_forecast() -> None:
    rows = [{"source": "f", "what": "load", "area": "*", "year": y, "value": v, "unit": "per_year"}
            for y, v in ((2026, 0.01), (2030, 0.03))]  # fmt: skip
    rows += [{"source": "f", "what": "mw", "area": "f", "year": y, "value": v, "unit": "kw"}
             for y, v in ((2025, 200.0), (2035, 260.0))]  # fmt: skip
    context = replace(CONTEXT, forecast=tuple(rows))
    shops = np.array([c == "commercial" for c in composed({"kind": "growth", "per_year": 0.1}).classes])

    def factors(**words: Any) -> Any:
        state = composed({"kind": "growth", "forecast": "f"} | words, context)
        return 1.0 + state.components["it"].kw.sums() / state.base.kw.sums()

    compound = 1.01 * 1.015 * 1.02 * 1.025 * 1.03
    np.testing.assert_allclose(factors(what="load"), compound, rtol=1e-12)
    np.testing.assert_allclose(factors(what="mw", to="commercial"), np.where(shops, 1.15, 1.0), rtol=1e-12)
    with pytest.raises(SolveError, match="the forecast 'f' has no 'loads'"):
        factors(what="loads")


def test_years_between_the_rows_of_a_forecast_are_interpolated_and_beyond_them_told(flat: dict[str, Path]) -> None:
    rows = [{"source": "f", "what": w, "area": "*", "year": y, "value": v, "unit": u}
            for w, y, v, u in (("load", 2027, 100.0, "kw"), ("load", 2033, 130.0, "kw"), ("ev", 2026, 0.2, "share"),
                               ("ev", 2030, 0.6, "share"))]  # fmt: skip
    grow = {"kind": "growth", "forecast": "f", "what": "load"}
    cars = {"kind": "custom", "profile": "flat.csv", "kw_each": 1.0, "follow": {"forecast": "f", "what": "ev"}}
    for year, factor, share, told in (
        (2027, 1.0, 0.3, "begins in 2027, whose value holds for 2025"),
        (2030, 1.15, 0.6, "begins in 2027, whose value holds for 2025"),
        (2035, 1.3, 0.6, "begins in 2027, whose value holds for 2025 and ends in 2033, whose value holds for 2035"),
    ):
        context = replace(CONTEXT, year=year, forecast=tuple(rows), files=flat)
        state = composed(grow, context)
        assert state.kw().sum() == pytest.approx(factor * state.base.kw.values().sum(), rel=1e-6)
        assert state.notes == (f"layer 'it': the forecast {told}",)
        state = composed(cars, context)
        assert state.units["it"].sum() == np.floor(share * state.customers.sum() + 0.5)
        assert state.notes == (() if year <= 2030 else ("layer 'it': the forecast ends in 2030, whose value holds for "
                               "2035",))  # fmt: skip


def test_a_peak_across_midnight_is_judged_by_the_clock_and_the_day_of_each_hour() -> None:
    """Where daylight saving moves the clock, against a calendar that is counted by hand."""
    standard = timezone(timedelta(hours=-6))
    starts = [datetime(2025, 1, 1, tzinfo=standard) + timedelta(hours=h) for h in range(8760)]
    civil = [t.astimezone(ZoneInfo(TIMEZONE)) for t in starts]
    layer = {"kind": "tariff", "peak_hours": [22, 3], "days": "weekdays", "months": [11, 3], "shift_share": 0.1}
    wanted = [
        (t.hour >= 22 or t.hour < 3) and s.weekday() < 5 and (s.month >= 11 or s.month <= 3)
        for t, s in zip(civil, starts, strict=True)
    ]
    state = composed(layer)
    moved_kw = state.components["it"].kw.values()
    base = state.base.kw.values()
    at = np.array(wanted)
    np.testing.assert_allclose(moved_kw[:, at], -0.1 * base[:, at], atol=1e-5 * base.max())
    assert (moved_kw[:, ~at] >= -1e-9).all()
    assert np.abs(moved_kw.sum(axis=1)).max() <= 1e-9 * base.sum(axis=1).max()


def test_a_leap_year_of_values_loses_its_29_february_and_kilowatts_are_not_multiplied_unseen(tmp_path: Path) -> None:
    values = np.arange(8784) / 8784
    (tmp_path / "leap.csv").write_text("\n".join(f"{v:.9f}" for v in values), encoding="utf-8")
    (tmp_path / "kw.csv").write_text("\n".join(["5.2"] * 8760), encoding="utf-8")
    files = {name: tmp_path / name for name in ("leap.csv", "kw.csv")}
    context = replace(CONTEXT, files=files)
    words = {"kind": "custom", "penetration": 1.0, "to": "residential"}
    state = composed(words | {"profile": "leap.csv", "kw_each": 2.0}, context)
    homes = sum(n for n, c in zip(state.customers, state.classes, strict=True) if c == "residential")
    wanted = 2.0 * homes * np.concatenate([values[: 59 * 24], values[60 * 24 :]])
    np.testing.assert_allclose(state.components["it"].kw.total(), wanted, rtol=1e-6, atol=1e-6)
    assert not state.notes
    (note,) = composed(words | {"profile": "kw.csv", "kw_each": 5.2}, context).notes
    assert "goes up to 5.2, so one device takes up to 27.04 kW; if its values are kW, write kw_each: 1" in note
    assert not composed(words | {"profile": "kw.csv", "kw_each": 1.0}, context).notes


@pytest.mark.parametrize("place", ["uniform", "clustered"])
def test_none_and_all_adopt_whatever_the_seed_and_seeds_move_adopters_alone(place: str, flat: dict[str, Path]) -> None:
    context = replace(CONTEXT, files=flat)
    words = {"kind": "custom", "profile": "flat.csv", "kw_each": 1.0, "place": place}
    placed = {
        (share, seed): composed(words | {"penetration": share, "seed": seed}, context).units["it"]
        for share in (0.0, 0.4, 1.0)
        for seed in (0, 1, 2**31)
    }
    customers = composed(words | {"penetration": 1.0}, context).customers
    for seed in (0, 1, 2**31):
        assert not placed[0.0, seed].any() and (placed[1.0, seed] == customers).all()
        assert placed[0.4, seed].sum() == np.floor(0.4 * customers.sum() + 0.5)
    assert (placed[0.4, 0] != placed[0.4, 1]).any() and (placed[0.4, 1] != placed[0.4, 2**31]).any()


def test_published_coefficients_of_performance() -> None:
    for technology, air, sink, answer in (
        ("air_heat_pump", 0.0, None, 2.600),
        ("air_heat_pump", -10.0, None, 1.789),
        ("ground_heat_pump", 8.0, 30.0, 0.85 * 5.6269),
    ):
        temp_c = np.full(8760, air)
        assert heat.cop(technology, temp_c, sink_c=sink)[0] == pytest.approx(answer, abs=1e-3)
    assert heat.cop("air_heat_pump", np.full(24, 39.0))[0] == pytest.approx(
        heat.cop("air_heat_pump", np.full(24, 13))[0]
    )


def test_heat_within_the_day_is_as_the_published_factors(samples: Path) -> None:
    text = (samples / "ml" / "heat-demand-factors" / "hourly_factors_SFH.csv").read_text(encoding="utf-8-sig")
    rows = [line.replace(",", ".").split(";")[1:] for line in text.split()]
    temps, factors = np.array(rows[0], float), np.array(rows[1:], float)
    mild = temps <= 20.0
    ours = heat.of_hours(temps, np.tile(np.arange(24.0), (len(temps), 1))).T
    error = np.sqrt(((ours - factors)[:, mild] ** 2).mean()) * 24.0
    assert error < 0.075
    flat = np.sqrt(((1 / 24 - factors)[:, mild] ** 2).mean()) * 24.0
    assert error < 0.25 * flat


def test_a_fleet_of_heat_pumps_is_as_measured() -> None:
    made = made_weather(2025, mean_c=9.0)
    context = replace(CONTEXT, weather={2025: made})
    one, rows = load({"name": "hp", "end_use": "heating"}, context)
    days = one.reshape(365, 24)
    mean = made.fields["temp_c"].reshape(365, 24).mean(axis=1)
    cold = np.abs(mean) < 1.5
    assert cold.sum() >= 5
    assert 1.4 <= days[cold].mean(axis=0).max() <= 2.0
    assert 0.3 <= days[cold].mean(axis=0).min() / days[cold].mean(axis=0).max() <= 0.6
    winter = mean < 12.0
    assert np.corrcoef(days[winter].sum(axis=1), mean[winter])[0, 1] <= -0.9
    told = {r["field"]: r["value"] for r in rows}
    assert one.sum() * told["mean COP"] == pytest.approx(12_000.0, rel=1e-9)
    helped, rows = load({"name": "hp", "end_use": "heating", "backup_kw": 6.0}, context)
    assert helped.sum() > one.sum()
    with pytest.raises(SolveError, match="layer 'hp' needs the weather of 2025"):
        load({"name": "hp", "end_use": "heating"}, CONTEXT)


def test_heat_pumps_see_the_weather_of_the_case() -> None:
    pumps = {"name": "hp", "kind": "electrification", "penetration": 0.5, "by": 2030}
    snap = {"name": "cold", "kind": "weather", "event": "coldest_week", "of": 2022, "shift_c": -6.0}
    mild, cold = (compose(x, FEEDER, demand_of(FEEDER), WEATHER) for x in ([pumps], [pumps, snap]))
    one, other = (s.components["hp"].kw.total() for s in (mild, cold))
    assert cold.temp_c is not None
    week = np.flatnonzero(cold.temp_c != WEATHER.weather[2025].fields["temp_c"])
    assert other[week].sum() > 1.2 * one[week].sum()
    rest = np.setdiff1d(np.arange(8760), week)
    np.testing.assert_allclose(other[rest], one[rest], rtol=1e-6)


def test_hot_water_and_cooking_have_their_energy() -> None:
    for use, technology, kwh in (("hot_water", "resistance", 2500.0), ("cooking", "resistance", 450.0)):
        one, _ = load({"name": "x", "end_use": use, "technology": technology}, CONTEXT)
        assert one.sum() == pytest.approx(kwh)
    pump, _ = load({"name": "x", "end_use": "hot_water", "technology": "air_heat_pump"}, WEATHER)
    assert 800.0 < pump.sum() < 1600.0


def tariff(**words: Any) -> dict[str, Any]:
    return {"name": "tou", "kind": "tariff", "peak_hours": [16, 21], "shift_share": 0.2, "moves": ["load"]} | words


def test_the_response_to_prices_is_the_published_one() -> None:
    table = {2: (5.6, 8.8), 3: (8.2, 13.3), 4: (10.1, 16.5), 5: (11.6, 19.0), 10: (16.1, 26.7)}
    for ratio, (without, with_) in table.items():
        assert 100 * response(ratio, technology=False) == pytest.approx(without, abs=0.05)
        assert 100 * response(ratio, technology=True) == pytest.approx(with_, abs=0.05)
    assert response(1.0, technology=True) == 0.0
    assert response(1e9, technology=False) == 0.30 and response(1e9, technology=True) == 0.40


def test_a_tariff_lowers_its_peak_hours_and_keeps_the_energy() -> None:
    layer = tariff(days="weekdays", months=[6, 9])
    state = composed(layer)
    peak = is_peak(layer, CONTEXT)
    clock = YEAR.clock_hour(TIMEZONE)
    assert set(clock[peak]) == {16.0, 17.0, 18.0, 19.0, 20.0}
    assert peak.sum() == 5 * sum(1 for d in range(151, 273) if YEAR.weekday[24 * d] < 5)
    before, after = state.base.kw.values(), state.kw()
    np.testing.assert_allclose(after[:, peak], 0.8 * before[:, peak], rtol=1e-12)
    np.testing.assert_allclose(after.sum(axis=1), before.sum(axis=1), rtol=1e-12)
    assert (after >= 0.0).all()
    touched = np.flatnonzero((np.abs(after - before).max(axis=0) > 0) & ~peak)
    assert set(clock[touched]) == {12.0, 13.0, 14.0, 15.0, 21.0, 22.0, 23.0, 0.0}
    partly = composed(tariff(returns=0.7))
    lost = -partly.components["tou"].kw.sums()
    taken = 0.2 * partly.base.kw.values()[:, is_peak(tariff(), CONTEXT)].sum(axis=1)
    np.testing.assert_allclose(lost, 0.3 * taken, rtol=1e-9)


def test_a_peak_of_the_whole_day_has_nowhere_to_go() -> None:
    with pytest.raises(SolveError, match="has no hour beside it"):
        moved(np.ones(8760, bool), 0.1, 1.0, 1)


def test_the_response_finds_slopes_that_it_was_not_told(tmp_path: Path) -> None:
    """A load from another model than the one that is fitted: change point at 19.3 degrees C, saturating noise."""
    temp_c = np.asarray(made_weather(2025).fields["temp_c"], float)
    rng = np.random.default_rng(1)
    clock = YEAR.clock_hour(TIMEZONE)
    level = 100.0 + 25.0 * np.sin((clock - 9.0) * np.pi / 12.0)
    lagged = np.convolve(np.concatenate([temp_c[-12:], temp_c]), np.ones(13) / 13, "valid")
    truth = level + 4.0 * np.maximum(lagged - 19.3, 0.0) + 1.5 * np.maximum(8.0 - lagged, 0.0)
    found = fit(truth + rng.normal(0.0, 4.0, 8760), temp_c, YEAR, TIMEZONE)
    assert found.r2 > 0.85
    hotter = temp_c + 3.0
    warm = lagged > 22.0
    rise = (found.load(hotter, YEAR, TIMEZONE) - found.load(temp_c, YEAR, TIMEZONE))[warm].mean()
    assert rise == pytest.approx(12.0, rel=0.2)
    cold = lagged < 2.0
    fall = (found.load(hotter, YEAR, TIMEZONE) - found.load(temp_c, YEAR, TIMEZONE))[cold].mean()
    assert fall == pytest.approx(-4.5, rel=0.25)
    far, farther = (found.load(temp_c + s, YEAR, TIMEZONE)[felt(temp_c).argmax()] for s in (20.0, 30.0))
    near = found.load(temp_c + 10.0, YEAR, TIMEZONE)[felt(temp_c).argmax()]
    assert farther - far == pytest.approx(far - near, rel=1e-6), "beyond what was seen it goes on in a straight line"
    assert found.beyond(hotter).any() and not found.beyond(temp_c).any()


def test_a_heatwave_is_put_where_it_is_asked() -> None:
    base = composed({"kind": "growth", "per_year": 0.0})
    total = base.kw().sum(axis=0)
    start = 24 * int(np.argmax(np.convolve(total, np.ones(168), "valid")[::24]))
    hot = composed({"kind": "weather", "event": "hottest_week", "of": 2023, "onto": "peak_week", "shift_c": 2.0})
    changed = np.flatnonzero(np.abs(hot.components["it"].kw.total()) > 1e-9)
    assert changed.min() == start and changed.max() < start + 168 + 24
    week = {"kind": "weather", "event": "hottest_week", "of": 2023, "onto": "peak_week"}
    kwh = [composed(week | {"shift_c": s}).kw().sum() for s in (-2.0, 0.0, 2.0, 4.0)]
    assert kwh == sorted(kwh) and kwh[-1] > 1.0001 * kwh[0]
    shifted = composed({"kind": "weather", "shift_c": 0.5})
    assert np.abs(shifted.components["it"].kw.total()).min() > 0.0
    year = composed({"kind": "weather", "event": "year", "of": 2025})
    np.testing.assert_allclose(year.components["it"].kw.values(), 0.0, atol=1e-9)
    far = composed({"kind": "weather", "shift_c": 9.0})
    assert any("outside of what f saw" in note for note in far.notes)
    with pytest.raises(SolveError, match="there is no weather of 1999 at this feeder; there is 2016"):
        composed({"kind": "weather", "event": "year", "of": 1999})


def test_return_levels_are_those_of_a_gumbel_distribution() -> None:
    rng = np.random.default_rng(5)
    drawn = rng.gumbel(30.0, 1.5, 20_000)
    for years in (5.0, 20.0, 100.0):
        exact = 30.0 - 1.5 * np.log(-np.log(1.0 - 1.0 / years))
        assert return_level(drawn, years) == pytest.approx(exact, abs=0.15)
    rare = composed({"kind": "weather", "event": "hottest_week", "return_years": 50.0, "onto": "peak_week"})
    often = composed({"kind": "weather", "event": "hottest_week", "return_years": 2.0, "onto": "peak_week"})
    means = [next(a["value"] for a in s.assumptions if a["field"] == "mean of it") for s in (rare, often)]
    assert means[0] > means[1]
    cold = [composed({"kind": "weather", "event": "coldest_week", "return_years": r}) for r in (50.0, 2.0)]
    means = [next(a["value"] for a in s.assumptions if a["field"] == "mean of it") for s in cold]
    assert means[0] < means[1]
    few = replace(CONTEXT, weather={2025: made_weather(2025)})
    with pytest.raises(SolveError, match="at least 5; there are 1"):
        composed({"kind": "weather", "event": "hottest_week", "return_years": 50.0}, few)
