"""What a regulating control of a CIM model holds, with the multiplier of its unit."""

from __future__ import annotations

from dtl.sources.cim_objects import Thing
from dtl.sources.record import UnusableError

_MULTIPLIERS = {"": 1.0, "none": 1.0, "k": 1e3, "M": 1e6}


def target_value(control: Thing, what: str = "Value") -> float:
    """The value that a control holds, or its dead band, in the unit without a multiplier.

    Raises
    ------
    UnusableError
        The multiplier is none of a voltage or power, or the value is missing.
    """
    multiplier = control.text("RegulatingControl.targetValueUnitMultiplier").rpartition(".")[2]
    if multiplier not in _MULTIPLIERS:
        field = "RegulatingControl.targetValueUnitMultiplier"
        raise UnusableError(
            "source.bad-value", "is no multiplier of a voltage or power", field, multiplier, "Correct it."
        )
    value = control.number(f"RegulatingControl.target{what}", *([] if what == "Value" else [0.0]))
    return value * _MULTIPLIERS[multiplier]
