"""Temperature of photovoltaic cells by the heat balance of Fuentes 1987 (SAND85-0330), hour after hour.

A plate of glass loses heat by convection, forced and free, and by radiation to sky and ground; its heat capacity makes
it lag. How much of the loss is at its back follows from the installed nominal operating temperature. Numbers in
brackets are those of the report's equations. Compared with the port of pvlib in the tests.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]

STEFAN_BOLTZMANN = 5.669e-8
EMISSIVITY, ABSORPTIVITY = 0.84, 0.83
LENGTH_M = 2.0 * 0.31579 * 1.2 / (0.31579 + 1.2)
"""Hydraulic diameter of a module of 0.32 by 1.2 m."""
SIN_TILT = 0.5
"""Sine of the tilt of 30 degrees that free convection is taken at."""
CAPACITY = 11_000.0
"""Heat capacity of a module [J/(m2 K)]."""
HEIGHT_M = 5.0
"""Height of the modules over ground."""
TURBULENT = 1.2e5
"""Reynolds number from which forced convection is turbulent."""
_ROUNDS = 10
_KELVIN = 273.15
_NOMINAL_K, _NOMINAL_SKY_K, _NOMINAL_W_M2 = 293.15, 282.21, 800.0


@numba.njit(cache=True)
def _convection(mean_k: float, wind_m_s: float, difference_k: float, turbulent_from: float) -> float:
    """Coefficient of convection at the top [W/(m2 K)], free and forced together."""
    density = 0.003484 * 101_325.0 / mean_k
    viscosity = 0.24237e-6 * mean_k**0.76 / density
    reynolds = wind_m_s * LENGTH_M / viscosity
    if reynolds > turbulent_from:
        forced = 0.0282 / reynolds**0.2 * density * wind_m_s * 1007.0 / 0.71**0.4
    else:
        forced = 0.86 / reynolds**0.5 * density * wind_m_s * 1007.0 / 0.71**0.67
    grashof = 9.8 / mean_k * difference_k * LENGTH_M**3 / viscosity**2 * SIN_TILT
    free = 0.21 * (grashof * 0.71) ** 0.32 * 2.1695e-4 * mean_k**0.84 / LENGTH_M
    return float((free**3 + forced**3) ** (1.0 / 3.0))


@numba.njit(cache=True)
def _radiation(a_k: float, b_k: float) -> float:
    return float(EMISSIVITY * STEFAN_BOLTZMANN * (a_k**2 + b_k**2) * (a_k + b_k))


@numba.njit(cache=True)
def cell_c(plane_w_m2: Real, air_c: Real, wind_m_s: Real, noct_c: float, wind_height_m: float, step_s: float) -> Real:
    """Temperature of the cells [degree C], shape (steps,).

    Parameters
    ----------
    plane_w_m2
        Irradiance on the plane in each step [W/m2].
    air_c, wind_m_s
        Air temperature [degree C], and wind [m/s] in `wind_height_m`.
    noct_c
        Installed nominal operating temperature [degree C].
    step_s
        Length of a step [s].
    """
    noct = noct_c + _KELVIN
    rise = noct - _NOMINAL_K
    top = _convection(0.5 * (noct + _NOMINAL_K), 1.0, rise, math.inf)
    ground = _radiation(noct, _NOMINAL_K)
    gain = ABSORPTIVITY * _NOMINAL_W_M2
    sigma = EMISSIVITY * STEFAN_BOLTZMANN
    back = (gain - sigma * (noct**4 - _NOMINAL_SKY_K**4) - top * rise) / ((ground + top) * rise)
    ground_k = (noct**4 - back * (noct**4 - _NOMINAL_K**4)) ** 0.25
    ground_k = min(max(ground_k, _NOMINAL_K), noct)
    of_rise = (ground_k - _NOMINAL_K) / rise
    whole = (gain - sigma * (2.0 * noct**4 - _NOMINAL_SKY_K**4 - ground_k**4)) / (top * rise)
    capacity = CAPACITY * (1.0 + (noct - 321.15) / 12.0 if noct > 321.15 else 1.0)
    lower = (HEIGHT_M / wind_height_m) ** 0.2
    found = np.empty(len(plane_w_m2))
    before, gained = _NOMINAL_K, 0.0
    for t in range(len(plane_w_m2)):
        air, now = air_c[t] + _KELVIN, plane_w_m2[t] * ABSORPTIVITY
        sky = 0.68 * (0.0552 * air**1.5) + 0.32 * air  # [24]
        wind = wind_m_s[t] * lower + 1e-4  # [22]
        cell = before
        for _ in range(_ROUNDS):
            convection = whole * _convection(0.5 * (cell + air), wind, abs(cell - air), TURBULENT)
            to_sky = _radiation(cell, sky)  # [3]
            earth = air + of_rise * (cell - air)
            to_earth = _radiation(cell, earth)  # [4]
            loss = convection + to_sky + to_earth
            lag = -loss / capacity * step_s  # [8]
            kept = math.exp(lag) if lag > -10.0 else 0.0
            driven = convection * air + to_sky * sky + to_earth * earth + gained + (now - gained) / lag
            cell = before * kept + ((1.0 - kept) * driven + now - gained) / loss  # [7]
        found[t] = cell - _KELVIN
        before, gained = cell, now
    return found
