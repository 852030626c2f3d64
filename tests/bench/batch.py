"""The accelerated engines against others, side by side in this process; prints ratios and exits 1 below a floor.

    python tests/bench/batch.py [--repeats 5] [--only ieee123]

Yearly: OpenDSS's own ``solve mode=yearly number=8760`` with controls off, no meter, no monitor and no read-out, against
our year with all voltages, loadings and losses of every hour reduced. Both have one circuit, one set of load limits and
tolerance 1e-6; compiling the circuit is counted on no side. The synthetic feeder is the largest of ``dtl synth utility
--feeders 2 --meters 900-1000``, whose meters hang on low-voltage buses of their own.

Radial: power flows per second of `dtl.powerflow.radial` and of power-grid-model's symmetric batch calculation (its
faster method, one thread) on a radial network of 100 nodes at 1e-8, where power-grid-model is installed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

FLOOR, AIM = 3.0, 6.0
RADIAL_FLOOR = 8.0
NODES, COLUMNS, CLOSE = 100, 4096, 1e-8


def yearly(name: str, master: Path, repeats: int) -> float:
    """Ratio of the best CPU times of one feeder."""
    import qsts

    from dtl.demand.calendar import HOURS, Calendar
    from dtl.demand.model_loads import model_loads
    from dtl.powerflow import engine, head
    from dtl.powerflow.batch import BatchYear
    from dtl.powerflow.opendss import TOLERANCE, Year
    from dtl.powerflow.reduce import Reduction

    feeder, _ = head.served(qsts.read(master))
    demand = model_loads(feeder, {"shape": "residential"}, Calendar(), "UTC", None)
    spec = {"limits": qsts.LIMITS, "secondary": {"drop_pct": 0.0}}

    def native() -> float:
        Year(feeder, demand, controls_active=False)
        engine.set_step(0)
        engine.load_settings(number=HOURS, tolerance=TOLERANCE)
        start = time.process_time()
        engine.solve()
        spent = time.process_time() - start
        assert engine.converged()
        return spent

    def ours() -> tuple[float, float]:
        year = BatchYear(feeder, demand)
        reduction = Reduction(year.feeder, year.circuit, head.view(feeder), Calendar(), spec, 1.0)
        reducing, start = 0.0, time.process_time()
        for block in year.blocks(range(HOURS)):
            before = time.process_time()
            reduction.add(block, year.repeat)
            reducing += time.process_time() - before
        reduction.loading.finish()
        return time.process_time() - start, reducing

    theirs, mine = [], []
    for _ in range(repeats):
        theirs.append(native())
        mine.append(ours())
    best, reducing = min(mine)
    ratio = min(theirs) / best
    us = 1e6 / HOURS
    print(
        f"{name}: {len(feeder.buses)} buses, {len(feeder.loads)} loads: OpenDSS {min(theirs) * us:.1f} us/h, ours "
        f"{best * us:.1f} us/h ({reducing * us:.1f} of it reduction), ratio {ratio:.1f} (floor {FLOOR:g}, aim {AIM:g})"
    )
    return ratio


def synthetic(folder: Path, meters: str = "900-1000") -> Path:
    """Master file of the larger of two synthetic feeders."""
    words = ["synth", "utility", "--feeders", "2", "--days", "0", "--formats", "opendss", "--meters", meters]
    subprocess.run([sys.executable, "-m", "dtl.cli", *words, "--out", str(folder)], check=True, capture_output=True)
    return max(
        (p / "Master.dss" for p in (folder / "opendss").iterdir()),
        key=lambda p: (p.parent / "Lines.dss").stat().st_size,
    )


def radial(repeats: int) -> float:
    """Ratio of power flows per second; infinite where power-grid-model is not installed."""
    from dtl.powerflow.radial import sweep, tree

    rng = np.random.default_rng(1)
    to = np.arange(1, NODES)
    start = np.maximum(to - rng.integers(1, 6, NODES - 1), 0)
    z = rng.uniform(0.004, 0.008, NODES - 1) + 1j * rng.uniform(0.002, 0.005, NODES - 1)
    kw = rng.uniform(0.2, 1.0, (NODES, COLUMNS))
    kw[0] = 0.0
    network = tree(start, to, z)
    volts = np.abs(sweep(network, kw, 0.3 * kw, 0.4, CLOSE))
    mine = best(repeats, lambda: sweep(network, kw, 0.3 * kw, 0.4, CLOSE))
    drop = 1.0 - volts.min() / 0.4
    if find_spec("power_grid_model") is None:
        print(f"radial: {COLUMNS / mine:,.0f} power flows a second; power-grid-model is not installed")
        return np.inf
    theirs, gap = peer(repeats, (start, to, z), kw, volts)
    ratio = theirs / mine
    print(
        f"radial: {NODES} nodes, largest drop {drop:.1%}: ours {COLUMNS / mine:,.0f} power flows a second, "
        f"power-grid-model {COLUMNS / theirs:,.0f}, ratio {ratio:.1f} (floor {RADIAL_FLOOR:g}); "
        f"voltages differ {gap:.0e} pu"
    )
    return ratio


def peer(
    repeats: int, branches: tuple[np.ndarray, np.ndarray, np.ndarray], kw: np.ndarray, volts: np.ndarray
) -> tuple[float, float]:
    """Seconds of power-grid-model for all columns, and how far its voltages lie from ours [pu]."""
    from power_grid_model import CalculationMethod, LoadGenType, PowerGridModel, initialize_array

    start, to, z = branches
    node = initialize_array("input", "node", NODES)
    node["id"], node["u_rated"] = np.arange(NODES), 400.0
    line = initialize_array("input", "line", NODES - 1)
    line["id"], line["from_node"], line["to_node"] = 1000 + np.arange(NODES - 1), start, to
    line["from_status"] = line["to_status"] = 1
    line["r1"], line["x1"], line["c1"], line["tan1"], line["i_n"] = z.real, z.imag, 0.0, 0.0, 1e3
    load = initialize_array("input", "sym_load", NODES - 1)
    load["id"], load["node"], load["status"] = 2000 + to, to, 1
    load["type"], load["p_specified"], load["q_specified"] = LoadGenType.const_power, 0.0, 0.0
    source = initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"], source["u_ref"], source["sk"] = 9000, 0, 1, 1.0, 1e20
    model = PowerGridModel({"node": node, "line": line, "sym_load": load, "source": source})
    update = initialize_array("update", "sym_load", (COLUMNS, NODES - 1))
    update["id"] = load["id"]
    update["p_specified"], update["q_specified"] = 1e3 * kw[1:].T, 300.0 * kw[1:].T
    spent, found = np.inf, {}
    for method in (CalculationMethod.iterative_current, CalculationMethod.newton_raphson):

        def run(method: CalculationMethod = method) -> None:
            found["node"] = model.calculate_power_flow(
                update_data={"sym_load": update}, calculation_method=method, error_tolerance=CLOSE, threading=-1,
                output_component_types={"node": ["u"]},
            )["node"]["u"]  # fmt: skip

        spent = min(spent, best(repeats, run))
    return spent, float(np.abs(found["node"].T / 400.0 - volts / 0.4).max())


def best(repeats: int, run: Callable[[], object]) -> float:
    """Least CPU time of some runs [s]."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        spent.append(time.process_time() - start)
    return min(spent)


def main() -> int:
    """Run the comparisons; 1 when one is below its floor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=("ieee123", "synthetic", "radial"))
    arguments = parser.parse_args()
    good = True
    if arguments.only in (None, "ieee123"):
        master = Path(__file__).resolve().parents[2] / "studies/demo/data/opendss/ieee123/master.dss"
        good &= yearly("ieee123", master, arguments.repeats) >= FLOOR
    if arguments.only in (None, "synthetic"):
        with tempfile.TemporaryDirectory() as folder:
            good &= yearly("synthetic", synthetic(Path(folder) / "utility"), arguments.repeats) >= FLOOR
    if arguments.only in (None, "radial"):
        good &= radial(arguments.repeats) >= RADIAL_FLOOR
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
