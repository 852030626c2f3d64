"""From the weather of a place to the AC power of photovoltaics: the PVWatts chain, for planes of several orientations.

Sun at the middle of each hour; diffuse light by Perez et al. 1990 (Solar Energy 44(5)), albedo 0.2; reflection of the
direct light by Fresnel's and Snell's laws (De Soto et al. 2006, Solar Energy 80(1), n 1.526); cell temperature by
Fuentes 1987 (SAND85-0330); modules and inverter by PVWatts version 5 (Dobos 2014, NREL/TP-6A20-62641). Where only the
global irradiance is known it is split by Erbs et al. 1982 (Solar Energy 28(4)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache

import numpy as np
import pandas as pd
import pvlib
from numpy.typing import NDArray

from dtl.demand.calendar import HOURS, Calendar
from dtl.scenarios.solar_cell import cell_c

Real = NDArray[np.float64]

ALBEDO = 0.2
INVERTER_EFFICIENCY = 0.96
"""Efficiency of the inverter at its rating."""
RACK_C, ROOF_C = 45.0, 49.0
"""Installed nominal operating cell temperature on an open rack, and close to a roof [degree C]."""
WIND_HEIGHT_M = 10.0
DOWN_DEG = 91.0
"""Zenith from which on the sun is down: what an hour's mean still has of light then comes to no power."""
_LOWEST_COS = 0.05
"""Cosine of the zenith below which a direct irradiance is not divided out of its horizontal part."""


@dataclass(frozen=True)
class Plane:
    """Modules of one orientation: azimuth clockwise from north, tilt from the horizontal, share of the power."""

    azimuth_deg: float
    tilt_deg: float
    share: float = 1.0


@dataclass(frozen=True)
class Sun:
    """Where the sun stands in the middle of each hour of a year, shape (8760,) each: angles [degree], and beyond."""

    times: pd.DatetimeIndex
    zenith_deg: Real
    azimuth_deg: Real
    above_w_m2: Real
    """Irradiance normal to the sun above the atmosphere [W/m2]."""
    airmass: Real

    @property
    def height(self) -> Real:
        """Cosine of the zenith, 0 below the horizon."""
        return np.asarray(np.maximum(np.cos(np.radians(self.zenith_deg)), 0.0), np.float64)


@dataclass(frozen=True)
class Sky:
    """Irradiance on the horizontal, normal to the sun, and diffuse, shape (8760,) each [W/m2]; how it was known."""

    ghi: Real
    dni: Real
    dhi: Real
    basis: str


@lru_cache(maxsize=4)
def sun(year: int, timezone: str, latitude_deg: float, longitude_deg: float) -> Sun:
    """The sun over the hours of a study year (local standard time, 29 February left out)."""
    calendar = Calendar(year)
    first = pd.Timestamp(calendar.civil(0, timezone).astimezone(UTC))
    skipped = 24 * ((calendar.day >= 59) & calendar.is_leap)
    return sun_at(
        pd.DatetimeIndex(first + pd.to_timedelta(np.arange(HOURS) + skipped + 0.5, unit="h")),
        latitude_deg,
        longitude_deg,
    )


def sun_at(times: pd.DatetimeIndex, latitude_deg: float, longitude_deg: float) -> Sun:
    """The sun at some moments."""
    place = pvlib.solarposition.get_solarposition(times, latitude_deg, longitude_deg)
    zenith = place["apparent_zenith"]
    return Sun(
        times,
        _real(zenith),
        _real(place["azimuth"]),
        _real(pvlib.irradiance.get_extra_radiation(times.day_of_year.to_numpy())),
        _real(pvlib.atmosphere.get_relative_airmass(zenith)),
    )


def sky(at: Sun, ghi: Real | None, dni: Real | None, dhi: Real | None) -> Sky:
    """The irradiance in its three parts, from those that are known: the horizontal one, or the other two."""
    if dni is not None and dhi is not None:
        return Sky(dni * at.height + dhi if ghi is None else ghi, dni, dhi, "direct and diffuse")
    assert ghi is not None, "an irradiance is known"
    up = at.height > _LOWEST_COS
    if dhi is not None:
        direct = np.divide(ghi - dhi, at.height, out=np.zeros(HOURS), where=up)
        return Sky(ghi, np.clip(direct, 0.0, at.above_w_m2), dhi, "global and diffuse")
    if dni is not None:
        return Sky(ghi, dni, np.maximum(ghi - dni * at.height, 0.0), "global and direct")
    parts = pvlib.irradiance.erbs(ghi, at.zenith_deg, at.times.day_of_year.to_numpy())
    return Sky(ghi, _real(parts["dni"]), _real(parts["dhi"]), "global, split by Erbs")


def on_plane(at: Sun, light: Sky, plane: Plane, diffuse_by: str = "perez") -> tuple[Real, Real]:
    """Irradiance on a plane, and what of it passes the glass, shape (8760,) each [W/m2].

    ``diffuse_by`` is the model of the diffuse light, as pvlib calls it.
    """
    parts = pvlib.irradiance.get_total_irradiance(
        plane.tilt_deg, plane.azimuth_deg, at.zenith_deg, at.azimuth_deg, light.dni, light.ghi, light.dhi,
        dni_extra=at.above_w_m2, airmass=at.airmass, albedo=ALBEDO, model=diffuse_by,
    )  # fmt: skip
    angle = pvlib.irradiance.aoi(plane.tilt_deg, plane.azimuth_deg, at.zenith_deg, at.azimuth_deg)
    up = at.zenith_deg < DOWN_DEG
    direct, diffuse = (np.where(up, _real(parts[f"poa_{part}"]), 0.0) for part in ("direct", "diffuse"))
    return direct + diffuse, direct * _real(pvlib.iam.physical(angle, n=1.526)) + diffuse


def dc_kw(passed_w_m2: Real, cell: Real, rated_kw: float, per_k: float, loss_share: float) -> Real:
    """Power of modules of `rated_kw`, whose power falls by `per_k` for each kelvin, after the losses of a system."""
    return rated_kw * passed_w_m2 / 1000.0 * (1.0 + per_k * (cell - 25.0)) * (1.0 - loss_share)


def ac_kw(dc: Real, rated_kw: float) -> Real:
    """Power behind an inverter of `rated_kw`, 0 to its rating."""
    given = pvlib.inverter.pvwatts(dc, rated_kw / INVERTER_EFFICIENCY, INVERTER_EFFICIENCY)
    return np.maximum(_real(given), 0.0)


def per_kw(
    at: Sun, light: Sky, air_c: Real, wind_m_s: Real, planes: Sequence[Plane], *, dc_ac_ratio: float, per_k: float,
    loss_share: float, noct_c: float = ROOF_C,
) -> Real:  # fmt: skip
    """AC power for each kW of inverters in a mix of planes, each with inverters of its own, shape (8760,) [-]."""
    whole = sum(p.share for p in planes)
    power = np.zeros(HOURS)
    for plane in planes:
        total, passed = on_plane(at, light, plane)
        cell = cell_c(total, air_c, wind_m_s, noct_c, WIND_HEIGHT_M, 3600.0)
        power += plane.share / whole * ac_kw(dc_kw(passed, cell, dc_ac_ratio, per_k, loss_share), 1.0)
    return power


def _real(values: object) -> Real:
    """Numbers as an array, nothing where the sun is down."""
    return np.nan_to_num(np.asarray(values, np.float64))
