"""Monte Carlo hosting against a loop over OpenDSS, side by side in this process; prints ratios, exits 1 below a floor.

    python tests/bench/hosting.py [--repeats 3] [--only ieee123]

Random deployments on a fifth of the customers, ten nested levels each, unity power factor, controls held, one hour.
OpenDSS has one compiled circuit, no meter and no monitor, only the plants that change from one column to the next are
set, and after each solution all voltages and all loadings are read by its own fastest calls. Ours solves the same
columns, reduces all voltages and loadings and judges every criterion; both at 1e-6. Compiling is counted on no side.
Then the time of a whole study of a feeder: 200 deployments judged in the 576 hours.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

FLOORS = {"ieee123": 10.0, "synthetic": 15.0}
AIM = 20.0
METERS = "1600-1700"
"""Meters of the synthetic feeder, which make about 3,000 nodes."""
LEVELS, SHARE = 10, 0.2
SECONDS = 4.8
"""Seconds of one core in which a feeder's study must be done: 100 feeders in 4 minutes on two cores."""


def case_of(master: Path) -> Any:
    """The case of a feeder as it comes, with illustrative shapes."""
    import qsts

    from dtl.analyses.hosting.case import Case
    from dtl.demand.calendar import Calendar
    from dtl.demand.model_loads import model_loads
    from dtl.powerflow import head

    feeder, _ = head.served(qsts.read(master))
    demand = model_loads(feeder, {"shape": "residential"}, Calendar(), "UTC", None)
    spec = {"limits": qsts.LIMITS, "secondary": {"drop_pct": 0.0}, "step_min": 60, "controls": "frozen"}
    words = {
        "pre_existing": "only_if_worse", "worse_by_pct": 0.1, "worse_by_kw": 1.0, "criteria": None,
        "operational_flexibility": "without",
        "at": "loads", "up_to_kw": 5000.0, "hours": "month_extremes_576", "of": ["generation"], "methods": {},
    }  # fmt: skip
    return Case("bench", feeder, demand, Calendar(), spec, words)


def columns(sites: int, count: int) -> np.ndarray:
    """Powers of the plants [kW], shape (sites, columns): a fifth of the sites, level after level."""
    rng, found = np.random.default_rng(1), []
    for _ in range(count):
        chosen = rng.permutation(sites)[: max(1, int(SHARE * sites))]
        kw = np.zeros(sites)
        kw[chosen] = rng.uniform(3.0, 10.0, len(chosen))
        found += [kw * (level + 1) / LEVELS for level in range(LEVELS)]
    return np.array(found).T


def theirs(case: Any, kw: np.ndarray) -> float:
    """CPU seconds per column of the loop over OpenDSS."""
    from dss import DSS

    from dtl.analyses.hosting.sites import name_of, with_plants
    from dtl.powerflow import dss, engine, names
    from dtl.powerflow.opendss import TOLERANCE, driven, follow

    feeder = driven(with_plants(case.points[0].feeder, case.customers, "generation"), case.demand)
    engine.load(dss.write(feeder))
    follow(feeder, case.demand)
    engine.load_settings(mode="yearly", stepsize="1h", number=1, controlmode="off", tolerance=TOLERANCE)
    circuit = DSS.ActiveCircuit
    machines = circuit.Generators
    place = {n: i for i, n in enumerate(machines.AllNames, 1)}
    index = [place[names.spelled(name_of(i))] for i in range(len(kw))]
    volts, now = engine.Voltages(), np.zeros(len(kw))
    into = np.empty(len(engine.node_names()) + 1, np.complex128)
    start = time.process_time()
    for column in kw.T:
        for i in np.flatnonzero(column != now):
            machines.idx = index[i]
            machines.kW = column[i]
        now = column
        engine.set_step(int(case.hours[0]))
        engine.solve()
        assert engine.converged()
        volts.read(into)
        np.asarray(circuit.PDElements.AllPctNorm())
    return (time.process_time() - start) / kw.shape[1]


class Given:
    """Placements that are given column by column."""

    def __init__(self, kw: np.ndarray) -> None:
        self._kw = kw

    def kw(self, placement: np.ndarray, level: np.ndarray) -> np.ndarray:
        """The columns by their number."""
        del level
        return self._kw[:, placement]


def ours(case: Any, kw: np.ndarray) -> float:
    """CPU seconds per column of ours."""
    grid = case.customer_grid("generation")
    every = np.arange(kw.shape[1])
    start = time.process_time()
    excess, _ = grid.judge(Given(kw), every, every, np.zeros(len(every), np.int64))
    spent = (time.process_time() - start) / len(every)
    assert (excess[-1] <= 0).all()
    return spent


def compare(name: str, master: Path, repeats: int, count: int) -> bool:
    """Print the ratio of a feeder and the time of a whole study; whether both hold."""
    from dtl.analyses.hosting.stochastic import stochastic

    case = case_of(master)
    kw = columns(len(case.customers), count)
    slow, fast = [], []
    for _ in range(repeats):
        slow.append(theirs(case, kw[:, : 20 * LEVELS]))
        fast.append(ours(case, kw))
    ratio = min(slow) / min(fast)
    nodes = sum(len(b.nodes) for b in case.feeder.buses)
    print(
        f"{name}: {nodes} nodes, {len(case.customers)} customers: OpenDSS {1e6 * min(slow):.0f} us, ours "
        f"{1e6 * min(fast):.0f} us a column, ratio {ratio:.1f} (floor {FLOORS[name]:g}, aim {AIM:g})"
    )
    start = time.process_time()
    row = stochastic(case, {"placements": 200, "kw_each": [5.0, 50.0], "seed": 1}, "generation")[0]
    spent = time.process_time() - start
    print(
        f"{name}: 200 deployments in 576 hours {spent:.1f} s ({row['solves']:,} columns); for 100 feeders {SECONDS:g} s"
    )
    return ratio >= FLOORS[name]


def main() -> int:
    """Run the comparisons; 1 when one is below its floor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=tuple(FLOORS))
    given = parser.parse_args()
    good = True
    if given.only in (None, "ieee123"):
        master = Path(__file__).resolve().parents[2] / "studies/demo/data/opendss/ieee123/master.dss"
        good &= compare("ieee123", master, given.repeats, 200)
    if given.only in (None, "synthetic"):
        import batch

        with tempfile.TemporaryDirectory() as folder:
            good &= compare("synthetic", batch.synthetic(Path(folder) / "utility", METERS), given.repeats, 50)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
