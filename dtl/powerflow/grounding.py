"""Where the supply gives no reference to ground: loads from a phase to nothing, windings tied to nothing.

Behind a delta, or a wye without ground, only voltages between phases mean anything. Loads from phase to ground there
share the voltage among themselves, so that each sees what the others leave it and draws anything but its power.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dtl.network.feeder import Feeder, Load
from dtl.powerflow import engine, names
from dtl.powerflow.head import View

LOWEST_PU, HIGHEST_PU = 0.8, 1.2
"""Voltages of the smoke power flow outside of this band say that the conversion is wrong."""
_NAMED = 5


def adrift(feeder: Feeder, view: View) -> str:
    """What is said of loads from phase to ground, or to a neutral, that see no such voltage; empty where all do.

    The engine must hold the solved feeder. Loads at nodes whose voltage to ground the supply fixes are not asked: their
    buses are judged anyway.
    """
    volts = np.empty(len(engine.node_names()) + 1, np.complex128)
    engine.Voltages().read(volts)
    index = {name: i for i, name in enumerate(engine.node_names(), 1)}
    found = {p.name: pu for p in feeder.loads if p.enabled for pu in _seen(feeder, view, p, volts, index)}
    outside = {name: pu for name, pu in found.items() if not LOWEST_PU <= pu <= HIGHEST_PU}
    if not outside:
        return ""
    worst = max(outside, key=lambda name: abs(outside[name] - 1.0))
    shown = ", ".join(sorted(outside)[:_NAMED]) + (", ..." if len(outside) > _NAMED else "")
    return (
        f"{len(outside)} loads between phase and ground stand where the supply has no path to ground, and see what the "
        f"others leave them, the farthest {worst} with {outside[worst]:.3f} pu: {shown}; ground the winding before "
        "them, or connect them between phases"
    )


def _seen(
    feeder: Feeder, view: View, load: Load, volts: NDArray[np.complex128], index: dict[str, int]
) -> Iterator[float]:
    """The voltage across each phase of a load in wye without a reference [pu of its bus]."""
    if load.connection != "wye":
        return
    phases, back = load.nodes[: load.phases], load.nodes[load.phases : load.phases + 1]
    neutral = back[0] if back else 0
    if 1 <= neutral <= 3 or (not neutral and all((load.bus, n) in view.grounded for n in phases)):
        return
    base, bus = 1e3 * feeder.bus[load.bus].kv_ln, names.spelled(load.bus)
    at = volts[index[f"{bus}.{neutral}"]] if f"{bus}.{neutral}" in index else 0.0
    for node in phases:
        if f"{bus}.{node}" in index:
            yield float(abs(volts[index[f"{bus}.{node}"]] - at)) / base


def floating(feeder: Feeder, view: View) -> str:
    """What is said of windings that nothing ties to ground, not even ``ppm_antifloat``; empty where there is none."""
    loose = [
        (part.name, winding.bus)
        for part in feeder.transformers
        if part.enabled and not part.ppm_antifloat
        for winding in part.windings
        if not any((winding.bus, n) in view.grounded for n in winding.nodes)
    ]
    if not loose:
        return ""
    told = ", ".join(f"{name} at bus {bus}" for name, bus in loose[:_NAMED]) + (", ..." if len(loose) > _NAMED else "")
    return f"; no path to ground at all has the winding of transformer {told}: ground it, or leave it its ppm_antifloat"
