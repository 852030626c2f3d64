"""The inverter controls of an OpenDSS circuit: reactive and active power by voltage, as curves of each PVSystem.

What ``InvControl`` does, as its engine computes it (`tests/powerflow/test_inverter_controls.py`): voltages are the mean
of the phases over the voltage that the PVSystem itself states, curves go on beyond their ends along their outermost
segments, and reactive power is a share of ``kvarMax`` and ``kvarMaxAbs`` (``VARMAX``) or of what active power leaves of
``kVA``, within these limits (``VARAVAL``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from dtl.errors import first_fault
from dtl.network.feeder import InverterControl, Points
from dtl.sources.opendss_faults import refuse, shown_value
from dtl.sources.opendss_properties import account
from dtl.sources.reading import Reading, plain

Items = Mapping[str, list[dict[str, Any]]]

MODES = {"voltvar": (True, False), "voltwatt": (False, True), "vv_vw": (True, True)}
"""Whether reactive power and whether active power follow the voltage, by ``Mode`` or ``CombiMode``."""
WATTS: Mapping[str, tuple[str, ...]] = {"pmpppu": ("Pmpp",), "pctpmpppu": ("Pmpp", "pctPmpp"), "kvaratingpu": ("kVA",)}
"""The properties whose product a share of active power is of, by ``VoltWattYAxis``."""
NEUTRAL: Mapping[str, tuple[str, ...]] = {
    "Hysteresis_Offset": ("0",), "Voltage_CurveX_Ref": ("rated",), "RateOfChangeMode": ("inactive",), "MonBus": ("[]",),
    "ControlModel": ("0",), "VoltWattCH_Curve": ("",),
}  # fmt: skip
"""The values of properties for which the model has the control."""
_MOST = 1e6
"""What no voltage or share of a curve reaches [pu]."""
UNSHIFTED = {"XShift": 0.0, "YShift": 0.0, "XScale": 1.0, "YScale": 1.0}


class _Unfit(Exception):
    """The model cannot hold a control; the text says why."""


def inverter_controls(reading: Reading, feeder: str, classes: Items) -> dict[str, InverterControl]:
    """The control of each PVSystem by its name; a control that the model cannot hold is refused whole."""
    found: dict[str, InverterControl] = {}
    for item in classes.get("InvControl", ()):
        if not item["full"]["Enabled"]:
            continue
        try:
            mine = {n: _control(item["full"], roof, classes) for n, roof in _driven(item["full"], classes)}
            if twice := sorted(mine.keys() & found.keys()):
                raise _Unfit(f"drives {', '.join(twice)}, which another one does already")
        except _Unfit as why:
            refuse(reading, feeder, "InvControl", item, str(why), harmless=False)
            continue
        found |= mine
        account(reading, feeder, "InvControl", item, ", ".join(f"generator.{plain(name)}.control" for name in mine))
    return found


def unrestrained(full: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a PVSystem whose reactive power a control sets: its own takes no room of its active power."""
    return {**full, "PF": 1.0, "kvar": 0.0}


def _driven(control: Mapping[str, Any], classes: Items) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and item of the PVSystems that a control drives: those of its list, else all."""
    roofs = {i["name"].lower(): i for i in classes.get("PVSystem", ()) if i["full"]["Enabled"]}
    batteries = {i["name"].lower() for i in classes.get("Storage", ()) if i["full"]["Enabled"]}
    listed = [str(n).lower() for n in control["DERList"] or ()]
    names = listed or [f"pvsystem.{n}" for n in roofs] + [f"storage.{n}" for n in batteries]
    for word in names:
        kind, _, name = word.rpartition(".")
        if kind == "storage":
            raise _Unfit(f"drives the battery {name}, which has no reactive power in the model")
        if name not in roofs:
            raise _Unfit(f"drives {word}, which is no PVSystem of the circuit")
        yield name, roofs[name]
    if not names:
        raise _Unfit("drives nothing: the circuit has no PVSystem")


def _control(control: Mapping[str, Any], item: Mapping[str, Any], classes: Items) -> InverterControl:
    roof = item["full"]
    mode = str(control["CombiMode"] or control["Mode"]).lower()
    if mode not in MODES:
        raise _Unfit(f"is of the mode {mode.upper()}; the model has VOLTVAR, VOLTWATT and VV_VW")
    for prop, values in NEUTRAL.items():
        if shown_value(control[prop]).lower() not in values:
            raise _Unfit(f"has {prop}={shown_value(control[prop])}, which the model has not")
    if str(control["MonVoltageCalc"]).lower() != "avg" and roof["Phases"] != 1:
        raise _Unfit(f"measures the {control['MonVoltageCalc']} of the phases, the model their mean")
    if roof["Conn"].lower() != "wye":
        raise _Unfit("drives a PVSystem between phases, whose voltages to ground it measures")
    if roof["pctPMinNoVars"] or roof["pctPMinkvarMax"]:
        raise _Unfit("drives a PVSystem whose reactive power depends on a least active power")
    if not roof["kVA"] > 0.0:
        raise _Unfit("drives a PVSystem without a rating")
    reactive, active = MODES[mode]
    given = {}
    if reactive:
        limits = str(control["RefReactivePower"]).lower() == "varmax"
        if limits and roof["WattPriority"]:
            raise _Unfit("drives a PVSystem with WattPriority by its largest reactive power, and in the model active "
                         "power yields")  # fmt: skip
        given = {
            "volt_var": _curve(control["VVC_Curve1"], classes, -1.0),
            "share_of": "limits" if limits else "headroom",
            "most_kvar": abs(roof["kvarMax"]),
            "least_kvar": -abs(roof["kvarMaxAbs"]),
            "at_night": not roof["VarFollowInverter"] or not (roof["pctCutIn"] or roof["pctCutOut"]),
        }
    elif roof["kvar"] if "kvar" in item["given"] else abs(roof["PF"]) != 1.0:
        raise _Unfit("drives the active power of a PVSystem with a reactive power of its own")
    if active:
        of = WATTS.get(str(control["VoltWattYAxis"]).lower())
        if of is None:
            raise _Unfit(f"has VoltWattYAxis={control['VoltWattYAxis']}, which the model has not")
        scale = math.prod(roof[p] / 100.0 if p == "pctPmpp" else roof[p] for p in of) / roof["kVA"]
        given["volt_watt"] = tuple((x, y * scale) for x, y in _curve(control["VoltWatt_Curve"], classes, 0.0))
    try:
        return InverterControl(**given)
    except ValidationError as err:
        field, value, message = first_fault(err)
        raise _Unfit(f"gives {field} a value of {value}: {message}" if field else f"is none: {message}") from err


def _curve(name: str | None, classes: Items, least: float) -> Points:
    """The points of a curve, which goes on along its outermost segments to `least` or to 1."""
    found = {i["name"].lower(): i["full"] for i in classes.get("XYcurve", ())}.get(str(name or "").lower())
    if found is None:
        raise _Unfit(f"names the curve {name or 'of nothing'}, which the circuit does not have")
    if any(found[prop] != value for prop, value in UNSHIFTED.items()):
        raise _Unfit(f"names the curve {name}, which is shifted or scaled")
    values = [*(found["XArray"] or ()), *(found["YArray"] or ())]
    if not all(isinstance(v, int | float) and math.isfinite(v) and abs(v) < _MOST for v in values):
        raise _Unfit(f"names the curve {name}, which has a value that is no number")
    points = [(float(x), float(y)) for x, y in zip(found["XArray"] or (), found["YArray"] or (), strict=False)]
    if len(points) < 2 or any(b[0] <= a[0] for a, b in pairwise(points)):
        raise _Unfit(f"names the curve {name}, whose voltages do not rise")
    points = [*_beyond(points[1], points[0], least), *points, *_beyond(points[-2], points[-1], least)]
    met = [_meeting(a, b, bound) for a, b in pairwise(points) for bound in (least, 1.0)]
    whole = sorted([*points, *(p for p in met if p is not None)])
    return tuple((x, min(max(y, least), 1.0)) for x, y in whole)


def _beyond(inner: tuple[float, float], end: tuple[float, float], least: float) -> list[tuple[float, float]]:
    """The point at which a segment that goes on beyond its end meets the least or the largest share, if it does."""
    rise = end[1] - inner[1]
    bound = 1.0 if rise > 0.0 else least
    if rise == 0.0 or (bound - end[1]) * rise <= 0.0:
        return []
    return [(end[0] + (bound - end[1]) * (end[0] - inner[0]) / rise, bound)]


def _meeting(a: tuple[float, float], b: tuple[float, float], bound: float) -> tuple[float, float] | None:
    """Where a segment passes a bound, so that cutting its points there leaves its slope between the bounds."""
    if (a[1] - bound) * (b[1] - bound) >= 0.0:
        return None
    return (a[0] + (bound - a[1]) * (b[0] - a[0]) / (b[1] - a[1]), bound)
