"""Reliability under stress and by age: worked answers, a real utility, and a generator that follows other formulas."""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bench.learning import stress as bench

from dtl import tables
from dtl.learning import asset_ages, asset_hazard, outage_risk, stress, stress_cases, transformer_duty
from dtl.learning.daily_weather import of_year, under
from dtl.learning.insight import NotEnough
from dtl.synth.outages import RATE

END = pd.Timestamp("2025-12-31")


@cache
def utility() -> tuple[Any, Any, Any]:
    return bench.made()


@cache
def days() -> pd.DataFrame:
    return pd.concat([bench.by_day(sky) for sky in utility()[1].values()]).groupby(level=0).mean()


def test_worked_answers_of_cnaim() -> None:
    assert asset_hazard.health(np.array([1.0]), np.array([1.0]), np.log(11) / 2)[0] == pytest.approx(3.694528, abs=1e-6)
    assert asset_hazard.health(np.array([100.0]), np.array([1.0]))[0] == 5.5
    new = asset_hazard.chance(np.array([0.5]), held=False)[0]
    assert 0.000077 * new == pytest.approx(0.00013, abs=5e-6)
    assert asset_hazard.chance(np.array([0.5, 4.0])).std() == 0
    assert asset_hazard.duty(np.array([50.0, 51, 100, 101, np.nan])).tolist() == [0.9, 0.95, 1.0, 1.4, 1.0]


def test_stressed_days_of_later_years_of_a_real_utility(samples: Path) -> None:
    found = bench.real(samples / "ml" / "outage-days-seattle")
    assert found["weather, deviance explained"] > 0.3
    for days in ("windiest", "hottest", "wettest"):
        told, flat = found[f"{days} days, told over came"], found[f"{days} days, flat rate over came"]
        assert 0.7 < told < 1.4
        assert abs(np.log(told)) < abs(np.log(flat))


@pytest.mark.slow
def test_a_stormy_year_brings_what_the_generator_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates of the generator are exponentials of gusts in km/h, by nine causes; the model knows neither."""
    monkeypatch.setattr(stress, "DRAWS", 30)
    feeders, _, settings = utility()
    customers = float(sum(len(f.customers) for f, _ in feeders))
    every = [bench.interrupted(utility(), 50 + k) for k in range(30)]
    truth = bench.truth(utility(), pd.concat(every), len(every)) / customers
    storms, calm = int(truth["customers"].idxmax()), int(truth["customers"].idxmin())
    right = float(truth["customers"][storms] - truth["customers"][calm])
    told = []
    for found in every[:6]:
        made = stress.record(found, days(), (days().index[0], days().index[-1]), customers)
        assert not isinstance(made, NotEnough)
        told.append(made.changes(of_year(days(), calm), {"s": stress.Ask(of_year(days(), storms))})["s"]["saifi"])
    assert np.mean([t.low <= right <= t.high for t in told]) >= 4 / 6
    assert np.mean([t.change for t in told]) == pytest.approx(right, rel=0.6)
    assert settings.years[0] <= calm != storms


def test_age_is_found_where_the_generator_put_it() -> None:
    """The generator's factor is 0.25 + 0.75 (age / 40)^2.2, and lines and cables have their own; ours is a Weibull."""
    feeders, _, _ = utility()
    rows = pd.concat([bench.interrupted(utility(), 50 + k) for k in range(3)])
    wear = rows[rows["cause"].str.startswith("equipment")]
    assets, true = {}, {}
    for feeder, exposure in feeders:
        for k, s in enumerate(feeder.sections):
            cause = "equipment_line" if s.overhead else "equipment_cable"
            assets[s.id] = ("conductor", s.installed, s.length_m)
            true[s.id] = RATE[cause] * float(exposure.weights[cause][k])
        for k, t in enumerate(feeder.transformers):
            assets[t.id] = ("transformer", t.installed, 0.0)
            true[t.id] = RATE["equipment_transformer"] * float(exposure.weights["equipment_transformer"][k])
    found = asset_ages.ages(register(assets, list(zip(wear["asset"], wear["day"].dt.date, strict=True))))
    assert not isinstance(found, NotEnough), found.why
    assert found.hazard.low > 1.0
    both = found.assets.assign(told=found.expected(0.0), true=found.assets["asset"].map(true))
    for kind in ("conductor", "transformer"):
        own = both[both["kind"] == kind]
        assert own["told"].corr(own["true"], method="spearman") > 0.5
    assert found.factor(10.0)[0] > 1.1


def register(assets: dict[str, tuple[str, int, float]], failed: list[tuple[str, datetime.date]]) -> dict[str, Any]:
    """The tables ``assets``, ``links`` and ``outages`` of assets by id: kind, year and length, and what failed when."""
    rows = [
        {"source": "g", "asset": a, "kind": kind, "feeder": "f", "name": "", "x": None, "y": None,
         "installed": datetime.date(year, 7, 1), "attributes": f'{{"length_m":{length}}}'}
        for a, (kind, year, length) in assets.items()
    ]  # fmt: skip
    blank: dict[str, Any] = dict.fromkeys([c.name for c in tables.TABLES["outages"].columns], "")
    moment = datetime.datetime(2021, 1, 1, tzinfo=datetime.UTC)
    blank |= {"start": moment, "end": moment, "customers": 1, "customer_minutes": 1.0, "customer_minutes_stated": None}
    blank |= {"kva": None, "planned": None, "major": None, "line": 1, "source": "s", "feeder": "f"}
    ends = [("", datetime.date(2021, 1, 1)), ("", datetime.date(2025, 12, 31))]
    out = [
        blank | {"outage": str(i), "day": day, "failed": a, "cause": "equipment" if a else "wildlife"}
        for i, (a, day) in enumerate([*failed, *ends])
    ]
    return {"assets": tables.frame("assets", rows), "links": tables.concat("links", []),
            "outages": tables.frame("outages", out)}  # fmt: skip


def test_condition_orders_assets_of_one_age() -> None:
    many = {f"t{i}": ("transformer", 1960 + i % 50, 0.0) for i in range(200)}
    failed = [(f"t{i}", datetime.date(2021 + i % 5, 5, 1)) for i in range(0, 100, 7)]
    given = register(many, failed)
    texts = [f'{{"health_score":{9.0 if a == "t140" else 2.0}}}' for a in given["assets"]["asset"].to_pylist()]
    at = given["assets"].schema.get_field_index("attributes")
    given["assets"] = given["assets"].set_column(at, given["assets"].schema.field(at), [texts])
    rows = asset_ages.told(asset_ages.ages(given), 365)
    named = [r for r in rows if r.metric == "failures_ahead"]
    assert named[0].element == "t140"
    assert "health score 9.0" in named[0].text


@pytest.mark.parametrize(
    ("assets", "failed", "why"),
    [
        ({}, 0, "no register of assets"),
        ({f"t{i}": ("transformer", 1980 + i, 0.0) for i in range(40)}, 4, "4 failures of assets whose age is known"),
        ({f"t{i}": ("transformer", 1990, 0.0) for i in range(40)}, 20, "all about as old"),
    ],
)
def test_age_that_tells_nothing(assets: dict[str, Any], failed: int, why: str) -> None:
    found = asset_ages.ages(register(assets, [(f"t{i}", datetime.date(2023, 1, 1 + i)) for i in range(failed)]))
    assert isinstance(found, NotEnough)
    assert why in found.why


def test_an_id_of_two_kinds_names_nothing() -> None:
    many = {f"{i}": ("transformer", 1960 + i, 0.0) for i in range(40)}
    failed = [(f"{i}", datetime.date(2023, 1, 1 + i)) for i in range(20)]
    given = register(many, failed)
    alone = asset_ages.ages(given)
    assert not isinstance(alone, NotEnough)
    twins = [row | {"kind": "fuse"} for row in given["assets"].to_pylist()]
    given["assets"] = tables.frame("assets", [*given["assets"].to_pylist(), *twins])
    both = asset_ages.ages(given)
    assert isinstance(both, NotEnough)
    assert "0 failures of assets whose age is known" in both.why


def test_more_load_ages_old_transformers_and_spares_new_ones() -> None:
    duty = pd.DataFrame({"feeder": "f", "element": ["t"] * 2, "case": ["base@2025", "much@2035"],
                         "max_load_pct": [60.0, 120.0]})  # fmt: skip
    years = {"base@2025": 0.0, "much@2035": 10.0}
    old, new = (
        transformer_duty.factors(duty, {("f", "t"): END - pd.Timedelta(days=365 * y)}, END, years, "base@2025")
        for y in (45, 3)
    )
    assert old["base@2025"] == 1.0
    assert old["much@2035"] > 1.15
    assert new["much@2035"] == 1.0


def test_days_of_a_case() -> None:
    plain = of_year(days(), 2025)
    assert not isinstance(plain, NotEnough)
    assert len(plain) == 365
    warm = under(days(), 2025, [{"name": "w", "shift_c": 3.0}])
    assert np.allclose(warm["temp_max"] - plain["temp_max"], 3.0)  # type: ignore[index,call-overload]
    assert warm["gust_max"].equals(plain["gust_max"])  # type: ignore[index,call-overload]
    whole = under(days(), 2025, [{"name": "y", "event": "year", "of": 2022}])
    assert np.array_equal(whole, of_year(days(), 2022), equal_nan=True)  # type: ignore[arg-type]
    week = under(days(), 2025, [{"name": "h", "event": "hottest_week", "of": 2023, "shift_c": 1.0}])
    moved = np.flatnonzero((week["temp_max"] != plain["temp_max"]).to_numpy())  # type: ignore[index,call-overload]
    assert len(moved) <= 7
    last = of_year(days(), 2023)
    assert week["temp_max"].iloc[moved].mean() > last["temp_max"].quantile(0.95)  # type: ignore[index,call-overload,union-attr]
    assert isinstance(under(days(), 2025, [{"name": "y", "event": "year", "of": 1990}]), NotEnough)


def test_a_storm_whose_gust_is_not_known_is_left_out_and_is_no_calm_day() -> None:
    """The gusts of three in ten windy days are lost: with them as calm days, wind would seem to bring less."""
    found, sky = bench.interrupted(utility(), 50), days()
    span = (sky.index[0], sky.index[-1])
    windy = (sky["gust_max"] > sky["gust_max"].quantile(0.9)).to_numpy()
    lost = windy & (np.random.default_rng(0).random(len(sky)) < 0.3)
    holed = sky.assign(gust_max=sky["gust_max"].mask(lost))
    left = stress.record(found, holed, span, 500.0)
    without = stress.record(found, sky[~lost], span, 500.0)
    assert isinstance(left, stress.Record) and isinstance(without, stress.Record)
    assert left.left_out == int(lost.sum()) > 20
    assert without.left_out == 0
    assert np.array_equal(left.counts, without.counts)
    base = of_year(holed, 2025)
    calm = base.assign(gust_max=base["gust_max"].mask(base["gust_max"] > base["gust_max"].median()))  # type: ignore[union-attr]
    kept, _ = left.compared(base, calm)  # type: ignore[arg-type]
    assert len(kept) == calm["gust_max"].notna().sum()
    assert "left out, as gust_max" in stress_cases._lost(left, 3) and "3 days of the year" in stress_cases._lost(
        left, 3
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"found": 20}, "20 sustained interruptions"),
        ({"customers": 0.0}, "how many customers"),
        ({"span": 200}, "share 200 days"),
        ({"flat": True}, "never changes"),
    ],
)
def test_records_that_tell_nothing(change: dict[str, Any], why: str) -> None:
    found = bench.interrupted(utility(), 50)
    found = found[(found["day"] >= "2021-02-01") & (found["day"] < "2025-12-01")].iloc[: change.get("found", 10**6)]
    sky = days().assign(gust_max=9.0, temp_max=20.0, temp_min=10.0, rain=0.0) if "flat" in change else days()
    first = days().index[40]
    last = first + pd.Timedelta(days=change.get("span", 3000) - 1)
    told = stress.record(found, sky, (first, last), change.get("customers", 500.0))
    assert isinstance(told, NotEnough)
    assert why in told.why


def test_module_says_why_without_weather_or_cases() -> None:
    given = register({f"t{i}": ("transformer", 1980 + i, 0.0) for i in range(40)},
                     [(f"t{i}", datetime.date(2021 + i % 5, 3, 1)) for i in range(20)])  # fmt: skip
    served = [{"feeder": "f", "year": 0, "customers": 10.0, "kva": None, "basis": "made"}]
    given |= {"served": tables.frame("served", served), "steps": tables.concat("steps", [])}
    spec = {"cases": [{"case": "base", "scenario": "base", "year": 0}], "measured_year": 2025, "definitions": {}}
    said = {r.kind: r.text for r in outage_risk.learn(spec, given).rows if r.verdict == "not_enough"}
    assert "no weather is given" in said["scenario"]
