"""Worked answers of IEEE C57.91 and IEC 60076-7, and what must hold of any ageing."""

from __future__ import annotations

import numpy as np
import pytest

from dtl.powerflow import ageing
from dtl.powerflow.ageing import IEC, Life, Thermal, ageing_factor, iec_temperatures, relative_rate

WORDS = {
    "standard": "ieee-c57.91", "winding_rise_k": 65, "top_oil_rise_k": 45.0, "oil_time_constant_h": 3.0,
    "normal_life_h": 180_000.0,
}  # fmt: skip


def test_ageing_acceleration_of_the_guide() -> None:
    cold = [0.0028, 0.0358, 0.1156, 0.2026, 0.2817, 0.3499, 0.5957]
    assert ageing_factor([60, 80, 90, 95, 98, 100, 105]) == pytest.approx(cold, abs=1e-4)
    hot = [1, 1.6565, 2.0197, 2.7089, 6.9842, 17.1995, 40.589, 92.062, 424.92, 1723.3]
    assert ageing_factor([110, 115, 117, 120, 130, 140, 150, 160, 180, 200]) == pytest.approx(hot, rel=1e-4)
    assert ageing_factor([95, 110], 55) == pytest.approx([1.0, 4.9351], abs=1e-4)


@pytest.mark.parametrize(
    ("k", "rises", "hot", "factor"),
    [(1.2, (57.775, 26.774), 114.550, 1.58373), (1.0, (45.0, 20.0), 95.0, 0.202629)],
)
def test_constant_load(k: float, rises: tuple[float, float], hot: float, factor: float) -> None:
    unit = Thermal(np.array([5.0]), np.array([45.0]), np.array([20.0]), np.array([180.0]))
    oil, winding = unit.ultimate(k)
    assert (oil[0], winding[0]) == pytest.approx(rises, abs=1e-3)
    assert 30.0 + oil[0] + winding[0] == pytest.approx(hot, abs=1e-3)
    assert ageing_factor(hot) == pytest.approx(factor, rel=1e-4)


def followed(
    load: np.ndarray, ambient: np.ndarray, step_min: float, parts: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    units = np.array([[5.0, 45.0, 20.0, 180.0]])
    state, winding = np.zeros((1, 1)), np.zeros(1)
    top, out = np.empty((1, load.size)), np.empty((1, 2 * load.size))
    ageing.c57_91(load[None], ambient, step_min, parts, 383.0, 0.8, 0.8, units, winding, state, top, out)
    return top[0], out[0, : load.size], out[0, load.size :]


def test_a_day_of_three_loads_repeated() -> None:
    day = np.repeat([0.5, 1.2, 0.7], [16 * 60, 4 * 60, 4 * 60])
    load = np.tile(day, 6)
    top, hot, rate = (v[-1440:] for v in followed(load, np.full(load.size, 30.0), 1.0, 1))
    assert top.max() == pytest.approx(77.975, abs=0.02)
    assert hot.max() == pytest.approx(104.750, abs=0.02)
    assert rate.mean() == pytest.approx(0.050956, rel=0.005)


def test_ageing_does_not_depend_on_the_step() -> None:
    day = np.tile(np.repeat([0.5, 1.2, 0.7], [16, 4, 4]), 6)
    ages = [followed(np.repeat(day, n), np.full(day.size * n, 30.0), 60.0 / n, parts)[2][-24 * n :].mean()
            for n, parts in ((60, 1), (12, 1), (4, 3), (1, 12))]  # fmt: skip
    assert ages == pytest.approx([ages[0]] * 4, rel=0.01)


def test_iec_rates_and_load_steps() -> None:
    assert relative_rate([98, 104, 110, 140]).tolist() == [1, 2, 4, 128]
    assert relative_rate(110.0, upgraded=True) == 1.0
    ends, loads = [190, 365, 500, 705, 730, 745], [1.0, 0.6, 1.5, 0.3, 2.1, 0.0]
    load = np.repeat(loads, np.diff([0, *ends]))[None]
    top, hot = iec_temperatures(load, np.full(745, 25.6), 1.0, 1000.0, 38.3, 20.3, IEC["onaf"], (12.7, 0.0, 0.0))
    published = [(61.9, 83.8), (44.4, 54.0), (89.2, 127.0), (35.0, 37.5), (67.9, 138.6), (60.3, 75.3)]
    found = [(top[0, e - 1], hot[0, e - 1]) for e in ends]
    for mine, theirs in zip(found, published, strict=True):
        assert mine == pytest.approx(theirs, abs=1.5)


def life(pct: np.ndarray, temp: np.ndarray, standard: str, blocks: int = 1) -> Life:
    found = Life(np.arange(len(pct)), np.full(len(pct), 5.0), temp, {**WORDS, "standard": standard}, 1.0)
    for hours in np.array_split(np.arange(pct.shape[1]), blocks):
        found.add(hours, pct[:, hours])
    return found


@pytest.mark.parametrize("standard", ["ieee-c57.91", "iec-60076-7"])
def test_what_must_hold(standard: str) -> None:
    rng = np.random.default_rng(1)
    pct = 60.0 + 50.0 * rng.random((3, 24 * 14))
    temp = 20.0 + 10.0 * rng.random(24 * 14)
    whole, parts = life(pct, temp, standard), life(pct, temp, standard, 7)
    assert parts.factor == pytest.approx(whole.factor, rel=1e-9), "blocks do not matter"
    assert (life(pct + 10, temp, standard).factor > whole.factor).all(), "more load ages more"
    assert (life(pct, temp + 5, standard).hot_spot_c > whole.hot_spot_c).all(), "heat ages more"
    idle = life(np.zeros((1, 48)), np.full(48, 25.0), standard)
    assert 25.0 <= idle.hot_spot_c[0] < 40.0, "without load only the no-load losses warm"
    alone = life(np.full((1, 48), 100.0), np.full(48, 30.0), standard)
    assert alone.hot_spot_c[0] == pytest.approx(110.0, abs=0.01) and alone.loss_pct[0] == pytest.approx(
        100 * 48 * alone.factor[0] / 180_000.0
    )


def test_hourly_means_hide_ageing() -> None:
    """Jensen: the same energy in quarters of an hour ages more than its mean."""
    quarters = np.tile([160.0, 40.0, 160.0, 40.0], 24 * 4)[None] / 100.0
    hours = quarters.reshape(1, -1, 4).mean(axis=2)
    fine = followed(quarters[0], np.full(quarters.size, 30.0), 15.0, 3)[2].mean()
    coarse = followed(hours[0], np.full(hours.size, 30.0), 60.0, 12)[2].mean()
    assert fine > coarse
