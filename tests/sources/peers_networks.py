"""Networks that pandapower ships, solved and written as JSON; runs in the peers environment, imports nothing of DTL.

Called as a program, ``peers_networks.py FOLDER``.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pandapower as pp
import pandapower.networks as networks

MADE = {
    "cigre_lv": networks.create_cigre_network_lv,
    "cigre_mv": lambda: networks.create_cigre_network_mv(with_der="all"),
    "kerber": networks.create_kerber_vorstadtnetz_kabel_1,
    "kerber_weak": networks.kb_extrem_landnetz_kabel_trafo,
    "oberrhein": lambda: networks.mv_oberrhein(scenario="generation", include_substations=True),
    "open_ring": networks.simple_mv_open_ring_net,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name, make in MADE.items():
        net = make()
        net = net[0] if isinstance(net, tuple) else net
        pp.runpp(net, calculate_voltage_angles=True, tolerance_mva=1e-9, max_iteration=50, numba=False)
        pp.to_json(net, str(Path(sys.argv[1]) / f"{name}.json"))
