"""Indices of IEEE 1366 against published answers, closed forms and properties."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtl import tables
from dtl.analyses.major_events import judged, threshold
from dtl.analyses.metrics import METRICS
from dtl.analyses.reliability import reliability

Steps = Sequence[tuple[float, int]]
"""Minutes from the start, and customers restored."""


def outages(rows: Sequence[dict[str, Any]]) -> tuple[pa.Table, pa.Table]:
    """Tables of outages and steps: each row has start, steps (minutes, customers[, name]) and what it sets itself."""
    events, steps = [], []
    for i, row in enumerate(rows, 1):
        start = row["start"].replace(tzinfo=UTC)
        lasted = [(start + timedelta(minutes=s[0]), s[1], s[2] if len(s) > 2 else "") for s in row["steps"]]
        own = {k: v for k, v in row.items() if k != "steps"}
        event: dict[str, Any] = {
            c.name: "" for c in tables.TABLES["outages"].columns if c.type in (tables.TEXT, tables.WORD)
        }
        event |= {
            "source": "oms",
            "outage": str(i),
            "feeder": "f1",
            "feeder_link": "exact",
            "cause": "unknown",
            "line": i,
        }
        event |= {"day": row["start"].date(), "end": max(e for e, _, _ in lasted)}
        event |= {"customers": sum(n for _, n, _ in lasted)}
        event |= {"customer_minutes": sum(n * (e - start).total_seconds() / 60 for e, n, _ in lasted)}
        events.append(event | own | {"start": start})
        steps += [
            {
                "source": event["source"],
                "outage": events[-1]["outage"],
                "step": k,
                "end": e,
                "customers": n,
                "customer": who,
            }
            for k, (e, n, who) in enumerate(lasted, 1)
        ]
    return tables.frame("outages", events), tables.frame("steps", steps)


def served(**customers: float) -> pa.Table:
    rows = [{"feeder": f, "year": 0, "customers": n, "kva": None, "basis": "a test"} for f, n in customers.items()]
    return tables.frame("served", rows)


def found(
    rows: Sequence[dict[str, Any]], base: pa.Table, feeders: Sequence[str] = ("f1",), **words: Any
) -> list[dict[str, Any]]:
    made = reliability(words, *outages(rows), base, feeders)
    tables.frame("cube", made)
    assert {r["metric"] for r in made} <= set(METRICS)
    return made


def value(rows: list[dict[str, Any]], metric: str, year: int = 0, feeder: str = "", **where: str) -> Any:
    (row,) = [r for r in rows if (r["metric"], r["year"], r["feeder"]) == (metric, year, feeder)
              and (r["kind"], r["element"]) == (where.get("kind", ""), where.get("element", ""))]  # fmt: skip
    return row["value"]


def text(rows: list[dict[str, Any]], metric: str, year: int = 0, feeder: str = "") -> str:
    (row,) = [r for r in rows if (r["metric"], r["year"], r["feeder"], r["kind"]) == (metric, year, feeder, "")]
    return str(row["text"])


GUIDE = [
    ("03-17 12:12:20", "03-17 12:20:30", 200, 800),
    ("04-15 18:23:56", "04-15 18:24:26", 400, 1600),
    ("05-05 00:23:10", "05-05 01:34:29", 600, 1800),
    ("06-12 23:17:00", "06-12 23:47:14", 25, 75),
    ("07-06 09:30:10", "07-06 09:31:10", 2000, 4000),
    ("08-20 15:45:39", "08-20 20:12:50", 90, 500),
    ("08-31 08:20:00", "08-31 10:20:00", 700, 2100),
    ("09-03 17:10:00", "09-03 17:20:00", 1500, 3000),
    ("10-27 10:15:00", "10-27 10:55:00", 100, 200),
]
"""The sample circuit of the guide: 2,000 customers, 4,000 kVA."""


def guide(*, named: bool = False) -> list[dict[str, Any]]:
    rows, first = [], {700: 1100}
    for off, on, customers, kva in GUIDE:
        start, end = (datetime.fromisoformat(f"2025-{t}") for t in (off, on))
        minutes = (end - start).total_seconds() / 60
        begin = first.get(customers, 0)
        each = [(minutes, 1, f"c{begin + k}") for k in range(customers)] if named else [(minutes, customers)]
        rows.append({"start": start, "steps": each, "kva": kva})
    return rows


CIRCUIT = tables.frame(
    "served", [{"feeder": "f1", "year": 0, "customers": 2000.0, "kva": 4000.0, "basis": "the guide"}]
)


@pytest.mark.anchor
def test_r1_sample_circuit_of_the_guide() -> None:
    rows = found(guide(named=True), CIRCUIT, cemi_n=2)
    expected = {
        "customers_interrupted": 3215, "customer_interruption_min": 172225.667, "saifi": 1.6075, "saidi_min": 86.1128,
        "caidi_min": 53.5694, "asai": 0.9998362, "asifi": 2.11875, "asidi_min": 140.1906, "maifi": 1.2,
        "caifi": 1.78611, "ctaidi_min": 95.6809,
    }  # fmt: skip
    for feeder in ("", "f1"):
        for metric, number in expected.items():
            tolerance = 1e-3 if metric == "customer_interruption_min" else 1e-7 if metric == "asai" else 1e-4
            assert value(rows, metric, 2025, feeder) == pytest.approx(number, abs=tolerance), metric
    out = [0] * 2000
    for (_, _, customers, _), row in zip(GUIDE, guide(named=True), strict=True):
        if row["steps"][0][0] > 5:
            for _, _, who in row["steps"]:
                out[int(who[1:])] += 1
        assert len(row["steps"]) == customers
    assert value(rows, "cemi", 2025) == sum(n >= 2 for n in out) / 2000


@pytest.mark.anchor
def test_r2_closed_form_of_the_threshold() -> None:
    n = 1826
    normal = statistics.NormalDist()
    values = [math.exp(-1.5 + 1.8 * normal.inv_cdf((i - 0.5) / n)) for i in range(1, n + 1)] + [0.0] * 400
    random.Random(3).shuffle(values)
    limit = threshold(values)
    assert limit is not None and limit.days == n
    assert limit.alpha == pytest.approx(-1.5, abs=1e-9)
    assert limit.beta == pytest.approx(1.79985, abs=1e-5), "the divisor is n - 1"
    assert limit.t_med_min == pytest.approx(20.0779, abs=1e-4)
    assert sum(v > limit.t_med_min for v in values) == 11
    assert limit.t_cat_min == pytest.approx(math.exp(limit.alpha + 4.15 * limit.beta))


def test_hand_example_of_staged_restoration() -> None:
    """100 customers for 30 minutes and 40 of them for a further 60: 5,400 minutes."""
    rows = found([{"start": datetime(2025, 3, 1, 12), "steps": [(30, 60), (90, 40)]}], served(f1=1000))
    assert value(rows, "customer_interruption_min") == 5400
    assert value(rows, "customers_interrupted") == 100
    assert value(rows, "saidi_min", feeder="f1") == pytest.approx(5.4)


def test_r3_exactly_five_minutes_is_momentary() -> None:
    at = datetime(2025, 3, 1, 12)
    rows = found([{"start": at, "steps": [(5, 10)]}, {"start": at, "steps": [(5 + 1 / 60, 7)]}], served(f1=100))
    assert value(rows, "customers_interrupted") == 7
    assert value(rows, "maifi") == pytest.approx(0.1)
    assert value(rows, "momentary_interruptions") == 1


def test_customers_back_within_five_minutes_had_a_momentary_interruption() -> None:
    rows = found([{"start": datetime(2025, 3, 1), "steps": [(3, 30), (60, 10)]}], served(f1=100), momentaries="listed")
    assert value(rows, "saifi") == pytest.approx(0.1)
    assert value(rows, "saidi_min") == pytest.approx(6)
    assert value(rows, "maifi") == pytest.approx(0.3)


def test_a_momentary_before_a_sustained_one_of_the_same_device_belongs_to_it() -> None:
    at = datetime(2025, 3, 1, 12)
    first, second = {"start": at, "steps": [(1, 50)]}, {"start": at + timedelta(minutes=3), "steps": [(60, 50)]}
    late = {"start": at + timedelta(minutes=7), "steps": [(60, 50)]}
    for device, follower, expected in (("r1", second, 0.0), ("", second, 0.5), ("r1", late, 0.5)):
        pair = [r | {"device": device} for r in (first, follower)]
        assert value(found(pair, served(f1=100), momentaries="listed"), "maifi") == pytest.approx(expected)


def test_r3_an_event_over_midnight_changes_only_its_day() -> None:
    late, early = datetime(2025, 6, 1, 23, 50), datetime(2025, 6, 2, 0, 10)
    other = [{"start": datetime(2025, 7, d), "steps": [(30, d)]} for d in range(1, 20)]
    before, after = (found([{"start": s, "steps": [(60, 90)]}, *other], served(f1=100)) for s in (late, early))
    changed = {r["metric"] for r, s in zip(before, after, strict=True) if r != s}
    assert value(before, "major_days", 2025) == 1 and changed == {"major_days"}
    assert text(before, "major_days", 2025) == "2025-06-01" and text(after, "major_days", 2025) == "2025-06-02"


def test_r3_leap_years_have_more_hours() -> None:
    for year, hours in ((2024, 8784), (2025, 8760)):
        rows = found([{"start": datetime(year, 2, 28, 23), "steps": [(120, 100)]}], served(f1=100))
        assert value(rows, "asai", year) == pytest.approx(1 - 120 / (60 * hours), abs=1e-12)


def test_maifi_is_not_available_without_momentaries_and_never_nought() -> None:
    rows = [{"start": datetime(2025, 3, 1), "steps": [(60, 10)]}]
    for words in ({}, {"momentaries": "missing"}):
        made = found(rows, served(f1=100), **words)
        for year in (0, 2025):
            for metric in ("maifi", "momentary_interruptions"):
                assert value(made, metric, year) is None and "not available" in text(made, metric, year)
    assert value(found(rows, served(f1=100), momentaries="listed"), "maifi") == 0


def test_indices_of_load_and_customers_need_their_data() -> None:
    whole = [{"start": datetime(2025, 3, d), "steps": [(60, 1, f"c{d}")], "kva": 50.0} for d in (1, 2)]
    partly = [whole[0], {"start": datetime(2025, 3, 2), "steps": [(60, 1)]}]
    kva = tables.frame("served", [{"feeder": "f1", "year": 0, "customers": 10.0, "kva": 100.0, "basis": "x"}])
    assert value(found(whole, kva), "asifi") == 1.0
    assert value(found(whole, kva), "caifi", 2025) == 1.0
    for metric, year, reason in (("asifi", 0, "kVA are stated of 1 of 2"), ("cemi", 2025, "named in 1 of 2")):
        assert value(found(partly, kva), metric, year) is None and reason in text(found(partly, kva), metric, year)
    assert "not stated" in text(found(whole, served(f1=10)), "asidi_min")


def test_saidi_adds_over_feeders_by_customers_and_caidi_does_not() -> None:
    at = datetime(2025, 3, 1)
    rows = [{"start": at, "steps": [(60, 10)]}, {"start": at, "steps": [(600, 3)], "feeder": "f2"}]
    made = found(rows, served(f1=100, f2=300), ("f1", "f2"))
    own = [value(made, "saidi_min", feeder=f) for f in ("f1", "f2")]
    assert value(made, "saidi_min") == pytest.approx((own[0] * 100 + own[1] * 300) / 400)
    each = [value(made, "caidi_min", feeder=f) for f in ("f1", "f2")]
    assert value(made, "caidi_min") != pytest.approx((each[0] * 100 + each[1] * 300) / 400)


events = st.lists(
    st.builds(
        lambda d, f, c, s: {"start": datetime(2023, 1, 1) + timedelta(hours=d), "feeder": f, "cause": c, "steps": s},
        st.integers(0, 3 * 365 * 24 - 1), st.sampled_from(["f1", "f2"]),
        st.sampled_from(["weather", "public", "unknown"]),
        st.lists(st.tuples(st.integers(1, 500), st.integers(1, 50)), min_size=1, max_size=3),
    ), min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(events, st.randoms(use_true_random=False))
def test_parts_add_up_and_order_does_not_matter(rows: list[dict[str, Any]], random_: random.Random) -> None:
    base = served(f1=700, f2=50)
    made = found(rows, base, ("f1", "f2"))
    mixed = list(rows)
    random_.shuffle(mixed)
    again = found(mixed, base, ("f1", "f2"))
    close = {r["metric"] for r in made if r["value"] is not None}
    assert close == {r["metric"] for r in again if r["value"] is not None}
    years = sorted({r["start"].year for r in rows})
    for metric in ("customers_interrupted", "customer_interruption_min", "sustained_interruptions"):
        for year in years:
            whole = value(made, metric, year)
            assert value(again, metric, year) == pytest.approx(whole)
            assert sum(value(made, metric, year, f) for f in ("f1", "f2")) == pytest.approx(whole)
            causes = [
                r["value"]
                for r in made
                if (r["metric"], r["year"], r["feeder"], r["kind"]) == (metric, year, "", "cause")
            ]
            assert sum(causes) == pytest.approx(whole)
        assert value(made, metric) == pytest.approx(statistics.fmean(value(made, metric, y) for y in years))
    for year in years:
        normal, whole = value(made, "saidi_normal_min", year), value(made, "saidi_min", year)
        assert normal is None or 0 <= normal <= whole * (1 + 1e-12)


def test_the_threshold_of_a_year_comes_from_the_five_before() -> None:
    daily = {date(y, 1, 1) + timedelta(days=k): 0.1 + 0.01 * k for y in range(2019, 2026) for k in range(30)}
    daily[date(2025, 6, 1)] = 50.0
    daily[date(2019, 6, 1)] = 50.0
    found = judged(daily, 2025, 2019)
    assert found.basis.startswith("of 2020-2024; 150 days") and found.major == {date(2025, 6, 1)}
    assert found.limit == threshold(v for d, v in daily.items() if 2020 <= d.year <= 2024)
    assert judged(daily, 2021, 2019).basis.startswith("provisional: of 2 instead of 5 years, 2019-2020")
    assert judged(daily, 2019, 2019).basis.startswith("provisional: there is no earlier year")
    assert judged({date(2025, 1, 1): 1.0}, 2025, 2025).limit is None


def test_without_major_days() -> None:
    rows = [{"start": datetime(2025, 1, 1) + timedelta(days=k), "steps": [(60, 10 + k % 3)]} for k in range(60)]
    rows.append({"start": datetime(2025, 8, 1), "steps": [(6000, 900)], "major": True})
    made = found(rows, served(f1=1000))
    assert text(made, "major_days", 2025) == "2025-08-01" == text(made, "catastrophic_days", 2025)
    assert value(made, "major_days_flagged", 2025) == 1
    assert value(made, "customer_interruption_normal_min", 2025) == sum(60 * (10 + k % 3) for k in range(60))
    for word, there, gone in (
        ("included", "saidi_min", "saidi_normal_min"),
        ("excluded", "saidi_normal_min", "saidi_min"),
    ):
        metrics = {r["metric"] for r in found(rows, served(f1=1000), major_events=word) if not r["kind"]}
        assert there in metrics and gone not in metrics


def test_what_does_not_count_is_told() -> None:
    at = datetime(2025, 3, 1)
    rows = [
        {"start": at, "steps": [(60, 10)]},
        {"start": at, "steps": [(60, 10)], "refused": "more than are served"},
        {"start": at, "steps": [(60, 10)], "feeder": "elsewhere", "feeder_link": "none"},
        {"start": at, "steps": [(60, 10)], "feeder": "", "feeder_link": "none"},
    ]
    made = found(rows, served(f1=100), years=[2024, 2025])
    assert value(made, "customers_interrupted", 2025) == 20, "what names no feeder counts for the study"
    assert value(made, "customers_interrupted", 2025, "f1") == 10
    assert (value(made, "outages_refused"), value(made, "outages_elsewhere")) == (1, 1)
    assert value(made, "saidi_min", 2024) is None and "no source" in text(made, "saidi_min", 2024)
    nothing = found([], served(f1=100))
    assert value(nothing, "saidi_min") is None and "no source" in text(nothing, "saidi_min")
    blind = found(rows[:1], served(f2=100))
    assert value(blind, "saifi", 2025) is None and value(blind, "customers_interrupted", 2025) == 10
    assert value(blind, "customers_served", 2025) is None and "not known of f1" in text(blind, "customers_served", 2025)


def test_customers_served_follow_the_year() -> None:
    rows = [{"start": datetime(y, 3, 1), "steps": [(60, 100)]} for y in (2022, 2023, 2024)]
    base = tables.frame("served", [{"feeder": "f1", "year": y, "customers": n, "kva": None, "basis": "x"}
                                   for y, n in ((2022, 1000.0), (2024, 2000.0))])  # fmt: skip
    made = found(rows, base)
    assert [value(made, "saifi", y) for y in (2022, 2023, 2024)] == pytest.approx([0.1, 0.1, 0.05])
    assert value(made, "saifi") == pytest.approx(300 / 4000), "yearly mean over customer-years"


def test_devices_are_those_of_the_model_where_they_are_linked() -> None:
    at = datetime(2025, 3, 1)
    rows = [{"start": at, "steps": [(60, 10)], "device": "XF-1", "kind": "transformer", "element": "t1"},
            {"start": at + timedelta(days=1), "steps": [(60, 10)], "device": "odd"}]  # fmt: skip
    made = found(rows, served(f1=100))
    for kind, element in (("transformer", "t1"), ("device", "odd")):
        assert value(made, "customer_interruption_min", feeder="f1", kind=kind, element=element) == 600
    assert value(made, "devices_linked_pct") == 50
