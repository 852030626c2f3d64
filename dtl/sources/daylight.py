"""Whether the light of a point comes when the sun is up there: a wrong zone, sign or place shows in nothing else.

The centre of the light of many days lies at solar noon, whatever the clouds do. Of 23 published years from eight
countries the furthest lies 0.63 h beside it, where stamps are half an hour off by convention, and winter and summer
differ by 0.25 h at most.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dtl.sources.reading import Reading
from dtl.sources.weather import HOUR, Floats, Hours

LIGHTS = ("ghi_w_m2", "dhi_w_m2", "dni_w_m2")
"""Fields that say when there is light; the first that a point has is taken."""

DAYS, YEARLY = 20, 300
"""Days of light that tell noon, and those that tell the seasons."""

BESIDE_H = 0.75
"""Hours beside noon that no weather and no convention of stamps explains."""

CHANGE_H = 0.6
"""Hours between the noons of winter and summer that only a change of clocks explains."""

FAINT_W_M2 = 10.0
"""Mean light below which a point has none to judge; the darkest of those years has 94.7."""

LEAST = 0.3
"""Least share of the light that points at one hour, 0 to 1; 0.68 to 0.81 in those years."""

SEASONAL_DEG = 30.0
"""Latitude from which on summers are brighter than winters everywhere; nearer to the equator rain decides."""

WINTER, SUMMER = (11, 12, 1, 2), (5, 6, 7, 8)


def judge(reading: Reading, hours: Hours) -> None:
    """Tell light that is centred beside noon, that moves with the clocks, or whose seasons are those of the other
    hemisphere; nothing is changed.

    The hour angle is of the middle of each hour, with the equation of time of Spencer (1971), as pvlib has it.
    """
    name = next((f for f in LIGHTS if np.nansum(hours.fields[f]) > 0), "")
    if not name:
        return
    light = np.nan_to_num(hours.fields[name])
    days = len(np.unique(hours.start[light > 0] // (24 * HOUR)))
    if days < DAYS or light.mean() < FAINT_W_M2:
        return
    from pvlib import solarposition  # takes a second to load

    middle = pd.to_datetime(hours.start + HOUR // 2, unit="s", utc=True)
    day = middle.day_of_year.to_numpy()
    noon = solarposition.equation_of_time_spencer71(day)
    angle = np.radians(solarposition.hour_angle(middle, hours.longitude_deg, noon))
    if abs(np.sum(light * np.exp(1j * angle))) < LEAST * light.sum():
        _tell(reading, hours, name, "is no light of days: nights are nearly as bright", "",
              "Correct the column that holds it, or its stamps.")  # fmt: skip
        return
    parts = [(light[k], angle[k]) for k in (np.isin(middle.month, m) for m in (WINTER, SUMMER)) if light[k].any()]
    centres = [_centre_h(*part) for part in parts]
    change = float(np.ptp(centres)) if days >= YEARLY and len(parts) == 2 else 0.0
    clocks = CHANGE_H <= change <= 2.0
    beside = min(centres, key=abs) if clocks else _centre_h(light, angle)
    if abs(beside) >= BESIDE_H:
        _tell(reading, hours, name, f"its light is centred {abs(beside):.1f} h {'after' if beside > 0 else 'before'} "
              "the noon of its place", f"{beside:+.2f} h", _where(hours, beside))  # fmt: skip
    if clocks:
        _tell(reading, hours, name, f"the noon of its light moves by {change:.1f} h between winter and summer",
              f"{change:.2f} h", "Declare a zone with daylight saving, or export standard time.")  # fmt: skip
    declination = np.sin(solarposition.declination_spencer71(day))
    season = float(light @ declination) * np.sign(hours.latitude_deg)
    if days >= YEARLY and abs(hours.latitude_deg) >= SEASONAL_DEG and season < 0:
        _tell(reading, hours, name, "its light is weakest in the summer of its place", f"{hours.latitude_deg:g} deg",
              "Correct the sign of the latitude, or the order of days and months in the stamps.")  # fmt: skip


def _centre_h(light: Floats, angle: Floats) -> float:
    """The centre of the light from solar noon, as a mean of directions weighted by the light [h]."""
    return float(np.angle(np.sum(light * np.exp(1j * angle)))) * 12.0 / np.pi


def _where(hours: Hours, beside: float) -> str:
    """What may be wrong: the longitude whose sign is, or the hours by which the clock is off."""
    fits = (hours.longitude_deg - 15.0 * beside + 180.0) % 360.0 - 180.0
    if abs((fits + hours.longitude_deg + 180.0) % 360.0 - 180.0) < 15.0 * BESIDE_H < abs(hours.longitude_deg):
        return f"Correct the sign of the longitude, {hours.longitude_deg:g}."
    return f"Correct the zone, what the stamps name (`stamp`), or the place: its noon is that of longitude {fits:.0f}."


def _tell(reading: Reading, hours: Hours, field: str, text: str, value: str, remedy: str) -> None:
    reading.find("weather.sun", "warning", text, file=hours.file, element=f"point {hours.point}", field=field,
                 value=value, remedy=remedy)  # fmt: skip
