"""Score of `dtl.learning.meter_faults` on real series with injected faults, and its alerts on the clean ones.

The two buildings are the sample of the method page; the load of a state is a third carrier, no blind check either.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from bench.learning.fault_protocol import put
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from dtl.learning.insight import NotEnough
from dtl.learning.meter_faults import Faults, find

BASELINE_AP, BASELINE_AUC = 0.530, 0.769
"""Forest on contextual features, measured on a household with this protocol."""
SEEDS = (0, 1, 2)


def carriers(folder: Path) -> dict[str, tuple[NDArray[np.float64], NDArray[np.int64], int]]:
    """Readings, kind of each day and readings per day, by name."""
    hourly = pd.read_csv(folder / "building-meters-bdg2" / "bdg2_hourly_sample.csv", index_col=0, parse_dates=True)
    state = pd.read_csv(folder / "load-weather-victoria" / "vic_electricity.csv").iloc[: 48 * 400]
    clock = pd.DatetimeIndex(pd.to_datetime(state["Time"], utc=True)).tz_convert("Australia/Melbourne")
    found = {}
    for name, values, index, steps in (
        *((f"bdg2 {c}", hourly[c].to_numpy(float), pd.DatetimeIndex(hourly.index), 24) for c in hourly),
        ("victoria", state["Demand"].to_numpy(float), clock, 48),
    ):
        n = len(values) // steps * steps
        weekday = index[:n:steps].day_of_week.to_numpy()
        found[name] = values[:n], np.where(weekday < 5, 0, weekday - 4), steps
    return found


def asked(values: NDArray[np.float64], kind: NDArray[np.int64], steps: int) -> Faults:
    """What is found in a series."""
    found = find(values.reshape(-1, steps), kind)
    assert not isinstance(found, NotEnough)
    return found


def score(values: NDArray[np.float64], kind: NDArray[np.int64], steps: int, seed: int) -> dict[str, float]:
    """Numbers of one series with one set of faults."""
    given, faults = put(values, steps, seed)
    found = asked(given, kind, steps)
    truth = np.zeros(len(values), bool)
    for fault in faults:
        truth[fault.first : fault.end] = True
    events = [e for e in found.events if e.kind != "unusual"]
    hits: dict[str, list[bool]] = {}
    for fault in faults:
        last = fault.first + 7 * steps if fault.kind in ("halved", "shift") else fault.end
        own = (e for e in events if e.kind == fault.kind)
        hits.setdefault(fault.kind, []).append(any(e.first < min(fault.end, last) and e.end > fault.first for e in own))
    false = sum(not truth[e.first : e.end].any() for e in events)
    return {
        "ap": float(average_precision_score(truth, found.score)),
        "auc": float(roc_auc_score(truth, found.score)),
        "false_per_month": false / (len(values) / steps / 30),
        **{f"recall_{k}": float(np.mean(v)) for k, v in sorted(hits.items())},
    }


def clean(values: NDArray[np.float64], kind: NDArray[np.int64], steps: int) -> float:
    """Alerts of any kind, the unusual ones too, per meter-month of sound readings."""
    return len(asked(values, kind, steps).events) / (len(values) / steps / 30)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/samples/ml")
    for name, series in carriers(folder).items():
        mean = pd.DataFrame([score(*series, seed) for seed in SEEDS]).mean()
        print(f"anomaly | {name}, injected faults | AP | {BASELINE_AP} | {mean['ap']:.3f}")
        print("  " + ", ".join(f"{k} {v:.3f}" for k, v in mean.items()) + f", clean_per_month {clean(*series):.2f}")
