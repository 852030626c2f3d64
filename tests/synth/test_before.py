"""SCADA that begins years before the meter data: one record that goes on, and nothing of the meters changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dtl.errors import DtlError
from dtl.synth.settings import Settings
from dtl.synth.system import plan
from dtl.synth.utility import write

YEARS = Settings(
    feeders=1, seed=7, start=date(2025, 11, 1), days=3, step_min=60, meters=(50, 80), errors="none", oms_years=3,
    scada_years=2, formats=("scada", "ami_parquet"),
)  # fmt: skip


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("before") / "utility"
    write(YEARS, folder)
    return folder


def head(folder: Path, tag: str) -> pd.Series:
    rows = pd.read_csv(folder / "scada" / "F0001.csv", parse_dates=["TIME_UTC"])
    return rows[rows["TAG"] == tag].set_index("TIME_UTC")["VALUE"]


def test_power_and_voltage_begin_years_before_and_have_no_gap(long: Path) -> None:
    for tag in ("F0001_MW", "F0001_MVAR", "F0001_KV"):
        own = head(long, tag)
        assert own.index[0] == pd.Timestamp("2023-11-01T05:00Z"), "local midnight, before daylight saving ends"
        assert (np.diff(own.index) == np.timedelta64(1, "h")).all()
        assert own.index[-1] == head(long, "F0001_A_A").index[-1]
    assert len(head(long, "F0001_A_A")) == 73, "three days, one of them of 25 hours"


def test_the_head_takes_what_the_meters_take_and_losses(long: Path) -> None:
    truth = pq.read_table(long / "truth/scada_before/F0001.parquet").to_pandas()
    loss = (truth["head_kw"] - truth["meter_kw"]) / truth["meter_kw"]
    assert 0.0 < loss.mean() < 0.08
    written = head(long, "F0001_MW").to_numpy()[: len(truth)]
    assert np.abs(1000 * written - truth["head_kw"]).max() < 0.51
    assert truth["head_kv"].between(12.47, 13.2).all()


def test_load_of_the_years_before_is_smaller_by_the_true_growth(long: Path, tmp_path: Path) -> None:
    stubs = plan(replace(YEARS, seed=YEARS.seed))[1]
    truth = pq.read_table(long / "truth/scada_before/F0001.parquet").to_pandas().set_index("t_utc")["meter_kw"]
    years = [truth[f"{y}-11-01 05:00" : f"{y + 1}-11-01 04:00"].mean() for y in (2023, 2024)]
    assert years[1] / years[0] == pytest.approx(1 + stubs[0].growth, abs=0.03), "weather and cars are the rest"


def test_meters_are_the_same_with_and_without_the_years_before(long: Path, tmp_path: Path) -> None:
    write(replace(YEARS, scada_years=0), tmp_path / "short")
    name = "ami/parquet/feeder=F0001/part-0.parquet"
    long_kwh, short_kwh = (pq.read_table(f / name)["KWH_DEL"].to_numpy() for f in (long, tmp_path / "short"))
    assert np.array_equal(long_kwh, short_kwh)
    assert not (tmp_path / "short/truth/scada_before").exists()


def test_wrong_numbers_of_years_are_refused() -> None:
    with pytest.raises(DtlError, match="scada_years must be from 0 to 30"):
        replace(YEARS, scada_years=31)
    with pytest.raises(DtlError, match="needs days of meter data"):
        replace(YEARS, days=0)
    assert replace(YEARS, start=date(2024, 2, 29), scada_years=1).heads_start == date(2023, 2, 28)
