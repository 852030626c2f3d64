"""Reduced feeders solved by pandapower and power-grid-model; runs in the peers environment and imports nothing of DTL.

Called as a program it reads cases from standard input as JSON and writes the voltages of both packages, per unit, as
lists by column and node. A case has ``head_kv`` (node 0, line to line), ``start``, ``end`` and ``z_ohm`` of branches,
``shunt_s`` of nodes, and ``kw`` and ``kvar`` by column and node; complex numbers are pairs.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandapower as pp
import power_grid_model as pgm

_STIFF_VA = 1e20


def by_pandapower(case: dict[str, Any]) -> list[list[float]]:
    """Newton-Raphson of pandapower, a run for each column."""
    net, kv = pp.create_empty_network(f_hz=50.0), case["head_kv"]
    nodes = pp.create_buses(net, len(case["shunt_s"]), kv)
    pp.create_ext_grid(net, nodes[0], 1.0)
    z = np.array(case["z_ohm"])
    pp.create_lines_from_parameters(
        net, case["start"], case["end"], 1.0, r_ohm_per_km=z[:, 0], x_ohm_per_km=z[:, 1], c_nf_per_km=0.0, max_i_ka=1.0
    )
    g, b = np.array(case["shunt_s"]).T
    pp.create_shunts(net, nodes, q_mvar=-b * kv * kv, p_mw=g * kv * kv, vn_kv=kv)
    pp.create_loads(net, nodes, 0.0)
    found = []
    for kw, kvar in zip(case["kw"], case["kvar"], strict=True):
        net.load["p_mw"], net.load["q_mvar"] = np.array(kw) / 1e3, np.array(kvar) / 1e3
        pp.runpp(net, tolerance_mva=1e-10, max_iteration=50, numba=False)
        found.append(net.res_bus.vm_pu.tolist())
    return found


def by_power_grid_model(case: dict[str, Any]) -> list[list[float]]:
    """Newton-Raphson of power-grid-model, all columns as one batch."""
    count, branches, volt = len(case["shunt_s"]), len(case["start"]), 1e3 * case["head_kv"]
    every = np.arange(count)
    node = pgm.initialize_array("input", "node", count)
    node["id"], node["u_rated"] = every, volt
    line = pgm.initialize_array("input", "line", branches)
    line["id"] = count + np.arange(branches)
    line["from_node"], line["to_node"], line["from_status"], line["to_status"] = case["start"], case["end"], 1, 1
    line["r1"], line["x1"] = np.array(case["z_ohm"]).T
    line["c1"] = line["tan1"] = 0.0
    load = pgm.initialize_array("input", "sym_load", count)
    load["id"], load["node"], load["status"] = count + branches + every, every, 1
    load["type"], load["p_specified"], load["q_specified"] = pgm.LoadGenType.const_power, 0.0, 0.0
    shunt = pgm.initialize_array("input", "shunt", count)
    shunt["id"], shunt["node"], shunt["status"] = 2 * count + branches + every, every, 1
    shunt["g1"], shunt["b1"] = np.array(case["shunt_s"]).T
    source = pgm.initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"] = 3 * count + branches, 0, 1
    source["u_ref"], source["sk"] = 1.0, _STIFF_VA
    grid = pgm.PowerGridModel({"node": node, "line": line, "sym_load": load, "shunt": shunt, "source": source})
    update = pgm.initialize_array("update", "sym_load", (len(case["kw"]), count))
    update["id"] = load["id"]
    update["p_specified"], update["q_specified"] = 1e3 * np.array(case["kw"]), 1e3 * np.array(case["kvar"])
    found = grid.calculate_power_flow(update_data={"sym_load": update}, error_tolerance=1e-11, max_iterations=50)
    return np.asarray(found["node"]["u_pu"]).tolist()


if __name__ == "__main__":
    cases = json.load(sys.stdin)
    answers = [{"pandapower": by_pandapower(c), "power-grid-model": by_power_grid_model(c)} for c in cases]
    json.dump(answers, sys.stdout)
