"""Load tap changers of CYME's transformers, where the study says in which unit their set points stand.

A row of ``[TRANSFORMER SETTING]`` states ``SetPoint`` and its bands without their unit, and no public export has one
that would tell it. So the study says it, by `tap_changers`; without it the transformer stands at its taps, and is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dtl.network.feeder import Regulator, Winding
from dtl.sources.cyme_catalog import UnusableError
from dtl.sources.cyme_section import Circuit
from dtl.sources.cyme_tables import Row

BASE_V = 120.0
"""Voltage of the secondary of a voltage transformer at the rated voltage [V]."""

UNITS: Mapping[str, Callable[[float, float], float]] = {
    "percent": lambda value, kv_ll: value / 100.0 * BASE_V,
    "v_120": lambda value, kv_ll: value,
    "kv": lambda value, kv_ll: value / kv_ll * BASE_V,
}
"""Volts on the base of 120 from a value and the rated voltage of the secondary, line to line [kV]."""

HELD_PU = (0.85, 1.2)
"""Voltages that a tap changer can be asked to hold, of the rated one of the secondary."""

WIDEST_V = 12.0
"""Widest band around a set point [V on 120]."""

BAND_V = 2.0
"""Band where neither the transformer nor its equipment states one [V on 120]."""

FIXED, TERMINAL = "F", "T"
"""SettingOption of taps that stay where they stand, and of one that holds its terminal."""


def has(row: Row) -> bool:
    """Whether a transformer has a tap changer that moved, or would."""
    return row.number("SetPoint") > 0 or row.number("Tap") != 0


def tell(circuit: Circuit, row: Row, why: str = "") -> None:
    """Tell a tap changer that is not taken."""
    cure = "Check whether the study depends on it." if why else (
        "Say what its set points are: `tap_changers: percent` (of the secondary's rated voltage), `v_120` or `kv`."
    )  # fmt: skip
    circuit.reading.find(
        "conversion.property-refused", "warning",
        f"the tap changer of the transformer is not taken{why}: it stands at PrimTap and SecondaryTap",
        feeder=circuit.feeder, file=row.file, line=row.line, element=row.thing, field="SetPoint",
        value=f"SetPoint={row.text('SetPoint')} Tap={row.text('Tap')}", remedy=cure,
    )  # fmt: skip


def tapped(row: Row, unit: Row, winding: Winding) -> Winding:
    """The secondary with its range of taps, at the tap that the row states; steps are counted from the rated ratio."""
    boost, buck = (
        _range(row.number(own) or unit.number(shared), own)
        for own, shared in (("MaxBoost", "MaxReg_Range"), ("MaxBuck", "MinReg_Range"))
    )
    taps = unit.whole("Taps", "NumberOfTaps") or 32
    if taps < 1:
        raise UnusableError(
            "cyme.bad-value", "the tap changer has no steps", "Taps", str(taps), "Correct the equipment."
        )
    step = (boost + buck) / taps
    tap = winding.tap_pu * (1.0 + row.number("Tap") * step)
    low, high = min(1.0 - buck, tap), max(1.0 + boost, tap)
    update = {"taps": max(round((high - low) / step), 1), "min_tap_pu": _fine(low), "max_tap_pu": _fine(high)}
    return winding.model_copy(update=update | {"tap_pu": _fine(tap)})


def control(circuit: Circuit, row: Row, unit: Row, name: str, winding: Winding) -> Regulator | None:
    """The control of the tap changer of a transformer; None where its taps are fixed or nothing is held.

    Raises
    ------
    UnusableError
        The set point or its band is none in the unit that the study names.
    """
    stated, option = row.number("SetPoint"), row.text("SettingOption").upper()
    if not stated > 0 or option == FIXED:
        return None
    volts = UNITS[circuit.tap_changers]
    low, up = (row.number(w) or unit.number(w) for w in ("LowerBandWidth", "UpperBandWidth"))
    if 0.8 * stated < low <= stated <= up < 1.2 * stated:
        low, up = stated - low, up - stated
    set_v, band_v = volts(stated + (up - low) / 2.0, winding.kv), volts(low + up, winding.kv)
    if not HELD_PU[0] <= set_v / BASE_V <= HELD_PU[1]:
        text = f"by `tap_changers: {circuit.tap_changers}` its set point is {set_v / BASE_V:.4g} of the rated voltage"
        fits = [u for u, f in UNITS.items() if HELD_PU[0] <= f(stated, winding.kv) / BASE_V <= HELD_PU[1]]
        cure = f"Say `tap_changers: {fits[0]}`, by which it fits." if fits else "Correct the set point."
        raise UnusableError("cyme.bad-value", text, "SetPoint", row.text("SetPoint"), cure)
    if not 0.0 <= band_v <= WIDEST_V or min(low, up) < 0:
        text = f"by `tap_changers: {circuit.tap_changers}` its band is {band_v:.4g} V on {BASE_V:g}"
        raise UnusableError("cyme.bad-value", text, "LowerBandWidth", f"{low:g} {up:g}", "Correct the band.")
    if band_v == 0.0:
        reason = "neither the transformer nor its equipment states a band"
        circuit.reading.defaulted(
            circuit.feeder, f"{row.thing} band", "LowerBandWidth", f"regulator.{name}", f"{BAND_V:g} V", reason
        )
    reason = f"`tap_changers: {circuit.tap_changers}`; it holds the secondary of phase A"
    circuit.reading.defaulted(
        circuit.feeder, f"{row.thing} set point", "SetPoint", f"regulator.{name}", f"{set_v:.6g} V on 120", reason
    )
    kv = winding.kv if winding.connection == "delta" else winding.kv / 3.0**0.5
    drop: dict[str, Any] = {}
    if option != TERMINAL and row.number("CT") > 0:
        drop = {"ct_primary_a": row.number("CT"), "r_v": row.number("Rset"), "x_v": row.number("Xset")}
    return Regulator(
        name=name,
        transformer=name,
        winding=2,
        set_v=_fine(set_v),
        band_v=_fine(band_v or BAND_V),
        pt_ratio=_fine(1000.0 * kv / BASE_V),
        delay_s=circuit.tables.delays.get(row.text("DeviceNumber")) or 15.0,
        **drop,
    )


def _range(value: float, column: str) -> float:
    """The share by which taps may go up or down: per cent beside the rated ratio, or of it; 10 where none is stated."""
    wide = abs(value) - 100.0 if abs(value) > 50.0 else value
    share = abs(wide or 10.0) / 100.0
    if not 0.0 < share <= 0.3:
        raise UnusableError("cyme.bad-value", "the range of its taps is none", column, f"{value:g}", "Correct it.")
    return share


def _fine(value: float) -> float:
    return float(f"{value:.12g}")
