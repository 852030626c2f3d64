"""Impedance and capacitance of overhead lines from conductors and their places on the pole.

Modified Carson's equations with Kron reduction of the neutral, and potential coefficients with images, after
W. H. Kersting, Distribution System Modeling and Analysis, chapters 4 and 5; 60 Hz, earth of 100 ohm m.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from dtl.synth.catalog import CABLES, CONDUCTORS, NEUTRAL, SPACINGS, neutral_of

Complex = npt.NDArray[np.complex128]
Floats = npt.NDArray[np.float64]

HERTZ = 60.0
EARTH_OHM_M = 100.0
EARTH_R = math.pi**2 * HERTZ * 1e-4
EARTH_X = 4.0 * math.pi * HERTZ * 1e-4
EARTH_DEPTH_M = 658.368 * math.sqrt(EARTH_OHM_M / HERTZ)
PER_NF_KM = 1.0 / (2.0 * math.pi * 8.8541878e-12) / 1e12


def _places(conductor: str, phases: int) -> tuple[Floats, list[str]]:
    """Places of the phase conductors and the neutral [m], and the name of each wire."""
    places = np.array([*SPACINGS[phases], NEUTRAL])
    return places, [conductor] * phases + [neutral_of(conductor)]


def _kron(matrix: npt.NDArray[np.generic], keep: int) -> npt.NDArray[np.generic]:
    """Eliminate all rows and columns after the first ``keep``."""
    a, b, c, d = matrix[:keep, :keep], matrix[:keep, keep:], matrix[keep:, :keep], matrix[keep:, keep:]
    reduced: npt.NDArray[np.generic] = a - b @ np.linalg.inv(d) @ c  # type: ignore[operator,arg-type]
    return reduced


@cache
def overhead(conductor: str, phases: int) -> tuple[Complex, Floats]:
    """Series impedance [ohm/km] and nodal capacitance [nF/km] of an overhead line, one row per phase conductor."""
    places, names = _places(conductor, phases)
    wires = [CONDUCTORS[name] for name in names]
    n = len(wires)
    z = np.zeros((n, n), dtype=np.complex128)
    p = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            apart = float(np.hypot(*(places[i] - places[j])))
            image = float(np.hypot(places[i][0] - places[j][0], places[i][1] + places[j][1]))
            own = i == j
            reach = wires[i].gmr_cm / 100.0 if own else apart
            radius = wires[i].diameter_cm / 200.0 if own else apart
            z[i, j] = (
                (wires[i].r50_ohm_per_km if own else 0.0) + EARTH_R + 1j * EARTH_X * math.log(EARTH_DEPTH_M / reach)
            )
            p[i, j] = PER_NF_KM * math.log(image / radius)
    capacitance: Floats = np.linalg.inv(np.asarray(_kron(p, phases), dtype=np.float64))
    return np.asarray(_kron(z, phases), dtype=np.complex128), capacitance


@cache
def underground(cable: str, phases: int) -> tuple[Complex, Floats]:
    """Series impedance [ohm/km] and nodal capacitance [nF/km] of a cable; screens keep the phases' fields apart."""
    c = CABLES[cable]
    z1, z0 = complex(c.r1_ohm_per_km, c.x1_ohm_per_km), complex(c.r0_ohm_per_km, c.x0_ohm_per_km)
    z = np.full((phases, phases), (z0 - z1) / 3.0, dtype=np.complex128)
    np.fill_diagonal(z, (z0 + 2.0 * z1) / 3.0)
    return z, np.eye(phases) * c.b1_us_per_km / (2.0 * math.pi * HERTZ) * 1e3
