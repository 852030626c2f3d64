"""Made-up hosting capacity of the made-up study: every number follows from the position of its bus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CASES = ("base@2035", "growth@2035")
LEVELS = [50.0 * k for k in range(1, 21)]

_EMPTY: dict[str, Any] = {
    "phases": "ABC", "kv_ll": 12.47, "at_least": False, "pre_existing": False, "mc_iterations": 1, "hours": 48,
    "solves": 100, "engine": "batch", "limiting_hour": 4170, "limiting_value": 1.0503, "limiting_limit": 1.05,
}  # fmt: skip


def rows(feeder: str, buses: Sequence[str]) -> list[dict[str, Any]]:
    """Answers of three methods for every second bus; nothing fits at the last of them."""
    made = []
    for n, case in enumerate(CASES):
        scenario, year = case.split("@")
        same = _EMPTY | {"feeder": feeder, "scenario": scenario, "year": int(year), "case": case, "of": "generation"}
        chosen = buses[::2]
        for k, bus in enumerate(chosen):
            kw = 0.0 if k == len(chosen) - 1 else 900.0 / (k + 1) / (n + 1)
            why = {"criterion": "all", "limiting_factor": "thermal" if k % 3 else "overvoltage_primary"}
            why |= {"limiting_element": f"bus {bus}.A", "verdict": f"{kw:g} kW", "step_kw": 10.0}
            for method, value in (("iterative", kw), ("drive", 0.9 * kw)):
                made.append(same | why | _one(value) | {"method": method, "mode": "single", "bus": bus})
        share = [min(1.0, (k + 1) / 16) for k in range(len(LEVELS))]
        deployed = {"method": "stochastic", "mode": "distributed", "bus": "", "phases": "", "criterion": "all"}
        deployed |= {"levels_kw": LEVELS, "violation_share": share, "converged": True, "mc_iterations": 200}
        spread = {"hc_kw": 402.0, "hc_kw_mean": 402.0, "hc_kw_p5": 40.0, "hc_kw_p50": 400.0, "hc_kw_p95": 760.0}
        told = {"limiting_factor": "thermal", "limiting_element": "line <l01>", "verdict": "median 400 kW"}
        made.append(same | deployed | spread | told)
    return made


def _one(kw: float) -> dict[str, float]:
    return dict.fromkeys(("hc_kw", "hc_kw_mean", "hc_kw_p5", "hc_kw_p50", "hc_kw_p95"), kw)
