"""Wrong links between meters and transformers found by voltage, on synthetic utilities whose truth is known.

`python tests/bench/meters.py [UTILITIES]` makes that many utilities of two feeders with at least 1,000 meters and 30
days of hourly volts, reads them by the readers of DTL, places the meters and refines the links, and prints precision,
recall, accuracy before and after, and the calibration error. Truth is used for the score alone.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from pathlib import Path

import numpy as np

from dtl import cli, tables
from dtl.network.feeder import Feeder
from dtl.network.metering import metering
from dtl.network.refine import refine
from dtl.network.rows import by_feeder
from dtl.sources import ami_split, cyme_text, gis, read
from dtl.spec.ami import Ami
from dtl.spec.canonical import plain
from dtl.spec.gis import Gis
from dtl.spec.sources import CymeText

WORDS = {"candidates": 5, "max_distance_m": 120.0}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def made(folder: Path, seed: int, *words: str) -> Path:
    """A synthetic utility."""
    asked = ["--feeders", "2", "--days", "30", "--step-min", "60", "--formats", "gdb,cyme_text,ami_parquet"]
    assert cli.main(["synth", "utility", "--out", str(folder / "u"), *asked, "--seed", str(seed), *words]) == 0
    return folder / "u"


def linked(utility: Path, work: Path) -> list[tuple[bool, bool, bool, float]]:
    """Of each meter: whether it was right, whether it is, whether it was changed, and its confidence."""
    folders = {}
    for name, reader, spec in (
        ("gis", gis, Gis(kind="gis", path="gis/utility.gdb.zip", columns="arcfm")),
        ("cyme", cyme_text, CymeText(kind="cyme_text", path="cyme_system/*.txt", missing="default")),
    ):
        files = {p.relative_to(utility).as_posix(): p for p in spec.files(utility)}
        read.write(reader.read(name, plain(spec, cosmetic=False), files), files, work / name)
        folders[name] = work / name
    network = tables.read("network", folders["cyme"] / "network.parquet")
    _, meters, _ = metering(folders, network, tables.concat("links", []), WORDS, {})
    ami = Ami(kind="ami", path="ami/parquet/**/*.parquet", columns="usual", interval_min=60, stamp="interval_end",
              zone="local")  # fmt: skip
    files = {p.relative_to(utility).as_posix(): p for p in ami.files(utility)}
    owner = dict(zip(meters["meter"].to_pylist(), meters["feeder"].to_pylist(), strict=True))
    spec_ami = plain(ami, cosmetic=False) | {"timezone": "America/Chicago"}
    ami_split.split({"meters": spec_ami}, files, owner, sorted(set(owner.values())), work / "readings")
    device = {r["transformer"]: r["cyme_device"].lower() for r in rows(utility / "truth/transformers.csv")}
    truth = {r["meter"]: device[r["transformer"]] for r in rows(utility / "truth/meters.csv")}
    found = []
    for feeder, parts in by_feeder(network):
        own = meters.filter(np.array([f == feeder for f in meters["feeder"].to_pylist()]))
        after = refine(own, work / "readings" / f"{feeder}.parquet", Feeder.from_parts(parts), WORDS)
        for old, new in zip(own.to_pylist(), after.to_pylist(), strict=True):
            was, now = (r["transformer"] == truth[old["meter"]] for r in (old, new))
            found.append((was, now, old["transformer"] != new["transformer"], new["confidence"] or 0.0))
    return found


def score(found: list[tuple[bool, bool, bool, float]]) -> dict[str, float]:
    """Precision and recall of the changes, accuracy before and after, and the calibration error."""
    was, now, changed = (np.array([f[i] for f in found]) for i in range(3))
    said = np.array([f[3] for f in found])
    bins = np.minimum((said * 10).astype(int), 9)
    return {
        "meters": len(found),
        "wrong": int((~was).sum()),
        "precision": float(now[changed].mean()) if changed.any() else 1.0,
        "recall": float((changed & now & ~was).sum() / max((~was).sum(), 1)),
        "before": float(was.mean()),
        "after": float(now.mean()),
        "ece": float(sum((bins == b).mean() * abs(said[bins == b].mean() - now[bins == b].mean()) for b in set(bins))),
    }


if __name__ == "__main__":
    every: list[tuple[bool, bool, bool, float]] = []
    for seed in range(1, 1 + int(sys.argv[1] if len(sys.argv) > 1 else 20)):
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            one = linked(made(work, seed, "--meters", "500-600"), work)
        every += one
        print(seed, {k: round(v, 4) for k, v in score(one).items()}, flush=True)
    print("all", {k: round(v, 4) for k, v in score(every).items()})
