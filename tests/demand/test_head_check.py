"""Meters against the head: what is planted is told, and what is sound is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from dtl import tables
from dtl.demand.head_check import head_check
from dtl.demand.measured import hourly

HOURS = np.arange(24 * 60)


def profile(seed: int = 1) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A load with days, weeks and weather of its own."""
    rng = np.random.default_rng(seed)
    weather = np.convolve(rng.normal(0, 1, len(HOURS) + 48), np.ones(49) / 7, "valid")
    day = np.sin((HOURS % 24 - 9) / 24 * 2 * np.pi) + 0.5 * np.sin((HOURS % 24 - 17) / 12 * 2 * np.pi)
    return 1000 + 250 * day + 60 * weather + rng.normal(0, 25, len(HOURS))


def losses(kw: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The head of a feeder with 12 kW at no load and losses by the square of its power."""
    return kw + 12.0 + 2.5e-5 * kw**2


def test_a_sound_feeder() -> None:
    meters = profile()
    found = head_check(meters, losses(meters))
    assert found.verdict()[0] == "ok"
    assert 0.94 < found.energy_ratio < 0.98
    assert abs(found.energy_error) < 0.02
    assert (found.lag_h, found.hours) == (0.0, len(HOURS))
    rows = found.rows("f1")
    assert {r["metric"] for r in rows} >= {"head_energy_ratio", "head_peak_ratio", "head_shape_error", "head_lag_h"}


@pytest.mark.parametrize("lag", [-7, -1, 1, 6])
def test_a_wrong_clock_is_told_by_its_hours(lag: int) -> None:
    meters = profile()
    found = head_check(np.roll(meters, lag), losses(meters))
    assert found.lag_h == lag
    assert ("late" if lag > 0 else "early") in found.verdict()[1]


def test_a_wrong_clock_and_a_wrong_energy_are_told_together() -> None:
    meters = profile()
    _, why = head_check(1.3 * np.roll(meters, 6), losses(meters)).verdict()
    assert "more than the head measures" in why and "they are 6 h late" in why


def test_the_head_of_another_feeder_is_no_wrong_clock() -> None:
    """Two feeders of one kind of customer, one some hours later, whose levels drift apart over days."""
    drift = np.convolve(np.random.default_rng(9).normal(0, 1, len(HOURS) + 48), np.ones(49) / 7, "valid")
    own, other = profile(1), np.roll(profile(1), 3) + 120 * drift
    found = head_check(own, losses(1.4 * other))
    assert found.lag_h
    _, why = found.verdict()
    assert "much less than the head measures" in why and "another feeder" in why and "zone" not in why


@pytest.mark.parametrize(("factor", "told"), [(1.2, "more than"), (0.6, "much less than")])
def test_load_of_elsewhere_and_load_without_meters(factor: float, told: str) -> None:
    meters = profile()
    verdict, why = head_check(factor * meters, losses(meters)).verdict()
    assert verdict == "warning"
    assert told in why


def test_meters_of_another_feeder_have_another_shape() -> None:
    rng = np.random.default_rng(5)
    other = 1000 + 300 * rng.normal(0, 1, len(HOURS)).clip(-2, 2)
    found = head_check(other, losses(profile(2)))
    assert "correlation" in found.verdict()[1]
    assert found.shape_error > 0.2


def test_too_little_is_not_judged() -> None:
    meters = profile()
    head = np.full(len(HOURS), np.nan)
    head[:100] = losses(meters)[:100]
    found = head_check(meters, head)
    assert found.verdict()[0] == "not_enough"
    assert found.hours == 100
    assert np.isnan(found.energy_ratio)


def rows(values: list[float | None], quality: list[str], start: datetime, step: int) -> pa.Table:
    at = [start + timedelta(minutes=step * i) for i in range(len(values))]
    n = len(values)
    return tables.frame("scada", {
        "source": ["s"] * n, "feeder": ["f"] * n, "device": [""] * n, "quantity": ["kw"] * n, "phases": [""] * n,
        "interval_min": [step] * n, "start": pa.array(at, pa.timestamp("s", "UTC")), "value": values,
        "quality": quality,
    })  # fmt: skip


def test_hours_of_scada_are_means_of_good_values_only() -> None:
    start = datetime(2024, 2, 28, 6, tzinfo=UTC)
    values = [float(i) for i in range(4 * 72)]
    quality = ["good"] * len(values)
    quality[4 * 2], quality[4 * 5], quality[4 * 5 + 1] = "bad", "suspect", "missing"
    found = hourly(rows(values, quality, start, 15), 2024, "America/Chicago")
    first = 24 * (31 + 27)
    assert len(found) == 8760
    assert np.isnan(found[:first]).all()
    assert found[first] == pytest.approx(1.5)
    assert found[first + 2] == pytest.approx(10.0), "the mean of the three good quarters"
    assert np.isnan(found[first + 5]), "half an hour is not enough"
    assert found[first + 24] == pytest.approx(4 * 48 + 1.5), "after 28 February comes 1 March"
    assert np.isnan(found[first + 48 :]).all()
