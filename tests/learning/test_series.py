"""Readings of meters on a grid of their own: other lengths of intervals, stamps off the grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dtl import tables
from dtl.learning.series import heads, metered

RNG = np.random.default_rng(8)
KWH = pd.Series(RNG.uniform(0.1, 1.0, 48 * 60), pd.date_range("2024-02-20", periods=48 * 60, freq="30min", tz="UTC"))


def readings(parts: list[tuple[pd.Series, int]]) -> pa.Table:
    """The readings of one meter that was read in intervals of several lengths [min]."""
    found = []
    for series, length in parts:
        n = len(series)
        columns = {"meter": ["m"] * n, "start": series.index.to_pydatetime(), "kwh": series.to_numpy(np.float32)}
        found.append(tables.frame("readings", {**columns, "flag": ["measured"] * n, "interval_min": [length] * n}))
    return tables.concat("readings", found)


def test_a_meter_that_is_read_more_often_later_keeps_its_energy_in_the_longer_intervals() -> None:
    begin = KWH.index[len(KWH) // 3]
    hourly = KWH.resample("h").sum()
    found = metered({"readings": readings([(hourly[hourly.index < begin], 60), (KWH[KWH.index >= begin], 30)])})["m"]
    assert len(found) == len(hourly) and found.notna().all()
    np.testing.assert_allclose(found.to_numpy(), hourly.to_numpy(), rtol=1e-5)


def test_half_an_interval_is_none() -> None:
    hourly, later = KWH[:480].resample("h").sum(), KWH[480:].drop(KWH.index[501])
    found = metered({"readings": readings([(hourly, 60), (later, 30)])})["m"]
    assert found.index[found.isna()].tolist() == [KWH.index[500]]


def test_one_reading_of_a_day_makes_no_days_of_the_others() -> None:
    month = KWH[: 48 * 40]
    day = pd.Series([20.0], [month.index[-1] + pd.Timedelta("30min")])
    found = metered({"readings": readings([(month, 30), (day, 48 * 30)])})["m"]
    np.testing.assert_allclose(found.to_numpy(), month.to_numpy(), rtol=1e-6)


@pytest.mark.parametrize("at", [0, 700])
def test_a_stamp_off_the_grid_goes_to_the_nearest_and_costs_no_other(at: int) -> None:
    index = KWH.index.to_series()
    index.iloc[at] += pd.Timedelta("7min")
    found = metered({"readings": readings([(KWH.set_axis(pd.DatetimeIndex(index)), 30)])})["m"]
    assert (found.index == KWH.index).all()
    np.testing.assert_allclose(found.to_numpy(), KWH.to_numpy(), rtol=1e-6)


def scada(
    source: str, hours: pd.DatetimeIndex, value: float, device: str = "head", phases: str | list[str] = "ABC"
) -> pa.Table:
    """Each phase of one device with the same constant power [kW]."""
    n = len(phases) * len(hours)
    given = {"source": source, "feeder": "F", "device": device, "quantity": "kw", "quality": "good"}
    columns = {name: [word] * n for name, word in given.items()}
    columns["phases"] = [phase for phase in phases for _ in hours]
    stamps = [moment for _ in phases for moment in hours.to_pydatetime()]
    return tables.frame("scada", {**columns, "interval_min": [60] * n, "start": stamps, "value": [value] * n})


def test_a_head_that_two_sources_give_is_not_counted_twice() -> None:
    """Two exports that overlap: phases are summed, sources are not."""
    hours = pd.date_range("2024-02-20", periods=48, freq="h", tz="UTC")
    parts = [scada("historian", hours[:30], 100.0), scada("later export", hours[20:], 100.0)]
    found = heads({"scada": tables.concat("scada", parts)})["F"]
    assert found.tolist() == [300.0] * 48


def test_a_gap_of_one_source_is_filled_by_the_other() -> None:
    hours = pd.date_range("2024-02-20", periods=48, freq="h", tz="UTC")
    parts = [scada("a", hours, float("nan")), scada("b", hours[10:], 50.0)]
    found = heads({"scada": tables.concat("scada", parts)})["F"]
    assert found.isna().sum() == 10 and (found[10:] == 150.0).all()


def test_a_device_measured_by_phase_has_no_three_voices() -> None:
    """The head gives its total all the time; a switch further down gives three phases half of it."""
    hours = pd.date_range("2024-02-20", periods=48, freq="h", tz="UTC")
    parts = [scada("s", hours, 300.0, "head", [""]), scada("s", hours[:24], 20.0, "recloser")]
    found = heads({"scada": tables.concat("scada", parts)})["F"]
    assert found.tolist() == [300.0] * 48
