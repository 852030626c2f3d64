"""Readings that no service carries are left out of demand; cars, heaters and dryers, which are real, stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dtl import tables
from dtl.demand.base import base_demand
from dtl.demand.calendar import Calendar
from dtl.demand.implausible import Implausible, implausible
from tests.demand import test_base_demand as house

Reals = NDArray[np.float64]
DAYS = 120


def home(per_hour: int = 1, seed: int = 4) -> Reals:
    """kW of a household by step: lognormal around a shape of the day, highest about 6 kW."""
    rng = np.random.default_rng(seed)
    clock = np.arange(DAYS * 24 * per_hour) / per_hour % 24
    return np.asarray(np.exp(rng.normal(-0.4, 0.5, len(clock))) * (1 + 0.6 * np.sin(2 * np.pi * (clock - 13) / 24)))


def found(kw: Reals, kva: float, per_hour: int = 1, batch: int = 1000) -> list[Implausible]:
    """What is found of meter "b", with an ordinary meter before and after it, in batches that cut through them."""
    start = np.arange(len(kw), dtype=np.int64) * 60 // per_hour
    minutes = np.full(len(kw), 60 // per_hour, np.int64)
    values = np.concatenate([home(per_hour, 1), kw, home(per_hour, 2)]) / per_hour
    code, starts, lengths = np.repeat([0, 1, 2], len(kw)), np.tile(start, 3), np.tile(minutes, 3)
    pieces = [slice(k, k + batch) for k in range(0, len(code), batch)]
    batches = ((["a", "b", "c"], code[p], starts[p], lengths[p], values[p]) for p in pieces)
    return implausible(batches, {"a": kva, "b": kva, "c": kva})


@pytest.mark.parametrize("per_hour", [1, 4])
def test_a_single_spike_is_found_and_nothing_beside_it(per_hour: int) -> None:
    kw = home(per_hour)
    at = 50 * 24 * per_hour + 7
    kw[at] = -60.0
    (one,) = found(kw, 25.0, per_hour)
    assert (one.meter, one.kind, one.count, one.kw) == ("b", "spike", 1, 60.0)
    assert (one.start, one.end) == (at * 60 // per_hour, (at + 1) * 60 // per_hour)
    assert not found(kw, 75.0, per_hour), "what the transformer carries is not doubted"


@pytest.mark.parametrize("per_hour", [1, 4])
@pytest.mark.parametrize("factor", [10.0, 1000.0])
def test_a_stretch_in_another_unit_is_found(per_hour: int, factor: float) -> None:
    kw = home(per_hour)
    first, last = (50 * 24 + 7) * per_hour, (54 * 24 + 19) * per_hour
    kw[first:last] *= factor
    (one,) = found(kw, 25.0, per_hour)
    assert (one.meter, one.kind) == ("b", "multiplied")
    ends = np.array([one.start, one.end]) * per_hour / 60 - (first, last)
    assert np.abs(ends).max() <= 3 * per_hour


def car(evenings: range | list[int], kw: float, hours: int) -> Reals:
    added = np.zeros(DAYS * 24)
    for day in evenings:
        added[day * 24 + 18 : day * 24 + 18 + hours] = kw
    return added


DAY = np.arange(DAYS * 24) // 24
REAL = {
    "a new car twice a week": home() + car(range(80, DAYS, 3), 22.0, 2),
    "a guest with a car": home() + car([50, 51, 52], 22.0, 3),
    "three cold days": home() + np.where((DAY >= 60) & (DAY < 63), 18.0, 0.0),
    "a dryer in its season": 0.06 * home() + car(range(60, 72), 40.0, 24),
    "a new shop": home() * np.where(DAY < 100, 1.0, 10.0),
    "a workshop that welds": home() + car(range(0, DAYS, 20), 30.0, 1),
}  # fmt: skip


@pytest.mark.parametrize("what", REAL)
def test_real_peaks_above_the_rating_stay(what: str) -> None:
    assert REAL[what].max() > 20.0, "above the rating, so that it is looked at"
    assert not found(REAL[what], 10.0)


def test_a_study_leaves_them_out_fills_and_tells_unless_it_keeps_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    noise = rng.uniform(0.8, 1.2, 24 * 42)

    def kwh(hour: int) -> float:
        return 90.0 if hour == 500 else float(house.daily(hour) * noise[hour])

    asked: dict[str, Any] = {"from": ["meters", "class_shapes"], "shape": "residential"}
    told = {}
    peak = {}
    for word in ("left_out", "kept"):
        given = house.given(tmp_path, kwh, days=42)
        made, told[word] = base_demand(
            house.feeder(), asked | {"implausible": word}, Calendar(house.YEAR), house.ZONE, None, given, 0.0
        )
        peak[word] = made.kw("l1").max()
    assert peak["kept"] == pytest.approx(180.0) and peak["left_out"] < 6.0
    assert told["left_out"]["meters"]["implausible"] == 2.0 and told["kept"]["meters"]["implausible"] == 0.0
    assert told["left_out"]["meters"]["implausible_kwh"] == pytest.approx(180.0)
    (said,) = [w for w in told["left_out"]["warnings"] if "unlike" in w]
    assert "2 readings of 2 meters" in said and "a 90 kW (spike, 1 reading)" in said and "kept" in said


def test_a_meter_in_another_unit_is_left_out_and_the_rest_goes_on(tmp_path: Path) -> None:
    def kwh(hour: int) -> float:
        return float(house.daily(hour))

    asked: dict[str, Any] = {"from": ["meters", "class_shapes"], "shape": "residential"}
    given = house.given(tmp_path, kwh, days=42)
    sound, _ = base_demand(house.feeder(), asked, Calendar(house.YEAR), house.ZONE, None, given, 0.0)
    rows = tables.read("readings", given.readings).to_pandas()
    rows.loc[rows["meter"] == "b", "kwh"] *= 1e6
    tables.write("readings", tables.frame("readings", rows.to_dict("list")), given.readings)
    made, told = base_demand(house.feeder(), asked, Calendar(house.YEAR), house.ZONE, None, given, 0.0)
    assert made.kw("l1") == pytest.approx(sound.kw("l1"), rel=1e-6), "as the meter beside it"
    (said,) = [w for w in told["warnings"] if "another unit" in w]
    assert ": b " in said and "a " not in said.split("unit: ")[1].split(";")[0]
    assert told["meters"]["implausible"] == 42 * 24
