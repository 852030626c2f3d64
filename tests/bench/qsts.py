"""Time of a solved year of the IEEE 123-node feeder against OpenDSS's own yearly mode.

    python tests/bench/qsts.py [--repeats 5] [--feeder feeder.json]

All sides have the same circuit text, shapes, tolerance and control mode, in this process, one after the other. Theirs
is ``solve mode=yearly number=8760`` and nothing else; ours solves the same hours with all bus voltages, loadings and
losses of every hour taken out and reduced. Compiling the circuit is counted on no side. We let the engine update
its factors after tap changes, which is not its default; the column ``updating`` gives it the same favour. Prints every
repeat and the ratio of the minima to the engine as it comes; exits 1 above the promise.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from dtl.demand.calendar import HOURS, Calendar
from dtl.demand.model_loads import model_loads
from dtl.network.feeder import Feeder
from dtl.powerflow import engine, head
from dtl.powerflow.opendss import TOLERANCE, Year
from dtl.powerflow.reduce import Reduction
from dtl.sources import opendss as source

PROMISE = 1.5
ROOT = Path(__file__).resolve().parents[2]
MASTER = ROOT / "studies" / "demo" / "data" / "opendss" / "ieee123" / "master.dss"
LIMITS = {
    "lines": {
        "summer": "summer",
        "otherwise": "normal",
        "emergency": "emergency",
        "over_pct": 100.0,
        "summer_months": [6, 7, 8, 9],
        "window_h": 1.0,
    },
    "transformers": {"over_pct": 100.0, "window_h": 2.0, "emergency_pct": None},
    "voltage": [{"kv": [0, 1000], "phases": None, "low_pu": 0.975, "high_pu": 1.05, "at": "service"}],
}


def read(master: Path) -> Feeder:
    """The feeder of a master file."""
    files = {p.name: p for p in master.parent.iterdir() if p.is_file()}
    reading = source.read("bench", {"kind": "opendss", "path": master.name}, files)
    ((feeder, parts),) = reading.parts.items()
    return Feeder.from_parts(
        {"feeder": feeder, "kind": kind, "name": name, "body": part.model_dump_json(exclude_defaults=True)}
        for (kind, name), part in parts.items()
    )


def native(feeder: Feeder, updating: bool) -> float:
    """CPU seconds of the engine's own yearly mode."""
    year = Year(feeder, model_loads(feeder, {"shape": "residential"}, Calendar(), "UTC", None))
    engine.reuse_factors(updating)
    engine.set_step(0)
    engine.load_settings(number=HOURS, tolerance=TOLERANCE)
    start = time.process_time()
    engine.solve()
    spent = time.process_time() - start
    assert engine.converged()
    assert year.controls_active
    return spent


def ours(feeder: Feeder) -> float:
    """CPU seconds of our year, reductions included."""
    view = head.view(feeder)
    year = Year(feeder, model_loads(feeder, {"shape": "residential"}, Calendar(), "UTC", None))
    start = time.process_time()
    spec = {"limits": LIMITS, "secondary": {"drop_pct": 0.0}}
    reduction = Reduction(year.feeder, year.circuit, view, Calendar(), spec, 1.0)
    for block in year.blocks(range(HOURS)):
        reduction.add(block, year.repeat)
    reduction.loading.finish()
    return time.process_time() - start


def main() -> int:
    """Run the comparison; 1 when the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--feeder", type=Path, default=MASTER, help="a master file, or the JSON of a feeder")
    arguments = parser.parse_args()
    path = arguments.feeder
    feeder = Feeder.from_json(path.read_text(encoding="utf-8")) if path.suffix == ".json" else read(path)
    feeder, _ = head.served(feeder)
    plain, updating, mine = [], [], []
    for repeat in range(arguments.repeats):
        plain.append(native(feeder, False))
        updating.append(native(feeder, True))
        mine.append(ours(feeder))
        print(f"{repeat + 1}: OpenDSS {plain[-1]:.2f} s, updating {updating[-1]:.2f} s, ours {mine[-1]:.2f} s")
    ratio = min(mine) / min(plain)
    print(
        f"{feeder.id}: {HOURS} hours, ours / OpenDSS {ratio:.2f} (promise: {PROMISE}), "
        f"ours / updating {min(mine) / min(updating):.2f}"
    )
    return int(ratio > PROMISE)


if __name__ == "__main__":
    sys.exit(main())
