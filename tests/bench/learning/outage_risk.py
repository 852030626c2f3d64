"""Score of `dtl.learning.outage_days` on eleven years of a real utility, fitted to 2008, scored on 2009 to 2011."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, roc_auc_score  # type: ignore[import-untyped]

from dtl.learning.insight import NotEnough
from dtl.learning.outage_counts import count_test
from dtl.learning.outage_days import back_test, brier_skill, features

BASELINE = {3: {"AUC": 0.742, "AP": 0.350, "Brier skill": 0.121}, 8: {"AUC": 0.862, "Brier skill": 0.082}}
COUNTS = {"D2": 0.19, "expected/observed": 0.89}
COLUMNS = {
    "Max_windspeed_mph": "wind_max",
    "Avg_windspeed_mph": "wind_mean",
    "Max_windgust_mph": "gust_max",
    "Precipitation_in": "rain",
    "Max_temp_F": "temp_max",
    "Min_temp_F": "temp_min",
    "Avg_humidity_percent": "humidity",
    "Event_thunderstorm": "thunder",
    "Event_snow": "snow",
    "Min_humidity_percent": "humidity_min",
    "Max_humidity_percent": "humidity_max",
    "Min_visibility_mi": "visibility_min",
}


def days(folder: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Weather and interruptions of each day."""
    rows = pd.read_csv(folder / "outage_days_2000_2011.csv")
    rows.index = pd.to_datetime(rows["Date"], format="%m/%d/%y")
    return rows[list(COLUMNS)].rename(columns=COLUMNS), rows["Total_outages"]


def score(folder: Path, least: int, first: int = 2009) -> dict[str, float]:
    """AUC, average precision, Brier skill against the scored days' own share, and expected over observed."""
    weather, counts = days(folder)
    found = back_test(features(weather, counts), counts, first, least)
    assert not isinstance(found, NotEnough), found.why
    chance, busy = found.chance.to_numpy(), found.busy.to_numpy()
    return {
        "AUC": float(roc_auc_score(busy, chance)),
        "AP": float(average_precision_score(busy, chance)),
        "Brier skill": brier_skill(chance, busy, float(np.mean(busy))),
        "expected/observed": float(chance.sum() / busy.sum()),
    }


def score_counts(folder: Path, first: int = 2009) -> dict[str, float]:
    """Poisson deviance explained over the scored days' own mean, expected over observed, and that without the level."""
    weather, counts = days(folder)
    found = count_test(features(weather, counts), counts, first)
    assert not isinstance(found, NotEnough), found.why
    return {
        "D2": found.explained,
        "expected/observed": float(found.expected.sum() / found.came.sum()),
        "without the level": float((found.expected / found.level).sum() / found.came.sum()),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/samples/ml/outage-days-seattle")
    for least, baseline in BASELINE.items():
        for metric, ours in score(folder, least).items():
            before = baseline.get(metric, "-")
            print(f"outage_risk | days with {least} or more, 2009-2011 | {metric} | {before} | {ours:.3f}")
    for metric, ours in score_counts(folder).items():
        print(f"outage_risk | interruptions by day, 2009-2011 | {metric} | {COUNTS.get(metric, '-')} | {ours:.3f}")
