"""Score of `archetypes` and `families` of `dtl.learning` on 18 load profiles by month: 216 curves of 72 points.

Truth is the profile, for families its class.

Argument: `LoadProfile.csv` of the data set SimBench (ODbL), which comes inside the package `simbench`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from dtl.learning.archetypes import group
from dtl.learning.clusters import curve
from dtl.learning.families import families
from dtl.learning.insight import NotEnough

PROFILES = "G0-A G1-A G1-B G2-A G3-A G4-A G4-B G5-A G6-A H0-A H0-B H0-C H0-G L0-A L1-A L2-A BL-H WB-H"
BASELINE, BASELINE_CLASSES = 0.741, 0.514
"""Ward's method on standardised curves, the number of groups given: of profiles, and of the five classes."""


def curves(path: Path) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The curves and the number of their profile."""
    names = [f"{p}_pload" for p in PROFILES.split()]
    rows = pd.read_csv(path, sep=";", usecols=["time", *names])
    rows.index = pd.to_datetime(rows["time"], format="%d.%m.%Y %H:%M")
    hours = rows[names].groupby(rows.index.floor("h")).mean()
    hours = hours.reindex(pd.date_range(hours.index[0], hours.index[-1], freq="h")).interpolate()
    found = [curve(hours.loc[hours.index.month == m, name]) for name in names for m in range(1, 13)]
    return np.stack(found), np.repeat(np.arange(len(names)), 12)


if __name__ == "__main__":
    shapes, truth = curves(Path(sys.argv[1]))
    answer = group(shapes)
    assert not isinstance(answer, NotEnough)
    ours = adjusted_rand_score(truth, answer.label)
    print(f"clusters | 18 profiles x 12 months | ARI | {BASELINE} | {ours:.3f}")
    named = [profile.split("-")[0].rstrip("0123456789") for profile in PROFILES.split()]
    classes = np.unique(named, return_inverse=True)[1][truth]
    coarse = families(shapes, answer.label, len(set(named)))[answer.label]
    score = adjusted_rand_score(classes, coarse)
    print(f"clusters | their five classes, five families given | ARI | {BASELINE_CLASSES} | {score:.3f}")
    ruled = families(shapes, answer.label)
    score = adjusted_rand_score(classes, ruled[answer.label])
    print(f"  {ruled.max() + 1} families by the rule: ARI {score:.3f}")
    given = group(shapes, 18)
    assert not isinstance(given, NotEnough)
    print(
        f"  groups {answer.label.max() + 1}, silhouette {answer.silhouette:.3f}, stability {answer.stability:.3f}, "
        f"{answer.metric}; ARI with 18 groups given {adjusted_rand_score(truth, given.label):.3f}"
    )
