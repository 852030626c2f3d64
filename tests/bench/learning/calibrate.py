"""Score of `dtl.learning.expected` on known functions, ten seeds each; `--more` seeds 10 to 29 too.

The first two have an aim; the others show that the search was not made for these two alone.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable

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


def goldstein(x: Array) -> float:
    """Logarithm of the function of Goldstein and Price on [-2, 2]^2."""
    a, b = x
    first = 1 + (a + b + 1) ** 2 * (19 - 14 * a + 3 * a * a - 14 * b + 6 * a * b + 3 * b * b)
    second = 30 + (2 * a - 3 * b) ** 2 * (18 - 32 * a + 12 * a * a + 48 * b - 36 * a * b + 27 * b * b)
    return math.log(first * second)


def camel(x: Array) -> float:
    """The six-hump camel on [-3, 3] x [-2, 2]."""
    a, b = x
    return float((4 - 2.1 * a * a + a**4 / 3) * a * a + a * b + (-4 + 4 * b * b) * b * b)


def rosenbrock(x: Array) -> float:
    """Rosenbrock's function of four variables on [-2.048, 2.048]^4."""
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def hartmann_3(x: Array) -> float:
    """Hartmann's function of three variables on the unit cube."""
    wide = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
    at = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]])
    return float(-np.array([1, 1.2, 3, 3.2]) @ np.exp(-(wide * (x - at) ** 2).sum(1)))


Case = tuple[Callable[[Array], float], list[float], list[float], float, int, float]
OTHERS: dict[str, Case] = {
    "Goldstein-Price, logarithm": (goldstein, [-2.0] * 2, [2.0] * 2, math.log(3), 30, 0.01),
    "six-hump camel": (camel, [-3.0, -2.0], [3.0, 2.0], -1.031628, 30, 0.001),
    "Rosenbrock-4": (rosenbrock, [-2.048] * 4, [2.048] * 4, 0.0, 50, 1.0),
    "Hartmann-3": (hartmann_3, [0.0] * 3, [1.0] * 3, -3.86278, 30, 0.01),
}


def told(name: str, budget: int, regrets: list[float], most: float) -> None:
    """Print one line."""
    found = sorted(regrets)
    within = sum(r <= most for r in found)
    nine = found[math.ceil(0.9 * len(found)) - 1]
    print(f"calibrate | {name}, {budget} values | regret | {most} | {within} of {len(found)} within; nine in ten "
          f"below {nine:.2g}, median {found[len(found) // 2]:.2g}", flush=True)  # fmt: skip


if __name__ == "__main__":
    seeds = range(10, 30) if "--more" in sys.argv else range(10)
    told("Branin", 30, [regret_branin(s) for s in seeds], 0.001)
    told("Hartmann-6", 50, [regret_hartmann(s) for s in seeds], 0.01)
    for title, (cost, low, high, least, budget, most) in OTHERS.items():
        told(title, budget, [minimise(cost, low, high, budget, s).value - least for s in seeds], most)
