"""Line constants: the phase matrices of a configuration, from its conductors or as published.

Kersting's form of Carson's equations with Kron reduction of the neutral [1]_.

References
----------
.. [1] W. H. Kersting, "Distribution System Modeling and Analysis", chapters 4 and 5.
"""

from __future__ import annotations

import math

from writer.facts import FREQUENCY_HZ, KM_PER_MILE, Facts, Matrix, Row

EARTH_OHM_M = 100.0

Complex = list[list[complex]]


def per_km(facts: Facts, row: Row) -> tuple[Matrix, Matrix, Matrix]:
    """Resistance [ohm/km], reactance [ohm/km] and susceptance [uS/km], phases in the order A, B, C."""
    if row["kind"] == "matrix":
        columns = ("r_ohm_per_mile", "x_ohm_per_mile", "b_us_per_mile")
        r, x, b = (published(facts, row["configuration"], column) for column in columns)
    else:
        order = [row["phasing"].index(p) for p in sorted(row["phasing"])]
        r, x, b = ([[m[i][j] for j in order] for i in order] for m in carson(facts, row))
    return scaled(r), scaled(x), scaled(b)


def scaled(m: Matrix) -> Matrix:
    """A matrix per mile as one per kilometre."""
    return [[value / KM_PER_MILE for value in line] for line in m]


def published(facts: Facts, configuration: str, column: str) -> Matrix:
    """A published matrix, full, per mile."""
    half = {(r["row"], r["column"]): float(r[column]) for r in facts.matrices if r["configuration"] == configuration}
    phases = sorted({row for row, _ in half})
    return [[half[max(a, b), min(a, b)] for b in phases] for a in phases]


def carson(facts: Facts, row: Row) -> tuple[Matrix, Matrix, Matrix]:
    """Resistance, reactance [ohm/mile] and susceptance [uS/mile] in the order of the positions."""
    space = facts.spacings[row["spacing"]]
    n = len(row["phasing"])
    wires = [facts.conductors[row["conductor"]]] * n + [facts.conductors[row["neutral"]]]
    at = [(float(space[f"x{i}_ft"]), float(space[f"y{i}_ft"])) for i in (*range(1, n + 1), "n")]
    earth_ohm = 0.00158836 * FREQUENCY_HZ
    per_log = 0.00202237 * FREQUENCY_HZ
    depth = 7.6786 + 0.5 * math.log(EARTH_OHM_M / FREQUENCY_HZ)
    z: Complex = [[0j] * (n + 1) for _ in wires]
    p: Complex = [[0j] * (n + 1) for _ in wires]
    for i, (xi, yi) in enumerate(at):
        for j, (xj, yj) in enumerate(at):
            own = i == j
            reach = float(wires[i]["gmr_ft"]) if own else math.dist(at[i], at[j])
            surface = float(wires[i]["diameter_in"]) / 24.0 if own else reach
            resistance = earth_ohm + (float(wires[i]["r_ohm_per_mile"]) if own else 0.0)
            z[i][j] = complex(resistance, per_log * (math.log(1.0 / reach) + depth))
            p[i][j] = complex(11.17689 * math.log(math.hypot(xi - xj, yi + yj) / surface))
    z, y = kron(z), inverse(kron(p))
    omega = 2.0 * math.pi * FREQUENCY_HZ
    r = [[v.real for v in line] for line in z]
    x = [[v.imag for v in line] for line in z]
    return r, x, [[omega * v.real for v in line] for line in y]


def kron(m: Complex) -> Complex:
    """The matrix without its last conductor, which is grounded."""
    n = len(m) - 1
    return [[m[i][j] - m[i][n] * m[n][j] / m[n][n] for j in range(n)] for i in range(n)]


def inverse(m: Complex) -> Complex:
    """The inverse by Gauss-Jordan elimination; these matrices are small and their diagonals dominate."""
    n = len(m)
    a = [[*line, *(complex(i == j) for j in range(n))] for i, line in enumerate(m)]
    for i in range(n):
        a[i] = [v / a[i][i] for v in a[i]]
        for k in set(range(n)) - {i}:
            a[k] = [v - a[k][i] * w for v, w in zip(a[k], a[i], strict=True)]
    return [line[n:] for line in a]
