"""Score of `dtl.learning.expected` on two known functions, ten seeds each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dtl.learning.expected import minimise

Array = NDArray[np.float64]
BRANIN, HARTMANN = 0.397887, -3.32237
A = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def branin(x: Array) -> float:
    """Branin's function on [-5, 10] x [0, 15]."""
    wave = x[1] - 5.1 / (4 * np.pi**2) * x[0] ** 2 + 5 / np.pi * x[0] - 6
    return float(wave**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x[0]) + 10)


def hartmann(x: Array) -> float:
    """Hartmann's function of six variables on the unit cube."""
    return float(-np.array([1.0, 1.2, 3.0, 3.2]) @ np.exp(-(A * (x - P) ** 2).sum(1)))


def regret_branin(seed: int, budget: int = 30) -> float:
    """What is left to the minimum."""
    return minimise(branin, (-5.0, 0.0), (10.0, 15.0), budget, seed).value - BRANIN


def regret_hartmann(seed: int, budget: int = 50) -> float:
    """What is left to the minimum."""
    return minimise(hartmann, [0.0] * 6, [1.0] * 6, budget, seed).value - HARTMANN


if __name__ == "__main__":
    for name, regret, most in (("Branin, 30", regret_branin, 0.001), ("Hartmann-6, 50", regret_hartmann, 0.01)):
        found = sorted(regret(seed) for seed in range(10))
        within = sum(r <= most for r in found)
        print(f"calibrate | {name} values | regret, 9th of 10 seeds | {most} | {found[8]:.4f}; {within} of 10 within")
