"""Score of calibration on twins of IEEE 13 with hidden values, drawn as `tests/learning/test_twins.py` draws them.

    PYTHONPATH=tests python tests/bench/learning/twins.py [FIRST LAST] [BUDGET]

One fit for each seed from FIRST up to LAST, LAST not included; BUDGET 0 (the default) is least squares alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from learning.test_twins import CHANGED, drawn, found
from powerflow.power_cases import FEEDERS

from dtl.powerflow import head

LIMIT = {"load_scale": 0.01, "impedance": 0.05}
"""Aims as shares of the value; that of set points is 0.3 V."""
LIMIT_V = 0.3


def main() -> int:
    """Print a line for each draw, and for each parameter how many were found and lie in their interval."""
    first, last, budget = (int(v) for v in (*sys.argv[1:4], *("20", "31", "0")[len(sys.argv) - 1 :]))
    feeder = head.served(FEEDERS["ieee13"](Path("../shared/samples")))[0]
    errors: dict[str, list[tuple[float, bool, bool]]] = {}
    for seed in range(first, last):
        hidden, places = drawn(feeder, seed)
        for knob, value in found(feeder, hidden, CHANGED, places, seed, budget).items():
            true = hidden[knob.parameter, knob.element]
            share = LIMIT.get(knob.parameter)
            error = abs(value.value - true) / (true if share else 1.0)
            held = value.low <= true <= value.high
            errors.setdefault(knob.parameter, []).append((error, error <= (share or LIMIT_V), held))
            print(
                f"{seed} {knob.name}: {value.value:.4f} for {true:.4f}{'' if held else ', not in its interval'}",
                flush=True,
            )
    for name, own in errors.items():
        good, held = sum(g for _, g, _ in own), sum(h for *_, h in own)
        worst = max(e for e, *_ in own)
        print(
            f"calibrate, twins, {name}: {good} of {len(own)} within the aim, worst {worst:.4f}; {held} in the interval"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
