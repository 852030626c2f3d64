"""Score of `dtl.learning.changepoints` on fifteen real series marked by five people each, one setting for all."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dtl.learning.changepoints import changes
from dtl.learning.insight import NotEnough

BASELINE = {"f1": 0.761, "cover": 0.737}
MARGIN = 5
Marks = dict[str, list[int]]


def load(folder: Path, name: str) -> tuple[NDArray[np.float64], int]:
    """Values of a series and its season: twelve if its stamps are months, none else."""
    rows = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    values = [np.nan if v is None else v for v in rows["series"][0]["raw"]]
    return np.asarray(values, float), 12 if rows.get("time", {}).get("format") == "%Y-%m" else 1


def matched(truth: set[int], found: set[int]) -> set[int]:
    """Marks of one person that are found, each detection used once."""
    left, hit = set(found), set()
    for mark in sorted(truth):
        near = sorted((abs(mark - x), x) for x in left if abs(mark - x) <= MARGIN)
        if near:
            hit.add(mark)
            left.discard(near[0][1])
    return hit


def f1(marks: Marks, found: list[int]) -> float:
    """Harmonic mean of precision (over all people's marks) and mean recall; index 0 belongs to both."""
    people, said = [set(m) | {0} for m in marks.values()], set(found) | {0}
    precision = len(matched(set().union(*people), said)) / len(said)
    recall = float(np.mean([len(matched(m, said)) / len(m) for m in people]))
    return 2 * precision * recall / (precision + recall)


def cover(marks: Marks, found: list[int], n: int) -> float:
    """Covering of the people's partitions, mean over people."""

    def parts(at: list[int]) -> list[tuple[int, int]]:
        edges = [0, *sorted(x for x in set(at) if 0 < x < n), n]
        return list(pairwise(edges))

    said, totals = parts(found), []
    for own in marks.values():
        best = [
            (b - a) * max(max(0, min(b, d) - max(a, c)) / (max(b, d) - min(a, c)) for c, d in said)
            for a, b in parts(own)
        ]
        totals.append(sum(best) / n)
    return float(np.mean(totals))


def score(folder: Path) -> dict[str, dict[str, float]]:
    """F1, covering and number of changes of each series."""
    found = {}
    for name, marks in sorted(json.loads((folder / "annotations.json").read_text(encoding="utf-8")).items()):
        values, period = load(folder, name)
        said = changes(values, period)
        assert not isinstance(said, NotEnough)
        numbers = {"f1": f1(marks, said.at), "cover": cover(marks, said.at, len(values))}
        found[name] = numbers | {"changes": float(len(said.at))}
    return found


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/samples/ml/changepoints")
    found = score(folder)
    for metric, baseline in BASELINE.items():
        ours = np.mean([s[metric] for s in found.values()])
        print(f"growth | fifteen marked series | {metric} | {baseline} | {ours:.3f}")
    for name, numbers in found.items():
        print("  " + name + " " + ", ".join(f"{k} {v:.2f}" for k, v in numbers.items()))
