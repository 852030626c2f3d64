"""Accuracy of the method ``drive`` against ``iterative``, feeder by feeder; prints a table, exits 1 beyond a bound.

    python tests/bench/drive.py [MASTER ... | synthetic] [--of generation load] [--compared 60] [--step 0.02]
                                [--controls active] [--hours extremes_48] [--pu 0.95 1.05] [--few N]

MASTER is an OpenDSS file (default: those of the demo); ``synthetic`` the largest feeder of ``dtl synth utility``.
Loads follow the residential shape. ``drive`` answers every site (``--few``: some, drawn with a fixed seed);
``iterative`` answers ``--compared`` of them, drawn likewise, on a step [kW] that must be fine beside the answers: what
is off by a step or two says nothing. Errors are shares of the exact answer, of the step where that is less. Seconds
are those of the processor.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dtl.analyses.hosting.answers import ALL
from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.drive import drive
from dtl.analyses.hosting.iterative import iterative
from dtl.demand.calendar import Calendar
from dtl.demand.model_loads import model_loads
from dtl.network.feeder import Feeder
from dtl.powerflow import head
from dtl.sources import opendss

MEDIAN, P95, OPTIMISTIC = 0.05, 0.15, 0.05
METERS = "1600-1700"
DEMO = sorted((Path(__file__).resolve().parents[2] / "studies/demo/data/opendss").glob("*/master.dss"))


def feeder_of(master: Path) -> Feeder:
    """The feeder of a master file, whose parts lie beside it, below it or beside its folder."""
    root = master.parent.parent
    near = [p for p in (*master.parent.rglob("*"), *root.glob("*")) if p.is_file()]
    files = {p.relative_to(root).as_posix(): p for p in near}
    reading = opendss.read("bench", {"kind": "opendss", "path": master.relative_to(root).as_posix()}, files)
    ((feeder, parts),) = reading.parts.items()
    return Feeder.from_parts(
        {"feeder": feeder, "kind": kind, "name": name, "body": part.model_dump_json(exclude_defaults=True)}
        for (kind, name), part in parts.items()
    )


def case_of(feeder: Feeder, given: argparse.Namespace) -> Case:
    """The case that is asked, fresh."""
    import qsts

    fed, _ = head.served(feeder)
    low, high = given.pu
    band = {"kv": [0, 1000], "phases": None, "low_pu": low, "high_pu": high, "at": "service"}
    limits = {**qsts.LIMITS, "voltage": [band], "transformers": {**qsts.LIMITS["transformers"], "window_h": 1.0}}
    spec = {"limits": limits, "secondary": {"drop_pct": 0.0}, "step_min": 60, "controls": given.controls}
    words: dict[str, Any] = {
        "pre_existing": "only_if_worse", "worse_by_pct": 0.1, "worse_by_kw": 1.0, "criteria": None,
        "operational_flexibility": "without", "at": "buses", "up_to_kw": 20_000.0, "hours": given.hours,
        "of": given.of, "methods": {},
    }  # fmt: skip
    demand = model_loads(fed, {"shape": "residential"}, Calendar(), "UTC", None)
    return Case("bench", fed, demand, Calendar(), spec, words)


def drawn(places: Sequence[Any], most: int) -> list[Any]:
    """Some of the places, always the same."""
    if not most or len(places) <= most:
        return list(places)
    return [places[i] for i in np.sort(np.random.default_rng(3).choice(len(places), most, replace=False))]


def compared(name: str, feeder: Feeder, given: argparse.Namespace) -> Iterator[bool]:
    """Print a line for each kind of plant; whether the errors keep their bounds."""
    for of in given.of:
        case = case_of(feeder, given)
        case.__dict__["places"] = drawn(case.places, given.few)
        nodes = len(case.grid(of).points[0].feeder.buses)
        begun = time.process_time()
        rows = [r for r in drive(case, {}, of) if r["criterion"] == ALL]
        spent = time.process_time() - begun
        truth = case_of(feeder, given)
        truth.__dict__["points"], truth.__dict__["places"] = case.points, drawn(case.places, given.compared)
        words = {"tolerance_kw": given.step, "distributed": False}
        exact = {r["bus"]: r for r in iterative(truth, words, of) if r["criterion"] == ALL}
        quick = {r["bus"]: r for r in rows if r["bus"] in exact}
        kw = np.array([exact[b]["hc_kw"] for b in quick])
        answered = np.array([r["hc_kw"] for r in quick.values()])
        open_ = np.array([exact[b]["at_least"] for b in quick])
        error = np.where(open_, np.minimum(answered - kw, 0.0), answered - kw)
        share = np.abs(error) / np.maximum(kw, given.step)
        median, p95, high = np.median(share), np.percentile(share, 95), (error > given.step).mean()
        good = bool(median <= MEDIAN and p95 <= P95 and high <= OPTIMISTIC)
        print(
            f"| {name} | {of} | {nodes} | {len(rows)} | {spent:.1f} | {rows[0]['solves']} | {len(kw)} | "
            f"{np.median(kw):.4g} ({kw.min():.4g}-{kw.max():.4g}) | {100 * median:.1f} | {100 * p95:.1f} | "
            f"{100 * high:.1f} | {'' if good else 'beyond'} |", flush=True,
        )  # fmt: skip
        if given.worst:
            for i in np.argsort(-share)[: given.worst]:
                bus = list(quick)[i]
                said = [(r["hc_kw"], r["limiting_factor"], r["limiting_element"], r.get("limiting_hour")) for r in
                        (exact[bus], quick[bus])]  # fmt: skip
                print(f"    {bus} {exact[bus]['phases']}: exact {said[0]}, drive {said[1]}")
        yield good


def main() -> int:
    """Print the table; 1 where a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("feeders", nargs="*", metavar="MASTER", default=[str(path) for path in DEMO])
    parser.add_argument("--of", nargs="+", default=["generation", "load"], choices=["generation", "load"])
    parser.add_argument("--compared", type=int, default=60, help="sites that iterative answers")
    parser.add_argument("--step", type=float, default=0.02, help="its step [kW]")
    parser.add_argument("--controls", default="active", choices=["active", "frozen"])
    parser.add_argument("--hours", default="extremes_48")
    parser.add_argument("--pu", nargs=2, type=float, default=[0.95, 1.05], help="the band of voltages")
    parser.add_argument("--few", type=int, default=0, help="sites that drive answers (default: all)")
    parser.add_argument("--worst", type=int, default=0, help="sites to print, the largest errors first")
    given = parser.parse_args()
    print("| feeder | of | buses | sites | drive s | columns | compared | exact kW | median % | P95 % | above % | |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    good = True
    for word in given.feeders:
        if word == "synthetic":
            import batch

            with tempfile.TemporaryDirectory() as folder:
                feeder = feeder_of(batch.synthetic(Path(folder) / "utility", METERS))
        else:
            feeder = feeder_of(Path(word))
        stem = Path(word).stem
        good &= all([*compared(Path(word).parent.name if stem.lower() == "master" else stem, feeder, given)])
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
