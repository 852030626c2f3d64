"""Calibration: known minima, a hidden scale and power factor, what the data cannot tell, too little."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bench.learning import calibrate as bench
from learning.made_tables import scada

from dtl import tables
from dtl.demand.calendar import HOURS, Calendar
from dtl.learning import calibrate
from dtl.learning.calibrate import Fit, Problem, fit
from dtl.learning.expected import FAILED, minimise
from dtl.learning.head_model import Head, measured
from dtl.learning.insight import NotEnough

RNG = np.random.default_rng(4)
HOUR = np.arange(HOURS)
KW = 800 + 300 * np.sin(2 * np.pi * HOUR / 24) + 60 * RNG.normal(size=HOURS)
HEAD = Head(KW, 0.3 * KW, 2e-5 * KW**2, np.zeros(HOURS), np.full(HOURS, -150.0))
WEEK = np.asarray([Calendar(2025).start(24 * d).isocalendar().week for d in range(365)], np.int64).repeat(24)
ODD, EVEN = WEEK % 2 == 1, WEEK % 2 == 0
BOTH = ("load_scale", "power_factor")


def twin(scale: float, power_factor: float, hours: int, wrong: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    """What meters of 1 % would show in the first hours of a feeder whose own load differs hour by hour."""
    rng = np.random.default_rng(9)
    own = Head(KW * (1 + wrong * rng.normal(size=HOURS)), HEAD.kvar, HEAD.loss_kw, HEAD.generation_kw, HEAD.other_kvar)
    kw, kvar = own.power(scale, power_factor)
    noisy = [x * (1 + 0.01 * rng.normal(size=HOURS)) for x in (kw, kvar)]
    return np.where(hours > HOUR, noisy[0], np.nan), np.where(hours > HOUR, noisy[1], np.nan)


def test_the_search_repeats_itself_and_keeps_its_budget() -> None:
    calls: list[float] = []

    def cost(x: np.ndarray) -> float:
        calls.append(0.0)
        return bench.branin(x) if x[0] > -4 else float("nan")

    one, two = (minimise(cost, (-5.0, 0.0), (10.0, 15.0), 16, 3) for _ in range(2))
    assert np.array_equal(one.tried, two.tried)
    assert len(calls) == 32
    assert one.failed == int((one.values == FAILED).sum()) > 0


@pytest.mark.parametrize(("scale", "power_factor"), [(1.12, 0.91), (0.83, 0.985)])
def test_a_hidden_scale_and_power_factor_are_found(scale: float, power_factor: float) -> None:
    kw, kvar = twin(scale, power_factor, 24 * 70)
    found = fit(Problem(HEAD, kw, kvar, BOTH), ODD, EVEN, WEEK, 0)
    assert isinstance(found, Fit)
    assert found.value["load_scale"] == pytest.approx(scale, rel=0.01)
    assert found.value["power_factor"] == pytest.approx(power_factor, abs=0.01)
    assert all(found.identified.values())
    assert all(found.rmse_after[name] < 0.5 * found.rmse_before[name] for name in BOTH)


def test_without_kvar_the_power_factor_is_not_told() -> None:
    kw, _ = twin(1.1, 0.9, 24 * 70)
    found = fit(Problem(HEAD, kw, None, BOTH), ODD, EVEN, WEEK, 0)
    assert isinstance(found, Fit)
    assert found.identified == {"load_scale": True, "power_factor": False}
    said = {r.metric: r for r in calibrate._said(found, "f").rows}
    assert said["power_factor"].verdict == "refused"
    assert "the data cannot tell it" in said["power_factor"].text


@pytest.mark.parametrize(("hours", "why"), [(100, "100 measured hours are to be fitted"), (24 * 21, "weeks are to be")])
def test_too_little_is_said(hours: int, why: str) -> None:
    kw, kvar = twin(1.1, 0.9, hours)
    found = fit(Problem(HEAD, kw, kvar, BOTH), ODD, EVEN, WEEK, 0)
    assert isinstance(found, NotEnough)
    assert why in found.why


@pytest.mark.parametrize("kw", [0.0, 1500.0])
def test_a_head_that_stands_still_tells_nothing(kw: float) -> None:
    """A tag that was never wired, or froze years ago."""
    found = fit(Problem(HEAD, np.full(HOURS, kw), None, BOTH), ODD, EVEN, WEEK, 0)
    assert isinstance(found, NotEnough)
    assert found.why == f"the measured kW never changes: {kw:,.0f} in every hour"


def test_what_is_measured_stands_at_its_hour_of_standard_time() -> None:
    """Chicago is six hours behind UTC in standard time, in summer too."""
    index = pd.date_range("2025-07-01 06:00", periods=48, freq="h")
    told = measured(scada({"f": pd.Series(np.arange(48.0), index)}), ["s"], 2025, "America/Chicago")
    first = Calendar(2025).index(pd.Timestamp("2025-07-01"))
    assert told["kw"][first : first + 48].tolist() == list(range(48))
    assert np.isnan(told["kw"][first - 1])
    assert measured(scada({"f": pd.Series([1.0, 2.0], index[:2])}), ["other"], 2025, "UTC") == {}


def test_a_head_measured_by_phase_is_the_sum_of_its_phases_where_all_are_known() -> None:
    """Where the total is measured as well, it counts."""
    index = pd.date_range("2025-03-01", periods=48, freq="h")
    load = pd.Series(np.arange(1.0, 49.0), index)
    parts = [scada({"f": load[:-1] if phase == "C" else load}, phase) for phase in "ABC"]
    kw = measured(tables.concat("scada", parts), ["s"], 2025, "UTC")["kw"]
    first = 24 * 59
    assert kw[first : first + 47] == pytest.approx(3 * load[:47].to_numpy())
    assert np.isfinite(kw).sum() == 47
    kw = measured(tables.concat("scada", [*parts, scada({"f": load})]), ["s"], 2025, "UTC")["kw"]
    assert kw[first : first + 48] == pytest.approx(load.to_numpy())


def test_nothing_given_is_said() -> None:
    words = {"against": ["s"], "measured_year": 2025, "timezone": "UTC", "fit_on": "odd_weeks",
             "score_on": "even_weeks",
             "change": list(BOTH)}  # fmt: skip
    assert calibrate.learn(words, {}).rows[0].verdict == "not_enough"
