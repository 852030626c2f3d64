"""The low-voltage twin: small 0.4 kV feeders as JSON, a day of load and sun in 96 steps, and outliers on purpose.

Every twelve feeders there are one *long*, one *weak* (thin cable), one *overloaded* and one *unbalanced*; the rest are
normal. A network is a JSON object of ``nodes`` (node 0 is the bus bar) and ``lines``; a node's load is its peak, to be
multiplied with the profile. The answers of ``truth/`` are three-phase solutions by OpenDSS with constant-power loads.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from dss import DSS

from dtl.errors import DtlError, SolveError
from dtl.synth.habits import bump
from dtl.synth.model import PHASES
from dtl.synth.seeds import generator
from dtl.synth.sun import on_roof, sun
from dtl.synth.truth import write_csv

Network = dict[str, Any]

STEPS = 96
JUDGED = (4, 28, 48, 74)
"""Steps whose answers are listed: 01:00, 07:00, 12:00 and 18:30."""
RECIPES = {2: "long", 5: "weak", 8: "overloaded", 11: "unbalanced"}
CABLE = {"name": "NAYY 4x150", "r_ohm_per_km": 0.206, "x_ohm_per_km": 0.080, "rating_a": 270.0}
THIN = {"name": "NAYY 4x35", "r_ohm_per_km": 0.868, "x_ohm_per_km": 0.083, "rating_a": 120.0}
TRANSFORMER = {"kva": 500.0, "kv_high": 11.0, "kv_low": 0.4, "r_pct": 1.1, "x_pct": 4.2, "no_load_kw": 0.8}
LIMITS = {"low_pu": 0.94, "high_pu": 1.06}
HEAD_PU = 1.025
TRIALS = 16


def profiles() -> pd.DataFrame:
    """Load and sun of one day, over their peaks: a winter-evening household and a clear June roof."""
    step = np.arange(STEPS)
    hour = np.asarray((step + 0.5) / 4.0, dtype=np.float64)
    load = 0.30 + 0.35 * bump(hour, 7.5, 1.3) + 0.20 * bump(hour, 12.5, 2.2) + 0.70 * bump(hour, 18.9, 2.0)
    at = sun(np.datetime64("2025-06-21T05:52", "m") + (step * 15 + 8) * np.timedelta64(1, "m"))
    pv = on_roof(at, at.clear_w_m2, 30.0, 180.0)
    clock = [f"{k // 4:02d}:{15 * (k % 4):02d}" for k in range(STEPS)]
    return pd.DataFrame(
        {"step": step, "time": clock, "load_pu": np.round(load / load.max(), 4), "pv_pu": np.round(pv / pv.max(), 4)}
    )


def network(number: int, nodes: int, seed: int, harder: float = 1.0) -> Network:
    """One feeder by its recipe; ``harder`` exaggerates what makes it an outlier."""
    recipe = RECIPES.get(number % 12, "normal")
    rng = generator(seed, "lv", number)
    cable = THIN if recipe == "weak" else CABLE
    stretch = {"long": 4.0 * harder, "weak": 1.1 * harder}.get(recipe, 1.0)
    branches = 2 if recipe in ("long", "weak") else 3
    places: list[dict[str, Any]] = [
        {"id": 0, "x": 0.0, "y": 0.0, "customers": 0, "load_kw": 0.0, "power_factor": 1.0, "phases": PHASES}
    ]
    lines: list[dict[str, Any]] = []
    tips = [0] * branches
    for k in range(1, nodes):
        way = (k - 1) % branches
        parent = tips[way]
        if parent and rng.random() < 0.2:
            parent = int(next(line["from"] for line in lines if line["to"] == parent)) or parent
        angle = 2.0 * math.pi * way / branches + float(rng.normal(0, 0.35))
        length = round(float(rng.uniform(18, 42)) * stretch, 1)
        customers = int(rng.integers(1, 4))
        peak = (
            customers
            * float(rng.uniform(1.6, 2.6))
            * {"overloaded": 4.0 * harder, "unbalanced": 1.6 * harder}.get(recipe, 1.0)
        )
        phases = PHASES
        if recipe == "unbalanced":
            phases = str(rng.choice(list(PHASES), p=[0.66, 0.20, 0.14]))
        places.append({
            "id": k, "x": round(places[parent]["x"] + length * math.cos(angle), 2),
            "y": round(places[parent]["y"] + length * math.sin(angle), 2), "customers": customers,
            "load_kw": round(peak, 3),
            "power_factor": round(float(rng.uniform(0.95, 0.99)), 3), "phases": phases,
        })  # fmt: skip
        lines.append({"from": parent, "to": k, "length_m": length, "cable": cable["name"],
        "r_ohm_per_km": cable["r_ohm_per_km"],
                      "x_ohm_per_km": cable["x_ohm_per_km"], "rating_a": cable["rating_a"]})  # fmt: skip
        tips[way] = k
    return {"feeder_id": f"feeder_{number:02d}", "recipe": recipe, "head_pu": HEAD_PU, "limits": LIMITS,
    "transformer": TRANSFORMER,
            "nodes": places, "lines": lines}  # fmt: skip


def commands(net: Network) -> list[str]:
    """A network as OpenDSS commands, all loads at their peak."""
    t = net["transformer"]
    out = [
        "Clear", "Set DefaultBaseFrequency=50",
        f"New Circuit.{net['feeder_id']} basekv={t['kv_high']} pu={net['head_pu']} phases=3 bus1=grid"
        " R1=0.01 X1=0.01 R0=0.01 X0=0.01",
        f"New Transformer.t phases=3 windings=2 buses=(grid 0) conns=(delta wye) kvs=({t['kv_high']} {t['kv_low']})"
        f" kvas=({t['kva']} {t['kva']}) %Rs=({t['r_pct'] / 2} {t['r_pct'] / 2}) xhl={t['x_pct']}"
        f" %noloadloss={100 * t['no_load_kw'] / t['kva']} %imag=0",
    ]  # fmt: skip
    for line in net["lines"]:
        r, x = line["r_ohm_per_km"], line["x_ohm_per_km"]
        out.append(
            f"New Line.l{line['to']} bus1={line['from']} bus2={line['to']} phases=3 units=km"
            f" length={line['length_m'] / 1000:.6g}"
            f" r1={r} x1={x} r0={4 * r:g} x0={4 * x:g} c1=0 c0=0 normamps={line['rating_a']}"
        )
    for node in net["nodes"]:
        if node["load_kw"] > 0:
            dots = "".join(f".{PHASES.index(p) + 1}" for p in node["phases"])
            kv = 0.4 if len(node["phases"]) == 3 else 0.4 / math.sqrt(3.0)
            out.append(
                f"New Load.n{node['id']} bus1={node['id']}{dots} phases={len(node['phases'])} conn=wye"
                f" kv={kv:.8g} kw={node['load_kw']}"
                f" pf={node['power_factor']} model=1 vminpu=0.5 vmaxpu=1.5"
            )
    return [*out, "Set VoltageBases=[11 0.4]", "CalcVoltageBases", "Set Tolerance=1e-8", "Set MaxIterations=200"]


def answers(net: Network, load_pu: list[float]) -> list[dict[str, Any]]:
    """Lowest voltage, transformer loading and worst line of every step.

    Raises
    ------
    SolveError
        A step has no solution.
    """
    DSS.AllowForms = False
    DSS.AllowChangeDir = False
    DSS.Text.Commands(commands(net))
    circuit: Any = DSS.ActiveCircuit
    rows = []
    for step, share in enumerate(load_pu):
        DSS.Text.Commands(f"Set LoadMult={share:.6g}")
        circuit.Solution.Solve()
        if not circuit.Solution.Converged:
            raise SolveError(f"{net['feeder_id']}: step {step} does not converge")
        volts = {name.split(".")[0]: 9.9 for name in circuit.AllNodeNames}
        for name, pu in zip(circuit.AllNodeNames, circuit.AllBusVmagPu, strict=True):
            bus = name.split(".")[0]
            volts[bus] = min(volts[bus], float(pu))
        volts.pop("grid")
        worst = min(volts, key=lambda bus: volts[bus])
        circuit.SetActiveElement("Transformer.t")
        powers = np.asarray(circuit.ActiveCktElement.Powers)[:6]
        kva = math.hypot(float(powers[0::2].sum()), float(powers[1::2].sum()))
        load_pct = 0.0
        for line in net["lines"]:
            circuit.SetActiveElement(f"Line.l{line['to']}")
            amps = float(np.asarray(circuit.ActiveCktElement.CurrentsMagAng)[0:6:2].max())
            load_pct = max(load_pct, 100.0 * amps / line["rating_a"])
        rows.append({
            "feeder": net["feeder_id"], "recipe": net["recipe"], "step": step, "min_pu": round(volts[worst], 6),
            "worst_node": worst,
            "transformer_loading": round(kva / net["transformer"]["kva"], 6), "max_line_pct": round(load_pct, 4),
            "voltage_violation": int(volts[worst] < LIMITS["low_pu"]),
        })  # fmt: skip
    return rows


def solved(number: int, nodes: int, seed: int, load_pu: list[float]) -> tuple[Network, list[dict[str, Any]]]:
    """A feeder and its answers; an outlier is exaggerated until it breaks a limit."""
    for trial in range(TRIALS):
        net = network(number, nodes, seed, 1.12**trial)
        rows = answers(net, load_pu)
        broken = any(r["voltage_violation"] or r["transformer_loading"] > 1.0 for r in rows)
        if broken or net["recipe"] == "normal":
            break
    return net, rows


def write(folder: Path, feeders: int, nodes: int, seed: int) -> dict[str, Any]:
    """Write the twin into an empty or new folder and return its summary.

    Raises
    ------
    DtlError
        The folder is not empty, or there is nothing to write.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DtlError(f"{folder} is not empty; name a new folder")
    if feeders < 1 or nodes < 2 or seed < 0:
        raise DtlError("an LV twin needs at least one feeder of two nodes and a seed that is not negative")
    (folder / "networks").mkdir(parents=True)
    day = profiles()
    write_csv(folder / "profiles" / "load_profile.csv", day[["step", "time", "load_pu"]])
    write_csv(folder / "profiles" / "pv_profile.csv", day[["step", "time", "pv_pu"]])
    rows: list[dict[str, Any]] = []
    for number in range(feeders):
        net, found = solved(number, nodes, seed, day["load_pu"].tolist())
        told = {k: v for k, v in net.items() if k != "recipe"}
        text = json.dumps(told, indent=1) + "\n"
        (folder / "networks" / f"{net['feeder_id']}.json").write_text(text, encoding="utf-8", newline="\n")
        rows += found
    table = pd.DataFrame(rows)
    write_csv(folder / "truth" / "answers.csv", table)
    worst = table.loc[table.groupby("feeder")["min_pu"].idxmin()]
    summary: dict[str, Any] = {
        "seed": seed, "nodes": nodes, "steps": STEPS, "judged_steps": list(JUDGED),
        "feeders": {str(r["feeder"]): {"recipe": r["recipe"], "min_pu": r["min_pu"],
        "transformer_loading": r["transformer_loading"],
                                       "max_line_pct": r["max_line_pct"]} for r in worst.to_dict("records")},
    }  # fmt: skip
    text = json.dumps(summary, sort_keys=True, indent=1) + "\n"
    (folder / "truth" / "summary.json").write_text(text, encoding="utf-8", newline="\n")
    return summary
