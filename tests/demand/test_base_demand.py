"""The base demand: the first origin that covers an hour counts, the next follows its level, SCADA corrects the sum."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dtl import tables
from dtl.demand.base import Given, base_demand
from dtl.demand.calendar import HOURS, Calendar
from dtl.errors import SolveError
from dtl.network.feeder import Bus, Feeder, Load, Source, Transformer, Winding

ZONE, YEAR = "America/Chicago", 2025
START = datetime(2025, 3, 3, 6, tzinfo=UTC)
"""Monday 3 March, midnight in local standard time: hour 24 x 61 of the year."""
FIRST, DAYS = 24 * 61, 21


def feeder() -> Feeder:
    """Two transformers, each with one load of 10 kW; the second has no meters."""
    units = tuple(
        Transformer(name=f"t{i}", phases=1, xhl_pct=2.0, windings=(
            Winding(bus="head", nodes=(1, 0), connection="wye", kv=7.2, kva=50.0, r_pct=0.5),
            Winding(bus=f"s{i}", nodes=(1, 0), connection="wye", kv=0.24, kva=50.0, r_pct=0.5),
        )) for i in (1, 2)
    )  # fmt: skip
    buses = (Bus(name="head", nodes=(1, 2, 3), kv_ln=7.2), *(Bus(name=f"s{i}", nodes=(1,), kv_ln=0.24) for i in (1, 2)))
    loads = tuple(
        Load(name=f"l{i}", bus=f"s{i}", nodes=(1, 0), phases=1, kv=0.24, kw=10.0, kvar=2.0, min_pu=0.8, max_pu=1.2,
             customer_class="residential", customers=2) for i in (1, 2)
    )  # fmt: skip
    source = Source(name="source", bus="head", kv_ll=12.47, r1_ohm=0.0, x1_ohm=0.1, r0_ohm=0.0, x0_ohm=0.1)
    return Feeder(id="f", feeders=("f",), buses=buses, transformers=units, loads=loads, sources=(source,))


def given(folder: Path, kwh: Any, head: Any = None, per_hour: int = 1, days: int = DAYS) -> Given:
    """Two meters of the first transformer with `kwh(interval)` each for some days, and SCADA of the head."""
    empty = {c.name: "" for c in tables.TABLES["meters"].columns if not c.null}
    meters = [empty | {"feeder": "f", "meter": m, "transformer": "t1", "load": "l1", "customer_class": "residential",
                       "band": "high", "basis": "record"} for m in ("a", "b")]  # fmt: skip
    hours = range(24 * days)
    readings = [
        {"meter": m, "start": START + timedelta(hours=k / per_hour), "interval_min": 60 // per_hour, "kwh": kwh(k),
         "flag": "measured"}
        for m in ("a", "b")
        for k in range(24 * days * per_hour)
    ]  # fmt: skip
    about = {"source": "s", "feeder": "f", "device": "head", "quantity": "kw", "phases": "", "quality": "good"}
    scada = [about | {"start": START + timedelta(hours=h), "interval_min": 60, "value": head(h)} for h in hours if head]
    files = {}
    for name, rows in (("meters", meters), ("readings", readings), ("scada", scada)):
        files[name] = folder / f"{name}.parquet"
        tables.write(name, tables.frame(name, rows) if rows else tables.concat(name, []), files[name])
    return Given(tables.read("meters", files["meters"]), files["readings"], files["scada"])


def demand(folder: Path, kwh: Any, head: Any = None, loss: float = 0.0, **words: Any) -> Any:
    asked = {"from": ["meters", "class_shapes", "model_loads"], "shape": "residential"} | words
    return base_demand(feeder(), asked, Calendar(YEAR), ZONE, None, given(folder, kwh, head), loss)


def daily(hour: int) -> float:
    return 1.0 + (hour % 24 >= 18)


def test_covered_hours_are_the_readings_and_the_rest_keeps_their_level(tmp_path: Path) -> None:
    found, told = demand(tmp_path, daily)
    kw = found.kw("l1")
    wanted = 2.0 * np.array([daily(h) for h in range(24 * DAYS)])
    assert kw[FIRST : FIRST + 24 * DAYS] == pytest.approx(wanted, rel=1e-6)
    assert told["kwh"]["meters"] >= wanted.sum() * (1 - 1e-6), (
        "the rule of neighbouring days adds two weeks at both ends"
    )
    assert kw.min() > 0 and told["loads"] == {"class_shapes": 2, "meters": 1}
    assert found.drives["l1"].kvar == pytest.approx(0.2 * kw.max(), rel=1e-6), "the model's own power factor"
    assert found.drives["l1"].basis == "meters+class_shapes"


def test_a_load_without_meters_has_the_energy_of_its_class(tmp_path: Path) -> None:
    found, _ = demand(tmp_path, lambda _: 1.5)
    other = found.kw("l2")
    assert other.sum() == pytest.approx(2 * 1.5 * HOURS, rel=1e-6), "two customers of 1.5 kW, as the metered ones"
    assert other.max() > 1.2 * other.mean(), "in the shape of the class"


def test_without_an_origin_that_covers_it_a_load_is_told(tmp_path: Path) -> None:
    found, told = demand(tmp_path, daily, **{"from": ["meters"]})
    assert found.kw("l2").sum() == 0 and "2 loads" in told["warnings"][0]


def test_a_feeder_without_any_demand_is_no_feeder_at_rest(tmp_path: Path) -> None:
    """No class has any energy without meters: zero everywhere would be solved, drawn and believed."""
    with pytest.raises(SolveError, match=r"no load has any demand: of demand.from \(class_shapes\)"):
        demand(tmp_path, daily, **{"from": ["class_shapes"]})


def test_loads_of_one_transformer_share_its_customers_whole_and_its_energy_always(tmp_path: Path) -> None:
    """The two legs of a service, as two loads: nobody is rounded away, and no leg is dark outside of the readings."""
    whole, _ = demand(tmp_path / "a", daily)
    one = feeder()
    legs = tuple(one.loads[0].model_copy(update={"name": n, "kw": 10.0 / 3}) for n in ("leg_1", "leg_2", "leg_3"))
    split = one.model_copy(update={"loads": (*legs, one.loads[1])})
    asked = {"from": ["meters", "class_shapes"], "shape": "residential"}
    found, told = base_demand(split, asked, Calendar(YEAR), ZONE, None, given(tmp_path / "b", daily), 0.0)
    assert [found.drives[n].customers for n in ("leg_1", "leg_2", "leg_3")] == [1, 1, 0]
    assert "none" not in told["loads"]
    together = sum(found.kw(n) for n in ("leg_1", "leg_2", "leg_3"))
    assert together == pytest.approx(whole.kw("l1"), rel=1e-5), "as one load of the three would have it"


def test_a_transformer_that_no_load_of_its_size_could_feed_is_told(tmp_path: Path) -> None:
    found, told = demand(tmp_path, lambda k: 40.0 * daily(k))
    mean = float(found.kw("l1").mean())
    assert mean > 50.0
    (said,) = [w for w in told["warnings"] if "rating" in w]
    assert f"t1 {mean:,.0f} kW of 50 kVA" in said
    fits, told = demand(tmp_path, lambda k: 15.0 * daily(k))
    assert fits.kw("l1").max() > 50.0, "an overload in some hours is the planner's business"
    assert not [w for w in told["warnings"] if "rating" in w]


@pytest.mark.parametrize("by", ["energy", "peak", "hourly"])
def test_scada_corrects_the_sum(tmp_path: Path, by: str) -> None:
    def head(hour: int) -> float:
        return 40.0 + 10.0 * (hour % 24 == 19)

    found, told = demand(tmp_path, daily, head, 0.1, scale_to={"source": "s", "by": by})
    hours = slice(FIRST, FIRST + 24 * DAYS)
    total = (found.kw("l1") + found.kw("l2"))[hours]
    wanted = 0.9 * np.array([head(h) for h in range(24 * DAYS)])
    if by == "energy":
        assert total.sum() == pytest.approx(wanted.sum(), rel=1e-6)
    elif by == "peak":
        assert total.max() == pytest.approx(wanted.max(), rel=1e-6)
    else:
        assert total == pytest.approx(wanted, rel=1e-5)
    assert told["scale"]["factors"]["f"] > 2 and "multiplied" in told["warnings"][-1]


def test_a_power_factor_by_class_wins(tmp_path: Path) -> None:
    found, _ = demand(tmp_path, daily, power_factor={"residential": 0.9})
    drive = found.drives["l1"]
    assert drive.kvar / drive.kw == pytest.approx(np.tan(np.arccos(0.9)), rel=1e-6)


def test_meters_that_disagree_with_the_head_are_told(tmp_path: Path) -> None:
    _, told = demand(tmp_path, daily, lambda h: 20.0 * daily(h))
    assert told["head_check"]["f"]["energy_ratio"] == pytest.approx(0.1, rel=1e-3)
    assert "much less" in told["warnings"][0]


@pytest.mark.parametrize("by", [None, "energy", "peak", "hourly"])
def test_quarters_of_what_is_hourly_hold_their_hour_whatever_the_origin(tmp_path: Path, by: str | None) -> None:
    asked = {"from": ["meters", "class_shapes", "model_loads"], "shape": "residential"}
    asked |= {"scale_to": {"source": "s", "by": by}} if by else {}
    of = given(tmp_path, daily, lambda h: 40.0 + 10.0 * (h % 24 == 19))
    by_step = {step: base_demand(feeder(), asked, Calendar(YEAR, step), ZONE, None, of, 0.1)[0] for step in (60, 15)}
    assert by_step[15].step_min == 15 and by_step[15].steps == 4 * HOURS
    for load in ("l1", "l2"):
        np.testing.assert_allclose(by_step[15].kw(load), np.repeat(by_step[60].kw(load), 4), rtol=1e-9)


def test_readings_of_the_step_are_the_demand(tmp_path: Path) -> None:
    def kwh(interval: int) -> float:
        return 0.25 + 0.125 * (interval % 4) + (interval % 96 > 70)

    asked = {"from": ["meters", "class_shapes"], "shape": "residential"}
    of = given(tmp_path, kwh, per_hour=4)
    fine, told = base_demand(feeder(), asked, Calendar(YEAR, 15), ZONE, None, of, 0.0)
    hour, coarse = base_demand(feeder(), asked, Calendar(YEAR), ZONE, None, of, 0.0)
    seen = slice(4 * FIRST, 4 * (FIRST + 24 * DAYS))
    wanted = 2.0 * 4.0 * np.array([kwh(k) for k in range(96 * DAYS)])
    assert fine.kw("l1")[seen] == pytest.approx(wanted, rel=1e-6), "kW of a quarter are four times its kWh"
    assert fine.kw("l1").reshape(HOURS, 4).mean(axis=1) == pytest.approx(hour.kw("l1"), rel=1e-6)
    for origin, energy in coarse["kwh"].items():
        assert told["kwh"][origin] == pytest.approx(energy, rel=1e-9)
    assert told["meters"]["measured_kwh"] == pytest.approx(coarse["meters"]["measured_kwh"], rel=1e-9)


@pytest.mark.parametrize("by", ["energy", "peak", "hourly"])
@pytest.mark.parametrize(
    ("head", "why"),
    [
        (lambda h: 0.0, "in 0 hours"),
        (lambda h: 30.0 if h < 160 else None, "in 160 hours"),
        (lambda h: -30.0 * daily(h), "the sign of its tag"),
        (lambda h: 30e3 * daily(h), "the unit"),
    ],
    ids=["zero", "short", "turned", "in W"],
)
def test_a_head_that_tells_nothing_corrects_nothing(tmp_path: Path, by: str, head: Any, why: str) -> None:
    plain, _ = demand(tmp_path, daily)
    found, told = demand(tmp_path, daily, head, scale_to={"source": "s", "by": by})
    assert not told["scale"]["factors"] and any(why in w and "not corrected" in w for w in told["warnings"])
    for load in ("l1", "l2"):
        np.testing.assert_array_equal(found.kw(load), plain.kw(load))


@pytest.mark.parametrize("by", ["energy", "peak", "hourly"])
def test_hours_of_a_dead_head_do_not_correct(tmp_path: Path, by: str) -> None:
    def head(hour: int) -> float:
        return 0.01 if 100 <= hour < 250 else 6.0 * daily(hour)

    asked = {"source": "s", "by": by}
    whole, _ = demand(tmp_path, daily, lambda h: 6.0 * daily(h), scale_to=asked)
    found, told = demand(tmp_path, daily, head, scale_to=asked)
    assert any("150 hours" in w and "measures nothing" in w for w in told["warnings"])
    assert any("354 of 8,760 hours" in w and "months 1, 2, 3, 4, 5" in w for w in told["warnings"])
    assert found.kw("l1").sum() == pytest.approx(whole.kw("l1").sum(), rel=0.03)
    assert found.kw("l1").min() > 0
