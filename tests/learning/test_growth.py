"""Growth and changes: people's marks are met, a slope put into a real load is found, bad data are answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bench.learning import forecast as victoria
from bench.learning import growth as bench
from bench.learning import growth_delay as heads
from learning.made_tables import scada, weather

from dtl.learning import early_warning, growth
from dtl.learning.changepoints import changes
from dtl.learning.early_warning import Watch, watch
from dtl.learning.insight import NOT_ENOUGH, NotEnough
from dtl.learning.trend import Trend, trend

KNOWN = {"nile": 28, "quality_control_1": 144, "quality_control_2": 97, "quality_control_3": 179}


def test_marked_series(samples: Path) -> None:
    found = bench.score(samples / "ml" / "changepoints")
    assert np.mean([s["f1"] for s in found.values()]) > 0.85
    assert np.mean([s["cover"] for s in found.values()]) > 0.75


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_exactly_one_change(samples: Path, name: str) -> None:
    found = changes(*bench.load(samples / "ml" / "changepoints", name))
    assert not isinstance(found, NotEnough)
    assert len(found.at) == 1
    assert abs(found.at[0] - KNOWN[name]) <= 3


@pytest.fixture(scope="module")
def real(samples: Path) -> pd.DataFrame:
    """Three years of daily load and temperature of a real state."""
    x, load, _ = victoria.hourly(samples / "ml" / "load-weather-victoria" / "vic_electricity.csv")
    rows = pd.DataFrame({"load": load, "temp": x["temp"], "holiday": x["holiday"]})
    rows.index = pd.date_range("2011-12-31 13:00", periods=len(rows), freq="h")
    return rows.resample("D").mean()


def grown(real: pd.DataFrame, share: float) -> Trend:
    """The trend after a growth was put into the real load."""
    years = np.arange(len(real)) / 365.25
    found = trend(real.assign(load=real["load"] * (1 + share) ** years))
    assert isinstance(found, Trend)
    return found


@pytest.mark.parametrize("share", [0.01, 0.03, 0.05])
def test_a_growth_put_into_a_real_load_is_found(real: pd.DataFrame, share: float) -> None:
    more = grown(real, share).growth - grown(real, 0).growth
    assert more == pytest.approx(np.log1p(share), abs=0.003)


def test_only_true_growth_warns(real: pd.DataFrame) -> None:
    assert grown(real, 0.05).low > 0
    assert grown(real, 0.0).low < 0


def test_the_alarm_comes_weeks_after_the_growth_and_not_without() -> None:
    """The head of a feeder of the synthetic utility, whose weather response is not ours; a ramp from week 110 on."""
    load, temp, sun = heads.head(1)
    none = np.zeros(len(load), bool)
    still = watch(load, temp, none, 110, sun)
    years = np.maximum(np.arange(len(load)) / 168 - 110, 0) / 52.18
    rising = watch(load * 1.05**years, temp, none, 110, sun)
    assert isinstance(still, Watch)
    assert isinstance(rising, Watch)
    assert still.alarm is None
    assert rising.alarm is not None
    assert 2 <= rising.alarm <= 26


@pytest.mark.parametrize(
    ("load", "why"),
    [
        (np.full(50 * 168, 5.0), "50 weeks"),
        (np.zeros(120 * 168), "on 100 % of the days"),
        (np.full(120 * 168, 5.0), "never changes"),
        (np.where(np.arange(120 * 168) % 48 < 30, np.nan, 5.0), "is missing"),
    ],
)
def test_a_watch_of_too_little(load: np.ndarray, why: str) -> None:  # type: ignore[type-arg]
    index = pd.date_range("2020-01-06", periods=len(load), freq="h", tz="UTC")
    temp = pd.Series(15 + 10 * np.sin(np.arange(len(load)) / 1400), index)
    found = watch(pd.Series(load, index), temp, np.zeros(len(load), bool))
    assert isinstance(found, NotEnough)
    assert why in found.why


def test_what_the_reference_leaves_open_is_no_growth() -> None:
    """Weeks that share a doubt about the usual load pass a height as seldom as weeks that share nothing."""
    rng = np.random.default_rng(3)
    weeks = np.arange(52)
    shared = 0.3 * np.exp(-np.abs(weeks[:, None] - weeks) / 30) + 0.2
    white = rng.normal(size=(52, 2000))
    drawn = np.linalg.cholesky(np.eye(52) + shared) @ white
    plain = early_warning.highest(white, weeks, 0 * shared).max(axis=0)
    doubted = early_warning.highest(drawn, weeks, shared).max(axis=0)
    blind = early_warning.highest(drawn, weeks, 0 * shared).max(axis=0)
    assert np.quantile(doubted, 0.95) == pytest.approx(np.quantile(plain, 0.95), abs=0.25)
    assert np.quantile(blind, 0.95) > 1.5 * np.quantile(plain, 0.95)


def test_clouds_over_roofs_are_no_growth() -> None:
    """A head with roofs: a usual week deviates less where irradiance is known; where it is not, nothing breaks."""
    index = pd.date_range("2020-01-06", periods=110 * 168, freq="h", tz="UTC")
    rng, hour = np.random.default_rng(4), np.arange(len(index))
    temp = pd.Series(12 + 9 * np.sin(2 * np.pi * hour / 8766) + 3 * np.sin(2 * np.pi * hour / 24), index)
    day = np.maximum(np.sin(2 * np.pi * (hour % 24 - 6) / 24), 0)
    sun = pd.Series(800 * day * np.repeat(rng.uniform(0.1, 1, 770), 24), index)
    load = 100 + np.abs(temp - 15) + np.repeat(rng.normal(0, 2, 770 * 6), 4) - 0.05 * sun
    lit, blind, unlit = (watch(load, temp, np.zeros(len(index), bool), sun=s) for s in (sun, None, sun * np.nan))
    assert isinstance(lit, Watch) and isinstance(blind, Watch) and isinstance(unlit, Watch)
    assert lit.sun and not unlit.sun
    assert lit.deviation < 0.95 * blind.deviation
    assert unlit.deviation == blind.deviation


def test_forecast_of_growth_brackets_itself(real: pd.DataFrame) -> None:
    low, middle, high = growth.ahead(grown(real, 0.05), 3)
    assert low < middle < high
    assert middle == pytest.approx(np.exp(3 * grown(real, 0.05).growth), rel=0.06)


DAYS = pd.date_range("2020-01-01", periods=800, freq="D")
TEMP = 10 + 8 * np.sin(np.arange(800) / 58.1) + np.random.default_rng(0).normal(0, 2, 800)
LOAD = 100 + 2 * np.abs(TEMP - 15)
BAD = {
    "zero": (0 * LOAD, TEMP, "is zero"),
    "constant": (0 * LOAD + 5, TEMP, "never changes"),
    "temperature": (LOAD, 0 * TEMP + 15, "temperature varies by 0.0"),
    "short": (LOAD[:300], TEMP[:300], "42 weeks"),
    "gaps": (np.where(np.arange(2000) % 5 < 3, np.nan, 100.0), np.resize(TEMP, 2000), "missing on 60 %"),
    "reverse": (LOAD - 110, TEMP, "flows back"),
    "unit": (np.where(np.arange(800) < 400, LOAD, LOAD / 1000), TEMP, "times that of others: a unit"),
    "constant of ten": (np.where(np.arange(800) < 700, LOAD, 10 * LOAD), TEMP, "10 times that of others"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_too_little_is_said(case: str) -> None:
    load, temp, why = BAD[case]
    index = pd.date_range("2020-01-01", periods=len(load), freq="D")
    found = trend(pd.DataFrame({"load": load, "temp": temp, "holiday": 0.0}, index))
    assert isinstance(found, NotEnough)
    assert why in found.why


@pytest.mark.parametrize(
    ("values", "why"),
    [([1.0] * 5, "5 values"), ([3.0] * 50, "never changes"), ([np.nan] * 30 + [1.0, 2.0] * 7, "missing")],
)
def test_changes_of_too_little(values: list[float], why: str) -> None:
    found = changes(np.asarray(values))
    assert isinstance(found, NotEnough)
    assert why in found.why


def test_a_transfer_is_no_growth() -> None:
    """Two feeders of two years; 400 kW go from one to the other in the sixtieth week."""
    index = pd.date_range("2021-01-04", periods=24 * 7 * 110, freq="h")
    hour = np.arange(len(index))
    temp = pd.Series(12 + 9 * np.sin(2 * np.pi * hour / 8766) + 3 * np.sin(2 * np.pi * hour / 24), index)
    rng = np.random.default_rng(2)
    moved = 400.0 * (hour >= 24 * 7 * 60)
    loads = {
        name: pd.Series(2000 + 8 * np.abs(temp - 15) + sign * moved + np.repeat(rng.normal(0, 25, 770), 24), index)
        for name, sign in (("F1", 1.0), ("F2", -1.0))
    }
    found = growth.learn({"horizon_years": 5}, {"scada": scada(loads), "weather": weather(temp)}).insights().to_pylist()
    steps = {r["feeder"]: r["text"] for r in found if r["metric"] == "step_pct"}
    assert "transfer, opposite to F2" in steps["F1"]
    assert "transfer, opposite to F1" in steps["F2"]


def of_heads(loads: dict[str, pd.Series], temp: pd.Series) -> dict[tuple[str, str], dict[str, object]]:
    """What is said by feeder and metric, of series by UTC hours."""
    own = {name: load.tz_localize(None) for name, load in loads.items()}
    given = {"scada": scada(own), "weather": weather(temp.tz_localize(None))}
    return {
        (r.feeder, r.metric): {"value": r.value, "text": r.text} for r in growth.learn({"horizon_years": 5}, given).rows
    }


@pytest.mark.parametrize("week", [60, 108])
def test_a_transfer_is_taken_out_of_trend_forecast_and_alarm(week: int) -> None:
    """Two heads of the synthetic utility, the taking one grows; 70 % of the other's customers move in mid-week.

    What is told must be what is told of heads that had these customers all the time.
    """
    (gives, temp, _), (takes, _, _) = heads.head(1, 800), heads.head(2, 800)
    hour = np.arange(len(gives))
    takes = takes * 1.05 ** (hour / 8766)
    moved = 0.7 * gives * (hour >= 168 * week + 61)
    found = of_heads({"A": gives - moved, "B": takes + moved}, temp)
    always = of_heads({"A": 0.3 * gives, "B": takes + 0.7 * gives}, temp)
    for feeder, other in (("A", "B"), ("B", "A")):
        for metric, near in (("growth_pct_per_year", 0.5), ("load_factor_ahead", 0.03), ("growth_alarm", 0.0)):
            told = found[feeder, metric]
            assert told["value"] == pytest.approx(always[feeder, metric]["value"], abs=near), (feeder, metric)
            assert f"transfer opposite to {other} taken out" in str(told["text"])


def test_nothing_given_is_said() -> None:
    assert growth.learn({}, {}).rows[0].verdict == NOT_ENOUGH
