"""The unit suffixes of names, and the conversions at the border.

A name ends with its unit: ``_kw _kvar _kva _kwh _kv _a _pu _ohm _km _m _s _h _c _usd _pct``. A ``_kv`` of a three-phase
thing is line to line unless the name says ``_ln``. Shares run from 0 to 1 and carry no suffix; ``_pct`` stands for
per cent and appears in results and limits.
"""

from __future__ import annotations

KM_PER = {"km": 1.0, "m": 1e-3, "cm": 1e-5, "mi": 1.609344, "kft": 0.3048, "ft": 0.3048e-3, "in": 0.0254e-3}
"""Kilometres in one of each length unit."""

SUFFIXES = {
    "kw": "active power [kW]",
    "kvar": "reactive power [kvar]",
    "kva": "apparent power [kVA]",
    "kwh": "energy [kWh]",
    "kvarh": "reactive energy [kvarh]",
    "kv": "voltage, line to line [kV]",
    "v": "voltage [V]",
    "a": "current [A]",
    "pu": "per unit of the base",
    "ohm": "impedance [ohm]",
    "km": "length [km]",
    "m": "length [m]",
    "s": "time [s]",
    "h": "time [h]",
    "min": "time [min]",
    "c": "temperature [degree Celsius]",
    "hz": "frequency [Hz]",
    "deg": "angle [degree]",
    "nf": "capacitance [nF]",
    "pct": "per cent",
}
"""What each suffix of a column or a field means."""
