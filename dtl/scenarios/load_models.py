"""What a study says of the model that its base demand belongs to: load models by class, measured voltages of heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder

ZIP = (0.25, 0.25, 0.5, 1.0, 0.0, 0.0, 0.0)
"""Parts of P with constant impedance, current and power, then of Q, and no drop-out: our assumption, of no load in
particular. One per cent of voltage changes P by 0.75 % and Q by 2 %, which is what voltage reduction was measured to do
to feeders of homes and shops (CVR factors of 0.4 to 1.2 for P and 2 to 3 for Q)."""

CHANGES: Mapping[str, Mapping[str, Any]] = {
    "constant_power": {"model": 1, "zip": ()},
    "constant_impedance": {"model": 2, "zip": ()},
    "constant_current": {"model": 5, "zip": ()},
    "zip": {"model": 8, "zip": ZIP},
}
"""What of a load each word of the study changes."""
OTHERS = "all"
"""The class that stands for all that are not named."""


def with_load_models(feeder: Feeder, demand: Demand, words: Mapping[str, str]) -> Feeder:
    """The feeder with the load models that `words` gives to classes; loads of other classes keep their own."""
    if not words:
        return feeder
    loads = []
    for load in feeder.loads:
        drive = demand.drives.get(load.name)
        word = words.get(drive.customer_class, words.get(OTHERS)) if drive is not None else None
        loads.append(load.model_copy(update=CHANGES[word]) if word is not None else load)
    return feeder.model_copy(update={"loads": tuple(loads)})


STIFF_OHM = 1e-4
"""Most impedance of a source whose voltage was measured at its terminals; far less would cost digits of its current."""


def with_measured_heads(feeder: Feeder, demand: Demand) -> Feeder:
    """The feeder whose sources stand at the mean of their measured voltages, and hold them at their terminals."""
    heads = demand.heads
    if not heads:
        return feeder
    sources = []
    for part in feeder.sources:
        if part.name in heads:
            held = {w: min(getattr(part, w), STIFF_OHM) for w in ("r1_ohm", "x1_ohm", "r0_ohm", "x0_ohm")}
            part = part.model_copy(update={"pu": float(heads[part.name].mean()), **held})
        sources.append(part)
    return feeder.model_copy(update={"sources": tuple(sources)})
