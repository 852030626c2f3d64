"""Line constants: impedances and capacitances of lines and cables from conductors and their places.

Modified Carson's equations with the first terms of the earth-return series, images for the potential coefficients, and
Kron's reduction of the neutrals [1]_. The capacitance of a shielded cable is that of its insulation where its radii are
known, between conductor screen and insulation screen, else that of the circle of its neutral [1]_. All lengths in
metres, results per kilometre.

References
----------
.. [1] W. H. Kersting, Distribution System Modeling and Analysis, chapters 4 and 5.
.. [2] J. R. Carson, Wave propagation in overhead wires with ground return, Bell Syst. Tech. J. 5 (1926).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MU0 = 4e-7 * math.pi
"""Magnetic constant [H/m]."""
EPSILON0 = 8.8541878128e-12
"""Electric constant [F/m]."""
EARTH_OHM_M = 100.0
"""Resistivity of the earth where nothing else is stated [ohm m]."""

_Real = npt.NDArray[np.float64]
_Complex = npt.NDArray[np.complex128]
Rows = tuple[tuple[float, ...], ...]
Place = tuple[float, float]


@dataclass(frozen=True)
class Wire:
    """A bare conductor: resistance [ohm/km], geometric mean radius [m], outer radius [m]."""

    r_ohm_per_km: float
    gmr_m: float
    radius_m: float


@dataclass(frozen=True)
class ConcentricCable:
    """A cable with a neutral of strands around its insulation.

    ``strand``: one strand; ``strands``: their number; ``neutral_radius_m``: of the circle of the strands' centres;
    ``permittivity``: relative, of the insulation; ``insulation_m``: its inner and outer radius [m].
    """

    core: Wire
    strand: Wire
    strands: int
    neutral_radius_m: float
    permittivity: float = 2.3
    insulation_m: Place | None = None


@dataclass(frozen=True)
class TapeCable:
    """A cable with a tape shield: ``shield_radius_m`` is that of the middle of the tape [m]; the rest as above."""

    core: Wire
    shield_radius_m: float
    shield_ohm_per_km: float
    permittivity: float = 2.3
    insulation_m: Place | None = None


@dataclass(frozen=True)
class Matrices:
    """Phase matrices per kilometre: resistance and reactance [ohm/km], nodal capacitance [nF/km]."""

    r_ohm_per_km: Rows
    x_ohm_per_km: Rows
    c_nf_per_km: Rows


def overhead(
    wires: Sequence[Wire],
    places: Sequence[Place],
    phases: int,
    frequency_hz: float = 60.0,
    earth_ohm_m: float = EARTH_OHM_M,
) -> Matrices:
    """Matrices of an overhead line.

    Parameters
    ----------
    wires, places
        Conductors and where they hang, (x, height above ground) [m]; the first `phases` are phase conductors, in the
        order of the answer, the others grounded neutrals.
    """
    distance = _distances(places)
    np.fill_diagonal(distance, [w.gmr_m for w in wires])
    r = np.array([w.r_ohm_per_km for w in wires])
    z = _reduced(_carson(r, distance, frequency_hz, earth_ohm_m), phases)
    mirror = np.array([[math.hypot(xi - xj, yi + yj) for xj, yj in places] for xi, yi in places])
    np.fill_diagonal(distance, [w.radius_m for w in wires])
    potential = np.log(mirror / distance) / (2.0 * math.pi * EPSILON0)
    return _matrices(z, _inverse(potential, phases))


def concentric(
    cables: Sequence[ConcentricCable],
    places: Sequence[Place],
    neutrals: Sequence[Wire] = (),
    neutral_places: Sequence[Place] = (),
    frequency_hz: float = 60.0,
    earth_ohm_m: float = EARTH_OHM_M,
) -> Matrices:
    """Matrices of cables with concentric neutrals, in trench places (x, y) [m], with bare neutrals beside them."""
    n = len(cables)
    shields = [
        Wire(
            r_ohm_per_km=c.strand.r_ohm_per_km / c.strands,
            gmr_m=(c.strand.gmr_m * c.strands * c.neutral_radius_m ** (c.strands - 1)) ** (1.0 / c.strands),
            radius_m=c.neutral_radius_m,
        )
        for c in cables
    ]
    z = _shielded([c.core for c in cables], shields, places, neutrals, neutral_places, frequency_hz, earth_ohm_m)
    c = np.zeros((n, n))
    for i, cable in enumerate(cables):
        radius, k = cable.neutral_radius_m, cable.strands
        spread = math.log(radius / cable.core.radius_m) - math.log(k * cable.strand.radius_m / radius) / k
        c[i, i] = _coaxial(cable, spread)
    return _matrices(z, c)


def taped(
    cables: Sequence[TapeCable],
    places: Sequence[Place],
    neutrals: Sequence[Wire] = (),
    neutral_places: Sequence[Place] = (),
    frequency_hz: float = 60.0,
    earth_ohm_m: float = EARTH_OHM_M,
) -> Matrices:
    """Matrices of cables with tape shields, in trench places (x, y) [m], with bare neutrals beside them."""
    n = len(cables)
    shields = [Wire(c.shield_ohm_per_km, c.shield_radius_m, c.shield_radius_m) for c in cables]
    z = _shielded([c.core for c in cables], shields, places, neutrals, neutral_places, frequency_hz, earth_ohm_m)
    c = np.zeros((n, n))
    for i, cable in enumerate(cables):
        c[i, i] = _coaxial(cable, math.log(cable.shield_radius_m / cable.core.radius_m))
    return _matrices(z, c)


def _coaxial(cable: ConcentricCable | TapeCable, spread: float) -> float:
    """Capacitance [F/m] of the insulation; `spread` is the logarithm of the radii where it is not known."""
    if cable.insulation_m is not None:
        inner, outer = cable.insulation_m
        spread = math.log(outer / inner)
    return 2.0 * math.pi * EPSILON0 * cable.permittivity / spread


def sequence(r1: float, x1: float, r0: float, x0: float, c1: float = 0.0, c0: float = 0.0, phases: int = 3) -> Matrices:
    """Matrices of a line given by sequence values, resistances and reactances [ohm/km], capacitances [nF/km].

    The self term is (z0 + 2 z1) / 3 and the mutual term (z0 - z1) / 3, for any number of phases.
    """

    def spread(one: float, zero: float) -> _Real:
        mutual = (zero - one) / 3.0
        return np.full((phases, phases), mutual) + np.eye(phases) * one

    z = spread(r1, r0) + 1j * spread(x1, x0)
    return _matrices(z, spread(c1, c0) * 1e-12)


def averaged(
    phase: Wire,
    neutral: Wire | None,
    phases: int,
    gmd_m: float,
    gmd_neutral_m: float,
    height_m: float,
    neutral_height_m: float,
    frequency_hz: float = 60.0,
    earth_ohm_m: float = EARTH_OHM_M,
) -> Matrices:
    """Matrices of a line whose spacing is given by mean distances and heights only [m]."""
    wires = [phase] * phases + ([neutral] if neutral else [])
    n = len(wires)
    distance = np.full((n, n), gmd_m)
    height = np.full(n, height_m)
    if neutral:
        distance[-1, :] = distance[:, -1] = gmd_neutral_m
        height[-1] = neutral_height_m
    np.fill_diagonal(distance, [w.gmr_m for w in wires])
    r = np.array([w.r_ohm_per_km for w in wires])
    z = _reduced(_carson(r, distance, frequency_hz, earth_ohm_m), phases)
    np.fill_diagonal(distance, 0.0)
    vertical = height[:, None] - height[None, :]
    across = np.maximum(distance**2 - vertical**2, 0.0)
    mirror = np.sqrt(across + (height[:, None] + height[None, :]) ** 2)
    np.fill_diagonal(distance, [w.radius_m for w in wires])
    potential = np.log(mirror / distance) / (2.0 * math.pi * EPSILON0)
    return _matrices(z, _inverse(potential, phases))


def _distances(places: Sequence[Place]) -> _Real:
    return np.array([[math.hypot(xi - xj, yi - yj) for xj, yj in places] for xi, yi in places])


def _carson(r_ohm_per_km: _Real, distance_m: _Real, frequency_hz: float, earth_ohm_m: float) -> _Complex:
    """Primitive impedances [ohm/km]; the diagonal of `distance_m` holds the geometric mean radii.

    The equivalent depth of the return is 2 exp(1/2 - gamma) sqrt(rho / (omega mu0)), about 658.9 sqrt(rho / f) m.
    """
    omega = 2.0 * math.pi * frequency_hz
    depth = 2.0 * math.exp(0.5 - np.euler_gamma) * math.sqrt(earth_ohm_m / (omega * MU0))
    earth = omega * MU0 / 8.0 * 1e3
    mutual: _Complex = earth + 1j * omega * MU0 / (2.0 * math.pi) * 1e3 * np.log(depth / distance_m)
    return mutual + np.diag(r_ohm_per_km)


def _shielded(
    cores: Sequence[Wire],
    shields: Sequence[Wire],
    places: Sequence[Place],
    neutrals: Sequence[Wire],
    neutral_places: Sequence[Place],
    frequency_hz: float,
    earth_ohm_m: float,
) -> _Complex:
    """Phase impedances of cables whose shields are grounded at both ends [ohm/km]."""
    n = len(cores)
    distance = _distances([*places, *places, *neutral_places])
    for i, shield in enumerate(shields):
        distance[i, n + i] = distance[n + i, i] = shield.radius_m
    wires = [*cores, *shields, *neutrals]
    np.fill_diagonal(distance, [w.gmr_m for w in wires])
    r = np.array([w.r_ohm_per_km for w in wires])
    return _reduced(_carson(r, distance, frequency_hz, earth_ohm_m), n)


def _reduced(z: _Complex, keep: int) -> _Complex:
    """Kron's reduction to the first `keep` conductors; the others are at ground potential."""
    if keep == len(z):
        return z
    reduced: _Complex = z[:keep, :keep] - z[:keep, keep:] @ np.linalg.solve(z[keep:, keep:], z[keep:, :keep])
    return reduced


def _inverse(potential: _Real, phases: int) -> _Real:
    """Nodal capacitances [F/m] of potential coefficients [m/F], neutrals grounded."""
    return np.asarray(np.linalg.inv(_reduced(potential.astype(complex), phases).real), dtype=np.float64)


def _matrices(z_ohm_per_km: _Complex, c_f_per_m: _Real) -> Matrices:
    """Twelve significant digits, symmetric."""

    def rows(matrix: _Real) -> Rows:
        matrix = (matrix + matrix.T) / 2.0
        return tuple(tuple(float(f"{v + 0.0:.12g}") for v in row) for row in matrix)

    return Matrices(rows(z_ohm_per_km.real), rows(z_ohm_per_km.imag), rows(c_f_per_m * 1e12))
