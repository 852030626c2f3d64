"""Score of `dtl.learning.spatial` on the places of 409 real transformers: labels at random, and clusters put in."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dtl.learning import density, spatial

FOOT_M = 0.3048
LEAST = 4
Array = NDArray[np.float64]


def places(folder: Path) -> Array:
    """Places of the transformers [m], in the order of their names."""
    return np.asarray(pd.read_csv(folder / "transformers.csv")[["x", "y"]], np.float64) * FOOT_M


def near(at: Array) -> density.Near:
    """The nearness that the module would use."""
    return density.straight(at, spatial.reach(np.asarray(cKDTree(at).query(at, k=LEAST)[0][:, -1], np.float64)))


def false_systemic(at: Array, trials: int) -> float:
    """Share of random labellings (3 to 40 % of the transformers) that are called systemic."""
    matrix, found = near(at), 0
    for seed in range(trials):
        rng = np.random.default_rng(1000 + seed)
        hit = np.zeros(len(at), np.bool_)
        hit[rng.choice(len(at), int(rng.uniform(0.03, 0.4) * len(at)), replace=False)] = True
        found += spatial.judge(matrix, hit, LEAST, seed).word == "systemic"
    return found / trials


def planted(at: Array, trials: int) -> tuple[float, float]:
    """Mean F1 of the hits said to be in a cluster, and the share of trials called systemic.

    Two to four places with 10 to 25 transformers around each, four of five hit, and 2 % of the others at random.
    """
    matrix, scores, systemic = near(at), [], 0
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        truth = np.zeros(len(at), np.bool_)
        for centre in rng.choice(len(at), rng.integers(2, 5), replace=False):
            around = np.argsort(np.linalg.norm(at - at[centre], axis=1), kind="stable")[: rng.integers(10, 26)]
            truth[around[rng.random(len(around)) < 0.8]] = True
        hit = truth | (rng.random(len(at)) < 0.02)
        found = spatial.judge(matrix, hit, LEAST, seed)
        said, real = found.label > 0, truth[hit]
        scores.append(2 * float((said & real).sum()) / float(said.sum() + real.sum()))
        systemic += found.word == "systemic"
    return float(np.mean(scores)), systemic / trials


if __name__ == "__main__":
    at = places(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/samples/ml/meter-transformer-j1"))
    print(f"spatial | 409 real transformers, random labels | false systemic | 0.05 | {false_systemic(at, 400):.3f}")
    f1, share = planted(at, 100)
    print(f"spatial | the same, clusters put in | F1 | 0.9 | {f1:.3f}; systemic in {100 * share:.0f} %")
