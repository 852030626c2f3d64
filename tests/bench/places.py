"""Meters placed by coordinates and phases alone, with and without the traits of transformers, where truth is known.

`python tests/bench/places.py [UTILITIES [SAMPLE]]` makes that many synthetic utilities of two feeders with at least
1,000 meters, moves every meter by a normal error of 0, 20 and 60 m, hides the phases once, and prints the share of
exact transformers and the calibration error, first with transformers all alike, then with traits. Records are not
shown to the method. SAMPLE is a folder with meters.csv, transformers.csv and truth.csv; its errors are 0, 0.25 and 0.5
of the spacing of transformers, seeds 0 to 4, and 100 to 109, without addresses and with them: meters that the file has
at one point are of one address.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dtl import cli, tables
from dtl.network.expected import traits
from dtl.network.nearness import bits, nearness
from dtl.network.service_transformers import serving
from dtl.sources import cyme_text, read
from dtl.spec.canonical import plain
from dtl.spec.sources import CymeText

SPACING = 234.0
Truth = tuple[
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.uint8],
    NDArray[np.uint8],
    NDArray[np.int64],
    NDArray[np.float64],
]
"""Places of meters and of transformers, phases of either, the transformer of each meter, and the ratings [kVA]."""


def synthetic(folder: Path, seed: int) -> Truth:
    """A synthetic utility."""
    asked = ["--feeders", "2", "--days", "0", "--meters", "500-600", "--formats", "cyme_text", "--seed", str(seed)]
    assert cli.main(["synth", "utility", "--out", str(folder / "u"), *asked]) == 0
    spec = CymeText(kind="cyme_text", path="cyme_system/*.txt", missing="default")
    files = {p.relative_to(folder / "u").as_posix(): p for p in spec.files(folder / "u")}
    read.write(cyme_text.read("c", plain(spec, cosmetic=False), files), files, folder / "c")
    units = serving(tables.read("network", folder / "c" / "network.parquet"))
    number = {t.lower(): i for i, t in enumerate(units["transformer"])}
    with (folder / "u/truth/transformers.csv").open(encoding="utf-8") as file:
        device = {r["transformer"]: number[r["cyme_device"].lower()] for r in csv.DictReader(file)}
    meters = pd.read_csv(folder / "u/truth/meters.csv", dtype={"phases": str})
    return (
        meters[["x", "y"]].to_numpy(float),
        units[["x", "y"]].to_numpy(float),
        bits(meters["phases"].to_numpy(object)),
        bits(units["phases"].to_numpy(object)),
        meters["transformer"].map(device).to_numpy(),
        units["kva"].to_numpy(float),
    )


def sample(folder: Path) -> Truth:
    """Meters of a real feeder."""
    meters, units, truth = (pd.read_csv(folder / f"{n}.csv", dtype=str) for n in ("meters", "transformers", "truth"))
    letters = str.maketrans("123", "ABC")
    number = {name: i for i, name in enumerate(units["transformer"])}
    owner = dict(zip(truth["meter"], truth["transformer"].map(number), strict=True))
    return (
        meters[["x", "y"]].to_numpy(float),
        units[["x", "y"]].to_numpy(float),
        bits(meters["node_phases"].fillna("").str.translate(letters).to_numpy(object)),
        bits(units["phases"].fillna("").str.translate(letters).to_numpy(object)),
        meters["meter"].map(owner).to_numpy(),
        units["kva"].to_numpy(float),
    )


def score(
    truth: Truth, error: float, seeds: Iterable[int], count: int, *, hidden: bool = False, addresses: bool = False
) -> list[float]:
    """Exact share and calibration error, with transformers all alike and with traits."""
    at, places, phases, theirs, wanted, kva = truth
    house = np.unique(at, axis=0, return_inverse=True)[1].reshape(-1).astype(str).astype(object)
    found = []
    for seed in seeds:
        moved = at + np.random.default_rng(seed).normal(0.0, error, at.shape)
        own = np.zeros_like(phases) if hidden else phases
        row: list[float] = []
        for known in (None, traits(places, kva, theirs)):
            near = nearness(moved, places, own, theirs, count, traits=known, address=house if addresses else None)
            best = near.probability.argmax(axis=1)[:, None]
            ok, said = np.take_along_axis(near.index, best, axis=1)[:, 0] == wanted, near.probability.max(axis=1)
            bins = np.minimum((said * 10).astype(int), 9)
            off = sum((bins == b).mean() * abs(said[bins == b].mean() - ok[bins == b].mean()) for b in set(bins))
            row += [float(ok.mean()), float(off)]
        found.append(row)
    return [round(float(v), 4) for v in np.mean(found, axis=0)]


if __name__ == "__main__":
    print("exact and calibration error with transformers all alike, exact and calibration error with traits")
    for seed in range(1, 1 + int(sys.argv[1] if len(sys.argv) > 1 else 5)):
        with tempfile.TemporaryDirectory() as work:
            made = synthetic(Path(work), seed)
        for error in (0.0, 20.0, 60.0):
            for hidden in (False, True):
                said = score(made, error, [seed], 5, hidden=hidden)
                print(f"utility {seed}, {error:.0f} m, phases {'hidden' if hidden else 'known'}:", said, flush=True)
    if len(sys.argv) > 2:
        for seeds in (range(5), range(100, 110)):
            for share in (0.0, 0.25, 0.5):
                for known in (False, True):
                    said = score(sample(Path(sys.argv[2])), share * SPACING, seeds, 12, addresses=known)
                    print(f"sample, {share}, seeds {seeds}, addresses {'known' if known else 'unknown'}:", said)
