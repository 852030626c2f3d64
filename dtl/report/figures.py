"""Numbers as people read them: three significant digits, thousands apart, and never rounded onto a limit they miss."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

MISSING = "–"
MINUS = "−"

KM_PER_MILE = 1.609344

LEAST = 0.001
"""A mean of counts below this is none."""
TINY = 5e-7
"""A number below this has no digit among the six that are shown."""

_LARGER = {
    "kWh": ((1e6, "GWh"), (1e3, "MWh")),
    "kW": ((1e4, "MW"),),
    "kvar": ((1e4, "Mvar"),),
}
_PER = {"GWh": 1e6, "MWh": 1e3, "MW": 1e3, "Mvar": 1e3}


def shown(value: float | None, unit: str = "", limit: float | None = None) -> tuple[str, str]:
    """The number and the unit to print for a value; energies and powers move to the unit that keeps them short.

    `limit` is the limit it is judged by: a value that differs from it never looks equal.
    """
    if value is None or math.isnan(value):
        return MISSING, ""
    for least, larger in _LARGER.get(unit, ()):
        if abs(value) >= least:
            return significant(value / _PER[larger]), larger
    if unit == "pu":
        return apart(value, limit, 3), unit
    if unit == "%":
        return apart(value, limit, 0 if abs(value) >= 99.5 else 1 if abs(value) >= 9.95 else 2), unit
    if unit == "share":
        return apart(value, limit, 2), ""
    if unit in ("h", "", "1 or 0"):
        return counted(value), "" if unit == "1 or 0" else unit
    return significant(value), unit


def of_column(values: Iterable[float], unit: str = "") -> tuple[str, float]:
    """The one unit of a column of numbers, and how many of `unit` it is: that in which the middle one is shortest."""
    there = sorted(abs(v) for v in values if v and not math.isnan(v))
    name = shown(there[len(there) // 2], unit)[1] if there else unit
    return name, _PER.get(name, 1.0)


def text(value: float | None, unit: str = "", limit: float | None = None) -> str:
    """The number with its unit, e.g. ``1,204 h``."""
    number, shown_unit = shown(value, unit, limit)
    return f"{number} {shown_unit}".rstrip()


def change(value: float, unit: str = "") -> str:
    """A difference with its sign, ``±0`` where all shown digits are; one of per cents is in points, e.g. ``+12 pt``."""
    number, shown_unit = shown(abs(value), unit)
    if not number.strip("0."):
        number, value = "0", 0.0
    sign = "+" if value > 0 else MINUS if value < 0 else "±"
    return f"{sign}{number} {'pt' if shown_unit == '%' else shown_unit}".rstrip()


def counted(value: float) -> str:
    """A count, or the mean of counts: one decimal below a hundred, and below one as many as tell something."""
    if value == round(value) or abs(value) >= 100:
        return grouped(value, 0)
    if abs(value) >= 1 or abs(value) < LEAST:
        return grouped(value, 1)
    return significant(value).rstrip("0").rstrip(".")


def significant(value: float, digits: int = 3) -> str:
    """The value with three significant digits, no digit of a whole number lost; below a millionth it is 0."""
    if abs(value) < TINY:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return grouped(value, min(decimals, 6))


def grouped(value: float, decimals: int) -> str:
    """The value with commas between thousands and a true minus; a tie rounds away from zero, as the scripts do."""
    rounded = _rounded(value, decimals)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,f}"


def _rounded(value: float, decimals: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def apart(value: float, limit: float | None, decimals: int) -> str:
    """The value with as many decimals as it takes to differ from a limit that it does not equal."""
    while limit is not None and decimals < 6 and value != limit and float(_rounded(value, decimals)) == limit:
        decimals += 1
    return grouped(value, decimals)


def length(km: float | None, units: str) -> str:
    """A length in kilometres, or in miles where the study shows US units."""
    if km is None:
        return MISSING
    return f"{significant(km / KM_PER_MILE)} mi" if units == "us" else f"{significant(km)} km"
