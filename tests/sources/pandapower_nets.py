"""Small pandapower networks as JSON, written by hand, for tests."""

from __future__ import annotations

import json
from typing import Any

Tables = dict[str, list[dict[str, Any]]]

CABLE = {"r_ohm_per_km": 0.208, "x_ohm_per_km": 0.08, "c_nf_per_km": 261.0, "max_i_ka": 0.27}
TRANSFORMER = {"sn_mva": 0.4, "vn_hv_kv": 20.0, "vn_lv_kv": 0.4, "vk_percent": 6.0, "vkr_percent": 1.425}
TRANSFORMER |= {"pfe_kw": 1.35, "i0_percent": 0.3375, "tap_side": "hv", "tap_neutral": 0, "tap_min": -2, "tap_max": 2}
TRANSFORMER |= {"tap_step_percent": 2.5, "tap_pos": -1, "tap_changer_type": "Ratio", "shift_degree": 150.0}


def small() -> Tables:
    """A 20 kV grid, a transformer, and two buses at 0.4 kV with a bit of everything that hangs on a bus."""
    return {
        "bus": [
            {"name": "a", "vn_kv": 20.0, "geo": json.dumps({"type": "Point", "coordinates": [7.1, 48.2]})},
            {"name": "b", "vn_kv": 0.4, "geo": json.dumps({"type": "Point", "coordinates": [7.2, 48.2]})},
            {"name": None, "vn_kv": 0.4},
        ],
        "ext_grid": [{"name": "grid", "bus": 0, "vm_pu": 1.01, "va_degree": 0.0, "in_service": True}],
        "trafo": [{"name": "t", "hv_bus": 0, "lv_bus": 1, "parallel": 2, "in_service": True, **TRANSFORMER}],
        "line": [
            {"name": "l", "std_type": "NAYY 4x150 SE", "from_bus": 1, "to_bus": 2, "length_km": 0.2, "parallel": 2,
             "df": 0.8, "type": "cs", "in_service": True, **CABLE},
        ],
        "load": [
            {"name": "x", "bus": 2, "p_mw": 0.15, "q_mvar": 0.05, "scaling": 1.0, "in_service": True,
             "const_z_p_percent": 30.0, "const_z_q_percent": 30.0, "const_i_p_percent": 20.0,
             "const_i_q_percent": 20.0},
            {"name": "x", "bus": 2, "p_mw": 0.5, "q_mvar": 0.0, "scaling": 0.5, "in_service": False},
        ],
        "sgen": [{"name": "roof", "bus": 2, "p_mw": 0.03, "q_mvar": -0.01, "scaling": 0.5, "type": "PV"}],
        "shunt": [
            {"name": None, "bus": 2, "q_mvar": -0.02, "p_mw": 0.0, "vn_kv": 0.4, "step": 2, "max_step": 3},
            {"name": None, "bus": 1, "q_mvar": 0.01, "p_mw": 0.003, "vn_kv": 0.4, "step": 1, "max_step": 1},
        ],
        "ward": [{"name": "w", "bus": 2, "ps_mw": 0.01, "qs_mvar": 0.002, "pz_mw": 0.005, "qz_mvar": -0.001}],
        "motor": [{"name": "m", "bus": 2, "pn_mech_mw": 0.01, "cos_phi": 0.9, "efficiency_percent": 90.0,
                   "loading_percent": 80.0, "scaling": 1.0}],
    }  # fmt: skip


def wrapped(tables: Tables, order: str = "split", text: bool = True, version: str = "3.1.0", **others: Any) -> str:
    """The tables as a file of pandapower, each in the given order, as text inside the JSON or not."""
    body: dict[str, Any] = {"version": version, "format_version": version, "f_hz": 50.0, "name": "", **others}
    for name, rows in tables.items():
        inner = ordered(rows, order)
        if order == "bare":
            body[name] = inner
        else:
            frame = {"_module": "pandas.core.frame", "_class": "DataFrame", "orient": order, "dtype": {}}
            body[name] = frame | {"_object": json.dumps(inner) if text else inner}
    if order == "bare":
        return json.dumps(body)
    return json.dumps({"_module": "pandapower.auxiliary", "_class": "pandapowerNet", "_object": body}, indent=1)


def ordered(rows: list[dict[str, Any]], order: str) -> Any:
    """The rows of a table in one of the orders of pandas."""
    columns = list({c: None for row in rows for c in row})
    if order == "split":
        data = [[row.get(c) for c in columns] for row in rows]
        return {"columns": columns, "index": list(range(len(rows))), "data": data}
    if order == "records":
        return rows
    if order == "index":
        return {str(i): row for i, row in enumerate(rows)}
    return {c: {str(i): row.get(c) for i, row in enumerate(rows)} for c in columns}


def old(tables: Tables) -> Tables:
    """The tables with the names, units and signs of format versions before 2.0."""
    names = {"vk_percent": "vsc_percent", "vkr_percent": "vscr_percent", "tap_neutral": "tp_mid", "max_i_ka": "imax_ka"}
    names |= {"tap_step_percent": "tp_st_percent", "const_z_p_percent": "const_z_percent"}
    names |= {"const_i_p_percent": "const_i_percent"}
    gone = {"const_z_q_percent", "const_i_q_percent", "tap_changer_type", "geo"}
    found: Tables = {}
    for table, rows in tables.items():
        found[table] = []
        for row in rows:
            made = {}
            for column, value in row.items():
                if column in gone:
                    continue
                new = names.get(column, column)
                new = new.replace("tap_", "tp_", 1) if new.startswith("tap_") else new
                for unit, was in (("_mva", "_kva"), ("_mvar", "_kvar"), ("_mw", "_kw")):
                    if new.endswith(unit):
                        new = new.removesuffix(unit) + was
                        value = value * 1000.0 * (-1.0 if table == "sgen" and unit != "_mva" else 1.0)
                made[new] = value
            found[table].append(made)
    found["bus_geodata"] = [{"x": 7.1, "y": 48.2}, {"x": 7.2, "y": 48.2}]
    return found
