"""Newton-Raphson for meshed balanced feeders, by power-grid-model: a package that `dtl` does not need elsewhere.

It is imported when it is asked for only (``engine: newton``), and its absence is told with what to install.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.errors import NotConverged
from dtl.plural import many
from dtl.powerflow.balanced import Balanced

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

PACKAGE = "power-grid-model"
_MAX_ITERATIONS = 50
_FINEST = 1e-8
"""Least change of a voltage that is asked for [pu]: beside a stiff source rounding alone moves it by some 1e-9, and the
last step of Newton-Raphson leaves far less than its own length."""
_STIFF_VA = 1e16
"""Short-circuit power of a source without impedance [VA]."""


def missing() -> str:
    """What to do where the package is not installed; empty where it is."""
    if find_spec("power_grid_model") is not None:
        return ""
    return f"it needs the package {PACKAGE}, which is not installed: pip install {PACKAGE}, or use engine auto"


def solve(model: Balanced, kw: Real, kvar: Real, tolerance: float) -> Complex:
    """Voltages of all nodes referred to the head, in all columns [kV, line to line].

    Parameters
    ----------
    kw, kvar
        Constant power drawn at each node, all phases together, shape (nodes, columns).
    tolerance
        Largest change of a voltage in the last iteration [pu].

    Raises
    ------
    NotConverged
        Some columns have no solution.
    """
    import power_grid_model as pgm  # type: ignore[import-not-found,unused-ignore]
    from power_grid_model.errors import PowerGridBatchError, PowerGridError  # type: ignore[import-not-found,unused-ignore]

    grid = pgm.PowerGridModel(_input(pgm, model), system_frequency=50.0)
    nodes, columns = kw.shape
    load = pgm.initialize_array("update", "sym_load", (columns, nodes - 1))
    load["id"] = _ids(model)["load"]
    load["p_specified"], load["q_specified"] = 1e3 * kw[1:].T, 1e3 * kvar[1:].T
    try:
        found = grid.calculate_power_flow(
            symmetric=True, error_tolerance=max(tolerance, _FINEST), max_iterations=_MAX_ITERATIONS,
            calculation_method=pgm.CalculationMethod.newton_raphson, update_data={"sym_load": load}, threading=-1,
            output_component_types=["node"],
        )  # fmt: skip
    except PowerGridBatchError as err:
        lost, first = err.failed_scenarios, " ".join(str(err.error_messages[0]).split())[:200]
        raise NotConverged(
            f"{PACKAGE}: {many(len(lost), 'columns have no solution')}, the first is {lost[0]}: {first}"
        ) from err
    except PowerGridError as err:
        raise NotConverged(f"{PACKAGE}: {' '.join(str(err).split())[:300]}") from err
    node = found["node"]
    volts = np.empty((nodes, columns), np.complex128)
    volts[0] = model.head_kv
    volts[1:] = (1e-3 * node["u"] * np.exp(1j * node["u_angle"])).T
    return volts


def _ids(model: Balanced) -> dict[str, Any]:
    """Numbers of the components: nodes first, since these must differ from all others."""
    nodes, branches = len(model.buses) - 1, len(model.start) - 1
    starts = np.cumsum([0, nodes, branches, nodes, nodes])
    counts = (nodes, branches, nodes, nodes)
    return {
        word: np.arange(start, start + n, dtype=np.int32)
        for word, start, n in zip(("node", "line", "load", "shunt"), starts, counts, strict=False)
    } | {"source": np.array([starts[-1]], np.int32)}


def _input(pgm: Any, model: Balanced) -> dict[str, Any]:
    """The feeder behind the impedance of its source: node 1 and those after it, branch 1 and those after it."""
    ids, volt = _ids(model), 1e3 * model.head_kv
    node = pgm.initialize_array("input", "node", len(ids["node"]))
    node["id"], node["u_rated"] = ids["node"], volt
    line = pgm.initialize_array("input", "line", len(ids["line"]))
    line["id"], line["from_node"], line["to_node"] = ids["line"], model.start[1:] - 1, model.end[1:] - 1
    line["from_status"] = line["to_status"] = 1
    line["r1"], line["x1"] = model.z_ohm[1:].real, model.z_ohm[1:].imag
    line["c1"] = line["tan1"] = 0.0
    load = pgm.initialize_array("input", "sym_load", len(ids["load"]))
    load["id"], load["node"], load["status"] = ids["load"], ids["node"], 1
    load["type"], load["p_specified"], load["q_specified"] = pgm.LoadGenType.const_power, 0.0, 0.0
    shunt = pgm.initialize_array("input", "shunt", len(ids["shunt"]))
    shunt["id"], shunt["node"], shunt["status"] = ids["shunt"], ids["node"], 1
    shunt["g1"], shunt["b1"] = model.shunt_s[1:].real, model.shunt_s[1:].imag
    source = pgm.initialize_array("input", "source", 1)
    z = complex(model.z_ohm[0])
    source["id"], source["node"], source["status"], source["u_ref"] = ids["source"], 0, 1, 1.0
    source["sk"] = volt**2 / abs(z) if z else _STIFF_VA
    source["rx_ratio"] = z.real / z.imag if z.imag else 0.0
    return {"node": node, "line": line, "sym_load": load, "shunt": shunt, "source": source}
