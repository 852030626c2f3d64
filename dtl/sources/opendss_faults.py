"""What cannot be taken from an OpenDSS circuit: properties and objects that are refused, values that are none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from dtl.errors import Finding, first_fault
from dtl.sources.reading import Reading, shown

_CURVE = "Waive it, and give its inverters a characteristic in the study: `volt_var` of a layer, with the register."
REMEDIES = {
    "InvControl": "Write what the reason names as the model has it. " + _CURVE.replace("Waive", "Or waive"),
    "ExpControl": _CURVE,
    "StorageController": "Waive it, and let the study move the battery: a layer of the kind `battery`.",
    "IndMach012": "Write it as a load or generator of constant power, or waive it.",
    "Generator": "Write it with a constant power (`model=1` and its kvar), or waive it.",
    "AutoTrans": "Write it as a transformer of two windings with its impedance, or waive it.",
    "Isource": "Write it as a load or generator of its power, or waive it.",
    "Fault": "Take it out of the script, or waive it: a study has no faults.",
    "Reactor": "Write it as a line with `r1 x1 r0 x0` and no capacitance, or waive it.",
}
"""What to do instead with objects of a class that is refused."""


def lost(reading: Reading, feeder: str, thing: str, prop: str, value: str) -> None:
    """A property that the model cannot hold: refused, and a warning."""
    reading.refused(feeder, thing, prop, value, "the model has no field for it")
    text = "the model has no field for this property; its effect is lost"
    remedy = "Check whether the study depends on it."
    where = {"feeder": feeder, "element": thing, "field": prop, "value": value, "remedy": remedy}
    reading.find("conversion.property-refused", "warning", text, **where)


def gathered(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, those of one kind about many objects of a class as one: how many, and the first of them.

    An ``error`` is never gathered: a waiver names its element.
    """
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for i, f in enumerate(findings):
        alone = (str(i),) if f.severity == "error" or not f.element else ()
        key = (f.check, f.severity, f.message, f.feeder, f.element.partition(".")[0], f.field, *alone)
        groups.setdefault(key, []).append(f)
    found = []
    for group in groups.values():
        first = group[0]
        if len(group) > 1:
            cls = first.element.partition(".")[0]
            text = f"{first.message} ({len(group)} objects of the class {cls}, of which this is the first)"
            first = replace(first, message=text)
        found.append(first)
    return found


def refuse(reading: Reading, feeder: str, cls: str, item: Mapping[str, Any], reason: str, harmless: bool) -> None:
    """Refuse a whole object, with all its properties; one that changes the power flow is an error until waived."""
    thing = f"{cls}.{item['name']}"
    told = reading.unused if harmless else reading.refused
    told(feeder, thing, "", "", reason)
    names = " ".join(sorted(item["full"]))
    told(
        feeder,
        thing,
        names,
        shown((p, shown_value(item["full"][p])) for p in item["given"] if p in item["full"]),
        reason,
    )
    if not harmless:
        reading.find(
            "conversion.object-refused",
            "error",
            reason,
            feeder=feeder,
            element=thing,
            remedy=REMEDIES.get(cls, "Waive it by name in the study (`waive:`), or take it out of the source."),
        )


def half_open(item: Mapping[str, Any]) -> str:
    """Why an element with open conductors cannot be taken; empty without one."""
    terminals = [i for i, conductors in enumerate(item["open"], 1) if any(conductors)]
    return f"has open conductors at terminal {terminals[0]}; open a line before it instead" if terminals else ""


REFERENCES = {"LineCode", "Geometry", "Spacing", "XfmrCode", "Daily", "Yearly", "Duty", "Growth", "CVRCurve",
              "EffCurve", "PTCurve", "TDaily", "TYearly", "TDuty", "Spectrum", "DynamicEq", "QMult"}  # fmt: skip
"""Properties that name another object, and are null where they name none."""

RATED = {"kW", "kvar", "kV", "kVA", "PF"}
"""Properties that always have a value: the engine computes those that are not stated from those that are."""


SYMMETRICAL = {"R1", "X1", "R0", "X0", "C1", "C0", "B1", "B0"}
"""Another form of the matrices of lines and their codes, null where the matrices themselves are stated."""

_MATRICES = ("RMatrix", "XMatrix", "CMatrix")


def sound(reading: Reading, feeder: str, classes: Mapping[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The objects without those of `known` classes that have a value which is no finite number; these are refused.

    The engine writes such a value as null, as it does what refers to nothing; of stated references that do not exist
    it complains itself.
    """
    found: dict[str, Any] = {}
    for cls, items in classes.items():
        kept = []
        for item in items:
            full, given = item["full"], set(item["given"])
            needed = (given - REFERENCES - (SYMMETRICAL if cls in ("Line", "LineCode") else set())) | RATED
            lacking = [p for p, v in sorted(full.items()) if _broken(v) or (v is None and p in needed)]
            if cls == "Line" and full.get("Enabled", True) and any(full[m] is None for m in _MATRICES):
                shape = full.get("Geometry") or full.get("Spacing") or ""
                reason = f"the engine makes no impedance of its geometry or spacing {shape}; its complaint says why"
                refuse(reading, feeder, cls, item, reason, harmless=False)
            elif cls in known and lacking and full.get("Enabled", True):
                refuse(reading, feeder, cls, item, f"{', '.join(lacking)}: is no finite number", harmless=False)
            else:
                kept.append(item)
        found[cls] = kept
    return found


def _broken(value: object) -> bool:
    return isinstance(value, list) and any(v is None or _broken(v) for v in value)


@contextmanager
def guarded(reading: Reading, feeder: str, cls: str, item: Mapping[str, Any]) -> Iterator[None]:
    """Make a part; a value that no part can have refuses the object, which fails the feeder."""
    try:
        yield
    except ValidationError as err:
        field, value, message = first_fault(err)
        refuse(reading, feeder, cls, item, f"{field} is {value}: {message}" if field else message, harmless=False)


def shown_value(value: object) -> str:
    """A value of the engine as text."""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list):
        return "[" + " ".join(shown_value(v) for v in value) + "]"
    return "" if value is None else str(value)
