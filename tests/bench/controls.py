"""Seconds of a year with acting controls, feeder by feeder, beside the year with controls frozen.

    python tests/bench/controls.py [--feeders 10] [--meters 25-40]

The feeders are the rural ones of ``dtl synth utility``, which have three or six single-phase regulators each. A year
is what the stage ``solve_feeder`` does of it: choice of the engine, all hours, every voltage, loading and loss reduced,
and the audit where the batch engine solved. The promise is 4.8 s of one core with controls (100 feeders in 4 minutes on
two cores) and 1.8 s without. Exits 1 where the mean is above it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ACTING_S, FROZEN_S = 4.8, 1.8
SHARE = 4
"""One in so many feeders of a synthetic utility is rural."""


def year(master: Path) -> tuple[float, float, str]:
    """CPU seconds with controls acting and frozen, and what the feeder is."""
    import qsts

    from dtl.demand.calendar import Calendar
    from dtl.demand.model_loads import model_loads
    from dtl.powerflow import head
    from dtl.powerflow.solve import run

    feeder, _ = head.served(qsts.read(master))
    demand = model_loads(feeder, {"shape": "residential"}, Calendar(), "UTC", None)
    spec = {"limits": qsts.LIMITS, "secondary": {"drop_pct": 0.0}, "hours": "all", "engine": "auto", "step_min": 60}
    spent, engines = [], []
    for controls in ("active", "frozen"):
        start = time.process_time()
        engines.append(run(feeder, demand, Calendar(), {**spec, "controls": controls}).engine)
        spent.append(time.process_time() - start)
    nodes = sum(len(b.nodes) for b in feeder.buses)
    said = f"{feeder.id}: {nodes} nodes, {len(feeder.loads)} loads, {len(feeder.regulators)} regulators"
    return spent[0], spent[1], f"{said}, {engines[0]} {spent[0]:.2f} s, frozen {engines[1]} {spent[1]:.2f} s"


def main() -> int:
    """Print a line for each feeder and the means; 1 above the promise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeders", type=int, default=10)
    parser.add_argument("--meters", default="25-40")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "utility"
        words = ["synth", "utility", "--feeders", str(SHARE * given.feeders), "--days", "0", "--formats", "opendss"]
        words += ["--meters", given.meters, "--out", str(out)]
        subprocess.run([sys.executable, "-m", "dtl.cli", *words], check=True, capture_output=True)
        found = sorted(p.parent for p in (out / "opendss").glob("*/Regulators.dss"))[: given.feeders]
        rows = []
        for place in found:
            *spent, said = year(place / "Master.dss")
            rows.append(spent)
            print(said, flush=True)
    if not rows:
        parser.error(f"none of the {SHARE * given.feeders} feeders made is rural; ask for more than {given.feeders}")
    acting, frozen = np.mean(rows, axis=0)
    print(
        f"mean of {len(rows)}: {acting:.2f} s acting (promise {ACTING_S}), {frozen:.2f} s frozen (promise {FROZEN_S})"
    )
    print(f"100 feeders on two cores: {50 * acting / 60:.1f} minutes acting, {50 * frozen:.0f} s frozen")
    return int(acting > ACTING_S or frozen > FROZEN_S)


if __name__ == "__main__":
    sys.exit(main())
