"""Nothing is scored on what it was fitted on: one test for every number by which a module judges itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from learning import test_calibrate as twins
from network.test_calibrated import feeder

from dtl import tables
from dtl.demand.calendar import HOURS
from dtl.learning import early_warning, load_model, outage_counts, outage_days, outage_risk, stress_rates, weather_load
from dtl.learning.calibrate import Fit, Problem, fit
from dtl.learning.early_warning import Watch, watch
from dtl.learning.registry import LEARNERS, OVER_FEEDERS
from dtl.learning.seen import scada_lanes

LEARNING = Path(__file__).parents[2] / "dtl" / "learning"
RNG = np.random.default_rng(3)
HOUR = pd.date_range("2024-01-01", periods=24 * 120, freq="h")
TEMP = 12 + 9 * np.sin(np.arange(len(HOUR)) / 400) + RNG.normal(0, 2, len(HOUR))
DAY = pd.date_range("2016-01-01", "2023-12-31", freq="D")


def test_forecast_is_scored_on_blocks_that_no_member_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[set[float], set[float]]] = []

    class Spy:
        def __init__(self, x: pd.DataFrame) -> None:
            self.fitted = set(x["years"])

        def members(self, x: pd.DataFrame) -> np.ndarray[Any, Any]:
            seen.append((self.fitted, set(x["years"])))
            return RNG.normal(size=(3, len(x)))

    monkeypatch.setattr(load_model, "ensemble", lambda x, load, seed: Spy(x))
    x = weather_load.design(HOUR.to_numpy(), TEMP, np.zeros(len(HOUR), bool), "UTC")
    load_model.fit(x, 100 + RNG.normal(size=len(HOUR)))
    assert len(seen) == load_model.FOLDS
    assert all(not fitted & scored for fitted, scored in seen)
    scored = [scored for _, scored in seen]
    assert sum(map(len, scored)) == len(set().union(*scored)) == x.notna().all(axis=1).sum()


def test_calibration_is_scored_on_weeks_that_change_nothing_of_it() -> None:
    kw, kvar = twins.twin(1.1, 0.93, HOURS)
    other = [np.where(twins.EVEN, 3.0 * series[::-1], series) for series in (kw, kvar)]
    one, two = (fit(Problem(twins.HEAD, p, q, twins.BOTH), twins.ODD, twins.EVEN, twins.WEEK, 0)
                for p, q in ((kw, kvar), other))  # fmt: skip
    assert isinstance(one, Fit) and isinstance(two, Fit)
    assert (one.value, one.low, one.high) == (two.value, two.low, two.high)
    assert all(two.rmse_after[name] > 2 * one.rmse_after[name] for name in twins.BOTH)


def test_what_a_measured_power_is_trusted_by_comes_from_fitted_hours() -> None:
    first = datetime(2025, 1, 1, tzinfo=UTC)

    def told(late: float) -> Any:
        rows = [{"source": "s", "feeder": "F1", "device": "HEAD", "quantity": "kw", "phases": "", "interval_min": 60,
                 "start": first + timedelta(hours=h), "value": 300.0 if h < 100 else late, "quality": "good"}
                for h in range(200)]  # fmt: skip
        return tables.frame("scada", rows)

    early = np.arange(HOURS) < 100
    one, two = (scada_lanes(feeder(), told(v), ["s"], 2025, "UTC", early)[0].sigma for v in (310.0, 9000.0))
    assert one == two == pytest.approx(3.0)


def test_busy_days_are_told_by_models_of_earlier_years(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[pd.Timestamp, pd.Timestamp]] = []

    def scores(known: pd.DataFrame, counts: Any, busy: Any, ahead: pd.DataFrame, seed: int) -> Any:
        assert counts.index.equals(known.index) and busy.index.equals(known.index)
        asked.append((known.index.max(), ahead.index.min()))
        return RNG.normal(size=len(ahead))

    monkeypatch.setattr(outage_days, "_scores", scores)
    weather = pd.DataFrame({"gust_max": RNG.gamma(3.0, 5.0, len(DAY)), "temp_max": 10.0, "temp_min": 5.0}, DAY)
    counts = pd.Series(RNG.poisson(1.0, len(DAY)).astype(float), DAY)
    found = outage_days.back_test(outage_days.features(weather, counts), counts)
    assert isinstance(found, outage_days.BackTest), found
    assert len(asked) > 3 and all(fitted < scored for fitted, scored in asked)


def test_counts_of_days_are_told_by_models_of_earlier_years(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each model is fitted to earlier years alone, and what comes from a month on moves no day up to its end."""
    monkeypatch.setattr(outage_days, "ROUNDS", 20)
    asked: list[tuple[pd.Timestamp, pd.Timestamp]] = []
    real = outage_counts._members

    def members(known: pd.DataFrame, counts: pd.Series, ahead: pd.DataFrame, seed: int) -> Any:
        assert counts.index.equals(known.index)
        asked.append((known.index.max(), ahead.index.min()))
        return real(known, counts, ahead, seed)

    monkeypatch.setattr(outage_counts, "_members", members)
    gust = RNG.gamma(3.0, 5.0, len(DAY))
    weather = pd.DataFrame({"gust_max": gust, "temp_max": 10.0 + gust % 7, "temp_min": 5.0}, DAY)
    counts = pd.Series(RNG.poisson(0.04 * gust).astype(float), DAY)
    changed = counts.where(DAY < "2021-06-01", 9.0)
    told = []
    for n in (counts, changed):
        known = outage_days.features(weather, counts)
        found = outage_counts.count_test(known, n)
        assert isinstance(found, outage_counts.CountTest), found
        told.append(found.expected)
    assert len(asked) == 2 * 6 and all(fitted < scored for fitted, scored in asked)
    one, two = told
    assert np.array_equal(one[:"2021-06-30"], two[:"2021-06-30"])
    assert (two["2021-07":"2021-12"] > one["2021-07":"2021-12"]).all()


def test_counts_of_a_day_are_no_feature_of_it() -> None:
    weather = pd.DataFrame({"gust_max": RNG.gamma(3.0, 5.0, len(DAY)), "temp_max": 10.0, "temp_min": 5.0}, DAY)
    counts = pd.Series(RNG.poisson(1.0, len(DAY)).astype(float), DAY)
    changed = counts.where(DAY < "2020-06-01", 9.0)
    one, two = (outage_days.features(weather, n) for n in (counts, changed))
    pd.testing.assert_frame_equal(one[:"2020-06-01"], two[:"2020-06-01"])


def test_the_last_year_of_interruptions_is_told_from_the_years_before() -> None:
    counts = pd.DataFrame(RNG.poisson(0.05, (len(DAY), 5)), DAY, columns=list("abcde"))
    twice = counts.copy()
    twice.iloc[-365:] *= 2
    one, two = ({r.metric: r.value for r in outage_risk._tested(n)} for n in (counts, twice))
    assert one["expected_over_observed"] == pytest.approx(2 * float(two["expected_over_observed"] or 0))


def test_what_weather_explains_is_judged_on_years_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = pd.Series(np.arange(1.0, len(DAY) + 1), DAY)
    days = pd.DataFrame({"gust_max": RNG.gamma(3.0, 5.0, len(DAY)), "temp_max": 10 + RNG.normal(0, 8, len(DAY)),
                         "temp_min": 5 + RNG.normal(0, 8, len(DAY)), "rain": RNG.gamma(1.0, 2.0, len(DAY))},
                        DAY)  # fmt: skip
    fitted: list[set[float]] = []
    real = stress_rates.weights

    def weights(x: Any, n: Any, stresses: int, times: Any = None) -> Any:
        fitted.append(set(n))
        return real(x, np.minimum(n, 3.0), stresses, times)

    monkeypatch.setattr(stress_rates, "weights", weights)
    stress_rates.explained(days, counts)
    years = sorted(set(DAY.year))
    assert len(fitted) == 2 * len(years)
    for year, *both in zip(years, fitted[::2], fitted[1::2], strict=True):
        assert all(not own & set(counts[DAY.year == year]) for own in both)


def test_a_watched_week_is_judged_by_weeks_before_the_watch() -> None:
    hours = pd.date_range("2021-01-04", periods=168 * 150, freq="h", tz="UTC")
    temp = pd.Series(12 + 9 * np.sin(np.arange(len(hours)) / 1400) + RNG.normal(0, 2, len(hours)), hours)
    load = 100 + 2 * (temp - 15).abs() + RNG.normal(0, 2, len(hours))
    late = load.where(np.arange(len(hours)) < 168 * 130, 3 * load)
    one, two = (watch(n, temp, np.zeros(len(hours), bool), 110) for n in (load, late))
    assert isinstance(one, Watch) and isinstance(two, Watch)
    assert one.deviation == two.deviation and early_warning.REFERENCE_WEEKS < 110
    assert np.array_equal(one.weekly[:20], two.weekly[:20]) and (two.weekly[20:] > one.weekly[20:]).all()


ELSEWHERE = "test_surrogate.py::test_nothing_is_scored_on_what_it_was_learned_from"
SCORED: dict[str, Callable[..., None] | str] = {
    "left_out_mape_pct": test_forecast_is_scored_on_blocks_that_no_member_saw,
    "{name}_rmse_after": test_calibration_is_scored_on_weeks_that_change_nothing_of_it,
    "{g}_rmse_after": test_what_a_measured_power_is_trusted_by_comes_from_fitted_hours,
    "day_count_deviance_pct": test_counts_of_days_are_told_by_models_of_earlier_years,
    "day_count_expected_over_observed": test_counts_of_days_are_told_by_models_of_earlier_years,
    "busy_day_auc": test_busy_days_are_told_by_models_of_earlier_years,
    "busy_day_brier_skill": test_busy_days_are_told_by_models_of_earlier_years,
    "expected_over_observed": test_the_last_year_of_interruptions_is_told_from_the_years_before,
    "interval_held_pct": test_the_last_year_of_interruptions_is_told_from_the_years_before,
    "stress_deviance_pct": test_what_weather_explains_is_judged_on_years_left_out,
    "growth_alarm": test_a_watched_week_is_judged_by_weeks_before_the_watch,
    "mape_pct": ELSEWHERE,
}
"""The numbers by which modules judge themselves, or raise an alarm, and the test that holds each of them."""
TOLD = {
    "alerts", "coming_peak_kw", "expected_gain", "failures_ahead", "groups", "growth_pct_per_year", "gusts_moved_days",
    "interruptions_ahead", "interruptions_ahead_high", "kw_per_degree_{name}", "load_factor_ahead", "members",
    "members_of_a_family",
    "not_sought_{number}", "phases_confirmed", "saidi_change_min", "saifi_change", "solar_capacity_kw", "solar_kwh",
    "step_pct", "violating_elements", "{violation}_straight_clustered_pct", "warning", "wear_shape",
}  # fmt: skip
"""What is said and scores nothing."""
UNSUPERVISED = {"anomaly", "clusters", "disaggregate", "recommend", "spatial"}
"""Modules that fit no truth, so that there is none to leak; the benches that score them hand them no truth."""


def test_every_score_has_a_test() -> None:
    """A metric that is new must be put among those that score, with a test, or among those that do not."""
    code = {p.stem: p.read_text(encoding="utf-8") for p in LEARNING.glob("*.py")}
    named = {m for text in code.values() for m in re.findall(r'Insight\(\s*MODULE,\s*f?"([^"]+)"', text)}
    assert named - set(SCORED) - TOLD == set()
    assert set(SCORED) <= named
    judged = re.compile("mape|auc|skill|rmse|error|observed|held|deviance|optimistic|alarm")
    assert not [m for m in TOLD if judged.search(m)]
    name, test = ELSEWHERE.split("::")
    assert f"def {test}(" in (Path(__file__).parent / name).read_text(encoding="utf-8")


def test_every_module_scores_or_fits_no_truth() -> None:
    scoring = {"forecast", "calibrate", "outage_risk", "growth", "surrogate"}
    assert scoring | UNSUPERVISED == set(LEARNERS) | set(OVER_FEEDERS)
    for module in UNSUPERVISED:
        text = (LEARNING / f"{module}.py").read_text(encoding="utf-8")
        assert not {m for m in SCORED if f'MODULE, "{m}"' in text}
