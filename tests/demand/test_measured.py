"""SCADA as hours: how long each value held, which device is the head, and one answer of all that ask."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from network.test_calibrated import feeder

from dtl import tables
from dtl.demand.calendar import Calendar
from dtl.demand.scale import heads
from dtl.learning import series
from dtl.learning.head_model import measured
from dtl.learning.seen import scada_lanes

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
RNG = np.random.default_rng(3)
Moments = list[tuple[float, float | None]]
"""Minutes after `FIRST` with the value from then on; None: a value marked as bad."""


def scada(
    moments: Moments, device: str = "HEAD", phases: str = "", source: str = "s", quantity: str = "kw", step: int = 0
) -> pa.Table:
    """One series; ``step`` 0: each value holds until the next."""
    return tables.frame("scada", [
        {"source": source, "feeder": "F1", "device": device, "quantity": quantity, "phases": phases,
         "interval_min": step, "start": FIRST + timedelta(minutes=m), "value": v,
         "quality": "bad" if v is None else "good"} for m, v in moments
    ])  # fmt: skip


def hours(*parts: pa.Table) -> dict[str, list[float]]:
    """The first hours of the head as each of those that ask sees them."""
    table = tables.concat("scada", list(parts))
    lanes = [x for x in scada_lanes(feeder(), table, ["s", "t"], 2025, "UTC") if x.group == "kw"]
    told = measured(table, ["s", "t"], 2025, "UTC")["kw"]
    return {
        "demand": heads(table, None, Calendar(2025), "UTC")["F1"][:10].tolist(),
        "learning": series.heads({"scada": table})["F1"].to_list()[:10],
        "calibrate": told[:10].tolist(),
        "lanes": np.sum([x.values[:10] for x in lanes], axis=0).tolist(),
    }


def every(value: float, of: int = 10) -> Moments:
    return [(60.0 * h, value) for h in range(of)]


def test_a_value_counts_by_the_time_that_it_held() -> None:
    """100 kW, at 00:54 for six minutes 1000 kW, and from 03:00 on 200 kW, which is not written again until 08:00."""
    told = hours(scada([(0, 100.0), (54, 1000.0), (60, 100.0), (180, 200.0), (480, 50.0), (595, 50.0)]))
    for who, found in told.items():
        assert found == pytest.approx([190.0, 100.0, 100.0, *[200.0] * 5, 50.0, 50.0]), who


def test_a_bad_value_ends_the_one_before() -> None:
    told = hours(scada([(0, 100.0), (120, None), (300, 40.0), (599, 40.0)]))
    for who, found in told.items():
        assert found == pytest.approx([100.0, 100.0, *[np.nan] * 3, *[40.0] * 5], nan_ok=True), who


def test_phases_that_are_written_at_moments_of_their_own_are_summed() -> None:
    table = [scada([(0, a), (90 + 7 * i, 2 * a), (599, 2 * a)], phases=p) for i, (p, a) in
             enumerate((("A", 10.0), ("B", 20.0), ("C", 30.0)))]  # fmt: skip
    mixed = 60.0 + 10.0 * 30 / 60 + 20.0 * 23 / 60 + 30.0 * 16 / 60
    for who, found in hours(*table).items():
        assert found == pytest.approx([60.0, mixed, *[120.0] * 8]), who


def test_the_head_given_by_phase_is_no_smaller_than_the_recloser_given_in_total() -> None:
    parts = [scada(every(100.0), phases=p, step=60) for p in "ABC"]
    table = tables.concat("scada", [*parts, scada(every(180.0), "RECLOSER", step=60)])
    assert heads(table, None, Calendar(2025), "UTC")["F1"][:10].tolist() == [300.0] * 10
    assert series.heads({"scada": table})["F1"].tolist() == [300.0] * 10
    assert measured(table, ["s"], 2025, "UTC")["kw"][:10].tolist() == [300.0] * 10
    lanes = scada_lanes(feeder(), table, ["s"], 2025, "UTC")
    assert {(x.name, x.phase) for x in lanes} == {("HEAD", 1), ("HEAD", 2), ("HEAD", 3)}


def test_of_two_that_are_measured_as_often_the_head_has_more_power() -> None:
    """Not the first by its name."""
    table = [scada(every(300.0), step=60), scada(every(120.0), "A RECLOSER", step=60)]
    for who, found in hours(*table).items():
        assert found == [300.0] * 10, who


def test_a_head_in_two_exports_is_one_head() -> None:
    """Months in turn, with an overlap whose values one of them doubts; the recloser is in one export."""
    parts = [
        scada([*every(300.0, 6), (360, None)], step=60), scada([(60.0 * h, 300.0) for h in range(4, 10)],
                                                             source="t", step=60),
        scada(every(290.0, 5), "RECLOSER", step=60), scada([(60.0 * h, 290.0) for h in range(3, 7)], "RECLOSER",
                                                             source="t", step=60),
    ]  # fmt: skip
    for who, found in hours(*parts).items():
        assert found == [300.0] * 10, who
    names = {x.name for x in scada_lanes(feeder(), tables.concat("scada", parts), ["s", "t"], 2025, "UTC")}
    assert names == {"HEAD"}


def test_events_and_minutes_of_the_same_load_give_the_same_hours() -> None:
    """A load that steps at random moments, written as it changes, against its mean of every minute."""
    moments = np.sort(RNG.choice(600, 40, replace=False))
    values = RNG.uniform(50, 500, 41)
    load = values[np.searchsorted(moments, np.arange(600), "right")]
    events = [(0.0, float(load[0])), *[(float(m), float(load[m])) for m in moments if m], (600.0, 1.0)]
    minutes = hours(scada([(float(m), float(v)) for m, v in enumerate(load)], step=1))
    for who, found in hours(scada(events)).items():
        assert found == pytest.approx(minutes[who], rel=1e-9), who
        assert found == pytest.approx(load.reshape(10, 60).mean(1), rel=1e-9), who


def test_hours_of_a_head_align_with_those_of_the_weather() -> None:
    """Pandas aligns no two indices of moments whose resolutions differ."""
    stamps = [FIRST + timedelta(hours=h) for h in range(4, 14)]
    rows = [{"source": "w", "point": "p", "latitude_deg": 40.0, "longitude_deg": -90.0, "start": s, "temp_c": 5.0}
            for s in stamps]  # fmt: skip
    load = series.heads({"scada": scada(every(100.0), step=60)})["F1"]
    temp = series.temperature({"weather": tables.frame("weather", rows)}, "F1", {})
    assert temp is not None and load.index.dtype == temp.index.dtype
    assert (load.align(temp, join="inner")[0] == 100.0).sum() == 6
