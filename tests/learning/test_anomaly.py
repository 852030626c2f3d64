"""Faults of meters: found where they were put, quiet on sound readings, honest about bad data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from bench.learning import anomaly as bench
from bench.learning import growth_delay as heads
from learning.made_tables import readings, scada, weather

from dtl import tables
from dtl.learning import anomaly
from dtl.learning.insight import NOT_ENOUGH, NotEnough
from dtl.learning.meter_faults import find


@pytest.fixture(scope="module")
def real(samples: Path) -> dict[str, tuple]:
    """Real sound series."""
    return bench.carriers(samples / "ml")


@pytest.mark.parametrize("name", ["bdg2 building_1", "bdg2 building_2", "victoria"])
def test_faults_are_found_and_named(real: dict[str, tuple], name: str) -> None:
    found = bench.score(*real[name], seed=7)
    assert found["ap"] > 0.95
    assert found["auc"] > 0.95
    assert found["false_per_month"] <= 1
    assert min(v for k, v in found.items() if k.startswith("recall") and k != "recall_shift") >= 0.85
    assert found["recall_shift"] > 0.6


@pytest.mark.parametrize("name", ["bdg2 building_1", "bdg2 building_2", "victoria"])
def test_sound_readings_are_left_alone(real: dict[str, tuple], name: str) -> None:
    assert bench.clean(*real[name]) <= 1.0


def test_a_week_away_is_no_fault(real: dict[str, tuple]) -> None:
    """The load falls to three quarters for ten days, at every hour: people, not the meter."""
    values, kind, steps = real["bdg2 building_2"]
    away = values.copy()
    away[100 * steps : 110 * steps] *= 0.75
    events = bench.asked(away, kind, steps).events
    assert not [e for e in events if e.kind != "unusual" and e.first < 110 * steps and e.end > 100 * steps]


NOISE = np.random.default_rng(0).uniform(1, 2, (40, 24))
KIND = np.arange(40) % 7 // 5
BAD = {
    "zero": (0 * NOISE, "all readings are zero"),
    "constant": (0 * NOISE + 3, "all readings are equal"),
    "short": (NOISE[:9], "9 days"),
    "gaps": (np.where(np.arange(24) % 5 < 3, np.nan, NOISE), "are missing"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_too_little_is_said(case: str) -> None:
    values, why = BAD[case]
    found = find(values, KIND[: len(values)])
    assert isinstance(found, NotEnough)
    assert why in found.why


def test_from_tables_to_alerts(real: dict[str, tuple]) -> None:
    values = real["bdg2 building_2"][0][: 24 * 90].copy()
    values[24 * 50 : 24 * 51] = 0.0
    values[24 * 70 + 3] = -5.0
    index = pd.date_range("2016-01-01 06:00", periods=len(values), freq="h")
    short = pd.Series(1.0, pd.date_range("2016-01-01", periods=30, freq="h"))
    given = {"readings": readings({"M1": pd.Series(values, index), "M2": short})}
    found = anomaly.learn({"timezone": "America/Chicago"}, given)
    rows = {(r["kind"], r["element"], r["metric"]): r for r in found.insights().to_pylist()}
    assert rows["meter", "M2", "not_enough"]["verdict"] == NOT_ENOUGH
    assert rows["alert", "M1 2016-02-20T06:00", "zero"]["value"] == 24
    alerts = {(r["element"], r["fault"]) for r in found.tables["alerts"].to_pylist()}
    assert alerts >= {("M1", "zero"), ("M1", "negative")}


def test_a_house_that_is_left_is_no_halved_meter(real: dict[str, tuple]) -> None:
    """For ten days only the night's load is left, with its noise; half of every reading is another thing."""
    values, kind, steps = real["bdg2 building_2"]
    left, wrong, days = values.copy(), values.copy(), slice(100 * steps, 110 * steps)
    night = np.nanquantile(values, 0.05)
    left[days] = np.random.default_rng(0).uniform(0.3, 0.5, 10 * steps) * night
    wrong[days] *= 0.5
    told = {
        name: {e.kind for e in bench.asked(x, kind, steps).events if e.first < days.stop and e.end > days.start}
        for name, x in (("left", left), ("wrong", wrong))
    }
    assert "halved" in told["wrong"] and "halved" not in told["left"]


def test_what_the_source_estimated_is_no_stuck_meter() -> None:
    kwh = pd.Series(
        np.random.default_rng(1).uniform(0.3, 1.5, 42 * 24),
        pd.date_range("2025-06-01", periods=42 * 24, freq="h"),
    )
    kwh.iloc[480:500], kwh.iloc[720:740] = 0.9, 0.7
    table = readings({"M": kwh})
    flags = np.where((np.arange(len(kwh)) >= 480) & (np.arange(len(kwh)) < 500), "estimated", "measured")
    at = table.schema.get_field_index("flag")
    table = table.set_column(at, table.schema.field(at), pa.array(flags).cast(table.schema.field(at).type))
    alerts = anomaly.learn({"seed": 0}, {"readings": table}).tables["alerts"].to_pylist()
    found = {(a["fault"], a["start"].isoformat()) for a in alerts if a["fault"] in ("stuck", "estimated")}
    assert found == {("estimated", "2025-06-21T00:00:00+00:00"), ("stuck", "2025-07-01T00:00:00+00:00")}


HOURS = pd.date_range("2024-05-01", periods=24 * 120, freq="h")
DAY, CLOCK = np.arange(len(HOURS)) // 24, 2 * np.pi * np.arange(len(HOURS)) / 24
DAILY = 100 + 40 * np.sin(CLOCK) + np.random.default_rng(1).normal(0, 3, len(HOURS))


@pytest.mark.parametrize(("heat", "fault"), [(12.0, "unusual"), (0.0, "doubled")])
def test_a_heatwave_doubles_a_load_and_is_no_fault(heat: float, fault: str) -> None:
    """Five days at twice the load: with rare heat it is the weather, without it the meter."""
    hot = (DAY >= 80) & (DAY < 85)
    wave = np.repeat(np.tile([3.0, -3.0, 0.0, -1.0, 2.0], 24), 24)
    temp = 20 + 5 * np.sin(CLOCK) + wave + heat * hot
    given = {
        "scada": scada({"F": pd.Series(DAILY * np.where(hot, 2.0, 1.0), HOURS)}),
        "weather": weather(pd.Series(temp, HOURS)),
    }
    alerts = anomaly.learn({}, given).tables["alerts"].to_pylist()
    own = [a for a in alerts if "usual over" in a["text"] and a["start"].strftime("%m-%d") == "07-20"]
    assert [a["fault"] for a in own] == [fault]


def test_a_meter_above_the_head_of_its_feeder_is_wrong_from_the_start() -> None:
    """All readings a thousand times too high: nothing in the meter's own past tells it."""
    kwh = {f"M{i}": pd.Series(DAILY / 50 * (1000 if i == 2 else 1), HOURS) for i in range(4)}
    blank = {c.name: "" if not c.null else None for c in tables.TABLES["meters"].columns}
    places = [blank | {"feeder": "F", "meter": m, "recorded_feeder": "F", "band": "high"} for m in kwh]
    given = {"readings": readings(kwh), "scada": scada({"F": pd.Series(DAILY, HOURS)})}
    rows = anomaly.learn({}, given | {"meters": tables.frame("meters", places)}).rows
    assert [r.element[:2] for r in rows if r.metric == "too_high"] == ["M2"]


def test_a_gap_after_which_nothing_has_come_is_no_catch_up(samples: Path) -> None:
    """Half-hourly readings of a home with a plant, a third of them lost one by one."""
    table = pd.read_csv(samples / "ami/ausgrid_customer12_30min/data_2011-2012.csv", index_col=0, parse_dates=True)
    net = (table["GC"] - table["GG"])[: 48 * 45]
    net = net[np.random.default_rng(0).random(len(net)) > 1 / 3]
    rows = anomaly.learn({"timezone": "Australia/Sydney"}, {"readings": readings({"m": net})}).rows
    assert rows and not [r.text for r in rows if "nan" in r.text]


def test_a_car_that_charges_now_and_then_is_no_row_of_spikes() -> None:
    rng = np.random.default_rng(4)
    values = rng.gamma(4.0, 0.25, (42, 24))
    once = values.copy()
    once[20, 3] = 12.0
    often = values.copy()
    often[np.arange(2, 42, 5), rng.integers(0, 24, 8)] = 11.5
    for given, spikes in ((once, 1), (often, 0)):
        found = find(given, np.arange(42) % 7 // 5)
        assert not isinstance(found, NotEnough)
        assert sum(e.kind == "spike" for e in found.events) == spikes
        assert not [e for e in found.events if e.kind.startswith("times")]


@pytest.mark.parametrize("values", [1.0 + np.arange(960) % 2, 1e-12 * NOISE.ravel()], ids=["two values", "tiny"])
def test_readings_that_no_rule_was_made_for_end_nothing(values: np.ndarray) -> None:
    found = find(values.reshape(40, 24), KIND)
    assert not isinstance(found, NotEnough) and np.isfinite(found.score).all()


def test_hours_of_a_household_are_lost_or_zero_and_are_told() -> None:
    """A load as people make it: what is usual says little of an hour, but no reading and no load are plain."""
    rng = np.random.default_rng(3)
    shape = 1 + 0.5 * np.sin(2 * np.pi * np.arange(24) / 24)
    values = 1.5 * shape * rng.gamma(2.0, 0.5, (42, 24))
    x = values.ravel()
    for first, hours in ((175, 13), (323, 20), (600, 14)):
        x[first + hours] += x[first : first + hours].sum()
        x[first : first + hours] = np.nan
    x[700:714] = 0
    x[800:804] = np.nan
    found = find(values, np.arange(42) % 7 // 5)
    assert not isinstance(found, NotEnough)
    told = {e.kind: [o for o in found.events if o.kind == e.kind] for e in found.events}
    lost = [e for kind in ("gap", "catch_up") for e in told.get(kind, [])]
    for first, hours in ((175, 13), (323, 20), (600, 14), (800, 4)):
        assert [e for e in lost if e.first <= first and e.end >= first + hours], first
    assert [e for e in told["catch_up"] if e.first == 175] and not [e for e in told["catch_up"] if e.first == 800]
    assert [(e.first, e.end) for e in told["zero"]] == [(700, 714)]


@pytest.mark.parametrize(("factor", "began"), [(0.001, 90), (1000.0, 150), (100.0, 60), (10.0, 90), (0.001, 190)])
def test_a_head_whose_unit_changes_is_told_so_and_has_no_other_fault(factor: float, began: int) -> None:
    """A head of the synthetic utility, which has no fault of its own; the unit changes in the middle of a day."""
    load = heads.head(1, 200)[0].tz_localize(None)
    at = 24 * began + 7
    spoiled = load.where(np.arange(len(load)) < at, factor * load)
    rows = anomaly.learn({"timezone": "America/Chicago"}, {"scada": scada({"F": spoiled})}).tables["alerts"]
    (told,) = [a for a in rows.to_pylist() if a["fault"] != "unusual"]
    assert told["fault"] == "unit" and "a unit (kW, MW) or a constant changed" in told["text"]
    edge = load.index[at].tz_localize("UTC").to_pydatetime()
    assert edge in (told["start"], told["end"])


def test_a_head_that_reads_ten_times_for_weeks_is_told_so_and_a_transfer_is_no_unit() -> None:
    gives, takes = (heads.head(n, 200)[0].tz_localize(None) for n in (1, 2))
    hour = np.arange(len(gives))
    wrong = (hour >= 24 * 90 + 7) & (hour < 24 * 130)
    moved = 0.7 * gives * (hour >= 24 * 90 + 7)
    loads = {"wrong": gives.where(~wrong, 10 * gives), "gives": gives - moved, "takes": takes + moved}
    alerts = anomaly.learn({"timezone": "America/Chicago"}, {"scada": scada(loads)}).tables["alerts"].to_pylist()
    assert {(a["feeder"], a["fault"]) for a in alerts if a["fault"] != "unusual"} == {("wrong", "times_10")}
