"""Units of meter readings: what turns a value into kWh of its interval, and the units that names state."""

from __future__ import annotations

import re

KWH = {"kWh": 1.0, "Wh": 1e-3, "MWh": 1e3}
KW = {"kW": 1.0, "W": 1e-3}
ANY_UNIT = re.compile(r"[km]?(w|va|var|v|a)h?")


def factor(unit: str, interval_min: int) -> float:
    """What turns a value of a unit into kWh of the interval."""
    return KWH[unit] if unit in KWH else KW[unit] * interval_min / 60.0


def units_in(name: str) -> set[str]:
    """The units that the name of a column or channel states, as ``kWh`` in `Net_KWH`; of reactive ones alike."""
    words = re.split(r"[^a-z]+", name.lower().replace("var", "w"))
    return {u for u in (*KWH, *KW) if u.lower() in words}
