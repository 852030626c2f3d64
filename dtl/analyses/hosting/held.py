"""The circuit with its controls held: one per set of taps and capacitor steps that the hours of a case need.

The rule: without any plant, the case is solved through the judged hours in the order of the year with its controls as
the study has them; where they settle in an hour they stay, whatever the plant does. That is the state in which a plant
is first seen by its neighbours, before a regulator had time to act.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dtl.demand.demand import Demand
from dtl.network.feeder import Feeder
from dtl.powerflow.hunting import told
from dtl.powerflow.opendss import Year

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Held:
    """A feeder without controls, and the hours of the year in which it stands so.

    ``hunting`` says which controls of the case do not come to rest; the last position counts in their hours.
    """

    feeder: Feeder
    hours: Ints
    hunting: str = ""


def without_controls(feeder: Feeder) -> Feeder:
    """The feeder with taps and steps as the model states them, for good."""
    capacitors = tuple(c.model_copy(update={"control": None}) for c in feeder.capacitors)
    return feeder.model_copy(update={"regulators": (), "capacitors": capacitors})


def held(feeder: Feeder, demand: Demand, hours: Ints, *, controls_active: bool, year: type[Year] = Year) -> list[Held]:
    """The held circuits of a case; one with all hours where nothing moves. ``year`` is what solves it.

    Raises
    ------
    NotConverged
        The case has no solution in some of the hours.
    """
    moved = any(r.enabled for r in feeder.regulators) or any(
        c.enabled and c.control is not None and c.control.enabled for c in feeder.capacitors
    )
    if not (controls_active and moved):
        return [Held(without_controls(feeder), hours)]
    solved = year(feeder, demand)
    positions = np.concatenate([b.positions for b in solved.blocks(hours.tolist())], axis=1)
    distinct, which = np.unique(positions, axis=1, return_inverse=True)
    restless = told(solved.control_limit_hits, demand.step_min).partition(". Up to")[0]
    return [
        Held(_set(feeder, solved, distinct[:, i]), hours[which.ravel() == i], restless)
        for i in range(distinct.shape[1])
    ]


def _set(feeder: Feeder, year: Year, position: Ints) -> Feeder:
    """The feeder with every mover in one position."""
    movers = year.circuit.movers
    keys = year.circuit.elements[len(year.circuit.elements) - len(movers) :]
    taps: dict[str, tuple[float, ...]] = {}
    steps: dict[str, tuple[bool, ...]] = {}
    for (kind, name), mover, at in zip(keys, movers, position.tolist(), strict=True):
        if kind == "transformer":
            taps[name] = mover.taps[at]
        else:
            steps[name] = tuple(bool(s) for s in list(mover.position)[at])
    plain = without_controls(feeder)
    changed: dict[str, Any] = {
        "transformers": tuple(
            t
            if t.name not in taps
            else t.model_copy(
                update={
                    "windings": tuple(
                        w.model_copy(update={"tap_pu": tap}) for w, tap in zip(t.windings, taps[t.name], strict=True)
                    )
                }
            )
            for t in plain.transformers
        ),
        "capacitors": tuple(
            c.model_copy(update={"steps_on": steps[c.name]}) if c.name in steps else c for c in plain.capacitors
        ),
    }
    return plain.model_copy(update=changed)
