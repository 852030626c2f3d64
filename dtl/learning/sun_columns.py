"""What the sun gave, interval by interval: metered generation where there is some, else irradiance on three planes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pvlib import irradiance, solarposition

TILT_DEG = 25.0
PLANES_DEG = (-70.0, 0.0, 70.0)
"""Azimuths of the planes, from the direction of the equator to the west."""


def generation_meters(tables: Mapping[str, pa.Table], metered: Mapping[str, pd.Series]) -> list[str]:
    """Meters of registered solar plants that measure nothing else: what they take is below 1 % of what they give."""
    if "register" not in tables:
        return []
    rows = tables["register"].to_pylist()
    plants = sorted({r["meter"] for r in rows if r["type"] == "pv" and r["status"] == "in_service" and r["meter"]})
    found = []
    for meter in plants:
        kwh = metered[meter].dropna() if meter in metered else pd.Series(dtype=float)
        given, taken = -kwh[kwh < 0].sum(), kwh[kwh > 0].sum()
        if given > 0 and taken < 0.01 * given:
            found.append(meter)
    return found


def planes(weather: pa.Table, point: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame | None:
    """Irradiance on tilted planes by hour [W/m2], UTC starts, between two moments; None where the point has no global
    irradiance then.

    Diffuse and direct parts are those of the source, or follow Erbs et al. (1982) from the global irradiance.
    """
    rows = weather.to_pandas()
    rows = (
        rows[(rows["point"].astype(str) == point) & rows["start"].between(first, last)]
        .drop_duplicates("start")
        .set_index("start")
        .sort_index()
    )
    if rows.empty or not rows["ghi_w_m2"].notna().any():
        return None
    latitude, longitude = float(rows["latitude_deg"].iloc[0]), float(rows["longitude_deg"].iloc[0])
    middle = rows.index + pd.Timedelta("30min")
    sun = solarposition.get_solarposition(middle, latitude, longitude).set_index(rows.index)
    zenith, azimuth = sun["apparent_zenith"], sun["azimuth"]
    erbs = irradiance.erbs(rows["ghi_w_m2"].astype(float), zenith, middle.day_of_year)
    direct = rows["dni_w_m2"].astype(float).fillna(pd.Series(erbs["dni"], rows.index))
    diffuse = rows["dhi_w_m2"].astype(float).fillna(pd.Series(erbs["dhi"], rows.index))
    equator = 180.0 if latitude >= 0 else 0.0
    found: dict[str, Any] = {}
    for turn in PLANES_DEG:
        toward = (equator + (turn if latitude >= 0 else -turn)) % 360
        plane = irradiance.get_total_irradiance(
            TILT_DEG, toward, zenith, azimuth, direct, rows["ghi_w_m2"].astype(float), diffuse
        )["poa_global"]
        found[f"{turn:+.0f}"] = plane.where(zenith < 90, 0.0).fillna(np.nan)
    return pd.DataFrame(found, index=rows.index)


def on(columns: pd.DataFrame, index: pd.DatetimeIndex) -> NDArray[np.float64]:
    """The columns at other intervals: means of finer ones, straight lines between the middles of coarser ones."""
    own, asked = columns.index[1] - columns.index[0], index[1] - index[0]
    if own <= asked:
        return np.asarray(columns.resample(asked, origin=index[0]).mean().reindex(index), dtype=np.float64)
    middle = columns.set_axis(columns.index + own / 2)
    wanted = index + asked / 2
    joined = middle.reindex(middle.index.union(wanted)).interpolate(method="time", limit_area="inside")
    return np.asarray(joined.reindex(wanted), dtype=np.float64)
