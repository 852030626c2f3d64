"""Outage risk: worked answers, a real utility's later years, rows for too little."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from bench.learning import outage_risk as bench
from learning import made_tables as made

from dtl import tables
from dtl.learning import outage_days, outage_risk
from dtl.learning.daily_weather import daily
from dtl.learning.insight import NotEnough
from dtl.learning.outage_counts import CountTest, count_test, deviance
from dtl.learning.outage_days import aligned, back_test, features
from dtl.learning.outage_rates import Rates, rates


def test_worked_answer_of_the_gamma() -> None:
    assert Rates(2, 100).rate(np.array([3.0]), np.array([50.0]))[0] == pytest.approx(0.03333, abs=1e-5)


def test_equal_feeders_are_told_alike_and_unequal_ones_apart() -> None:
    days = np.full(6, 1000.0)
    alike = rates(np.array([20.0, 22, 18, 21, 19, 20]), days)
    assert np.ptp(alike.rate(np.array([10.0, 30]), days[:2])) < 0.01
    apart = rates(np.array([2.0, 5, 20, 60, 90, 150]), days)
    assert apart.rate(np.array([150.0]), days[:1])[0] == pytest.approx(0.15, rel=0.05)


def test_later_years_of_a_real_utility(samples: Path) -> None:
    found = bench.score(samples / "ml" / "outage-days-seattle", 3)
    assert found["AUC"] > 0.77
    assert found["Brier skill"] > 0.13
    assert 0.9 < found["expected/observed"] < 1.1


def test_no_answer_uses_the_years_it_is_scored_on(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens after a day, its probability stays."""
    monkeypatch.setattr(outage_days, "ROUNDS", 20)
    weather, counts = bench.days(samples / "ml" / "outage-days-seattle")
    short = slice("2001", "2005")
    weather, counts = weather[short], counts[short]
    changed = counts.where(counts.index < "2005-07-01", 9.0)
    told = [back_test(features(weather, n), n, 2005, 2) for n in (counts, changed)]
    assert not any(isinstance(t, NotEnough) for t in told)
    before, after = (t.chance for t in told)  # type: ignore[union-attr]
    assert np.array_equal(before[:"2005-07-01"], after[:"2005-07-01"])
    assert not np.array_equal(before["2005-08-02":], after["2005-08-02":])


def test_interruptions_by_day_of_later_years_of_a_real_utility(samples: Path) -> None:
    found = bench.score_counts(samples / "ml" / "outage-days-seattle")
    assert found["D2"] > 0.17
    assert 0.9 < found["expected/observed"] < 1.1
    assert abs(np.log(found["expected/observed"])) < abs(np.log(found["without the level"]))


def test_deviance_explained_by_hand() -> None:
    """Counts 0, 1, 5 of mean 2: deviance 2 (5 ln 2.5 - ln 2) of the mean; of 0.5, 1, 4.5: 2 (5 ln 5/4.5)."""
    came, expected = pd.Series([0.0, 1, 5]), pd.Series([0.5, 1, 4.5])
    told = CountTest(came, expected, pd.Series(1.0, came.index))
    assert deviance(came, expected) == pytest.approx(10 * np.log(5 / 4.5))
    assert told.explained == pytest.approx(1 - 10 * np.log(5 / 4.5) / (2 * (5 * np.log(2.5) - np.log(2))))


def test_a_gust_that_no_day_had_brings_no_more_than_the_worst_day_had(
    samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage_days, "ROUNDS", 20)
    weather, counts = bench.days(samples / "ml" / "outage-days-seattle")
    weather, counts = weather["2001":"2005"].copy(), counts["2001":"2005"]  # type: ignore[misc]
    weather.loc["2005-07-28", ["wind_max", "gust_max"]] = [500.0, 900.0]
    found = count_test(features(weather, counts), counts, 2005)
    assert isinstance(found, CountTest)
    assert found.expected.max() < 0.5 * counts.max()


@pytest.mark.parametrize(
    ("counts", "years", "why"),
    [
        (1.0, 3, "3 calendar years of interruptions with weather, counts by day need 4"),
        (0.0, 6, "0 interruptions before 2017, counts by day need 50"),
        (1.0, 6, "from 2018 on every day has 1 interruption"),
    ],
)
def test_too_little_for_counts_by_day(counts: float, years: int, why: str) -> None:
    index = pd.date_range("2015-01-01", f"{2014 + years}-12-31")
    weather = pd.DataFrame({"wind_max": np.arange(len(index)) % 17.0}, index)
    n = pd.Series(counts, index)
    found = count_test(features(weather, n), n)
    assert isinstance(found, NotEnough)
    assert why in found.why


def test_the_table_of_days_is_what_the_card_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage_days, "ROUNDS", 20)
    hours = pd.date_range("2015-01-01", "2020-12-31 23:00", freq="h")
    heat = 20 + 15 * np.sin(np.arange(len(hours)) / 1400)
    blown = np.random.default_rng(8).permutation(pd.date_range("2015-01-01", "2020-12-31"))[:900]
    given = outages([pd.Timestamp(day).date() for day in blown]) | {"weather": made.weather(pd.Series(heat, hours))}
    given |= {"steps": tables.concat("steps", [])}
    result = outage_risk.learn({"horizon_days": 365, "years": [], "cases": []}, given)
    days = result.tables["outage_days"].to_pandas()
    said = {r.metric: r for r in result.rows if r.kind == "day_count"}
    ratio = days["expected"].sum() / days["interruptions"].sum()
    assert said["day_count_expected_over_observed"].value == pytest.approx(ratio)
    assert len(days) == 366 + 2 * 365 and f"of {len(days)} days' deviance" in said["day_count_deviance_pct"].text
    assert (said["day_count_deviance_pct"].value or 0) <= 5


def test_gusts_of_the_wrong_day_are_moved(samples: Path) -> None:
    weather, _ = bench.days(samples / "ml" / "outage-days-seattle")
    moved, days = aligned(weather["gust_max"], weather["wind_max"])
    assert days == 1
    assert aligned(moved[1:], weather["wind_max"][1:])[1] == 0


def outages(days: list[datetime.date], **other: Any) -> dict[str, pa.Table]:
    """The tables of a utility with two feeders, one of which has all interruptions."""
    blank: dict[str, Any] = dict.fromkeys([c.name for c in tables.TABLES["outages"].columns], "")
    moment = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    blank |= {"start": moment, "end": moment, "customers": 1, "customer_minutes": 1.0, "customer_minutes_stated": None}
    blank |= {"kva": None, "planned": None, "major": None, "line": 1, "source": "s", "feeder": "a"} | other
    served = [{"feeder": f, "year": 0, "customers": 10.0, "kva": None, "basis": "made"} for f in "ab"]
    rows = [blank | {"outage": str(i), "day": day} for i, day in enumerate(days)]
    return {"outages": tables.frame("outages", rows), "served": tables.frame("served", served)}


DAYS = [d.date() for d in pd.date_range("2020-01-01", "2023-12-31", freq="13D")]


def test_a_quiet_feeder_gets_less_and_never_nothing() -> None:
    rows = outage_risk.learn({"horizon_days": 365}, outages(DAYS)).rows
    ahead = {r.feeder: r.value for r in rows if r.metric == "interruptions_ahead"}
    assert ahead["a"] == pytest.approx(28, rel=0.06)
    assert 0 < ahead["b"] < 1
    said = [r.text for r in rows if r.verdict == "not_enough"]
    assert any("no weather" in text for text in said)
    assert any("the study has no cases" in text for text in said)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "no source gives interruptions"),
        (outages(DAYS[:5]), "5 unplanned interruptions over 53 days"),
        (outages(DAYS, planned=True), "0 unplanned"),
        (outages(DAYS, refused="ends before it begins"), "0 unplanned"),
    ],
)
def test_too_little_is_said(given: dict[str, pa.Table], why: str) -> None:
    rows = outage_risk.learn({"horizon_days": 365}, given).rows
    assert [r.verdict for r in rows] == ["not_enough"]
    assert why in rows[0].text


@pytest.mark.parametrize(("count", "why"), [(0.0, "0 of 731 days"), (1.0, "731 of 731 days")])
def test_one_class_only_is_said(count: float, why: str) -> None:
    index = pd.date_range("2015-01-01", "2020-12-31")
    counts = pd.Series(count, index)
    weather = pd.DataFrame({"wind_max": np.arange(len(index)) % 17.0}, index)
    found = back_test(features(weather, counts), counts)
    assert isinstance(found, NotEnough)
    assert why in found.why


def test_weather_that_begins_late_or_never_changes_does_not_stop_it(
    samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outage_days, "ROUNDS", 20)
    weather, counts = bench.days(samples / "ml" / "outage-days-seattle")
    weather, counts = weather["2001":"2005"], counts["2001":"2005"]  # type: ignore[misc]
    late = weather.assign(gust_max=weather["gust_max"].where(weather.index >= "2005-03-01"), snow=0.0, temp_max=20.0)
    found = back_test(features(late, counts), counts, 2005, 2)
    assert not isinstance(found, NotEnough)
    assert found.chance.between(0, 1).all()


def test_hours_that_are_missing_make_no_calm_and_dry_day() -> None:
    """Five wet hours of a day are not its rain, and a day without any is not a dry one."""
    hours = pd.date_range("2023-01-01", periods=24 * 10, freq="h")
    known = pd.Series(20.0, hours)
    known[(hours.day == 3) & (hours.hour > 4)] = np.nan
    known[hours.day == 5] = np.nan
    table = made.weather(known)
    at = table.schema.get_field_index("precipitation_mm")
    wet = pa.array(np.where(known.isna(), np.nan, 1.0), from_pandas=True).cast(table.schema.field(at).type)
    days = daily(table.set_column(at, table.schema.field(at), wet), "UTC")
    assert days["rain"].dropna().tolist() == [24.0] * 8
    assert not {pd.Timestamp("2023-01-03"), pd.Timestamp("2023-01-05")} & set(days.index)
    assert days["snow"].isna().all()
    assert daily(made.weather(known), "UTC")["rain"].isna().all()


def test_days_before_a_gap_of_the_weather_are_not_yesterday(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a gap, yesterday's interruptions are those of yesterday, not of the last day with weather."""
    seen: list[pd.DataFrame] = []

    def spy(known: pd.DataFrame, counts: pd.Series, **_: Any) -> NotEnough:
        seen.append(known.assign(n=counts))
        return NotEnough("a spy")

    for name in ("back_test", "count_test"):
        monkeypatch.setattr(outage_risk, name, spy)
    hours = pd.date_range("2020-01-01", "2023-12-31 23:00", freq="h")
    warm = pd.Series(10 + 5 * np.sin(np.arange(len(hours)) / 900), hours)
    given = outages([*DAYS, *[datetime.date(2021, 2, 28)] * 3]) | {"steps": tables.concat("steps", [])}
    given |= {"weather": made.weather(warm[(hours < "2021-03-01") | (hours >= "2021-06-01")])}
    outage_risk.learn({"horizon_days": 365, "years": [], "cases": []}, given)
    known = seen[0]
    assert not known.index.isin(pd.date_range("2021-03-01", "2021-05-31")).any()
    assert known.loc["2021-02-28", "n"] >= 3 and known.loc["2021-06-01", "n_1"] < 3
    came = pd.Series(1.0, pd.to_datetime(pd.Series(DAYS))).reindex(pd.date_range("2021-05-25", "2021-05-31"))
    assert known.loc["2021-06-01", "n_7"] == pytest.approx(came.fillna(0.0).mean())
