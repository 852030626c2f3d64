"""Composition of a feeder: 8,760 hours, 100 transformers, 5 layers, on one core.

Run ``python tests/bench/compose.py``; prints seconds and memory, best of five, and the time of each layer alone.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
sys.path.insert(0, str(Path(__file__).parents[1]))

from layered_cases import CONTEXT, demand_of, feeder_of, made_weather, street  # noqa: E402

from dtl.scenarios.compose import compose  # noqa: E402
from dtl.scenarios.composition import composition  # noqa: E402
from dtl.scenarios.realise import realise  # noqa: E402

LAYERS: list[dict[str, Any]] = [
    {"name": "heat", "kind": "weather", "event": "hottest_week", "of": 2023, "onto": "peak_week", "shift_c": 1.5},
    {"name": "growth", "kind": "growth", "per_year": 0.02},
    {"name": "pumps", "kind": "electrification", "penetration": 0.2, "by": 2030, "end_use": "heating"},
    {"name": "cars", "kind": "ev", "penetration": 0.3, "by": 2030, "charging": {"like": "level2_residential"}},
    {"name": "tou", "kind": "tariff", "peak_hours": [16, 21], "shift_share": 0.1, "moves": ["load", "ev"]},
]
BUDGET_S, BUDGET_MB = 0.5, 500.0


def best(of: Callable[[], object], times: int = 5) -> float:
    """Least seconds of some calls."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        of()
        found.append(time.perf_counter() - begun)
    return min(found)


def main() -> None:
    """Print the ratios."""
    feeder = feeder_of(street(80, 20))
    demand = demand_of(feeder)
    context = replace(CONTEXT, weather={y: made_weather(y) for y in (2023, 2025)})
    case = {"scenario": "s", "year": 2030, "case": "s@2030"}

    def whole() -> None:
        state = compose(LAYERS, feeder, demand, context)
        realise(state)
        composition(state, context, case)

    seconds = best(whole)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    for layer in LAYERS:
        print(f"{layer['name']:8} alone {best(lambda layer=layer: compose([layer], feeder, demand, context)):.3f} s")
    print(f"100 transformers, {feeder.customers} customers, 5 layers, composed, realised and summed: {seconds:.3f} s, "
          f"{seconds / BUDGET_S:.2f} of the budget; {peak:.0f} MB, {peak / BUDGET_MB:.2f} of the budget")  # fmt: skip


if __name__ == "__main__":
    main()
