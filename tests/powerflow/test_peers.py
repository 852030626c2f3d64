"""Consensus: the sweep, `batch`, OpenDSS, pandapower and power-grid-model give balanced feeders the same voltages.

The last two solve the feeder as `dtl.powerflow.balanced` reduces it, in the peers environment that ``DTL_PEERS`` names;
``pytest -s`` prints the differences.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
from balanced_cases import closed, line, town
from numpy.typing import NDArray
from power_cases import demand_of

from dtl.network.feeder import Bus, Feeder, Load
from dtl.powerflow import names
from dtl.powerflow.balanced import Balanced, balanced
from dtl.powerflow.balanced_year import radial_tree
from dtl.powerflow.batch import BatchYear
from dtl.powerflow.opendss import Year
from dtl.powerflow.radial import sweep

HOURS = np.arange(12, 8760, 1460)
AGREED, ALIKE = 1e-6, 1e-8
"""Largest difference of voltages from OpenDSS, and among the programs that solve the reduced feeder [pu]."""
Real = NDArray[np.float64]


def village() -> Feeder:
    """The town with a low-voltage grid of a hundred buses more, by a fixed seed, at a drop of some per cent."""
    rng, start = np.random.default_rng(8), town()
    buses = ["v3", *(f"w{i}" for i in range(100))]
    before = [buses[rng.integers(max(0, i - 8), i)] for i in range(1, 101)]
    spans = rng.uniform(0.01, 0.03, 100)
    rated = {"nodes": (1, 2, 3, 0), "phases": 3, "kv": 0.4, "min_pu": 0.7, "max_pu": 1.3}
    kw = rng.uniform(-0.5, 1.5, 100)
    return start.model_copy(
        update={
            "buses": (*start.buses, *(Bus(name=b, nodes=(1, 2, 3), kv_ln=0.4 / 3**0.5) for b in buses[1:])),
            "lines": (
                *start.lines,
                *(line(f"s{b}", a, b, km, "lv") for a, b, km in zip(before, buses[1:], spans, strict=True)),
            ),
            "loads": (
                *start.loads,
                *(Load(name=b, bus=b, kw=p, kvar=0.3 * p, **rated) for b, p in zip(buses[1:], kw, strict=True)),
            ),
        }
    )


CASES = {"town": town, "ring": lambda: closed(town()), "village": village}


def ours(feeder: Feeder, model: Balanced) -> tuple[dict[str, Real], dict[str, object]]:
    """Voltages by each engine of ours [pu of the head, nodes by hours], and the reduced case for the peers."""
    batch = BatchYear(feeder, demand_of(feeder), tolerance=1e-9)
    owners, loads = batch.batch.ports.owners, batch.batch.ports.loads
    kw, kvar = (model.drawn(owners, loads, own) for own in batch.powers(HOURS))
    at = [batch.circuit.node[f"{names.spelled(b)}.1"] for b in model.buses[1:]]

    def referred(volts: NDArray[np.complex128]) -> Real:
        line_kv = np.abs(volts[at]) * 3**0.5 / 1e3 / model.turns[1:, None]
        return np.asarray(line_kv / model.head_kv, np.float64)

    found = {"batch": referred(batch.voltages(HOURS))}
    if not model.loop():
        found["radial"] = np.abs(sweep(radial_tree(model), kw, kvar, model.head_kv))[1:] / model.head_kv
    reference = Year(feeder, demand_of(feeder), controls_active=False, tolerance=1e-9)
    found["OpenDSS"] = np.concatenate([referred(b.voltages) for b in reference.blocks(HOURS)], axis=1)
    case = {
        "head_kv": model.head_kv,
        "start": model.start.tolist(),
        "end": model.end.tolist(),
        "z_ohm": [[z.real, z.imag] for z in model.z_ohm.tolist()],
        "shunt_s": [[y.real, y.imag] for y in model.shunt_s.tolist()],
        "kw": kw.T.tolist(),
        "kvar": kvar.T.tolist(),
    }
    return found, case


def test_all_engines_and_both_peers_agree(peers: Path) -> None:
    found, cases = {}, []
    for name, make in CASES.items():
        feeder = make()
        found[name], case = ours(feeder, balanced(feeder))
        cases.append(case)
    script = str(Path(__file__).with_name("peers_solve.py"))
    done = subprocess.run([peers, script], input=json.dumps(cases), capture_output=True, text=True, check=True)
    for (name, voltages), told in zip(found.items(), json.loads(done.stdout), strict=True):
        voltages |= {peer: np.array(v).T[1:] for peer, v in told.items()}
        reference = voltages.pop("OpenDSS")
        off = {engine: float(np.abs(v - reference).max()) for engine, v in voltages.items()}
        print(f"\n{name}: lowest {reference.min():.3f} pu; max |dV| to OpenDSS:", end=" ")
        reduced = np.stack([v for engine, v in voltages.items() if engine != "batch"])
        spread = float(np.ptp(reduced, axis=0).max())
        print(", ".join(f"{engine} {dv:.1e}" for engine, dv in off.items()), f"; among those reduced {spread:.1e}")
        assert max(off.values()) <= AGREED and spread <= ALIKE, (name, off, spread)
        assert len(off) == (4 if name != "ring" else 3)
