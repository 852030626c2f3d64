"""Readings become series of transformers: sums, calendars, coverage and listed gaps, checked against plain loops."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dtl import tables
from dtl.demand.aggregate import Aggregate, aggregate
from dtl.demand.calendar import Calendar
from dtl.demand.clean import METERS, NEIGHBOURS, UNCOVERED, clean
from dtl.demand.meter_loads import Metered
from dtl.errors import SolveError

ZONE = "America/Chicago"
MIDNIGHT = datetime(2024, 1, 1, 6, tzinfo=UTC)
"""Local midnight of 1 January 2024, a leap year."""


def meters(places: dict[str, tuple[str, str]]) -> pa.Table:
    rows = [
        {
            "feeder": "f", "meter": m, "transformer": t, "load": t, "phases": "", "customer_class": c,
            "recorded_feeder": "", "recorded_transformer": "", "band": "none", "basis": "none", "candidates": "",
        }
        for m, (t, c) in places.items()
    ]  # fmt: skip
    return tables.frame("meters", rows)


def write(path: Path, rows: list[dict[str, Any]], step: int) -> Path:
    whole = [{"interval_min": step, "kvarh": None, "volts": None, "flag": "measured"} | r for r in rows]
    tables.write("readings", tables.frame("readings", whole), path)
    return path


def random_rows(step: int, days: int, seed: int = 5) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    rows = []
    for m in ("a", "b", "c", "d", "e"):
        for k in np.flatnonzero(rng.random(days * 24 * 60 // step) < 0.9):
            start = MIDNIGHT + timedelta(days=55, minutes=int(k) * step)
            rows.append({"meter": m, "start": start, "kwh": float(np.float32(rng.normal(1, 2))), "kvarh": 0.25})
    rows[3]["flag"], rows[4]["flag"], rows[5]["kwh"] = "ambiguous", "estimated", None
    return rows


PLACES = {"a": ("t1", "residential"), "b": ("t1", "commercial"), "c": ("t1", "residential"), "d": ("t2", "")}


def slow(rows: list[dict[str, Any]], step_min: int) -> dict[tuple[str, int], float]:
    """Energy by transformer ("" for none) and step of the year, one reading after the other."""
    found: dict[tuple[str, int], float] = {}
    for r in rows:
        if r.get("flag") == "ambiguous" or r["kwh"] is None:
            continue
        standard = (r["start"] - timedelta(hours=6)).replace(tzinfo=None)
        if (standard.month, standard.day) == (2, 29):
            continue
        day = (standard - datetime(2024, 1, 1)).days - (standard >= datetime(2024, 3, 1))
        step = (day * 1440 + standard.hour * 60 + standard.minute) // step_min
        key = (PLACES.get(r["meter"], ("", ""))[0], step)
        found[key] = found.get(key, 0.0) + r["kwh"]
    return found


@pytest.mark.parametrize(("interval", "step"), [(15, 60), (30, 60), (15, 15), (60, 60)])
def test_sums_are_those_of_a_plain_loop_and_add_up_to_1e_9(interval: int, step: int, tmp_path: Path) -> None:
    rows = random_rows(interval, days=8)
    found = aggregate(write(tmp_path / "r.parquet", rows, interval), meters(PLACES), Calendar(2024), ZONE, step)
    expected = slow(rows, step)
    by = found.transformers()
    assert [k for k, _ in by.keys] == ["t1", "t2"] and by.meters.tolist() == [3, 1]
    for (name, at), kwh in expected.items():
        series = found.unplaced_kwh if not name else by.kwh[["t1", "t2"].index(name)]
        assert series[at] == pytest.approx(kwh, rel=1e-9, abs=1e-9)
    assert np.count_nonzero(by.kwh) + np.count_nonzero(found.unplaced_kwh) == len(expected)
    total = sum(r["kwh"] for r in rows if r["kwh"] is not None and r.get("flag") != "ambiguous")
    placed = by.kwh.sum() + found.unplaced_kwh.sum() + found.outside_kwh
    assert placed == pytest.approx(total, rel=1e-9) and found.error < 1e-9
    assert found.outside_kwh != 0.0


def test_longer_readings_are_held_through_the_steps_and_keep_their_energy(tmp_path: Path) -> None:
    path = write(tmp_path / "r.parquet", random_rows(60, days=2), 60)
    by_hour, by_quarter = (aggregate(path, meters(PLACES), Calendar(2024), ZONE, step) for step in (60, 15))
    parts = by_quarter.kwh.reshape(len(by_hour.kwh), -1, 4)
    np.testing.assert_allclose(parts.sum(axis=2), by_hour.kwh, rtol=1e-12)
    assert np.count_nonzero(by_hour.kwh) and np.ptp(parts, axis=2).max() == 0.0
    np.testing.assert_array_equal(by_quarter.coverage, np.repeat(by_hour.coverage, 4, axis=1))
    np.testing.assert_allclose(by_quarter.share, np.repeat(by_hour.share, 4, axis=1), rtol=1e-6)
    assert by_quarter.metered_kwh == pytest.approx(by_hour.metered_kwh, rel=1e-12) and by_quarter.error < 1e-9


@pytest.mark.parametrize(("interval", "step"), [(15, 10), (10, 15), (30, 5)])
def test_intervals_that_do_not_divide_a_step_are_shared_between_two(interval: int, step: int, tmp_path: Path) -> None:
    rows = [{"meter": "a", "start": MIDNIGHT + timedelta(minutes=interval * k), "kwh": float(k % 7)} for k in range(96)]
    path = write(tmp_path / "r.parquet", rows, interval)
    found = aggregate(path, meters(PLACES), Calendar(2024), ZONE, step).transformers()
    minutes = np.repeat([r["kwh"] / interval for r in rows], interval)
    wanted = minutes[: len(minutes) // step * step].reshape(-1, step).sum(axis=1)
    np.testing.assert_allclose(found.kwh[0][: len(wanted)], wanted, rtol=1e-12)
    assert found.kwh.sum() == pytest.approx(sum(r["kwh"] for r in rows), rel=1e-12)


def test_readings_of_more_than_an_hour_drive_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "r.parquet", random_rows(60, days=2), 120)
    with pytest.raises(SolveError, match="120 min cannot drive steps of 15 min"):
        aggregate(path, meters(PLACES), Calendar(2024), ZONE, 15)


def steady(lost: dict[str, set[int]], days: int) -> list[dict[str, Any]]:
    """Two meters of 3 and 1 kW, the same every day but for a shape of the day; hours that each lacks."""
    shape = 1 + np.arange(24) / 24
    return [
        {"meter": m, "start": MIDNIGHT + timedelta(hours=h), "kwh": kw * shape[h % 24], "kvarh": 0.1 * kw}
        for m, kw in (("a", 3.0), ("b", 1.0))
        for h in range(days * 24)
        if h not in lost[m]
    ]


def filled(tmp_path: Path, lost: dict[str, set[int]], days: int) -> tuple[Aggregate, Any]:
    path = write(tmp_path / "r.parquet", steady(lost, days), 60)
    places = {"a": ("t", "residential"), "b": ("t", "residential")}
    found = aggregate(path, meters(places), Calendar(2024), ZONE, 60)
    return found, clean(found, Calendar(2024))


def test_gaps_are_filled_by_the_meters_that_are_there_then_by_days_and_all_of_it_is_listed(tmp_path: Path) -> None:
    lost = {"a": {100, 200, 201}, "b": {50, 200, 201}}
    found, done = filled(tmp_path, lost, days=30)
    shape = 1 + np.arange(24) / 24
    assert found.share[0, 50] == pytest.approx(0.75, abs=0.01) and found.share[0, 100] == pytest.approx(0.25, abs=0.01)
    assert done.basis[0, [50, 100, 200, 201]].tolist() == [METERS, NEIGHBOURS, NEIGHBOURS, NEIGHBOURS]
    expected = 4.0 * np.tile(shape, 30)
    assert np.allclose(done.kw[0, : 30 * 24], expected, rtol=0.01)
    assert (done.basis[0, (30 + 14) * 24 :] == UNCOVERED).all()
    row = done.table("f").to_pylist()[0]
    assert row["measured_h"] == 30 * 24 - 4 and row["meters_h"] == 1
    assert row["meters_kwh"] == pytest.approx(expected[50] * 0.25, rel=0.02)
    assert row["measured_h"] + row["meters_h"] + row["days_h"] + row["uncovered_h"] == 8760
    assert row["measured_kwh"] + row["unused_kwh"] == pytest.approx(found.kwh.sum())
    assert row["measured_kwh"] + row["meters_kwh"] + row["days_kwh"] == pytest.approx(np.nansum(done.kw))


def test_a_month_of_readings_does_not_cover_a_year(tmp_path: Path) -> None:
    _, done = filled(tmp_path, {"a": set(), "b": set()}, days=30)
    assert not done.covered.any()
    assert np.isnan(done.kw[0, 60 * 24 :]).all()


def test_a_meter_without_any_reading_weighs_as_those_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path / "r.parquet", steady({"a": set(), "b": set()}, 2), 60)
    places = {"a": ("t", ""), "b": ("t", ""), "silent": ("t", ""), "alone": ("u", "")}
    found = aggregate(path, meters(places), Calendar(2024), ZONE, 60)
    assert found.meters.tolist() == [3, 1]
    assert found.coverage[:, 5].tolist() == pytest.approx([2 / 3, 0.0])
    assert found.share[:, 5].tolist() == pytest.approx([2 / 3, 0.0])


def a_year_part(days: int, seed: int = 11) -> list[dict[str, Any]]:
    """Readings of one house with the spread of a house: lognormal hours around a shape of the day."""
    rng = np.random.default_rng(seed)
    shape = 1 + np.sin(2 * np.pi * (np.arange(24) - 12) / 24) / 2
    kwh = np.exp(rng.normal(0, 0.6, days * 24)) * np.tile(shape, days)
    return [
        {"meter": "a", "start": MIDNIGHT + timedelta(hours=h), "kwh": float(v), "kvarh": None}
        for h, v in enumerate(kwh)
    ]


def test_a_reading_that_holds_the_energy_of_its_gap_is_no_demand_of_one_hour(tmp_path: Path) -> None:
    whole = a_year_part(60)
    lost = range(500, 520)
    caught = [r for h, r in enumerate(whole) if h not in lost]
    at = next(k for k, r in enumerate(caught) if r["start"] == whole[520]["start"])
    sum_kwh = sum(whole[h]["kwh"] for h in (*lost, 520))
    caught[at] = caught[at] | {"kwh": sum_kwh}
    places = meters({"a": ("t", "residential")})
    found = aggregate(write(tmp_path / "r.parquet", caught, 60), places, Calendar(2024), ZONE, 60)
    (one,) = found.caught_up
    assert (one.meter, one.gap_min, one.kwh) == ("a", 20 * 60, pytest.approx(sum_kwh, rel=1e-6))
    kw = clean(found, Calendar(2024)).kw[0]
    assert np.nanmax(kw) <= max(r["kwh"] for r in whole) * (1 + 1e-6)
    assert (clean(found, Calendar(2024)).basis[0, 500:521] == NEIGHBOURS).all()
    metered = Metered(clean(found, Calendar(2024)), found, {}, {}, {}, 0)
    assert metered.facts["caught_up"] == 1 and metered.facts["caught_up_kwh"] == pytest.approx(sum_kwh, rel=1e-4)
    assert f"a {sum_kwh:,.1f} kWh after 20 h" in metered.warnings[0]


def test_load_that_returns_after_an_outage_stays_demand(tmp_path: Path) -> None:
    rows = a_year_part(60)
    most = max(r["kwh"] for r in rows)
    back = [r for h, r in enumerate(rows) if h not in range(700, 704)]
    back[700] = back[700] | {"kwh": 1.4 * most}
    short = [r for h, r in enumerate(back) if h not in (900, 901)]
    short[900] = short[900] | {"kwh": 20 * most}
    found = aggregate(
        write(tmp_path / "r.parquet", short, 60), meters({"a": ("t", "residential")}), Calendar(2024), ZONE, 60
    )
    assert found.caught_up == ()
    assert found.kwh.max() == pytest.approx(20 * most, rel=1e-6)
