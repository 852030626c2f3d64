"""Score of the load model on the Victoria sample: fitted on 2012-2013, scored on 2014 under actual weather."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dtl.learning import load_model, weather_load
from dtl.learning.insight import NotEnough

ZONE = "Australia/Melbourne"
BASELINE_MAPE = 3.32


def hourly(path: Path) -> tuple[pd.DataFrame, NDArray[np.float64], NDArray[np.int64]]:
    """The design of all hours, the load [MW] and the local year."""
    rows = pd.read_csv(path)
    moment = pd.to_datetime(rows["Time"], utc=True).dt.floor("h")
    mean = (
        rows.assign(moment=moment)
        .groupby("moment")
        .agg(load=("Demand", "mean"), temp=("Temperature", "mean"), holiday=("Holiday", "max"))
    )
    stamps = pd.DatetimeIndex(mean.index)
    start = stamps.tz_localize(None).to_numpy()
    x = weather_load.design(start, mean["temp"].to_numpy(), mean["holiday"].to_numpy(bool), ZONE)
    return x, mean["load"].to_numpy(), stamps.tz_convert(ZONE).year.to_numpy()


def score(path: Path) -> dict[str, float]:
    """The numbers of the method page; per cent unless the name says otherwise."""
    x, load, year = hourly(path)
    test = year == 2014
    model = load_model.fit(x[~test], load[~test])
    assert not isinstance(model, NotEnough)
    answer = model.predict(x[test])
    y, p = load[test], answer.load
    day = pd.Series(np.arange(len(y)) // 24)
    top = pd.Series(y).groupby(day).max()
    said = pd.Series(p).groupby(day).max()
    hot = day.isin(top.nlargest(10).index).to_numpy()
    low, high = answer.between(0.90)
    inside = (y >= low) & (y <= high)
    off = y[:, None] - answer.quantiles
    pinball = np.maximum(load_model.LEVELS * off, (load_model.LEVELS - 1) * off).mean()
    return {
        "mape_pct": 100 * float(np.abs(p / y - 1).mean()),
        "daily_peak_mape_pct": 100 * float(np.abs(said / top - 1).mean()),
        "annual_peak_pct": 100 * float(p.max() / y.max() - 1),
        "coverage_90_pct": 100 * float(inside.mean()),
        "coverage_90_ten_highest_days_pct": 100 * float(inside[hot].mean()),
        "pinball_over_half_mae": float(pinball / np.abs(y - p).mean() * 2),
        "extrapolated_hours": float(answer.extrapolated.sum()),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/samples/ml/load-weather-victoria")
    found = score(folder / "vic_electricity.csv")
    print(f"forecast | Victoria 2014 | MAPE % | {BASELINE_MAPE} | {found['mape_pct']:.2f}")
    print("  " + ", ".join(f"{k} {v:.2f}" for k, v in found.items()))
