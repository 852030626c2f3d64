"""Load under weather: better than the best measured baseline, blind to what it is scored on, honest about bad data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench.learning import forecast as bench
from learning.made_tables import scada, weather

from dtl.learning import forecast, load_model, weather_load
from dtl.learning.insight import NOT_ENOUGH, NotEnough

START = pd.date_range("2023-01-01", periods=24 * 100, freq="h")


@pytest.fixture(scope="module")
def victoria(samples: Path) -> Path:
    """The half-hourly load of a real state."""
    return samples / "ml" / "load-weather-victoria" / "vic_electricity.csv"


@pytest.mark.slow
def test_a_year_never_seen(victoria: Path) -> None:
    found = bench.score(victoria)
    assert found["mape_pct"] < 3.0 < bench.BASELINE_MAPE
    assert abs(found["annual_peak_pct"]) < 3.0
    assert 87 < found["coverage_90_pct"] < 93
    assert found["pinball_over_half_mae"] < 0.75


def test_the_regression_alone_beats_the_published_form(victoria: Path) -> None:
    """Two years fitted, the third under its weather: the recency model has 4.00 %."""
    x, load, year = bench.hourly(victoria)
    test = year == 2014
    model = weather_load.fit(x[~test], load[~test])
    said = (model.predict(x) + model.growth(x))[test]
    assert 100 * np.abs(said / load[test] - 1).mean() < 3.3
    assert model.outside(x[test]).sum() > 50, "2014 was hotter than both years before"


def test_the_year_it_is_scored_on_changes_nothing(victoria: Path) -> None:
    x, load, year = bench.hourly(victoria)
    other = np.where(year == 2014, 7.0 * load[::-1], load)
    kept = year < 2014
    first, second = (weather_load.fit(x[kept], y[kept]) for y in (load, other))
    assert np.array_equal(first.weights, second.weights)


def test_heat_and_cold_both_raise_the_load(victoria: Path) -> None:
    x, load, year = bench.hourly(victoria)
    model = weather_load.fit(x[year < 2014], load[year < 2014])
    warmer = x.copy()
    for name in x.columns:
        if name.startswith(("temp", "mean", "max", "min")):
            warmer[name] += 1.0
    rise = model.predict(warmer) - model.predict(x)
    month = pd.to_datetime(x["years"] * 365.25, unit="D").dt.month.to_numpy()
    assert rise[month == 1].mean() > 20
    assert rise[month == 7].mean() < -20


def made(kw: np.ndarray, temp: np.ndarray) -> dict[str, object]:
    """Tables of one feeder with a load and a temperature."""
    return {"scada": scada({"F1": pd.Series(kw, START)}), "weather": weather(pd.Series(temp, START))}


def test_a_feeder_from_tables_to_rows() -> None:
    temp = 15 + 10 * np.sin(np.arange(len(START)) / 24 / 9) + 4 * np.sin(np.arange(len(START)) * 2 * np.pi / 24)
    rng = np.random.default_rng(1)
    kw = (
        500
        + 12 * np.maximum(temp - 18, 0)
        + 60 * np.sin(np.arange(len(START)) * np.pi / 12)
        + rng.normal(0, 5, len(temp))
    )
    found = forecast.learn({"horizon_h": 24, "timezone": "America/Chicago"}, made(kw, temp))
    rows = {r["metric"]: r for r in found.insights().to_pylist()}
    assert rows["kw_per_degree_hot"]["value"] == pytest.approx(12, abs=4)
    assert rows["not_enough"]["kind"] == "horizon", "neither weather of the coming days nor of a past year"


NOISE = np.random.default_rng(0).normal(0, 1, len(START))
BAD = {
    "zero": (0 * NOISE, 15 + 5 * NOISE, "zero in every hour"),
    "constant": (0 * NOISE + 7, 15 + 5 * NOISE, "never changes"),
    "temperature": (100 + NOISE, 15 + 0 * NOISE, "temperature varies by 0.0"),
    "short": (np.where(np.arange(len(START)) < 240, 100 + NOISE, np.nan), 15 + 5 * NOISE, "10 days have load"),
    "gaps": (
        np.where(np.arange(len(START)) % 5 < 3, np.nan, 100 + NOISE),
        15 + 5 * NOISE,
        "days have load|missing in 60",
    ),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_too_little_is_said(case: str) -> None:
    kw, temp, why = BAD[case]
    found = forecast.learn({"timezone": "UTC"}, made(kw, temp)).insights().to_pylist()
    assert [r["verdict"] for r in found] == [NOT_ENOUGH]
    assert any(w in found[0]["text"] for w in why.split("|")), found[0]["text"]


def test_gaps_over_half_are_refused_however_long_the_record() -> None:
    start = pd.date_range("2020-01-01", periods=24 * 300, freq="h")
    x = weather_load.design(start.to_numpy(), 15 + 5 * np.sin(np.arange(7200) / 50), np.zeros(7200, bool), "UTC")
    found = load_model.fit(x, np.where(np.arange(7200) % 5 < 3, np.nan, 5.0 + x["temp"]))
    assert isinstance(found, NotEnough)
    assert "missing in 60 %" in found.why


def test_nothing_given_is_said() -> None:
    assert forecast.learn({}, {}).rows[0].verdict == NOT_ENOUGH
