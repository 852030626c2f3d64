"""Score of `dtl.learning.solar_split` on ten real homes; the metered generation is used for the score only."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dtl.learning.insight import NotEnough
from dtl.learning.solar_split import Split, split

SOLAR = ("solar_home1", "solar_home2", "solar_home3", "solar_home4")
PLAIN = ("home1", "home2", "home3", "home4")
PROXIES = ("proxy1", "proxy2")
BASELINE = {"mean_r2": 0.82, "worst_false_kw": 0.09, "aggregate_r2": 0.94}
"""Best of the measured baselines by column, each from another one of them."""


def homes(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Net load and generation by home [kW]."""
    rows = pd.read_csv(path, header=[0, 1], index_col=0, skiprows=[2])
    rows.index = pd.to_datetime(rows.index)
    return rows["netload"], rows["gen"].clip(lower=0)


def by_home(net: pd.DataFrame, proxies: NDArray[np.float64]) -> dict[str, Split]:
    """The split of every home that is not a proxy."""
    stamps = pd.DatetimeIndex(net.index)
    hour = stamps.hour.to_numpy() + stamps.minute.to_numpy() / 60
    day = (stamps.normalize() - stamps[0].normalize()).days.to_numpy()
    found = {}
    for home in (*SOLAR, *PLAIN):
        answer = split(net[home].to_numpy(), proxies, hour, day)
        assert not isinstance(answer, NotEnough), answer.why
        found[home] = answer
    return found


def r2(truth: NDArray[np.float64], said: NDArray[np.float64]) -> float:
    """Share of the variance that is explained."""
    return float(1 - ((truth - said) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())


def score(path: Path) -> dict[str, float]:
    """The numbers of the method page."""
    net, gen = homes(path)
    found = by_home(net, gen[list(PROXIES)].to_numpy())
    numbers = {}
    for home in SOLAR:
        truth, said = gen[home].to_numpy(), found[home]
        numbers[f"{home}_r2"] = r2(truth, said.solar_kw)
        numbers[f"{home}_energy_pct"] = 100 * (said.solar_kw.sum() / truth.sum() - 1)
        lit = truth > 0.05
        numbers[f"{home}_inside_pct"] = 100 * float(
            ((truth >= said.low_kw - 1e-9) & (truth <= said.high_kw + 1e-9))[lit].mean()
        )
    total, truth = sum(found[h].solar_kw for h in (*SOLAR, *PLAIN)), gen[list(SOLAR)].sum(axis=1).to_numpy()
    r2s = [numbers[f"{h}_r2"] for h in SOLAR]
    return numbers | {
        "mean_r2": float(np.mean(r2s)),
        "worst_r2": min(r2s),
        "worst_energy_pct": max(abs(numbers[f"{h}_energy_pct"]) for h in SOLAR),
        "worst_false_kw": max(float(found[h].solar_kw.mean()) for h in PLAIN),
        "aggregate_r2": r2(truth, total),
        "aggregate_energy_pct": 100 * (float(total.sum() / truth.sum()) - 1),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/samples/ml/btm-solar-homes")
    found = score(folder / "tutorial_data.csv")
    for metric, baseline in BASELINE.items():
        print(f"disaggregate | ten homes, 15 days | {metric} | {baseline} | {found[metric]:.3f}")
    print("  " + ", ".join(f"{k} {v:.3f}" for k, v in found.items()))
