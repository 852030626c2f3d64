"""Score of `dtl.learning.surrogate`: every feeder left out in turn, choices and bound included, in per cent.

    python tests/bench/learning/surrogate.py --simbench FOLDER [--distrib FOLDER] [--sites 90]

Low voltage: the SimBench grids below FOLDER as ``NAME/grid.json`` (``dtl/spec/peers/export_simbench.py
1-LV-rural1--0-sw NAME`` writes one), one plant at each bus, load at 15 %, without generators unless ``--generators``,
1.05 pu, ratings at 100 %, one hour, steps of 0.1 kW. Unbalanced: IEEE 13, 34 and 123, EPRI ckt5, ckt7 and J1 below the
folder ``Version8/Distrib`` of electricdss-tst; plants at up to ``--sites`` buses, residential shape, five hours of the
year, regulators and capacitors as they settle, 1.05 pu. The truth is the study's own search (``iterative``).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dtl.analyses.hosting.case import Case
from dtl.analyses.hosting.formula_stage import answers, found
from dtl.analyses.hosting.iterative import iterative
from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.demand import Demand
from dtl.demand.model_loads import model_loads
from dtl.learning import capacity_model, surrogate
from dtl.network.feeder import Feeder
from dtl.powerflow import head
from dtl.sources import opendss, pandapower

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "studies/demo/data/opendss"
UNBALANCED = {
    "ieee34": "IEEETestCases/34Bus/ieee34Mod1.dss", "ckt5": "EPRITestCircuits/ckt5/Master_ckt5.dss",
    "ckt7": "EPRITestCircuits/ckt7/Master_ckt7.dss", "j1": "EPRITestCircuits/epri_dpv/J1/Master_noPV.dss",
}  # fmt: skip
LIMITS = {
    "lines": {"summer": "summer", "otherwise": "normal", "emergency": "emergency", "over_pct": 100.0,
              "summer_months": [6, 7, 8, 9], "window_h": 1.0},
    "transformers": {"over_pct": 100.0, "window_h": 1.0, "emergency_pct": None},
    "voltage": [{"kv": [0, 1000], "phases": None, "low_pu": 0.9, "high_pu": 1.05, "at": "service"}],
}  # fmt: skip
WORDS: dict[str, Any] = {
    "pre_existing": "only_if_worse", "worse_by_pct": 0.1, "worse_by_kw": 1.0, "criteria": None,
    "operational_flexibility": "without",
    "at": "buses", "up_to_kw": 20_000.0, "hours": "extremes_48", "of": ["generation"], "methods": {},
}  # fmt: skip
FEW_HOURS = (2044, 3000, 4100, 4820, 8700)
STEP_KW = 0.1
LV_LOAD = 0.15


def feeder_of(path: Path) -> Feeder:
    """The feeder of a pandapower file or of an OpenDSS master."""
    if path.suffix == ".json":
        spec = {"kind": "pandapower", "path": path.name, "each_file": "grid"}
        reading = pandapower.read("bench", spec, {path.name: path})
    else:
        root = path.parent.parent
        near = [p for p in (*path.parent.rglob("*"), *root.glob("*")) if p.is_file()]
        files = {p.relative_to(root).as_posix(): p for p in near}
        reading = opendss.read("bench", {"kind": "opendss", "path": path.relative_to(root).as_posix()}, files)
    ((feeder, parts),) = reading.parts.items()
    return Feeder.from_parts(
        {"feeder": feeder, "kind": kind, "name": name, "body": part.model_dump_json(exclude_defaults=True)}
        for (kind, name), part in parts.items()
    )


def rows_of(name: str, feeder: Feeder, hours: tuple[int, ...], most: int, level: float | None) -> pd.DataFrame:
    """The rows of ``formula`` of a feeder, with what the search finds; one level of load, or the residential shape."""
    fed, _ = head.served(feeder)
    demand = model_loads(fed, {"shape": "residential"}, Calendar(), "UTC", None)
    if level is not None:
        flat = {k: np.full(HOURS, level, np.float32) for k in demand.profiles}
        demand = Demand(demand.drives, flat, demand.plants)
    spec = {"limits": LIMITS, "secondary": {"drop_pct": 0.0}, "step_min": 60, "controls": "active"}
    case = Case("bench", fed, demand, Calendar(), spec, WORDS)
    case.hours = np.array(hours)
    if len(case.places) > most:
        case.__dict__["places"] = [case.places[i] for i in np.linspace(0, len(case.places) - 1, most).astype(int)]
    begun = time.process_time()
    answers(case, "generation", {})
    mid = time.process_time()
    words = {"tolerance_kw": STEP_KW, "distributed": False}
    searched = [{**r, "method": "iterative", "of": "generation"} for r in iterative(case, words, "generation")]
    ended = time.process_time()
    rows = answers(case, "generation", found(searched))
    print(f"{name}: {len(rows)} sites; formula {mid - begun:.1f} s, search {ended - mid:.1f} s", flush=True)
    return pd.DataFrame(rows).assign(feeder=name)


def score(title: str, tables: list[pd.DataFrame]) -> None:
    """Print a line for each feeder and one for all."""
    fit = surrogate.usable(pd.concat(tables, ignore_index=True))
    at, truth = capacity_model.sites(fit), surrogate.true_kw(fit)
    begun = time.process_time()
    found_ = capacity_model.left_out(at, np.log(truth / at.formula_kw), 0.05, 0)
    spent = time.process_time() - begun
    for name in [*sorted(set(at.feeder.tolist())), ""]:
        own = at.feeder == name if name else np.ones(len(truth), np.bool_)
        kw, true, bound = found_.kw[own], truth[own], found_.bound_kw[own]
        error = np.abs(kw / true - 1.0)
        rank = pd.Series(kw).corr(pd.Series(true), method="spearman")
        print(
            f"surrogate, {title}, {name or 'all'} ({own.sum()} sites): MAPE {100 * error.mean():.2f}, formula alone "
            f"{100 * np.abs(at.formula_kw[own] / true - 1).mean():.2f}, P95 {100 * np.quantile(error, 0.95):.1f}, rank "
            f"{rank:.4f}; optimistic: point {100 * (kw > 1.05 * true).mean():.1f}, bound "
            f"{100 * (bound > 1.05 * true).mean():.1f}; slack {100 * (1 - bound / true).mean():.1f}; inside "
            f"{100 * found_.inside[own].mean():.0f}"
        )
    print(f"surrogate, {title}: fitted and scored in {spent:.1f} s")


def speed() -> None:
    """Print the time of learning, scores included, from made-up rows of 1,000 feeders; only time is looked at."""
    rng = np.random.default_rng(0)
    count = 100_000
    x = rng.random((count, len(capacity_model.FEATURES)))
    feeder = np.array([f"F{i // 100:04d}" for i in range(count)])
    at = capacity_model.Sites(x, np.ones(count), rng.integers(0, 3, count), feeder)
    ratio = 0.02 * x[:, 0] * x[:, 1] + 0.005 * rng.standard_normal(count)
    begun = time.process_time()
    capacity_model.left_out(at, ratio, 0.05, 0)
    model = capacity_model.fit(at, ratio, 0.05, 0)
    spent = time.process_time() - begun
    begun = time.process_time()
    model.predict(at)
    rate = count / (time.process_time() - begun)
    said = f"learned and scored in {spent:.1f} s of one core, {rate:,.0f} answers per second"
    print(f"surrogate, 1,000 feeders of 100 sites: {said}")


def main() -> int:
    """Score what is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simbench", type=Path, help="folder with NAME/grid.json of SimBench grids")
    parser.add_argument("--distrib", type=Path, help="the folder Version8/Distrib of electricdss-tst")
    parser.add_argument("--generators", action="store_true", help="with the grids' own generators, at full power")
    parser.add_argument("--sites", type=int, default=90, help="most sites of an unbalanced feeder")
    given = parser.parse_args()
    speed()
    if given.simbench:
        tables = []
        for path in sorted(given.simbench.glob("*/grid.json")):
            feeder = feeder_of(path)
            if not given.generators:
                feeder = feeder.model_copy(update={"generators": ()})
            tables.append(rows_of(path.parent.name, feeder, (0,), 10_000, LV_LOAD))
        score("SimBench low voltage", tables)
    masters = {"ieee13": DEMO / "ieee13/master.dss", "ieee123": DEMO / "ieee123/master.dss"}
    if given.distrib:
        masters |= {name: given.distrib / path for name, path in UNBALANCED.items()}
        score("unbalanced", [rows_of(n, feeder_of(p), FEW_HOURS, given.sites, None) for n, p in masters.items()])
    return 0


if __name__ == "__main__":
    sys.exit(main())
