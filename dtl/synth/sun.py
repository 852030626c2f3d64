"""Where the sun stands and what reaches the ground and a tilted roof.

Position after Spencer (1971), clear sky after Haurwitz (1945), diffuse share after Erbs et al. (1982), isotropic sky.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]

LATITUDE, LONGITUDE = 41.70, -88.25
"""One place for the sun of the whole utility [degree]."""


@dataclass(frozen=True, slots=True)
class Sun:
    """Position of the sun at each instant [radian]."""

    cos_zenith: Floats
    azimuth: Floats
    """From north, clockwise."""
    extra_w_m2: Floats
    """Irradiance outside the atmosphere, normal to the beam [W/m2]."""

    @property
    def clear_w_m2(self) -> Floats:
        """Global irradiance on the ground under a clear sky [W/m2]."""
        cz = np.maximum(self.cos_zenith, 1e-6)
        return np.where(self.cos_zenith > 0.01, 1098.0 * cz * np.exp(-0.057 / cz), 0.0)


def sun(utc: Times) -> Sun:
    """The sun at instants given in UTC."""
    day = utc.astype("M8[D]")
    hours = (utc - day) / np.timedelta64(1, "h")
    of_year = (day - day.astype("M8[Y]").astype("M8[D]")) / np.timedelta64(1, "D")
    g = 2.0 * np.pi * (of_year + hours / 24.0) / 365.25
    declination = (
        0.006918 - 0.399912 * np.cos(g) + 0.070257 * np.sin(g) - 0.006758 * np.cos(2 * g) + 0.000907 * np.sin(2 * g)
        - 0.002697 * np.cos(3 * g) + 0.00148 * np.sin(3 * g)
    )  # fmt: skip
    equation_h = 229.18 / 60.0 * (
        0.000075 + 0.001868 * np.cos(g) - 0.032077 * np.sin(g) - 0.014615 * np.cos(2 * g) - 0.040849 * np.sin(2 * g)
    )  # fmt: skip
    angle = np.pi / 12.0 * (hours + LONGITUDE / 15.0 + equation_h - 12.0)
    lat = np.radians(LATITUDE)
    cz = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(angle)
    azimuth = np.arctan2(-np.sin(angle), np.tan(declination) * np.cos(lat) - np.sin(lat) * np.cos(angle))
    extra = 1366.1 * (1.0 + 0.033 * np.cos(g))
    return Sun(cz, azimuth, extra)


def on_roof(at: Sun, ghi_w_m2: Floats, tilt_deg: float, azimuth_deg: float) -> Floats:
    """Irradiance on a tilted plane [W/m2]; azimuth from north, clockwise."""
    cz = np.maximum(at.cos_zenith, 0.02)
    kt = np.clip(ghi_w_m2 / (at.extra_w_m2 * cz), 0.0, 1.0)
    middle = 0.9511 - 0.1604 * kt + 4.388 * kt**2 - 16.638 * kt**3 + 12.336 * kt**4
    share = np.where(kt <= 0.22, 1.0 - 0.09 * kt, np.where(kt <= 0.80, middle, 0.165))
    diffuse = ghi_w_m2 * share
    beam = np.minimum((ghi_w_m2 - diffuse) / cz, 1000.0)
    tilt = np.radians(tilt_deg)
    sz = np.sqrt(np.maximum(0.0, 1.0 - at.cos_zenith**2))
    cos_incidence = at.cos_zenith * np.cos(tilt) + sz * np.sin(tilt) * np.cos(at.azimuth - np.radians(azimuth_deg))
    total: Floats = (
        beam * np.maximum(cos_incidence, 0.0)
        + diffuse * (1.0 + np.cos(tilt)) / 2.0
        + 0.2 * ghi_w_m2 * (1.0 - np.cos(tilt)) / 2.0
    )
    return np.where(at.cos_zenith > 0.0, total, 0.0)


def cloud_factor(cover_pct: Floats) -> Floats:
    """Share of the clear-sky irradiance that passes clouds."""
    factor: Floats = 1.0 - 0.74 * (cover_pct / 100.0) ** 2.6
    return factor
