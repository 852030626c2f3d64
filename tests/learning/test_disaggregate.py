"""Solar behind meters: scored on metered homes, zero where there is none, honest about bad data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bench.learning import disaggregate as bench
from learning.made_tables import readings, weather

from dtl.learning import disaggregate
from dtl.learning.insight import NOT_ENOUGH, NotEnough
from dtl.learning.solar_split import Split, split


@pytest.fixture(scope="module")
def homes(samples: Path) -> Path:
    """Ten real homes with metered generation."""
    return samples / "ml" / "btm-solar-homes" / "tutorial_data.csv"


def test_the_metered_generation_is_found(homes: Path) -> None:
    found = bench.score(homes)
    assert found["mean_r2"] > 0.93
    assert found["worst_r2"] > 0.88
    assert found["worst_energy_pct"] < 12
    assert found["worst_false_kw"] <= 0.02
    assert found["aggregate_r2"] > 0.97
    assert abs(found["aggregate_energy_pct"]) < 5


def clock(index: pd.DatetimeIndex) -> tuple[np.ndarray, np.ndarray]:
    return (index.hour + index.minute / 60).to_numpy(), (index.normalize() - index[0].normalize()).days.to_numpy()


def one(homes: Path, change: str) -> tuple[Split, np.ndarray]:
    """The split of a real home after a change of what is given, and the proxies as they are."""
    net, gen = bench.homes(homes)
    index = pd.DatetimeIndex(net.index)
    hour, day = clock(index)
    y, sun = net["solar_home3"].to_numpy(), gen[list(bench.PROXIES)].to_numpy()
    if change == "installed":
        y = np.where(day < 7, net["home2"], y)
    if change == "outage":
        sun = np.where(((day == 5) | (day == 9))[:, None] & [True, False], 0.0, sun)
    if change == "tenfold":
        sun = sun * 10
    found = split(y, sun, hour, day)
    assert isinstance(found, Split)
    return found, day


def test_a_plant_that_comes_later_gives_nothing_before(homes: Path) -> None:
    found, day = one(homes, "installed")
    assert found.since == 7
    assert not found.solar_kw[day < 7].any()
    assert found.solar_kw[day >= 7].mean() > 0.2


def test_a_dead_proxy_is_bridged(homes: Path) -> None:
    whole, day = one(homes, "")
    found, _ = one(homes, "outage")
    lost = np.isin(day, (5, 9))
    assert found.solar_kw[lost].sum() == pytest.approx(whole.solar_kw[lost].sum(), rel=0.15)


def test_the_unit_of_the_sun_does_not_matter(homes: Path) -> None:
    assert one(homes, "tenfold")[0].solar_kw == pytest.approx(one(homes, "")[0].solar_kw, abs=1e-4)


def test_night_is_dark_and_loads_are_never_negative(homes: Path) -> None:
    found, _ = one(homes, "")
    _, gen = bench.homes(homes)
    assert not found.solar_kw[(gen[list(bench.PROXIES)] <= 0).all(axis=1)].any()
    assert found.load_kw[found.solar_kw > 0].min() >= -1e-9


def test_lows_that_do_not_follow_the_sun_are_no_plant() -> None:
    """Forty days at 15 min: short lows at bright hours by chance; a small plant that never exports is found."""
    index = pd.date_range("2024-05-01", periods=40 * 96, freq="15min")
    rng, (hour, day) = np.random.default_rng(6), clock(index)
    bright = np.repeat(rng.uniform(0.15, 1, 40), 96)
    sun = np.maximum(np.sin((hour - 6) * np.pi / 12), 0) * bright
    load = 0.8 * rng.lognormal(0, 0.2, len(index))
    lows = np.where((rng.random(len(index)) < 0.09) & (sun > 0.35), 0.1, load)
    chance, plant = split(lows, sun[:, None], hour, day), split(load - 0.5 * sun, sun[:, None], hour, day)
    assert isinstance(chance, Split) and isinstance(plant, Split)
    assert chance.since == -1 and not chance.solar_kw.any()
    assert plant.since == 0 and not plant.exports


HOURS = pd.date_range("2024-05-01", periods=480, freq="h")
NOISE = np.random.default_rng(0).uniform(0.2, 1.0, 480)
SUN = np.maximum(np.sin((HOURS.hour.to_numpy() - 6) * np.pi / 12), 0)[:, None]
BAD = {
    "zero": (0 * NOISE, SUN, "zero in every"),
    "short": (np.where(np.arange(480) < 72, NOISE, np.nan), SUN, "3 days"),
    "gaps": (np.where(np.arange(480) % 5 < 3, np.nan, NOISE), SUN, "missing in 60 %"),
    "no sun": (NOISE, 0 * SUN, "never changes"),
    "no night": (NOISE, 0.5 + SUN, "no night"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_too_little_is_said(case: str) -> None:
    net, sun, why = BAD[case]
    found = split(net, sun, *clock(HOURS))
    assert isinstance(found, NotEnough)
    assert why in found.why


def test_without_any_sun_given_every_meter_says_so() -> None:
    given = {"readings": readings({"M1": pd.Series(NOISE, HOURS)}), "weather": weather(pd.Series(20 * NOISE, HOURS))}
    rows = disaggregate.learn({}, given).insights().to_pylist()
    assert {(r["element"], r["verdict"]) for r in rows} == {("M1", NOT_ENOUGH)}


def exporting() -> tuple[dict[str, Any], np.ndarray]:
    """The tables of a home that exports at noon, one without a plant, and one that is mostly read as zero, with hourly
    irradiance of a point at 40 degrees north; and the true generation [kWh]."""
    start = pd.date_range("2024-05-01 06:00", periods=480, freq="h")
    clear = np.maximum(np.sin((start.hour.to_numpy() - 12) * np.pi / 12), 0)
    cloud = np.repeat(np.random.default_rng(3).uniform(0.2, 1, 20), 24)
    table = weather(pd.Series(20.0, start))
    ghi = table.schema.get_field_index("ghi_w_m2")
    table = table.set_column(ghi, table.schema.field(ghi), [(900 * clear * cloud).astype("float32")])
    kwh = {"PV": pd.Series(NOISE - 3 * clear * cloud, start), "PLAIN": pd.Series(NOISE, start)}
    kwh["PART"] = kwh["PV"][np.random.default_rng(4).random(480) > 0.3]
    kwh["ZEROS"] = kwh["PV"].where(np.random.default_rng(5).random(480) > 0.7, 0.0)
    return {"readings": readings(kwh), "weather": table}, 3 * clear * cloud


def test_from_tables_with_irradiance_to_rows() -> None:
    given, solar = exporting()
    result = disaggregate.learn({"timezone": "America/Chicago"}, given)
    rows = {(r["element"], r["metric"]): r["value"] for r in result.insights().to_pylist()}
    assert rows["PLAIN", "solar_capacity_kw"] == 0
    assert rows["PV", "solar_kwh"] == pytest.approx(solar.sum(), rel=0.2)
    assert set(result.tables["behind_meter"]["meter"].to_pylist()) == {"PV", "PART"}


def test_energy_that_was_not_read_is_not_told_as_if_it_were() -> None:
    given, _ = exporting()
    rows = disaggregate.learn({"timezone": "America/Chicago"}, given).insights().to_pylist()
    text = {(r["element"], r["metric"]): r["text"] for r in rows}
    assert text["PV", "solar_kwh"] == "generation over 20 days"
    assert "% of the intervals that were read" in text["PART", "solar_kwh"]
    (zeros,) = [r for r in rows if r["element"] == "ZEROS"]
    assert zeros["verdict"] == NOT_ENOUGH and "the net load is zero in" in zeros["text"]
