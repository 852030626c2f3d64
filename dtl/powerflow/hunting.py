"""Controls that do not come to rest, in words: which devices, in which hours, and what was tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dtl.powerflow.opendss import MAX_CONTROL_ITERATIONS, named

_FIRST = 3
_NAMED = 8


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
    count = Counter(device for _, devices in hits for device in devices)
    ranked = sorted(count, key=lambda device: (-count[device], device))
    devices = ", ".join(f"{device} in {count[device]}" for device in ranked[:_NAMED])
    more = f" and {len(ranked) - _NAMED} more" if len(ranked) > _NAMED else ""
    first = ", ".join(named(step, step_min) for step, _ in hits[:_FIRST]) + (", ..." if len(hits) > _FIRST else "")
    return (
        f"controls hunt in {len(hits)} {unit} ({first}): {devices or 'no device is named'}{more}. Up to "
        f"{MAX_CONTROL_ITERATIONS} control iterations were tried in each and the last position counts; a band wider "
        "than one tap or step of the device, or delays that differ, let it settle"
    )
