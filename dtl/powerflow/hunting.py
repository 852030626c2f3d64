"""Controls that do not come to rest, in words: which devices, in which hours, and what was tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dtl.powerflow.inverters import MAX_STEPS, PLANT
from dtl.powerflow.opendss import MAX_CONTROL_ITERATIONS, named

_FIRST = 3
_NAMED = 8
_SWITCHED = (
    f"Up to {MAX_CONTROL_ITERATIONS} control iterations were tried in each and the last position counts; a band wider "
    "than one tap or step of the device, or delays that differ, let it settle"
)
_SETTLING = (
    f"Up to {MAX_STEPS} steps between power flow and characteristic were tried in each, smaller ones where they "
    "grew, and the last powers of the inverters count; a characteristic that is less steep or has no jump, a stronger "
    "line, or taps that are held beside it let an inverter settle"
)


def told(hits: Sequence[tuple[int, Sequence[str]]], step_min: int) -> str:
    """The warning about the steps whose controls used up their iterations; empty without any.

    Parameters
    ----------
    hits
        Number of each such step, and the devices that still acted in its last iterations.
    step_min
        Length of a step [min].
    """
    if not hits:
        return ""
    unit = "hours" if step_min == 60 else f"steps of {step_min} min"
    by_step: dict[int, set[str]] = {}
    for step, devices in hits:
        by_step.setdefault(step, set()).update(devices)
    count = Counter(device for devices in by_step.values() for device in devices)
    ranked = sorted(count, key=lambda device: (-count[device], device))
    which = ", ".join(f"{device} in {count[device]}" for device in ranked[:_NAMED])
    more = f" and {len(ranked) - _NAMED} more" if len(ranked) > _NAMED else ""
    first = ", ".join(named(step, step_min) for step in sorted(by_step)[:_FIRST])
    rest = ", ..." if len(by_step) > _FIRST else ""
    plants = [device.startswith(PLANT) for device in ranked]
    tried = [_SWITCHED] if not all(plants) or not plants else []
    tried += [_SETTLING] if any(plants) else []
    head = f"controls hunt in {len(by_step)} {unit} ({first}{rest}): {which or 'no device is named'}{more}. "
    return head + ". ".join(tried)
